import { expect, test } from 'vitest';
import { formatWorkerIdentity, parseWorkerIdentity } from '../../../src/core/model/worker-identity.ts';

test('a worker is read back from the line that it sends, also with what a later version adds', () => {
  const worker = { host: 'anna-0123abcd', pid: 17, clusters: 4, address: '2001:db8::7' };
  expect(parseWorkerIdentity(formatWorkerIdentity(worker))).toEqual(worker);
  expect(parseWorkerIdentity(`${formatWorkerIdentity(worker)} version=2`)).toEqual(worker);
});

test.for([
  '17@anna',
  '',
  'belay host=anna pid=17',
  'belay host= pid=1 clusters=1 address=a',
  'x belay host=a pid=1 clusters=1 address=a',
])('"%s" is no worker of Belay', (line) => {
  expect(parseWorkerIdentity(line)).toBeUndefined();
});

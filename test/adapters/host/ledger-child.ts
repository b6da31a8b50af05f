/** Puts processes and clusters on a campaign's ledger, one after another: run twice at once by ledger.test.ts. */
import { forgetProcess, recordCluster, recordProcess } from '../../../src/adapters/host/ledger.ts';

const [, , slug = '', writer = '', records = '0'] = process.argv;
for (let index = 0; index < Number(records); index += 1) {
  const name = `${writer}-${index}`;
  const record = {
    name,
    pid: 1,
    startTicks: '1',
    file: '/f',
    args: [],
    env: {},
    cwd: '/',
    logPath: '/l',
    startedAtMs: 1,
  };
  recordProcess(slug, record, true);
  recordProcess(slug, { ...record, name: `${name}-passing` }, false);
  forgetProcess(slug, `${name}-passing`);
  if (index % 10 === 0) {
    recordCluster(slug, { index, name, kubeconfigPath: '/k', context: '', owned: true, uid: '' });
  }
}

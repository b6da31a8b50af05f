import { expect, test } from 'vitest';
import { describe as shownValue } from '../../../src/core/files/issues.ts';
import { formatFileError } from '../../../src/core/files/file-error.ts';
import { withoutPasswords } from '../../../src/core/text/secrets.ts';

test.each([
  ['https://user:s3cret@host:1/path', 'https://…@host:1/path'],
  ['https://s3cret@host', 'https://…@host'],
  ['socks5://u:p@ss@proxy:1080 and http://a:b@c', 'socks5://…@proxy:1080 and http://…@c'],
  ['"https://u:p@h"; allowed: https://h', '"https://…@h"; allowed: https://h'],
  ['https://host/a@b', 'https://host/a@b'],
  ['someone@example.com', 'someone@example.com'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutPasswords(text)).toBe(shown);
});

test('a refused value of a file is shown without its password', () => {
  expect(shownValue('http://user:s3cret@host')).not.toContain('s3cret');
  const error = {
    file: 'a.yaml',
    line: 1,
    column: 1,
    path: 'url',
    problem: 'found http://u:s3cret@h',
    found: '',
    allowed: '',
  };
  expect(formatFileError(error)).not.toContain('s3cret');
});

import { describe, expect, test } from 'vitest';
import { lastWords } from '../../../src/core/text/last-words.ts';

const KLOG_INFO = 'I1130 20:24:37.206363    5655 secure_serving.go:216] Serving securely on 127.0.0.1:17004';

describe('the last words of a process', () => {
  test.each([
    ['klog', `E1130 20:24:37.2 1 leaderelection.go:1] lost lease`],
    ['klog, fatal', `F1130 20:24:37.2 1 server.go:1] bind: address already in use`],
    ['etcd', `{"level":"fatal","ts":"2026-11-30T20:24:34Z","msg":"discovery failed"}`],
    [
      'Prometheus',
      `time=2026-11-30T20:24:34Z level=ERROR source=main.go:1 msg="Fatal error" err="opening storage failed"`,
    ],
    ['Go', 'panic: runtime error: invalid memory address or nil pointer dereference'],
    ['Go without memory', 'fatal error: runtime: out of memory'],
    ['Node', 'TypeError: x is not a function'],
    ['Java', 'java.lang.IllegalStateException: no leader'],
  ])('are its last error (%s), whatever follows it', (_format, line) => {
    expect(
      lastWords(`${KLOG_INFO}\nE1130 20:24:36.0 1 x.go:1] an earlier one\n${line}\n${KLOG_INFO}\n\tmain.go:12 +0x1d`),
    ).toBe(`the last error in its log: ${line}`);
  });

  test('are those of a process that was killed: no error, and how its log ends', () => {
    expect(lastWords(`starting\nwithout errors=0\n${KLOG_INFO}\n`)).toBe(`its log ends without an error: ${KLOG_INFO}`);
  });

  test('say so where there are none', () => {
    expect(lastWords('\n')).toBe('its log is empty');
  });

  test('are one line of limited length', () => {
    const words = lastWords(`error: ${'x'.repeat(5_000)}`);
    expect(words).not.toContain('\n');
    expect(words.length).toBeLessThan(300);
  });
});

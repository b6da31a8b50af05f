import { expect, test } from 'vitest';
import { escapeHtml } from '../../../src/adapters/evidence/report/html.ts';
import { notificationBody } from '../../../src/core/campaign/notification.ts';
import { cell, paragraph, plain } from '../../../src/core/text/markdown.ts';
import { safeForTerminal } from '../../../src/core/text/terminal.ts';
import { visible } from '../../../src/core/text/visible.ts';

test('what changes the direction of writing is text, and a control character a sign for one', () => {
  expect(visible('a\u202Egpj.exe \u2066x\u2069 \u061C\u200F')).toBe(
    String.raw`a\u202egpj.exe \u2066x\u2069 \u061c\u200f`,
  );
  expect(visible('\u001B[31mred\u001B[0m\0\u009B1m')).toBe('\uFFFD[31mred\uFFFD[0m\uFFFD\uFFFD1m');
  expect(visible('two\r\nlines\tשלום العربية 👩‍👧')).toBe('two\r\nlines\tשלום العربية 👩‍👧');
});

const EVIL = 'pod\u202Eevil\u2066\u001B]0;x\u0007';
const HIDDEN = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

test('no output for people has a hidden one', () => {
  const base = { version: 1, event: 'verdict', at: '', kind: 'campaign', verdict: 'fail', links: {} } as const;
  const message = { ...base, id: EVIL, profile: EVIL, substrate: EVIL, reason: EVIL };
  const slack = JSON.parse(notificationBody(message, 'slack')) as { readonly text: string };
  const outputs = [escapeHtml(EVIL), cell(EVIL), paragraph(EVIL, 100), plain(EVIL), safeForTerminal(EVIL), slack.text];
  for (const output of outputs) {
    expect(output).toContain('evil');
    expect(output.replaceAll('\n', '')).not.toMatch(HIDDEN);
  }
});

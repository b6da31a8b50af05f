import { expect, test } from 'vitest';
import { controlCharacterIn } from '../../../src/core/text/control-character.ts';

test.each([
  ['', undefined],
  ['a secret with blanks,\ttabs and €', undefined],
  ['a\n', 'a line end at its end'],
  ['a\r\n', 'a line end at its end'],
  ['a\nb', 'a control character'],
  ['a\nb\n', 'a control character'],
  ['a\0', 'a control character'],
  ['\u{7f}', 'a control character'],
  ['\u{85}', 'a control character'],
])('%j has %s', (secret, found) => expect(controlCharacterIn(secret)).toBe(found));

/**
 * What in a secret no header of a request can carry, in words; undefined where there is nothing. The secret itself is in no message.
 */
export function controlCharacterIn(secret: string): string | undefined {
  if (!/(?!\t)\p{Cc}/u.test(secret)) return undefined;
  return secret.endsWith('\n') && !/(?!\t)\p{Cc}/u.test(secret.trimEnd())
    ? 'a line end at its end'
    : 'a control character';
}

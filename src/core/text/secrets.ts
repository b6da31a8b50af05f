/** User name and password of an address: everything between `//` and the last `@` before its path, as browsers read it. */
const CREDENTIALS = /(\/\/)[^\s/?#"'`<>]*@/g;

/** A text in which no address shows a user name or a password. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(CREDENTIALS, '$1…@');
}

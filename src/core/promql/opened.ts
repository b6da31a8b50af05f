/** A query, or a part of one, without something that hides values. */
export interface Opened {
  readonly text: string;
  /**
   * The same with the largest number that a quotient in it can be, in place of the quotient. Where that misses the bar, the bar is one of a
   * share, and the quotient hides nothing.
   */
  readonly most?: string;
}

/** The texts of an expression: first the one in which everything is open but the right sides of `or`, then those with one of these. */
export type Texts = readonly [string, ...(readonly Opened[])];

/** The texts of an expression with an operator and a number behind each. */
export function scaled([text, ...others]: Texts, operator: string, by: number): Texts {
  const write = (one: string): string => (by === 1 ? one : `((${one}) ${operator} ${by})`);
  return [write(text), ...others.map((one) => changed(one, write))];
}

/** Both texts, each within another one. */
export function changed({ text, most }: Opened, write: (text: string) => string): Opened {
  return { text: write(text), ...(most === undefined ? {} : { most: write(most) }) };
}

/** The limits of reading a query. A starter may send hundreds of them, and a worker does nothing else while it reads one. */

/** Letters of a query. */
export const MAX_QUERY_LETTERS = 4_096;
/** Operators, calls and parentheses of a query: what is read of it grows with the square of them. */
export const MAX_QUERY_PARTS = 120;
/** Letters of a pattern times its repetitions: a repetition is compiled as often as it may match, each time with its own memory. */
export const MAX_PATTERN_WORK = 50_000;
/** How far around an error a name is looked for, letters. */
export const MAX_NAME_LETTERS = 100;
/** Ways in which a query may hide values: Prometheus is asked for each of them at every check of the gate. */
export const MAX_HIDING_WAYS = 12;
/** Queries whose trees are kept. A campaign asks some hundreds, and the checks of a gate walk the same few again and again. */
export const TREES_KEPT = 1_000;
/** Operands whose types are kept: each operator of a chain asks for those of all that are before it. */
export const TYPES_KEPT = 2_000;

/**
 * How much a file or an input may hold. A profile of 5 million Pods has about 50 lines; these leave room for a hundred times
 * that and keep parsing under a second and 200 MB whatever comes in.
 */

/** Bytes of a file, checked before it is read. */
export const MAX_FILE_BYTES = 1_048_576;
/** Bytes of a history, which grows by a line with every run: some 15,000 runs. A line is at most as long as a file may be. */
export const MAX_HISTORY_BYTES = 16_777_216;
/** So many errors of a history end its reading. */
export const MAX_HISTORY_ERRORS = 10_000;

/** Words, marks and line ends of a YAML text. */
export const MAX_TOKENS = 60_000;

/** Maps and lists within one another. */
export const MAX_DEPTH = 40;

/** Values after aliases are filled in. */
export const MAX_VALUES = 20_000;

/** Letters of all texts together, after aliases are filled in; queries are parsed, which takes a hundred times their room. */
export const MAX_TEXT = 150_000;

/** The sum of what the queries of all gates cost to read, see `readingCost`: about a second of CPU. Ten times the gates of BigFleet have a fiftieth. */
export const MAX_GATES_COST = 100_000;

/** Keys of one map. */
export const MAX_KEYS = 500;

/** Errors reported for one file; the rest are counted. */
export const MAX_ERRORS = 30;

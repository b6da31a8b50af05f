import { withRunIndex } from '../../../src/adapters/index/run-index.ts';

/** A command that uses the index beside others: prints how many runs it found. */
console.log(withRunIndex((index) => index.runs().length));

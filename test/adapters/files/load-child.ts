/** Loads files as their kinds say, one after another, and tells of each how that went: run by bounds.test.ts. */
import { basename } from 'node:path';
import { readTextFile } from '../../../src/adapters/files/read-text.ts';
import {
  parseCatalogue,
  parseLadder,
  parseProfile,
  parseSubstrate,
  parseSystem,
} from '../../../src/core/profile/parse.ts';

const parsers = {
  profile: parseProfile,
  substrate: parseSubstrate,
  system: parseSystem,
  ladder: parseLadder,
  catalogue: parseCatalogue,
} as const;

const [, , path = ''] = process.argv;
const kind = basename(path).split('-')[0] as keyof typeof parsers;
const began = performance.now();
const read = readTextFile(path);
const parsed = read.ok ? parsers[kind](read.text, { file: path }) : read;
const errors = parsed.ok ? 0 : parsed.errors.length;
// Memory of the whole process at its highest, Node and the libraries included.
const peakMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ errors, peakMb, ms: performance.now() - began }));

import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { readTextFile } from '../adapters/files/read-text.ts';
import { convertProfile } from '../core/conversion/registry.ts';
import { formatFileErrors } from '../core/files/file-error.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { UsageError } from './usage-error.ts';

/** `belay convert LEGACY.yaml`: converts a profile from before the V2 format, and reports what could not be kept. */
export function convertCommand(): Command {
  return new Command('convert')
    .description('Convert a legacy profile to the V2 format.')
    .argument('<legacy>', 'path of the legacy profile: Helm values with kwok.clusterCount and loadProfile.target')
    .option('-o, --output <file>', 'write to a new file instead of standard output')
    .addHelpText('after', '\nExample:\n  belay convert old/scaleway-50k.yaml --output profiles/mine.yaml')
    .action((legacy: string, options: { readonly output?: string }) => {
      const read = readTextFile(legacy);
      if (!read.ok) throw new UsageError(formatFileErrors(read.errors));
      const converted = convertProfile(read.text, legacy);
      if (!converted.ok) throw new UsageError(formatFileErrors(converted.errors));
      if (options.output === undefined) process.stdout.write(converted.text);
      else writeNew(options.output, converted.text);
      for (const note of converted.notes) process.stderr.write(safeForTerminal(`${note}\n`));
    });
}

/** Writes a file that does not exist yet: an existing file may be the user's work. */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UsageError(
      code === 'EEXIST' ? `${path}: exists already; allowed: a new file` : `${path}: cannot be written (${code})`,
    );
  }
}

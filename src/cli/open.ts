import { Command } from 'commander';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ownReport } from '../adapters/reports/own-report.ts';
import { fetchStoredRun } from './fetch-stored.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { isJson, withOutput } from './options.ts';
import { runFolderOf } from './stored-runs.ts';
import { UsageError } from './usage-error.ts';

/** `belay open`: the report of a run in a browser; for programs its path and address, without a browser. */
export function openCommand(): Command {
  const command = new Command('open')
    .description('Open the report of a run in a browser, or print its address where there is none.')
    .argument('<run>', 'id of a run, or path of its folder')
    .option('--print', 'print the address only');
  return withOutput(command, 'text').action(
    async (id: string, options: { readonly print?: true; readonly output: string }) => {
      const forPrograms = isJson(options, 'text');
      await fetchStoredRun(id, 'report');
      const report = join(runFolderOf(id), 'report.html');
      // A browser would run what others have put into it.
      if (ownReport(report) === undefined)
        throw new UsageError(`there is no ${report}; "./belay report ${id}" makes it from the stored evidence`);
      const url = pathToFileURL(report).href;
      process.stdout.write(`${forPrograms ? JSON.stringify({ report, url }) : url}\n`);
      const browser = options.print === true || forPrograms ? undefined : browserHere();
      if (browser !== undefined && !(await started(browser, url)))
        process.stderr.write(safeForTerminal(`${browser} could not be started; open the address above in a browser\n`));
    },
  );
}

/** The program that opens an address; undefined on a machine without a screen. */
function browserHere(): string | undefined {
  const { BROWSER, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (BROWSER) return BROWSER;
  if (process.platform === 'darwin') return 'open';
  return DISPLAY || WAYLAND_DISPLAY ? 'xdg-open' : undefined;
}

function started(program: string, url: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // It outlives this command.
  const child = spawn(program, [url], { detached: true, stdio: 'ignore' });
  child.once('error', () => resolve(false));
  child.once('spawn', () => {
    child.unref();
    resolve(true);
  });
  return promise;
}

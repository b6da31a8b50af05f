import { stripVTControlCharacters, styleText } from 'node:util';
import { Command } from 'commander';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { listHosts } from '../adapters/temporal/hosts.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import type { HostLine } from '../core/campaign/host-list.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import type { Check } from './doctor-checks.ts';
import { checkEvidence } from './doctor-evidence.ts';
import { checkLeftovers } from './doctor-leftovers.ts';
import { checkMachine } from './doctor-machine.ts';
import { checkRemoteWrite } from './doctor-remote-write.ts';
import { checkTemporal } from './doctor-temporal.ts';
import { checkTools, toolsAreMissing } from './doctor-tools.ts';
import { hostsJson, hostsTable } from './host-table.ts';
import { isJson } from './options.ts';
import { textTable } from './text-table.ts';
import { withClient } from './with-client.ts';

/** `belay doctor`: shows what is present, what is missing, and the fix. It changes nothing. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Check tools, machine, Temporal, kubeconfig and the store of evidence, into which it puts a small object for a moment. It downloads, starts and changes nothing else. Exit code 0 when the quickstart can run, else 4.',
    )
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options: { readonly output: string }) => {
      const json = isJson(options);
      const [checks, hosts] = await Promise.all([allChecks(), hostsIfReached()]);
      const ready = checks.every((check) => check.state !== 'problem');
      process.stdout.write(
        `${json ? JSON.stringify({ ready, checks, hosts: hostsJson(hosts) }, null, 2) : asText(checks, hosts, ready)}\n`,
      );
      process.exitCode = ready ? EXIT.pass : EXIT.harnessFault;
    });
}

/** All checks, tools first. */
export async function allChecks(): Promise<readonly Check[]> {
  const [tools, temporal, evidence, remote] = await Promise.all([
    checkTools(),
    checkTemporal(),
    checkEvidence(),
    checkRemoteWrite(),
  ]);
  const machine = await checkMachine({ build: toolsAreMissing(tools) });
  return [...tools, ...machine, ...temporal, evidence, remote, await checkLeftovers()];
}

/** The hosts that serve the Temporal in use; none where it cannot be reached, which a check says. */
async function hostsIfReached(): Promise<readonly HostLine[]> {
  if (externalTarget() === undefined && runningDevServer() === undefined) return [];
  return await withClient(listHosts).catch(() => []);
}

function asText(checks: readonly Check[], hosts: readonly HostLine[], ready: boolean): string {
  const verdict = ready
    ? styleText('green', 'The quickstart can run: ./belay run profiles/quickstart.yaml')
    : styleText('red', 'The quickstart cannot run yet; the lines with ✗ show what to do.');
  const table = asTable(checks);
  const width = Math.max(
    ...stripVTControlCharacters(table)
      .split('\n')
      .map((line) => line.length),
  );
  // A table that does not fit is shown as a list.
  const shown = width <= (process.stdout.columns ?? Infinity) ? table : asList(checks);
  return [shown, ...(hosts.length === 0 ? [] : [hostsTable(hosts, Date.now())]), verdict].join('\n');
}

function asTable(checks: readonly Check[]): string {
  const rows = checks.map((check) => [mark(check), check.what, check.found, check.from, check.missing, check.fix]);
  return textTable(['', 'what', 'version', 'where from', 'missing', 'fix'], rows);
}

function asList(checks: readonly Check[]): string {
  return checks
    .map((check) => {
      const fix = check.fix === '' ? '' : `\n    fix: ${check.fix}`;
      return `${mark(check)} ${styleText('bold', check.what)}: ${words([check.found, check.from, check.missing])}${fix}`;
    })
    .join('\n');
}

function words(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(', ');
}

function mark({ state }: Check): string {
  if (state === 'ok') return styleText('green', '✓');
  return state === 'problem' ? styleText('red', '✗') : styleText('yellow', '–');
}

import { Command } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import { repositoryFolder } from '../adapters/host/folders.ts';
import { codeIdentity } from '../adapters/identity/code-identity.ts';
import { TOOLS, TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { isJson, withOutput } from './options.ts';

/** `belay version`: the versions that a report of a problem needs. `belay --version` is the same. */
export function versionCommand(): Command {
  return withOutput(
    new Command('version').description(
      'Show the versions of Belay, Node, the Temporal SDK, and the tools that Belay gets. "belay doctor" shows the tools that are present.',
    ),
    'text',
  ).action((options: { readonly output: string }) => {
    const json = isJson(options, 'text');
    const { contentSha256, ...code } = codeIdentity(repositoryFolder);
    const versions = {
      belay: code.version,
      commit: code.commit,
      dirty: code.dirty,
      source: contentSha256,
      node: process.versions.node,
      temporalSdk: packageFile.dependencies['@temporalio/worker'],
      tools: Object.fromEntries(TOOL_NAMES.map((name) => [name, TOOLS[name].version])),
    };
    process.stdout.write(`${json ? JSON.stringify(versions, null, 2) : text(versions)}\n`);
  });
}

type Versions = Readonly<Record<'belay' | 'source' | 'node' | 'temporalSdk', string>> & {
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly tools: Readonly<Record<string, string>>;
};

function text({ belay, commit, dirty, source, node, temporalSdk, tools }: Versions): string {
  const rows: readonly (readonly [string, string])[] = [
    ['commit', commit === null ? 'unknown' : `${commit}${dirty === true ? ', changed since' : ''}`],
    ['source', source.slice(0, 12)],
    ['node', node],
    ['Temporal SDK', temporalSdk],
    ...Object.entries(tools),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`belay ${belay}`, ...rows.map(([name, version]) => `${name.padEnd(width)}  ${version}`)].join('\n');
}

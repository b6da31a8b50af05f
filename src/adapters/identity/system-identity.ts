import { statSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import type { SystemIdentity } from '../../core/identity/identity-schema.ts';
import type { System } from '../../core/model/system.ts';
import { chartValues } from '../../core/plan/chart-values.ts';
import { canonicalJson } from '../../core/text/canonical-json.ts';
import { chartOfRelease, chartReference } from '../systems/helm.ts';
import { readManifests } from '../systems/manifests.ts';
import { releaseOf, type ChartRequest } from '../systems/system-chart.ts';
import { sha256Of } from '../toolchain/tool-cache.ts';
import { contentHash, sha256OfText } from './content-hash.ts';
import type { UsedTool } from './tool-identity.ts';

/**
 * A system as it was installed on a cluster: its file, manifests, chart, values, and the files that its processes read by their
 * arguments. Its programs are tools; see `programsOf`.
 * @throws Error when a part cannot be read, and for a chart of a registry that is not named by its digest
 */
export async function systemIdentity(request: ChartRequest): Promise<SystemIdentity> {
  const { spec, system, systemFolder, signal } = request;
  const manifests = system.install.manifests.length === 0 ? [] : await readManifests(system, systemFolder, signal);
  return {
    name: spec.system.name,
    fileSha256: spec.system.sha256,
    manifestsSha256: manifests.length === 0 ? null : sha256OfText(canonicalJson(manifests)),
    chart: await chartIdentity(request),
    files: await Promise.all(
      argumentFiles(system, systemFolder).map(async (path) => ({
        name: relative(systemFolder, path),
        sha256: await sha256Of(path),
      })),
    ),
  };
}

/** The programs of a system's processes, by name: tools of the toolchain as they were found, and absolute paths. */
export function programsOf(system: System, tools: ReadonlyMap<string, UsedTool>): ReadonlyMap<string, UsedTool> {
  const own = system.install.processes.filter(({ tool }) => isAbsolute(tool));
  return new Map([...tools, ...own.map(({ tool }): [string, UsedTool] => [basename(tool), { path: tool }])]);
}

async function chartIdentity(request: ChartRequest): Promise<SystemIdentity['chart']> {
  const { system, systemFolder, spec } = request;
  const { helm } = system.install;
  if (helm === undefined) return null;
  const reference = chartReference(system.metadata.name, helm.chart, systemFolder);
  return {
    ...(await chartOfRelease(releaseOf(request, helm))),
    contentSha256: await chartContent(reference),
    valuesSha256: sha256OfText(canonicalJson(chartValues(system, spec) ?? {})),
  };
}

/** sha256 over the files of a chart, or of its archive. A registry keeps the content of a digest, but not of a version. */
async function chartContent(reference: string): Promise<string> {
  if (isAbsolute(reference)) {
    return statSync(reference).isDirectory() ? contentHash(reference, ['.']) : await sha256Of(reference);
  }
  const digest = /@sha256:([0-9a-f]{64})$/.exec(reference)?.[1];
  if (digest !== undefined) return digest;
  throw new Error(`the content of chart ${reference} is not known; allowed: a digest in the reference, or a folder`);
}

/** Files below the system's folder that arguments of its processes name, whole or after `=`. */
function argumentFiles(system: System, systemFolder: string): readonly string[] {
  const named = system.install.processes
    .flatMap(({ args }) => args)
    .map((text) => text.slice(text.startsWith('-') ? text.indexOf('=') + 1 : 0).replaceAll('${folder}', systemFolder))
    .filter((text) => isAbsolute(text))
    .map((text) => resolve(text))
    .filter((path) => path.startsWith(`${systemFolder}/`) && isFile(path));
  return [...new Set(named)];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

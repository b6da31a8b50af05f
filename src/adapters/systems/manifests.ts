import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { System } from '../../core/model/system.ts';
import type { Manifest } from '../kube/apply.ts';
import { toolAsset } from '../toolchain/tool-assets.ts';
import { TOOL_NAMES, TOOLS } from '../toolchain/tools.ts';

/**
 * All objects of a system's manifests, in order. A path is a file, or a folder whose YAML files are taken by name, beside
 * the system file or within a Go module of the toolchain.
 * @throws Error naming the file and what is wrong with it
 */
export async function readManifests(
  system: System,
  systemFolder: string,
  signal: AbortSignal,
): Promise<readonly Manifest[]> {
  const objects: Manifest[] = [];
  for (const { path, module } of system.install.manifests) {
    const target = module === undefined ? besides(systemFolder, path) : await inModule(module, path, signal);
    for (const file of yamlFiles(target)) objects.push(...objectsOf(file));
  }
  return objects;
}

function besides(folder: string, path: string): string {
  const target = resolve(folder, path);
  if (relative(folder, target).startsWith('..')) throw new Error(`manifest ${path} leads out of ${folder}`);
  return target;
}

function inModule(module: string, path: string, signal: AbortSignal): Promise<string> {
  const tool = TOOL_NAMES.find((name) => TOOLS[name].module === module && TOOLS[name].assets.length > 0);
  if (tool === undefined) {
    const known = TOOL_NAMES.filter((name) => TOOLS[name].assets.length > 0).map((name) => TOOLS[name].module);
    throw new Error(`manifest ${path}: module ${module} has no files in the toolchain; allowed: ${known.join(', ')}`);
  }
  return toolAsset(tool, path, signal);
}

function yamlFiles(target: string): readonly string[] {
  if (!statSync(target).isDirectory()) return [target];
  return readdirSync(target)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(target, name));
}

function objectsOf(file: string): readonly Manifest[] {
  // kubectl follows merge keys too.
  return parseAllDocuments(readFileSync(file, 'utf8'), { merge: true }).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${file}: ${error.message}`);
    const value: unknown = document.toJS();
    if (value === null) return [];
    if (!isObject(value)) throw new Error(`${file}: each document needs apiVersion, kind and metadata.name`);
    return [value];
  });
}

function isObject(value: unknown): value is Manifest {
  const { apiVersion, kind, metadata } = value as {
    apiVersion?: unknown;
    kind?: unknown;
    metadata?: { name?: unknown };
  };
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}

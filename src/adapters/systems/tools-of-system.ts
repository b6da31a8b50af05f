import type { System } from '../../core/model/system.ts';
import { TOOL_NAMES, type ToolName } from '../toolchain/tools.ts';

/** Tools that a system's processes and charts need on the host. */
export function toolsOfSystem(system: System): readonly ToolName[] {
  const named = system.install.processes.map((process) => process.tool);
  const modules = system.install.manifests.flatMap((manifest) =>
    manifest.module === undefined ? [] : [manifest.module],
  );
  const helm = system.install.helm === undefined ? [] : ['helm'];
  const wanted = new Set([...named, ...modules, ...helm]);
  return TOOL_NAMES.filter((name) => wanted.has(name));
}

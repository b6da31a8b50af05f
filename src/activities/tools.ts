import { ApplicationFailure } from '@temporalio/activity';
import type { FoundTool } from '../adapters/toolchain/find-tool.ts';
import type { ToolName } from '../adapters/toolchain/tools.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';

/** Finds one tool on this host; undefined if it is missing. */
export type FindTool = (name: ToolName) => Promise<FoundTool | undefined>;

/** The tools of this list that this host has. */
export async function toolsFound(
  names: readonly ToolName[],
  findTool: FindTool,
): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const found = await Promise.all(
    names.map(async (name): Promise<[ToolName, FoundTool | undefined]> => [name, await findTool(name)]),
  );
  return new Map(found.filter((entry): entry is [ToolName, FoundTool] => entry[1] !== undefined));
}

/**
 * All tools of this list. A stage does not build or download tools, which could take minutes within its deadline.
 * @throws ApplicationFailure naming what is missing and the command that gets it
 */
export async function toolsRequired(
  names: readonly ToolName[],
  findTool: FindTool,
): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const found = await toolsFound(names, findTool);
  const missing = names.filter((name) => !found.has(name));
  if (missing.length === 0) return found;
  throw ApplicationFailure.nonRetryable(
    `tools are missing on this host: ${missing.join(', ')}; "./belay setup --all" gets them`,
    FAILURE_TYPES.harnessFault,
  );
}

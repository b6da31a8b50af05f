import type { Substrate } from '../../core/model/substrate.ts';
import { RUNNABLE_TYPES } from '../../core/model/substrate-types.ts';
import type { RunnableType } from '../../core/model/substrate-types.ts';
import type { ToolName } from '../toolchain/tools.ts';
import { kubeconfigSubstrate } from './kubeconfig/kubeconfig-substrate.ts';
import { LOCAL_TOOLS } from './local/kwok-config.ts';
import { localSubstrate } from './local/local-substrate.ts';
import type { SubstrateAdapter, ToolPaths } from './substrate.ts';

/** How clusters of one type of substrate are created or borrowed. */
interface SubstrateDescriptor {
  readonly create: (tools: ToolPaths) => SubstrateAdapter;
  /** Tools that its clusters need on the host. */
  readonly tools: readonly ToolName[];
}

/** Registry of substrate adapters; every runnable type has one. */
const SUBSTRATES: Readonly<Record<RunnableType, SubstrateDescriptor>> = {
  local: { create: localSubstrate, tools: LOCAL_TOOLS },
  kubeconfig: { create: kubeconfigSubstrate, tools: [] },
};

/**
 * The adapter of a substrate.
 * @throws Error for a type that this version cannot run
 */
export function substrateAdapter(substrate: Substrate, tools: ToolPaths): SubstrateAdapter {
  const descriptor = descriptorOf(substrate);
  if (descriptor !== undefined) return descriptor.create(tools);
  throw new Error(
    `substrate ${substrate.metadata.name}: this version cannot run type ${substrate.type}; allowed: ${RUNNABLE_TYPES.join(', ')}`,
  );
}

/** Tools that a campaign's infrastructure needs on its host, apart from those of the system. */
export function toolsOfSubstrate({ substrate }: { readonly substrate: Substrate }): readonly ToolName[] {
  return ['prometheus', ...(descriptorOf(substrate)?.tools ?? [])];
}

function descriptorOf({ type }: Substrate): SubstrateDescriptor | undefined {
  return (SUBSTRATES as Readonly<Partial<Record<string, SubstrateDescriptor>>>)[type];
}

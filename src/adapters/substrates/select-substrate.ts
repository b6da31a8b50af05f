import type { Substrate } from '../../core/model/substrate.ts';
import { kubeconfigSubstrate } from './kubeconfig/kubeconfig-substrate.ts';
import { localSubstrate } from './local/local-substrate.ts';
import type { SubstrateAdapter, ToolPaths } from './substrate.ts';

/**
 * The adapter for a substrate's type.
 * @throws Error for a type that cannot be provisioned
 */
export function substrateAdapter(substrate: Substrate, tools: ToolPaths): SubstrateAdapter {
  switch (substrate.type) {
    case 'local':
      return localSubstrate(tools);
    case 'kubeconfig':
      return kubeconfigSubstrate();
    case 'hosted':
      throw new Error(
        `substrate ${substrate.metadata.name}: type "hosted" cannot be provisioned yet; allowed: local, kubeconfig`,
      );
  }
}

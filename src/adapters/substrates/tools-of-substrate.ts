import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { ToolName } from '../toolchain/tools.ts';
import { LOCAL_TOOLS } from './local/kwok-config.ts';

/** Tools that a campaign's infrastructure needs on its host, apart from those of the system. */
export function toolsOfSubstrate(spec: Pick<CampaignSpec, 'substrate'>): readonly ToolName[] {
  return spec.substrate.type === 'local' ? ['prometheus', ...LOCAL_TOOLS] : ['prometheus'];
}

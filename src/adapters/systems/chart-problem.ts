import { dirname } from 'node:path';
import type { System } from '../../core/model/system.ts';
import { chartReference } from './helm.ts';
import { messageOf } from '../../core/text/message-of.ts';

/**
 * Why the chart of a system cannot be found; undefined if it can, or if the system has none. The check runs on the host that
 * installs the chart, because its environment may name another chart, and before any cluster is created.
 */
export function chartProblem(built: { readonly system: System; readonly systemPath: string }): string | undefined {
  const { metadata, install } = built.system;
  if (install.helm === undefined) return undefined;
  try {
    chartReference(metadata.name, install.helm.chart, dirname(built.systemPath));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

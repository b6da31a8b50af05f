import { connectClient } from '../adapters/temporal/client.ts';
import { findAbandoned } from '../adapters/temporal/abandoned-campaigns.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import { stateFolder } from '../adapters/host/folders.ts';
import { counted } from '../core/text/counted.ts';
import { abandonedText } from './abandoned-text.ts';
import { fine, type Check } from './doctor-checks.ts';

/** Checks whether abandoned campaigns left something on this host. */
export async function checkLeftovers(): Promise<Check> {
  const isUp = externalTarget() !== undefined || runningDevServer() !== undefined;
  const client = isUp ? await connectClient().catch(() => undefined) : undefined;
  try {
    const found = await findAbandoned(client);
    if (found.length === 0) return fine('leftovers', 'none', stateFolder());
    const abandoned = found.filter(({ abandonment }) => abandonment.abandoned === 'yes');
    return {
      what: 'leftovers',
      found: `of ${counted(found.length, 'campaign')}`,
      from: stateFolder(),
      state: 'optional',
      missing: found.map(abandonedText).join('\n'),
      fix: abandoned.length > 0 ? './belay sweep' : './belay up, then ./belay status',
    };
  } finally {
    await client?.connection.close();
  }
}

import { RETENTION_HOURS } from '../adapters/temporal/dev-server.ts';
import { inspectTemporal } from '../adapters/temporal/inspect.ts';
import { registerCommand } from '../adapters/temporal/search-attributes.ts';
import { liveWorkers } from '../adapters/temporal/worker-record.ts';
import { fine } from './doctor-checks.ts';
import type { Check } from './doctor-checks.ts';

/** Checks Temporal and the workers of this checkout. It starts nothing: each command starts the server that it needs. */
export async function checkTemporal(): Promise<readonly Check[]> {
  const { target, unreachable, serverVersion, missingAttributes, retentionHours } = await inspectTemporal();
  if (unreachable !== undefined) {
    const fix =
      target?.external === false
        ? './belay down --force, then ./belay up'
        : "correct TEMPORAL_ADDRESS and the other TEMPORAL_ variables, or unset them to use Belay's own server";
    return [
      {
        what: 'Temporal server',
        found: '',
        from: target?.address ?? 'TEMPORAL_*',
        state: 'problem',
        missing: unreachable,
        fix,
      },
    ];
  }
  if (target === undefined) return [fine('Temporal server', 'not running', './belay up or run starts it')];
  const from = target.external ? 'TEMPORAL_*' : "Belay's own";
  const workers = liveWorkers();
  return [
    fine('Temporal server', `${serverVersion ?? ''} at ${target.address}`, `${from}, namespace ${target.namespace}`),
    missingAttributes.length === 0
      ? fine('search attributes', 'all registered', target.namespace)
      : {
          what: 'search attributes',
          found: '',
          from: target.namespace,
          state: 'problem',
          missing: `${missingAttributes.join(', ')} not registered`,
          fix: target.external ? registerCommand(target.namespace, missingAttributes) : './belay up registers them',
        },
    retention(retentionHours, target.external, target.namespace),
    fine(
      'worker',
      workers.length === 0 ? 'not running' : `${workers.length} polling`,
      workers.length === 0 ? './belay up or run starts it' : `pid ${workers.map(({ pid }) => pid).join(', ')}`,
    ),
  ];
}

function retention(hours: number | undefined, external: boolean, namespace: string): Check {
  if (hours === undefined) return fine('retention', 'unknown', namespace);
  if (!external || hours >= RETENTION_HOURS / 10) return fine('retention', `${hours} h`, namespace);
  const fix = `temporal operator namespace update --retention ${RETENTION_HOURS}h -n ${namespace}`;
  return {
    what: 'retention',
    found: `${hours} h`,
    from: namespace,
    state: 'optional',
    missing: 'histories are deleted soon (the evidence in runs/ is kept)',
    fix,
  };
}

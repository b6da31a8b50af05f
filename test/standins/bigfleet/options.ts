import { parseArgs } from 'node:util';

/** What can go wrong in the stand-in, as it does in a real BigFleet. */
const FAULTS = [
  /** Cycles that last two hours among thousands that last milliseconds. */
  'stall',
  /** A cycle that never ends, while the metrics are served as before. */
  'hung',
  /** The same in loops that take all CPU of the host. */
  'spins',
  /** 500 applies that fail at once, in a coordinator that had no failure before. */
  'apply-errors',
  /** Cycles that last 3 s. */
  'slow-cycles',
  /** Bootstraps are given up at 30 s, and begun again. */
  'bootstrap-timeout',
  /** Bootstraps count as done, and no Node comes. */
  'emit-without-landing',
  /** One machine fewer than are wanted. */
  'standing-shortfall',
  /** Capacity requests are acknowledged after 30 s. */
  'ack-delay',
  /** Roll-ups beyond the last finite bucket, updates of Node states within it. */
  'saturation',
  /** Some metrics are no longer served. */
  'vanishing-metrics',
  /** No metrics are served any more. */
  'dark',
] as const;

export type Fault = (typeof FAULTS)[number];

/** Options of the stand-in's command line. */
export interface Options {
  readonly kubeconfig: string;
  readonly port: number;
  /** Pods of one size that a machine holds. */
  readonly podsPerMachine: number;
  readonly fault: Fault | undefined;
  /** When the fault begins: at once, or `faultAfterMs` after the first Pod of the load was replaced, which is early in the soak. */
  readonly from: 'start' | 'churn';
  readonly faultAfterMs: number;
}

/** Reads the command line. @throws Error naming the option and what is allowed */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: 'string' },
      port: { type: 'string' },
      'pods-per-machine': { type: 'string', default: '8' },
      fault: { type: 'string', default: 'none' },
      from: { type: 'string', default: 'churn' },
      'fault-after-ms': { type: 'string', default: '0' },
    },
  });
  if (values.kubeconfig === undefined) throw new Error('--kubeconfig is missing');
  return {
    kubeconfig: values.kubeconfig,
    port: number('port', values.port),
    podsPerMachine: number('pods-per-machine', values['pods-per-machine']),
    fault: values.fault === 'none' ? undefined : oneOf('fault', values.fault, FAULTS),
    from: oneOf('from', values.from, ['start', 'churn']),
    faultAfterMs: number('fault-after-ms', values['fault-after-ms']),
  };
}

function number(name: string, text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name}: found ${text ?? 'nothing'}; allowed: a whole number from 0`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new Error(`--${name}: found ${text}; allowed: ${allowed.join(', ')}`);
  return found;
}

import { counted } from '../../text/counted.ts';
import { EVIDENCE_STEP_MS, EVIDENCE_STORE_MS, JUDGE_STEP_MS } from '../limits.ts';
import { noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Makes the verdict and writes it. It asks no cluster and no Prometheus. */
export const judge = {
  steps: {
    readingsJudged: () => ({ what: 'readings judged', count: 1, eachMs: JUDGE_STEP_MS }),
    reportWritten: () => ({ what: 'report drawn', count: 1, eachMs: EVIDENCE_STEP_MS }),
    evidenceListed: () => ({ what: 'evidence listed', count: 1, eachMs: EVIDENCE_STEP_MS }),
    evidenceStored: (shape) =>
      shape.storesEvidence
        ? { what: 'evidence put into the store that is set', count: 1, eachMs: EVIDENCE_STORE_MS }
        : undefined,
  },
  describe: ({ gates }) => `verdict on ${counted(gates.length, 'gate')}`,
  facts: { verdict: 'join' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;

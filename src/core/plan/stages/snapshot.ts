import type { Wait } from '../deadline-model.ts';
import {
  CONVERSATIONS_AT_ONCE,
  EVIDENCE_SILENCE_MS,
  EVIDENCE_TRANSFER_MS,
  IMAGE_CALLS,
  LOCAL_MS,
  SNAPSHOT_QUERIES,
} from '../limits.ts';
import { callWait, clustersOnHost, itemWait } from './shape.ts';
import { noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Evidence that is moved between hosts. A link that brings nothing for a while is given up. */
function transferWait(what: string): Wait {
  return { what, count: 1, eachMs: EVIDENCE_TRANSFER_MS, stallMs: EVIDENCE_SILENCE_MS };
}

/** Keeps the evidence that ends with the campaign's parts. */
export const snapshot = {
  steps: {
    curvesRead: (shape) => callWait(shape, 'curves of all gates', 'queryMs', SNAPSHOT_QUERIES),
    tsdbKept: (shape) => callWait(shape, 'TSDB snapshot, then its copy', 'snapshotMs', 2),
    logsCopied: () => ({ what: 'logs copied', count: 1, eachMs: LOCAL_MS }),
    imagesIdentified: (shape) =>
      itemWait(shape, 'images that run read', 'apiCallMs', {
        total: clustersOnHost(shape),
        atOnce: CONVERSATIONS_AT_ONCE,
        perItem: IMAGE_CALLS,
      }),
    evidenceSent: (shape) => (shape.placed ? transferWait('the evidence of the group sent to the lead') : undefined),
    evidenceCollected: (shape) =>
      shape.placed ? transferWait('the evidence of the other groups collected') : undefined,
  },
  describe: () => 'evidence of what was measured',
  facts: { partsKept: 'sum', partsMissing: 'sum' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;

import { z } from 'zod';
import { stageName } from './stage-name.ts';

/**
 * How well the Pods were observed in an execution of a stage, and how long its requests waited for the servers. See
 * `plan/observation.ts`. Earlier versions did not record it.
 */
export const observedStage = z.object({
  stage: stageName,
  execution: z.number(),
  watch: z.object({
    silent: z.number(),
    replaced: z.number(),
    failures: z.number(),
    longestUnconfirmedMs: z.number(),
  }),
  requests: z.object({
    waited: z.number(),
    longestMs: z.number(),
    refused: z.number(),
    throttled: z.number(),
    failed: z.number(),
    unanswered: z.number(),
  }),
});

import { Client, Connection, type WorkflowClientInterceptor } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followCampaign } from '../../src/cli/follow-campaign.ts';
import { followClimb } from '../../src/cli/follow-climb.ts';
import { followComparison } from '../../src/cli/follow-comparison.ts';
import type { ProgressDisplay } from '../../src/cli/progress-display.ts';
import { createRungEvents } from '../../src/cli/rung-events.ts';
import { idOfPair, SIDES } from '../../src/core/campaign/comparison.ts';
import { cutLink } from './cut-link.ts';
import { QUEUES } from './make-spec.ts';
import { untilCancelled, type Script } from './scripted.ts';
import { TestTemporal, type Run } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

/** How one is followed: what the command is given, and what it makes of the end. */
interface Following {
  readonly client: Client;
  readonly workflowId: string;
  readonly stop: AbortSignal;
  readonly onSilence: () => Promise<void>;
}

/** A workflow that a command follows: how to begin it with one campaign that plays a script, and how to follow it. */
interface Followed {
  readonly begin: (script: Script) => Promise<Run>;
  /** Returns the end: pass, or why not. */
  readonly follow: (following: Following) => Promise<unknown>;
}

const NO_DISPLAY: ProgressDisplay = { show: () => undefined, note: () => undefined, close: () => undefined };

const FOLLOWED: Readonly<Record<'campaign' | 'climb' | 'comparison', Followed>> = {
  campaign: {
    begin: (script) => temporal.begin('followed-campaign', script),
    follow: async (options) => {
      const end = await followCampaign({
        ...options,
        display: NO_DISPLAY,
        onStatus: () => undefined,
        onHold: () => Promise.resolve(true),
      });
      return end?.end;
    },
  },
  climb: {
    begin: async (script) => {
      const workflowId = temporal.nextId('followed-climb');
      temporal.scripted.play(`${workflowId}.1-small`, script);
      const rungs = [{ id: '1-small', profile: 'small', substrate: 'laptop', overrides: {} }];
      const ladder = { name: 'one', rungs, holdMs: 0, trigger: 'cli', hostQueue: QUEUES.host, folder: 'one' } as const;
      return await temporal.begin('followed-climb', { ladder }, { type: 'ladder', workflowId });
    },
    follow: async ({ client, workflowId, stop, onSilence }) => {
      const lines: string[] = [];
      const events = createRungEvents((line) => lines.push(line));
      await followClimb(client, workflowId, { pageUrl: undefined, events, stop, onSilence });
      const { verdict } = JSON.parse(lines.at(-1) ?? '') as { readonly verdict: string };
      return verdict;
    },
  },
  comparison: {
    begin: async (script) => {
      const workflowId = temporal.nextId('followed-comparison');
      for (const side of SIDES) temporal.scripted.play(idOfPair(workflowId, side, 1), script);
      const inputs = { baseline: { profile: 'a' }, branch: { profile: 'b' } };
      const input = { inputs, pairs: 1, firstSeed: 7, metrics: [], sameWithin: 0 };
      return await temporal.begin('followed-comparison', {}, { type: 'comparison', workflowId, input });
    },
    follow: async ({ client, workflowId, ...options }) => {
      const end = await followComparison(client, workflowId, options);
      if ('exitCode' in end) return end.exitCode === 3 ? 'aborted' : end.exitCode;
      return end.campaigns.at(-1)?.end;
    },
  },
};

/** Follows through a link that is cut before, or by what `intercept` makes, and is mended at a silence. */
async function followThroughCuts(
  { follow }: Followed,
  run: Run,
  options: {
    readonly stop?: AbortSignal;
    readonly cutBefore?: boolean;
    readonly intercept?: (cut: () => Promise<void>) => WorkflowClientInterceptor;
    readonly onMended?: () => void;
  },
): Promise<{ readonly end: unknown; readonly silences: number }> {
  const [host = '', port = ''] = temporal.address.split(':');
  const link = await cutLink(host, Number(port));
  const connection = await Connection.connect({ address: `127.0.0.1:${link.port}` });
  try {
    const intercept = options.intercept?.(() => link.cut());
    const client = new Client({
      connection,
      namespace: temporal.client.options.namespace,
      interceptors: { workflow: intercept === undefined ? [] : [intercept] },
    });
    if (options.cutBefore === true) await link.cut();
    let silences = 0;
    const end = await follow({
      client,
      workflowId: run.workflowId,
      stop: options.stop ?? new AbortController().signal,
      onSilence: async () => {
        silences += 1;
        await link.mend();
        options.onMended?.();
      },
    });
    return { end, silences };
  } finally {
    await connection.close();
    await link.close();
  }
}

/** Cuts once, after the query that follows the first description of a closed workflow: the next call asks for its result. */
function cutBeforeTheResult(cut: () => Promise<void>): WorkflowClientInterceptor {
  let isClosed = false;
  let isCut = false;
  return {
    async describe(input, next) {
      const description = await next(input);
      isClosed = Number(description.workflowExecutionInfo?.status) !== RUNNING;
      return description;
    },
    async query(input, next) {
      try {
        return await next(input);
      } finally {
        if (isClosed && !isCut) {
          isCut = true;
          await cut();
        }
      }
    },
  };
}

/** Of `temporal.api.enums.v1.WorkflowExecutionStatus`. */
const RUNNING = 1;

// One describe for all: what waits for the end of a silence waits at the same time.
describe.concurrent('a command that follows', () => {
  const each = test.for(Object.entries(FOLLOWED));

  each('a %s reports its end, and loses Temporal while it runs and before its result', async ([, followed]) => {
    const gate = Promise.withResolvers<undefined>();
    const run = await followed.begin({ stages: { soak: () => gate.promise } });
    const { end, silences } = await followThroughCuts(followed, run, {
      cutBefore: true,
      onMended: () => gate.resolve(undefined),
      intercept: cutBeforeTheResult,
    });
    expect(end).toBe('pass');
    expect(silences).toBeGreaterThan(1);
  });

  each('a %s asks it to stop until Temporal has taken that', async ([, followed]) => {
    const run = await followed.begin({ stages: { ramp: (call) => untilCancelled(call) } });
    const { end } = await followThroughCuts(followed, run, { cutBefore: true, stop: AbortSignal.abort() });
    expect(end).toBe('aborted');
    expect((await run.handle.describe()).status.name).toBe('CANCELLED');
  });
});

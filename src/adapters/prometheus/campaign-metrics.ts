import { Counter, Gauge } from 'prom-client';
import { watchedEnd, type WatchedWorkflow } from '../../core/campaign/watched-workflow.ts';
import type { GateResult } from '../../core/gates/model.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { registry } from './own-metrics.ts';

/*
 * Campaigns for the user's own Prometheus. Every worker of a namespace shows all running campaigns of it; gates and costs are shown by
 * the worker that runs a campaign.
 */

const registers = [registry];

const campaigns = new Gauge({
  name: 'belay_campaigns',
  help: 'Campaigns and ladders that run, by kind and stage; a campaign that waits for a decision has the stage hold.',
  labelNames: ['kind', 'stage'],
  registers,
});
const ended = new Counter({
  name: 'belay_campaigns_ended_total',
  help: 'Campaigns and ladders that ended since this worker started, by profile and verdict: pass, unmeasured, fail, aborted, harness-fault.',
  labelNames: ['kind', 'profile', 'verdict'],
  registers,
});
const schedulePaused = new Gauge({
  name: 'belay_schedule_paused',
  help: 'Whether a schedule is paused: 1 or 0.',
  labelNames: ['schedule'],
  registers,
});
const leftovers = new Gauge({
  name: 'belay_leftovers',
  help: 'Abandoned campaigns on this host of which something is left.',
  registers,
});
const gateValue = new Gauge({
  name: 'belay_gate_value',
  help: 'Latest reading of a fail-fast gate in the soak, in the unit of the gate. No series while it is unmeasured.',
  labelNames: ['campaign', 'gate', 'unit'],
  registers,
});
const gateBar = new Gauge({
  name: 'belay_gate_bar',
  help: 'Bar of a fail-fast gate, by side: max or min.',
  labelNames: ['campaign', 'gate', 'side'],
  registers,
});
const gateVerdict = new Gauge({
  name: 'belay_gate_verdict',
  help: 'Verdict of the latest reading of a fail-fast gate: 0 pass, 1 unmeasured, 2 fail.',
  labelNames: ['campaign', 'gate'],
  registers,
});
const attempts = new Counter({
  name: 'belay_stage_attempts_total',
  help: 'Attempts of stages that this worker began: of the first kind, again after a failure (attempt), or again by decision (execution).',
  labelNames: ['stage', 'kind'],
  registers,
});
const costUsd = new Gauge({
  name: 'belay_campaign_cost_usd',
  help: 'Estimated cost of a campaign that runs on this host, in US dollars.',
  labelNames: ['campaign', 'profile'],
  registers,
});

const RANK = { pass: 0, unmeasured: 1, fail: 2 } as const;
const counted = new Set<string>();
let isFirst = true;

/** Shows the campaigns and ladders of the namespace. What had ended when it is first called is not counted. */
export function showCampaigns(workflows: readonly WatchedWorkflow[]): void {
  campaigns.reset();
  for (const one of workflows) {
    const { kind, runId, profile, stage } = one;
    const verdict = watchedEnd(one);
    if (verdict === undefined) campaigns.inc({ kind, stage: stage === '' ? 'unknown' : stage });
    else if (!counted.has(runId)) {
      counted.add(runId);
      if (!isFirst) ended.inc({ kind, profile, verdict });
    }
  }
  const listed = new Set(workflows.map(({ runId }) => runId));
  for (const runId of counted) if (!listed.has(runId)) counted.delete(runId);
  isFirst = false;
}

/** Shows which schedules are paused. */
export function showSchedules(schedules: readonly { readonly id: string; readonly paused: boolean }[]): void {
  schedulePaused.reset();
  for (const { id, paused } of schedules) schedulePaused.set({ schedule: id }, paused ? 1 : 0);
}

/** Shows how many abandoned campaigns have left something on this host. */
export function showLeftovers(count: number): void {
  leftovers.set(count);
}

/** Shows the latest readings of a campaign's fail-fast gates. */
export function showGates(campaign: string, results: readonly GateResult[]): void {
  for (const { gate, unit, bar, verdict, reading } of results) {
    if (reading.value === null) gateValue.remove({ campaign, gate, unit });
    else gateValue.set({ campaign, gate, unit }, reading.value);
    gateVerdict.set({ campaign, gate }, RANK[verdict]);
    for (const side of ['min', 'max'] as const) {
      const value = bar[side];
      if (value !== undefined) gateBar.set({ campaign, gate, side }, value);
    }
  }
}

/** Counts an attempt of a stage, and shows what its campaign costs. */
export function showAttempt(spec: CampaignSpec, stage: string, execution: number, attempt: number): void {
  attempts.inc({ stage, kind: attempt > 1 ? 'attempt' : execution > 1 ? 'execution' : 'first' });
  if (stage !== 'teardown')
    costUsd.set({ campaign: spec.campaign, profile: spec.profile.metadata.name }, spec.plan.estimatedUsd);
}

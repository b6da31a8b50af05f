import { textTable } from './text-table.ts';
import type { HostSize } from '../core/model/host-size.ts';
import { STAGES } from '../core/model/stages.ts';
import type { SubstrateTraits } from '../core/model/substrate-types.ts';
import type { GateDefinition } from '../core/gates/model.ts';
import type { DerivationStep, StageDeadlines } from '../core/plan/deadline-model.ts';
import { podsOfLargestCluster, podsOfSmallestCluster } from '../core/plan/cluster-pods.ts';
import { rampNote } from '../core/plan/make-plan.ts';
import { sizeInWords } from '../core/plan/host-fit.ts';
import type { Plan, SeedRow } from '../core/plan/plan.ts';
import { barSymbols } from '../core/text/bar.ts';
import { formatDuration } from '../core/text/duration.ts';

/** The numbers of a plan, one per line. @param localNeeds what one host for all clusters is estimated to need */
export function numbersTable(
  plan: Plan,
  { systemHasHost }: Pick<SubstrateTraits, 'systemHasHost'>,
  localNeeds: HostSize | undefined,
): string {
  const most = podsOfLargestCluster(plan);
  const least = podsOfSmallestCluster(plan);
  const each = most === least ? grouped(most) : `${grouped(least)} to ${grouped(most)}`;
  return textTable(
    [],
    [
      ['Pods', grouped(plan.totalPods)],
      ['clusters', `${grouped(plan.clusterCount)}, ${each} Pods each`],
      ['hosts', `${grouped(plan.hostsNeeded)}${systemHasHost ? ', one of them for the system' : ''}`],
      ...(localNeeds === undefined ? [] : [['needed of one host', `about ${sizeInWords(localNeeds)}`]]),
      ['cost', `$${plan.estimatedUsd.toFixed(2)} for ramp, soak and teardown; $${plan.usdPerHour.toFixed(2)} an hour`],
      ['ramp', rampNote(plan)],
      ['ramp budget', `${formatDuration(plan.rampBudgetMs)} (${plan.rampBudgetClause})`],
      ['shards', grouped(plan.shardReplicas)],
      ['machines for the Pods', grouped(plan.machinesEffective)],
      ['events in history', `at most about ${grouped(plan.expectedHistoryEvents)}`],
    ],
  );
}

/** Machines by archetype and tier, with a sum. */
export function seedTable(rows: readonly SeedRow[]): string {
  const head = [
    'archetype',
    'Pods',
    'Pods/machine',
    'machines',
    'gang floor',
    'configured',
    'idle',
    'speculative',
    'spot',
  ];
  const lines = rows.map((row) => [
    row.archetype,
    ...[
      row.expectedPods,
      row.podsPerMachine,
      row.machines,
      row.gangFloor,
      row.configured,
      row.idle,
      row.speculative,
      row.spot,
    ].map(grouped),
  ]);
  const sum = (field: Exclude<keyof SeedRow, 'archetype'>): string =>
    grouped(rows.reduce((all, row) => all + row[field], 0));
  lines.push([
    'sum',
    sum('expectedPods'),
    '',
    sum('machines'),
    sum('gangFloor'),
    sum('configured'),
    sum('idle'),
    sum('speculative'),
    sum('spot'),
  ]);
  return textTable(head, lines, { right: head.map((_, index) => index).slice(1) });
}

/** Every gate that is judged, with its bar and where the bar comes from. */
export function gatesTable(gates: readonly GateDefinition[]): string {
  const rows = gates
    .filter(({ barKind }) => barKind !== 'informational')
    .map((gate) => [
      gate.name,
      barSymbols(gate.bar, gate.unit),
      gate.barKind === 'scaled' ? `scaled: ${gate.scaleRule ?? ''}` : gate.barKind,
      soakWords(gate),
    ]);
  const shown = gates.filter((gate) => gate.barKind === 'informational').length;
  return `${textTable(['gate', 'bar', 'from', 'in the soak'], rows)}${shown > 0 ? `\n${shown} more gates are informational.` : ''}`;
}

function soakWords({ failFast, forReadings = 1 }: GateDefinition): string {
  if (!failFast) return '';
  return forReadings === 1 ? 'ends the soak' : `ends the soak after ${forReadings} in a row`;
}

/** Every deadline with the waits it is derived from, largest first, and the limits around the stages. */
export function deadlinesTable(deadlines: StageDeadlines): string {
  const head = ['stage', 'one attempt', 'attempts', 'stage', 'heartbeat', 'queue', 'derived from'];
  const rows = STAGES.map((stage) => {
    const { attemptMs, attempts, stageMs, heartbeatMs, queueWaitMs, derivation } = deadlines.stages[stage];
    return [
      stage,
      formatDuration(attemptMs),
      attempts,
      formatDuration(stageMs),
      formatDuration(heartbeatMs),
      formatDuration(queueWaitMs),
      derivation.map(stepText).join('\n'),
    ];
  });
  return [
    textTable(head, rows, { right: [1, 2, 3, 4, 5] }),
    `stage = attempts x (one attempt + queue) + back-off of ${formatDuration(deadlines.stages.seed.backoffMs)}, doubling`,
    `hold ${formatDuration(deadlines.holdMs)}; campaign ${formatDuration(deadlines.campaignMs)} = all stages + hold + grace; ` +
      `leftovers count as abandoned after ${formatDuration(deadlines.janitorMs)}`,
  ].join('\n');
}

function stepText({ what, count, eachMs, field }: DerivationStep): string {
  const times = count === 1 ? formatDuration(eachMs) : `${grouped(count)} x ${formatDuration(eachMs)}`;
  return `${times}  ${what}${field === undefined ? '' : ` (${field})`}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

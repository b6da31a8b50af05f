import { recordedFields, unreadable } from '../files/recorded-fields.ts';
import { STAGES } from '../model/stages.ts';
import { TRIGGERS } from '../model/trigger.ts';
import { parseTargets } from '../profile/targets.ts';
import { FIRST_STAGES, type CampaignSpec } from './spec.ts';

/**
 * Reads a specification that `resolve` wrote, also one of an earlier version. It checks that every part is there; what is
 * inside of profile, substrate, catalogue, gates and plan was validated when it was resolved, and its hash identifies it.
 * Fields that later versions added get their defaults here.
 *
 * @throws UnreadableRecord naming the field that is missing or has another type
 */
export function parseSpec(value: unknown): CampaignSpec {
  const fields = recordedFields('specification', value);
  // They become names of folders, of which some are removed in the end.
  fields.name('campaign');
  fields.label('slug');
  for (const name of ['workflowId', 'runId', 'specHash', 'hostQueue', 'loadQueue'] as const) fields.text(name);
  for (const name of ['substrate', 'catalogue', 'plan'] as const) fields.object(name);
  for (const name of ['metadata', 'scale', 'loadProfile'] as const) fields.object('profile').object(name);
  fields.oneOf('trigger', TRIGGERS);
  fields.object('system').text('name');
  fields.number('randomSeed');
  fields.number('holdMs');
  fields.list('gates', (gate, where) => recordedFields(where, gate).text('name'));
  fields.list('systemJobs', (job, where) => recordedFields(where, { job }).text('job'), []);
  const targets = fields.has('targets') ? fields.map('targets', {}) : undefined;
  if (targets !== undefined && parseTargets(targets) === undefined)
    throw unreadable('specification.targets', targets, 'what "belay run" writes');
  const deadlines = fields.object('deadlines');
  deadlines.object('budgets');
  const stages = fields.list('stages', (item, where) => recordedFields(where, { stage: item }).oneOf('stage', STAGES), [
    ...FIRST_STAGES,
  ]);
  for (const stage of stages) deadlines.object('stages').object(stage).number('attemptMs');
  return { ...(value as CampaignSpec), stages, capacityFromSystem: fields.flag('capacityFromSystem', false) };
}

import { recordedFields } from '../files/recorded-fields.ts';

/**
 * Parsers of the arguments of `resolve`, `resolveLadder` and `respec`. What is inside of them (the workflow's input, the memo, the changes
 * of a retry) has parsers of its own.
 */

/** What started a workflow. */
interface Start {
  readonly input: unknown;
  readonly workflowId: string;
  readonly scheduled: boolean;
  readonly startedBy?: unknown;
}

/** @throws UnreadableRecord naming the field */
export function parseResolveRequest(value: unknown): Start & { readonly runId: string; readonly child: boolean } {
  const fields = recordedFields('argument of resolve', value);
  return { ...parseStart('argument of resolve', value), runId: fields.text('runId'), child: fields.flag('child') };
}

/** @throws UnreadableRecord naming the field */
export function parseLadderRequest(value: unknown): Start {
  return parseStart('argument of resolveLadder', value);
}

/** @throws UnreadableRecord naming the field */
export function parseRespecRequest(value: unknown): {
  readonly campaign: string;
  readonly specHash: string;
  readonly set: Readonly<Record<string, unknown>>;
} {
  const fields = recordedFields('argument of respec', value);
  return { campaign: fields.name('campaign'), specHash: fields.text('specHash'), set: fields.map('set') };
}

function parseStart(where: string, value: unknown): Start {
  const fields = recordedFields(where, value);
  const { input, startedBy } = value as Readonly<Record<'input' | 'startedBy', unknown>>;
  return { input, workflowId: fields.text('workflowId'), scheduled: fields.flag('scheduled'), startedBy };
}

import { z } from 'zod';
import { choice, integer, matching, passing } from '../files/fields.ts';
import { POD_PLACEHOLDERS } from '../model/pod-fields.ts';
import { labelKey, labelValue } from './label-fields.ts';

/** Belay's own keys: its Pods are found and counted by them. */
const OWN_DOMAIN = /^(?:[^/]*\.)?belay\.dev\//;

const ownKey = (description: string): z.ZodString =>
  labelKey(description, (key) => !OWN_DOMAIN.test(key), ', outside of belay.dev');

const PLACEHOLDERS = Object.keys(POD_PLACEHOLDERS).join(', ');

/** A value with every placeholder replaced by the longest text that it may stand for; undefined where one is not known. */
function longest(value: string): string | undefined {
  const known: Readonly<Record<string, number>> = POD_PLACEHOLDERS;
  const unknown = [...value.matchAll(/\$\{[^}]*\}?/g)].some(([found]) => !Object.hasOwn(known, found));
  return unknown ? undefined : value.replaceAll(/\$\{\w+\}/g, (found) => 'x'.repeat(known[found] ?? 0));
}

const filledLabel = passing(
  (value) => /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/.test(longest(value) ?? ' '),
  `a label value: letters, digits, - _ and . (at most 63 with what is filled in); ${PLACEHOLDERS} are filled in`,
  'Value',
  'not a label value',
);

const filledText = passing(
  // Control characters have a meaning in the templates of Pods, and no annotation needs them.
  (value) => value.length <= 16_384 && longest(value) !== undefined && !/(?![\n\t])\p{Cc}/u.test(value),
  `a text without control characters, at most 16384 letters; ${PLACEHOLDERS} are filled in`,
  'Value',
  'not a value of an annotation',
);

const objectName = (description: string): z.ZodString =>
  matching(
    /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
    'lower-case letters, digits, - and . (at most 253)',
    description,
    'not a name',
  );

const toleration = z.strictObject({
  key: labelKey('Key of the taint; absent = every taint').optional(),
  operator: choice(['Equal', 'Exists'], 'Whether the value counts; absent = Equal').optional(),
  value: labelValue('Value of the taint', true).optional(),
  effect: choice(
    ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
    'Effect of the taint; absent = every effect',
  ).optional(),
  tolerationSeconds: integer('How long a NoExecute taint is tolerated', 0, 1_000_000_000).optional(),
});

const fields = {
  schedulerName: objectName('Scheduler of the Pods; absent = the default one').optional(),
  labels: z.record(ownKey('Label'), filledLabel).meta({ description: 'Labels of the Pods' }).optional(),
  annotations: z.record(ownKey('Annotation'), filledText).meta({ description: 'Annotations of the Pods' }).optional(),
  nodeSelector: z
    .record(ownKey('Label of the Nodes'), labelValue('Value', true))
    .meta({ description: 'Labels of the Nodes; Nodes that Belay makes for the Pods have them' })
    .optional(),
  tolerations: z.array(toleration).max(64).meta({ description: 'Taints that the Pods tolerate' }).optional(),
  priorityClassName: objectName('A PriorityClass that exists; takes the place of drawn priorities').optional(),
  schedulingGates: z
    .array(labelKey('A gate, such as kueue.x-k8s.io/admission'))
    .max(64)
    .meta({ description: 'The Pods are not scheduled until a controller has taken these gates away' })
    .optional(),
};

/** Field `pods` of an archetype. */
export const archetypePods = z
  .strictObject(fields)
  .meta({ description: 'What its Pods carry beyond `pods` of the profile; what both say is said here' });

/** Field `pods` of a profile. */
export const profilePods = z
  .strictObject({
    ...fields,
    priorities: choice(
      ['apply', 'ignore'],
      "Whether the catalogue's priorities become PriorityClasses; absent = apply",
    ).optional(),
    preemptionPolicy: choice(
      ['Never', 'PreemptLowerPriority'],
      'Of these PriorityClasses; absent = Never: the Pods take no room from others',
    ).optional(),
  })
  .meta({ description: 'What all Pods carry for the system: scheduler, labels, tolerations, priority' });

/** `pods` of a profile as parsed. */
export type ProfilePodsFile = z.output<typeof profilePods>;

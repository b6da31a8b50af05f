import { z } from 'zod';
import { amount, anyNumber, choice, count, durationOr, field, flag, passing, text } from '../files/fields.ts';
import { GATE_KIND_FIELDS } from '../gates/kinds/registry.ts';

/** Names of gates: keys of summaries and of `--set`, so without dots. */
const gateName = passing(
  // Every object has names such as `constructor`, so a lookup would find them in a map without them.
  (key) => /^[A-Za-z][A-Za-z0-9_-]{0,79}$/.test(key) && !(key in {}),
  'a name of letters, digits, - and _, beginning with a letter',
  'Name of the gate',
  'not a name for a gate',
);

const scaleStep = z.strictObject({
  upTo: count('Applies up to and including this measure of scale; absent in the last step', 1).optional(),
  min: anyNumber('Lower bar of this step').optional(),
  max: anyNumber('Upper bar of this step').optional(),
});

/** More readings in a row than any soak needs. */
const MAX_READINGS_IN_ROW = 1_000;

/** One gate of a system or profile file. */
const gateSchema = z
  .strictObject({
    description: text('What the gate measures, in one sentence').optional(),
    unit: text('Unit of the value, e.g. s or ratio').optional(),
    ...GATE_KIND_FIELDS,
    min: anyNumber('The value may not be below this').optional(),
    max: anyNumber('The value may not be above this').optional(),
    bar: choice(
      ['held', 'scaled', 'informational'],
      'Same at every scale, scaled by `scale`, or shown without judging',
    ).optional(),
    scale: z
      .strictObject({
        by: choice(['machines', 'pods', 'clusters'], 'Measure of scale'),
        steps: z.array(scaleStep).min(1).meta({ description: 'Bars in order of scale' }),
      })
      .meta({ description: 'How the bar grows with scale' })
      .optional(),
    failFast: flag('Evaluated during the soak as well; a breach ends the soak').optional(),
    for: count(
      'With failFast: so many measured readings in a row must be beyond the bar to end the soak; absent = 1',
      1,
      MAX_READINGS_IN_ROW,
    ).optional(),
    window: durationOr(['soak'], 'The settled soak, or this long before its end').optional(),
    minSamples: count('Fewer samples than this in the window is unmeasured', 1).optional(),
    minEvents: count(
      'A reading that rests on fewer events is unmeasured. Events: what the histogram counted, or the denominator',
      1,
    ).optional(),
    job: text('Scrape job whose targets must be up through the window', 1).optional(),
    topFiniteBucket: amount(
      'Upper bound of the last finite bucket, to check stored summaries for saturation',
      1e15,
    ).optional(),
    absentIs: field(
      z.literal(0),
      "The series is born with its first event: 0 until then, while its target is up and the metric's name was seen",
      { allowed: '0' },
    ).optional(),
    readAt: choice(
      ['end', 'settled'],
      "end: at the soak's end. settled: when the last Pods had their time; for Belay's own counts of Pods",
    ).optional(),
    restsOn: z
      .array(gateName)
      .min(1)
      .meta({ description: 'Gates that must be measured and within their bars; otherwise this gate is unmeasured' })
      .optional(),
    unmeasured: choice(['fail', 'allow'], 'allow: an unmeasured reading does not lower the verdict').optional(),
  })
  .meta({ description: 'A gate: how a value is measured, and its bar' });

/** A gate as parsed, before durations become milliseconds. */
export type GateFile = z.output<typeof gateSchema>;

/** Gates by name. */
export const gatesSchema = z.record(gateName, gateSchema).meta({ description: 'Gates by name' });

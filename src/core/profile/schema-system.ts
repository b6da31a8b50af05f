import { z } from 'zod';
import { anything, choice, count, duration, flag, matching, name, passing, text } from '../files/fields.ts';
import { gatesSchema } from './schema-gate.ts';
import { EXTENSION_NAMES } from './extensions.ts';
import { BELAY_FORMAT } from './formats.ts';
import { metadataSchema } from './schema-profile.ts';
import { scrapeEntry } from './schema-scrape.ts';
import { word } from './word-field.ts';

const ownVersion = choice([BELAY_FORMAT.apiVersion], 'Version of the format');

const within = (description: string): z.ZodString =>
  passing(
    (path) => path !== '' && !path.startsWith('/') && !path.includes('\\') && !path.split('/').includes('..'),
    'a path below the folder it starts in, without ".."',
    description,
    'leads out of its folder',
  );

const process = z.strictObject({
  name: word('Name of the process'),
  tool: text('A tool of the toolchain, or an absolute path', 1),
  args: z
    .array(text('An argument'))
    .meta({
      description:
        'Arguments; ${port.NAME}, ${kubeconfig}, ${cluster}, ${slug} and ${folder} (of this file) are filled in',
    })
    .default([]),
  env: z
    .record(matching(/^[A-Za-z_]\w*$/, 'a name of a variable', 'Variable', 'not a name of a variable'), text('Value'))
    .meta({ description: 'Environment; the same placeholders' })
    .default({}),
  ports: z.array(word('Name of a port')).meta({ description: 'Names of ports; each gets a free port' }).default([]),
  restart: flag('Whether it is restarted when it ends').default(true),
});

const install = z.strictObject({
  manifests: z
    .array(
      z.strictObject({
        path: within('File beside the system file, or within the module'),
        module: matching(
          /^[a-z0-9.-]+\.[a-z]+\/[\w./-]+$/,
          'the path of a Go module, such as sigs.k8s.io/karpenter',
          'Go module of the toolchain',
          'not a module',
        ).optional(),
      }),
    )
    .meta({ description: 'Applied in order' })
    .default([]),
  helm: z
    .strictObject({
      chart: text('Chart: a path beside the system file or an OCI reference', 1),
      release: word('Name of the release'),
      namespace: word('Namespace of the release'),
      values: anything('Values of the chart').optional(),
    })
    .meta({ description: 'Installed by Helm' })
    .optional(),
  processes: z.array(process).meta({ description: 'Local processes, one set per cluster' }).default([]),
  finalizers: z
    .array(
      matching(
        /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*\/)?[A-Za-z0-9._-]+$/,
        'a finalizer, such as karpenter.sh/termination',
        'A finalizer',
        'not a finalizer',
      ),
    )
    .meta({
      description:
        'Finalizers of its controllers that may be taken off in a borrowed cluster when the controllers are gone. Those of API groups whose CRDs it brings always may',
    })
    .default([]),
});

const ready = z.strictObject({
  crds: z
    .array(
      matching(
        /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/,
        'a CRD, such as nodepools.karpenter.sh',
        'A CRD',
        'not a name of a CRD',
      ),
    )
    .meta({ description: 'CRDs that must be served' })
    .default([]),
  http: z
    .array(
      z.strictObject({
        process: word('Process'),
        port: word('Port of the process'),
        path: matching(/^\/\S*$/, 'a path that begins with /', 'Path that must answer 200', 'not a path'),
      }),
    )
    .meta({ description: 'Paths that must answer 200' })
    .default([]),
  timeout: duration('How long readiness may take').default('2m'),
});

/** A system file: how the system under test is installed, known to be ready, scraped and gated. */
export const systemSchema = z
  .strictObject({
    apiVersion: ownVersion,
    kind: choice(['System'], 'Kind of the file'),
    metadata: metadataSchema,
    capacity: choice(['belay', 'system'], 'Who makes the machines').default('belay'),
    extension: choice(
      EXTENSION_NAMES,
      'What Belay knows of this system beyond this file: bars from slo, values of its chart, tiers of machines',
    ).optional(),
    install: install.meta({ description: 'How it is installed; absent = it exists already' }).prefault({}),
    ready: ready.meta({ description: 'When it is ready' }).prefault({}),
    scrape: z.array(scrapeEntry).meta({ description: 'What Prometheus scrapes beside the cluster itself' }).default([]),
    gates: gatesSchema.default({}),
  })
  .meta({ title: 'Belay system', description: 'A system under test' });

/** A system as parsed. */
export type SystemFile = z.output<typeof systemSchema>;

const DAY = '(?:sunday|monday|tuesday|wednesday|thursday|friday|saturday)';

/** A ladder file: campaigns in order of size. */
export const ladderSchema = z
  .strictObject({
    apiVersion: ownVersion,
    kind: choice(['Ladder'], 'Kind of the file'),
    metadata: metadataSchema,
    rungs: z
      .array(
        z.strictObject({
          profile: name('Profile of the rung'),
          substrate: name('Substrate of the rung').default('local'),
          overrides: z
            .record(z.string(), anything('Value'))
            .meta({ description: 'Changes to the profile' })
            .default({}),
        }),
      )
      .min(1)
      .max(50)
      .meta({ description: 'The climb; it stops at the first that is not green' }),
    runAgain: flag('A rung with a metric that its trend flags runs once more, which confirms or withdraws it').default(
      false,
    ),
    schedule: z
      .strictObject({
        calendars: z
          .array(
            z.strictObject({
              hour: count('Hour', 0, 23),
              minute: count('Minute', 0, 59).default(0),
              dayOfWeek: matching(
                new RegExp(`^${DAY}(?:-${DAY})?(?:,${DAY}(?:-${DAY})?)*$`),
                'days such as monday, monday-friday or saturday,sunday',
                'Days; absent = every day',
                'not a day',
              ).optional(),
            }),
          )
          .min(1)
          .meta({ description: 'Times of a climb, as calendars' }),
        timezone: passing(
          isTimezone,
          'a time zone of the IANA list, such as UTC or Europe/Berlin',
          'Zone of the calendars',
          'unknown time zone',
        ).default('UTC'),
        catchup: duration('A night missed by at most this is still run').default('2h'),
        paused: flag('The schedule exists but starts no climb').default(false),
      })
      .meta({ description: 'When it is climbed' })
      .optional(),
  })
  .meta({ title: 'Belay ladder', description: 'Campaigns in order of size' });

/** A ladder as parsed. */
export type LadderFile = z.output<typeof ladderSchema>;

function isTimezone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

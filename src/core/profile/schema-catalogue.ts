import { z } from 'zod';
import { amount, choice, count, flag, integer, matching, seconds } from '../files/fields.ts';
import { labelKey, labelValue } from './label-fields.ts';
import { quantity } from './quantity-field.ts';
import { archetypePods } from './schema-pods.ts';
import { metadataSchema, versionSchema } from './schema-profile.ts';

const resourceName = matching(
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
  'a resource name, such as cpu, memory or nvidia.com/gpu',
  'Resource',
  'not a resource name',
);

const resourceMap = z
  .record(resourceName, quantity('Amount'))
  .meta({ description: 'Requests, which are also the limits' });

const archetype = z
  .strictObject({
    name: matching(
      /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
      'lower-case letters, digits and - (at most 40)',
      'Name of the archetype',
      'not a name for an archetype',
    ),
    weight: count('Share among the archetypes; 0 counts as 1').default(0),
    instanceTypes: z
      .array(labelValue('An instance type'))
      .min(1)
      .meta({ description: 'Instance types it may land on' }),
    zones: z.array(labelValue('A zone')).meta({ description: 'Zones it may land in; none = any' }).default([]),
    resources: resourceMap.optional(),
    sizeBuckets: z
      .array(
        z.strictObject({ weight: count('Share among the sizes; 0 counts as 1').default(0), resources: resourceMap }),
      )
      .meta({ description: 'Sizes of its Pods; wins over resources' })
      .default([]),
    priorityClasses: z
      .array(integer('A priority', -2_147_483_648, 2_147_483_647))
      .meta({ description: 'Priorities, drawn evenly; none = 1000' })
      .default([]),
    interruptionPenalty: amount('Cost of an interruption, dollars').default(0),
    reclamationPenalty: amount('Cost of a reclamation, dollars').default(0),
    podsPerNode: count('Pods on one machine; 0 = derived').default(0),
    meanLifetimeSeconds: seconds('Mean life of a Pod; 0 = stays').default(0),
    sameRack: flag('A gang stays in one rack').default(false),
    sameZone: flag('A gang stays in one zone').default(false),
    groupSizeRange: z
      .tuple([count('Smallest gang', 1), count('Largest gang', 1)])
      .meta({ description: 'Size of a gang: [smallest, largest]' })
      .optional(),
    burstOnly: flag('Comes only in bursts').default(false),
    labelAxes: z
      .array(z.strictObject({ key: labelKey('Label of the Nodes'), count: count('Number of values', 1) }))
      .meta({ description: 'Further labels to select Nodes by' })
      .default([]),
    pods: archetypePods.optional(),
    allowPartial: flag('Documents that part of a gang is of use').default(false),
    spreadConstraintProb: amount('Share of the services that spread', 1).default(0),
    spreadConstraint: z
      .strictObject({
        topologyKey: labelKey('Label to spread over'),
        maxSkew: count('Largest difference of Pods between two domains', 1),
        whenUnsatisfiable: choice(['DoNotSchedule', 'ScheduleAnyway'], 'What happens to a Pod that cannot be spread'),
      })
      .meta({ description: 'Spread of a service' })
      .optional(),
  })
  .meta({ description: 'One kind of Pod' });

/** A catalogue file: the archetypes of Pods. BigFleet's catalogues have neither apiVersion nor kind. */
export const catalogueSchema = z
  .strictObject({
    apiVersion: versionSchema.optional(),
    kind: choice(['Catalogue'], 'Kind of the file').optional(),
    metadata: metadataSchema.optional(),
    archetypes: z.array(archetype).min(1).meta({ description: 'Kinds of Pods' }),
    seedArchetypes: z
      .array(archetype)
      .meta({ description: 'Kinds the machines are made for; none = archetypes' })
      .default([]),
    demandArchetypes: z
      .array(archetype)
      .meta({ description: 'Kinds the load is made of; none = archetypes' })
      .default([]),
  })
  .meta({ title: 'Belay catalogue', description: 'What the Pods of a profile are like' });

/** A catalogue as parsed. */
export type CatalogueFile = z.output<typeof catalogueSchema>;

/** An archetype as parsed. */
export type ArchetypeFile = z.output<typeof archetype>;

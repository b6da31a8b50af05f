import { z } from 'zod';
import { amount, choice, count, matching, passing, text } from '../files/fields.ts';
import { quantity } from './quantity-field.ts';
import { SUBSTRATE_TYPE_NAMES } from '../model/substrate-types.ts';
import { metadataSchema, versionSchema } from './schema-profile.ts';
import { prometheusSchema } from './schema-prometheus.ts';

const resources = (
  description: string,
): z.ZodObject<{ cpu: ReturnType<typeof quantity>; memory: ReturnType<typeof quantity> }, z.core.$strict> =>
  z
    .strictObject({ cpu: quantity('CPU per container'), memory: quantity('Memory per container') })
    .meta({ description });

/** A substrate file: where a campaign runs. */
export const substrateSchema = z
  .strictObject({
    apiVersion: versionSchema,
    kind: choice(['Substrate'], 'Kind of the file'),
    metadata: metadataSchema,
    type: choice(SUBSTRATE_TYPE_NAMES, 'Clusters on this machine, contexts that exist, or clusters as Pods').optional(),
    host: z
      .strictObject({ vCPU: count('Cores of one host', 1), memoryGiB: count('Memory of one host', 1) })
      .meta({ description: 'One host' }),
    cluster: z
      .strictObject({
        podsPerCluster: count('Most Pods of one cluster', 1),
        clustersPerHost: count('Clusters that share a host', 1),
        storage: choice(['etcd', 'kine'], 'Where the apiserver stores its objects'),
        bindThroughputPodsPerSec: count('Pods one cluster can bind each second', 1),
      })
      .meta({ description: 'One cluster' }),
    kwokPod: z
      .strictObject({
        requests: resources('Requests of each container'),
        limits: resources('Limits of each container'),
        sharedVolumeSizeLimit: quantity('Size of the volume the containers share').optional(),
      })
      .meta({ description: 'The Pod of a hosted cluster; for type hosted' })
      .optional(),
    apiserver: z
      .strictObject({
        extraFlags: z
          .array(text('A flag'))
          .meta({ description: 'BigFleet reads it and never uses it; has no effect' })
          .default([]),
      })
      .meta({ description: 'Has no effect, as in BigFleet' })
      .optional(),
    costEstimate: z
      .strictObject({
        perHostUsdPerHour: amount('Price of one host', 1_000_000).default(0),
        notes: text('Where the price is from').default(''),
      })
      .meta({ description: 'What a host costs' })
      .prefault({}),
    provisioning: text('How to get such hosts; for people').default(''),
    kubeconfig: z
      .strictObject({
        file: text('Path of a kubeconfig; empty = the one kubectl uses').default(''),
        contexts: z.array(text('A context', 1)).min(1).meta({ description: 'One cluster each, in order' }),
        prometheus: prometheusSchema.optional(),
      })
      .meta({ description: 'Contexts that exist already; for type kubeconfig' })
      .optional(),
    local: z
      .strictObject({
        env: z
          .record(
            matching(/^[A-Z_][A-Z0-9_]*$/, 'a name in capitals, such as GOGC', 'Variable', 'not a name of a variable'),
            passing((value) => !value.includes('\0'), 'a text', 'Value', 'not a text'),
          )
          .meta({ description: 'Environment of the cluster processes' })
          .default({}),
        nodeReadyDelaySeconds: amount('Seconds before a new Node turns Ready', 86_400).default(0),
      })
      .meta({ description: 'Clusters on this machine; for type local' })
      .optional(),
  })
  .meta({ title: 'Belay substrate', description: 'Where a campaign runs' });

/** A substrate as parsed. */
export type SubstrateFile = z.output<typeof substrateSchema>;

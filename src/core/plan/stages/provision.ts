import { traitsOf } from '../../model/substrate-types.ts';
import { federatedJobs } from '../federation.ts';
import {
  CLUSTER_IDENTITY_CALLS,
  CLUSTERS_AT_ONCE,
  CONVERSATIONS_AT_ONCE,
  FEDERATION_CALLS,
  LAST_SWEEP_MS,
  LEASE_TAKEN_MS,
  PREFLIGHT_CALLS,
  PROGRAM_IDENTITY_CALLS,
  TARGET_SWEPT_MS,
  TEMPORAL_CALL_MS,
  TEMPORAL_CONNECT_MS,
} from '../limits.ts';
import { callWait, clustersOnHost, itemWait } from './shape.ts';
import { clustersInWords, noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Starts the clusters, or connects to existing ones, and starts the Prometheus that scrapes them. */
export const provision = {
  steps: {
    clockCompared: (shape) =>
      shape.placed ? callWait(shape, "this host's clock compared with the lead's", 'apiCallMs') : undefined,
    leftoversSwept: () => ({
      what: 'what abandoned campaigns left on this host removed',
      count: 1,
      eachMs: TARGET_SWEPT_MS,
      yields: true,
    }),
    toolsFound: (shape) => callWait(shape, 'tools found', 'apiCallMs'),
    existingPrometheusTried: (shape) => {
      const jobs = federatedJobs(shape.substrate).length;
      if (jobs === 0) return undefined;
      const calls = jobs * clustersOnHost(shape) * FEDERATION_CALLS;
      return callWait(shape, 'jobs of the existing Prometheus tried', 'queryMs', calls);
    },
    clustersAsked: (shape) =>
      itemWait(shape, 'existing clusters checked', 'apiCallMs', {
        total: clustersOnHost(shape),
        atOnce: CONVERSATIONS_AT_ONCE,
      }),
    clustersReady: (shape) =>
      itemWait(shape, `clusters ready, ${CLUSTERS_AT_ONCE} at a time on a host`, 'clusterReadyMs', {
        total: clustersOnHost(shape),
        atOnce: CLUSTERS_AT_ONCE,
      }),
    targetsLeased: (shape) => {
      if (traitsOf(shape.substrate).clusters !== 'borrowed') return undefined;
      const total = clustersOnHost(shape);
      return {
        what: 'clusters in use by others waited for, and leased',
        count: Math.ceil(total / CLUSTERS_AT_ONCE),
        eachMs: shape.targetWaitMs + LEASE_TAKEN_MS + LAST_SWEEP_MS,
        perItem: 1,
        atOnce: CLUSTERS_AT_ONCE,
        yields: true,
      };
    },
    targetsTried: (shape) =>
      traitsOf(shape.substrate).clusters === 'borrowed'
        ? itemWait(shape, 'rights, policies and clocks of borrowed clusters tried', 'apiCallMs', {
            total: clustersOnHost(shape),
            atOnce: CLUSTERS_AT_ONCE,
            perItem: PREFLIGHT_CALLS,
          })
        : undefined,
    strayPrometheusStopped: (shape) => callWait(shape, 'the Prometheus of a failed attempt stopped', 'processStopMs'),
    prometheusReady: (shape) => callWait(shape, 'Prometheus answers', 'systemReadyMs'),
    workerScraped: (shape) => callWait(shape, 'the worker scraped', 'apiCallMs'),
    clustersScraped: (shape) =>
      itemWait(shape, 'targets found and written, in turn', 'apiCallMs', {
        total: clustersOnHost(shape),
        atOnce: 1,
        perItem: 2,
      }),
    toolsIdentified: (shape) => callWait(shape, 'tools identified', 'apiCallMs', PROGRAM_IDENTITY_CALLS),
    temporalIdentified: () => ({
      what: 'Temporal identified',
      count: 1,
      eachMs: TEMPORAL_CONNECT_MS + TEMPORAL_CALL_MS,
    }),
    clustersIdentified: (shape) =>
      itemWait(shape, 'versions of the clusters read', 'apiCallMs', {
        total: clustersOnHost(shape),
        atOnce: CONVERSATIONS_AT_ONCE,
        perItem: CLUSTER_IDENTITY_CALLS,
      }),
  },
  describe: (spec) => `${clustersInWords(spec)} and a Prometheus`,
  facts: { clusters: 'sum', prometheus: 'join', clusterUids: 'join', clocks: 'join' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;

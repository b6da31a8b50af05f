import {
  CLUSTER_IDENTITY_CALLS,
  CLUSTERS_AT_ONCE,
  CONVERSATIONS_AT_ONCE,
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
  facts: { clusters: 'sum', prometheus: 'join', clusterUids: 'join' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;

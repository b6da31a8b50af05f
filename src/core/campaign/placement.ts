import { recordedFields, type RecordedFields } from '../files/recorded-fields.ts';

/**
 * Records of the placement of a campaign's clusters on hosts. A group owns the clusters `firstCluster` to
 * `firstCluster + clusterCount - 1`; indices of clusters count over the whole campaign. None of the records holds a password:
 * they end in histories and ledgers.
 */

/** What `resolve` decided about a campaign that its own host cannot take alone. */
export interface PlacementOutline {
  readonly clusterCount: number;
  /** How long the campaign waits for hosts with free capacity. */
  readonly hostWaitMs: number;
  /** Memory that a cluster is estimated to need. Absent: an earlier version resolved the campaign. */
  readonly clusterBytes?: number;
}

/** Where the other hosts of a campaign reach its lead. */
export interface LeadAddress {
  /** Name of the lead's host. */
  readonly host: string;
  /** Serves the specification and takes evidence, e.g. `https://10.0.0.1:31200`. */
  readonly endpointUrl: string;
  /** The campaign's Prometheus. */
  readonly prometheusUrl: string;
  /** The certificate of both, which members trust and nothing else. It is public. */
  readonly certificatePem: string;
  /** What the campaign's password is made of besides its name. Absent: of nothing, an earlier version opened the lead. */
  readonly passwordOf?: 'certificate';
}

/** Argument of `place`: the clusters that have no host yet. */
export interface PlaceInput {
  readonly campaign: string;
  readonly slug: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly specHash: string;
  /** `g0` is the lead's group. */
  readonly group: string;
  readonly firstCluster: number;
  /** Number of clusters that are to be placed; a host may take fewer. */
  readonly wanted: number;
  /** Memory that one of them is estimated to need. Absent: an earlier version resolved the campaign. */
  readonly clusterBytes?: number;
  /** When the lease of the capacity ends if nothing gives it back before. */
  readonly expiresAtMs: number;
  /** Absent for the lead itself. */
  readonly lead?: LeadAddress;
}

/** What `place` answers: a host, and the clusters that it takes. Only the lead may take none. */
export interface PlaceResult {
  readonly group: string;
  readonly host: string;
  readonly hostQueue: string;
  readonly loadQueue: string;
  /** Where other hosts reach this one. */
  readonly address: string;
  readonly firstCluster: number;
  readonly clusterCount: number;
  /** Only of the lead. */
  readonly lead?: LeadAddress;
}

/** A group in the ledger of its host. */
export interface GroupPlacement {
  readonly name: string;
  readonly firstCluster: number;
  readonly clusterCount: number;
  /** This host keeps the campaign's Prometheus and its run folder. */
  readonly lead: boolean;
  readonly leadAddress: LeadAddress;
  /** Number of the other groups, as far as the lead knows. */
  readonly members?: number;
}

/** @throws UnreadableRecord naming the field */
export function parsePlacementOutline(fields: RecordedFields): PlacementOutline {
  return {
    clusterCount: fields.count('clusterCount'),
    hostWaitMs: fields.count('hostWaitMs'),
    ...clusterBytesOf(fields),
  };
}

/** @throws UnreadableRecord naming the field */
export function parsePlaceInput(value: unknown): PlaceInput {
  const fields = recordedFields('input of place', value);
  return {
    campaign: fields.name('campaign'),
    slug: fields.label('slug'),
    workflowId: fields.text('workflowId'),
    runId: fields.text('runId'),
    specHash: fields.text('specHash'),
    group: fields.name('group'),
    firstCluster: fields.count('firstCluster'),
    wanted: fields.count('wanted'),
    ...clusterBytesOf(fields),
    expiresAtMs: fields.moment('expiresAtMs'),
    ...leadOf(fields),
  };
}

/** @throws UnreadableRecord naming the field */
export function parsePlaceResult(value: unknown): PlaceResult {
  const fields = recordedFields('result of place', value);
  return {
    group: fields.text('group'),
    host: fields.text('host'),
    hostQueue: fields.text('hostQueue'),
    loadQueue: fields.text('loadQueue'),
    address: fields.text('address'),
    firstCluster: fields.count('firstCluster'),
    clusterCount: fields.count('clusterCount'),
    ...leadOf(fields),
  };
}

/** @throws UnreadableRecord naming the field */
export function parseGroupPlacement(fields: RecordedFields): GroupPlacement {
  return {
    name: fields.text('name'),
    firstCluster: fields.count('firstCluster'),
    clusterCount: fields.count('clusterCount'),
    lead: fields.flag('lead'),
    leadAddress: parseLeadAddress(fields.object('leadAddress')),
    ...(fields.has('members') ? { members: fields.count('members') } : {}),
  };
}

function clusterBytesOf(fields: RecordedFields): { readonly clusterBytes?: number } {
  return fields.has('clusterBytes') ? { clusterBytes: fields.count('clusterBytes') } : {};
}

function leadOf(fields: RecordedFields): { readonly lead?: LeadAddress } {
  return fields.has('lead') ? { lead: parseLeadAddress(fields.object('lead')) } : {};
}

function parseLeadAddress(fields: RecordedFields): LeadAddress {
  return {
    host: fields.text('host'),
    endpointUrl: fields.text('endpointUrl'),
    prometheusUrl: fields.text('prometheusUrl'),
    certificatePem: fields.text('certificatePem'),
    ...(fields.has('passwordOf') ? { passwordOf: fields.oneOf('passwordOf', ['certificate']) } : {}),
  };
}

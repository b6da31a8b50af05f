import { describe, expect, test } from 'vitest';
import {
  parseGroupPlacement,
  parsePlaceInput,
  parsePlaceResult,
  type GroupPlacement,
  type LeadAddress,
  type PlaceInput,
  type PlaceResult,
} from '../../../src/core/campaign/placement.ts';
import { recordedFields } from '../../../src/core/files/recorded-fields.ts';

const lead: LeadAddress = {
  host: 'anna-0123abcd',
  endpointUrl: 'https://10.77.0.1:31200',
  prometheusUrl: 'https://10.77.0.1:31201',
  certificatePem: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
};

const input: PlaceInput = {
  campaign: 'nightly-1',
  slug: 'b012345678',
  workflowId: 'nightly-1',
  runId: '0198',
  specHash: 'abc',
  group: 'g1',
  firstCluster: 2,
  wanted: 3,
  expiresAtMs: 1_800_000_000_000,
  lead,
};

const result: PlaceResult = {
  group: 'g1',
  host: 'berta-4567cdef',
  hostQueue: 'belay-host-berta-4567cdef',
  loadQueue: 'belay-load-berta-4567cdef',
  address: '10.77.0.2',
  firstCluster: 2,
  clusterCount: 2,
};

const group: GroupPlacement = { name: 'g1', firstCluster: 2, clusterCount: 2, lead: false, leadAddress: lead };

/** As a history or a file has it. */
function recorded(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}

describe('records of placement', () => {
  test('are read back as they were recorded, with and without what is optional', () => {
    const { lead: _, ...ofLead } = input;
    for (const each of [input, ofLead]) expect(parsePlaceInput(recorded(each))).toEqual(each);
    for (const each of [result, { ...result, lead }]) expect(parsePlaceResult(recorded(each))).toEqual(each);
    for (const each of [group, { ...group, members: 2 }])
      expect(parseGroupPlacement(recordedFields('group', recorded(each)))).toEqual(each);
  });

  test.for<[string, object, string]>([
    ['half a cluster', { wanted: 0.5 }, 'input of place: wanted: found 0.5 (number); allowed: a whole number of'],
    ['a lead without address', { lead: {} }, 'input of place: lead: host: found nothing; allowed: a text'],
    ['no expiry', { expiresAtMs: null }, 'input of place: expiresAtMs: found null (null); allowed: a number'],
  ])('an input with %s is refused by the name of the field', ([, change, message]) => {
    expect(() => parsePlaceInput(recorded({ ...input, ...change }))).toThrow(message);
  });

  test('a result without a queue is refused by the name of the field', () => {
    expect(() => parsePlaceResult(recorded({ ...result, hostQueue: 7 }))).toThrow(
      'result of place: hostQueue: found 7 (number); allowed: a text',
    );
  });
});

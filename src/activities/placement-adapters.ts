import { receiveSpec } from '../adapters/evidence/spec-store.ts';
import { loadSystem } from '../adapters/files/load-system.ts';
import { fetchSpec } from '../adapters/fleet/fetch-spec.ts';
import { readFleetSecret } from '../adapters/fleet/fleet-secret.ts';
import { openLead } from '../adapters/fleet/open-lead.ts';
import { thisHost } from '../adapters/fleet/this-host.ts';
import { leaseCapacity, releaseLease, usedCapacity } from '../adapters/host/capacity.ts';
import { hostRoom } from '../adapters/host/host-room.ts';
import { hostCapacity } from '../adapters/host/host-capacity.ts';
import { updateLedger } from '../adapters/host/ledger.ts';
import { callerOf } from './caller.ts';
import type { PlaceAdapters } from './place.ts';
import type { ResolveAdapters } from './resolve.ts';

/** What `resolve` asks of a worker's host. */
export const RESOLVE_ADAPTERS: ResolveAdapters = {
  caller: callerOf,
  hostRoom,
  capacity: hostCapacity,
  freeCapacity: (slug) => Math.max(0, hostCapacity() - usedCapacity(Date.now(), slug)),
  hasFleetSecret: () => readFleetSecret() !== undefined,
};

/** What `place` works with in a worker. */
export const PLACE_ADAPTERS: PlaceAdapters = {
  thisHost,
  capacity: hostCapacity,
  lease: leaseCapacity,
  release: releaseLease,
  recordGroup: (slug, group) => {
    updateLedger(slug, (ledger) => ({ ...ledger, group }));
  },
  openLead,
  fetchSpec,
  keepSpec: (spec) => {
    // A host with another system file, or without it, could not carry the campaign out.
    loadSystem(spec.system);
    receiveSpec(spec);
  },
};

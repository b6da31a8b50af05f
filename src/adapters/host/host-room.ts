import type { HostRoom } from '../../core/model/host-size.ts';
import { campaignMemory } from './campaign-memory.ts';
import { cgroupLimits, readCounters, readKernelText } from './host-counters.ts';
import { hostSize } from './host-size.ts';
import { ledgersHere, type Ledger } from './ledger.ts';

/**
 * What a campaign can get of this host now. What campaigns under way have reserved and do not use yet is not free: their clusters
 * and Pods are still to come. The reservation of a campaign ends with its ledger, or when that expires. What an abandoned one uses is
 * free: it is removed before the next campaign begins.
 * @param exceptSlug a campaign whose own reservation does not count
 */
export function hostRoom(exceptSlug?: string): HostRoom {
  const nowMs = Date.now();
  const ledgers = ledgersHere().filter(({ slug }) => slug !== exceptSlug);
  const abandoned = ledgers.filter((ledger) => ledger.abandoned === true);
  const underWay = ledgers.filter((ledger) => ledger.abandoned !== true);
  const used = campaignMemory(ledgers.map(({ slug }) => slug));
  const usedBy = ({ slug }: Ledger): number => used.get(slug) ?? 0;
  const reserved = underWay.filter(({ reservedBytes = 0, expiresAtMs }) => reservedBytes > 0 && nowMs < expiresAtMs);
  const toCome = sum(reserved, (each) => Math.max(0, (each.reservedBytes ?? 0) - usedBy(each)));
  const size = hostSize();
  // Where the kernel does not say what is available, all of it is.
  const available = readCounters(readKernelText, cgroupLimits(readKernelText), 0)?.memoryAvailableBytes;
  return {
    ...size,
    freeBytes: Math.max(0, (available ?? size.memoryBytes) + sum(abandoned, usedBy) - toCome),
    reservedBytes: sum(reserved, ({ reservedBytes = 0 }) => reservedBytes),
    campaigns: reserved.length,
  };
}

function sum(ledgers: readonly Ledger[], bytesOf: (ledger: Ledger) => number): number {
  return ledgers.reduce((total, ledger) => total + bytesOf(ledger), 0);
}

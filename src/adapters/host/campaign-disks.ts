import { join } from 'node:path';
import { CLOSING_FREE_BYTES, CLOSING_FREE_FILES, LEAST_FREE_BYTES, LEAST_FREE_FILES } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { giveBack, setAside } from './disk-reserve.ts';
import { requireRoom, tightDisk } from './disk-room.ts';
import { runFolder } from './folders.ts';
import { campaignFolder } from './ledger.ts';

/** What a campaign is known by on a host. */
export interface OnHost {
  readonly campaign: string;
  readonly slug: string;
}

const AT_FIRST = { bytes: LEAST_FREE_BYTES, files: LEAST_FREE_FILES };
const AT_LEAST = { bytes: CLOSING_FREE_BYTES, files: CLOSING_FREE_FILES };

/**
 * Makes sure that a campaign has room where it writes on this host, and sets aside what its end needs: for the verdict where its
 * evidence is, and for the teardown where its state is.
 * @throws Error naming the folder, what is free and what is needed
 */
export function reserveDisks(own: OnHost): void {
  for (const folder of disksOf(own)) {
    requireRoom('a campaign', folder, AT_FIRST);
  }
  for (const folder of [runFolder(own.campaign), campaignFolder(own.slug)]) {
    try {
      setAside(folder);
    } catch (cause) {
      throw new Error(`${folder} cannot be written: ${messageOf(cause)}`, { cause });
    }
  }
}

/** Which disk of a campaign that runs is almost full, in words: the folder, what is free, and what is needed. */
export function tightDiskOf(own: OnHost): string | undefined {
  return tightDisk('a campaign that runs', disksOf(own), AT_LEAST);
}

/** Gives back what was set aside for the verdict. */
export function giveBackForVerdict({ campaign }: Pick<OnHost, 'campaign'>): void {
  giveBack(runFolder(campaign));
}

/** Gives back what was set aside for the teardown: also Temporal's own database may be on that disk. */
export function giveBackForTeardown({ slug }: Pick<OnHost, 'slug'>): void {
  giveBack(campaignFolder(slug));
}

/** Gives back all that was set aside. */
export function giveBackAll(own: OnHost): void {
  giveBackForVerdict(own);
  giveBackForTeardown(own);
}

/** The folders that a campaign writes to on this host, each of which may be a disk of its own: evidence, state, TSDB. */
function disksOf({ campaign, slug }: OnHost): readonly string[] {
  return [runFolder(campaign), campaignFolder(slug), join(campaignFolder(slug), 'prometheus')];
}

import { readdirSync, readFileSync } from 'node:fs';
import { campaignFolder } from './ledger.ts';

/**
 * Memory that the processes of campaigns have for themselves, bytes, by slug. Theirs are those that were started with a path in the
 * campaign's folder: clusters, Prometheus, systems. What they share with others, as programs are, is no campaign's.
 */
export function campaignMemory(slugs: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (slugs.length === 0) return found;
  const folders = slugs.map((slug) => ({ slug, folder: campaignFolder(slug) }));
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const started = textOf(`/proc/${pid}/cmdline`) + textOf(`/proc/${pid}/environ`);
    const owner = folders.find(({ folder }) => started.includes(`${folder}/`) || started.includes(`${folder}#`));
    if (owner !== undefined) found.set(owner.slug, (found.get(owner.slug) ?? 0) + ownBytes(pid));
  }
  return found;
}

function ownBytes(pid: string): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

/** A process may end at any moment, and may be of another user. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

import { Store } from './store.ts';
import { BOUNDS, isWithin, KINDS, processAt, type Position, type Process, type World } from './world.ts';
import { keyOf, type Labels } from './promql-labels.ts';

/** A scrape that was answered: when, which state it shows, and of which process. */
export interface Seen {
  readonly atMs: number;
  readonly stateMs: number;
  readonly process: Process;
}

/** What Prometheus stored of a world, and which scrapes of each position were answered. */
export interface Recorded {
  readonly store: Store;
  readonly seen: ReadonlyMap<Position, readonly Seen[]>;
}

/** Lets a Prometheus scrape a world. */
export function recorded(world: World): Recorded {
  const store = new Store();
  const seen = new Map<Position, readonly Seen[]>();
  for (const position of world.positions) seen.set(position, scrape(world, position, store));
  return { store, seen };
}

/** One series of an answer: its labels, their key, and its value. */
type Shown = readonly [labels: Labels, key: string, value: number];

function scrape(world: World, position: Position, store: Store): readonly Seen[] {
  const seen: Seen[] = [];
  const targets = new Map<string, Target>();
  let shown: readonly Shown[] = [];
  let before: { readonly target: Target; readonly lingersMs: number } | undefined;
  const lingering: { readonly target: Target; readonly untilMs: number }[] = [];
  for (const { atMs, lagMs, fails } of position.scrapes) {
    if (isWithin(world.frozen, atMs)) continue;
    const known = position.processes.findLast(({ knownMs }) => knownMs <= atMs);
    if (known === undefined) continue;
    let target = targets.get(known.instance);
    if (target === undefined) {
      target = new Target(world, position, known.instance);
      targets.set(known.instance, target);
    }
    if (before !== undefined && before.target !== target) {
      for (const [labels, key] of shown) store.appendTo(key, labels, atMs, undefined);
      lingering.push({ target: before.target, untilMs: atMs + before.lingersMs });
      shown = [];
    }
    before = { target, lingersMs: known.lingersMs };
    for (const [index, old] of [...lingering.entries()].toReversed()) {
      old.target.appendUp(store, atMs, atMs < old.untilMs ? 0 : undefined);
      if (atMs >= old.untilMs) lingering.splice(index, 1);
    }
    const stateMs = atMs + lagMs;
    const process = processAt(position, stateMs);
    const answers =
      !fails && process !== undefined && process.instance === known.instance && !isWithin(process.silent, stateMs);
    const next = answers ? target.page(process, stateMs) : [];
    const keys = new Set(next.map(([, key]) => key));
    for (const [labels, key, value] of next) store.appendTo(key, labels, atMs, value);
    for (const [labels, key] of shown) if (!keys.has(key)) store.appendTo(key, labels, atMs, undefined);
    target.appendUp(store, atMs, answers ? 1 : 0);
    shown = next;
    if (answers) seen.push({ atMs, stateMs, process });
  }
  return seen;
}

/** A target: what its processes show. Events are counted once, because the scrapes come in order. */
class Target {
  readonly #world: World;
  readonly #position: Position;
  readonly #labels: Labels;
  readonly #known = new Map<string, readonly [Labels, string]>();

  constructor(world: World, position: Position, instance: string) {
    this.#world = world;
    this.#position = position;
    this.#labels = { job: world.job, instance, cluster: position.cluster, shard: position.shard };
  }

  appendUp(store: Store, atMs: number, value: number | undefined): void {
    const [labels, key] = this.#series('up', {});
    store.appendTo(key, labels, atMs, value);
  }

  page(process: Process, stateMs: number): readonly Shown[] {
    const { prefix } = this.#world;
    const { start, work, waits, levels, restores, bornKinds, bornWaits } = this.#position;
    const page: Shown[] = [];
    const show = (name: string, own: Labels, value: number): void => {
      page.push([...this.#series(name, own), value]);
    };
    if (start !== 'hidden') show('process_start_time_seconds', {}, shownStart(process.fromMs, start));
    const counted = (atMs: number): boolean => atMs <= stateMs && (restores || atMs >= process.fromMs);
    if (work.length > 0) {
      const totals = new Map<string, number>(
        KINDS.filter((kind) => !bornKinds.includes(kind)).map((kind) => [kind, 0] as const),
      );
      let all = 0;
      for (const { atMs, by, kind } of work) {
        if (!counted(atMs)) continue;
        totals.set(kind, (totals.get(kind) ?? 0) + by);
        all += by;
      }
      for (const [kind, total] of totals) show(`${prefix}work_total`, { kind }, total);
      show(`${prefix}work_all_total`, {}, all);
    }
    const observed = waits.filter(({ atMs }) => counted(atMs));
    if (waits.length > 0 && (observed.length > 0 || !bornWaits)) {
      for (const bound of [...BOUNDS, Infinity]) {
        const le = bound === Infinity ? '+Inf' : String(bound);
        show(`${prefix}wait_seconds_bucket`, { le }, observed.filter(({ seconds }) => seconds <= bound).length);
      }
      show(
        `${prefix}wait_seconds_sum`,
        {},
        observed.reduce((sum, { seconds }) => sum + seconds, 0),
      );
      show(`${prefix}wait_seconds_count`, {}, observed.length);
    }
    const depths = new Map<string, number | undefined>();
    for (const { atMs, queue, value } of levels) if (atMs <= stateMs) depths.set(queue, value);
    for (const [queue, value] of depths) if (value !== undefined) show(`${prefix}depth`, { queue }, value);
    return page;
  }

  #series(name: string, own: Labels): readonly [Labels, string] {
    const short = `${name}/${own['kind'] ?? own['le'] ?? own['queue'] ?? ''}`;
    let series = this.#known.get(short);
    if (series === undefined) {
      const labels = { __name__: name, ...this.#labels, ...own };
      series = [labels, keyOf(labels)];
      this.#known.set(short, series);
    }
    return series;
  }
}

function shownStart(fromMs: number, how: Position['start']): number {
  if (how === 'cut') return Math.floor(fromMs / 1_000);
  return how === 'rounded' ? Math.round(fromMs / 1_000) : fromMs / 1_000;
}

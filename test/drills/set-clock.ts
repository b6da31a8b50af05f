import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { withBelay } from '../e2e/belay-cli.ts';
import { momentOf, recordOf } from '../e2e/campaign-record.ts';
import { addProfile } from '../e2e/small-profile.ts';
import { untilEvent } from './victims.ts';

/**
 * The time of day of a process, set by the number of ms in a file. What is steady (`performance.now`, timers) goes on, as when somebody
 * sets the clock of a host. The clock of this machine is other people's too.
 */
const SETTABLE_CLOCK = `
import { readFileSync } from 'node:fs';
const path = process.env.BELAY_DRILL_CLOCK;
let byMs = 0;
const look = () => { try { byMs = Number(readFileSync(path, 'utf8')) || 0; } catch {} };
setInterval(look, 50).unref();
const RealDate = Date;
const now = () => RealDate.now() + byMs;
globalThis.Date = class Date extends RealDate {
  constructor(...given) { if (given.length === 0) super(now()); else super(...given); }
  static now() { return now(); }
};
`;

/** How it is set, and what the verdict says then. */
export const CLOCKS = [
  ['forward by an hour', 3_600_000, /was set forward, or the host slept, by 1h/],
  ['back by an hour', -3_600_000, /was set back by 1h/],
] as const;

/** Sets the clock of a worker in the soak of its campaign, which ends then, without a wrong verdict. */
export async function clockSetInTheSoak(byMs: number, says: RegExp): Promise<void> {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'clock', soakSeconds: 60 });
    const clock = belay.write('clock', '0');
    const options = `--import=${belay.write('clock.mjs', SETTABLE_CLOCK)}`;
    const worker = belay.start(['worker'], { NODE_OPTIONS: options, BELAY_DRILL_CLOCK: clock });
    await worker.line(/worker is polling/);
    const running = belay.start(['run', 'clock', '--id', 'clock', '--hold', '0']);
    await untilEvent(belay, 'clock', { stage: 'soak', what: 'began' });
    writeFileSync(join(belay.folder, 'clock'), String(byMs));
    const setAtMs = Date.now() + byMs;
    const ended = await running.ended();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(4);
    const { summary, timeline } = recordOf(belay, 'clock');
    expect(summary.verdict).toBe('unmeasured');
    expect(summary.reasons.join('; ')).toMatch(says);
    const stoppedAfterMs = momentOf(timeline, { stage: 'soak', what: 'failed' }) - setAtMs;
    console.log(`clock set by ${byMs} ms: the soak stopped after ${stoppedAfterMs} ms`);
    worker.signal('SIGINT');
    await worker.ended();
    expect((await belay.run(['down'])).exitCode).toBe(0);
  });
}

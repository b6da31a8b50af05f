import { rmSync, readdirSync, writeFileSync } from 'node:fs';
import { parseHistory } from '../workflows/history.ts';
import { TestTemporal } from '../workflows/temporal.ts';
import { lacks, SCENARIOS, type Scenario } from './scenarios.ts';
import { neutralHistory } from './scrub.ts';

/**
 * Records the histories that the replay test replays: every scenario is played on a real Temporal server with the workflow
 * code as it is now. See README.md beside this.
 */

const folder = new URL('recorded/', import.meta.url);
const wanted = process.argv.slice(2);
const chosen = SCENARIOS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const temporal = await TestTemporal.start();
try {
  for (const scenario of chosen) await record(scenario);
} finally {
  await temporal.stop();
}
if (wanted.length === 0) removeOthers();

async function record(scenario: Scenario): Promise<void> {
  const run = await scenario.play(temporal, scenario.name);
  await run.result().catch(() => undefined);
  const json = neutralHistory(await run.handle.fetchHistory());
  const lacking = lacks(scenario, parseHistory(json));
  if (lacking !== null) throw new Error(`${scenario.name} did not come out as it should: ${lacking}`);
  writeFileSync(new URL(`${scenario.name}.json`, folder), json);
  console.log(`${scenario.name}: ${parseHistory(json).length} events, ${Math.ceil(json.length / 1_024)} kB`);
}

/** Histories of scenarios that are no more. Those of real campaigns begin with `real-` and are recorded by hand. */
function removeOthers(): void {
  for (const file of readdirSync(folder)) {
    const name = file.replace(/\.json$/, '');
    if (!name.startsWith('real-') && !SCENARIOS.some((scenario) => scenario.name === name))
      rmSync(new URL(file, folder));
  }
}

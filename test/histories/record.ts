import { writeFileSync } from 'node:fs';
import { parseHistory } from '../workflows/history.ts';
import { TestTemporal } from '../workflows/temporal.ts';
import { FLEET } from './group-scenarios.ts';
import { lacks, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
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
  for (const host of FLEET) await temporal.addHost(host);
  for (const scenario of chosen) await record(scenario);
} finally {
  await temporal.stop();
}

async function record(scenario: Scenario): Promise<void> {
  const run = await scenario.play(temporal, scenario.name);
  await run.result().catch(() => undefined);
  const json = neutralHistory(await run.handle.fetchHistory());
  const lacking = lacks(scenario, parseHistory(json));
  if (lacking !== null) throw new Error(`${scenario.name} is not what its scenario says: ${lacking}`);
  writeFileSync(new URL(`${scenario.name}.json`, folder), json);
  console.log(`${scenario.name}: ${parseHistory(json).length} events, ${Math.ceil(json.length / 1_024)} kB`);
}

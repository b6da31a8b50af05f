import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { INSTALL_ADAPTERS } from '../../src/activities/all.ts';
import { createInstall } from '../../src/activities/install.ts';
import { findSystem } from '../../src/adapters/files/find.ts';
import { removeCampaignFolder } from '../../src/adapters/host/ledger.ts';
import { toolVariable } from '../../src/adapters/toolchain/tools.ts';
import { readFailure } from '../../src/workflows/stage-failure.ts';
import { answer, kubeconfig, scriptedApi, type ScriptedApi } from '../adapters/kube/scripted-api.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { onLedger } from './one-cluster.ts';
import { storedInput } from './stored-input.ts';

const SLUG = 'binstall';

let home: TestHome;
let api: ScriptedApi;

beforeEach(async () => {
  home = testHome();
  vi.stubEnv('BELAY_PATH', home.folder);
  mkdirSync(join(home.folder, 'systems'));
  api = await scriptedApi((_, response) => answer(response, 200, { metadata: {}, items: [] }));
  writeFileSync(join(home.folder, 'kubeconfig'), JSON.stringify(kubeconfig(api.server, {})));
});
afterEach(async () => {
  await api.close();
  removeCampaignFolder(SLUG);
  vi.unstubAllEnvs();
  home.close();
});

const process = (args: string): string => `
install:
  processes:
    - { name: server, tool: /bin/sh, args: ['-c', '${args}'], ports: [web], restart: false }
ready:
  timeout: 1s
  http:
    - { process: server, port: web, path: /healthz }
`;

test.for<[string, string, RegExp, string]>([
  ['system', 'a process that ends at its start', /^process server .*bad flag/s, process('echo bad flag; exit 1')],
  ['system', 'a system that is not ready in time', /^system weak is not ready after \d+ ms/, process('exec sleep 60')],
  ['harness', 'a file that is not there', /missing\.yaml/, 'install: { manifests: [{ path: missing.yaml }] }'],
])("is the %s's failure: %s", async ([kind, , message, parts]) => {
  const failure = await installOf(parts);
  expect(failure.kind).toBe(kind);
  expect(failure.message).toMatch(message);
});

test.for<[string, string, string]>([
  ['system', 'a release that helm made and that did not become ready', 'echo failed > $0.made'],
  ['harness', 'a chart that never became a release', 'true'],
  ['harness', 'a chart that cannot be had again, of a release that is well', 'echo deployed > $0.made'],
])("is the %s's failure: %s", async ([kind, , before]) => {
  // A stand-in that remembers whether a release was made, and fails to bring it up.
  const helm = join(home.folder, 'helm');
  writeFileSync(
    helm,
    `#!/bin/sh
case $1 in
  list) if [ -e $0.made ]; then echo "[{\\"status\\":\\"$(cat $0.made)\\"}]"; else echo '[]'; fi ;;
  upgrade) ${before}; echo 'Error: context deadline exceeded' >&2; exit 1 ;;
esac
`,
  );
  chmodSync(helm, 0o755);
  vi.stubEnv(toolVariable('helm'), helm);
  mkdirSync(join(home.folder, 'systems', 'chart'));
  const failure = await installOf('install: { helm: { chart: chart, release: r, namespace: n } }');
  expect(failure).toMatchObject({ kind, message: 'helm upgrade r in namespace n: Error: context deadline exceeded' });
});

/** How installing a system with these parts fails, as the workflow reads it. */
async function installOf(parts: string): Promise<ReturnType<typeof readFailure>['failure']> {
  writeFileSync(
    join(home.folder, 'systems', 'weak.yaml'),
    `apiVersion: belay.dev/v1
kind: System
metadata: { name: weak, description: does not get there }
capacity: belay
gates:
  any: { description: any, unit: s, query: up, max: 1, bar: held }
${parts}`,
  );
  const found = findSystem('weak', [home.folder]);
  if (!found.ok) throw new Error(JSON.stringify(found.errors));
  const spec = aSpec({ slug: SLUG, campaign: 'install', system: { name: 'weak', sha256: found.sha256 } });
  onLedger(SLUG, spec.campaign, { name: 'c0', kubeconfigPath: join(home.folder, 'kubeconfig'), owned: true });
  const env = anAttempt();
  const run = createInstall(pino({ level: 'silent' }), INSTALL_ADAPTERS);
  return await env.run(run, storedInput(spec, 'install')).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => readFailure('install', error).failure,
  );
}

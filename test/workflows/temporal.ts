import type { Client, WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from '../../src/adapters/temporal/search-attributes.ts';
import { workflowBundlePath } from '../../src/adapters/temporal/workflow-bundle.ts';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import type { CampaignStatus } from '../../src/core/campaign/stage-io.ts';
import { readHistory, type RecordedHistory } from './history.ts';
import { QUEUES, queuesOf } from './make-spec.ts';
import { ScriptedActivities, type Played, type Script } from './scripted.ts';

/** A workflow under test, with the calls of its scripted activities. */
export interface Run extends Played {
  readonly workflowId: string;
  readonly handle: WorkflowHandle;
  result<T>(): Promise<T>;
  /** The `status` query. */
  readonly status: () => Promise<CampaignStatus>;
  /** What Current Details show in the Temporal UI. */
  details(): Promise<string>;
  /** Sends the Update `decide`. */
  decide(answer: unknown): Promise<string>;
  /** Asks until an answer fits. */
  readonly until: typeof eventually;
  /** Waits until the campaign holds. */
  untilHold(): Promise<CampaignStatus>;
  /** Waits until the campaign holds and `decided` holds before were answered, or until it has closed. */
  untilHoldAfter(decided: number): Promise<CampaignStatus>;
  /** Waits until so many calls of a stage's activity have begun. */
  untilCalled(stage: string, times?: number): Promise<void>;
  history(): Promise<RecordedHistory>;
}

/** A real Temporal dev server, and workers with the real workflow code and scripted activities. */
export class TestTemporal {
  readonly client: Client;
  readonly address: string;
  readonly scripted = new ScriptedActivities();
  private readonly environment: TestWorkflowEnvironment;
  private readonly workers: { worker: Worker; running: Promise<void> }[] = [];
  private started = 0;

  private constructor(environment: TestWorkflowEnvironment) {
    this.environment = environment;
    this.client = environment.client;
    this.address = environment.address;
  }

  /** Starts server and workers. A server takes a second, a bundle that is not in the cache three. */
  static async start(): Promise<TestTemporal> {
    installQuietRuntime();
    const path = (await ensureTools(['temporal'])).get('temporal')?.path ?? 'temporal';
    const temporal = new TestTemporal(
      await TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path },
          searchAttributes: Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) =>
            defineSearchAttributeKey(name, type === 'Int' ? 'INT' : 'KEYWORD'),
          ),
          extraArgs: ['--dynamic-config-value', 'frontend.enableServerVersionCheck=false', '--disable-config-file'],
          log: { format: 'pretty', level: 'never' },
        },
      }),
    );
    await temporal.startWorkers();
    return temporal;
  }

  /** Workers as the product has them: workflows on the shared queue, stages on the host's and the load queue. */
  async startWorkers(): Promise<void> {
    await this.startWorkflowWorker();
    await this.addWorker({ taskQueue: QUEUES.host });
    await this.addWorker({ taskQueue: QUEUES.load });
  }

  /** A worker of another host, on both of its queues. */
  async addHost(host: string): Promise<void> {
    const { hostQueue, loadQueue } = queuesOf(host);
    await this.addWorker({ taskQueue: hostQueue });
    await this.addWorker({ taskQueue: loadQueue });
  }

  /** Ends the workers of another host. */
  async stopHost(host: string): Promise<void> {
    const { hostQueue, loadQueue } = queuesOf(host);
    await Promise.all([this.stopWorkers(hostQueue), this.stopWorkers(loadQueue)]);
  }

  /** A worker that serves workflows and their local activities. */
  async startWorkflowWorker(): Promise<void> {
    await this.addWorker({ taskQueue: QUEUES.shared, workflowBundle: { codePath: await workflowBundlePath() } });
  }

  /** Stops the workers, those of one queue if one is given; activities are cancelled, and may take two seconds to end. */
  async stopWorkers(taskQueue?: string): Promise<void> {
    const chosen = this.workers.filter(
      ({ worker }) => taskQueue === undefined || worker.options.taskQueue === taskQueue,
    );
    for (const { worker } of chosen) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(chosen.map(({ running }) => running));
    this.workers.splice(0, this.workers.length, ...this.workers.filter((each) => !chosen.includes(each)));
  }

  async addWorker(options: { taskQueue: string; workflowBundle?: { codePath: string } }): Promise<void> {
    const worker = await Worker.create({
      connection: this.environment.nativeConnection,
      activities: this.scripted.all(),
      shutdownGraceTime: 100,
      shutdownForceTime: 5_000,
      maxHeartbeatThrottleInterval: 50,
      defaultHeartbeatThrottleInterval: 50,
      ...options,
    });
    this.workers.push({ worker, running: worker.run() });
  }

  /** A workflow id that this server has not seen. */
  nextId(name: string): string {
    this.started += 1;
    return `${name}-${this.started}`;
  }

  /** Starts a campaign (or a ladder) that plays a script. */
  async begin(
    name: string,
    script: Script,
    options: {
      readonly type?: 'campaign' | 'ladder' | 'comparison';
      readonly workflowId?: string;
      readonly input?: unknown;
      readonly memo?: Record<string, unknown>;
    } = {},
  ): Promise<Run> {
    const workflowId = options.workflowId ?? this.nextId(name);
    const played = this.scripted.play(workflowId, script);
    const handle = await this.client.workflow.start(options.type ?? 'campaign', {
      workflowId,
      taskQueue: QUEUES.shared,
      args: options.input === undefined ? [] : [options.input],
      ...(options.memo === undefined ? {} : { memo: options.memo }),
    });
    return this.follow(workflowId, handle, played);
  }

  /** A run of a workflow that was started by something else. */
  follow(workflowId: string, handle: WorkflowHandle, played: Played): Run {
    const status = (): Promise<CampaignStatus> => patientQuery<CampaignStatus>(handle, 'status');
    return {
      ...played,
      workflowId,
      handle,
      result: <T>() => handle.result() as Promise<T>,
      status,
      details: async () => {
        const name = '__temporal_workflow_metadata';
        const metadata = await patientQuery<{ currentDetails?: string }>(handle, name);
        return metadata.currentDetails ?? '';
      },
      decide: (answer) => handle.executeUpdate<string, [unknown]>('decide', { args: [answer] }),
      until: eventually,
      untilHold: () => eventually(status, (found) => found.state.mode === 'hold'),
      untilHoldAfter: (decided) =>
        eventually(
          status,
          ({ state }) => state.mode === 'finished' || (state.mode === 'hold' && state.decisions.length === decided),
        ),
      untilCalled: async (stage, times = 1) => {
        await eventually(
          () => played.calls.filter((call) => call.stage === stage).length,
          (count) => count >= times,
        );
      },
      history: () => readHistory(handle),
    };
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.environment.teardown();
  }
}

/** A query may be lost that meets a worker just as it drops a run from its memory: the server then gives up on it after 10 s. */
async function patientQuery<T>(handle: WorkflowHandle, name: string): Promise<T> {
  try {
    return await handle.query<T>(name);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== DEADLINE_EXCEEDED) throw error;
    return await handle.query<T>(name);
  }
}

/** gRPC's code. */
const DEADLINE_EXCEEDED = 4;

/** Asks until an answer fits. @throws Error with the last answer after 20 s */
export async function eventually<T>(ask: () => T | Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const untilMs = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (Date.now() > untilMs) throw new Error(`not in 20 s; last answer: ${JSON.stringify(answer)}`);
    await sleep(15);
  }
}

let installed = false;

/** The SDK's runtime without its warnings: failures are what these tests are about. */
export function installQuietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  });
}

import { dirname } from 'node:path';
import { makeFolder } from '../../host/make-folder.ts';
import {
  accessInWords,
  clusterAccess,
  nameOfAccess,
  type AccessName,
} from '../../../core/kubeconfig/cluster-access.ts';
import { KubeconfigProblem } from '../../../core/kubeconfig/kubeconfig-problem.ts';
import { readKubeconfigText } from '../../../core/kubeconfig/kubeconfig-text.ts';
import { selectContext } from '../../../core/kubeconfig/select-context.ts';
import type { CampaignSpec } from '../../../core/plan/spec.ts';
import { writeTextFile } from '../../host/atomic-file.ts';
import { hostName } from '../../host/host-queues.ts';
import { readContext } from '../../kube/kubeconfig-files.ts';
import { ownKubeconfig, type OwnKubeconfig, type Shell } from './own-kubeconfig.ts';
import { keptKubeconfig } from './kept-targets.ts';
import { counted } from '../../../core/text/counted.ts';

/** What of a specification says which existing clusters a campaign uses. */
export type TargetSpec = Pick<CampaignSpec, 'runId' | 'substrate' | 'targets'>;

/** The shell of this process. */
export function thisShell(): Shell {
  return { folder: process.cwd(), env: process.env };
}

/**
 * The existing clusters that a campaign uses, as this host sees them; none for clusters of its own. Nothing is asked.
 * @throws KubeconfigProblem when one cannot be used, or is another one than when the campaign was started
 */
export function targetsOf(spec: TargetSpec, clusterCount: number): readonly AccessName[] {
  if (spec.substrate.type !== 'kubeconfig') return [];
  return contextsOf(spec, 0, clusterCount).map((context, index) => kubeconfigOf(spec, index, context).name);
}

/** The contexts of a host's clusters. @throws KubeconfigProblem when there are too few */
export function contextsOf(spec: TargetSpec, first: number, count: number): readonly string[] {
  const contexts = spec.substrate.kubeconfig?.contexts ?? [];
  const used = contexts.slice(first, first + count);
  if (used.length === count) return used;
  throw new KubeconfigProblem(
    `substrate ${spec.substrate.metadata.name}: ${counted(count, 'cluster')} ${count === 1 ? 'is' : 'are'} needed, kubeconfig.contexts lists: ${contexts.join(', ') || 'none'}`,
  );
}

/**
 * Writes the kubeconfig that a campaign uses for one of its clusters, readable only by this user. The files it is taken from are
 * only read.
 * @throws KubeconfigProblem as `targetsOf`
 */
export function writeKubeconfigOf(spec: TargetSpec, index: number, context: string, path: string): void {
  const { text } = kubeconfigOf(spec, index, context);
  makeFolder(dirname(path), 0o700);
  writeTextFile(path, text, { mode: 0o600 });
}

/** The kubeconfig that was kept where the campaign was typed, else the worker's own, which has to lead to the same cluster. */
function kubeconfigOf({ runId, substrate, targets }: TargetSpec, index: number, context: string): OwnKubeconfig {
  const expected = targets?.clusters[index];
  const record = targets?.record;
  const kept = record === undefined ? undefined : keptKubeconfig(record, index, runId);
  if (kept === undefined && targets?.lent === true) {
    throw new KubeconfigProblem(
      `host ${hostName()} does not have the kubeconfig for context ${context}: the campaign was started on another host, or long ago, or it is kept for another campaign; start it again where this kubeconfig is`,
    );
  }
  const own = kept === undefined ? ofWorker(substrate.kubeconfig?.file ?? '', context) : ofText(kept);
  if (expected === undefined || sameTarget(own.name, expected)) return own;
  throw new KubeconfigProblem(
    `context ${context} is ${accessInWords(own.name)} for the worker of host ${hostName()}, and was ${accessInWords(expected)} when the campaign was started; start the worker with that kubeconfig: ./belay down, ./belay up`,
  );
}

/** What a context is for this worker. Its user reads the reason elsewhere, so it says on which host it is, and what decides there. */
function ofWorker(file: string, context: string): OwnKubeconfig {
  try {
    return ownKubeconfig(readContext(file, context), thisShell());
  } catch (error) {
    if (!(error instanceof KubeconfigProblem)) throw error;
    const decides =
      file === ''
        ? 'the KUBECONFIG of the worker decides here, which it has from the shell of ./belay up'
        : 'the substrate names this file';
    throw new KubeconfigProblem(`worker of host ${hostName()}, context ${context}: ${error.message} (${decides})`, {
      cause: error,
    });
  }
}

function ofText(text: string): OwnKubeconfig {
  return {
    text,
    name: nameOfAccess(clusterAccess(selectContext([readKubeconfigText(text, 'of the campaign')], ''), {})),
  };
}

function sameTarget(a: AccessName, b: AccessName): boolean {
  return a.context === b.context && a.cluster === b.cluster && a.server === b.server && a.user === b.user;
}

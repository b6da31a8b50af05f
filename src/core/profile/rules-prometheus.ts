import { BELAY_JOB } from '../gates/model.ts';
import { isLoopback } from '../kubeconfig/ip-address.ts';
import type { RawDocument } from '../files/raw-document.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';

/** `/federate` gives out samples of the last five minutes: two of them, and a scrape that was missed. */
const LONGEST_INTERVAL_MS = 120_000;

const PATH = ['kubeconfig', 'prometheus'] as const;

/** Contradictions in the Prometheus of borrowed clusters. */
export function checkPrometheus(raw: RawDocument): void {
  if (!raw.has(...PATH)) return;
  checkJobs(raw);
  checkClusters(raw);
  checkSecret(raw);
}

function checkJobs(raw: RawDocument): void {
  const jobs = raw.keys(...PATH, 'jobs');
  if (raw.has(...PATH, 'jobs') && jobs.length === 0) raw.refuse([...PATH, 'jobs'], 'no job', 'one or more');
  for (const job of jobs) {
    const path = [...PATH, 'jobs', job];
    if (job === BELAY_JOB) raw.refuse(path, "the job of Belay's own worker", 'jobs that Belay does not serve');
    if (raw.has(...path, 'labels') && raw.keys(...path, 'labels').length === 0)
      raw.refuse([...path, 'labels'], 'no label, so all series', 'one or more labels');
    const interval = raw.text(...path, 'scrapeInterval') ?? '';
    if ((parseDuration(interval) ?? 0) > LONGEST_INTERVAL_MS)
      raw.refuse(
        [...path, 'scrapeInterval'],
        'too long, a series would come and go',
        `at most ${formatDuration(LONGEST_INTERVAL_MS)}`,
      );
  }
}

/** Series of two clusters under one name would be one cluster's. */
function checkClusters(raw: RawDocument): void {
  const contexts = raw.list('kubeconfig', 'contexts').length;
  const path = [...PATH, 'clusters'];
  if (!raw.has(...path)) {
    if (contexts > 1)
      raw.refuse(
        PATH,
        `${contexts} contexts, and nothing tells their series apart`,
        'clusters: with the labels of each',
      );
    return;
  }
  const clusters = raw.list(...path);
  if (clusters.length !== contexts)
    raw.refuse(path, `${clusters.length} of them, and ${contexts} contexts`, 'one for each context, in their order');
  const seen = new Set<string>();
  const ofJobs = raw.keys(...PATH, 'jobs').flatMap((job) => raw.keys(...PATH, 'jobs', job, 'labels'));
  for (const index of clusters.keys()) {
    const names = raw.keys(...path, index);
    if (names.length === 0) raw.refuse([...path, index], 'no label, so all clusters', 'one or more labels');
    const text = JSON.stringify(names.toSorted().map((name) => [name, raw.text(...path, index, name)]));
    if (seen.size === seen.add(text).size)
      raw.refuse([...path, index], 'the labels of another cluster', 'labels of its own');
    for (const name of names)
      if (ofJobs.includes(name) || name === 'job')
        raw.refuse([...path, index, name], 'a label of the jobs too', 'each label once');
  }
}

function checkSecret(raw: RawDocument): void {
  const url = raw.text(...PATH, 'url') ?? '';
  const has = (field: string): boolean => raw.has(...PATH, field);
  if (has('user') && !has('secretFile'))
    raw.refuse([...PATH, 'user'], 'no password beside it', 'secretFile, which names the file with the password');
  if (!/^http:/i.test(url)) return;
  if (has('caFile')) raw.refuse([...PATH, 'caFile'], 'the address is served by http', 'an https address');
  const hostname = URL.parse(url)?.hostname.replaceAll(/^\[|\]$/g, '') ?? '';
  if (has('secretFile') && !isLoopback(hostname))
    raw.refuse([...PATH, 'secretFile'], 'it would be sent without encryption', 'an https address, or one of loopback');
}

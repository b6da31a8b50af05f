import { z } from 'zod';
import { choice, duration, field, flag, matching, passing, text } from '../files/fields.ts';
import { word } from './word-field.ts';

/** An interval that a scraped job may have: shorter ones load the target, longer ones leave a soak without samples. */
export const LEAST_INTERVAL_MS = 1_000;

const subdomain = (description: string): z.ZodString =>
  matching(
    /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
    'lower-case letters, digits, - and . (at most 253)',
    description,
    'not a name',
  );

const secretKey = z.strictObject({
  namespace: word('Namespace of the Secret'),
  name: subdomain('Secret'),
  key: matching(/^[A-Za-z0-9._-]{1,253}$/, 'letters, digits, - _ and .', 'Key in the Secret', 'not a key of a Secret'),
});

const clusterPort = field(
  z.union([z.int().min(1).max(65_535), z.string().regex(/^(?=.*[a-z])[a-z0-9-]{1,15}$/)]),
  'Port, by number or by name',
  { allowed: 'a whole number from 1 to 65535, or the name of a port' },
);

/** A selector of labels goes into the query of a request: everything that the API server knows, and no other parameter. */
const selector = passing(
  (value) => value !== '' && /^[\w\s./,=!()-]{1,1000}$/.test(value),
  'a selector of labels, such as app=controller or app in (a, b), not empty',
  'Labels of the Pods',
  'not a selector of labels',
);

const address = passing(
  isAddress,
  'an http or https address without user, password and query; `params` has the parameters of a query',
  'Address to scrape instead of a process',
  'not an address',
);

const file = (description: string): z.ZodString =>
  passing(
    (path) => path !== '' && !path.split('/').includes('..') && !/\p{Cc}/u.test(path),
    'an absolute path, or one beside the system file, without ".."',
    description,
    'not a path',
  );

const param = (description: string): z.ZodString =>
  passing((value) => !/\p{Cc}/u.test(value), 'a text without control characters', description, 'not a parameter');

/** One entry of `scrape`. */
export const scrapeEntry = z.strictObject({
  job: matching(/^[A-Za-z0-9_-]{1,63}$/, 'letters, digits, - and _', 'Label job of the series', 'not a name of a job'),
  process: word('Process to scrape').optional(),
  port: word('Port of the process').optional(),
  url: address.optional(),
  service: z
    .strictObject({ namespace: word('Namespace'), name: subdomain('Service'), port: clusterPort })
    .meta({ description: "A Service of the cluster, through its API server's proxy; each ready Pod is a target" })
    .optional(),
  pods: z
    .strictObject({ namespace: word('Namespace'), selector, port: clusterPort })
    .meta({ description: "Pods of the cluster, through its API server's proxy; each ready one is a target" })
    .optional(),
  scheme: choice(['http', 'https'], 'Of a process, of Pods or of a Service; absent = http').optional(),
  path: matching(
    /^\/[^\s?#]*$/,
    'a path that begins with /',
    'Path of the metrics; absent = that of the url, or /metrics',
    'not a path',
  ).optional(),
  params: z
    .record(
      matching(/^[\w[\].-]{1,100}$/, 'a name of a parameter', 'Parameter', 'not a name of a parameter'),
      field(z.union([param('Value'), z.array(param('A value')).min(1)]), 'Value, or a list of values', {
        allowed: 'a text without control characters, or a list of such texts',
      }),
    )
    .meta({ description: 'Parameters of the query. They are no place for a secret' })
    .optional(),
  interval: duration(
    'Between two scrapes; absent = as the rest of the campaign, 1 to 5 s',
    LEAST_INTERVAL_MS,
  ).optional(),
  timeout: duration('Of one scrape, at most the interval; absent = the interval', 1).optional(),
  fallbackProtocol: choice(
    ['PrometheusText0.0.4', 'PrometheusText1.0.0', 'OpenMetricsText0.0.1', 'OpenMetricsText1.0.0', 'PrometheusProto'],
    'Format of answers whose content type says none that Prometheus knows',
  ).optional(),
  tls: z
    .strictObject({
      ca: file('Certificates that sign that of the target').optional(),
      caSecret: secretKey.meta({ description: 'The same, in a Secret of the cluster' }).optional(),
      serverName: text(
        'Name that the certificate is checked against, where it is not that of the address',
        1,
      ).optional(),
      insecure: flag('The certificate of the target is not checked').optional(),
    })
    .meta({
      description: 'How the certificate of an https target is checked; absent = by the certificates of the machine',
    })
    .optional(),
  bearer: z
    .strictObject({
      file: file('File with the token; it is read at each scrape').optional(),
      secret: secretKey.meta({ description: 'A Secret of the cluster, read when the system is installed' }).optional(),
    })
    .meta({ description: 'Token that the target asks for' })
    .optional(),
  identity: choice(
    ['kubeconfig'],
    'kubeconfig: the target is asked with the token or the certificate of the kubeconfig',
  ).optional(),
});

function isAddress(value: string): boolean {
  if (!/^https?:\/\/[^\s?#]+$/.test(value) || !URL.canParse(value)) return false;
  const { username, password, hostname } = new URL(value);
  return username === '' && password === '' && hostname !== '';
}

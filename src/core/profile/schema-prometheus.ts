import { z } from 'zod';
import { count, duration, matching, passing } from '../files/fields.ts';
import { LEAST_INTERVAL_MS } from './schema-scrape.ts';

/** Labels that select series. An empty value would select those that lack the label. */
const labels = (description: string) =>
  z
    .record(
      matching(
        /^(?!__)[A-Za-z_]\w{0,127}$/,
        'a name of letters, digits and _, without two _ at its beginning',
        'Label',
        'not a name of a label',
      ),
      passing(
        (value) => value !== '' && value.length <= 256 && !/\p{Cc}/u.test(value),
        'a text that is not empty, without control characters, at most 256 letters',
        'Value',
        'not a value of a label',
      ),
    )
    .meta({ description });

const file = (description: string): z.ZodString =>
  passing(
    (path) => path.startsWith('/') && !path.split('/').includes('..') && !/\p{Cc}/u.test(path),
    'an absolute path, without ".."',
    description,
    'not an absolute path',
  );

/** A Prometheus that scrapes borrowed clusters already. */
export const prometheusSchema = z
  .strictObject({
    url: passing(
      isAddress,
      'an http or https address without user, password and query, such as https://prometheus.example',
      'Its address',
      'not an address',
    ),
    jobs: z
      .record(
        matching(/^[A-Za-z0-9_-]{1,63}$/, 'letters, digits, - and _', 'Job, as gates name it', 'not a name of a job'),
        z.strictObject({
          labels: labels('Labels of its series there; absent = job, with the name of this entry').optional(),
          targets: count('Its targets in one cluster', 1, 10_000).default(1),
          scrapeInterval: duration('How often it is scraped there', LEAST_INTERVAL_MS),
        }),
      )
      .meta({ description: 'Jobs whose series are taken from there' }),
    clusters: z
      .array(labels('Labels of one cluster'))
      .min(1)
      .meta({ description: 'Labels of the series of each cluster there, in the order of contexts' })
      .optional(),
    user: passing(
      (value) => value !== '' && value.length <= 256 && !/[:\p{Cc}]/u.test(value),
      'a name without a colon',
      'User, for basic authentication',
      'not a user',
    ).optional(),
    secretFile: file('File with the password of the user; without a user, with a bearer token').optional(),
    caFile: file('Certificates that sign that of the server; absent = those of the machine').optional(),
  })
  .meta({ description: 'A Prometheus that scrapes these clusters already' });

/** It as parsed. */
export type PrometheusFile = z.output<typeof prometheusSchema>;

function isAddress(value: string): boolean {
  if (!/^https?:\/\/[^\s?#]+$/.test(value) || !URL.canParse(value)) return false;
  const { username, password, hostname } = new URL(value);
  return username === '' && password === '' && hostname !== '';
}

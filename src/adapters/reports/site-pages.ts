import { createHash } from 'node:crypto';
import type { StoredRun } from '../../core/history/stored-run.ts';
import { counted } from '../../core/text/counted.ts';
import { lengthText, momentText } from '../../core/text/time.ts';
import { sinceSentence } from '../../core/verdict/run-history.ts';
import { html, trusted, type Markup } from '../evidence/report/html.ts';
import { STYLE } from '../evidence/report/style.ts';

/** A run of the site. */
export interface LinkedRun {
  readonly run: StoredRun;
  /** Address of its report, relative to the site; absent where there is none. */
  readonly href?: string;
}

/** Verdicts in the strip of a profile, and runs in the table of the newest. */
const STRIP = 30;
const NEWEST = 30;

/** Letters of a profile's name in the name of its page: a file's name ends at 255. */
const MAX_FILE_LETTERS = 120;

const OWN_STYLE = `
.strip { display: flex; flex-wrap: wrap; gap: .2rem; list-style: none; padding: 0; margin: .5rem 0; }
.strip li { margin: 0; } .strip a, .strip span { display: block; min-width: 1.6rem; line-height: 1.6rem; border-radius: .25rem;
  text-align: center; text-decoration: none; font-weight: 700; font-size: .85rem; border: 1px solid currentcolor; }
.strip .pass { background: var(--pass-back); color: var(--pass); } .strip .fail { background: var(--fail-back); color: var(--fail); }
.strip .unmeasured { background: var(--unmeasured-back); color: var(--unmeasured); }
.cards > * { min-width: 0; }
@media print { nav, .strip li:nth-child(n+16) { display: none; } .strip a, .strip span { min-width: 1.2rem; line-height: 1.2rem; font-size: 8pt; } }
td[data-label="Profile"] { min-width: 7.5rem; }
nav { margin: .5rem 0; display: flex; flex-wrap: wrap; gap: .75rem; }
`;

const SIGNS = { pass: '✓', unmeasured: '?', fail: '✗' } as const;

/** Name of the file of a profile's page: safe, whatever the profile is called. */
export function fileOfProfile(profile: string, page: number): string {
  const safe = profile.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  const own =
    safe === profile && safe.length <= MAX_FILE_LETTERS
      ? ''
      : `-${createHash('sha256').update(unicodeOf(profile)).digest('hex').slice(0, 8)}`;
  return `profile-${safe.slice(0, MAX_FILE_LETTERS)}${own}${page === 1 ? '' : `-${page}`}.html`;
}

/** What is no Unicode would be the same character in every name. In JSON it is written out. */
function unicodeOf(text: string): string {
  return text.isWellFormed() ? text : JSON.stringify(text);
}

/** The first page: every profile with its latest verdicts, and the newest runs of all. @param profiles with their runs, newest first */
export function overviewPage(
  profiles: readonly (readonly [profile: string, runs: readonly LinkedRun[]])[],
  damaged: number,
): string {
  const newest = profiles
    .flatMap(([, runs]) => runs.slice(0, NEWEST))
    .toSorted((one, other) => other.run.startedAtMs - one.run.startedAtMs)
    .slice(0, NEWEST);
  const all = profiles.reduce((sum, [, runs]) => sum + runs.length, 0);
  return page(
    'Runs of Belay',
    html`<h1>Runs of Belay</h1>
      <p class="soft">
        ${counted(all, 'run')} of
        ${counted(profiles.length, 'profile')}.${damaged === 0 ? '' : ` ${counted(damaged, 'folder')} cannot be read and ${damaged === 1 ? 'is' : 'are'} left out: "./belay list" says why.`}
      </p>
      <h2>Profiles</h2>
      <div class="grid cards">${profiles.map(([profile, runs]) => card(profile, runs.filter(isNight)))}</div>
      ${newest.length === 0 ? undefined : html`<h2>Newest runs</h2>`}
      ${newest.length === 0 ? undefined : table(newest, true)}`,
  );
}

/** A page of all runs of a profile. @param rows newest first */
export function profilePage(
  profile: string,
  rows: readonly LinkedRun[],
  { page: number, count }: { readonly page: number; readonly count: number },
): string {
  const others = Array.from({ length: count }, (_, index) => index + 1);
  const pages =
    count === 1
      ? undefined
      : html`<nav aria-label="Pages">
          ${others.map((one) =>
            one === number
              ? html`<span aria-current="page">${one}</span>`
              : html`<a href="${fileOfProfile(profile, one)}">Page ${one}</a>`,
          )}
        </nav>`;
  return page(
    `Runs of ${profile}`,
    html`<nav aria-label="Site"><a href="index.html">All runs</a></nav>
      <h1>Runs of ${profile}</h1>
      ${pages}${table(rows, false)}${pages}`,
  );
}

/** A campaign of a comparison ran with what its side changes, so its verdict is not one of its profile. */
function isNight({ run }: LinkedRun): boolean {
  return run.comparison === undefined;
}

function card(profile: string, runs: readonly LinkedRun[]): Markup {
  const [latest, ...earlier] = runs;
  if (latest === undefined) return html``;
  const { verdict, reason } = latest.run;
  const since = sinceSentence(verdict, { earlier: earlier.map(({ run }) => run) });
  return html`<section class="card">
    <h3><a href="${fileOfProfile(profile, 1)}">${profile}</a> <span class="badge ${verdict}">${verdict}</span></h3>
    <p class="small">${since}</p>
    ${reason === '' ? undefined : html`<p class="small soft">${reason}</p>`}
    <ol class="strip" aria-label="Latest verdicts of ${profile}, newest first">
      ${runs.slice(0, STRIP).map(mark)}
    </ol>
  </section>`;
}

function mark({ run, href }: LinkedRun): Markup {
  const { verdict, startedAtMs } = run;
  const label = `${verdict}, ${momentText(startedAtMs)}`;
  const sign = SIGNS[verdict];
  return href === undefined
    ? html`<li><span class="${verdict}" role="img" aria-label="${label}" title="${label}">${sign}</span></li>`
    : html`<li><a class="${verdict}" href="${href}" aria-label="${label}" title="${label}">${sign}</a></li>`;
}

function table(rows: readonly LinkedRun[], withProfile: boolean): Markup {
  return html`<div class="card">
    <table class="stack">
      <caption>
        Newest first. Times are UTC.
      </caption>
      <thead>
        <tr>
          <th scope="col">Run</th>
          ${withProfile ? html`<th scope="col">Profile</th>` : undefined}
          <th scope="col">Verdict</th>
          <th scope="col">Started</th>
          <th scope="col">Took</th>
          <th scope="col">System</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => tableRow(row, withProfile))}
      </tbody>
    </table>
  </div>`;
}

function tableRow({ run, href }: LinkedRun, withProfile: boolean): Markup {
  const { id, profile, verdict, startedAtMs, endedAtMs, system, systemVersion, reason, comparison } = run;
  const compared =
    comparison === undefined
      ? undefined
      : html` <span class="small soft">compared: ${comparison.side}, pair ${comparison.pair}</span>`;
  return html`<tr>
    <th scope="row">${href === undefined ? id : html`<a href="${href}">${id}</a>`}${compared}</th>
    ${withProfile ? html`<td data-label="Profile">${profile}</td>` : undefined}
    <td><span class="badge ${verdict}">${verdict}</span></td>
    <td class="number" data-label="Started">${momentText(startedAtMs).replace(' UTC', '')}</td>
    <td class="number" data-label="Took">${lengthText(endedAtMs - startedAtMs)}</td>
    <td class="small" data-label="System">${system}: ${systemVersion}</td>
    <td class="small" data-label="Why">${reason === '' ? '–' : reason}</td>
  </tr>`;
}

function page(title: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}${trusted(OWN_STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${body}
          <footer>Written by <code>./belay report --index</code>.</footer>
        </main>
      </body>
    </html> `.markup;
}

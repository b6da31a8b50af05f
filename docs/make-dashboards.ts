import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** Writes deploy/grafana/ with Grafana's foundation SDK: `node docs/make-dashboards.ts`. */

const SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** A panel of curves: what it shows, its unit in Grafana's words, and its queries with their legends. */
interface Curves {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly (readonly [promql: string, legend: string])[];
}

const ALL: readonly Curves[] = [
  curves('Campaigns by stage', 'What runs now, in all workers of the namespace.', 'short', [
    ['sum by (stage) (max by (kind, stage) (belay_campaigns{kind="campaign"}))', '{{stage}}'],
  ]),
  curves('Ends by verdict', 'Campaigns that ended in the last hour.', 'short', [
    ['sum by (verdict) (max by (kind, profile, verdict) (increase(belay_campaigns_ended_total[1h])))', '{{verdict}}'],
  ]),
  curves('Attempts of stages again', 'After a failure of an attempt, or by a decision.', 'short', [
    ['sum by (stage, kind) (increase(belay_stage_attempts_total{kind!="first"}[1h]))', '{{stage}}, {{kind}}'],
  ]),
  curves('Paused schedules', 'A harness fault pauses a schedule.', 'short', [
    ['max by (schedule) (belay_schedule_paused)', '{{schedule}}'],
  ]),
  curves('Leftovers', 'Abandoned campaigns of which something is left, by host.', 'short', [
    ['max by (instance) (belay_leftovers)', '{{instance}}'],
  ]),
  curves('Estimated cost of what runs', 'By campaign.', 'currencyUSD', [
    ['max by (campaign) (belay_campaign_cost_usd)', '{{campaign}}'],
  ]),
];

const ONE: readonly Curves[] = [
  curves('Pods', 'Wanted, present, bound and ready.', 'short', [
    ['sum(belay_pods_target{campaign="$campaign"})', 'wanted'],
    ['sum(belay_pods_present{campaign="$campaign"})', 'present'],
    ['sum(belay_pods_bound{campaign="$campaign"})', 'bound'],
    ['sum(belay_pods_ready{campaign="$campaign"})', 'ready'],
  ]),
  curves('Time until Pods are bound', 'Quantiles over the last minute.', 's', [
    ['histogram_quantile(0.5, sum by (le) (rate(belay_pod_bind_seconds_bucket{campaign="$campaign"}[1m])))', 'p50'],
    ['histogram_quantile(0.99, sum by (le) (rate(belay_pod_bind_seconds_bucket{campaign="$campaign"}[1m])))', 'p99'],
  ]),
  curves('Gates: share of the bar that is used', 'Above 1 a gate with an upper bar is broken.', 'percentunit', [
    [
      'max by (gate) (belay_gate_value{campaign="$campaign"}) / on (gate) (max by (gate) (belay_gate_bar{campaign="$campaign",side="max"}) > 0)',
      '{{gate}}',
    ],
  ]),
  curves('Verdicts of the gates', '0 pass, 1 unmeasured, 2 fail.', 'short', [
    ['max by (gate) (belay_gate_verdict{campaign="$campaign"})', '{{gate}}'],
  ]),
  curves('Rate of the load', 'Requests for Pods that were sent.', 'reqps', [
    ['sum(rate(belay_load_lateness_seconds_count{campaign="$campaign"}[1m]))', 'sent'],
  ]),
  curves('Lateness of the load', 'How long after their moment requests are sent.', 's', [
    [
      'histogram_quantile(0.99, sum by (le) (rate(belay_load_lateness_seconds_bucket{campaign="$campaign"}[1m])))',
      'p99',
    ],
  ]),
  curves('Oldest Pod that waits', 'By cluster.', 's', [
    ['max by (cluster) (belay_pod_pending_oldest_seconds{campaign="$campaign"})', '{{cluster}}'],
  ]),
  curves('Age of what the watches know', 'Since the last list that confirmed it.', 's', [
    ['max by (cluster) (belay_watch_confirmed_age_seconds{campaign="$campaign"})', '{{cluster}}'],
  ]),
];

const HOSTS: readonly Curves[] = [
  curves('CPU used', 'Share of the CPU of the host.', 'percentunit', [
    ['max by (instance) (belay_host_cpu_used_share)', '{{instance}}'],
  ]),
  curves('Tasks that wait for CPU', 'Share of the time.', 'percentunit', [
    ['max by (instance) (belay_host_cpu_pressure_share)', '{{instance}}'],
  ]),
  curves('Time without CPU', 'Share of the last five minutes. Readings of more than 10 % are marked.', 'percentunit', [
    [
      'max by (instance) (rate(belay_host_without_cpu_seconds_total[5m]) / rate(belay_host_sampled_seconds_total[5m]))',
      '{{instance}}',
    ],
  ]),
  curves('Memory available', 'What processes can still get.', 'bytes', [
    ['min by (instance) (belay_host_memory_available_bytes)', '{{instance}}'],
  ]),
  curves('Swapped out', 'Memory that is not in memory.', 'bytes', [
    ['max by (instance) (belay_host_swap_used_bytes)', '{{instance}}'],
  ]),
  curves('Workers that answer', '1, or 0 for a worker that cannot be scraped.', 'short', [
    ['up{job="belay"}', '{{instance}}'],
  ]),
];

/** The dashboards, by the name of their file in deploy/grafana/. */
export function dashboards(): ReadonlyMap<string, string> {
  const campaign = new QueryVariableBuilder('campaign')
    .label('Campaign')
    .datasource(SOURCE)
    .query('label_values(belay_pods_target, campaign)');
  return new Map([
    ['campaigns.json', text(dashboard('belay-campaigns', 'Belay: all campaigns', ALL))],
    ['campaign.json', text(dashboard('belay-campaign', 'Belay: one campaign', ONE).withVariable(campaign))],
    ['hosts.json', text(dashboard('belay-hosts', 'Belay: hosts', HOSTS))],
  ]);
}

/** Where a dashboard is kept. */
export function dashboardPath(file: string): string {
  return fileURLToPath(new URL(`../deploy/grafana/${file}`, import.meta.url));
}

function curves(title: string, description: string, unit: string, queries: Curves['queries']): Curves {
  return { title, description, unit, queries };
}

function dashboard(uid: string, title: string, panels: readonly Curves[]): DashboardBuilder {
  const made = new DashboardBuilder(title)
    .uid(uid)
    .tags(['belay'])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const panel of panels) made.withPanel(panelOf(panel));
  return made;
}

function panelOf({ title, description, unit, queries }: Curves): PanelBuilder {
  const panel = new PanelBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(SOURCE)
    .span(12)
    .height(8);
  for (const [promql, legend] of queries) panel.withTarget(new DataqueryBuilder().expr(promql).legendFormat(legend));
  return panel;
}

function text(made: DashboardBuilder): string {
  return `${JSON.stringify(made.build(), undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, json] of dashboards()) writeFileSync(dashboardPath(file), json);
}

/** What an expression of PromQL gives. */
export type PromqlType = 'scalar' | 'vector' | 'matrix' | 'string';

/** What a function or an aggregation takes and gives. */
export interface Signature {
  readonly takes: readonly PromqlType[];
  /** Fewest and most arguments; more than `takes` has are of the type of its last. */
  readonly least: number;
  readonly most: number;
  readonly gives: PromqlType;
}

const OF_VECTOR =
  'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count histogram_stddev ' +
  'histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt start_timestamp tan tanh timestamp';

const OF_RANGE =
  'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time ' +
  'mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ' +
  'ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time';

const OF_TIME = 'day_of_month day_of_week day_of_year days_in_month hour minute month year';

const OF_NOTHING = 'end pi range start step time';

/** What PromQL's functions take, Prometheus 3, experimental ones too: whether those are on is known to the server alone. */
const FUNCTIONS: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ...each(OF_VECTOR, signature(['vector'])),
  ...each(OF_RANGE, signature(['matrix'])),
  ...each(OF_TIME, signature(['vector'], { least: 0 })),
  ...each(OF_NOTHING, signature([], { gives: 'scalar' })),
  ['clamp', signature(['vector', 'scalar', 'scalar'])],
  ['clamp_max', signature(['vector', 'scalar'])],
  ['clamp_min', signature(['vector', 'scalar'])],
  ['double_exponential_smoothing', signature(['matrix', 'scalar', 'scalar'])],
  ['histogram_fraction', signature(['scalar', 'scalar', 'vector'])],
  ['histogram_quantile', signature(['scalar', 'vector'])],
  ['histogram_quantiles', signature(['vector', 'string', 'scalar'], { most: 12 })],
  ['info', signature(['vector', 'vector'], { least: 1 })],
  ['label_join', signature(['vector', 'string', 'string', 'string'], { least: 3, most: Infinity })],
  ['label_replace', signature(['vector', 'string', 'string', 'string', 'string'])],
  ['predict_linear', signature(['matrix', 'scalar'])],
  ['quantile_over_time', signature(['scalar', 'matrix'])],
  ['round', signature(['vector', 'scalar'], { least: 1 })],
  ['scalar', signature(['vector'], { gives: 'scalar' })],
  ['sort_by_label', signature(['vector', 'string'], { least: 1, most: Infinity })],
  ['sort_by_label_desc', signature(['vector', 'string'], { least: 1, most: Infinity })],
  ['vector', signature(['scalar'])],
]);

const AGGREGATIONS: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ...each('avg count group max min stddev stdvar sum', signature(['vector'])),
  ...each('bottomk limit_ratio limitk quantile topk', signature(['scalar', 'vector'])),
  ['count_values', signature(['string', 'vector'])],
]);

/** What a function takes and gives; undefined for a name that is none. */
export function functionSignature(name: string): Signature | undefined {
  return FUNCTIONS.get(name);
}

/** What an aggregation takes and gives; its name may be written in capitals. */
export function aggregationSignature(name: string): Signature | undefined {
  return AGGREGATIONS.get(name.toLowerCase());
}

/** Every name that may stand before a parenthesis. */
export const PROMQL_NAMES: readonly string[] = [...FUNCTIONS.keys(), ...AGGREGATIONS.keys()];

function signature(
  takes: readonly PromqlType[],
  differs: { readonly least?: number; readonly most?: number; readonly gives?: PromqlType } = {},
): Signature {
  return { takes, least: takes.length, most: takes.length, gives: 'vector', ...differs };
}

function each(names: string, of: Signature): [string, Signature][] {
  return names.split(' ').map((name) => [name, of]);
}

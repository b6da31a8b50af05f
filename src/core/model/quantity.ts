/** What a quantity in a file may look like, for messages. */
export const QUANTITY_ALLOWED = 'a Kubernetes quantity, such as 250m, 2, 1.5 or 512Mi';

/** The same as a regular expression, for editors. Negative amounts are no amount of a resource. */
export const QUANTITY_PATTERN = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3}|Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)?$/;

const FACTOR: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity in its base unit: `500m` of cpu is 0.5 (cores), `1Gi` of memory is 1073741824 (bytes). Undefined
 * where the text is none. The grammar is that of k8s.io/apimachinery's `resource.Quantity`, without signs.
 */
export function parseQuantity(text: string): number | undefined {
  if (text.length > 32 || !QUANTITY_PATTERN.test(text)) return undefined;
  const [, number, exponent, suffix] = /^([\d.]+)(?:[eE]([+-]?\d+)|([A-Za-z]*))$/.exec(text) ?? [];
  const value =
    exponent === undefined ? Number(number) * (FACTOR[suffix ?? ''] ?? NaN) : Number(`${number}e${exponent}`);
  // Past what the apiserver can hold (2^63-1) a quantity is capped there silently; here it is refused.
  return Number.isFinite(value) && value < 2 ** 63 ? value : undefined;
}

/**
 * The value of a quantity that was checked when its file was parsed: `400m` is 0.4, `2Gi` is 2147483648.
 * @throws RangeError when the text is not a quantity
 */
export function quantityValue(text: string): number {
  const value = parseQuantity(text);
  if (value === undefined) throw new RangeError(`"${text}" is not a quantity; allowed: ${QUANTITY_ALLOWED}`);
  return value;
}

/** A number as a Kubernetes quantity: a whole number as it is, any other rounded up to thousandths (`1500m`). */
export function formatQuantity(value: number): string {
  // The multiplication may leave a rounding error in the last binary digits, which must not become a thousandth.
  const thousandths = Math.ceil(Number((value * 1_000).toPrecision(15)));
  return thousandths % 1_000 === 0 ? String(thousandths / 1_000) : `${thousandths}m`;
}

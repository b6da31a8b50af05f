/** Multipliers of Kubernetes' quantity suffixes (apimachinery, resource.Quantity). */
const SUFFIXES: Readonly<Record<string, number>> = {
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
 * The number a Kubernetes quantity stands for: `400m` is 0.4, `2Gi` is 2147483648.
 * @throws RangeError when the text is no quantity
 */
export function parseQuantity(text: string): number {
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(text);
  const multiplier = SUFFIXES[parts?.[3] ?? ''];
  if (parts === null || multiplier === undefined) {
    throw new RangeError(
      `"${text}" is no quantity: a number with one of ${Object.keys(SUFFIXES).join(' ')} or an exponent`,
    );
  }
  return Number(`${parts[1]}${parts[2] ?? ''}`) * multiplier;
}

/** A number as a Kubernetes quantity: whole as it is, else rounded up to thousandths (`1500m`). */
export function formatQuantity(value: number): string {
  // The multiplication may leave dust in the last binary places, which must not become a thousandth.
  const thousandths = Math.ceil(Number((value * 1_000).toPrecision(15)));
  return thousandths % 1_000 === 0 ? String(thousandths / 1_000) : `${thousandths}m`;
}

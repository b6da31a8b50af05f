import { parseQuantity as readQuantity, QUANTITY_ALLOWED } from '../model/quantity.ts';

/**
 * The value of a quantity of a catalogue or a Pod: `400m` is 0.4, `2Gi` is 2147483648. Files were checked when
 * they were parsed; what is none here is a mistake of the caller.
 * @throws RangeError when the text is no quantity
 */
export function parseQuantity(text: string): number {
  const value = readQuantity(text);
  if (value === undefined) throw new RangeError(`"${text}" is no quantity: allowed is ${QUANTITY_ALLOWED}`);
  return value;
}

/** A number as a Kubernetes quantity: whole as it is, else rounded up to thousandths (`1500m`). */
export function formatQuantity(value: number): string {
  // The multiplication may leave dust in the last binary places, which must not become a thousandth.
  const thousandths = Math.ceil(Number((value * 1_000).toPrecision(15)));
  return thousandths % 1_000 === 0 ? String(thousandths / 1_000) : `${thousandths}m`;
}

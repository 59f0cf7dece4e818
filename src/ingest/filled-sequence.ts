import { multiply, parseDecimal } from '../domain/decimal.js';

/** Digits behind the point that are kept of a filled quantity, in the number that orders messages of one moment. */
const FILLED_PLACES = parseDecimal(`1${'0'.repeat(18)}`);

/**
 * The number of a message whose source numbers nothing: messages of one order and moment are in the order of how much of the
 * order was filled, since partial fills come several in a millisecond.
 */
export function sequenceOfFilled(filledQty: string | undefined): { readonly sequence?: string } {
  if (filledQty === undefined) return {};
  const { units, scale } = multiply(parseDecimal(filledQty), FILLED_PLACES);
  const sequence = String(units / 10n ** BigInt(scale));
  return sequence.length > 40 || units < 0n ? {} : { sequence };
}

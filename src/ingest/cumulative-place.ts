import { multiply, parseDecimal } from '../domain/decimal.js';
import type { Decimal } from '../domain/decimal.js';

/*
 * The source gives its messages no order, so they are put in one by what they say (docs/decisions/0009-cumulative-frames.md).
 */

/** How far an order's life has come, from what a cumulative message says. */
export interface LifeStage {
  /** Open orders come before those that are over; a message that changes trades (a broken one) comes last. */
  readonly phase: 'open' | 'over' | 'changed';
  readonly executed: Decimal;
  /** Paid so far. */
  readonly fees: Decimal;
  /** 0 to 9: of messages that are alike in all the rest. */
  readonly rank: number;
}

const PHASES = { open: 0n, over: 1n, changed: 2n } as const;
const QUANTITY_PLACES = parseDecimal('100000000');
const QUANTITY_DIGITS = 20;
const FEE_PLACES = parseDecimal('10000');
const FEE_DIGITS = 12;
const RANK_DIGITS = 1;
export const HIGHEST_RANK = 9;

/** A decimal as a whole number of so many digits, what is over at either end cut off. */
function scaled(value: Decimal, places: Decimal, digits: number): bigint {
  const { units, scale } = multiply(value, places);
  const whole = units / 10n ** BigInt(scale);
  const largest = 10n ** BigInt(digits) - 1n;
  return whole < 0n ? 0n : whole > largest ? largest : whole;
}

/**
 * A message's number among its order's: larger for a later phase, then for more executed (to 8 decimal places), then for more
 * fees (to 4), then for a higher rank. Whole-number text of at most 34 digits.
 */
export function placeInLife({ phase, executed, fees, rank }: LifeStage): string {
  const quantities = PHASES[phase] * 10n ** BigInt(QUANTITY_DIGITS) + scaled(executed, QUANTITY_PLACES, QUANTITY_DIGITS);
  const withFees = quantities * 10n ** BigInt(FEE_DIGITS) + scaled(fees, FEE_PLACES, FEE_DIGITS);
  return String(withFees * 10n ** BigInt(RANK_DIGITS) + BigInt(rank));
}

import { addQuantity, price, quantity, subtractQuantity, ZERO_QUANTITY } from '../amounts.js';
import type { MoneyJson, Price, Quantity } from '../amounts.js';
import type { ExecId, OrderId } from '../ids.js';
import type { ExecutionData, Side } from '../order/events.js';
import { addAmount, amount, amountOf, exactQuantity, isZeroAmount, negateAmount, negateQuantity, unit, worth, ZERO_AMOUNT } from './amount.js';
import type { Amount, Unit } from './amount.js';
import type { LedgerAccount } from './accounts.js';
import type { PostedInstrument } from './instrument.js';

/** What names a trade in the ledger. */
export interface TradeKey {
  readonly orderId: OrderId;
  readonly execId: ExecId;
}

/** The economic values of an execution. */
export interface Trade {
  /** As it was executed; sold is negative. */
  readonly quantity: Quantity;
  readonly price: Price;
  /** Paid is positive, a rebate negative. */
  readonly fees: readonly MoneyJson[];
  /** `YYYY-MM-DD`: what it realises is realised on this day. */
  readonly tradingDay: string;
}

/** One line of a posting. */
export interface Leg {
  readonly account: LedgerAccount;
  readonly unit: Unit;
  readonly amount: Amount;
}

const BUYS: Readonly<Record<Side, boolean>> = { buy: true, buy_minus: true, sell: false, sell_plus: false, sell_short: false, sell_short_exempt: false };

/** An execution as a trade of the ledger. */
export function tradeOf({ side, lastQty, lastPx, fees }: ExecutionData, tradingDay: string): Trade {
  const executed = quantity(lastQty);
  return { quantity: BUYS[side] ? executed : negateQuantity(executed), price: price(lastPx), fees, tradingDay };
}

/** Of a currency pair: what was paid in the base currency, and is not there to be held. */
function baseFee({ fees }: Trade, instrument: PostedInstrument): Quantity {
  if (instrument.kind !== 'currency_pair') return ZERO_QUANTITY;
  return fees.filter(({ currency }) => currency === instrument.unit).reduce((sum, fee) => addQuantity(sum, exactQuantity(fee.amount)), ZERO_QUANTITY);
}

/** What a trade adds to what its book holds: the executed quantity, less a fee in the base currency of a pair. */
export const heldQuantity = (trade: Trade, instrument: PostedInstrument): Quantity => subtractQuantity(trade.quantity, baseFee(trade, instrument));

const leg = (account: LedgerAccount, of: Unit, by: Amount): Leg[] => (isZeroAmount(by) ? [] : [{ account, unit: of, amount: by }]);

/**
 * The exchange: what was bought against what was paid, each in its own unit, with the trading account on the other side. A
 * fee in the base currency is an expense at the trade's own price.
 */
export function tradeLegs(trade: Trade, instrument: PostedInstrument): readonly Leg[] {
  const { kind, quote, multiplier } = instrument;
  const held = heldQuantity(trade, instrument);
  const [asset, otherSide] = kind === 'currency_pair' ? (['cash', 'trading'] as const) : (['instrument', 'instrument_trading'] as const);
  const exchanged = [...leg(asset, instrument.unit, amountOf(held)), ...leg(otherSide, instrument.unit, negateAmount(amountOf(held)))];
  if (kind === 'future') return exchanged;
  return [
    ...exchanged,
    ...leg('cash', quote, negateAmount(worth(trade.quantity, trade.price, multiplier))),
    ...leg('trading', quote, worth(held, trade.price, multiplier)),
    ...leg('fees', quote, worth(baseFee(trade, instrument), trade.price, multiplier)),
  ];
}

/** The fees that are no part of the exchange, a sum a currency, in the order in which they were reported. */
export function feeLegs({ fees }: Trade, instrument: PostedInstrument): readonly Leg[] {
  const sums = new Map<string, Amount>();
  for (const fee of fees) {
    if (instrument.kind === 'currency_pair' && fee.currency === instrument.unit) continue;
    sums.set(fee.currency, addAmount(sums.get(fee.currency) ?? ZERO_AMOUNT, amount(fee.amount)));
  }
  return [...sums].flatMap(([currency, sum]) => leg('fees', unit(currency), sum).concat(leg('cash', unit(currency), negateAmount(sum))));
}

/** A gain leaves the trading account (of a future: comes in as cash) and is a credit of realised P&L. A gain of nothing is posted too: it tells what was closed. */
export function realisedLegs(gain: Amount, instrument: PostedInstrument): readonly Leg[] {
  const isFuture = instrument.kind === 'future';
  const currency = isFuture ? instrument.settlement : instrument.quote;
  return [
    { account: isFuture ? 'cash' : 'trading', unit: currency, amount: gain },
    { account: 'realised_pnl', unit: currency, amount: negateAmount(gain) },
  ];
}

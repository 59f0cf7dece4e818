import { addNotional, price, priceTimesQuantity, quantity, subtractNotional, ZERO_NOTIONAL } from '../amounts.js';
import type { MoneyJson, Notional } from '../amounts.js';
import { formatDecimal, isZero, multiply, negate, parseDecimal } from '../decimal.js';
import type { DecimalString } from '../decimal.js';
import type { ExecutionData, Side } from '../order/events.js';
import type { CashFlow, MoneyByCurrency, PositionFill } from './state.js';

/*
 * The money that fills move, exact: what they brought in and cost, and the fees. Sums by currency, kept by differences, so that
 * they are the same whatever order the versions of the fills came in.
 */

export const NO_CASH_FLOW: CashFlow = { cash: new Map(), fees: new Map() };

export const notional = (text: DecimalString): Notional => parseDecimal(text) as Notional;
export const formatNotional = (amount: Notional): DecimalString => formatDecimal(amount);
export const negateNotional = (amount: Notional): Notional => negate(amount) as Notional;
export const timesMultiplier = (amount: Notional, multiplier: DecimalString): Notional => multiply(amount, parseDecimal(multiplier)) as Notional;

const BUYS: ReadonlySet<Side> = new Set<Side>(['buy', 'buy_minus']);

/** Price × quantity × multiplier: out for a buy, in for a sell. */
function cashOf({ side, lastPx, lastQty, instrument }: ExecutionData): Notional {
  const amount = timesMultiplier(priceTimesQuantity(price(lastPx), quantity(lastQty)), instrument.multiplier);
  return BUYS.has(side) ? negateNotional(amount) : amount;
}

function moved(sums: MoneyByCurrency, currency: string, change: (sum: Notional) => Notional): MoneyByCurrency {
  const sum = change(sums.get(currency) ?? ZERO_NOTIONAL);
  const after = new Map(sums);
  if (isZero(sum)) after.delete(currency);
  else after.set(currency, sum);
  return after;
}

function counted({ cash, fees }: CashFlow, { execution }: PositionFill, count: typeof addNotional): CashFlow {
  const add = (sums: MoneyByCurrency, currency: string, amount: Notional): MoneyByCurrency => moved(sums, currency, (sum) => count(sum, amount));
  return {
    cash: add(cash, execution.instrument.quoteCurrency, cashOf(execution)),
    fees: execution.fees.reduce((sums, fee) => add(sums, fee.currency, notional(fee.amount)), fees),
  };
}

/** The sums after a fill changed: `before` and `after` are given where they count. */
export function withFlow(flow: CashFlow, before: PositionFill | undefined, after: PositionFill | undefined): CashFlow {
  if (before === after) return flow;
  const less = before ? counted(flow, before, subtractNotional) : flow;
  return after ? counted(less, after, addNotional) : less;
}

export const addMoney = (a: MoneyByCurrency, b: MoneyByCurrency): MoneyByCurrency =>
  [...b].reduce((sums, [currency, amount]) => moved(sums, currency, (sum) => addNotional(sum, amount)), a);

/** The sum in one currency; undefined where there is money in another one too: they cannot be added. */
export function soleCurrency(sums: MoneyByCurrency, currency: string): Notional | undefined {
  if ([...sums.keys()].some((other) => other !== currency)) return undefined;
  return sums.get(currency) ?? ZERO_NOTIONAL;
}

/** The sums as a list, by currency. */
export const moneyList = (sums: MoneyByCurrency): MoneyJson[] =>
  [...sums].map(([currency, amount]) => ({ amount: formatNotional(amount), currency })).toSorted((a, b) => (a.currency < b.currency ? -1 : 1));

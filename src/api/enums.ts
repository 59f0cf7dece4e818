import type { SecurityType } from '../domain/instrument.js';
import type { CostMethod, LedgerAccount } from '../domain/ledger/accounts.js';
import type { Posting } from '../domain/ledger/entries.js';
import type { Environment, OrdStatus, OrdType, PositionEffect, Side, TimeInForce } from '../domain/order/events.js';
import type { ExecutionStatus } from '../domain/order/state.js';
import type { CloseReason, Direction, TargetKind } from '../domain/position/events.js';
import type { ProfitBasis } from '../domain/position/profit.js';
import type { CloseStatus, PositionStatus, TargetStatus } from '../domain/position/state.js';
import type { LedgerEnvironment } from '../projections/ledger/books.js';
import { builder } from './builder.js';

/**
 * A GraphQL enum whose names are the values in upper case: `sell_short` is SELL_SHORT. The compiler checks that `values`
 * names each value of the type once.
 */
function enumOf<Value extends string>(name: string, description: string, values: Readonly<Record<Value, true>>) {
  const isMember = (text: string): text is Value => Object.hasOwn(values, text);
  const members = Object.keys(values).filter((text) => isMember(text));
  return builder.enumType(name, { description, values: Object.fromEntries(members.map((value) => [value.toUpperCase(), { value }])) });
}

export const sideEnum = enumOf<Side>('Side', 'FIX 4.4 Side (tag 54).', { buy: true, sell: true, sell_short: true, sell_short_exempt: true, buy_minus: true, sell_plus: true });

export const ordTypeEnum = enumOf<OrdType>('OrdType', 'FIX 4.4 OrdType (tag 40).', {
  market: true,
  limit: true,
  stop: true,
  stop_limit: true,
  market_on_close: true,
  limit_on_close: true,
  pegged: true,
  trailing_stop: true,
  other: true,
});

export const timeInForceEnum = enumOf<TimeInForce>('TimeInForce', 'FIX 4.4 TimeInForce (tag 59).', {
  day: true,
  gtc: true,
  opg: true,
  ioc: true,
  fok: true,
  gtx: true,
  gtd: true,
  at_the_close: true,
});

export const ordStatusEnum = enumOf<OrdStatus>('OrdStatus', 'FIX 4.4 OrdStatus (tag 39), by the precedence of Appendix D.', {
  pending_new: true,
  new: true,
  partially_filled: true,
  filled: true,
  done_for_day: true,
  canceled: true,
  pending_cancel: true,
  stopped: true,
  rejected: true,
  suspended: true,
  calculated: true,
  expired: true,
  accepted_for_bidding: true,
  pending_replace: true,
});

export const environmentEnum = enumOf<Environment>('Environment', 'Real money or paper.', { live: true, paper: true });
export const positionEffectEnum = enumOf<PositionEffect>('PositionEffect', 'FIX PositionEffect (tag 77).', { open: true, close: true });
export const securityTypeEnum = enumOf<SecurityType>('SecurityType', 'What kind of instrument it is.', {
  equity: true,
  option: true,
  future: true,
  spot: true,
  forex: true,
  multileg: true,
  other: true,
});
export const executionStatusEnum = enumOf<ExecutionStatus>('ExecutionStatus', 'What became of a trade: its newest version counts, unless it was busted.', {
  live: true,
  corrected: true,
  busted: true,
});

export const directionEnum = enumOf<Direction>('Direction', 'Whether a position gains when the price rises (long) or falls.', { long: true, short: true });
export const positionStatusEnum = enumOf<PositionStatus>('PositionStatus', 'OVER_CLOSED: facts closed more than was open.', { open: true, closed: true, over_closed: true });
export const targetKindEnum = enumOf<TargetKind>('TargetKind', 'Takes a profit, or ends a loss.', { profit: true, stop_loss: true });
export const targetStatusEnum = enumOf<TargetStatus>('TargetStatus', 'ACTIVE and PARTIALLY_FILLED are unfilled: not wholly filled and not ended.', {
  active: true,
  partially_filled: true,
  filled: true,
  cancelled: true,
  rejected: true,
});
export const closeReasonEnum = enumOf<CloseReason>('CloseReason', 'Why a position is closed.', { expiry: true, manual: true, risk: true, strategy: true });
export const closeStatusEnum = enumOf<CloseStatus>('CloseStatus', 'REQUESTED waits for the end of the targets\' orders, SIZED has an order of its own; the others are how it ended.', {
  requested: true,
  sized: true,
  filled: true,
  cancelled: true,
  rejected: true,
  nothing_left: true,
});
export const profitBasisEnum = enumOf<ProfitBasis>('ProfitBasis', 'What the opening side of a realised profit was taken from.', {
  own_credit: true,
  position_credit: true,
  position_price: true,
  opening_fills: true,
});
export const parkedStatusEnum = enumOf<'parked' | 'taken_up'>('ParkedStatus', 'PARKED until its order appears.', { parked: true, taken_up: true });
export const quarantineStatusEnum = enumOf<'quarantined' | 'replayed'>('QuarantineStatus', 'QUARANTINED until it could be parsed after all.', { quarantined: true, replayed: true });

export const costMethodEnum = enumOf<CostMethod>('CostMethod', 'How the cost of what is closed is found.', { fifo: true, average: true });
export const ledgerAccountEnum = enumOf<LedgerAccount>('LedgerAccount', 'TRADING is the other side of every exchange of one unit for another: in money its balance is the cost of what is open. INSTRUMENT_TRADING is that of securities.', {
  cash: true,
  instrument: true,
  instrument_trading: true,
  trading: true,
  fees: true,
  realised_pnl: true,
});
export const ledgerEnvironmentEnum = enumOf<LedgerEnvironment>('LedgerEnvironment', 'UNKNOWN while no message has carried the terms of the order.', { live: true, paper: true, unknown: true });
export const postingKindEnum = enumOf<Posting['kind']>('PostingKind', 'What an entry is for.', { trade: true, fee: true, realised: true, reversal: true });

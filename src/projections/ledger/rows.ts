import { z } from 'zod';
import { formatPrice, formatQuantity, price, priceText } from '../../domain/amounts.js';
import type { Price } from '../../domain/amounts.js';
import { canonicalDecimal } from '../../domain/decimal.js';
import { execId, orderId } from '../../domain/ids.js';
import type { Instrument, SecurityType } from '../../domain/instrument.js';
import { amount, exactQuantity, formatAmount, worth } from '../../domain/ledger/amount.js';
import type { AverageCost } from '../../domain/ledger/average.js';
import type { BookEntry, Outcome, Posting } from '../../domain/ledger/entries.js';
import { postedInstrument } from '../../domain/ledger/instrument.js';
import type { Lot } from '../../domain/ledger/lots.js';
import type { Place } from '../../domain/ledger/place.js';
import type { TradeKey } from '../../domain/ledger/trade.js';
import { jsonCell } from '../projection.js';
import type { RowOf } from '../projection.js';
import type { BookEntryTable, BookTable, LotTable, PostingTable } from '../tables.js';
import type { Book, BookName } from './books.js';

/* The rows of the ledger as they are written, and those that its fold reads again. */

// Written

export function postingRow(posting: Posting, { tenantId, accountId, environment, instrument }: BookName, position: bigint): RowOf<PostingTable> {
  const { key, matched } = posting;
  return {
    order_id: key.orderId,
    exec_id: key.execId,
    entry: posting.entry,
    leg: posting.leg,
    kind: posting.kind,
    reverses_entry: posting.reverses ?? null,
    execution_version: posting.version,
    cost_method: posting.costMethod ?? null,
    account: posting.account,
    unit: posting.unit,
    amount: formatAmount(posting.amount),
    matched_order_id: matched?.opened?.orderId ?? null,
    matched_exec_id: matched?.opened?.execId ?? null,
    matched_qty: matched ? formatQuantity(matched.quantity) : null,
    tenant_id: tenantId,
    account_id: accountId,
    environment,
    symbol: instrument.symbol,
    occurred_at: posting.occurredAt,
    trading_day: posting.tradingDay,
    posted_position: position.toString(),
  };
}

export function bookRow({ bookId, tenantId, accountId, environment, instrument, state }: Book, position: bigint): RowOf<BookTable> {
  return {
    book_id: bookId,
    tenant_id: tenantId,
    account_id: accountId,
    environment,
    symbol: instrument.symbol,
    security_type: instrument.securityType,
    multiplier: instrument.multiplier,
    quote_currency: instrument.quoteCurrency,
    settlement_currency: instrument.settlementCurrency,
    quantity: formatQuantity(state.average.quantity),
    average_cost: formatAmount(state.average.cost),
    last_position: position.toString(),
  };
}

export function lotRow({ opened, place, quantity, price: at }: Lot, { bookId, tenantId, accountId, environment, instrument, posted }: BookName, position: bigint): RowOf<LotTable> {
  return {
    order_id: opened.orderId,
    exec_id: opened.execId,
    book_id: bookId,
    tenant_id: tenantId,
    account_id: accountId,
    environment,
    symbol: instrument.symbol,
    quantity: formatQuantity(quantity),
    price: formatPrice(at),
    cost: formatAmount(worth(quantity, at, posted.multiplier)),
    place_position: place.position.toString(),
    place_index: place.index,
    last_position: position.toString(),
  };
}

export function bookEntryRow(entry: BookEntry, bookId: string, position: bigint): RowOf<BookEntryTable> {
  const { key, place, trade, before } = entry;
  return {
    order_id: key.orderId,
    exec_id: key.execId,
    book_id: bookId,
    place_position: place.position.toString(),
    place_index: place.index,
    execution_version: entry.version,
    counts: entry.counts,
    quantity: formatQuantity(trade.quantity),
    price: formatPrice(trade.price),
    fees: jsonCell(trade.fees),
    occurred_at: entry.occurredAt,
    trading_day: trade.tradingDay,
    quantity_before: formatQuantity(before.quantity),
    average_cost_before: formatAmount(before.cost),
    standing: jsonCell(standingJson(entry)),
    entry_count: entry.entryCount,
    last_position: position.toString(),
  };
}

const standingJson = ({ outcome: { matches, closing }, numbers }: BookEntry): z.infer<typeof standingColumn> => ({
  matches: matches.map(({ opened, place, quantity, price: at }) => [opened.orderId, opened.execId, place.position.toString(), place.index, formatQuantity(quantity), formatPrice(at)]),
  closing: closing ? [formatQuantity(closing.quantity), formatAmount(closing.gain)] : null,
  numbers: [...numbers],
});

// Read again

const standingColumn = z.object({
  matches: z.array(z.tuple([z.string(), z.string(), z.string(), z.int(), z.string(), z.string()])),
  closing: z.tuple([z.string(), z.string()]).nullable(),
  numbers: z.array(z.int()),
});

const securityTypeColumn = z.enum(['equity', 'option', 'future', 'spot', 'forex', 'multileg', 'other']) satisfies z.ZodType<SecurityType>;

const feesColumn = z.array(z.object({ amount: z.string(), currency: z.string() }));

export const keyOf = (row: Pick<BookEntryTable, 'order_id' | 'exec_id'>): TradeKey => ({ orderId: orderId(row.order_id), execId: execId(row.exec_id) });
export const placeOf = (row: Pick<BookEntryTable, 'place_position' | 'place_index'>): Place => ({ position: BigInt(row.place_position), index: row.place_index });

/** Postgres keeps the zeros that a text came with; prices are written in canonical form. */
const priceOf = (text: string): Price => price(priceText(text));

function outcomeOf({ matches, closing }: z.infer<typeof standingColumn>): Outcome {
  return {
    matches: matches.map(([order, exec, position, index, quantity, at]) => ({
      opened: { orderId: orderId(order), execId: execId(exec) },
      place: { position: BigInt(position), index },
      quantity: exactQuantity(quantity),
      price: priceOf(at),
    })),
    closing: closing ? { quantity: exactQuantity(closing[0]), gain: amount(closing[1]) } : undefined,
  };
}

export function bookEntryOf(row: BookEntryTable): BookEntry {
  const standing = standingColumn.parse(row.standing);
  const fees = feesColumn.parse(row.fees).map((fee) => ({ amount: canonicalDecimal(fee.amount), currency: fee.currency }));
  return {
    key: keyOf(row),
    place: placeOf(row),
    version: row.execution_version,
    occurredAt: row.occurred_at,
    trade: { quantity: exactQuantity(row.quantity), price: priceOf(row.price), fees, tradingDay: row.trading_day },
    counts: row.counts,
    before: { quantity: exactQuantity(row.quantity_before), cost: amount(row.average_cost_before) },
    outcome: outcomeOf(standing),
    numbers: standing.numbers,
    entryCount: row.entry_count,
  };
}

export const lotOf = (row: Pick<LotTable, 'order_id' | 'exec_id' | 'quantity' | 'price' | 'place_position' | 'place_index'>): Lot => ({
  opened: keyOf(row),
  place: placeOf(row),
  quantity: exactQuantity(row.quantity),
  price: priceOf(row.price),
});

export const averageOf = (row: Pick<BookTable, 'quantity' | 'average_cost'>): AverageCost => ({ quantity: exactQuantity(row.quantity), cost: amount(row.average_cost) });

/** Which book a row is of. */
export function bookNameOf(row: BookTable): BookName {
  const instrument: Instrument = {
    symbol: row.symbol,
    securityType: securityTypeColumn.parse(row.security_type),
    multiplier: canonicalDecimal(row.multiplier),
    quoteCurrency: row.quote_currency,
    settlementCurrency: row.settlement_currency,
  };
  return { bookId: row.book_id, tenantId: row.tenant_id, accountId: row.account_id, environment: row.environment, instrument, posted: postedInstrument(instrument) };
}

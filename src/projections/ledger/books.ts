import type { BookState } from '../../domain/ledger/book.js';
import { postedInstrument } from '../../domain/ledger/instrument.js';
import type { PostedInstrument } from '../../domain/ledger/instrument.js';
import type { Instrument } from '../../domain/instrument.js';
import type { ExecutionData } from '../../domain/order/events.js';
import { sha256Hex } from '../../eventstore/digest.js';

/** Whose book it is. */
export interface BookOwner {
  readonly tenantId: string;
  readonly accountId: string;
  /** `live`, `paper`, or `unknown` while no message has carried the order's terms. */
  readonly environment: string;
}

/** Which book a trade belongs to. */
export interface BookName extends BookOwner {
  readonly bookId: string;
  readonly instrument: Instrument;
  readonly posted: PostedInstrument;
}

/** A book with what it holds now. */
export interface Book extends BookName {
  state: BookState;
}

/** One instrument in one account. What makes trades be posted otherwise makes another book. */
export function bookName(owner: BookOwner, instrument: Instrument): BookName {
  const { tenantId, accountId, environment } = owner;
  const { symbol, securityType, multiplier, quoteCurrency, settlementCurrency } = instrument;
  const bookId = sha256Hex(JSON.stringify([tenantId, accountId, environment, symbol, securityType, multiplier, quoteCurrency, settlementCurrency]));
  return { tenantId, accountId, environment, bookId, instrument, posted: postedInstrument(instrument) };
}

/** As Postgres holds text: the key of a row in memory is the key in the table. */
export function storable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- NUL is what is looked for: Postgres has no text with it.
  return /[\u0000\ud800-\udfff]/.test(text) ? Buffer.from(text.replaceAll('\u0000', '\ufffd')).toString() : text;
}


/** An execution whose names can be stored as they are. */
export function storableExecution(execution: ExecutionData): ExecutionData {
  const { instrument, fees } = execution;
  const { symbol, quoteCurrency, settlementCurrency } = instrument;
  return {
    ...execution,
    instrument: { ...instrument, symbol: storable(symbol), quoteCurrency: storable(quoteCurrency), settlementCurrency: storable(settlementCurrency) },
    fees: fees.map(({ amount, currency }) => ({ amount, currency: storable(currency) })),
  };
}

import type { BookState } from '../../domain/ledger/book.js';
import { postedInstrument } from '../../domain/ledger/instrument.js';
import type { PostedInstrument } from '../../domain/ledger/instrument.js';
import type { Instrument } from '../../domain/instrument.js';
import type { Environment } from '../../domain/order/events.js';
import { sha256Hex } from '../../eventstore/digest.js';

/** `unknown` while no message has carried the order's terms. */
export type LedgerEnvironment = Environment | 'unknown';

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

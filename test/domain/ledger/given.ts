import * as fc from 'fast-check';
import { addQuantity, priceText, quantityText, ZERO_QUANTITY } from '../../../src/domain/amounts.js';
import type { Quantity } from '../../../src/domain/amounts.js';
import { canonicalDecimal } from '../../../src/domain/decimal.js';
import { execId, orderId } from '../../../src/domain/ids.js';
import type { Instrument } from '../../../src/domain/instrument.js';
import type { CostMethod, LedgerAccount } from '../../../src/domain/ledger/accounts.js';
import { addAmount, formatAmount, worth, ZERO_AMOUNT } from '../../../src/domain/ledger/amount.js';
import type { Amount } from '../../../src/domain/ledger/amount.js';
import { changeBook, changeEntry, EMPTY_BOOK, keepsHoldings } from '../../../src/domain/ledger/book.js';
import type { BookChange, BookState, ChangedBook } from '../../../src/domain/ledger/book.js';
import type { BookEntry, Posting } from '../../../src/domain/ledger/entries.js';
import { postedInstrument } from '../../../src/domain/ledger/instrument.js';
import type { PostedInstrument } from '../../../src/domain/ledger/instrument.js';
import type { Lot } from '../../../src/domain/ledger/lots.js';
import { comparePlaces } from '../../../src/domain/ledger/place.js';
import { tradeOf } from '../../../src/domain/ledger/trade.js';
import type { TradeKey } from '../../../src/domain/ledger/trade.js';
import type { Side } from '../../../src/domain/order/events.js';
import { executionOf } from '../../support/events.js';

export const STOCK: Instrument = { symbol: 'ACME', securityType: 'equity', multiplier: canonicalDecimal('1'), quoteCurrency: 'USD', settlementCurrency: 'USD' };
export const OPTION: Instrument = { ...STOCK, symbol: 'ACME 261218C100', securityType: 'option', multiplier: canonicalDecimal('100') };
export const FUTURE: Instrument = { ...STOCK, symbol: 'ESZ6', securityType: 'future', multiplier: canonicalDecimal('50') };
export const SPOT: Instrument = { ...STOCK, symbol: 'BTC-USDT', securityType: 'spot', quoteCurrency: 'USDT', settlementCurrency: 'USDT' };

export interface GivenTrade {
  readonly side?: Side;
  readonly qty: string;
  readonly px: string;
  readonly fees?: readonly { readonly amount: string; readonly currency: string }[];
  readonly tradingDay?: string;
}

/** A book of one instrument, with all that was ever posted to it. */
export class TestBook {
  readonly instrument: PostedInstrument;
  readonly postings: Posting[] = [];
  readonly #entries = new Map<string, BookEntry>();
  state: BookState = EMPTY_BOOK;
  /** What is open, by the changes that were told. */
  readonly lots = new Map<string, Lot>();
  #places = 0;

  constructor(instrument: Instrument) {
    this.instrument = postedInstrument(instrument);
  }

  /** The entries in the order of the book. */
  get entries(): readonly BookEntry[] {
    return [...this.#entries.values()].toSorted((a, b) => comparePlaces(a.place, b.place));
  }

  /** Gives what this trade posted. */
  trade(exec: string, given: GivenTrade): readonly Posting[] {
    this.#places += 1;
    return this.#apply([changeOf(exec, this.#places, given)]);
  }

  /** The place of a trade that never was. */
  leavePlace(): void {
    this.#places += 1;
  }

  correct(exec: string, given: GivenTrade): readonly Posting[] {
    const former = this.#entry(exec);
    return this.#apply([{ ...former, version: former.version + 1, trade: traded(given) }]);
  }

  bust(exec: string): readonly Posting[] {
    const former = this.#entry(exec);
    return this.#apply([{ ...former, version: former.version + 1, counts: false }]);
  }

  /** As one change of all these trades at once. */
  change(changes: readonly BookChange[]): readonly Posting[] {
    return this.#apply(changes);
  }

  #entry(exec: string): BookEntry {
    const former = this.#entries.get(exec);
    if (!former) throw new Error(`there is no ${exec}`);
    return former;
  }

  #apply(changes: readonly BookChange[]): readonly Posting[] {
    const [change] = changes;
    const former = changes.length === 1 && change ? this.#entries.get(change.key.execId) : undefined;
    if (change && former && keepsHoldings(former, change, this.instrument)) {
      const { entries, postings } = changeEntry(former, change, this.instrument);
      return this.#keep({ state: this.state, entries, postings, lots: [] });
    }
    const first = changes.map(({ place }) => place).toSorted(comparePlaces)[0];
    const tail = first ? this.entries.filter(({ place }) => comparePlaces(place, first) >= 0) : [];
    return this.#keep(changeBook(this.state, tail, changes, this.instrument));
  }

  #keep({ state, entries, postings, lots }: ChangedBook): readonly Posting[] {
    for (const { opened, lot } of lots) {
      if (lot) this.lots.set(opened.execId, lot);
      else this.lots.delete(opened.execId);
    }
    this.state = state;
    for (const entry of entries) this.#entries.set(entry.key.execId, entry);
    this.postings.push(...postings);
    return postings;
  }
}

const keyOf = (exec: string): TradeKey => ({ orderId: orderId('order-1'), execId: execId(exec) });

const traded = ({ side = 'buy', qty, px, fees = [], tradingDay = '2026-11-20' }: GivenTrade) =>
  tradeOf(
    executionOf('any', { side, lastQty: quantityText(qty), lastPx: priceText(px), fees: fees.map(({ amount, currency }) => ({ amount: canonicalDecimal(amount), currency })) }),
    tradingDay,
  );

export const changeOf = (exec: string, place: number, given: GivenTrade): BookChange => ({
  key: keyOf(exec),
  place: { position: BigInt(place), index: 0 },
  version: 1,
  occurredAt: '2026-11-20T14:30:00Z',
  trade: traded(given),
  counts: true,
  entryCount: 0,
});

type Account = `${LedgerAccount} ${string}`;

/** Balances by account and unit under one cost method, those of zero left out. */
export function balances(postings: readonly Posting[], method: CostMethod): Record<Account, string> {
  const sums = new Map<Account, Amount>();
  for (const { account, unit, amount, costMethod } of postings) {
    if (costMethod !== undefined && costMethod !== method) continue;
    sums.set(`${account} ${unit}`, addAmount(sums.get(`${account} ${unit}`) ?? ZERO_AMOUNT, amount));
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, formatAmount(sum)] as const).filter(([, sum]) => sum !== '0'));
}

/** Sums by unit that are not zero: none in a ledger that is balanced. */
export function unbalanced(postings: readonly Posting[]): Record<string, string> {
  const sums = new Map<string, Amount>();
  for (const { unit, amount } of postings) sums.set(unit, addAmount(sums.get(unit) ?? ZERO_AMOUNT, amount));
  return Object.fromEntries([...sums].map(([name, sum]) => [name, formatAmount(sum)] as const).filter(([, sum]) => sum !== '0'));
}

/** `kind method account unit amount`, a line a leg; of what is matched the ExecID that opened it. */
export const lines = (postings: readonly Posting[]): string[] =>
  postings.map(({ key, entry, kind, reverses, costMethod, account, unit, amount, matched }) =>
    [`${key.execId}/${entry}`, kind, ...(reverses === undefined ? [] : [`of ${reverses}`]), ...(costMethod ? [costMethod] : []), account, unit, formatAmount(amount), ...(matched?.opened ? [`closes ${matched.opened.execId}`] : [])].join(' '),
  );

export const openQuantity = ({ lots }: BookState): Quantity => lots.toArray().reduce((sum, { quantity }) => addQuantity(sum, quantity), ZERO_QUANTITY);
export const openCost = ({ lots }: BookState, { multiplier }: PostedInstrument): Amount =>
  lots.toArray().reduce((sum, { quantity, price }) => addAmount(sum, worth(quantity, price, multiplier)), ZERO_AMOUNT);

// Random histories

export type Step =
  | { readonly kind: 'trade'; readonly exec: string; readonly trade: GivenTrade }
  | { readonly kind: 'correct'; readonly exec: string; readonly trade: GivenTrade }
  | { readonly kind: 'bust'; readonly exec: string };

const fee = fc.record({ amount: fc.constantFrom('0.35', '-0.1', '0.001', '1'), currency: fc.constantFrom('USD', 'USDT', 'BTC', 'BNB', 'ACME') });

const givenTrade: fc.Arbitrary<GivenTrade> = fc.record({
  side: fc.constantFrom<Side>('buy', 'sell', 'sell_short'),
  qty: fc.constantFrom('1', '2', '3', '7', '10', '0.5', '0.003', '0'),
  // One of them makes costs of more places than a share of a cost has.
  px: fc.constantFrom('10', '10.5', '11', '99.99', '0.000000000077', '0', '-3'),
  fees: fc.array(fee, { maxLength: 2 }),
  tradingDay: fc.constantFrom('2026-11-20', '2026-11-21'),
});

/** Trades, corrections and busts of them, in any order; a bust is final. */
export const histories: fc.Arbitrary<readonly Step[]> = fc.array(fc.record({ trade: givenTrade, kind: fc.constantFrom('trade', 'trade', 'trade', 'correct', 'bust'), pick: fc.nat() }), { maxLength: 25 }).map((drafts) => {
  const live: string[] = [];
  return drafts.map(({ trade, kind, pick }, index): Step => {
    const exec = live[pick % Math.max(1, live.length)];
    if (kind === 'trade' || exec === undefined) {
      live.push(`E${index}`);
      return { kind: 'trade', exec: `E${index}`, trade };
    }
    if (kind === 'bust') {
      live.splice(live.indexOf(exec), 1);
      return { kind: 'bust', exec };
    }
    return { kind: 'correct', exec, trade };
  });
});

export function play(book: TestBook, step: Step): readonly Posting[] {
  if (step.kind === 'bust') return book.bust(step.exec);
  return step.kind === 'trade' ? book.trade(step.exec, step.trade) : book.correct(step.exec, step.trade);
}

/** A fresh book of the trades that are left, in the order in which they first appeared. */
export function survivors(steps: readonly Step[], instrument: Instrument): TestBook {
  const left = new Map<string, GivenTrade>();
  for (const step of steps) {
    if (step.kind === 'bust') left.delete(step.exec);
    else left.set(step.exec, step.trade);
  }
  const book = new TestBook(instrument);
  for (const step of steps) {
    if (step.kind !== 'trade') continue;
    const trade = left.get(step.exec);
    if (trade) book.trade(step.exec, trade);
    else book.leavePlace();
  }
  return book;
}

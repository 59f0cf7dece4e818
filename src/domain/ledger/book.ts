import { addQuantity, compareQuantity, isZeroQuantity } from '../amounts.js';
import { isSameAmount, isSamePrice } from './amount.js';
import { NOTHING_HELD, tradeAverage } from './average.js';
import type { AverageCost } from './average.js';
import { NOTHING_CLOSED, restate } from './entries.js';
import type { BookEntry, Outcome, Posting, RestatedTrade } from './entries.js';
import { tradeLots } from './fifo.js';
import type { PostedInstrument } from './instrument.js';
import { LotQueue } from './lots.js';
import type { Lot } from './lots.js';
import { comparePlaces } from './place.js';
import { heldQuantity } from './trade.js';
import type { Trade, TradeKey } from './trade.js';

/*
 * A book: the trades of one instrument in one account. Its trades stand in the order in which they first appeared in the log,
 * and it is the fold of those that count. So after any busts and corrections its balances are those of a fresh ledger of what is left.
 */

/** What a book holds, by each cost method. */
export interface BookState {
  readonly lots: LotQueue;
  readonly average: AverageCost;
}

export const EMPTY_BOOK: BookState = { lots: LotQueue.empty, average: NOTHING_HELD };

/** A trade that is new (`entryCount` 0, unless it comes from another book), has other values now, or counts no more. */
export type BookChange = Omit<RestatedTrade, 'before'>;

/** What a lot is now; undefined where it is closed. */
interface LotChange {
  readonly opened: TradeKey;
  readonly lot: Lot | undefined;
}

export interface ChangedBook {
  readonly state: BookState;
  /** The entries that are not as they were, in the order of the book. */
  readonly entries: readonly BookEntry[];
  readonly postings: readonly Posting[];
  readonly lots: readonly LotChange[];
}

const nameOf = ({ orderId, execId }: TradeKey): string => `${orderId} ${execId}`;
const isSameKey = (a: TradeKey, b: TradeKey): boolean => a.orderId === b.orderId && a.execId === b.execId;

// One trade

interface Traded {
  readonly state: BookState;
  readonly outcome: Outcome;
  readonly opened: Lot | undefined;
}

function trade(before: BookState, { key, place, trade: of, counts }: Pick<BookEntry, 'key' | 'place' | 'trade' | 'counts'>, instrument: PostedInstrument): Traded {
  if (!counts) return { state: before, outcome: NOTHING_CLOSED, opened: undefined };
  const held = heldQuantity(of, instrument);
  const { lots, matches, opened } = tradeLots(before.lots, { opened: key, place, quantity: held, price: of.price });
  const { after, closing } = tradeAverage(before.average, held, of.price, instrument);
  return { state: { lots, average: after }, outcome: { matches, closing }, opened };
}

/** The lots that a trade at the end of the book changed: it closes from the front, so that only the first one left can be a part. */
function tradedLots({ outcome, opened, state }: Traded): LotChange[] {
  const { first } = state.lots;
  const closed = outcome.matches.map(({ opened: key }) => ({ opened: key, lot: first && isSameKey(first.opened, key) ? first : undefined }));
  return opened ? [...closed, { opened: opened.opened, lot: opened }] : closed;
}

// A part of the book anew

const isSameLot = (a: Lot, b: Lot | undefined): boolean => b !== undefined && isSameKey(a.opened, b.opened) && compareQuantity(a.quantity, b.quantity) === 0 && isSamePrice(a.price, b.price);

const isSameAverage = (a: AverageCost, b: AverageCost): boolean => compareQuantity(a.quantity, b.quantity) === 0 && isSameAmount(a.cost, b.cost);

function isSameState(a: BookState, b: BookState): boolean {
  if (!isSameAverage(a.average, b.average) || a.lots.size !== b.lots.size) return false;
  if (a.lots === b.lots) return true;
  const others = b.lots.toArray();
  return a.lots.toArray().every((lot, index) => isSameLot(lot, others[index]));
}

/** The lots that were open before the tail: what its trades closed of them comes back, what they opened goes. */
function lotsBefore(now: LotQueue, tail: readonly BookEntry[]): LotQueue {
  const inTail = new Set(tail.map(({ key }) => nameOf(key)));
  const lots = new Map<string, Lot>();
  // What the tail closed was opened before what it left, so this is their order.
  for (const lot of [...tail.flatMap(({ outcome }) => outcome.matches), ...now.toArray()]) {
    const name = nameOf(lot.opened);
    if (inTail.has(name)) continue;
    const known = lots.get(name);
    lots.set(name, known ? { ...known, quantity: addQuantity(known.quantity, lot.quantity) } : lot);
  }
  return LotQueue.of([...lots.values()].filter(({ quantity }) => !isZeroQuantity(quantity)));
}

function differentLots(before: LotQueue, after: LotQueue): LotChange[] {
  const gone = new Map(before.toArray().map((lot) => [nameOf(lot.opened), lot]));
  const changes: LotChange[] = [];
  for (const lot of after.toArray()) {
    const former = gone.get(nameOf(lot.opened));
    gone.delete(nameOf(lot.opened));
    if (!isSameLot(lot, former)) changes.push({ opened: lot.opened, lot });
  }
  return [...changes, ...[...gone.values()].map(({ opened }) => ({ opened, lot: undefined }))];
}

interface Item {
  readonly former: BookEntry | undefined;
  readonly change: BookChange | undefined;
}

const placeOf = ({ former, change }: Item) => (former ?? change)?.place ?? { position: 0n, index: 0 };

/** The tail with the changes in their places. */
function itemsOf(tail: readonly BookEntry[], changes: readonly BookChange[]): Item[] {
  const left = new Map(changes.map((change) => [nameOf(change.key), change]));
  const items: Item[] = tail.map((former) => {
    const change = left.get(nameOf(former.key));
    left.delete(nameOf(former.key));
    return { former, change };
  });
  return [...items, ...[...left.values()].map((change) => ({ former: undefined, change }))].toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)));
}

const restated = ({ former, change }: Item, before: AverageCost): RestatedTrade | undefined => {
  if (change) return { ...change, before };
  return former && { ...former, before };
};

/** Folds the book from the first change on, until it is what it was. */
function refold(state: BookState, tail: readonly BookEntry[], changes: readonly BookChange[], instrument: PostedInstrument): ChangedBook {
  const start: BookState = { lots: lotsBefore(state.lots, tail), average: tail[0]?.before ?? state.average };
  let [now, was, changesLeft] = [start, start, changes.length];
  const entries: BookEntry[] = [];
  const postings: Posting[] = [];
  for (const item of itemsOf(tail, changes)) {
    if (changesLeft === 0 && isSameState(now, was)) return { state, entries, postings, lots: [] };
    const wanted = restated(item, now.average);
    if (!wanted) continue;
    if (item.former) was = trade(was, item.former, instrument).state;
    if (item.change) changesLeft -= 1;
    const { state: after, outcome } = trade(now, wanted, instrument);
    const { entry, postings: posted } = restate(item.former, wanted, outcome, instrument);
    if (item.change || posted.length > 0 || !isSameAverage(entry.before, item.former?.before ?? NOTHING_HELD)) entries.push(entry);
    for (const posting of posted) postings.push(posting);
    now = after;
  }
  return { state: now, entries, postings, lots: differentLots(state.lots, now.lots) };
}

/**
 * Applies changes to a book that is now in `state`. `tail` is every entry of the book from the place of the first change on, in
 * the order of the book: empty where a new trade comes after all others, which then costs the same however long the book is.
 */
export function changeBook(state: BookState, tail: readonly BookEntry[], changes: readonly BookChange[], instrument: PostedInstrument): ChangedBook {
  const [change, ...others] = changes;
  if (!change) return { state, entries: [], postings: [], lots: [] };
  if (tail.length > 0 || others.length > 0) return refold(state, tail, changes, instrument);
  const traded = trade(state, change, instrument);
  const { entry, postings } = restate(undefined, { ...change, before: state.average }, traded.outcome, instrument);
  return { state: traded.state, entries: [entry], postings, lots: tradedLots(traded) };
}

/** Whether a change leaves all that other trades of the book depend on as it is: only its own entries then change. */
export const keepsHoldings = (former: BookEntry, change: Pick<BookChange, 'trade' | 'counts'>, instrument: PostedInstrument): boolean =>
  former.counts === change.counts && (!change.counts || isSameHolding(former.trade, change.trade, instrument));

const isSameHolding = (a: Trade, b: Trade, instrument: PostedInstrument): boolean =>
  compareQuantity(heldQuantity(a, instrument), heldQuantity(b, instrument)) === 0 && isSamePrice(a.price, b.price);

/** Applies a change that keeps the holdings: no other entry of the book is needed. */
export function changeEntry(former: BookEntry, change: BookChange, instrument: PostedInstrument): Pick<ChangedBook, 'entries' | 'postings'> {
  const { entry, postings } = restate(former, { ...change, before: former.before }, former.outcome, instrument);
  return { entries: [entry], postings };
}

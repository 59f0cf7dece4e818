import { compareQuantity } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import type { CostMethod } from './accounts.js';
import { isSameAmount, negateAmount, negateQuantity } from './amount.js';
import type { AverageClosing, AverageCost } from './average.js';
import { matchGain } from './fifo.js';
import type { PostedInstrument } from './instrument.js';
import type { Lot } from './lots.js';
import type { Place } from './place.js';
import { feeLegs, realisedLegs, tradeLegs } from './trade.js';
import type { Leg, Trade, TradeKey } from './trade.js';

/** What a trade closed, by each cost method. */
export interface Outcome {
  /** The lots or parts of them that it closed, first in, first out. */
  readonly matches: readonly Lot[];
  readonly closing: AverageClosing | undefined;
}

export const NOTHING_CLOSED: Outcome = { matches: [], closing: undefined };

/** A trade in its book, and the entries of it that stand. */
export interface BookEntry {
  readonly key: TradeKey;
  readonly place: Place;
  /** Of the execution. */
  readonly version: number;
  /** Market time of the version. */
  readonly occurredAt: string;
  readonly trade: Trade;
  /** Not once it was busted. */
  readonly counts: boolean;
  /** What the book held before it. */
  readonly before: AverageCost;
  readonly outcome: Outcome;
  /** The numbers of the entries that stand, in the order of `entriesOf`. */
  readonly numbers: readonly number[];
  /** Of all its entries, the reversed ones and the reversals included. */
  readonly entryCount: number;
}

/** Several legs that sum to zero in each unit. */
interface Entry {
  readonly kind: 'trade' | 'fee' | 'realised';
  /** Undefined where it belongs to both. */
  readonly costMethod: CostMethod | undefined;
  /** What was closed: of one lot, or at the average cost. */
  readonly matched: { readonly opened: TradeKey | undefined; readonly quantity: Quantity } | undefined;
  readonly tradingDay: string;
  readonly legs: readonly Leg[];
}

/** One leg of one entry. Written once and never again: what turns out to be wrong is reversed. */
export interface Posting extends Leg {
  readonly key: TradeKey;
  /** From 1, among the entries of this execution; a leg's number is among those of its entry. */
  readonly entry: number;
  readonly leg: number;
  readonly kind: Entry['kind'] | 'reversal';
  readonly reverses: number | undefined;
  readonly version: number;
  readonly occurredAt: string;
  readonly tradingDay: string;
  readonly costMethod: CostMethod | undefined;
  /** Of a reversal with the opposite sign, so that what stands is the sum. */
  readonly matched: Entry['matched'];
}

/** The entries of a trade that counts, in the order in which they are numbered. */
function entriesOf(trade: Trade, outcome: Outcome, instrument: PostedInstrument): readonly Entry[] {
  const { tradingDay } = trade;
  const { matches, closing } = outcome;
  const shared = { costMethod: undefined, matched: undefined, tradingDay } as const;
  const entries: Entry[] = [
    { kind: 'trade', ...shared, legs: tradeLegs(trade, instrument) },
    { kind: 'fee', ...shared, legs: feeLegs(trade, instrument) },
  ];
  for (const match of matches) {
    const matched = { opened: match.opened, quantity: match.quantity };
    entries.push({ kind: 'realised', costMethod: 'fifo', matched, tradingDay, legs: realisedLegs(matchGain(match, trade.price, instrument), instrument) });
  }
  if (closing) {
    const matched = { opened: undefined, quantity: closing.quantity };
    entries.push({ kind: 'realised', costMethod: 'average', matched, tradingDay, legs: realisedLegs(closing.gain, instrument) });
  }
  return entries.filter(({ legs }) => legs.length > 0);
}

const isSameLeg = (a: Leg, b: Leg | undefined): boolean => b !== undefined && a.account === b.account && a.unit === b.unit && isSameAmount(a.amount, b.amount);

/** What two entries have in common that can only be one of a trade's: its exchange, its fees, its match with one lot. */
const identityOf = ({ kind, costMethod, matched }: Entry): string => JSON.stringify([kind, costMethod, matched?.opened?.orderId, matched?.opened?.execId]);

function isSameEntry(a: Entry, b: Entry): boolean {
  const isSameMatch = a.matched === undefined || b.matched === undefined || compareQuantity(a.matched.quantity, b.matched.quantity) === 0;
  return isSameMatch && a.tradingDay === b.tradingDay && a.legs.length === b.legs.length && a.legs.every((leg, index) => isSameLeg(leg, b.legs[index]));
}

type Numbered = Pick<BookEntry, 'key' | 'version' | 'occurredAt'>;

const postingsOf = ({ key, version, occurredAt }: Numbered, number: number, { kind, costMethod, matched, tradingDay, legs }: Entry): Posting[] =>
  // Written out: the spread of a leg took a third of the time that an import spends in the ledger.
  legs.map(({ account, unit, amount }, index) => ({
    key,
    entry: number,
    leg: index + 1,
    account,
    unit,
    amount,
    kind,
    reverses: undefined,
    version,
    occurredAt,
    tradingDay,
    costMethod,
    matched,
  }));

const reversalOf = (posting: Posting, entry: number, reverses: number): Posting => ({
  ...posting,
  entry,
  kind: 'reversal',
  reverses,
  amount: negateAmount(posting.amount),
  matched: posting.matched && { ...posting.matched, quantity: negateQuantity(posting.matched.quantity) },
});

/** What a trade comes to now: as `BookEntry`, without its entries. */
export type RestatedTrade = Omit<BookEntry, 'outcome' | 'numbers'>;

/**
 * Brings the entries of a trade from what they were (`former`, undefined for a new one) to what it comes to now: what stands
 * and is no longer so is reversed, then what is new is posted; what did not change is not touched.
 */
export function restate(former: BookEntry | undefined, now: RestatedTrade, outcome: Outcome, instrument: PostedInstrument): { readonly entry: BookEntry; readonly postings: readonly Posting[] } {
  const standing = former?.counts === true ? entriesOf(former.trade, former.outcome, instrument) : [];
  const wanted = now.counts ? entriesOf(now.trade, outcome, instrument) : [];
  const known = new Map(standing.map((entry, index) => [identityOf(entry), { entry, number: former?.numbers[index] ?? 0 }]));
  const kept = new Map<Entry, number>();
  for (const entry of wanted) {
    const identity = known.size === 0 ? '' : identityOf(entry);
    const same = known.get(identity);
    if (!same || !isSameEntry(same.entry, entry)) continue;
    kept.set(entry, same.number);
    known.delete(identity);
  }
  let { entryCount } = now;
  const postings: Posting[] = [];
  for (const { entry, number } of known.values()) {
    entryCount += 1;
    for (const posting of postingsOf(now, number, entry)) postings.push(reversalOf(posting, entryCount, number));
  }
  const numbers = wanted.map((entry) => {
    const number = kept.get(entry);
    if (number !== undefined) return number;
    entryCount += 1;
    postings.push(...postingsOf(now, entryCount, entry));
    return entryCount;
  });
  return { entry: { ...now, outcome: now.counts ? outcome : NOTHING_CLOSED, numbers, entryCount }, postings };
}

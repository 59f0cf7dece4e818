import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addQuantity, formatQuantity, ZERO_QUANTITY } from '../../../src/domain/amounts.js';
import type { Quantity } from '../../../src/domain/amounts.js';
import type { Instrument } from '../../../src/domain/instrument.js';
import { addAmount, formatAmount, negateAmount, negateQuantity, ZERO_AMOUNT } from '../../../src/domain/ledger/amount.js';
import type { Amount } from '../../../src/domain/ledger/amount.js';
import { EMPTY_BOOK, changeBook } from '../../../src/domain/ledger/book.js';
import type { BookEntry, Posting } from '../../../src/domain/ledger/entries.js';
import { comparePlaces } from '../../../src/domain/ledger/place.js';
import { balances, changeOf, FUTURE, histories, openCost, openQuantity, OPTION, play, SPOT, STOCK, survivors, TestBook, unbalanced } from './given.js';
import type { Step } from './given.js';

const instruments = fc.constantFrom<Instrument>(STOCK, OPTION, FUTURE, SPOT);
const RUNS = { numRuns: 400 };

const played = (steps: readonly Step[], instrument: Instrument): TestBook => {
  const book = new TestBook(instrument);
  for (const step of steps) play(book, step);
  return book;
};

const sum = (postings: readonly Posting[], matches: (posting: Posting) => boolean): Amount => postings.filter(matches).reduce((total, { amount }) => addAmount(total, amount), ZERO_AMOUNT);

/** What stands of a book, without the numbers that its history left. */
const standing = ({ entries }: TestBook): unknown =>
  entries.filter(({ counts }) => counts).map(({ key, trade, before, outcome, numbers }: BookEntry) => ({ key, trade, before, outcome, standing: numbers.length }));

describe('any trades, corrections and busts of a book', () => {
  it('post entries that sum to zero in each unit, by cost method too, so that any beginning of the ledger does', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const book = played(steps, instrument);
        const entries = new Map<string, Posting[]>();
        for (const posting of book.postings) {
          const name = `${posting.key.execId} ${posting.entry}`;
          entries.set(name, [...(entries.get(name) ?? []), posting]);
        }
        for (const postings of entries.values()) {
          expect(unbalanced(postings)).toEqual({});
          expect(new Set(postings.map(({ costMethod }) => costMethod)).size).toBe(1);
          expect(postings.map(({ leg }) => leg)).toEqual(postings.map((_, index) => index + 1));
        }
      }),
      RUNS,
    );
  });

  it('number the entries of an execution 1, 2, …, and reverse each at most once, leg by leg', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const book = played(steps, instrument);
        for (const { key, entryCount, numbers } of book.entries) {
          const own = book.postings.filter((posting) => posting.key.execId === key.execId);
          expect([...new Set(own.map(({ entry }) => entry))]).toEqual(Array.from({ length: entryCount }, (_, index) => index + 1));
          const reversals = new Set(own.filter(({ kind }) => kind === 'reversal').map(({ entry, reverses }) => `${entry} of ${reverses}`));
          const reversed = [...reversals].map((text) => Number(text.split(' of ')[1]));
          expect(new Set(reversed).size).toBe(reversed.length);
          for (const number of reversed) {
            const legs = own.filter(({ entry, reverses }) => entry === number || reverses === number);
            expect(balances(legs, 'fifo')).toEqual({});
            expect(balances(legs, 'average')).toEqual({});
            expect(new Set(legs.map(({ tradingDay }) => tradingDay)).size).toBe(1);
          }
          const posted = new Set(own.filter(({ kind, entry }) => kind !== 'reversal' && !reversed.includes(entry)).map(({ entry }) => entry));
          expect(new Set(numbers)).toEqual(posted);
        }
      }),
      RUNS,
    );
  });

  it('hold in lots and in the average what the account of the instrument says', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const book = played(steps, instrument);
        const account = instrument === SPOT ? 'cash' : 'instrument';
        // A fee in the unit of a security's own symbol is cash, not part of the holding.
        const held = sum(book.postings, ({ account: name, unit, kind }) => name === account && unit === book.instrument.unit && kind !== 'fee');
        expect(formatQuantity(openQuantity(book.state))).toBe(formatAmount(held));
        expect(formatQuantity(book.state.average.quantity)).toBe(formatAmount(held));
      }),
      RUNS,
    );
  });

  it('tell of every lot that changed', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const book = played(steps, instrument);
        expect([...book.lots.values()].toSorted((a, b) => comparePlaces(a.place, b.place))).toEqual(book.state.lots.toArray());
      }),
      RUNS,
    );
  });

  it('leave the cost of what is open in the trading account, by each method, and nothing where nothing is open', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom<Instrument>(STOCK, OPTION, SPOT), (steps, instrument) => {
        const book = played(steps, instrument);
        const name = `trading ${instrument.quoteCurrency}` as const;
        expect(balances(book.postings, 'fifo')[name] ?? '0').toBe(formatAmount(openCost(book.state, book.instrument)));
        expect(balances(book.postings, 'average')[name] ?? '0').toBe(formatAmount(book.state.average.cost));
        const isOpen = openQuantity(book.state).units !== 0n;
        expect(isOpen || book.state.average.cost.units === 0n).toBe(true);
      }),
      RUNS,
    );
  });

  it('realise and keep open the same in all by either method: what was paid for the trades', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom<Instrument>(STOCK, OPTION), (steps, instrument) => {
        const book = played(steps, instrument);
        const paid = negateAmount(sum(book.postings, ({ account, unit, costMethod, kind }) => account === 'cash' && unit === 'USD' && costMethod === undefined && kind === 'trade'));
        const standingPaid = addAmount(paid, negateAmount(sum(book.postings, ({ account, kind, reverses, key }) => account === 'cash' && kind === 'reversal' && isOfTrade(book, key.execId, reverses))));
        const open = { fifo: openCost(book.state, book.instrument), average: book.state.average.cost };
        for (const method of ['fifo', 'average'] as const) {
          const gain = negateAmount(sum(book.postings, ({ account, costMethod }) => account === 'realised_pnl' && costMethod === method));
          expect(formatAmount(addAmount(open[method], negateAmount(gain)))).toBe(formatAmount(standingPaid));
        }
      }),
      RUNS,
    );
  });

  it('realise on futures the same in all by either method once nothing is open, and pay it in cash', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const book = played(steps, FUTURE);
        for (const method of ['fifo', 'average'] as const) {
          const all = balances(book.postings.filter(({ kind, costMethod }) => kind !== 'fee' && costMethod !== undefined), method);
          expect(all['trading USD']).toBeUndefined();
          expect(addAmount(sum(book.postings, ({ account, costMethod }) => account === 'cash' && costMethod === method), sum(book.postings, ({ account, costMethod }) => account === 'realised_pnl' && costMethod === method))).toEqual(ZERO_AMOUNT);
        }
      }),
      RUNS,
    );
  });

  it('come to what a fresh ledger of the surviving trades comes to: balances, lots and what stands of every trade', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const [book, fresh] = [played(steps, instrument), survivors(steps, instrument)];
        for (const method of ['fifo', 'average'] as const) {
          expect(balances(book.postings, method)).toEqual(balances(fresh.postings, method));
          for (const day of ['2026-11-20', '2026-11-21']) {
            const ofDay = ({ tradingDay }: Posting): boolean => tradingDay === day;
            expect(balances(book.postings.filter(ofDay), method)).toEqual(balances(fresh.postings.filter(ofDay), method));
          }
        }
        expect(book.state.lots.toArray()).toEqual(fresh.state.lots.toArray());
        expect(book.state.average).toEqual(fresh.state.average);
        expect(standing(book)).toEqual(standing(fresh));
      }),
      RUNS,
    );
  });

  it('say in what is matched, in sum, what every trade closed', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const book = played(steps, instrument);
        const closed = new Map<string, Quantity>();
        const add = (name: string, by: Quantity): unknown => closed.set(name, addQuantity(closed.get(name) ?? ZERO_QUANTITY, by));
        for (const { key, leg, matched } of book.postings) {
          if (matched && leg === 1) add(`${key.execId} closes ${matched.opened?.execId}`, matched.quantity);
        }
        for (const { key, outcome } of book.entries) {
          for (const { opened, quantity } of outcome.matches) add(`${key.execId} closes ${opened.execId}`, negateQuantity(quantity));
          if (outcome.closing) add(`${key.execId} closes undefined`, negateQuantity(outcome.closing.quantity));
        }
        expect([...closed.values()].filter(({ units }) => units !== 0n)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('touch nothing that does not change: what stands after a change and stood before it keeps its number', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const book = new TestBook(instrument);
        for (const step of steps) {
          const before = new Map(book.entries.map((entry) => [entry.key.execId, entry]));
          const posted = play(book, step);
          for (const entry of book.entries) {
            const former = before.get(entry.key.execId);
            if (former === undefined || former === entry) continue;
            const reversals = posted.filter(({ key, kind }) => key.execId === entry.key.execId && kind === 'reversal');
            for (const { reverses, amount, account, costMethod, matched } of reversals) {
              // No new entry says the same as the reversed one.
              const again = posted.filter((one) => one.key.execId === entry.key.execId && one.kind !== 'reversal' && one.costMethod === costMethod && one.account === account);
              const isSame = again.some((one) => formatAmount(one.amount) === formatAmount(negateAmount(amount)) && one.matched?.opened?.execId === matched?.opened?.execId && one.matched?.quantity.units === matched?.quantity.units && one.tradingDay === former.trade.tradingDay);
              expect([reverses, isSame && costMethod !== undefined]).toEqual([reverses, false]);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('come to the same one by one and all at once', () => {
    fc.assert(
      fc.property(histories, instruments, (steps, instrument) => {
        const trades = steps.flatMap((step) => (step.kind === 'trade' ? [step] : []));
        const [one, all] = [new TestBook(instrument), new TestBook(instrument)];
        for (const step of trades) play(one, step);
        all.change(trades.map(({ exec, trade }, index) => changeOf(exec, index + 1, trade)));
        expect(standing(all)).toEqual(standing(one));
        expect(all.state.lots.toArray()).toEqual(one.state.lots.toArray());
        expect(all.postings).toEqual(one.postings);
      }),
      RUNS,
    );
  });
});

const isOfTrade = (book: TestBook, exec: string, number: number | undefined): boolean => book.postings.some(({ key, entry, kind }) => key.execId === exec && entry === number && kind === 'trade');

describe('no change', () => {
  it('posts nothing', () => {
    expect(changeBook(EMPTY_BOOK, [], [], new TestBook(STOCK).instrument)).toEqual({ state: EMPTY_BOOK, entries: [], postings: [], lots: [] });
  });
});

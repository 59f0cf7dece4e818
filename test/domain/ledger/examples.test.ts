import { describe, expect, it } from 'vitest';
import { formatPrice, formatQuantity } from '../../../src/domain/amounts.js';
import { formatAmount } from '../../../src/domain/ledger/amount.js';
import { balances, FUTURE, lines, openQuantity, OPTION, SPOT, STOCK, TestBook } from './given.js';

/* The examples of docs/ledger.md, with its numbers. */

const both = (book: TestBook): unknown[] => (['fifo', 'average'] as const).map((method) => balances(book.postings, method));

describe('a stock, long', () => {
  it('given 10 at 10 and 10 at 12, when 15 are sold at 13, then the first lot goes first, or three quarters of the cost', () => {
    const book = new TestBook(STOCK);
    expect(lines(book.trade('B1', { qty: '10', px: '10', fees: [{ amount: '0.35', currency: 'USD' }] }))).toEqual([
      'B1/1 trade instrument ACME 10',
      'B1/1 trade instrument_trading ACME -10',
      'B1/1 trade cash USD -100',
      'B1/1 trade trading USD 100',
      'B1/2 fee fees USD 0.35',
      'B1/2 fee cash USD -0.35',
    ]);
    book.trade('B2', { qty: '10', px: '12' });
    expect(lines(book.trade('S1', { side: 'sell', qty: '15', px: '13' }))).toEqual([
      'S1/1 trade instrument ACME -15',
      'S1/1 trade instrument_trading ACME 15',
      'S1/1 trade cash USD 195',
      'S1/1 trade trading USD -195',
      'S1/2 realised fifo trading USD 30 closes B1',
      'S1/2 realised fifo realised_pnl USD -30 closes B1',
      'S1/3 realised fifo trading USD 5 closes B2',
      'S1/3 realised fifo realised_pnl USD -5 closes B2',
      'S1/4 realised average trading USD 30',
      'S1/4 realised average realised_pnl USD -30',
    ]);
    const shared = { 'instrument ACME': '5', 'instrument_trading ACME': '-5', 'cash USD': '-25.35', 'fees USD': '0.35' };
    expect(both(book)).toEqual([
      { ...shared, 'trading USD': '60', 'realised_pnl USD': '-35' },
      { ...shared, 'trading USD': '55', 'realised_pnl USD': '-30' },
    ]);
  });

  it('given more sold than is held, when it crosses zero, then the rest opens a short lot at its own price', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '10', px: '10' });
    book.trade('S1', { side: 'sell', qty: '15', px: '13' });
    expect(book.state.lots.toArray().map(({ opened, quantity, price }) => [opened.execId, formatQuantity(quantity), formatPrice(price)])).toEqual([['S1', '-5', '13']]);
    const expected = { 'instrument ACME': '-5', 'instrument_trading ACME': '5', 'cash USD': '95', 'trading USD': '-65', 'realised_pnl USD': '-30' };
    expect(both(book)).toEqual([expected, expected]);
  });

  it('given an ETF whose symbol is the code of its currency, then what is held and what it cost are two balances', () => {
    const book = new TestBook({ ...STOCK, symbol: 'USD' }).trade('B1', { qty: '10', px: '80' });
    expect(balances(book, 'fifo')).toEqual({ 'instrument USD': '10', 'instrument_trading USD': '-10', 'cash USD': '-800', 'trading USD': '800' });
  });
});

describe('fees', () => {
  it('given several, of which some are rebates, when they are posted, then a sum a currency, and nothing where that is zero', () => {
    const fees = [
      { amount: '0.35', currency: 'USD' },
      { amount: '0.2', currency: 'EUR' },
      { amount: '-0.1', currency: 'USD' },
      { amount: '-0.2', currency: 'EUR' },
    ];
    expect(balances(new TestBook(STOCK).trade('B1', { qty: '1', px: '0', fees }), 'fifo')).toEqual({ 'instrument ACME': '1', 'instrument_trading ACME': '-1', 'fees USD': '0.25', 'cash USD': '-0.25' });
  });
});

describe('a stock, short', () => {
  it('given 10 sold short at 50, when 4 are bought back at 45, then 20 are gained and 6 stay short at 50', () => {
    const book = new TestBook(STOCK);
    book.trade('S1', { side: 'sell_short', qty: '10', px: '50' });
    book.trade('B1', { qty: '4', px: '45' });
    const expected = { 'instrument ACME': '-6', 'instrument_trading ACME': '6', 'cash USD': '320', 'trading USD': '-300', 'realised_pnl USD': '-20' };
    expect(both(book)).toEqual([expected, expected]);
  });
});

describe('an option with multiplier 100', () => {
  it('given 2 contracts sold at 1.50, when 1 is bought back at 0.60, then 90 are gained', () => {
    const book = new TestBook(OPTION);
    book.trade('S1', { side: 'sell', qty: '2', px: '1.50' });
    expect(lines(book.trade('B1', { qty: '1', px: '0.60', fees: [{ amount: '0.65', currency: 'USD' }] }))).toEqual([
      'B1/1 trade instrument ACME 261218C100 1',
      'B1/1 trade instrument_trading ACME 261218C100 -1',
      'B1/1 trade cash USD -60',
      'B1/1 trade trading USD 60',
      'B1/2 fee fees USD 0.65',
      'B1/2 fee cash USD -0.65',
      'B1/3 realised fifo trading USD 90 closes S1',
      'B1/3 realised fifo realised_pnl USD -90 closes S1',
      'B1/4 realised average trading USD 90',
      'B1/4 realised average realised_pnl USD -90',
    ]);
    const expected = { 'instrument ACME 261218C100': '-1', 'instrument_trading ACME 261218C100': '1', 'cash USD': '239.35', 'fees USD': '0.65', 'trading USD': '-150', 'realised_pnl USD': '-90' };
    expect(both(book)).toEqual([expected, expected]);
  });
});

describe('a future', () => {
  it('given 2 bought at 5000 and 5010, when 3 are sold at 5020, then only what is realised moves cash', () => {
    const book = new TestBook(FUTURE);
    expect(lines(book.trade('B1', { qty: '2', px: '5000' }))).toEqual(['B1/1 trade instrument ESZ6 2', 'B1/1 trade instrument_trading ESZ6 -2']);
    book.trade('B2', { qty: '2', px: '5010' });
    expect(lines(book.trade('S1', { side: 'sell', qty: '3', px: '5020' }))).toEqual([
      'S1/1 trade instrument ESZ6 -3',
      'S1/1 trade instrument_trading ESZ6 3',
      'S1/2 realised fifo cash USD 2000 closes B1',
      'S1/2 realised fifo realised_pnl USD -2000 closes B1',
      'S1/3 realised fifo cash USD 500 closes B2',
      'S1/3 realised fifo realised_pnl USD -500 closes B2',
      'S1/4 realised average cash USD 2250',
      'S1/4 realised average realised_pnl USD -2250',
    ]);
    const shared = { 'instrument ESZ6': '1', 'instrument_trading ESZ6': '-1' };
    expect(both(book)).toEqual([
      { ...shared, 'cash USD': '2500', 'realised_pnl USD': '-2500' },
      { ...shared, 'cash USD': '2250', 'realised_pnl USD': '-2250' },
    ]);
  });
});

describe('a future that is settled in another currency', () => {
  it('given a gain, when it is realised, then it is cash in the settlement currency', () => {
    const book = new TestBook({ ...FUTURE, settlementCurrency: 'EUR' });
    book.trade('B1', { qty: '1', px: '10' });
    book.trade('S1', { side: 'sell', qty: '1', px: '11' });
    expect(both(book)).toEqual([{ 'cash EUR': '50', 'realised_pnl EUR': '-50' }, { 'cash EUR': '50', 'realised_pnl EUR': '-50' }]);
  });
});

describe('spot', () => {
  it('given a fee in the base currency, when 1 BTC is bought at 50000, then what is held is less, and the fee is an expense at that price', () => {
    const book = new TestBook(SPOT);
    expect(lines(book.trade('B1', { qty: '1', px: '50000', fees: [{ amount: '0.001', currency: 'BTC' }] }))).toEqual([
      'B1/1 trade cash BTC 0.999',
      'B1/1 trade trading BTC -0.999',
      'B1/1 trade cash USDT -50000',
      'B1/1 trade trading USDT 49950',
      'B1/1 trade fees USDT 50',
    ]);
    book.trade('S1', { side: 'sell', qty: '0.999', px: '51000' });
    const expected = { 'cash USDT': '949', 'fees USDT': '50', 'realised_pnl USDT': '-999' };
    expect(both(book)).toEqual([expected, expected]);
    expect(formatQuantity(openQuantity(book.state))).toBe('0');
  });

  it('given a fee in a third currency, when 1 BTC is bought, then it is an expense in that currency', () => {
    const book = new TestBook(SPOT);
    expect(lines(book.trade('B1', { qty: '1', px: '50000', fees: [{ amount: '0.02', currency: 'BNB' }] }))).toEqual([
      'B1/1 trade cash BTC 1',
      'B1/1 trade trading BTC -1',
      'B1/1 trade cash USDT -50000',
      'B1/1 trade trading USDT 50000',
      'B1/2 fee fees BNB 0.02',
      'B1/2 fee cash BNB -0.02',
    ]);
  });

  it.each([
    ['BTCUSDT', 'cash BTC'],
    ['BTC-USDT', 'cash BTC'],
    ['BTC/USDT', 'cash BTC'],
    ['XBT', 'instrument XBT'],
    ['USDT', 'instrument USDT'],
  ])('given the symbol %s, then what is bought is held as %s', (symbol, held) => {
    const book = new TestBook({ ...SPOT, symbol });
    book.trade('B1', { qty: '1', px: '2' });
    expect(balances(book.postings, 'fifo')).toMatchObject({ [held]: '1' });
  });
});

describe('a bust', () => {
  it('given an opening trade that was matched, when it is busted, then its match is reversed and made anew with what is left', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '10', px: '10' });
    book.trade('B2', { qty: '10', px: '12' });
    book.trade('S1', { side: 'sell', qty: '10', px: '13' });
    expect(lines(book.bust('B1'))).toEqual([
      'B1/2 reversal of 1 instrument ACME -10',
      'B1/2 reversal of 1 instrument_trading ACME 10',
      'B1/2 reversal of 1 cash USD 100',
      'B1/2 reversal of 1 trading USD -100',
      'S1/4 reversal of 2 fifo trading USD -30 closes B1',
      'S1/4 reversal of 2 fifo realised_pnl USD 30 closes B1',
      'S1/5 reversal of 3 average trading USD -20',
      'S1/5 reversal of 3 average realised_pnl USD 20',
      'S1/6 realised fifo trading USD 10 closes B2',
      'S1/6 realised fifo realised_pnl USD -10 closes B2',
      'S1/7 realised average trading USD 10',
      'S1/7 realised average realised_pnl USD -10',
    ]);
    const expected = { 'cash USD': '10', 'realised_pnl USD': '-10' };
    expect(both(book)).toEqual([expected, expected]);
  });

  it('given a book that was flat in between, when a trade before that is corrected, then what came after is left alone', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '10', px: '10' });
    book.trade('S1', { side: 'sell', qty: '10', px: '11' });
    book.trade('B2', { qty: '5', px: '20' });
    book.trade('S2', { side: 'sell', qty: '5', px: '21' });
    const { state } = book;
    const posted = book.correct('B1', { qty: '10', px: '10.5' });
    expect(new Set(posted.map(({ key }) => key.execId))).toEqual(new Set(['B1', 'S1']));
    // It stopped where the book held again what it had held.
    expect(book.state).toBe(state);
  });
});

describe('a correction', () => {
  it('given a trade that was matched, when its price is corrected, then its exchange and its match are reversed and posted anew', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '10', px: '10', fees: [{ amount: '1', currency: 'USD' }] });
    book.trade('S1', { side: 'sell', qty: '10', px: '13' });
    expect(lines(book.correct('B1', { qty: '10', px: '11', fees: [{ amount: '1', currency: 'USD' }] }))).toEqual([
      'B1/3 reversal of 1 instrument ACME -10',
      'B1/3 reversal of 1 instrument_trading ACME 10',
      'B1/3 reversal of 1 cash USD 100',
      'B1/3 reversal of 1 trading USD -100',
      'B1/4 trade instrument ACME 10',
      'B1/4 trade instrument_trading ACME -10',
      'B1/4 trade cash USD -110',
      'B1/4 trade trading USD 110',
      'S1/4 reversal of 2 fifo trading USD -30 closes B1',
      'S1/4 reversal of 2 fifo realised_pnl USD 30 closes B1',
      'S1/5 reversal of 3 average trading USD -30',
      'S1/5 reversal of 3 average realised_pnl USD 30',
      'S1/6 realised fifo trading USD 20 closes B1',
      'S1/6 realised fifo realised_pnl USD -20 closes B1',
      'S1/7 realised average trading USD 20',
      'S1/7 realised average realised_pnl USD -20',
    ]);
  });

  it('given a trade, when only its fee is corrected, then only its fee is posted anew', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '10', px: '10', fees: [{ amount: '1', currency: 'USD' }] });
    book.trade('S1', { side: 'sell', qty: '10', px: '13' });
    expect(lines(book.correct('B1', { qty: '10', px: '10', fees: [{ amount: '0.5', currency: 'USD' }] }))).toEqual([
      'B1/3 reversal of 2 fees USD -1',
      'B1/3 reversal of 2 cash USD 1',
      'B1/4 fee fees USD 0.5',
      'B1/4 fee cash USD -0.5',
    ]);
  });

  it('given a trade, when a correction says the same, then nothing is posted', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '10', px: '10' });
    expect(book.correct('B1', { qty: '10', px: '10' })).toEqual([]);
  });
});

describe('the average cost', () => {
  it('given a cost that does not divide, when all of it is closed in parts, then what was cut of each part is in the last one', () => {
    const book = new TestBook(STOCK);
    book.trade('B1', { qty: '3', px: '0.33' });
    book.trade('B2', { qty: '4', px: '0.34' });
    for (const part of [1, 2, 3, 4, 5, 6, 7]) book.trade(`S${part}`, { side: 'sell', qty: '1', px: '0' });
    const gains = book.postings.filter(({ account, costMethod }) => account === 'realised_pnl' && costMethod === 'average').map(({ amount }) => formatAmount(amount));
    // 2.35 ÷ 7 at each closing.
    expect(gains.slice(0, 2)).toEqual(['0.3357142857', '0.3357142857']);
    expect(balances(book.postings, 'average')).toEqual({ 'cash USD': '-2.35', 'realised_pnl USD': '2.35' });
  });
});

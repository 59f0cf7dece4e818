import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { priceText, quantityText } from '../../src/domain/amounts.js';
import { canonicalDecimal, formatDecimal, parseDecimal } from '../../src/domain/decimal.js';
import { targetKey } from '../../src/domain/ids.js';
import type { OrderEventBody, Side } from '../../src/domain/order/events.js';
import type { PositionEventBody } from '../../src/domain/position/events.js';
import { listReconciliations, reconciliationsOf } from '../../src/projections/positions/reconciliation.js';
import { executionOf, termsOf } from '../support/events.js';
import { orderIdAt, orderStreamAt, positionStreamAt } from './histories.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

/*
 * The ledger and the positions are told of the same trades, each by its own stream. What the book must have relieved as cost is
 * worked out here from the lots alone, first in, first out.
 */

let ledger: TestLedger;
let written = 0n;
beforeAll(async () => {
  ledger = await startTestLedger();
});
afterAll(() => ledger.close());

const VIEWER = { tenantId: 'default', accountIds: 'all' } as const;
const MULTIPLIER = 100n;
let cases = 0;

interface Trade {
  readonly qty: number;
  /** In hundredths. */
  readonly px: number;
}

interface Story {
  readonly isShort: boolean;
  readonly openings: readonly Trade[];
  readonly closings: readonly (Trade & { readonly target: 0 | 1; readonly isBusted: boolean })[];
}

const trade = { qty: fc.integer({ min: 1, max: 9 }), px: fc.integer({ min: 0, max: 900 }) };
const stories: fc.Arbitrary<Story> = fc
  .record({
    isShort: fc.boolean(),
    openings: fc.array(fc.record(trade), { minLength: 1, maxLength: 3 }),
    closings: fc.array(fc.record({ ...trade, target: fc.constantFrom(0 as const, 1 as const), isBusted: fc.boolean() }), { maxLength: 4 }),
  })
  // What is closed beyond what is open would open another position in the book.
  .map((story) => {
    let left = story.openings.reduce((sum, { qty }) => sum + qty, 0);
    const closings = story.closings.map(({ target, isBusted, px, qty }) => {
      const fits = isBusted ? qty : Math.min(qty, left);
      left -= isBusted ? 0 : fits;
      return { target, isBusted, px, qty: fits };
    });
    return { isShort: story.isShort, openings: story.openings, closings: closings.filter(({ qty }) => qty > 0) };
  });

const amount = (hundredths: bigint) => canonicalDecimal(formatDecimal({ units: hundredths, scale: 2 }));

/** The opening side, in hundredths, of what each target's live closings took out of the lots, first in, first out. */
function costs({ openings, closings }: Story): readonly [bigint, bigint] {
  const lots = openings.map(({ qty, px }) => ({ qty, px }));
  const sums: [bigint, bigint] = [0n, 0n];
  for (const { target, qty, isBusted } of closings) {
    for (let left = isBusted ? 0 : qty; left > 0; ) {
      const lot = lots.find((each) => each.qty > 0);
      if (!lot) throw new Error('more is closed than was opened');
      const taken = Math.min(left, lot.qty);
      lot.qty -= taken;
      left -= taken;
      sums[target] += BigInt(taken * lot.px) * MULTIPLIER;
    }
  }
  return sums;
}

/** Writes the story: an opening order, and each target's order with its fills, to the orders and to the position. */
async function tell(story: Story, credits: readonly [bigint, bigint], quantities: readonly [number, number]): Promise<string> {
  cases += 1;
  const [first, positionStream] = [cases * 10, positionStreamAt(cases)];
  const instrument = { ...termsOf().instrument, symbol: `SPREAD-${cases}`, multiplier: canonicalDecimal(MULTIPLIER.toString()) };
  const [opens, closes]: readonly [Side, Side] = story.isShort ? ['sell', 'buy'] : ['buy', 'sell'];
  const executed = (exec: string, side: Side, { qty, px }: Trade) => executionOf(exec, { side, instrument, fees: [], lastQty: quantityText(String(qty)), lastPx: priceText(amount(BigInt(px))) });
  const recorded = (order: number, exec: string, side: Side, of: Trade): OrderEventBody => ({
    type: 'ExecutionRecorded',
    data: { refs: { brokerOrderId: `B${order}` }, terms: termsOf({ instrument, side }), execution: executed(exec, side, of) },
  });
  const filled = (order: number, exec: string, of: Story['closings'][number]): PositionEventBody => ({
    type: 'FillRecorded',
    data: { fill: { orderId: orderIdAt(order), execId: executed(exec, closes, of).execId, version: 1 }, effect: 'close', targetKey: targetKey(`t${of.target}`), execution: executed(exec, closes, of) },
  });
  const opened: PositionEventBody = {
    type: 'PositionOpened',
    data: { environment: 'paper', instrument, sourceSymbol: 'X', direction: story.isShort ? 'short' : 'long', quantity: quantityText(String(story.openings.reduce((sum, { qty }) => sum + qty, 0))), strategyType: 'put_spread' },
  };
  const targets = credits.map((credit, index): PositionEventBody => ({
    type: 'TargetSet',
    data: {
      targetKey: targetKey(`t${index}`),
      kind: 'profit',
      percent: canonicalDecimal('40'),
      targetPrice: priceText('1'),
      quantity: quantityText(String(Math.max(1, quantities[index] ?? 1))),
      originalCredit: { amount: amount(credit), currency: 'USD' },
    },
  }));
  written = await ledger.append(positionStream, [opened, ...targets]);
  for (const [index, opening] of story.openings.entries()) written = await ledger.append(orderStreamAt(first), [recorded(first, `o${index}`, opens, opening)]);
  for (const [index, closing] of story.closings.entries()) {
    const [order, exec] = [first + 1 + closing.target, `c${index}`];
    written = await ledger.append(orderStreamAt(order), [recorded(order, exec, closes, closing)]);
    written = await ledger.append(positionStream, [filled(order, exec, closing)]);
    if (!closing.isBusted) continue;
    written = await ledger.append(orderStreamAt(order), [{ type: 'ExecutionBusted', data: { refs: { brokerOrderId: `B${order}` }, execId: executionOf(`${exec}-bust`).execId, execRefId: executionOf(exec).execId } }]);
    const reversed = filled(order, exec, closing);
    if (reversed.type !== 'FillRecorded') throw new Error('not a fill');
    written = await ledger.append(positionStream, [{ type: 'FillReversed', data: { ...reversed.data, fill: { ...reversed.data.fill, version: 2 } } }]);
  }
  return positionStream.slice('position-'.length);
}

const units = (text: string | null | undefined): bigint => {
  const { units: of, scale } = parseDecimal(text ?? '0');
  return of * 10n ** BigInt(2 - scale);
};

/** What each target's live closings amount to. */
const filledOf = ({ closings }: Story, target: 0 | 1): number => closings.filter((closing) => closing.target === target && !closing.isBusted).reduce((sum, { qty }) => sum + qty, 0);

describe("a target's own P&L and the book's", () => {
  it('differ by the credit that the target counts less the cost that the book relieved, exactly; not at all where these are the same (property)', { timeout: 180_000 }, async () => {
    const projector = await ledger.startProjector();
    await fc.assert(
      fc.asyncProperty(stories, fc.boolean(), fc.integer({ min: 0, max: 99_999 }), async (story, isAtCost, otherCredit) => {
        const book = costs(story);
        const sign = story.isShort ? 1n : -1n;
        const quantities = [filledOf(story, 0), filledOf(story, 1)] as const;
        const credits = [isAtCost || quantities[0] === 0 ? sign * book[0] : sign * BigInt(otherCredit), sign * book[1]] as const;
        const positionId = await tell(story, credits, quantities);
        await projector.waitFor(written, { timeoutMs: 20_000 });
        const rows = await reconciliationsOf(ledger.database, VIEWER, { targets: [0, 1].map((index) => ({ positionId, targetKey: `t${index}` })), costMethod: 'fifo' });
        expect(rows).toHaveLength(2);
        for (const row of rows) {
          const index = row.targetKey === 't0' ? 0 : 1;
          const credit = quantities[index] === 0 ? 0n : credits[index];
          expect({ ...row, cost: units(row.bookCost), credit: units(row.creditClosed) }).toMatchObject({ cost: sign * book[index], credit, filledQty: String(quantities[index]), matchedQty: String(quantities[index]) });
          expect(units(row.ownPnl) - units(row.bookPnl)).toBe(credit - sign * book[index]);
          expect(row.difference).toBe(amount(index === 1 || isAtCost ? 0n : credit - sign * book[index]));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are listed target by target, to the viewer’s accounts alone', async () => {
    const story: Story = { isShort: true, openings: [{ qty: 4, px: 150 }], closings: [{ qty: 2, px: 90, target: 0, isBusted: false }] };
    const positionId = await tell(story, [40_000n, 30_000n], [2, 2]);
    const projector = await ledger.startProjector();
    await projector.waitFor(written, { timeoutMs: 20_000 });
    const all: string[] = [];
    let after: { setPosition: string; positionId: string; targetKey: string } | undefined;
    for (let hasMore = true; hasMore; ) {
      const page = await listReconciliations(ledger.database, VIEWER, { filter: {}, costMethod: 'average', first: 3, after });
      all.push(...page.rows.map((row) => `${row.positionId}/${row.targetKey}`));
      after = page.rows.at(-1);
      hasMore = page.hasMore;
    }
    expect(all).toHaveLength(cases * 2);
    expect(new Set(all).size).toBe(all.length);
    const ids = { targets: [{ positionId, targetKey: 't0' }], costMethod: 'average' } as const;
    expect(await reconciliationsOf(ledger.database, VIEWER, ids)).toMatchObject([
      { currency: 'USD', basis: 'own_credit', ownPnl: '220', creditClosed: '400', bookPnl: '120', bookCost: '300', difference: '100', filledQty: '2', matchedQty: '2' },
    ]);
    expect(await reconciliationsOf(ledger.database, { tenantId: 'other', accountIds: 'all' }, ids)).toEqual([]);
    expect((await listReconciliations(ledger.database, { ...VIEWER, accountIds: ['another'] }, { filter: {}, costMethod: 'fifo', first: 5 })).rows).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import { replayOrder } from '../../src/cli/replay.js';
import { priceText, quantityText } from '../../src/domain/amounts.js';
import { commandKey, execId } from '../../src/domain/ids.js';
import type { OrderEventBody } from '../../src/domain/order/events.js';
import { CHAIN_START, seal } from '../../src/eventstore/chain.js';
import type { RecordedEvent } from '../../src/eventstore/event-store.js';
import { executionOf, metadataOf, termsOf } from '../support/events.js';
import { collected } from '../support/ledger.js';

const STREAM = 'order-11111111-1111-5111-8111-111111111111';
const refs = { brokerOrderId: 'B-1' };
const bodies: readonly OrderEventBody[] = [
  { type: 'OrderPlaced', data: { refs, origin: 'fact', terms: termsOf() } },
  { type: 'ExecutionRecorded', data: { refs, execution: executionOf('E2', { lastQty: quantityText('40'), lastPx: priceText('41.5') }) } },
  { type: 'ExecutionBusted', data: { refs, execId: execId('E4'), execRefId: execId('E2') } },
];

/** The order's events as the store has them. */
function recorded(): RecordedEvent[] {
  const events = bodies.map(({ type, data }, index) => ({ type, data, metadata: metadataOf({ commandKey: commandKey(`key-${index}`), occurredAt: `2026-11-20T14:30:0${index}Z` }) }));
  return seal(STREAM, 0n, CHAIN_START, events).events.map(({ id, type, data, metadata }, index) => ({
    stream: STREAM,
    revision: BigInt(index),
    position: BigInt(10 + index),
    id,
    type,
    data,
    metadata,
    recordedAt: `2026-11-21T09:00:0${index}.000Z`,
  }));
}

async function shownOf(events: readonly RecordedEvent[]) {
  const { steps, intact } = await replayOrder({ readStream: async function* readStream() { yield* events; } }, STREAM);
  return { rows: (await collected(steps)).map(({ short }) => short), intact };
}

it('given trades, then each line says which, at what, when it was recorded, and how much is filled by then', async () => {
  const { rows, intact } = await shownOf(recorded());
  expect(intact).toBe(true);
  expect(rows.map(({ occurredAt, recordedAt, details, filled }) => [occurredAt, recordedAt, details, filled])).toEqual([
    ['2026-11-20T14:30:00Z', '2026-11-21T09:00:00.000Z', 'buy 100 limit 10.5', '0 of 100'],
    ['2026-11-20T14:30:01Z', '2026-11-21T09:00:01.000Z', 'E2 buy 40 @ 41.5', '40 of 100'],
    ['2026-11-20T14:30:02Z', '2026-11-21T09:00:02.000Z', 'E4 busts E2', '0 of 100'],
  ]);
});

it('given an event that was tampered with until it is none, then it stands in the columns of the others, with what the chain says of each', async () => {
  const [first, second, ...others] = recorded();
  if (!first || !second) throw new Error('the history is too short');
  const { rows, intact } = await shownOf([first, { ...second, data: { refs } }, ...others]);
  expect(intact).toBe(false);
  expect(new Set(rows.map((row) => Object.keys(row).join(' '))).size).toBe(1);
  expect(rows.map(({ chain }) => String(chain))).toEqual(['ok', expect.stringContaining('broken: '), expect.stringContaining('unproven')]);
  expect(rows[1]).toMatchObject({ recordedAt: '2026-11-21T09:00:01.000Z', event: 'ExecutionRecorded', details: expect.stringContaining('execution') });
});

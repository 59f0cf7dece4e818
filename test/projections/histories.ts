import * as fc from 'fast-check';
import { priceText, quantityText } from '../../src/domain/amounts.js';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import type { NewEvent } from '../../src/domain/decider.js';
import { commandKey, digest, execId, orderId, targetKey } from '../../src/domain/ids.js';
import type { OrderId } from '../../src/domain/ids.js';
import type { CommandContext } from '../../src/domain/metadata.js';
import type { OrderEventBody } from '../../src/domain/order/events.js';
import type { PositionEventBody } from '../../src/domain/position/events.js';
import type { FactParked, LineQuarantined, ParkedFactTakenUp, QuarantinedLineReplayed } from '../../src/eventstore/side-events.js';
import { executionOf, termsOf } from '../support/events.js';

/** One append of a history. */
export interface Step {
  readonly stream: string;
  readonly events: readonly NewEvent[];
  readonly context?: Partial<CommandContext>;
}

export const orderIdAt = (index: number): OrderId => orderId(`00000000-0000-4000-8000-${index.toString().padStart(12, '0')}`);
export const orderStreamAt = (index: number): string => `order-${orderIdAt(index)}`;
export const positionStreamAt = (index: number): string => `position-${orderIdAt(index)}`;
const refsOf = (index: number) => ({ brokerOrderId: `B${index}`, clOrdId: `C${index}` });

export const placed = (index: number): OrderEventBody => ({ type: 'OrderPlaced', data: { refs: refsOf(index), terms: termsOf(), origin: 'fact' } });
export const accepted = (index: number): OrderEventBody => ({ type: 'OrderAccepted', data: { refs: refsOf(index) } });
export const filled = (index: number, exec: string, qty = '10', px = '10.5'): OrderEventBody => ({
  type: 'ExecutionRecorded',
  data: { refs: refsOf(index), terms: termsOf(), execution: executionOf(exec, { lastQty: quantityText(qty), lastPx: priceText(px) }) },
});
export const opened = (): PositionEventBody => ({
  type: 'PositionOpened',
  data: { environment: 'paper', instrument: termsOf().instrument, sourceSymbol: 'ACME.X', direction: 'long', quantity: quantityText('50'), openPrice: priceText('10'), strategyType: 'put_spread' },
});
export const targetSet = (key: string, orderRef?: string): PositionEventBody => ({
  type: 'TargetSet',
  data: {
    targetKey: targetKey(key),
    kind: 'profit',
    percent: canonicalDecimal('40'),
    targetPrice: priceText('12'),
    quantity: quantityText('20'),
    ...(orderRef === undefined ? {} : { orderRef }),
  },
});
export const attached = (key: string, order: OrderId): PositionEventBody => ({
  type: 'TargetOrderAttached',
  data: { targetKey: targetKey(key), orderRef: `ref-${order}`, orderId: order },
});

const ORDERS = 6;
const POSITIONS = 3;
const index = fc.integer({ min: 0, max: ORDERS - 1 });
const execution = fc.integer({ min: 0, max: 3 }).map((n) => `E${n}`);

/** Facts of an order in any order: fills, corrections, busts, ends and conflicts. */
const orderStep: fc.Arbitrary<Step> = fc
  .tuple(index, execution, fc.integer({ min: 1, max: 40 }), fc.constantFrom('placed', 'accepted', 'filled', 'filled', 'corrected', 'busted', 'canceled', 'conflicted'), fc.integer({ min: 0, max: 59 }))
  .map(([order, exec, qty, kind, second]) => ({
    stream: orderStreamAt(order),
    events: [orderEvent(kind, order, exec, qty.toString())],
    context: {
      occurredAt: `2026-11-20T14:30:${second.toString().padStart(2, '0')}.5Z`,
      tradingDay: second % 2 === 0 ? '2026-11-20' : '2026-11-21',
    },
  }));

function orderEvent(kind: 'placed' | 'accepted' | 'filled' | 'corrected' | 'busted' | 'canceled' | 'conflicted', order: number, exec: string, qty: string): OrderEventBody {
  const refs = refsOf(order);
  switch (kind) {
    case 'placed':
      return placed(order);
    case 'accepted':
      return accepted(order);
    case 'filled':
      return filled(order, exec, qty);
    case 'corrected':
      return {
        type: 'ExecutionCorrected',
        data: { refs, execRefId: execId(exec), execution: executionOf(`${exec}-corrected-${qty}`, { lastQty: quantityText(qty) }) },
      };
    case 'busted':
      return { type: 'ExecutionBusted', data: { refs, execId: execId(`${exec}-busted`), execRefId: execId(exec) } };
    case 'canceled':
      return { type: 'OrderCanceled', data: { refs } };
    case 'conflicted':
      return { type: 'FactConflicted', data: { firstDigest: digest('a'.repeat(64)), fact: { type: 'OrderAccepted', data: { refs } } } };
  }
}

/** An order that turns out to be another one, and a name that points to one. */
const linkStep: fc.Arbitrary<Step> = fc.oneof(
  index.map((order) => ({ stream: orderStreamAt(order), events: [{ type: 'OrderLinked', data: { intoOrderId: orderIdAt(99) } }] })),
  index.map((order) => ({ stream: orderStreamAt(50 + order), events: [{ type: 'AliasClaimed', data: { orderId: orderIdAt(order), aliasKey: `alias of ${order}` } }] })),
);

/** Targets of several positions that claim the same few orders, give them up, are filled, busted and ended; positions that grow and are closed. */
const positionStep: fc.Arbitrary<Step> = fc
  .tuple(
    fc.integer({ min: 0, max: POSITIONS - 1 }),
    fc.constantFrom('t1', 't2', 't3'),
    fc.integer({ min: 0, max: 2 }),
    fc.constantFrom('set', 'set', 'attached', 'attached', 'filled', 'reversed', 'cancelled', 'grown', 'corrected', 'closing', 'sized', 'closed'),
  )
  .map(([position, key, order, kind]) => ({ stream: positionStreamAt(position), events: [positionEvent(kind, key, order)] }));

type PositionStepKind = 'set' | 'attached' | 'filled' | 'reversed' | 'cancelled' | 'grown' | 'corrected' | 'closing' | 'sized' | 'closed';

function positionEvent(kind: PositionStepKind, key: string, order: number): PositionEventBody {
  const fill = { fill: { orderId: orderIdAt(order), execId: execId(`E-${key}`), version: 1 }, effect: 'close', targetKey: targetKey(key), execution: executionOf(`E-${key}`) } as const;
  switch (kind) {
    case 'set':
      return targetSet(key, order === 0 ? undefined : `ref-${order}`);
    case 'attached':
      return attached(key, orderIdAt(order));
    case 'filled':
      return { type: 'FillRecorded', data: fill };
    case 'grown':
      return { type: 'FillRecorded', data: { fill: { ...fill.fill, execId: execId(`G-${key}`) }, effect: 'open', execution: fill.execution } };
    case 'corrected':
      return { type: 'FillCorrected', data: { ...fill, fill: { ...fill.fill, version: 2 }, execution: executionOf(`E-${key}`, { lastQty: quantityText('3') }) } };
    case 'closing':
      return { type: 'PositionCloseRequested', data: { reason: 'expiry', quantity: quantityText('50'), side: 'sell', order: { clOrdId: `close-${key}`, ordType: 'market' }, immediately: false } };
    case 'sized':
      return { type: 'ClosingOrderSized', data: { clOrdId: `close-${key}`, quantity: quantityText('40') } };
    case 'closed':
      return { type: 'PositionCloseEnded', data: { clOrdId: `close-${key}`, outcome: 'cancelled', reason: 'end of the session' } };
    case 'reversed':
      return { type: 'FillReversed', data: { ...fill, fill: { ...fill.fill, version: 2 } } };
    case 'cancelled':
      return { type: 'TargetCancelled', data: { targetKey: targetKey(key), reason: 'taken back' } };
  }
}

const parked = (n: number): FactParked => ({
  type: 'FactParked',
  data: { aliases: [{ kind: 'broker', scope: ['default', 'test'], id: `P${n}` }], newAliases: [], fact: { type: 'OrderAccepted', data: { refs: refsOf(n) } } },
});
const takenUp = (factKey: string): ParkedFactTakenUp => ({ type: 'ParkedFactTakenUp', data: { factKey, orderId: orderIdAt(0) } });
const quarantined = (line: string): LineQuarantined => ({
  type: 'LineQuarantined',
  data: { origin: 'orders.csv', line, format: 'lobster', reason: 'no number', field: 'size', content: '34200.1,1,\\"x\\"', options: {} },
});
const replayed: QuarantinedLineReplayed = { type: 'QuarantinedLineReplayed', data: { facts: 1 } };

/** Parked facts of which some are taken up, and quarantined lines of which some are replayed; each in a stream of its own. */
const besideSteps: fc.Arbitrary<Step[]> = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 6 }).map((kinds) =>
  kinds.flatMap(([isParked, isDone], n): Step[] => {
    const stream = `${isParked ? 'parked' : 'quarantine'}-${orderIdAt(n)}`;
    const key = `beside-${n}`;
    const first: Step = { stream, events: [isParked ? parked(n) : quarantined(n.toString())], context: { commandKey: commandKey(key) } };
    return isDone ? [first, { stream, events: [isParked ? takenUp(key) : replayed] }] : [first];
  }),
);

const foreignStep: fc.Arbitrary<Step> = fc.integer({ min: 0, max: 2 }).map((n) => ({ stream: `elsewhere-${n}`, events: [{ type: 'Whatever', data: { n } }] }));

/** A random ledger: everything that the projections handle, in any order, with streams between that they do not. */
export const histories = ({ maxSteps }: { maxSteps: number }): fc.Arbitrary<Step[]> =>
  fc
    .tuple(
      fc.array(fc.oneof({ weight: 8, arbitrary: orderStep }, { weight: 1, arbitrary: linkStep }, { weight: 5, arbitrary: positionStep }, { weight: 1, arbitrary: foreignStep }), {
        minLength: 5,
        maxLength: maxSteps,
        size: 'max',
      }),
      besideSteps,
    )
    .map(([steps, beside]) => Array.from({ length: POSITIONS }, (_, n): Step => ({ stream: positionStreamAt(n), events: [opened()] })).concat(beside, steps));

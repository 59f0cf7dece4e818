import { describe, expect, test } from 'vitest';
import { formatPrice, formatQuantity } from '../../../src/domain/amounts.js';
import type { OrderState } from '../../../src/domain/order/state.js';
import { ORD_STATUS_LABELS } from '../../../src/domain/order/status.js';
import { foldEvents } from './given.js';
import { SCENARIOS } from './scenarios/all.js';
import { messagesOf } from './scenarios/messages.js';
import type { Message } from './scenarios/messages.js';
import { pathsOf } from './scenarios/table.js';
import type { Row } from './scenarios/table.js';

/** What a row says the order is, in the row's own words. */
function expected({ row }: Message): Record<string, string> {
  const clOrdId = row.ids.split(',')[0] ?? '';
  if (row.message === 'Cancel Reject') return { clOrdId, ordStatus: row.ordStatus };
  if (row.message !== 'Execution') return {};
  return {
    clOrdId,
    ordStatus: row.ordStatus,
    ...(row.orderQty !== undefined && { orderQty: String(row.orderQty) }),
    cumQty: String(row.cumQty),
    leavesQty: String(row.options.ours?.leavesQty ?? row.leavesQty),
    ...(row.options.avgPx !== undefined && { avgPx: String(row.options.avgPx) }),
  };
}

function shown({ view }: OrderState): Record<string, string | undefined> {
  return {
    clOrdId: view.clOrdId,
    ordStatus: ORD_STATUS_LABELS[view.ordStatus],
    orderQty: formatQuantity(view.orderQty),
    cumQty: formatQuantity(view.cumQty),
    leavesQty: formatQuantity(view.leavesQty),
    avgPx: formatPrice(view.avgPx),
  };
}

const isFromBroker = ({ row }: Message): boolean => row.message === 'Execution' || row.message === 'Cancel Reject';

/** Every message of the path up to and with `step` that is about the same order. */
const upTo = (messages: readonly Message[], step: Message): readonly Message[] =>
  messages.slice(0, messages.indexOf(step) + 1).filter(({ order }) => order === step.order);

const cases = SCENARIOS.flatMap((scenario) => pathsOf(scenario).map((path, index) => [scenario.id, index === 0 ? 'main' : `alternative ${index}`, path] as const));

describe('the order state change matrices of FIX 4.4', () => {
  test('there are all 47 of FIX 4.4, and the 5 that were added later', () => {
    expect(new Set(SCENARIOS.map(({ id }) => id)).size).toBe(SCENARIOS.length);
    expect(SCENARIOS.filter(({ id }) => /^[A-L]\./.test(id))).toHaveLength(47);
    expect(SCENARIOS).toHaveLength(52);
  });

  test.each(cases)('%s, %s: the state after each message is the printed one', (_id, _name, path: readonly Row[]) => {
    const messages = messagesOf(path);
    for (const step of messages.filter(isFromBroker)) {
      const state = foldEvents(upTo(messages, step).map(({ event }) => event));
      expect(shown(state), `time ${step.row.time}`).toMatchObject(expected(step));
      const isPrintedWrong = step.row.options.ours !== undefined;
      expect(state.view.discrepancies.map(({ kind }) => kind)).toEqual(isPrintedWrong ? ['leaves_qty'] : expectedDiscrepancies(state));
    }
  });
});

/** A message about an order of which no terms are known leaves that open, and nothing else. */
const expectedDiscrepancies = (state: OrderState): readonly string[] => (state.view.terms ? [] : ['terms_missing']);

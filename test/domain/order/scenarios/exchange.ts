/*
 * The matrices that the specification added later ("Order State Changes" of FIX Latest, the FIX Trading
 * Community, https://www.fixtrading.org/online-specification/order-state-changes/; Copyright FIX Protocol Limited):
 * orders held for activation, and exchanges that bundle the messages of an execution. See table.ts.
 */
import { alternatively, executionReport, mayBeRejected, newOrder } from './table.js';
import type { Scenario } from './table.js';

export const EXCHANGE: readonly Scenario[] = [
  {
    id: 'Latest E.1.f',
    title: 'Order held by the exchange until it is activated',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(4, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      executionReport(5, 'X', 'Trade', 'Filled', [10000, 10000, 0, 8000]),
    ],
  },
  {
    id: 'Exchange A.1.c',
    title: 'Order filled upon hitting the book',
    rows: [newOrder(1, 'X', 10000), mayBeRejected(2, 10000), executionReport(2, 'X', 'Trade', 'Filled', [10000, 10000, 0, 10000])],
  },
  {
    id: 'Exchange A.1.d',
    title: 'Order partially filled upon hitting the book',
    rows: [newOrder(1, 'X', 10000), mayBeRejected(2, 10000), executionReport(2, 'X', 'Trade', 'Partially Filled', [10000, 7000, 3000, 7000])],
  },
  {
    id: 'Exchange I.1.a',
    title: 'Fill or kill order that cannot be filled, with and without bundling',
    rows: [
      newOrder(1, 'X', 10000, { timeInForce: 'fok' }),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Canceled', 'Canceled', [10000, 0, 0, 0]),
      newOrder(4, 'Y', 10000, { timeInForce: 'fok' }),
      executionReport(6, 'Y', 'Canceled', 'Canceled', [10000, 0, 0, 0]),
    ],
  },
  {
    id: 'Exchange I.1.b',
    title: 'Immediate or cancel order that cannot be hit completely, with and without bundling',
    rows: [
      newOrder(1, 'X', 10000, { timeInForce: 'ioc' }),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      executionReport(4, 'X', 'Canceled', 'Canceled', [10000, 1000, 0, 0]),
      newOrder(5, 'Y', 10000, { timeInForce: 'ioc' }),
      alternatively(executionReport(6, 'Y', 'Rejected', 'Rejected', [10000, 0, 0, 0])),
      // Printed with LeavesQty 9000, though the order is cancelled.
      executionReport(6, 'Y', 'Trade', 'Canceled', [10000, 1000, 9000, 1000], { ours: { leavesQty: 0 } }),
    ],
  },
];

/* Cites the FIX Protocol specification (http://www.fixprotocol.org), Copyright FIX Protocol Limited: see table.ts. */
import { alternatively, cancelRequest, executionReport, mayBeRejected, newOrder, replaceRequest } from './table.js';
import type { Scenario } from './table.js';

export const CORRECTIONS: readonly Scenario[] = [
  {
    id: 'J.1.a',
    title: 'Filled order, then corrections and cancels of executions',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000, { execId: 'A' }),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000], { execId: 'B', avgPx: 0 }),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000], { execId: 'C', lastPx: 100, avgPx: 100 }),
      executionReport(4, 'X', 'Trade', 'Filled', [10000, 10000, 0, 9000], { execId: 'D', lastPx: 110, avgPx: 109 }),
      executionReport(5, 'X', 'Trade Cancel', 'Partially Filled', [10000, 9000, 1000, 0], { execId: 'E', execRefId: 'C', avgPx: 110 }),
      executionReport(6, 'X', 'Trade Correct', 'Partially Filled', [10000, 9000, 1000, 9000], { execId: 'F', execRefId: 'D', lastPx: 100, avgPx: 100 }),
      executionReport(7, 'X', 'Trade', 'Filled', [10000, 10000, 0, 1000], { execId: 'G', lastPx: 120, avgPx: 102 }),
      executionReport(8, 'X', 'Trade Correct', 'Filled', [10000, 10000, 0, 9000], { execId: 'H', execRefId: 'F', lastPx: 120, avgPx: 120 }),
      replaceRequest(9, 'Y,X', 12000),
      executionReport(10, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 10000, 0, 0], { execId: 'I', avgPx: 120 }),
      executionReport(11, 'Y,X', 'Replace', 'Partially Filled', [12000, 10000, 2000, 0], { execId: 'J', avgPx: 120 }),
      executionReport(12, 'Y', 'Trade Correct', 'Partially Filled', [12000, 10500, 1500, 9500], { execId: 'K', execRefId: 'H', lastPx: 120, avgPx: 120 }),
    ],
  },
  {
    id: 'J.1.b',
    title: 'Cancelled order, then a busted execution and a new one',
    rows: [
      newOrder(1, 'X', 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0], { execId: 'A' }),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 5000, 5000, 5000], { execId: 'B', lastPx: 50 }),
      cancelRequest(4, 'Y,X', 10000),
      executionReport(5, 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 5000, 5000, 0], { execId: 'C' }),
      executionReport(6, 'Y,X', 'Canceled', 'Canceled', [10000, 5000, 0, 0], { execId: 'D' }),
      executionReport(7, 'X', 'Trade Cancel', 'Canceled', [10000, 0, 0, 0], { execId: 'E', execRefId: 'B', avgPx: 0 }),
      executionReport(8, 'X', 'Trade', 'Canceled', [10000, 4000, 0, 4000], { execId: 'F', lastPx: 51, avgPx: 51 }),
    ],
  },
  {
    id: 'J.1.c',
    title: 'GTC order, restated and filled the following day, quantities of both executions corrected',
    rows: [
      newOrder('Day 1,1', 'X', 10000, { timeInForce: 'gtc' }),
      executionReport('Day 1,2', 'X', 'New', 'New', [10000, 0, 10000, 0], { execId: 'A' }),
      executionReport('Day 1,3', 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000], { execId: 'B' }),
      executionReport('Day 1,4', 'X', 'Done for Day', 'Done for Day', [10000, 2000, 8000, 0], { execId: 'C' }),
      executionReport('Day 2,1', 'X', 'Restated', 'Partially Filled', [10000, 2000, 8000, 0], { execId: 'D', reason: '1' }),
      executionReport('Day 2,2', 'X', 'Trade', 'Partially Filled', [10000, 3000, 7000, 1000], { execId: 'E' }),
      executionReport('Day 2,3', 'X', 'Trade Correct', 'Partially Filled', [10000, 2500, 7500, 1500], { execId: 'F', execRefId: 'B' }),
      executionReport('Day 2,4', 'X', 'Trade Correct', 'Partially Filled', [10000, 2000, 8000, 500], { execId: 'G', execRefId: 'E' }),
    ],
  },
  {
    id: 'J.1.d',
    title: 'Part-filled order, done for day, then a correction and a bust',
    rows: [
      newOrder(1, 'X', 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0], { execId: 'A' }),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 5000, 5000, 5000], { execId: 'B', lastPx: 50 }),
      executionReport(4, 'X', 'Done for Day', 'Done for Day', [10000, 5000, 0, 0], { execId: 'C' }),
      executionReport(5, 'X', 'Trade Correct', 'Done for Day', [10000, 4000, 0, 4000], { execId: 'D', execRefId: 'B', lastPx: 50, avgPx: 50 }),
      executionReport(6, 'X', 'Trade Cancel', 'Done for Day', [10000, 0, 0, 0], { execId: 'E', execRefId: 'D', avgPx: 0 }),
    ],
  },
];

export const HALT: readonly Scenario[] = [
  {
    id: 'K.1.a',
    title: 'Trading halt, reinstated',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(5, 'X', 'Trade', 'Filled', [10000, 10000, 0, 10000]),
    ],
  },
  {
    id: 'K.1.b',
    title: 'Trading halt, cancelled',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(4, 'X', 'Canceled', 'Canceled', [10000, 0, 0, 0], { reason: '6' }),
    ],
  },
];

export const MISCELLANEOUS: readonly Scenario[] = [
  {
    id: 'L.1.a',
    title: 'A guarantee before the execution',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Stopped', 'Stopped', [10000, 0, 10000, 1000]),
      executionReport(4, 'X', 'Trade', 'Stopped', [10000, 1000, 9000, 1000], { lastPx: 50 }),
    ],
  },
  {
    id: 'L.1.b',
    title: 'Order for an amount of cash',
    rows: [
      newOrder(1, 'X', undefined),
      alternatively(executionReport(2, 'X', 'Rejected', 'Rejected', [undefined, 0, 0, 0])),
      executionReport(2, 'X', 'New', 'New', [500, 0, 500, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [500, 200, 300, 200], { lastPx: 20.1, avgPx: 20.1 }),
      executionReport(4, 'X', 'Trade', 'Filled', [500, 500, 0, 300], { lastPx: 20.2, avgPx: 20.16 }),
    ],
  },
];

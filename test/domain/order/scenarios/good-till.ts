/* Cites the FIX Protocol specification (http://www.fixprotocol.org), Copyright FIX Protocol Limited: see table.ts. */
import { alternatively, cancelReject, cancelRequest, executionReport, mayBeRejected, newOrder, replaceRequest } from './table.js';
import type { Row, Scenario } from './table.js';

/** A good-till-cancelled order that trades 2000 on its first day. */
const firstDay = (lastPx: number): readonly Row[] => [
  newOrder('Day 1,1', 'X', 10000, { timeInForce: 'gtc' }),
  executionReport('Day 1,2', 'X', 'New', 'New', [10000, 0, 10000, 0]),
  executionReport('Day 1,3', 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000], { lastPx }),
  executionReport('Day 1,4', 'X', 'Done for Day', 'Done for Day', [10000, 2000, 8000, 0]),
];

/** And is restated, unchanged, the next morning. */
const RESTATED: readonly Row[] = [...firstDay(100), executionReport('Day 2,1', 'X', 'Restated', 'Partially Filled', [10000, 2000, 8000, 0], { reason: '1' })];

export const GOOD_TILL: readonly Scenario[] = [
  {
    id: 'H.1.a',
    title: 'GTC order, restated and partially filled the following day',
    rows: [...RESTATED, executionReport('Day 2,2', 'X', 'Trade', 'Partially Filled', [10000, 3000, 7000, 1000])],
  },
  {
    id: 'H.1.b',
    title: 'GTC order, a 2:1 split, then fills the following day',
    rows: [
      ...firstDay(50),
      executionReport('Day 2,1', 'X', 'Restated', 'Partially Filled', [20000, 4000, 16000, 0], { reason: '0', avgPx: 25 }),
      executionReport('Day 2,2', 'X', 'Trade', 'Partially Filled', [20000, 9000, 11000, 5000], { lastPx: 25, avgPx: 25 }),
      executionReport('Day 2,3', 'X', 'Trade', 'Filled', [20000, 20000, 0, 11000], { lastPx: 25, avgPx: 25 }),
    ],
  },
  {
    id: 'H.1.c',
    title: 'GTC order, restated and cancelled the following day',
    rows: [
      ...RESTATED,
      cancelRequest('Day 2,2', 'Y,X', 10000),
      alternatively(cancelReject('Day 2,3', 'Y,X', 'cancel', 'Partially Filled')),
      executionReport('Day 2,3', 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 2000, 8000, 0]),
      alternatively(cancelReject('Day 2,4', 'Y,X', 'cancel', 'Partially Filled')),
      executionReport('Day 2,4', 'Y,X', 'Canceled', 'Canceled', [10000, 2000, 0, 0]),
    ],
  },
  {
    id: 'H.1.d',
    title: 'GTC order, restated, then replaced to increase the quantity',
    rows: [
      ...RESTATED,
      replaceRequest('Day 2,2', 'Y,X', 15000),
      alternatively(cancelReject('Day 2,3', 'Y,X', 'replace', 'Partially Filled')),
      executionReport('Day 2,3', 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 2000, 8000, 0]),
      executionReport('Day 2,4', 'X', 'Trade', 'Pending Replace', [10000, 3000, 7000, 1000]),
      alternatively(cancelReject('Day 2,5', 'Y,X', 'replace', 'Partially Filled')),
      executionReport('Day 2,5', 'Y,X', 'Replace', 'Partially Filled', [15000, 3000, 12000, 0]),
    ],
  },
];

export const TIME_IN_FORCE: readonly Scenario[] = [
  {
    id: 'I.1.a',
    title: 'Fill or kill order that cannot be filled',
    rows: [
      newOrder(1, 'X', 10000, { timeInForce: 'fok' }),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Canceled', 'Canceled', [10000, 0, 0, 0]),
    ],
  },
  {
    id: 'I.1.b',
    title: 'Immediate or cancel order that cannot be hit at once',
    rows: [
      newOrder(1, 'X', 10000, { timeInForce: 'ioc' }),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      executionReport(4, 'X', 'Canceled', 'Canceled', [10000, 1000, 0, 0]),
    ],
  },
];

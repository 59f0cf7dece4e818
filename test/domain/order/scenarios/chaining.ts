/* Cites the FIX Protocol specification (http://www.fixprotocol.org), Copyright FIX Protocol Limited: see table.ts. */
import { alternatively, cancelReject, executionReport, mayBeRejected, newOrder, replaceRequest } from './table.js';
import type { Row, Scenario } from './table.js';

const SEQUENCING: readonly Scenario[] = [
  {
    id: 'D.1.a',
    title: 'A replace that is accepted, then another one that is accepted too',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      replaceRequest(4, 'Y,X', 8000),
      executionReport(5, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      executionReport(6, 'X', 'Trade', 'Pending Replace', [10000, 1500, 8500, 500]),
      executionReport(7, 'Y,X', 'Replace', 'Partially Filled', [8000, 1500, 6500, 0]),
      executionReport(8, 'Y', 'Trade', 'Partially Filled', [8000, 3500, 4500, 2000]),
      replaceRequest(9, 'Z,Y', 6000),
      executionReport(10, 'Z,Y', 'Pending Replace', 'Pending Replace', [8000, 3500, 4500, 0]),
      executionReport(11, 'Y', 'Trade', 'Pending Replace', [8000, 4000, 4000, 500]),
      executionReport(12, 'Z,Y', 'Replace', 'Partially Filled', [6000, 4000, 2000, 0]),
      executionReport(13, 'Z', 'Trade', 'Filled', [6000, 6000, 0, 2000]),
    ],
  },
  {
    id: 'D.1.b',
    title: 'A replace rejected before the order is pending replace, then another one that is accepted',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      replaceRequest(4, 'Y,X', 8000),
      cancelReject(5, 'Y,X', 'replace', 'Partially Filled'),
      executionReport(6, 'X', 'Trade', 'Partially Filled', [10000, 1500, 8500, 500]),
      executionReport(7, 'X', 'Trade', 'Partially Filled', [10000, 3500, 6500, 2000]),
      replaceRequest(8, 'Z,X', 6000),
      executionReport(9, 'Z,X', 'Pending Replace', 'Pending Replace', [10000, 3500, 6500, 0]),
      executionReport(10, 'Z,X', 'Replace', 'Partially Filled', [6000, 3500, 2500, 0]),
      executionReport(11, 'Z', 'Trade', 'Partially Filled', [6000, 5000, 1000, 1500]),
    ],
  },
  {
    id: 'D.1.c',
    title: 'A replace rejected while the order is pending replace, then another one that is accepted',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      replaceRequest(4, 'Y,X', 8000),
      executionReport(5, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      executionReport(6, 'X', 'Trade', 'Pending Replace', [10000, 1500, 8500, 500]),
      cancelReject(7, 'Y,X', 'replace', 'Partially Filled'),
      executionReport(8, 'X', 'Trade', 'Partially Filled', [10000, 3500, 6500, 2000]),
      replaceRequest(9, 'Z,X', 6000),
      executionReport(10, 'Z,X', 'Pending Replace', 'Pending Replace', [10000, 3500, 6500, 0]),
      alternatively(cancelReject(11, 'Z,X', 'replace', 'Partially Filled')),
      executionReport(11, 'Z,X', 'Replace', 'Partially Filled', [6000, 3500, 2500, 0]),
      executionReport(12, 'Z', 'Trade', 'Partially Filled', [6000, 5000, 1000, 1500]),
    ],
  },
];

/** Two replaces sent one right after the other, on an order that has traded 1000. */
const TWO_REPLACES: readonly Row[] = [
  newOrder(1, 'X', 10000),
  executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
  executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
  replaceRequest(4, 'Y,X', 8000),
  replaceRequest(5, 'Z,Y', 7000),
];

const CHAINED: readonly Scenario[] = [
  {
    id: 'D.2.a',
    title: 'Two replaces, processed one after the other',
    rows: [
      ...TWO_REPLACES,
      executionReport(6, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      executionReport(7, 'Y,X', 'Replace', 'Partially Filled', [8000, 1000, 7000, 0]),
      executionReport(8, 'Z,Y', 'Pending Replace', 'Pending Replace', [8000, 1000, 7000, 0]),
      executionReport(9, 'Z,Y', 'Replace', 'Partially Filled', [7000, 1000, 6000, 0]),
      executionReport(10, 'Z', 'Trade', 'Filled', [7000, 7000, 0, 6000]),
    ],
  },
  {
    id: 'D.2.b',
    title: 'Two replaces, both pending before they are processed',
    rows: [
      ...TWO_REPLACES,
      executionReport(6, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      executionReport(7, 'Z,X', 'Pending Replace', 'Pending Replace', [8000, 1000, 7000, 0]),
      executionReport(8, 'Y,X', 'Replace', 'Pending Replace', [8000, 1000, 7000, 0]),
      executionReport(9, 'Z,Y', 'Replace', 'Partially Filled', [7000, 1000, 6000, 0]),
      executionReport(10, 'Z', 'Trade', 'Filled', [7000, 7000, 0, 6000]),
    ],
  },
  {
    id: 'D.2.c',
    title: 'Two replaces, both rejected',
    rows: [
      ...TWO_REPLACES,
      executionReport(6, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      cancelReject(7, 'Y,X', 'replace', 'Partially Filled'),
      executionReport(8, 'Z,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      cancelReject(9, 'Z,X', 'replace', 'Partially Filled'),
      executionReport(10, 'X', 'Trade', 'Partially Filled', [10000, 7000, 3000, 6000]),
    ],
  },
  {
    id: 'D.2.d',
    title: 'Two replaces, the second rejected as the order is pending replace',
    rows: [
      ...TWO_REPLACES,
      executionReport(6, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 1000, 9000, 0]),
      cancelReject(7, 'Z,X', 'replace', 'Pending Replace'),
      executionReport(8, 'Y,X', 'Replace', 'Partially Filled', [8000, 1000, 7000, 0]),
      executionReport(9, 'Y', 'Trade', 'Partially Filled', [8000, 3000, 5000, 2000]),
    ],
  },
];

export const CHAINING: readonly Scenario[] = [...SEQUENCING, ...CHAINED];

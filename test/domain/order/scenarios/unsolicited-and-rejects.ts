/* Cites the FIX Protocol specification (http://www.fixprotocol.org), Copyright FIX Protocol Limited: see table.ts. */
import { alternatively, executionReport, mayBeRejected, newOrder, replaceRequest } from './table.js';
import type { Scenario } from './table.js';

export const UNSOLICITED: readonly Scenario[] = [
  {
    id: 'E.1.a',
    title: 'Telephoned order',
    rows: [
      // Printed with LeavesQty 0, though the order is open for all of it.
      executionReport(1, 'X', 'New', 'New', [10000, 0, 0, 0], { ours: { leavesQty: 10000 } }),
      executionReport(2, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 3000, 7000, 1000]),
      executionReport(4, 'X', 'Trade', 'Filled', [10000, 10000, 0, 7000]),
    ],
  },
  {
    id: 'E.1.b',
    title: 'Unsolicited cancel of a part-filled order',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      executionReport(5, 'X', 'Canceled', 'Canceled', [10000, 1000, 0, 0], { reason: '2' }),
    ],
  },
  {
    id: 'E.1.c',
    title: 'Unsolicited replacement of a part-filled order',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(4, 'X', 'Restated', 'New', [11000, 0, 11000, 0], { reason: '2' }),
      executionReport(5, 'X', 'Trade', 'Partially Filled', [11000, 1000, 10000, 1000]),
      executionReport(7, 'X', 'Restated', 'Partially Filled', [12000, 1000, 11000, 0], { reason: '2' }),
    ],
  },
  {
    id: 'E.1.d',
    title: 'Unsolicited reduction of the quantity by the sell side',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Restated', 'New', [9000, 0, 9000, 0], { reason: '5' }),
      executionReport(4, 'X', 'Trade', 'Filled', [9000, 9000, 0, 9000]),
    ],
  },
  {
    id: 'E.1.e',
    title: 'Unsolicited cancel of an order to cancel if not best',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Canceled', 'Canceled', [10000, 0, 0, 0], { reason: '9' }),
    ],
  },
];

export const REJECT: readonly Scenario[] = [
  {
    id: 'F.1.a',
    title: 'Order rejected for its duplicate ClOrdID',
    rows: [
      newOrder(1, 'X', 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      newOrder(4, 'X', 15000),
      executionReport(5, 'X', 'Rejected', 'Partially Filled', [10000, 1000, 9000, 0]),
    ],
  },
  {
    id: 'F.1.b',
    title: 'PossResend and duplicate ClOrdID',
    rows: [
      newOrder(1, 'X', 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000]),
      newOrder(3, 'X', 10000, { possResend: true }),
      executionReport(4, 'X', 'Order Status', 'New', [10000, 0, 10000]),
      newOrder(5, 'X', 20000),
      executionReport(6, 'X', 'Rejected', 'New', [10000, 0, 10000]),
      newOrder(7, 'Y', 15000, { possResend: true }),
      executionReport(8, 'Y', 'New', 'New', [15000, 0, 15000, 0]),
    ],
  },
  {
    id: 'F.1.c',
    title: 'Order rejected because it was submitted verbally already',
    rows: [newOrder(1, 'X', 10000), executionReport(3, 'X', 'Rejected', 'Rejected', [10000, 0, 0, 0])],
  },
];

/** Status requests themselves (35=H) are no facts about an order: the rows of their sending are left out. */
export const STATUS: readonly Scenario[] = [
  {
    id: 'G.1.a',
    title: 'Status request rejected for an unknown order',
    rows: [
      newOrder(1, 'X', 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 1000, 9000, 1000]),
      executionReport(5, 'Y', 'Order Status', 'Rejected', [0, 0, 0]),
    ],
  },
  {
    id: 'G.1.b',
    title: 'Nothing done, in response to a status request',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(4, 'X', 'Order Status', 'New', [10000, 0, 10000, 0]),
    ],
  },
  {
    id: 'G.1.c',
    title: 'Status requests during the life of an order',
    rows: [
      newOrder(1, 'X', 10000),
      executionReport(3, 'X', 'Order Status', 'Pending New', [10000, 0, 10000]),
      alternatively(executionReport(4, 'X', 'Rejected', 'Rejected', [10000, 0, 0, 0])),
      executionReport(4, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(6, 'X', 'Order Status', 'New', [10000, 0, 10000]),
      executionReport(7, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      executionReport(9, 'X', 'Order Status', 'Partially Filled', [10000, 2000, 8000]),
      executionReport(10, 'X', 'Trade', 'Filled', [10000, 10000, 0, 8000]),
      executionReport(12, 'X', 'Order Status', 'Filled', [10000, 10000, 0]),
      replaceRequest(13, 'Y,X', 12000),
      executionReport(14, 'Y,X', 'Pending Replace', 'Pending Replace', [10000, 10000, 0, 0]),
      executionReport(15, 'Y,X', 'Replace', 'Partially Filled', [12000, 10000, 2000, 0]),
      executionReport(17, 'Y,X', 'Order Status', 'Partially Filled', [12000, 10000, 2000]),
      executionReport(19, 'Y', 'Order Status', 'Partially Filled', [12000, 10000, 2000]),
    ],
  },
];

/* Cites the FIX Protocol specification (http://www.fixprotocol.org), Copyright FIX Protocol Limited: see table.ts. */
import { alternatively, cancelReject, cancelRequest, executionReport, mayBeRejected, newOrder } from './table.js';
import type { Scenario } from './table.js';

export const VANILLA: readonly Scenario[] = [
  {
    id: 'A.1.a',
    title: 'Filled order',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      mayBeRejected(3, 10000),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      executionReport(4, 'X', 'Trade', 'Partially Filled', [10000, 3000, 7000, 1000]),
      executionReport(5, 'X', 'Trade', 'Filled', [10000, 10000, 0, 7000]),
    ],
  },
  {
    id: 'A.1.b',
    title: 'Part-filled day order, done for day',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      executionReport(4, 'X', 'Trade', 'Partially Filled', [10000, 3000, 7000, 1000]),
      executionReport(5, 'X', 'Done for Day', 'Done for Day', [10000, 3000, 0, 0]),
    ],
  },
];

export const CANCEL: readonly Scenario[] = [
  {
    id: 'B.1.a',
    title: 'Cancel request for a zero-filled order',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      cancelRequest(3, 'Y,X', 10000),
      alternatively(cancelReject(4, 'Y,X', 'cancel', 'New')),
      executionReport(4, 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 0, 10000, 0]),
      alternatively(cancelReject(5, 'Y,X', 'cancel', 'New')),
      executionReport(5, 'Y,X', 'Canceled', 'Canceled', [10000, 0, 0, 0]),
    ],
  },
  {
    id: 'B.1.b',
    title: 'Cancel request for a part-filled order, with executions while it is active',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      cancelRequest(4, 'Y,X', 10000),
      executionReport(4, 'X', 'Trade', 'Partially Filled', [10000, 5000, 5000, 3000]),
      alternatively(cancelReject(5, 'Y,X', 'cancel', 'Partially Filled')),
      executionReport(5, 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 5000, 5000, 0]),
      executionReport(6, 'X', 'Trade', 'Pending Cancel', [10000, 6000, 4000, 1000]),
      alternatively(cancelReject(7, 'Y,X', 'cancel', 'Partially Filled')),
      executionReport(7, 'Y,X', 'Canceled', 'Canceled', [10000, 6000, 0, 0]),
    ],
  },
  {
    id: 'B.1.c',
    title: 'Cancel request for an order that is filled before the request is accepted',
    rows: [
      newOrder(1, 'X', 10000),
      mayBeRejected(2, 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'X', 'Trade', 'Partially Filled', [10000, 2000, 8000, 2000]),
      cancelRequest(4, 'Y,X', 10000),
      executionReport(4, 'X', 'Trade', 'Partially Filled', [10000, 5000, 5000, 3000]),
      alternatively(cancelReject(5, 'Y,X', 'cancel', 'Partially Filled')),
      executionReport(5, 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 5000, 5000, 0]),
      executionReport(6, 'X', 'Trade', 'Pending Cancel', [10000, 10000, 0, 5000]),
      cancelReject(7, 'Y,X', 'cancel', 'Filled'),
    ],
  },
  {
    id: 'B.1.d',
    title: 'Cancel request for an order that is not acknowledged yet',
    rows: [
      newOrder(1, 'X', 10000),
      cancelRequest(2, 'Y,X', 10000),
      executionReport(3, 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 0, 10000, 0]),
      executionReport(4, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(5, 'Y,X', 'Canceled', 'Canceled', [10000, 0, 0, 0]),
      newOrder(6, 'A', 5000),
      cancelRequest(7, 'B,A', 5000),
      executionReport(8, 'B,A', 'Pending Cancel', 'Pending Cancel', [5000, 0, 5000, 0]),
      executionReport(9, 'B,A', 'Canceled', 'Canceled', [5000, 0, 0, 0]),
    ],
  },
  {
    id: 'B.1.e',
    title: 'The acknowledgement and the cancel request cross',
    rows: [
      newOrder(1, 'X', 10000),
      cancelRequest(2, 'Y,X', 10000),
      executionReport(2, 'X', 'New', 'New', [10000, 0, 10000, 0]),
      executionReport(3, 'Y,X', 'Pending Cancel', 'Pending Cancel', [10000, 0, 10000, 0]),
      executionReport(4, 'Y,X', 'Canceled', 'Canceled', [10000, 0, 0, 0]),
    ],
  },
  {
    id: 'B.1.f',
    title: 'Cancel request for an unknown order',
    rows: [cancelRequest(1, 'Y,X', 10000), cancelReject(2, 'Y,X', 'cancel', 'Rejected')],
  },
];

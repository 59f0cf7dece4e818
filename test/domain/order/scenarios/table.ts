/*
 * Rows of the "Order State Change Matrices": FIX 4.4 with Errata 20030618, volume 4, Appendix D. The values that the
 * tables in this folder cite are from the FIX Protocol specification (http://www.fixprotocol.org), which is Copyright
 * FIX Protocol Limited. Times are those of the matrices; `X` names an order, `Y` and `Z` the requests to change it.
 */

/** FIX names of ExecType (tag 150). */
export type ExecType =
  | 'New'
  | 'Rejected'
  | 'Trade'
  | 'Trade Cancel'
  | 'Trade Correct'
  | 'Done for Day'
  | 'Canceled'
  | 'Replace'
  | 'Pending Cancel'
  | 'Pending Replace'
  | 'Restated'
  | 'Stopped'
  | 'Order Status';

export interface RowOptions {
  readonly lastPx?: number;
  readonly avgPx?: number;
  readonly execId?: string;
  readonly execRefId?: string;
  readonly timeInForce?: 'gtc' | 'ioc' | 'fok';
  readonly possResend?: boolean;
  /** ExecRestatementReason (tag 378). */
  readonly reason?: string;
  /** Where the printed numbers contradict the standard's own rules: what we say instead, and the discrepancy stays open. */
  readonly ours?: { readonly leavesQty: number };
}

interface Common {
  readonly time: number | string;
  /** `ClOrdID` or `ClOrdID,OrigClOrdID`. */
  readonly ids: string;
  /** Ends a branch: the rest of the matrix goes on without it (the italic rows of the standard). */
  readonly isAlternative?: true;
  readonly options: RowOptions;
}

interface RequestRow extends Common {
  readonly message: 'New Order' | 'Cancel Request' | 'Replace Request';
  readonly orderQty: number | undefined;
}
export interface ReportRow extends Common {
  readonly message: 'Execution';
  readonly execType: ExecType;
  readonly ordStatus: string;
  readonly orderQty: number | undefined;
  readonly cumQty: number;
  readonly leavesQty: number;
  readonly lastQty: number | undefined;
}
interface RejectRow extends Common {
  readonly message: 'Cancel Reject';
  readonly responseTo: 'cancel' | 'replace';
  readonly ordStatus: string;
}
export type Row = RequestRow | ReportRow | RejectRow;

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

type Time = number | string;

export const newOrder = (time: Time, ids: string, orderQty: number | undefined, options: RowOptions = {}): Row => ({ message: 'New Order', time, ids, orderQty, options });
export const cancelRequest = (time: Time, ids: string, orderQty: number): Row => ({ message: 'Cancel Request', time, ids, orderQty, options: {} });
export const replaceRequest = (time: Time, ids: string, orderQty: number): Row => ({ message: 'Replace Request', time, ids, orderQty, options: {} });

type Numbers = readonly [orderQty: number | undefined, cumQty: number, leavesQty: number, lastQty?: number];

export const executionReport = (time: Time, ids: string, execType: ExecType, ordStatus: string, numbers: Numbers, options: RowOptions = {}): Row => {
  const [orderQty, cumQty, leavesQty, lastQty] = numbers;
  return { message: 'Execution', time, ids, execType, ordStatus, orderQty, cumQty, leavesQty, lastQty, options };
};

export const cancelReject = (time: Time, ids: string, responseTo: 'cancel' | 'replace', ordStatus: string): Row => ({
  message: 'Cancel Reject',
  time,
  ids,
  responseTo,
  ordStatus,
  options: {},
});

/** A row that ends a branch. */
export const alternatively = (row: Row): Row => ({ ...row, isAlternative: true });

/** The path of the rows that are not alternatives, and one path for each alternative: what came before it, and it. */
export function pathsOf({ rows }: Scenario): readonly (readonly Row[])[] {
  const main = rows.filter(({ isAlternative }) => isAlternative !== true);
  const others = rows.flatMap((row, index) =>
    row.isAlternative === true ? [[...rows.slice(0, index).filter(({ isAlternative }) => isAlternative !== true), row]] : [],
  );
  return [main, ...others];
}

/** The rejection that most matrices show as the alternative to an acceptance. */
export const mayBeRejected = (time: Time, orderQty: number, options: RowOptions = {}): Row =>
  alternatively(executionReport(time, 'X', 'Rejected', 'Rejected', [orderQty, 0, 0, 0], options));

import { pathsOf } from '../domain/order/scenarios/table.js';
import type { ExecType, ReportRow, Row, Scenario } from '../domain/order/scenarios/table.js';
import { fixLine } from './fix-fixture.js';

/*
 * The order state change matrices as FIX logs: each step that the broker reports is an order of its own, with all messages up
 * to it, so that the state after every step can be seen when the whole log is in.
 */

/** How a broker writes. */
export interface Dialect {
  readonly version: 'FIX.4.2' | 'FIX.4.4';
  readonly separator: string;
  /** Messages of the second day are sent on it, with TradeDate, and orders say their TimeInForce if they are good till cancelled. */
  readonly hasDays: boolean;
  /** Whether reports carry Account, OrderQty, and Symbol with Side. */
  readonly reportsAccount: boolean;
  readonly reportsOrderQty: boolean;
  /** OrderID of the answers to requests that name an unknown order. */
  readonly unknownOrderId: 'own' | 'NONE';
  /** What a log puts before each message. */
  readonly prefix: string;
}

/** As most logs are: the one with which others can be compared. */
export const PLAIN: Dialect = { version: 'FIX.4.4', separator: '|', hasDays: false, reportsAccount: true, reportsOrderQty: true, unknownOrderId: 'own', prefix: '' };

/** What an order must be once all of its messages are in; what the standard does not print is left out. */
export interface ExpectedOrder {
  readonly name: string;
  readonly clOrdId: string;
  readonly ordStatus: string;
  readonly orderQty?: string;
  readonly cumQty?: string;
  readonly leavesQty?: string;
  readonly avgPx?: string;
}

/** The messages of one order, in their order, and what it must be. */
export interface RenderedOrder {
  readonly lines: readonly string[];
  readonly expected: ExpectedOrder;
}

type Field = readonly [tag: number, value: string];

const EXEC_TYPES: Readonly<Record<ExecType, string>> = {
  New: '0',
  Rejected: '8',
  Trade: 'F',
  'Trade Cancel': 'H',
  'Trade Correct': 'G',
  'Done for Day': '3',
  Canceled: '4',
  Replace: '5',
  'Pending Cancel': '6',
  'Pending Replace': 'E',
  Restated: 'D',
  Stopped: '7',
  'Order Status': 'I',
};
const ORD_STATUSES: Readonly<Record<string, string>> = {
  New: '0',
  'Partially Filled': '1',
  Filled: '2',
  'Done for Day': '3',
  Canceled: '4',
  'Pending Cancel': '6',
  Stopped: '7',
  Rejected: '8',
  'Pending New': 'A',
  'Pending Replace': 'E',
};
/** FIX 4.2 says in ExecTransType what 4.4 says in ExecType. */
const EXEC_TRANS_TYPES: Partial<Readonly<Record<ExecType, string>>> = { 'Trade Cancel': '1', 'Trade Correct': '2', 'Order Status': '3' };
const TIMES_IN_FORCE = { gtc: '1', ioc: '3', fok: '4' } as const;
const WORKING: ReadonlySet<string> = new Set(['New', 'Partially Filled', 'Filled']);
const DEFAULT_PX = 100;

const codeOf = (codes: Readonly<Record<string, string>>, label: string): string => {
  const code = codes[label];
  if (code === undefined) throw new Error(`no code for ${label}`);
  return code;
};

const fieldIf = (tag: number, value: string | number | undefined): readonly Field[] => (value === undefined ? [] : [[tag, String(value)]]);

/** ExecType and OrdStatus as the version of FIX has them. */
function typeFields({ execType, ordStatus }: ReportRow, { version }: Dialect): readonly Field[] {
  const status = codeOf(ORD_STATUSES, ordStatus);
  if (version === 'FIX.4.4') return [[150, EXEC_TYPES[execType]], [39, status]];
  const said = execType === 'Replace' && WORKING.has(ordStatus) ? '5' : status;
  const isTrade = execType === 'Trade' || execType === 'Trade Cancel' || execType === 'Trade Correct';
  const traded = ordStatus === 'Filled' ? '2' : '1';
  return [[20, EXEC_TRANS_TYPES[execType] ?? '0'], [150, isTrade ? traded : execType === 'Order Status' ? status : EXEC_TYPES[execType]], [39, said]];
}

function reportFields(row: ReportRow, dialect: Dialect, prefix: string, execId: string, avgPx: number): readonly Field[] {
  const { options, orderQty, cumQty, leavesQty, lastQty } = row;
  const isTrade = row.execType === 'Trade' || row.execType === 'Trade Correct';
  return [
    [17, `${prefix}-${options.execId ?? execId}`],
    ...fieldIf(19, options.execRefId === undefined ? undefined : `${prefix}-${options.execRefId}`),
    ...typeFields(row, dialect),
    ...(dialect.reportsAccount ? [[1, 'ACC1'] as const] : []),
    [55, 'TEST'],
    [54, '1'],
    ...(dialect.reportsOrderQty ? fieldIf(38, orderQty) : []),
    ...(isTrade ? [[32, String(lastQty ?? 0)] as const, [31, String(options.lastPx ?? DEFAULT_PX)] as const] : []),
    [151, String(leavesQty)],
    [14, String(cumQty)],
    [6, String(avgPx)],
    ...fieldIf(378, options.reason),
  ];
}

function requestFields(row: Exclude<Row, ReportRow | { message: 'Cancel Reject' }>, { hasDays }: Dialect): readonly Field[] {
  const { timeInForce, possResend } = row.options;
  const isStated = timeInForce !== undefined && (timeInForce !== 'gtc' || hasDays);
  return [
    [1, 'ACC1'],
    [55, 'TEST'],
    [54, '1'],
    ...fieldIf(38, row.orderQty),
    ...(row.message === 'Cancel Request' ? [] : [[40, '1'] as const]),
    ...(isStated ? [[59, TIMES_IN_FORCE[timeInForce]] as const] : []),
    ...(possResend === true ? [[97, 'Y'] as const] : []),
  ];
}

const MSG_TYPES = { 'New Order': 'D', 'Cancel Request': 'F', 'Replace Request': 'G', 'Cancel Reject': '9', Execution: '8' } as const;

const isFromBroker = ({ message }: Row): boolean => message === 'Execution' || message === 'Cancel Reject';
const isOnDay2 = ({ time }: Row): boolean => String(time).startsWith('Day 2');

/** Numbers the messages of a log, a tenth of a second apart, in a session each way. */
class LogWriter {
  #messages = 0;
  readonly #sequences = { broker: 0, client: 0 };

  constructor(private readonly dialect: Dialect) {}

  write(row: Row, fields: readonly Field[]): string {
    const side = isFromBroker(row) ? 'broker' : 'client';
    const { hasDays, prefix, separator, version } = this.dialect;
    const tenths = this.#messages;
    this.#messages += 1;
    this.#sequences[side] += 1;
    const day = hasDays && isOnDay2(row) ? '20120622' : '20120621';
    const seconds = Math.floor(tenths / 10);
    const [hour, minute, second] = [9 + Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
    const time = `${day}-${hour ?? ''}:${minute ?? ''}:${second ?? ''}.${tenths % 10}00`;
    const comps: readonly Field[] = side === 'broker' ? [[49, 'BROKER'], [56, 'BUYSIDE']] : [[49, 'BUYSIDE'], [56, 'BROKER']];
    const head: readonly Field[] = [[35, MSG_TYPES[row.message]], ...comps, [34, String(this.#sequences[side])], [52, time]];
    const days: readonly Field[] = hasDays && side === 'broker' ? [[75, day]] : [];
    return prefix + fixLine([...head, ...fields, ...days, [60, time]], { version, separator });
  }
}

/** The orders of a path: ClOrdID → the one that the order began with. */
function beginnings(rows: readonly Row[]): (row: Row) => string {
  const first = new Map<string, string>();
  for (const { ids } of rows) {
    const [clOrdId = '', origClOrdId] = ids.split(',');
    if (!first.has(clOrdId)) first.set(clOrdId, first.get(origClOrdId ?? clOrdId) ?? origClOrdId ?? clOrdId);
  }
  return ({ ids }) => first.get(ids.split(',')[0] ?? '') ?? '';
}

function messageFields(row: Row, prefix: string, orderId: string, execId: string, avgPx: number, dialect: Dialect): readonly Field[] {
  const [clOrdId = '', origClOrdId] = row.ids.split(',');
  const names: readonly Field[] = [[11, `${prefix}-${clOrdId}`], ...fieldIf(41, origClOrdId === undefined ? undefined : `${prefix}-${origClOrdId}`)];
  switch (row.message) {
    case 'Execution':
      return [[37, orderId], ...names, ...reportFields(row, dialect, prefix, execId, avgPx)];
    case 'Cancel Reject':
      return [[37, orderId], ...names, [39, codeOf(ORD_STATUSES, row.ordStatus)], [434, row.responseTo === 'cancel' ? '1' : '2']];
    case 'New Order':
    case 'Cancel Request':
    case 'Replace Request':
      return [...names, ...requestFields(row, dialect)];
  }
}

function expectedOf(row: Row, name: string, prefix: string): ExpectedOrder {
  const clOrdId = `${prefix}-${row.ids.split(',')[0] ?? ''}`;
  if (row.message === 'Cancel Reject') return { name, clOrdId, ordStatus: row.ordStatus };
  if (row.message !== 'Execution') throw new Error('only the broker reports a state');
  const { options, orderQty, cumQty, leavesQty } = row;
  return {
    name,
    clOrdId,
    ordStatus: row.ordStatus,
    ...(orderQty !== undefined && { orderQty: String(orderQty) }),
    cumQty: String(cumQty),
    leavesQty: String(options.ours?.leavesQty ?? leavesQty),
    ...(options.avgPx !== undefined && { avgPx: String(options.avgPx) }),
  };
}

/** Every order of every branch of the scenarios, up to each step that the broker reports. */
export function renderMatrices(scenarios: readonly Scenario[], dialect: Dialect = PLAIN): readonly RenderedOrder[] {
  const log = new LogWriter(dialect);
  return scenarios.flatMap((scenario) =>
    pathsOf(scenario).flatMap((path, index) => {
      const orderOf = beginnings(path);
      return path.flatMap((step, place) => {
        if (!isFromBroker(step)) return [];
        const prefix = `${scenario.id.replaceAll(' ', '-')}-${index === 0 ? 'main' : `alt${index}`}-${scenario.rows.indexOf(step) + 1}`;
        const messages = path.slice(0, place + 1).filter((row) => orderOf(row) === orderOf(step));
        const isUnknown = messages.every(({ message, ids }) => message !== 'New Order' && ids !== 'X') && dialect.unknownOrderId === 'NONE';
        const orderId = isUnknown ? 'NONE' : `O-${prefix}-${orderOf(step)}`;
        const lines = messages.map((row) => log.write(row, messageFields(row, prefix, orderId, `E${scenario.rows.indexOf(row) + 1}`, row.options.avgPx ?? 0, dialect)));
        return [{ lines, expected: expectedOf(step, `${prefix}-${orderOf(step)}`, prefix) }];
      });
    }),
  );
}

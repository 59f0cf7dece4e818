import { LRUCache } from 'lru-cache';
import { orderDecider } from '../../domain/order/decider.js';
import type { OrderEventType } from '../../domain/order/events.js';
import type { OrderExecution, OrderState } from '../../domain/order/state.js';
import { decodeOrderEvent } from '../../eventstore/codec.js';
import type { EventStore, RecordedEvent } from '../../eventstore/event-store.js';
import type { BookOwner } from './books.js';
import type { OwnRows, PostedExecution } from './own-rows.js';

export const ORDER_STREAM_PREFIX = 'order-';

/** Types of events that can bring an order executions or change them. */
const CAN_EXECUTE: ReadonlySet<string> = new Set(['ExecutionRecorded', 'ExecutionCorrected', 'ExecutionBusted', 'FactConflicted', 'FactRepeated'] satisfies OrderEventType[]);
/** Of an order that has traded, these matter too: as does whatever carries terms, which say in which environment it trades. */
const CAN_CHANGE: ReadonlySet<string> = new Set(['OrderLinked', 'OrderRestated'] satisfies OrderEventType[]);

const mayExecute = ({ type }: RecordedEvent): boolean => CAN_EXECUTE.has(type);
const mayChange = ({ type, data }: RecordedEvent): boolean => CAN_CHANGE.has(type) || (typeof data === 'object' && data !== null && 'terms' in data && data.terms !== undefined);

/** An order as far as it was followed. Mutable: whoever doubts it reads it again. */
export interface TradedOrder {
  readonly orderId: string;
  revision: bigint;
  /** Events that are not folded yet: most orders never trade, and are never folded. */
  pending: RecordedEvent[];
  state: OrderState;
  owner: BookOwner | undefined;
  /** What was compared last: as the ledger has it. Undefined where that is what is pending. */
  executions: readonly OrderExecution[] | undefined;
  /** By ExecID, as it is in the tables. */
  readonly posted: Map<string, Pick<PostedExecution, 'bookId' | 'place'>>;
}

/** An execution that is not as it was; `execution` is undefined where the order has it no more. */
export interface ChangedExecution {
  readonly execId: string;
  readonly execution: OrderExecution | undefined;
}

/** Streams that are read from the event store at once. */
const CONCURRENT_READS = 16;

const newOrder = (stream: string): TradedOrder => ({
  orderId: stream.slice(ORDER_STREAM_PREFIX.length),
  revision: -1n,
  pending: [],
  state: orderDecider.initialState,
  owner: undefined,
  executions: [],
  posted: new Map(),
});

/** How many facts it holds, roughly. */
const weightOf = ({ pending, state, posted }: TradedOrder): number => 1 + pending.length + state.applied.size + posted.size;

function foldPending(order: TradedOrder): void {
  const { pending } = order;
  order.pending = [];
  for (const event of pending) order.state = orderDecider.evolve(order.state, decodeOrderEvent(event));
}

/** Follows the orders that trade; what the others do costs next to nothing. */
export class TradedOrders {
  readonly #store: EventStore;
  readonly #rows: OwnRows;
  readonly #cache: LRUCache<string, TradedOrder>;
  /** Those of the batch; no other event of it matters. */
  #opened = new Map<string, TradedOrder>();

  constructor(store: EventStore, rows: OwnRows, maxCachedFacts: number) {
    this.#store = store;
    this.#rows = rows;
    this.#cache = new LRUCache({ maxSize: maxCachedFacts, sizeCalculation: (order) => Math.min(weightOf(order), maxCachedFacts) });
  }

  reset(): void {
    this.#cache.clear();
    this.#opened.clear();
  }

  /** Gets the orders ready that a batch's events may change the executions of. */
  async open(events: readonly RecordedEvent[]): Promise<void> {
    this.#keepOpened();
    const unknown = new Map<string, { readonly upTo: bigint; executes: boolean; changes: boolean }>();
    for (const event of events) {
      const { stream, revision } = event;
      if (this.#opened.has(stream)) continue;
      const cached = this.#cache.get(stream);
      const known = revision === 0n ? newOrder(stream) : cached?.revision === revision - 1n ? cached : undefined;
      if (known && !unknown.has(stream)) {
        this.#opened.set(stream, known);
        continue;
      }
      const seen = unknown.get(stream) ?? { upTo: revision, executes: false, changes: false };
      seen.executes ||= mayExecute(event);
      seen.changes ||= mayChange(event);
      unknown.set(stream, seen);
    }
    await this.#openUnknown([...unknown].filter(([, { executes, changes }]) => executes || changes));
  }

  /** What an event changes in the executions of its order. Throws where the order cannot be folded. */
  apply(event: RecordedEvent): { readonly order: TradedOrder; readonly changed: readonly ChangedExecution[] } | undefined {
    const order = this.#opened.get(event.stream);
    if (!order) return undefined;
    if (!order.executions) {
      foldPending(order);
      compare(order);
    }
    order.revision = event.revision;
    order.pending.push(event);
    if (!mayExecute(event) && (order.posted.size === 0 || !mayChange(event))) return undefined;
    foldPending(order);
    const changed = compare(order);
    return changed.length > 0 ? { order, changed } : undefined;
  }

  /** The order is set aside. */
  forget(stream: string): void {
    this.#opened.delete(stream);
    this.#cache.delete(stream);
  }

  #keepOpened(): void {
    for (const [stream, order] of this.#opened) {
      // A value that is set again keeps the size that it had.
      this.#cache.delete(stream);
      this.#cache.set(stream, order);
    }
    this.#opened = new Map();
  }

  async #openUnknown(unknown: readonly (readonly [stream: string, { readonly upTo: bigint; readonly executes: boolean }])[]): Promise<void> {
    const posted = new Map<string, PostedExecution[]>();
    for (const one of await this.#rows.posted(unknown.map(([stream]) => stream.slice(ORDER_STREAM_PREFIX.length)))) {
      const own = posted.get(one.key.orderId);
      if (own) own.push(one);
      else posted.set(one.key.orderId, [one]);
    }
    const toRead = unknown.filter(([stream, { executes }]) => executes || posted.has(stream.slice(ORDER_STREAM_PREFIX.length)));
    const lanes = Array.from({ length: Math.min(CONCURRENT_READS, toRead.length) }, async () => {
      for (let next = toRead.pop(); next; next = toRead.pop()) {
        const [stream, { upTo }] = next;
        const order = await this.#read(stream, upTo);
        for (const { key, bookId, place } of posted.get(order.orderId) ?? []) order.posted.set(key.execId, { bookId, place });
        this.#opened.set(stream, order);
      }
    });
    await Promise.all(lanes);
  }

  /** The order before a revision, its executions as the ledger has them. */
  async #read(stream: string, upTo: bigint): Promise<TradedOrder> {
    const order: TradedOrder = { ...newOrder(stream), executions: undefined };
    for await (const event of this.#store.readStream(stream)) {
      if (event.revision >= upTo) break;
      order.pending.push(event);
      order.revision = event.revision;
    }
    return order;
  }
}

/** Moves an order to what its fold says now; what has changed since it was compared last. */
function compare(order: TradedOrder): ChangedExecution[] {
  const { state } = order;
  const isShown = state.exists && state.redirectsTo === undefined;
  const { executions: before = [], owner: formerOwner } = order;
  const executions = isShown ? state.view.executions : [];
  const owner = ownerOf(state);
  const isSameOwner = formerOwner?.environment === owner.environment;
  order.executions = executions;
  order.owner = owner;
  return isSameOwner ? changedExecutions(before, executions) : [...executions.map((execution) => ({ execId: execution.execId, execution })), ...gone(before, executions)];
}

const ownerOf = ({ tenantId, accountId, view }: OrderState): BookOwner => ({
  tenantId: tenantId ?? '',
  accountId: accountId ?? '',
  environment: view.terms?.environment ?? 'unknown',
});

const gone = (before: readonly OrderExecution[], after: readonly OrderExecution[]): ChangedExecution[] => {
  const left = new Set<string>(after.map(({ execId }) => execId));
  return before.filter(({ execId }) => !left.has(execId)).map(({ execId }) => ({ execId, execution: undefined }));
};

const isSame = (a: OrderExecution, b: OrderExecution | undefined): boolean =>
  a === b || (b !== undefined && a.execution === b.execution && a.version === b.version && a.status === b.status && a.tradingDay === b.tradingDay && a.occurredAt === b.occurredAt);

/** Most events add one at the end: what is the very same at the beginning is passed over. */
function changedExecutions(before: readonly OrderExecution[], after: readonly OrderExecution[]): ChangedExecution[] {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  const former = new Map(before.slice(start).map((execution) => [execution.execId, execution]));
  const rest = after.slice(start);
  const changed = rest.filter((execution) => !isSame(execution, former.get(execution.execId))).map((execution) => ({ execId: execution.execId, execution }));
  return [...changed, ...gone(before.slice(start), rest)];
}

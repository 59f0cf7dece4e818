import { orderId } from '../domain/ids.js';
import type { OrderId, PositionId } from '../domain/ids.js';
import type { OrderEvent } from '../domain/order/events.js';
import type { OrderState } from '../domain/order/state.js';
import type { EndClose, SizeClosingOrder } from '../domain/position/commands.js';
import { closingTerms } from '../domain/position/close.js';
import type { CloseOutcome, PositionEvent } from '../domain/position/events.js';
import type { CloseState, PositionState } from '../domain/position/state.js';
import { quantityText } from '../domain/amounts.js';
import type { QuantityString } from '../domain/amounts.js';
import type { CommandResult } from '../eventstore/commands.js';
import { digestOf, sha256Hex } from '../eventstore/digest.js';
import { clientAlias, orderIdOf, orderStream, positionStream } from '../eventstore/identity.js';
import { endingOf, newFills } from './fill-changes.js';
import type { FoldCache } from './fold-cache.js';
import { orderFolds, positionFolds } from './folds.js';
import type { PolicyTools, ReactionLog } from './policy.js';
import { reactionContext } from './reaction.js';
import type { Cause, Owner } from './reaction.js';

/** Orders that were linked into one another, at most. */
const MAX_REDIRECTS = 10;
const MAX_REASON_LENGTH = 200;

type Unkeyed<Command> = Command extends unknown ? Omit<Command, 'commandKey' | 'commandDigest'> : never;

/** A position that is being closed. */
interface Closing {
  readonly position: PositionId;
  readonly owner: Owner;
  readonly state: PositionState;
  readonly close: CloseState;
}

/** An intent lost every race against other writers: the reaction is tried again. */
class ContendedError extends Error {
  override readonly name = 'ContendedError';
}

/** The commands that the policy of closings sends, and what it has to read for them. */
export class ClosingReactions {
  readonly #policy: string;
  readonly #tools: PolicyTools;
  readonly #orders: FoldCache<OrderState, OrderEvent>;
  readonly #positions: FoldCache<PositionState, PositionEvent>;

  constructor(policy: string, tools: PolicyTools) {
    this.#policy = policy;
    this.#tools = tools;
    this.#orders = orderFolds(tools.store);
    this.#positions = positionFolds(tools.store);
  }

  /** The orders that the closing waits for: those of its targets, and the one that it has itself. */
  async ordersOf(position: PositionId, owner: Owner): Promise<readonly OrderId[]> {
    const { state } = await this.#positions.newest(positionStream(position));
    const own = state.close ? [closingOrderId(owner, state.close)] : [];
    const targets = await Promise.all(targetOrders(state).map(({ order }) => this.#final(order)));
    return [...new Set([...targets, ...own])];
  }

  /** Asks for the cancellation of what the targets' orders still have working; of one of them where it is named. */
  async cancelOrders(cause: Cause, position: PositionId, owner: Owner, log: ReactionLog, only?: OrderId): Promise<void> {
    const { state } = await this.#positions.newest(positionStream(position));
    if (!state.close) return;
    for (const { order } of targetOrders(state)) {
      const id = await this.#final(order);
      if (only !== undefined && id !== only) continue;
      const { state: known } = await this.#orders.newest(orderStream(id));
      if (known.view.isOver) continue;
      // Of the request alone, so that it is the same whoever asks, and short: brokers allow as few as 20 characters.
      const clOrdId = `x${sha256Hex(`${cause.recorded.id}/${id}`).slice(0, 16)}`;
      const command = { kind: 'RequestCancel', clOrdId } as const;
      const context = reactionContext(cause, owner, { policy: this.#policy, stream: orderStream(id), what: `cancel/${cause.recorded.id}`, economic: command }, this.#tools.now());
      const result = await this.#tools.handler.changeOrder(id, { ...command, commandKey: context.commandKey, commandDigest: context.commandDigest }, context);
      note(result, cause, log, new Set(['nothing_left']));
    }
  }

  /**
   * Goes on with the closing as far as it can: its order is sized once nothing of the targets' orders is working and what they
   * filled is known, and the closing ends with its order.
   */
  async goOn(cause: Cause, position: PositionId, owner: Owner, log: ReactionLog): Promise<void> {
    const { state } = await this.#positions.newest(positionStream(position));
    const { close } = state;
    if (!close) return;
    const closing: Closing = { position, owner, state, close };
    if (close.status === 'requested' && (await this.#isReady(closing))) {
      const { clOrdId } = close.request.order;
      await this.#change(cause, closing, `size/${clOrdId}/${cause.recorded.id}`, { kind: 'SizeClosingOrder', clOrdId }, log);
    }
    if (close.status === 'sized') await this.#endWithOrder(cause, closing, log);
  }

  /** Places the closing order. Where it cannot be placed, the closing ends with the reason. */
  async place(cause: Cause, position: PositionId, owner: Owner, clOrdId: string, quantity: QuantityString, log: ReactionLog): Promise<void> {
    const { state } = await this.#positions.newest(positionStream(position));
    const { opened, close } = state;
    if (!opened || !close || close.request.order.clOrdId !== clOrdId) return;
    const terms = { ...closingTerms(opened, close.request, quantityText(quantity)), positionId: position };
    const command = { kind: 'PlaceOrder', clOrdId, terms } as const;
    const context = reactionContext(cause, owner, { policy: this.#policy, stream: positionStream(position), what: `place/${clOrdId}/${cause.recorded.id}`, economic: command }, this.#tools.now());
    const result = await this.#tools.handler.placeOrder({ ...command, commandKey: context.commandKey, commandDigest: context.commandDigest }, context);
    if (result.kind !== 'rejected') return note(result, cause, log);
    if (result.rejection.code === 'conflict') throw new ContendedError(result.rejection.message);
    await this.#end(cause, { position, owner, state, close }, 'rejected', result.rejection.message, log);
  }

  /** The position knows all that its targets' orders filled, and, unless it is to be closed at once, nothing of them is working any more. */
  async #isReady({ state, close }: Closing): Promise<boolean> {
    for (const { order, targetKey } of targetOrders(state)) {
      const id = await this.#final(order);
      const { state: known } = await this.#orders.newest(orderStream(id));
      if (!close.request.immediately && !known.view.isOver) return false;
      const { drafts, isAhead } = newFills(known.view, state.fills, { orderId: id, targetKey, direction: state.opened?.direction ?? 'long' });
      if (drafts.length > 0 || isAhead) return false;
    }
    return true;
  }

  async #endWithOrder(cause: Cause, closing: Closing, log: ReactionLog): Promise<void> {
    const { state } = await this.#orders.newest(orderStream(await this.#final(closingOrderId(closing.owner, closing.close))));
    if (!state.exists || !state.view.isOver) return;
    const words = state.facts.findLast(({ fact }) => fact.data.report?.reason !== undefined)?.fact.data.report?.reason;
    const outcome = endingOf(state.view) ?? 'filled';
    await this.#end(cause, closing, outcome, outcome === 'filled' ? undefined : (words ?? `its order is ${state.view.ordStatus}`), log);
  }

  #end(cause: Cause, closing: Closing, outcome: CloseOutcome, reason: string | undefined, log: ReactionLog): Promise<void> {
    const { clOrdId } = closing.close.request.order;
    const command = { kind: 'EndClose', clOrdId, outcome, ...(reason === undefined ? {} : { reason: reason.slice(0, MAX_REASON_LENGTH) }) } as const;
    return this.#change(cause, closing, `end/${clOrdId}/${cause.recorded.id}`, command, log);
  }

  async #change(cause: Cause, { position, owner }: Closing, what: string, command: Unkeyed<SizeClosingOrder | EndClose>, log: ReactionLog): Promise<void> {
    const context = reactionContext(cause, owner, { policy: this.#policy, stream: positionStream(position), what, economic: command }, this.#tools.now());
    note(await this.#tools.handler.changePosition(position, { ...command, commandKey: context.commandKey, commandDigest: digestOf(command) }, context), cause, log);
  }

  /** The order of this id, or the one that it was linked into. */
  async #final(order: OrderId): Promise<OrderId> {
    let id = order;
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects += 1) {
      const { state } = await this.#orders.newest(orderStream(id));
      if (state.redirectsTo === undefined) return id;
      id = state.redirectsTo;
    }
    return id;
  }
}

const closingOrderId = ({ tenantId, accountId }: Owner, { request }: CloseState): OrderId => orderId(orderIdOf(clientAlias(tenantId, accountId, request.order.clOrdId)));

const targetOrders = ({ targets }: PositionState) =>
  targets.flatMap(({ targetKey, orderId: attached, formerOrderIds }) => [...formerOrderIds, ...(attached === undefined ? [] : [attached])].map((order) => ({ order, targetKey })));

/** A refusal that is expected is none: the order ended meanwhile. */
function note(result: CommandResult, { recorded }: Cause, log: ReactionLog, expected: ReadonlySet<string> = new Set()): void {
  if (result.kind === 'applied' || result.kind === 'duplicate') {
    if (result.position !== undefined) log.appended(result.position);
    return;
  }
  if (result.kind !== 'rejected' || expected.has(result.rejection.code)) return;
  if (result.rejection.code === 'conflict') throw new ContendedError(result.rejection.message);
  log.setAside(recorded.stream, recorded.position, result.rejection);
}

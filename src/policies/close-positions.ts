import type { OrderId, PositionId } from '../domain/ids.js';
import { decodeOrderEvent, decodePositionEvent } from '../eventstore/codec.js';
import type { RecordedEvent } from '../eventstore/event-store.js';
import { orderIdOfStream, positionIdOfStream } from '../eventstore/identity.js';
import type { Queryable } from '../projections/checkpoint.js';
import { ClosingReactions } from './closing-reactions.js';
import { closingLinks, forgetClosing, rememberClosing } from './closing-tables.js';
import type { ClosingLink } from './closing-tables.js';
import type { Policy, PolicyBatch, ReactionLog, Reactor } from './policy.js';
import type { Cause, Owner } from './reaction.js';

/** The name of the policy and of its checkpoint. */
const CLOSE_POSITIONS = 'policy:close-positions';

/**
 * Closes positions that were asked to be closed. The targets' orders are asked to be cancelled; when all of them have ended, and
 * the position knows what they filled until then, one order is placed for what is left; the closing ends with that order.
 */
export const closePositions: Policy = {
  name: CLOSE_POSITIONS,
  version: 1,
  tables: ['policy_closing_order'],
  isTransactional: true,
  streamPrefixes: ['order-', 'position-'],
  open(tools): Reactor {
    const reactions = new ClosingReactions(CLOSE_POSITIONS, tools);
    return { openBatch: (client, events, log) => ClosePositionsBatch.open(client, events, log, reactions) };
  },
};

class ClosePositionsBatch implements PolicyBatch {
  readonly #client: Queryable;
  readonly #log: ReactionLog;
  readonly #reactions: ClosingReactions;
  readonly #links: ClosingLink[] = [];

  private constructor(client: Queryable, log: ReactionLog, reactions: ClosingReactions) {
    this.#client = client;
    this.#log = log;
    this.#reactions = reactions;
  }

  /** One query a batch says which of its streams are those of a closing: hardly any are. */
  static async open(client: Queryable, events: readonly RecordedEvent[], log: ReactionLog, reactions: ClosingReactions): Promise<ClosePositionsBatch> {
    const batch = new ClosePositionsBatch(client, log, reactions);
    const orders = new Set(events.flatMap(({ stream }) => orderIdOfStream(stream) ?? []));
    const positions = new Set(events.flatMap(({ stream }) => positionIdOfStream(stream) ?? []));
    batch.#links.push(...(await closingLinks(client, [...orders], [...positions])));
    return batch;
  }

  async react(recorded: RecordedEvent): Promise<void> {
    const position = positionIdOfStream(recorded.stream);
    if (position !== undefined) return await this.#reactToPosition(position, recorded);
    const order = orderIdOfStream(recorded.stream);
    if (order !== undefined) await this.#reactToOrder(order, recorded);
  }

  async #reactToPosition(position: PositionId, recorded: RecordedEvent): Promise<void> {
    if (recorded.type !== 'PositionCloseRequested' && !this.#links.some(({ positionId }) => positionId === position)) return;
    const cause = { recorded, event: decodePositionEvent(recorded) };
    const { tenantId, accountId } = cause.event.metadata;
    const owner: Owner = { tenantId, accountId };
    switch (cause.event.type) {
      case 'PositionCloseRequested':
        await this.#remember(position, owner);
        await this.#reactions.cancelOrders(cause, position, owner, this.#log);
        return await this.#reactions.goOn(cause, position, owner, this.#log);
      case 'ClosingOrderSized': {
        const { clOrdId, quantity } = cause.event.data;
        return await this.#reactions.place(cause, position, owner, clOrdId, quantity, this.#log);
      }
      case 'PositionCloseEnded':
        return await this.#forget(position);
      case 'TargetOrderAttached':
        await this.#cancelNew(position, owner, cause);
        return await this.#reactions.goOn(cause, position, owner, this.#log);
      case 'PositionOpened':
      case 'TargetSet':
      case 'TargetCancelled':
      case 'TargetRejected':
        return;
      case 'FillRecorded':
      case 'FillCorrected':
      case 'FillReversed':
        return await this.#reactions.goOn(cause, position, owner, this.#log);
    }
  }

  async #reactToOrder(order: OrderId, recorded: RecordedEvent): Promise<void> {
    const links = this.#links.filter(({ orderId }) => orderId === order);
    if (links.length === 0) return;
    const cause: Cause = { recorded, event: decodeOrderEvent(recorded) };
    for (const { positionId, tenantId, accountId } of links) {
      const owner = { tenantId, accountId };
      // Its news comes from another stream from now on.
      if (recorded.type === 'OrderLinked') await this.#remember(positionId, owner);
      await this.#reactions.goOn(cause, positionId, owner, this.#log);
    }
  }

  /** An order that its target got after it was cancelled; most are attached already when the request is reacted to. */
  async #cancelNew(position: PositionId, owner: Owner, cause: Cause): Promise<void> {
    const known = new Set(this.#links.filter(({ positionId }) => positionId === position).map(({ orderId }) => orderId));
    await this.#remember(position, owner);
    for (const { positionId, orderId } of this.#links) {
      if (positionId === position && !known.has(orderId)) await this.#reactions.cancelOrders(cause, position, owner, this.#log, orderId);
    }
  }

  async #remember(position: PositionId, owner: Owner): Promise<void> {
    const links = (await this.#reactions.ordersOf(position, owner)).map((orderId) => ({ tenantId: owner.tenantId, accountId: owner.accountId, orderId, positionId: position }));
    await rememberClosing(this.#client, links);
    this.#links.push(...links.filter((link) => !this.#links.some(({ orderId, positionId }) => orderId === link.orderId && positionId === position)));
  }

  async #forget(position: PositionId): Promise<void> {
    await forgetClosing(this.#client, position);
    const others = this.#links.filter(({ positionId }) => positionId !== position);
    this.#links.splice(0, this.#links.length, ...others);
  }
}

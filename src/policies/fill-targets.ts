import { orderId } from '../domain/ids.js';
import type { OrderId, PositionId } from '../domain/ids.js';
import { isOrderEventType } from '../domain/order/events.js';
import type { OrderEvent } from '../domain/order/events.js';
import type { PositionEvent, TargetOrderAttached, TargetSet } from '../domain/position/events.js';
import { decodeOrderEvent, decodePositionEvent } from '../eventstore/codec.js';
import type { RecordedEvent } from '../eventstore/event-store.js';
import { orderIdOfStream, positionIdOfStream } from '../eventstore/identity.js';
import type { Queryable } from '../projections/checkpoint.js';
import { namesIn } from './order-refs.js';
import type { OrderNames } from './order-refs.js';
import type { Policy, PolicyBatch, ReactionLog, Reactor } from './policy.js';
import type { Cause, Owner } from './reaction.js';
import { TargetReactions } from './target-reactions.js';
import { forgetTarget, latestOrder, readLinks, rememberLink, rememberRefs, rememberTarget, targetHasOrder, untargetedLinks, waitingTargets, wantedRefs } from './target-tables.js';
import type { OrderLink, OrderRef, WaitingTarget } from './target-tables.js';

/** The name of the policy and of its checkpoint. */
const FILL_TARGETS = 'policy:fill-targets';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Fills targets by what happens to their orders. A target names its order by any id; the order that has it is attached once
 * it is known: the latest one that had that id when the target was set, or else the first that appears later. From then on
 * the order's executions, corrections and busts are recorded as fills of the target, and its end ends the target. One order is
 * at most one target's: the one that came first in `$all`. An order that names a position itself fills that, too.
 */
export const fillTargets: Policy = {
  name: FILL_TARGETS,
  version: 1,
  tables: ['policy_order_ref', 'policy_target', 'policy_order_link'],
  isTransactional: true,
  streamPrefixes: ['order-', 'position-'],
  open(tools): Reactor {
    const reactions = new TargetReactions(FILL_TARGETS, tools);
    return { openBatch: (client, events, log) => FillTargetsBatch.open(client, events, log, reactions) };
  },
};

/** An event of an order's stream, and the names in it where they can be read without decoding it. */
interface OrderMessage {
  readonly recorded: RecordedEvent;
  readonly orderId: OrderId;
  readonly names: OrderNames | undefined;
}

function messageOf(recorded: RecordedEvent): readonly OrderMessage[] {
  const id = orderIdOfStream(recorded.stream);
  return id === undefined || !isOrderEventType(recorded.type) ? [] : [{ recorded, orderId: id, names: namesIn(recorded) }];
}

const ownerOf = ({ event: { metadata } }: Cause): Owner => ({ tenantId: metadata.tenantId, accountId: metadata.accountId });

class FillTargetsBatch implements PolicyBatch {
  readonly #client: Queryable;
  readonly #log: ReactionLog;
  readonly #reactions: TargetReactions;
  readonly #messages: ReadonlyMap<string, OrderMessage>;
  /** Where the fills of the batch's orders go, and the names that targets wait for: most batches have none of either. */
  readonly #links = new Map<OrderId, OrderLink>();
  readonly #wanted = new Set<string>();

  private constructor(client: Queryable, log: ReactionLog, reactions: TargetReactions, messages: ReadonlyMap<string, OrderMessage>) {
    this.#client = client;
    this.#log = log;
    this.#reactions = reactions;
    this.#messages = messages;
  }

  static async open(client: Queryable, events: readonly RecordedEvent[], log: ReactionLog, reactions: TargetReactions): Promise<FillTargetsBatch> {
    const messages = events.flatMap(messageOf);
    const batch = new FillTargetsBatch(client, log, reactions, new Map(messages.map((each) => [each.recorded.id, each])));
    await rememberRefs(client, firstUses(messages));
    for (const ref of await wantedRefs(client, [...new Set(messages.flatMap(namesOf))])) batch.#wanted.add(ref);
    for (const link of await readLinks(client, [...new Set(messages.map((each) => each.orderId))])) batch.#links.set(link.orderId, link);
    return batch;
  }

  async react(recorded: RecordedEvent): Promise<void> {
    const position = positionIdOfStream(recorded.stream);
    if (position !== undefined) return await this.#reactToPosition(position, { recorded, event: decodePositionEvent(recorded) });
    const message = this.#messages.get(recorded.id);
    if (message && this.#concerns(message)) await this.#reactToOrder(message, { recorded, event: decodeOrderEvent(recorded) });
  }

  /** Whether anything follows from the message: most are of orders that no target waits for, and that are of no position. */
  #concerns(message: OrderMessage): boolean {
    const { orderId: order, names } = message;
    return names === undefined || names.positionId !== undefined || this.#links.has(order) || namesOf(message).some((name) => this.#wanted.has(name));
  }

  async #reactToPosition(position: PositionId, cause: Cause<PositionEvent>): Promise<void> {
    const { event } = cause;
    switch (event.type) {
      case 'TargetSet':
        return await this.#targetSet(position, cause, event.data);
      case 'TargetOrderAttached':
        return await this.#orderAttached(position, cause, event.data);
      case 'TargetCancelled':
      case 'TargetRejected':
        return await forgetTarget(this.#client, position, event.data.targetKey);
      case 'PositionOpened':
        for (const link of await untargetedLinks(this.#client, position)) await this.#reactions.follow(cause, link, this.#log);
        return;
      case 'FillRecorded':
      case 'FillCorrected':
      case 'FillReversed':
      case 'PositionCloseRequested':
      case 'ClosingOrderSized':
      case 'PositionCloseEnded':
        return;
    }
  }

  async #targetSet(position: PositionId, cause: Cause, { targetKey, orderRef }: TargetSet['data']): Promise<void> {
    if (orderRef === undefined) return;
    const owner = ownerOf(cause);
    const target: WaitingTarget = { ...owner, positionId: position, targetKey, orderRef, setPosition: cause.recorded.position };
    if (!(await rememberTarget(this.#client, target))) return;
    this.#wanted.add(orderRef);
    const named = UUID.test(orderRef) ? await this.#reactions.resolve(orderId(orderRef), owner) : undefined;
    const latest = named ?? (await latestOrder(this.#client, owner, orderRef, cause.recorded.position));
    const order = latest && (await this.#reactions.resolve(latest, owner));
    if (order) await this.#attach(cause, target, order);
  }

  /** The fills so far; those that follow come by the order's own events. */
  async #orderAttached(position: PositionId, cause: Cause, { targetKey, orderId: order }: TargetOrderAttached['data']): Promise<void> {
    await this.#link(cause, { ...ownerOf(cause), orderId: order, positionId: position, targetKey });
    const link = await this.#linkOf(order);
    if (link) await this.#reactions.follow(cause, link, this.#log);
  }

  async #reactToOrder(message: OrderMessage, cause: Cause<OrderEvent>): Promise<void> {
    const order = message.orderId;
    if (cause.event.type === 'OrderLinked') return await this.#orderLinked(order, cause, cause.event.data.intoOrderId);
    const names = namesOf(message).filter((name) => this.#wanted.has(name));
    if (names.length > 0) {
      const appeared = cause.event.type === 'AliasClaimed' ? cause.event.data.orderId : order;
      for (const target of await waitingTargets(this.#client, ownerOf(cause), names, cause.recorded.position)) await this.#attach(cause, target, appeared);
    }
    const named = message.names?.positionId;
    if (named !== undefined && !this.#links.has(order)) await this.#linkToPosition(order, cause, named);
    const link = this.#links.get(order);
    if (named !== undefined && link && link.positionId !== named) {
      this.#log.setAside(cause.recorded.stream, cause.recorded.position, { message: `the message names position ${named}, and its order's fills are those of position ${link.positionId}` });
    }
    if (link) await this.#reactions.follow(cause, link, this.#log);
  }

  /** Attaches the order, or ends the target where the order is another target's. */
  async #attach(cause: Cause, target: WaitingTarget, order: OrderId): Promise<void> {
    const link = await this.#linkOf(order);
    const isOthers = link?.targetKey !== undefined && (link.positionId !== target.positionId || link.targetKey !== target.targetKey);
    const outcome = isOthers ? 'taken' : await this.#reactions.attach(cause, target, order, this.#log);
    if (outcome === 'attached') {
      await targetHasOrder(this.#client, target.positionId, target.targetKey, order);
      await this.#link(cause, { tenantId: target.tenantId, accountId: target.accountId, orderId: order, positionId: target.positionId, targetKey: target.targetKey });
      return;
    }
    if (outcome === 'taken') {
      const holder = isOthers ? `target ${link.targetKey} of position ${link.positionId}` : 'another target of the position';
      await this.#reactions.reject(cause, target, `its order is that of ${holder} already`, this.#log);
    }
    await forgetTarget(this.#client, target.positionId, target.targetKey);
  }

  /** Where the order's fills go from now on. What they were counted as before, they are no longer. */
  async #link(cause: Cause, link: OrderLink): Promise<void> {
    const before = await this.#linkOf(link.orderId);
    if (before?.targetKey !== undefined) return;
    await rememberLink(this.#client, link);
    this.#links.set(link.orderId, link);
    if (before && before.positionId !== link.positionId) await this.#reactions.unlink(cause, before, this.#log);
  }

  async #linkToPosition(order: OrderId, cause: Cause, position: PositionId): Promise<void> {
    const owner = ownerOf(cause);
    if (await this.#reactions.isForeign(position, owner)) {
      this.#log.setAside(cause.recorded.stream, cause.recorded.position, { message: `the order names position ${position}, which is not of its account` });
      return;
    }
    await this.#link(cause, { ...owner, orderId: order, positionId: position, targetKey: undefined });
  }

  /** The order's facts are another one's from now on: so are its fills. */
  async #orderLinked(order: OrderId, cause: Cause, into: OrderId): Promise<void> {
    const link = this.#links.get(order);
    if (!link) return;
    await this.#link(cause, { ...link, orderId: into });
    await this.#reactions.follow(cause, link, this.#log);
    const linked = await this.#linkOf(into);
    if (linked) await this.#reactions.follow(cause, linked, this.#log);
  }

  async #linkOf(order: OrderId): Promise<OrderLink | undefined> {
    const known = this.#links.get(order);
    if (known) return known;
    const [link] = await readLinks(this.#client, [order]);
    if (link) this.#links.set(order, link);
    return link;
  }
}

/** The names under which a target may wait for the event's order: those in the message, and with the first event, its id. */
function namesOf({ recorded, orderId: order, names }: OrderMessage): readonly string[] {
  const refs = names?.refs ?? [];
  return recorded.revision === 0n ? [...refs, order] : refs;
}

/** The same name of the same order comes with every message: only the first one of a batch is worth a row. */
function firstUses(messages: readonly OrderMessage[]): readonly OrderRef[] {
  const first = new Map<string, OrderRef>();
  for (const { recorded, orderId: order, names } of messages) {
    for (const ref of names?.refs ?? []) {
      const key = `${order} ${ref}`;
      if (names && !first.has(key)) first.set(key, { ...names.owner, ref, orderId: order, position: recorded.position });
    }
  }
  return [...first.values()];
}

import { digestOf } from '../eventstore/digest.js';
import type { AccountId, OrderId, PositionId, TenantId } from '../domain/ids.js';
import type { OrderEvent } from '../domain/order/events.js';
import type { OrderState } from '../domain/order/state.js';
import type { PositionCommand } from '../domain/position/commands.js';
import type { PositionEvent } from '../domain/position/events.js';
import type { PositionState } from '../domain/position/state.js';
import { isUnfilled } from '../domain/position/targets.js';
import type { CommandResult } from '../eventstore/commands.js';
import { orderStream, positionStream } from '../eventstore/identity.js';
import { endingOf, newFills, settledFills } from './fill-changes.js';
import type { FillDraft, FillLink } from './fill-changes.js';
import type { FoldCache } from './fold-cache.js';
import { orderFolds, positionFolds } from './folds.js';
import type { PolicyTools, ReactionLog } from './policy.js';
import { reactionContext } from './reaction.js';
import type { Cause, MarketTime, Owner } from './reaction.js';
import type { OrderLink, WaitingTarget } from './target-tables.js';

/** Commands that are sent at once; those on one stream are applied in the order in which they are sent. */
const COMMANDS_AT_ONCE = 50;
/** Orders that were linked into one another, at most. */
const MAX_REDIRECTS = 10;
const MAX_REASON_LENGTH = 200;

/** The target changed since it was read: the event that says so is still to come. */
const CHANGED_MEANWHILE: ReadonlySet<string> = new Set(['target_ended', 'target_filled', 'target_has_order', 'order_ref_changed']);

type ChangeCommand = Exclude<PositionCommand, { kind: 'OpenPosition' }>;
type Unkeyed<Command> = Command extends unknown ? Omit<Command, 'commandKey' | 'commandDigest'> : never;

const NO_EXECUTIONS = { executions: [] };

/** The commands that the policy of targets sends, and what it has to read for them. */
export class TargetReactions {
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

  /** The order of this id, or the one that it was linked into; undefined where there is none of this owner. */
  async resolve(order: OrderId, owner: Owner): Promise<OrderId | undefined> {
    let id = order;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const { state } = await this.#orders.newest(orderStream(id));
      if (!state.exists || !isOwnedBy(state, owner)) return undefined;
      if (state.redirectsTo === undefined) return id;
      id = state.redirectsTo;
    }
    return undefined;
  }

  /** Whether the position is another account's. One that is not opened yet is nobody's. */
  async isForeign(position: PositionId, owner: Owner): Promise<boolean> {
    const { state } = await this.#positions.newest(positionStream(position));
    return state.exists && !isOwnedBy(state, owner);
  }

  /** `taken` where another target of the position has the order, `changed` where the target no longer waits for it. */
  async attach(cause: Cause, target: WaitingTarget, order: OrderId, log: ReactionLog): Promise<'attached' | 'taken' | 'changed'> {
    const command = { kind: 'AttachTargetOrder', targetKey: target.targetKey, orderRef: target.orderRef, orderId: order } as const;
    const result = await this.#send(cause, target.positionId, target, `attach/${target.targetKey}/${cause.recorded.id}`, command);
    if (result.kind !== 'rejected') {
      note(result, log);
      return 'attached';
    }
    if (result.rejection.code === 'order_attached') return 'taken';
    if (!CHANGED_MEANWHILE.has(result.rejection.code)) log.setAside(positionStream(target.positionId), cause.recorded.position, result.rejection);
    return 'changed';
  }

  /** Ends a target that cannot have the order that it names. */
  async reject(cause: Cause, target: WaitingTarget, reason: string, log: ReactionLog): Promise<void> {
    const command = { kind: 'EndTarget', targetKey: target.targetKey, ending: 'rejected', reason: reason.slice(0, MAX_REASON_LENGTH) } as const;
    note(await this.#send(cause, target.positionId, target, `end/${target.targetKey}/${cause.recorded.id}`, command), log);
  }

  /**
   * Tells the position what the order says that it does not know. For an event of the order: as the order stood with it, so
   * that each fill has the event that brought it as its cause; for an event of the position: as the order stands now.
   */
  async follow(cause: Cause, link: OrderLink, log: ReactionLog): Promise<void> {
    const position = await this.#positions.newest(positionStream(link.positionId));
    if (!position.state.opened || !isOwnedBy(position.state, link)) return;
    const fillLink: FillLink = { ...link, direction: position.state.opened.direction };
    const stream = orderStream(link.orderId);
    const { state } = isOrderCause(cause, stream) ? await this.#orders.upTo(stream, cause.recorded, cause.event) : await this.#orders.newest(stream);
    const { drafts, isAhead } = newFills(countedIn(state), position.state.fills, fillLink);
    await this.#record(cause, link, isAhead ? await this.#settled(cause, link, fillLink) : drafts, log);
    await this.#end(cause, link, state, log);
  }

  /** What the position counted of this order is not its own any more. */
  async unlink(cause: Cause, link: OrderLink, log: ReactionLog): Promise<void> {
    const { state } = await this.#positions.newest(positionStream(link.positionId));
    if (!state.opened) return;
    const drafts = settledFills(NO_EXECUTIONS, state.fills, { ...link, direction: state.opened.direction }, cause.event.metadata);
    await this.#record(cause, link, drafts, log);
  }

  /** Both are read anew, the position first: an execution that it knows is then in the order that is read after it. */
  async #settled(cause: Cause, link: OrderLink, fillLink: FillLink): Promise<readonly FillDraft[]> {
    const position = await this.#positions.newest(positionStream(link.positionId));
    const order = await this.#orders.newest(orderStream(link.orderId));
    return settledFills(countedIn(order.state), position.state.fills, fillLink, cause.event.metadata);
  }

  async #record(cause: Cause, link: OrderLink, drafts: readonly FillDraft[], log: ReactionLog): Promise<void> {
    for (let start = 0; start < drafts.length; start += COMMANDS_AT_ONCE) {
      const sent = drafts.slice(start, start + COMMANDS_AT_ONCE).map(({ command, time }) => {
        const { orderId, execId, version } = command.fill;
        return this.#send(cause, link.positionId, link, `${orderId}/${execId}/${version}`, command, time);
      });
      for (const result of await Promise.all(sent)) noteFact(result, cause, log);
    }
  }

  /** Where the order has ended, so has its target, unless that is filled. */
  async #end(cause: Cause, link: OrderLink, order: OrderState, log: ReactionLog): Promise<void> {
    const ending = endingOf(order.view);
    if (link.targetKey === undefined || !ending || order.redirectsTo !== undefined) return;
    const { state } = await this.#positions.newest(positionStream(link.positionId));
    const target = state.targets.find(({ targetKey, orderId }) => targetKey === link.targetKey && orderId === link.orderId);
    if (!target || !isUnfilled(target)) return;
    const reason = reasonOf(cause, order).slice(0, MAX_REASON_LENGTH);
    const command = { kind: 'EndTarget', targetKey: target.targetKey, ending, orderId: link.orderId, reason } as const;
    noteFact(await this.#send(cause, link.positionId, link, `end/${target.targetKey}/${cause.recorded.id}`, command), cause, log);
  }

  #send(cause: Cause, position: PositionId, owner: Owner, what: string, command: Unkeyed<ChangeCommand>, time?: MarketTime): Promise<CommandResult> {
    const key = { policy: this.#policy, stream: positionStream(position), what, economic: command };
    const context = reactionContext(cause, owner, key, this.#tools.now(), time);
    const keyed = { ...command, commandKey: context.commandKey, commandDigest: digestOf(command) };
    return this.#tools.handler.changePosition(position, keyed, context);
  }
}

/** An order that was linked into another one has no fills of its own. */
const countedIn = (order: OrderState): Pick<OrderState['view'], 'executions'> => (order.redirectsTo === undefined ? order.view : NO_EXECUTIONS);

const isOwnedBy = (state: { readonly tenantId: TenantId | undefined; readonly accountId: AccountId | undefined }, owner: Owner): boolean =>
  state.tenantId === owner.tenantId && state.accountId === owner.accountId;

const isOrderCause = (cause: Cause, stream: string): cause is Cause<OrderEvent> => cause.recorded.stream === stream;

/** In the broker's words, where the message that ended the order has any. */
function reasonOf({ event }: Cause, order: OrderState): string {
  const words = order.facts.findLast(({ fact }) => fact.type === event.type)?.fact.data.report?.reason;
  return words ?? `its order is ${order.view.ordStatus}`;
}

function note(result: CommandResult, log: ReactionLog): void {
  if ((result.kind === 'applied' || result.kind === 'duplicate') && result.position !== undefined) log.appended(result.position);
}

/** A fact is never refused; if it is all the same, that is recorded. */
function noteFact(result: CommandResult, { recorded }: Cause, log: ReactionLog): void {
  if (result.kind === 'rejected') log.setAside(recorded.stream, recorded.position, result.rejection);
  note(result, log);
}

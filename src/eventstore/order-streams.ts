import type { Rejection } from '../domain/decider.js';
import type { AccountId, OrderId } from '../domain/ids.js';
import type { CommandContext, EventMetadata } from '../domain/metadata.js';
import type { OrderCommand } from '../domain/order/commands.js';
import { orderDecider } from '../domain/order/decider.js';
import type { OrderEventBody, OrderFactEvent } from '../domain/order/events.js';
import { saidIn } from '../domain/order/facts.js';
import type { OrderState } from '../domain/order/state.js';
import { Aggregate } from './aggregate.js';
import type { Turn, Work, WorkOutcome } from './aggregate.js';
import { decodeOrderEvent } from './codec.js';
import type { CommandResult } from './commands.js';
import type { EventStore } from './event-store.js';
import { ASSUMED_ACCOUNT, orderStream } from './identity.js';
import { withMetadata } from './new-metadata.js';

/** Redirects that are followed from one order to the next at the most. */
const MAX_REDIRECTS = 20;

export interface OrderStreamsOptions {
  readonly store: EventStore;
  readonly producer: string;
  readonly cacheSize: number;
  readonly factGiveUpAfterMs: number;
}

/** Why a command on an order gave no events. */
type OrderAnswer =
  | { readonly kind: 'redirect'; readonly to: OrderId }
  | { readonly kind: 'unknown_order' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** What became of a command on an order, redirects followed. */
export type OrderOutcome =
  | { readonly kind: 'appended'; readonly id: OrderId; readonly revision: bigint; readonly position: bigint; readonly eventCount: number }
  | { readonly kind: 'duplicate'; readonly id: OrderId; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'unknown_order' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

type OrderTurn = Turn<OrderEventBody & { readonly metadata: EventMetadata }, OrderAnswer>;

const NOT_FOUND: Rejection = { code: 'not_found', message: 'there is no such order' };
export const CONFLICT: Rejection = { code: 'conflict', message: 'others changed it at the same moment, again and again: try again' };

/** Whether a fact carries an order's terms, so that it opens an order where none is known. */
const hasTerms = (fact: OrderFactEvent): boolean => fact.data.terms !== undefined;

interface RecordingOptions extends Pick<Work<OrderState, never, never>, 'onSent' | 'onOutage'> {
  readonly ownAccountOnly?: boolean;
}

/** The streams of orders: commands on one order, and where an order's stream points to another. */
export class OrderStreams {
  readonly #orders: Aggregate<OrderState, OrderEventBody>;

  constructor(private readonly options: OrderStreamsOptions) {
    this.#orders = new Aggregate<OrderState, OrderEventBody>({ ...options, decider: orderDecider, decode: decodeOrderEvent });
  }

  /**
   * Records a fact in an order; it opens the order where it carries terms, else the answer is `unknown_order`. So it is too
   * for another account's order, where only one of the context's account may take the fact.
   */
  recordFact(id: OrderId, fact: OrderFactEvent, context: CommandContext, { ownAccountOnly = false, ...steps }: RecordingOptions = {}): Promise<OrderOutcome> {
    const command: OrderCommand = { kind: 'RecordOrderFact', fact, said: saidIn(context), commandKey: context.commandKey, commandDigest: context.commandDigest };
    const opens = hasTerms(fact);
    return this.#submit(id, { isFact: true, startsNew: opens, ...steps }, (state) => {
      const isOthers = ownAccountOnly && state.exists && state.accountId !== context.accountId;
      if (isOthers || (!state.exists && !opens)) return { kind: 'answer', answer: { kind: 'unknown_order' } };
      return this.#decide(state, command, context);
    });
  }

  /** Decides an intent. `opens`: it may open the order; others are rejected as not found where there is none. */
  decideIntent(id: OrderId, command: OrderCommand, context: CommandContext, opens: boolean): Promise<OrderOutcome> {
    return this.#submit(id, { isFact: false, startsNew: opens }, (state) => {
      if (!state.exists && !opens) return { kind: 'answer', answer: { kind: 'rejected', rejection: NOT_FOUND } };
      const isOthers = state.exists && (state.tenantId !== context.tenantId || state.accountId !== context.accountId);
      if (isOthers) return { kind: 'answer', answer: { kind: 'rejected', rejection: NOT_FOUND } };
      return this.#decide(state, command, context);
    });
  }

  /** Makes `pointer` (the order that an alias would open) a pointer to `target`; answers which order it names now. */
  async claim(pointer: OrderId, target: OrderId, aliasKey: string, context: CommandContext): Promise<OrderId> {
    const command: OrderCommand = { kind: 'ClaimAlias', orderId: target, aliasKey, commandKey: context.commandKey, commandDigest: context.commandDigest };
    const outcome = await this.#orders.submit<OrderId>(orderStream(pointer), {
      isFact: true,
      startsNew: true,
      decide: (state) => {
        // Whoever was first under this name has decided what it names.
        if (state.exists) return { kind: 'answer', answer: state.redirectsTo ?? pointer };
        const decision = orderDecider.decide(state, command);
        if (decision.kind === 'rejected') throw new Error(`a new alias was refused: ${decision.rejection.message}`);
        return { kind: 'append', events: decision.events.map((event) => withMetadata(event, context, this.options.producer)) };
      },
    });
    if (outcome.kind === 'conflict') throw new Error('a claim is never given up');
    return this.follow(outcome.kind === 'answered' ? outcome.answer : target);
  }

  /** The order that an id leads to, as the store has it now: another process may have linked a cached one. */
  async resolve(id: OrderId): Promise<OrderId | undefined> {
    let next = id;
    for (let steps = 0; steps <= MAX_REDIRECTS; steps += 1) {
      const { state } = await this.#orders.refresh(orderStream(next));
      if (!state.exists) return undefined;
      if (state.redirectsTo === undefined) return next;
      next = state.redirectsTo;
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from order ${id}`);
  }

  /**
   * The order that an id leads to, from the store where it is not cached; undefined where there is none. A cached order may have
   * been linked since: whoever appends to it is redirected then.
   */
  async find(id: OrderId): Promise<OrderId | undefined> {
    const stream = orderStream(id);
    // A stream that exists does so for good, and a redirect never changes.
    const cached = this.#orders.peek(stream);
    const state = cached?.exists ? cached : (await this.#orders.refresh(stream)).state;
    if (!state.exists) return undefined;
    return state.redirectsTo === undefined ? id : this.follow(state.redirectsTo);
  }

  /** Whether an order is of this account. */
  async belongsTo(id: OrderId, account: AccountId): Promise<boolean> {
    return (await this.#stateOf(id)).accountId === account;
  }

  /** The account of an order; undefined where it is the one that is assumed where messages say none, and nobody acted on it there. */
  async ownerOf(id: OrderId): Promise<AccountId | undefined> {
    const { accountId, facts } = await this.#stateOf(id);
    const isAssumed = accountId === ASSUMED_ACCOUNT && !facts.some(({ fact: { data } }) => 'origin' in data && data.origin === 'intent');
    return isAssumed ? undefined : accountId;
  }

  /** Whether somebody placed it through the API: true from its first event on, or never. */
  async isPlacedHere(id: OrderId): Promise<boolean> {
    const { facts } = await this.#stateOf(id);
    return facts.some(({ fact }) => fact.type === 'OrderPlaced' && fact.data.origin === 'intent');
  }

  async #stateOf(id: OrderId): Promise<OrderState> {
    const cached = this.#orders.peek(orderStream(id));
    return cached?.exists ? cached : (await this.#orders.refresh(orderStream(id))).state;
  }

  /** As `find`, without asking the store: undefined where the cache cannot tell. */
  findCached(id: OrderId): OrderId | undefined {
    let next = id;
    for (let steps = 0; steps <= MAX_REDIRECTS; steps += 1) {
      const state = this.#orders.peek(orderStream(next));
      if (!state?.exists) return undefined;
      if (state.redirectsTo === undefined) return next;
      next = state.redirectsTo;
    }
    return undefined;
  }

  /** The order at the end of the redirects from `id`. */
  async follow(id: OrderId): Promise<OrderId> {
    let next = id;
    for (let steps = 0; steps <= MAX_REDIRECTS; steps += 1) {
      const state = await this.#orders.load(orderStream(next));
      if (state.redirectsTo === undefined) return next;
      next = state.redirectsTo;
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from order ${id}`);
  }

  /** Ends `id` in favour of `into`, unless its stream has other than `copied` events: then the answer is false. */
  async link(id: OrderId, into: OrderId, context: CommandContext, copied: number): Promise<boolean> {
    const command: OrderCommand = { kind: 'LinkOrder', intoOrderId: into, commandKey: context.commandKey, commandDigest: context.commandDigest };
    const outcome = await this.#orders.submit<boolean>(orderStream(id), {
      isFact: true,
      startsNew: false,
      decide: (state, eventCount) => {
        if (state.redirectsTo !== undefined) return { kind: 'answer', answer: true };
        if (eventCount !== BigInt(copied)) return { kind: 'answer', answer: false };
        const decision = orderDecider.decide(state, command);
        if (decision.kind === 'rejected') throw new Error(`a link was refused: ${decision.rejection.message}`);
        const events = decision.events.map((event) => withMetadata(event, context, this.options.producer, state.accountId));
        return { kind: 'append', events };
      },
    });
    return outcome.kind === 'answered' ? outcome.answer : true;
  }

  whenIdle(): Promise<void> {
    return this.#orders.whenIdle();
  }

  async #submit(id: OrderId, how: Omit<Work<OrderState, never, never>, 'decide'>, decide: (state: OrderState) => OrderTurn): Promise<OrderOutcome> {
    let target = id;
    for (let steps = 0; steps <= MAX_REDIRECTS; steps += 1) {
      const outcome = await this.#orders.submit<OrderAnswer>(orderStream(target), {
        ...how,
        decide: (state) =>
          state.redirectsTo === undefined ? decide(state) : { kind: 'answer', answer: { kind: 'redirect', to: state.redirectsTo } },
      });
      const answered = toOrderOutcome(target, outcome);
      if (answered.kind !== 'redirect') return answered;
      target = answered.to;
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from order ${id}`);
  }

  #decide(state: OrderState, command: OrderCommand, context: CommandContext): OrderTurn {
    if (state.tenantId !== undefined && state.tenantId !== context.tenantId) return { kind: 'answer', answer: { kind: 'rejected', rejection: NOT_FOUND } };
    const decision = orderDecider.decide(state, command);
    if (decision.kind === 'rejected') return { kind: 'answer', answer: decision };
    if (decision.events.length === 0) return { kind: 'answer', answer: { kind: 'duplicate' } };
    return { kind: 'append', events: decision.events.map((event) => withMetadata(event, context, this.options.producer, state.accountId)) };
  }
}

function toOrderOutcome(id: OrderId, outcome: WorkOutcome<OrderState, OrderAnswer>): OrderOutcome | Extract<OrderAnswer, { kind: 'redirect' }> {
  if (outcome.kind === 'conflict') return { kind: 'rejected', rejection: CONFLICT };
  if (outcome.kind === 'appended') {
    return { kind: 'appended', id, revision: outcome.revision, position: outcome.position, eventCount: outcome.eventCount };
  }
  if (outcome.answer.kind !== 'duplicate') return outcome.answer;
  return { kind: 'duplicate', id, revision: outcome.revision ?? 0n, position: outcome.position };
}

/** An outcome as the sender of the command sees it. */
export function toCommandResult(outcome: OrderOutcome): CommandResult {
  if (outcome.kind === 'unknown_order') return { kind: 'rejected', rejection: NOT_FOUND };
  if (outcome.kind === 'rejected') return outcome;
  const stream = orderStream(outcome.id);
  return outcome.kind === 'appended' ? { ...outcome, kind: 'applied', stream } : { ...outcome, stream };
}

import { z } from 'zod';
import type { Rejection } from '../domain/decider.js';
import type { OrderId } from '../domain/ids.js';
import { AliasLanes } from './alias-lanes.js';
import type { LanePlace } from './alias-lanes.js';
import type { Alias, CommandResult, OrderFact, TakenUp } from './commands.js';
import { aliasKey, orderIdOf, parkedStream } from './identity.js';
import { toCommandResult } from './order-streams.js';
import type { OrderOutcome, OrderStreams } from './order-streams.js';
import type { ParkedFacts } from './park.js';
import type { ParkedFact } from './waiting-facts.js';
import type { AliasResolver, FoundOrders } from './resolve-order.js';
import { alias as aliasSchema, MAX_ALIASES } from './schemas/ingest-schemas.js';
import type { Slots } from './slots.js';

/** Keys whose parked facts are taken up at a time: about what one append to their order holds. */
const MAX_TAKEN_UP_AT_ONCE = 200;

const aliasList = z.array(aliasSchema).max(2 * MAX_ALIASES);

const NO_ALIAS: Rejection = { code: 'invalid_input', message: 'aliases: a fact needs at least one', field: 'aliases' };

/** What goes on while one fact is recorded. */
interface RecordingSteps {
  /** Lets the next fact of its aliases go on, once this one has its place in its order's queue. */
  readonly release: () => void;
  /** Called once it is on its way to its order, before its names are claimed, or is to be parked; not where there was nothing to send. */
  readonly onSent?: () => void;
  /** It was parked, and what it waited for is not expected any more. */
  readonly hasWaited?: boolean;
  /** The orders that its aliases name, where that was asked already. */
  readonly found?: FoundOrders | undefined;
}

/** Records facts about orders: finds the order, opens it, or keeps the fact until the order is known. */
export class OrderFacts {
  readonly #lanes = new AliasLanes();
  /** Of trades, by what they trade. */
  readonly #bookLanes = new AliasLanes();

  constructor(
    private readonly orders: OrderStreams,
    private readonly resolver: AliasResolver,
    private readonly parked: ParkedFacts,
    /** Facts that are worked on at a time; the others wait. */
    private readonly slots: Slots,
  ) {}

  /**
   * Facts that share an alias are applied in the order of the calls. Trades of one instrument and their corrections are appended in that
   * order too, whichever orders they are of: the ledger matches trades in the order of the log, and a file's is that of its lines.
   */
  async record(fact: OrderFact): Promise<CommandResult> {
    const rejection = flawIn(fact);
    const [first] = fact.aliases;
    if (rejection || !first) return { kind: 'rejected', rejection: rejection ?? NO_ALIAS };
    const book = this.#bookLanes.enter(bookOf(fact));
    try {
      return await this.#inTurn(fact, (release) => this.#recordInBook(fact, first, book, release));
    } finally {
      book.leave();
    }
  }

  /** Asks which order it is while the trades before it are recorded; no slot is held while it waits for them, since they need one too. */
  async #recordInBook(fact: OrderFact, first: Alias, book: LanePlace, release: () => void): Promise<CommandResult> {
    if (!book.turn) return await this.slots.run(() => this.#record(fact, first, { release, onSent: () => book.leave() }));
    const found = this.#knownOrder(fact) === undefined ? await this.slots.run(() => this.resolver.findAll(fact)) : undefined;
    await book.turn;
    return await this.slots.run(() => this.#record(fact, first, { release, onSent: () => book.leave(), found }));
  }

  /**
   * Records what waits in a parked stream and whose order is known by now, so many facts at a time that the appends are few.
   * Each fact is recorded first, then noted. The signal ends it between two such chunks: it then throws the signal's reason.
   */
  async takeUp(parked: Alias | string, signal?: AbortSignal): Promise<TakenUp> {
    const stream = typeof parked === 'string' ? parked : parkedStream(parked);
    signal?.throwIfAborted();
    const { facts: waiting, position: newest } = await this.parked.waiting(stream);
    const total: { -readonly [Key in keyof TakenUp]: TakenUp[Key] } = { stream, takenUp: 0, left: 0, position: newest };
    for (let start = 0; start < waiting.length; start += MAX_TAKEN_UP_AT_ONCE) {
      signal?.throwIfAborted();
      // All are waited for, whatever becomes of one: nothing goes on behind the caller's back.
      const ends = await Promise.allSettled(waiting.slice(start, start + MAX_TAKEN_UP_AT_ONCE).map((facts) => this.#takeUpKey(stream, facts)));
      for (const end of ends) {
        if (end.status === 'rejected') throw end.reason;
        total.takenUp += end.value.takenUp;
        total.left += end.value.left;
        const { position } = end.value;
        if (position !== undefined && (total.position === undefined || position > total.position)) total.position = position;
      }
    }
    return total;
  }

  /** Takes up the facts of one key: all of them, or none. */
  async #takeUpKey(stream: string, facts: readonly ParkedFact[]): Promise<Omit<TakenUp, 'stream'>> {
    const outcomes = await Promise.all(facts.map(({ fact }) => this.#inTurn(fact, (release) => this.#recordKnown(fact, { release, hasWaited: true }))));
    const ids = outcomes.flatMap((outcome) => (outcome.kind === 'appended' || outcome.kind === 'duplicate' ? [outcome.id] : []));
    const [id] = ids;
    if (id === undefined || ids.length < facts.length) return { takenUp: 0, left: facts.length, position: undefined };
    const { position } = await this.parked.noteTakenUp(stream, facts, id);
    return { takenUp: facts.length, left: 0, position };
  }

  /** Runs once the facts before it that share an alias have their places. Their order is that of the calls: it enters at once. */
  async #inTurn<Result>(fact: OrderFact, run: (release: () => void) => Promise<Result>): Promise<Result> {
    const place = this.#lanes.enter([...new Set([...fact.aliases, ...(fact.newAliases ?? []), ...(fact.claimIfFree ?? [])].map((alias) => aliasKey(alias)))]);
    try {
      if (place.turn) await place.turn;
      return await run(() => place.leave());
    } finally {
      place.leave();
    }
  }

  async #record(fact: OrderFact, first: Alias, steps: RecordingSteps): Promise<CommandResult> {
    const outcome = await this.#recordKnown(fact, steps);
    if (outcome.kind !== 'unknown_order') return toCommandResult(outcome);
    // The ledger sees it when it is taken up: the trades after it need not wait until it is kept.
    steps.onSent?.();
    const { stream, revision, position, isNew } = await this.parked.park(fact);
    if (isNew && position !== undefined) return { kind: 'parked', stream, position };
    return { kind: 'duplicate', stream, id: orderIdOf(first), revision, position };
  }

  #recordKnown(fact: OrderFact, steps: RecordingSteps): Promise<OrderOutcome> {
    const known = this.#knownOrder(fact);
    if (known === undefined) return this.#recordResolved(fact, steps);
    const outcome = this.#recordIn(known, fact, steps);
    // Nothing to resolve and nothing to claim: it has its place as soon as it is in the order's queue.
    if (this.#freeNames(fact).length === 0) steps.release();
    return this.#claimFree(fact, outcome);
  }

  #recordIn(order: OrderId, { fact, context, ownAccountOnly }: OrderFact, { onSent }: RecordingSteps): Promise<OrderOutcome> {
    // While the store is away trades keep no order: each would wait for the patience of all before it.
    const steps = onSent ? { onSent, onOutage: () => this.#bookLanes.open() } : {};
    return this.orders.recordFact(order, fact, context, { ownAccountOnly: ownAccountOnly === true, ...steps });
  }

  /** The order that a fact is of, where that is told without asking the store. */
  #knownOrder(fact: OrderFact): OrderId | undefined {
    if (fact.claimsNothing) return undefined;
    const names = [...fact.aliases, ...(fact.newAliases ?? [])];
    const [only] = names;
    const known = only && this.#commonOrder(names, only, (fact.lookUp ?? []).length + (fact.fallback ?? []).length > 0);
    if (known === undefined) return undefined;
    // One that it is looked for under may have turned up since, in the account that is assumed.
    const isElsewhere = (name: Alias): boolean => (this.resolver.findCached(name) ?? known) !== known;
    return (fact.lookUp ?? []).some((name) => isElsewhere(name)) ? undefined : known;
  }

  /** Gives the order the weak names that are free, once the fact is in it. */
  async #claimFree(fact: OrderFact, recording: Promise<OrderOutcome>): Promise<OrderOutcome> {
    const outcome = await recording;
    if (outcome.kind !== 'appended' && outcome.kind !== 'duplicate') return outcome;
    let isTaken = false;
    for (const name of this.#freeNames(fact)) isTaken = (await this.resolver.claim(name, outcome.id, fact.context)) !== outcome.id || isTaken;
    if (!isTaken) return outcome;
    // Perhaps at this very moment, by another process, for this order while nobody had said its account.
    const { assumed } = await this.resolver.findAll(fact);
    return { ...outcome, id: await this.resolver.linkAssumed(outcome.id, assumed, fact.context) };
  }

  /** Of the weak names, those that may be free. */
  #freeNames({ claimIfFree = [] }: OrderFact): readonly Alias[] {
    return claimIfFree.filter((name) => this.resolver.findCached(name) === undefined);
  }

  /** The one order that all names are cached as, or that a single name is by itself (a pointer is followed in its queue). */
  #commonOrder(names: readonly Alias[], first: Alias, isLookedUp: boolean): OrderId | undefined {
    const own = orderIdOf(first);
    const id = this.orders.findCached(own) ?? (names.length === 1 && !isLookedUp ? own : undefined);
    return names.every((name) => name === first || this.resolver.findCached(name) === id) ? id : undefined;
  }

  /** Asks the store which orders the names are, links them where they are several, and claims the names that are new. */
  async #recordResolved(fact: OrderFact, steps: RecordingSteps): Promise<OrderOutcome> {
    const found = steps.found ?? (await this.resolver.findAll(fact, steps.hasWaited));
    if (fact.claimsNothing) {
      const [known = found.assumed[0]] = found.orders;
      return known === undefined ? { kind: 'unknown_order' } : await this.#recordIn(known, fact, steps);
    }
    const target = await this.#targetOf(fact, found);
    const outcome = await this.#recordIn(target, fact, steps);
    if (outcome.kind !== 'appended' && outcome.kind !== 'duplicate') return outcome;
    // After the fact, and for a duplicate too: a process that was killed in between has left names unclaimed.
    const id = await this.resolver.claimAll([...fact.aliases, ...(fact.newAliases ?? [])], outcome.id, fact.context, fact.ownAccountOnly);
    return this.#claimFree(fact, Promise.resolve({ ...outcome, id: await this.resolver.linkAssumed(id, found.assumed, fact.context) }));
  }

  /**
   * The order to record a fact in. One that came into an assumed account is linked into an order of the account that the fact
   * says, which is opened for it: so whose order it is does not depend on what came first.
   */
  async #targetOf(fact: OrderFact, { orders, assumed }: FoundOrders): Promise<OrderId> {
    const { aliases, context } = fact;
    if (orders.length > 0) return await this.resolver.linkAll(orders, context);
    if (assumed.length === 0) return firstName(fact);
    const one = await this.resolver.linkAll(assumed, context);
    for (const alias of aliases) if ((await this.resolver.find(alias)) === undefined) return await this.resolver.moveTo(orderIdOf(alias), one, context);
    return await this.resolver.moveTo(undefined, one, context);
  }
}

/** The order that a fact opens where none is known. */
function firstName({ aliases }: OrderFact): OrderId {
  const [first] = aliases;
  if (!first) throw new RangeError('a fact needs at least one alias');
  return orderIdOf(first);
}

/**
 * What a trade is of, as far as the message itself says; nothing for a fact that takes no place in a book. A correction takes the
 * place of a trade that has not come. Not by the account: messages of one order may leave theirs out.
 */
function bookOf({ fact, context }: OrderFact): readonly string[] {
  if (fact.type !== 'ExecutionRecorded' && fact.type !== 'ExecutionCorrected') return [];
  return [JSON.stringify([context.tenantId, fact.data.execution.instrument.symbol])];
}

function flawIn(fact: OrderFact): Rejection | undefined {
  const checked = aliasList.safeParse([...fact.aliases, ...(fact.newAliases ?? []), ...(fact.lookUp ?? []), ...(fact.fallback ?? []), ...(fact.claimIfFree ?? [])]);
  if (checked.success) return undefined;
  const [issue] = checked.error.issues;
  const field = ['aliases', ...(issue?.path ?? []).map(String)].join('.');
  return { code: 'invalid_input', message: `${field} ${issue?.message ?? 'is not valid'}`, field };
}

import { commandKey } from '../domain/ids.js';
import type { AccountId, OrderId } from '../domain/ids.js';
import type { CommandContext } from '../domain/metadata.js';
import type { OrderEvent, OrderFactEvent } from '../domain/order/events.js';
import { decodeOrderEvent } from './codec.js';
import type { Alias, OrderFact } from './commands.js';
import { digestOf, sha256Hex } from './digest.js';
import type { EventStore, RecordedEvent } from './event-store.js';
import { ASSUMED_ACCOUNT, aliasKey, orderIdOf, orderStream } from './identity.js';
import { contextFrom } from './new-metadata.js';
import type { OrderStreams } from './order-streams.js';

/** Rounds of linking orders that others link elsewhere at the same moment. */
const MAX_LINK_ROUNDS = 20;
/** Events that are copied from one order to another at a time. */
const MAX_COPIED_AT_ONCE = 200;

/** What a fact is found to be of. */
export interface FoundOrders {
  /** One order, as far as its names go: several are linked. */
  readonly orders: readonly OrderId[];
  /** They are its order too, and came into an account that was assumed, before this fact said which one it is. */
  readonly assumed: readonly OrderId[];
}

/** Which order aliases name (ADR 3): the store decides, by the first event of the stream that an alias would open. */
export class AliasResolver {
  constructor(
    private readonly orders: OrderStreams,
    private readonly store: EventStore,
  ) {}

  /** The order that an alias names, as the store has it now; undefined where it names none yet. */
  resolve(alias: Alias): Promise<OrderId | undefined> {
    return this.orders.resolve(orderIdOf(alias));
  }

  /** As `resolve`, but a cached order may have been linked into another one since. */
  find(alias: Alias): Promise<OrderId | undefined> {
    return this.orders.find(orderIdOf(alias));
  }

  /**
   * The orders that a fact's names name, and those of its account that it is looked for under: not these where a name is
   * another account's. Where the fact says its account, those whose account was only assumed are `assumed`. `hasWaited`: it was
   * parked, and what it waited for is not expected any more.
   */
  async findAll(fact: OrderFact, hasWaited = false): Promise<FoundOrders> {
    const { aliases, lookUp = [], fallback = [], context, ownAccountOnly, claimsNothing } = fact;
    const [named, lookedUp] = await Promise.all([this.#find(aliases, ownAccountOnly ? context.accountId : undefined), this.#find(lookUp)]);
    const isSaid = lookUp.length > 0 && !ownAccountOnly && context.accountId !== ASSUMED_ACCOUNT;
    const assumed = isSaid ? await this.#assumedIn([...named, ...lookedUp]) : [];
    const orders = named.filter((id) => !assumed.includes(id));
    const found = [...orders, ...(await this.#ownLookedUp(lookedUp, orders, context.accountId))];
    const isKnown = found.length + assumed.length > 0;
    const candidates = hasWaited && !isKnown ? await this.#find(fallback) : found;
    if (claimsNothing || !isKnown) return { orders: (isSaid ? await this.#ofAccount(candidates, context.accountId) : candidates).slice(0, 1), assumed };
    return { orders: await this.#ofOneAccount(found, context.accountId), assumed };
  }

  /** Of the orders that were only looked for, the account's: none where a name is another account's. */
  async #ownLookedUp(lookedUp: readonly OrderId[], named: readonly OrderId[], account: AccountId): Promise<readonly OrderId[]> {
    const own = await this.#ofAccount(lookedUp, account);
    if (own.length === 0) return [];
    return (await this.#ofAccount(named, account)).length === named.length ? own : [];
  }

  /** Those whose account nobody said. */
  async #assumedIn(ids: readonly OrderId[]): Promise<readonly OrderId[]> {
    const orders = [...new Set(ids)];
    const owners = await Promise.all(orders.map((id) => this.orders.ownerOf(id)));
    return orders.filter((_id, index) => owners[index] === undefined);
  }

  /**
   * Those that may be one order. Where a message does not say its account, orders of two accounts are not, whatever names them in it
   * (accounts of a session may use the same ClOrdIDs): the one whose name comes first counts. One that says it knows them better: a drop
   * copy may have named the account of the clearing.
   */
  async #ofOneAccount(ids: readonly OrderId[], said: AccountId): Promise<readonly OrderId[]> {
    const orders = [...new Set(ids)];
    if (orders.length < 2 || said !== ASSUMED_ACCOUNT) return orders;
    const owners = await Promise.all(orders.map((id) => this.orders.ownerOf(id)));
    const account = owners.find((owner) => owner !== undefined);
    return orders.filter((_id, index) => owners[index] === undefined || owners[index] === account);
  }

  async #find(aliases: readonly Alias[], account?: AccountId): Promise<readonly OrderId[]> {
    const found = (await Promise.all(aliases.map((alias) => this.find(alias)))).filter((id) => id !== undefined);
    return account === undefined ? found : await this.#ofAccount(found, account);
  }

  async #ofAccount(ids: readonly OrderId[], account: AccountId): Promise<readonly OrderId[]> {
    const own = await Promise.all(ids.map((id) => this.orders.belongsTo(id, account)));
    return ids.filter((_id, index) => own[index]);
  }

  /** As `find`, without asking the store: undefined where the cache cannot tell. */
  findCached(alias: Alias): OrderId | undefined {
    return this.orders.findCached(orderIdOf(alias));
  }

  /**
   * Makes all aliases names of `id`. Where one of them is found to name another order that is not another account's, the two are one
   * and are linked: the answer is the order that they name now. With `ownAccountOnly`, a name of another account's order stays that one's.
   */
  async claimAll(aliases: readonly Alias[], id: OrderId, context: CommandContext, ownAccountOnly = false): Promise<OrderId> {
    let target = id;
    for (const alias of aliases) {
      const named = this.findCached(alias) ?? (await this.claim(alias, target, context));
      if (ownAccountOnly && !(await this.orders.belongsTo(named, context.accountId))) continue;
      const one = await this.#ofOneAccount([target, named], context.accountId);
      if (one.includes(target)) target = await this.linkAll(one, context);
    }
    return target;
  }

  /**
   * Links orders that turned out to be one. One that was placed through the API survives before the others, and these before one in the
   * account that is assumed; then the one with the smallest id, so that two processes that see it at the same moment agree.
   */
  async linkAll(ids: readonly OrderId[], context: CommandContext): Promise<OrderId> {
    let orders = await this.#bySurvival(ids);
    for (let round = 0; orders.length > 1 && round < MAX_LINK_ROUNDS; round += 1) {
      const [survivor, ...others] = orders;
      if (survivor !== undefined) for (const other of others) await this.#linkInto(other, survivor, context);
      // Another process may have linked one of them elsewhere at the same moment: then that one is the same order too.
      orders = await this.#bySurvival(await Promise.all(orders.map((id) => this.orders.follow(id))));
    }
    const [order, ...left] = orders;
    if (order === undefined || left.length > 0) throw new Error(`${orders.length} orders are left that should be one`);
    return order;
  }

  /**
   * Opens `into` for the context's account with the fact that opened `from`, and links `from` into it: what is recorded there next comes
   * after all of it in the log, as a book's order wants it. `into` defaults to an order of the account that no message names.
   */
  async moveTo(into: OrderId | undefined, from: OrderId, context: CommandContext): Promise<OrderId> {
    const { tenantId, accountId } = context;
    const to = into ?? orderIdOf({ kind: 'client', scope: [tenantId, accountId, 'said after it was assumed'], id: from });
    const [opening] = await this.#pageOf(from, 0);
    if (!opening) throw new Error(`order ${from} has no event`);
    // Another process may have made a pointer of it meanwhile: the order is the one that it led to.
    const opened = (await this.#copy(decodeOrderEvent(opening), opening.id, to, accountId)) ?? to;
    return await this.linkAssumed(opened, [from], context);
  }

  /** Links orders of an assumed account into one, but for those that another process has moved to another account meanwhile. */
  async linkAssumed(id: OrderId, assumed: readonly OrderId[], context: CommandContext): Promise<OrderId> {
    const standing = (await Promise.all(assumed.map((order) => this.orders.resolve(order)))).filter((order) => order !== undefined);
    const owners = await Promise.all(standing.map((order) => this.orders.ownerOf(order)));
    return await this.linkAll([id, ...standing.filter((_order, index) => owners[index] === undefined || owners[index] === context.accountId)], context);
  }

  async #bySurvival(ids: readonly OrderId[]): Promise<readonly OrderId[]> {
    const orders = [...new Set(ids)].sort();
    if (orders.length < 2) return orders;
    const assumed = await this.#ofAccount(orders, ASSUMED_ACCOUNT);
    const placed = await Promise.all(orders.map((id) => this.orders.isPlacedHere(id)));
    const ofRank = (rank: number): readonly OrderId[] => orders.filter((id, index) => (placed[index] ? 0 : assumed.includes(id) ? 2 : 1) === rank);
    return [0, 1, 2].flatMap(ofRank);
  }

  /** Makes an alias a name of `target`, unless it names an order already: the answer is the order that it names. */
  claim(alias: Alias, target: OrderId, context: CommandContext): Promise<OrderId> {
    const pointer = orderIdOf(alias);
    if (pointer === target) return Promise.resolve(target);
    const key = aliasKey(alias);
    return this.orders.claim(pointer, target, key, {
      ...context,
      commandKey: commandKey(`claim:${sha256Hex(key)}`),
      commandDigest: digestOf({ aliasKey: key, orderId: target }),
    });
  }

  /**
   * Records the facts of `from` in `into` first, then ends `from` at the very revision up to which they were copied: so the
   * link is only ever there together with all the facts, whenever a process is killed.
   */
  async #linkInto(from: OrderId, into: OrderId, context: CommandContext): Promise<void> {
    const linkContext: CommandContext = {
      ...context,
      commandKey: commandKey(`link:${from}:${into}`),
      commandDigest: digestOf({ from, into }),
    };
    let copied = 0;
    do {
      for (let page = await this.#pageOf(from, copied); page.length > 0; page = await this.#pageOf(from, copied)) {
        await Promise.all(page.map((recorded) => this.#copy(decodeOrderEvent(recorded), recorded.id, into, context.accountId)));
        copied += page.length;
      }
    } while (!(await this.orders.link(from, into, linkContext, copied)));
  }

  /** Read to its end before anything is done with it: who waits for a read while holding one may wait for ever. */
  async #pageOf(order: OrderId, after: number): Promise<readonly RecordedEvent[]> {
    const page: RecordedEvent[] = [];
    for await (const recorded of this.store.readStream(orderStream(order), BigInt(after))) {
      page.push(recorded);
      if (page.length >= MAX_COPIED_AT_ONCE) break;
    }
    return page;
  }

  async #copy(event: OrderEvent, eventId: string, into: OrderId, account: AccountId): Promise<OrderId | undefined> {
    const fact = factOf(event);
    if (!fact) return undefined;
    const outcome = await this.orders.recordFact(into, fact, { ...contextFrom(event.metadata), accountId: account, causationId: eventId });
    if (outcome.kind === 'rejected') throw new Error(`a fact could not be recorded in the linked order: ${outcome.rejection.message}`);
    return 'id' in outcome ? outcome.id : undefined;
  }
}

function factOf(event: OrderEvent): OrderFactEvent | undefined {
  if (event.type === 'OrderLinked' || event.type === 'AliasClaimed') return undefined;
  if (event.type === 'FactConflicted' || event.type === 'FactRepeated') return event.data.fact;
  const { metadata: _left, ...fact } = event;
  return fact;
}

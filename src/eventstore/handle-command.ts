import { LRUCache } from 'lru-cache';
import type { AccountId, OrderId, TenantId } from '../domain/ids.js';
import type { CommandContext } from '../domain/metadata.js';
import type { PlaceOrder, RequestCancel, RequestReplace } from '../domain/order/commands.js';
import { decodeEvent } from './codec.js';
import type { Alias, CommandHandler, CommandResult } from './commands.js';
import { EventStoreError, InvalidEventError } from './errors.js';
import type { EventStore } from './event-store.js';
import { clientAlias, orderIdOf, positionIdOf } from './identity.js';
import { OrderFacts } from './order-facts.js';
import { OrderStreams, toCommandResult } from './order-streams.js';
import { ParkedFacts } from './park.js';
import { Positions } from './positions.js';
import { AliasResolver } from './resolve-order.js';
import { Slots } from './slots.js';

export interface CommandHandlerOptions {
  readonly store: EventStore;
  /** Program and version that write the events, `fillbook/0.1.0`. */
  readonly producer: string;
  /** Folded streams that are kept, of each kind (20,000). */
  readonly cacheSize?: number;
  /** How long facts are tried again while the store is away until the caller gets the error, in milliseconds (60,000). */
  readonly factGiveUpAfterMs?: number;
  /** Facts that are worked on at a time (512), and that wait for it (100,000) until one more fails as `overloaded`. */
  readonly maxFactsInFlight?: number;
  readonly maxWaitingFacts?: number;
}

type OrderChange = RequestCancel | RequestReplace;

/** Input that the event contract refuses is the sender's mistake: a rejection, not an error. */
async function asResult(run: () => Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof InvalidEventError)) throw error;
    return { kind: 'rejected', rejection: { code: 'invalid_input', message: `${error.field} ${error.reason}`, field: error.field } };
  }
}

class StoreCommandHandler implements CommandHandler {
  readonly #orders: OrderStreams;
  readonly #resolver: AliasResolver;
  readonly #parked: ParkedFacts;
  readonly #facts: OrderFacts;
  readonly #positions: Positions;
  readonly #owners: LRUCache<string, { tenantId: TenantId; accountId: AccountId }>;
  readonly #accepted = new Set<Promise<CommandResult>>();
  #closed = false;

  constructor(private readonly options: Required<CommandHandlerOptions>) {
    this.#orders = new OrderStreams(options);
    this.#resolver = new AliasResolver(this.#orders, options.store);
    this.#parked = new ParkedFacts(options);
    this.#facts = new OrderFacts(this.#orders, this.#resolver, this.#parked, new Slots(options.maxFactsInFlight, options.maxWaitingFacts, 'facts'));
    this.#positions = new Positions(options);
    this.#owners = new LRUCache({ max: options.cacheSize });
  }

  recordOrderFact(fact: Parameters<CommandHandler['recordOrderFact']>[0]): Promise<CommandResult> {
    return this.#accept(() => this.#facts.record(fact));
  }

  placeOrder(command: PlaceOrder, context: CommandContext): Promise<CommandResult> {
    const id = orderIdOf(clientAlias(context.tenantId, context.accountId, command.clOrdId));
    return this.#accept(async () => toCommandResult(await this.#orders.decideIntent(id, command, context, true)));
  }

  changeOrder(id: OrderId, command: OrderChange, context: CommandContext): Promise<CommandResult> {
    return this.#accept(() => this.#changeOrder(id, command, context));
  }

  openPosition(command: Parameters<CommandHandler['openPosition']>[0], context: CommandContext): Promise<CommandResult> {
    const id = positionIdOf(context.tenantId, context.accountId, context.commandKey);
    return this.#accept(() => this.#positions.decide(id, command, context));
  }

  changePosition(...[id, command, context]: Parameters<CommandHandler['changePosition']>): Promise<CommandResult> {
    return this.#accept(() => this.#positions.decide(id, command, context));
  }

  takeUpParked(parked: Alias | string, signal?: AbortSignal): ReturnType<CommandHandler['takeUpParked']> {
    return this.#facts.takeUp(parked, signal);
  }

  resolveAlias(alias: Alias): Promise<OrderId | undefined> {
    return this.#resolver.resolve(alias);
  }

  async ownerOf(stream: string): Promise<{ readonly tenantId: TenantId; readonly accountId: AccountId } | undefined> {
    const known = this.#owners.get(stream);
    if (known) return known;
    for await (const recorded of this.options.store.readStream(stream)) {
      const { tenantId, accountId } = decodeEvent(recorded).metadata;
      // Account and tenant never change on a stream, so the first event says it for good.
      this.#owners.set(stream, { tenantId, accountId });
      return { tenantId, accountId };
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#accepted);
    await Promise.all([this.#orders.whenIdle(), this.#parked.whenIdle(), this.#positions.whenIdle()]);
  }

  /** The new ClOrdID must be free, and names the order from then on: the broker's answers may carry it alone. */
  async #changeOrder(id: OrderId, command: OrderChange, context: CommandContext): Promise<CommandResult> {
    const alias = clientAlias(context.tenantId, context.accountId, command.clOrdId);
    const [order, named] = await Promise.all([this.#orders.find(id), this.#resolver.find(alias)]);
    // Looked at again before it is refused: another process may have linked one into the other.
    if (named !== undefined && order !== undefined && named !== order && (await this.#orders.resolve(named)) !== (await this.#orders.resolve(order))) {
      return { kind: 'rejected', rejection: { code: 'cl_ord_id_taken', message: 'the ClOrdID names another order', field: 'clOrdId' } };
    }
    const outcome = await this.#orders.decideIntent(id, command, context, false);
    if (outcome.kind === 'appended' || outcome.kind === 'duplicate') await this.#resolver.claim(alias, outcome.id, context);
    return toCommandResult(outcome);
  }

  #accept(run: () => Promise<CommandResult>): Promise<CommandResult> {
    if (this.#closed) return Promise.reject(new EventStoreError('closed', 'the command handler is closed'));
    const result: Promise<CommandResult> = asResult(run).finally(() => this.#accepted.delete(result));
    this.#accepted.add(result);
    return result;
  }
}

/**
 * The command handler on an event store. Commands are rejected by value; what throws is an `EventStoreError` (the store is away
 * or refuses) or a bug. A command whose append is in doubt may be sent again: its key makes it count once.
 */
export function createCommandHandler(options: CommandHandlerOptions): CommandHandler {
  return new StoreCommandHandler({ cacheSize: 20_000, factGiveUpAfterMs: 60_000, maxFactsInFlight: 512, maxWaitingFacts: 100_000, ...options });
}

import { randomUUID } from 'node:crypto';
import { formatPrice, formatQuantity, priceText, quantityText } from '../../src/domain/amounts.js';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import { accountId, commandKey, execId, positionId, targetKey, tenantId } from '../../src/domain/ids.js';
import type { OrderId, PositionId } from '../../src/domain/ids.js';
import { orderDecider } from '../../src/domain/order/decider.js';
import type { ExecutionData, OrderFactEvent, OrderRefs } from '../../src/domain/order/events.js';
import type { OrderView } from '../../src/domain/order/state.js';
import { positionDecider } from '../../src/domain/position/decider.js';
import type { PositionEvent } from '../../src/domain/position/events.js';
import type { PositionState, TargetState } from '../../src/domain/position/state.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import { decodeOrderEvent, decodePositionEvent } from '../../src/eventstore/codec.js';
import type { Alias, CommandHandler, CommandResult, OrderFact } from '../../src/eventstore/commands.js';
import { digestOf } from '../../src/eventstore/digest.js';
import type { EventStore, Position, RecordedEvent } from '../../src/eventstore/event-store.js';
import { ensureGenesis } from '../../src/eventstore/genesis.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { clientAlias, orderIdOf, orderStream, positionStream } from '../../src/eventstore/identity.js';
import { startPolicies } from '../../src/policies/runner.js';
import type { Policies, PoliciesOptions } from '../../src/policies/runner.js';
import { openDatabase } from '../../src/projections/database.js';
import type { Database } from '../../src/projections/database.js';
import { migrate } from '../../src/projections/migrate.js';
import { contextOf, executionOf, termsOf } from '../support/events.js';
import { startTestEventStore } from '../support/event-store.js';
import type { TestEventStore } from '../support/event-store.js';
import { createTestDatabase } from '../support/postgres.js';

/*
 * A trading desk on stores of a test's own: everything goes through the real command handler, client and Postgres, as a bot's
 * commands and a broker's messages do.
 */

export interface FactInput {
  readonly account?: string;
  /** Seconds and fractions of the market time; later facts are later without it. */
  readonly second?: string;
  /** The whole market time. */
  readonly occurredAt?: string;
  readonly refs?: OrderRefs;
}

interface TargetInput {
  readonly orderRef?: string;
  readonly quantity?: string;
  readonly percent?: string;
  readonly kind?: 'profit' | 'stop_loss';
  readonly account?: string;
}

export class Desk {
  readonly #policies: Policies[] = [];
  #facts = 0;

  private constructor(
    readonly server: TestEventStore,
    readonly store: EventStore,
    readonly storeId: string,
    readonly handler: CommandHandler,
    readonly database: Database,
    readonly databaseUrl: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  static async open(): Promise<Desk> {
    const [server, testDatabase] = await Promise.all([startTestEventStore(), createTestDatabase()]);
    await migrate(testDatabase.url);
    const store = connectEventStore({ url: server.url });
    const { storeId } = await ensureGenesis(store);
    const handler = createCommandHandler({ store, producer: 'fillbook/test' });
    return new Desk(server, store, storeId, handler, openDatabase(testDatabase.url, { max: 10 }), testDatabase.url, () => testDatabase.drop());
  }

  async close(): Promise<void> {
    await Promise.all(this.#policies.map((policies) => policies.stop()));
    await this.handler.close();
    await Promise.all([this.store.close(), this.database.close()]);
    await Promise.all([this.server.stop(), this.dropDatabase()]);
  }

  startPolicies(options: Partial<PoliciesOptions> = {}): Policies {
    const policies = startPolicies({ store: this.store, handler: this.handler, database: this.database, storeId: this.storeId, ...options });
    this.#policies.push(policies);
    return policies;
  }

  /** Everything that is in the store has been reacted to, and so have the reactions. */
  async settled(policies: Policies, timeoutMs = 20_000): Promise<Position> {
    const head = await this.store.head();
    if (head === undefined) throw new Error('the store is empty');
    return await policies.waitFor(head, timeoutMs);
  }

  /** A short put spread, 10 of it, unless told otherwise. */
  async openPosition(input: { quantity?: string; direction?: 'long' | 'short'; account?: string } = {}): Promise<PositionId> {
    const key = commandKey(`open ${randomUUID()}`);
    const context = contextOf({ commandKey: key, accountId: accountId(input.account ?? 'main') });
    const { instrument } = termsOf();
    const result = await this.handler.openPosition(
      {
        kind: 'OpenPosition',
        commandKey: key,
        commandDigest: context.commandDigest,
        terms: { environment: 'paper', instrument, sourceSymbol: 'ACME.X', direction: input.direction ?? 'short', quantity: quantityText(input.quantity ?? '10'), strategyType: 'put_spread' },
      },
      context,
    );
    return positionId(idOf(result));
  }

  async setTarget(position: PositionId, name: string, input: TargetInput = {}): Promise<CommandResult> {
    const context = contextOf({ commandKey: commandKey(`set ${randomUUID()}`), accountId: accountId(input.account ?? 'main'), correlationId: `set ${name}` });
    return await this.handler.changePosition(
      position,
      {
        kind: 'SetTarget',
        commandKey: context.commandKey,
        commandDigest: context.commandDigest,
        targetKey: targetKey(name),
        targetKind: input.kind ?? 'profit',
        percent: canonicalDecimal(input.percent ?? '40'),
        targetPrice: priceText('1.2'),
        quantity: quantityText(input.quantity ?? '4'),
        ...(input.orderRef === undefined ? {} : { orderRef: input.orderRef }),
      },
      context,
    );
  }

  /** Asks for the position to be closed by a market order of this ClOrdID. */
  async closePosition(position: PositionId, clOrdId: string, input: { immediately?: boolean; key?: string } = {}): Promise<CommandResult> {
    const context = contextOf({ commandKey: commandKey(input.key ?? `close ${randomUUID()}`) });
    return await this.handler.changePosition(
      position,
      {
        kind: 'ClosePosition',
        commandKey: context.commandKey,
        commandDigest: context.commandDigest,
        reason: 'expiry',
        order: { clOrdId, ordType: 'market', timeInForce: 'day' },
        immediately: input.immediately ?? false,
      },
      context,
    );
  }

  async cancelTarget(position: PositionId, name: string): Promise<CommandResult> {
    const context = contextOf({ commandKey: commandKey(`cancel ${randomUUID()}`) });
    return await this.handler.changePosition(position, { kind: 'CancelTarget', commandKey: context.commandKey, commandDigest: context.commandDigest, targetKey: targetKey(name) }, context);
  }

  /** What the broker says of the order that it calls `name`. */
  fact(name: string, fact: OrderFactEvent, input: FactInput = {}): OrderFact {
    this.#facts += 1;
    const second = input.second ?? String(this.#facts % 60);
    const context = contextOf({
      commandKey: commandKey(`fact:${name}:${digestOf([fact, input.occurredAt ?? second, input.account ?? 'main'])}`),
      commandDigest: digestOf(fact),
      accountId: accountId(input.account ?? 'main'),
      correlationId: `session of ${name}`,
      occurredAt: input.occurredAt ?? `2026-11-20T15:${String(Math.floor(this.#facts / 60) % 60).padStart(2, '0')}:${second.padStart(2, '0')}Z`,
    });
    return { aliases: [aliasOf(name, input.account)], fact, context };
  }

  async record(...facts: readonly OrderFact[]): Promise<CommandResult[]> {
    const results: CommandResult[] = [];
    for (const fact of facts) results.push(await this.handler.recordOrderFact(fact));
    return results;
  }

  async positionEvents(position: PositionId): Promise<readonly { recorded: RecordedEvent; event: PositionEvent }[]> {
    const events = [];
    for await (const recorded of this.store.readStream(positionStream(position))) events.push({ recorded, event: decodePositionEvent(recorded) });
    return events;
  }

  async position(id: PositionId): Promise<PositionState> {
    const events = await this.positionEvents(id);
    return events.reduce((state, { event }) => positionDecider.evolve(state, event), positionDecider.initialState);
  }

  async target(position: PositionId, name: string): Promise<TargetState> {
    const { targets } = await this.position(position);
    const found = targets.find(({ targetKey: key }) => key === name);
    if (!found) throw new Error(`no target ${name}`);
    return found;
  }

  /** Status, filled quantity and average price of a target, as they are shown. */
  async shownTarget(position: PositionId, name: string): Promise<readonly string[]> {
    const { status, filledQty, avgFillPx } = await this.target(position, name);
    return [status, formatQuantity(filledQty), formatPrice(avgFillPx)];
  }

  /** The order that was placed under a ClOrdID, undefined where there is none. */
  async placedOrder(clOrdId: string): Promise<OrderView | undefined> {
    let state = orderDecider.initialState;
    for await (const recorded of this.store.readStream(orderStream(placedOrderId(clOrdId)))) state = orderDecider.evolve(state, decodeOrderEvent(recorded));
    return state.exists ? state.view : undefined;
  }

  async orderEvents(name: string, account?: string): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const recorded of this.store.readStream(orderStream(orderOf(name, account)))) events.push(recorded);
    return events;
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.database.pool.query<Record<string, unknown>>(text, [...values])).rows;
  }
}

const idOf = (result: CommandResult): string => {
  if (result.kind !== 'applied') throw new Error(`not applied: ${JSON.stringify(result, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}`);
  return result.id;
};

export const aliasOf = (name: string, account = 'main'): Alias => ({ kind: 'broker', scope: ['default', 'test', account], id: name });
/** The order that the broker calls `name`. */
export const orderOf = (name: string, account?: string): OrderId => orderIdOf(aliasOf(name, account));

/** The id of an order that is placed under a ClOrdID. */
export const placedOrderId = (clOrdId: string): OrderId => orderIdOf(clientAlias(tenantId('default'), accountId('main'), clOrdId));

const refs = (name: string): OrderRefs => ({ brokerOrderId: name, clOrdId: `cl-${name}` });

export const placed = (name: string, terms: Parameters<typeof termsOf>[0] = {}, ownRefs = refs(name)): OrderFactEvent => ({
  type: 'OrderPlaced',
  data: { refs: ownRefs, origin: 'fact', terms: termsOf({ side: 'buy', positionEffect: 'close', orderQty: quantityText('4'), ...terms }) },
});
export const traded = (name: string, exec: string, qty = '1', px = '1.2', side: ExecutionData['side'] = 'buy'): OrderFactEvent => ({
  type: 'ExecutionRecorded',
  data: { refs: refs(name), execution: executionOf(exec, { side, lastQty: quantityText(qty), lastPx: priceText(px) }) },
});
export const corrected = (name: string, refId: string, exec: string, qty: string, px = '1.2'): OrderFactEvent => ({
  type: 'ExecutionCorrected',
  data: { refs: refs(name), execRefId: execId(refId), execution: executionOf(exec, { lastQty: quantityText(qty), lastPx: priceText(px) }) },
});
export const busted = (name: string, refId: string): OrderFactEvent => ({ type: 'ExecutionBusted', data: { refs: refs(name), execId: execId(`${refId}-bust`), execRefId: execId(refId) } });
export const canceled = (name: string, reason?: string): OrderFactEvent => ({ type: 'OrderCanceled', data: { refs: refs(name), ...(reason === undefined ? {} : { report: { reason } }) } });
export const rejected = (name: string, reason: string): OrderFactEvent => ({ type: 'OrderRejected', data: { refs: refs(name), report: { reason } } });
export const accepted = (name: string): OrderFactEvent => ({ type: 'OrderAccepted', data: { refs: refs(name) } });

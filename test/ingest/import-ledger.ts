import { randomUUID } from 'node:crypto';
import { formatQuantity } from '../../src/domain/amounts.js';
import { orderDecider } from '../../src/domain/order/decider.js';
import type { OrderState } from '../../src/domain/order/state.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import { decodeIngestEvent, decodeOrderEvent } from '../../src/eventstore/codec.js';
import type { IngestEvent } from '../../src/eventstore/codec.js';
import type { CommandHandler } from '../../src/eventstore/commands.js';
import type { EventStore, RecordedEvent } from '../../src/eventstore/event-store.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { endpoint } from '../support/ledger.js';
import type { Endpoint } from '../support/ledger.js';
import type { SessionOutcome } from './lobster-fixture.js';

/** An event store with a handler, for one test file. Each test has a tenant of its own, so nothing of one is seen by another. */
export class ImportLedger {
  private constructor(
    readonly server: Endpoint,
    readonly store: EventStore,
    readonly handler: CommandHandler,
  ) {}

  static async open(): Promise<ImportLedger> {
    const server = await endpoint();
    const store = connectEventStore({ url: server.url });
    return new ImportLedger(server, store, createCommandHandler({ store, producer: 'fillbook/test' }));
  }

  async close(): Promise<void> {
    await this.handler.close();
    await this.store.close();
    await this.server.stop();
  }

  newTenant(): string {
    return `t-${randomUUID()}`;
  }

  /** Everything that a tenant has in streams with these prefixes, in the order of the log. */
  async events(tenant: string, prefixes: readonly string[]): Promise<readonly RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    for await (const { events } of this.store.readAll(undefined, prefixes)) found.push(...events.filter((event) => tenantOf(event) === tenant));
    return found;
  }

  async ingestEvents(tenant: string, prefix: string): Promise<readonly IngestEvent[]> {
    return (await this.events(tenant, [prefix])).map((recorded) => decodeIngestEvent(recorded));
  }

  /** The tenant's orders as their streams fold, pointers and linked ones left out. */
  async orders(tenant: string): Promise<readonly OrderState[]> {
    const states = new Map<string, OrderState>();
    for (const recorded of await this.events(tenant, ['order-'])) {
      states.set(recorded.stream, orderDecider.evolve(states.get(recorded.stream) ?? orderDecider.initialState, decodeOrderEvent(recorded)));
    }
    return [...states.values()].filter(({ redirectsTo }) => redirectsTo === undefined);
  }

  /** One line an order, by its broker's id: what must not depend on how the facts came. */
  async figures(tenant: string): Promise<readonly string[]> {
    return (await this.orders(tenant))
      .map(({ view, conflicts }) => {
        const numbers = [view.orderQty, view.cumQty, view.leavesQty].map((value) => formatQuantity(value));
        return [view.brokerOrderId, view.clOrdId, view.ordStatus, ...numbers, view.executions.length, view.discrepancies.length, conflicts].join(' ');
      })
      .sort();
  }

  async outcome(tenant: string): Promise<SessionOutcome> {
    const orders = (await this.orders(tenant)).map(({ view }) => ({ status: view.ordStatus, hasFills: formatQuantity(view.cumQty) !== '0' }));
    const count = (is: (order: { status: string; hasFills: boolean }) => boolean): number => orders.filter((order) => is(order)).length;
    return {
      orders: orders.length,
      filled: count(({ status }) => status === 'filled'),
      canceled: count(({ status, hasFills }) => status === 'canceled' && !hasFills),
      canceledWithFills: count(({ status, hasFills }) => status === 'canceled' && hasFills),
      open: count(({ status }) => status === 'new' || status === 'partially_filled'),
    };
  }
}

function tenantOf({ metadata }: RecordedEvent): unknown {
  return typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'tenantId') : undefined;
}

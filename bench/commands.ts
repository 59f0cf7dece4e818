import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { priceText, quantityText } from '../src/domain/amounts.js';
import { canonicalDecimal } from '../src/domain/decimal.js';
import { accountId, commandKey, tenantId } from '../src/domain/ids.js';
import type { CommandContext } from '../src/domain/metadata.js';
import type { OrderTerms } from '../src/domain/order/events.js';
import { launchEventStore } from '../src/embedded/eventstore/launch.js';
import { connectEventStore } from '../src/eventstore/client.js';
import type { OrderFact } from '../src/eventstore/commands.js';
import { sha256Hex } from '../src/eventstore/digest.js';
import { createCommandHandler } from '../src/eventstore/handle-command.js';
import { orderIdOf, orderStream } from '../src/eventstore/identity.js';

/*
 * Commands through the handler against single-event appends of the same bytes by the client alone: same server, same number
 * in flight, in turns. Run: bench/run commands [orders a round] [url]
 */

const IN_FLIGHT = [64, 256];
const ROUNDS = 5;
const BAR = 0.8;

const terms: OrderTerms = {
  environment: 'live',
  instrument: { symbol: 'AAPL', securityType: 'equity', multiplier: canonicalDecimal('1'), quoteCurrency: 'USD', settlementCurrency: 'USD' },
  sourceSymbol: 'AAPL',
  side: 'buy',
  orderQty: quantityText('100'),
  ordType: 'limit',
  price: priceText('585.33'),
};

function contextOf(run: string, order: number, part: string): CommandContext {
  const key = `fact:lobster:${run}/${order}/${part}`;
  return {
    tenantId: tenantId('default'),
    accountId: accountId('main'),
    actor: 'import',
    source: { name: 'lobster', session: 'AAPL_2012-06-21', sequence: String(order) },
    commandKey: commandKey(key),
    commandDigest: sha256Hex(key),
    correlationId: run,
    causationId: run,
    occurredAt: `2012-06-21T13:30:00.${String(order).padStart(9, '0')}Z`,
    receivedAt: '2026-11-21T00:00:00.000Z',
    tradingDay: '2012-06-21',
  };
}

/** An order's two facts: placed, then cancelled, as most orders of an exchange are. */
function factsOf(run: string, order: number): readonly OrderFact[] {
  const aliases = [{ kind: 'broker', scope: ['default', 'lobster', run], id: String(order) }] as const;
  const refs = { brokerOrderId: String(order) };
  return [
    { aliases, fact: { type: 'OrderPlaced', data: { refs, origin: 'fact', terms } }, context: contextOf(run, order, 'placed') },
    { aliases, fact: { type: 'OrderCanceled', data: { refs } }, context: contextOf(run, order, 'canceled') },
  ];
}

/** Works off `orders` orders, `inFlight` at a time; the rate of single commands or appends a second. */
async function rate(orders: number, inFlight: number, work: (order: number) => Promise<void>): Promise<number> {
  let next = 0;
  const startedAtMs = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < orders) {
        next += 1;
        await work(next);
      }
    }),
  );
  return (2 * orders * 1_000) / (performance.now() - startedAtMs);
}

/** An event as it was stored, ready to be appended elsewhere. */
type PlainEvent = ReturnType<typeof jsonEvent>;

async function commandsThroughHandler(url: string, run: string, orders: number, inFlight: number): Promise<number> {
  const store = connectEventStore({ url });
  const handler = createCommandHandler({ store, producer: 'fillbook/bench' });
  const perSecond = await rate(orders, inFlight, async (order) => {
    for (const fact of factsOf(run, order)) {
      const result = await handler.recordOrderFact(fact);
      if (result.kind !== 'applied') throw new Error(`expected an applied fact, got ${result.kind}`);
    }
  });
  await handler.close();
  await store.close();
  return perSecond;
}

/** The bytes that the handler stored for one order. */
async function storedEvents(url: string, run: string): Promise<readonly PlainEvent[]> {
  const store = connectEventStore({ url });
  const events: PlainEvent[] = [];
  const [fact] = factsOf(run, 1);
  const [alias] = fact?.aliases ?? [];
  if (!alias) throw new Error('no alias');
  for await (const { type, data, metadata } of store.readStream(orderStream(orderIdOf(alias)))) {
    events.push(jsonEvent({ type, data: JSON.parse(JSON.stringify(data)), metadata: JSON.parse(JSON.stringify(metadata)) }));
  }
  await store.close();
  return events;
}

async function plainAppends(url: string, run: string, events: readonly PlainEvent[], orders: number, inFlight: number): Promise<number> {
  const client = EventStoreDBClient.connectionString(url);
  const perSecond = await rate(orders, inFlight, async (order) => {
    for (const [index, { type, data, metadata }] of events.entries()) {
      const expectedRevision = index === 0 ? 'no_stream' : BigInt(index - 1);
      await client.appendToStream(`plain-${run}-${order}`, jsonEvent({ type, data, ...(metadata ? { metadata } : {}) }), { expectedRevision });
    }
  });
  await client.dispose();
  return perSecond;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function compare(url: string, orders: number, inFlight: number): Promise<number> {
  const [commands, appends]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const run = `${process.pid}-${inFlight}-${round}`;
    const commandRate = await commandsThroughHandler(url, run, orders, inFlight);
    const appendRate = await plainAppends(url, run, await storedEvents(url, run), orders, inFlight);
    // The first round only warms both up.
    if (round === 0) continue;
    commands.push(commandRate);
    appends.push(appendRate);
  }
  const ratio = median(commands) / median(appends);
  process.stdout.write(
    `${inFlight} in flight: ${Math.round(median(commands))} commands/s ÷ ${Math.round(median(appends))} appends/s = ${ratio.toFixed(2)} (bar ${BAR})\n`,
  );
  return ratio;
}

async function main(): Promise<void> {
  const orders = Number(process.argv[2] ?? 4_000);
  const given = process.argv[3];
  const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-bench-'));
  const server = given === undefined ? await launchEventStore({ dir }) : undefined;
  try {
    for (const inFlight of IN_FLIGHT) await compare(given ?? server?.url ?? '', orders, inFlight);
  } finally {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();

import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountId, commandKey, execId } from '../../src/domain/ids.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import { decodeOrderEvent } from '../../src/eventstore/codec.js';
import type { Alias, CommandHandler, OrderFact } from '../../src/eventstore/commands.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { sha256Hex } from '../../src/eventstore/digest.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { orderIdOf, orderStream } from '../../src/eventstore/identity.js';
import { contextOf, executionOf, termsOf } from '../support/events.js';
import { endpoint } from '../support/ledger.js';
import type { Endpoint } from '../support/ledger.js';

/* The ledger matches trades in the order of the log, so the log must have a file's trades in the order of the file. */

let server: Endpoint;
let store: EventStore;
let handler: CommandHandler;

beforeAll(async () => {
  server = await endpoint();
  store = connectEventStore({ url: server.url });
  // Fewer places than facts: whoever waits for a trade before it must not hold the place that this one needs.
  handler = createCommandHandler({ store, producer: 'fillbook/test', maxFactsInFlight: 3 });
});
afterAll(async () => {
  await handler.close();
  await store.close();
  await server.stop();
});

interface Message {
  readonly order: number;
  readonly symbol: 'ACME' | 'EMCA';
  /** A trade, a correction of one that does not come, or a status that comes between trades. */
  readonly kind: 'trade' | 'correction' | 'status';
  /** Messages may leave their account out. */
  readonly account: 'said' | 'assumed';
  /** The broker's id alone, or with a ClOrdID, which has to be asked for in the store. */
  readonly names: 1 | 2;
}

const message: fc.Arbitrary<Message> = fc.record({
  order: fc.integer({ min: 0, max: 4 }),
  symbol: fc.constantFrom('ACME' as const, 'EMCA' as const),
  kind: fc.constantFrom('trade' as const, 'correction' as const, 'status' as const),
  account: fc.constantFrom('said' as const, 'assumed' as const),
  names: fc.constantFrom(1 as const, 2 as const),
});

const nameOf = (scope: string, order: number): Alias => ({ kind: 'broker', scope: [scope], id: `B-${order}` });

function eventOf({ order, symbol, kind }: Message, index: number): OrderFact['fact'] {
  const terms = termsOf({ instrument: { ...termsOf().instrument, symbol } });
  const refs = { brokerOrderId: `B-${order}` };
  const execution = executionOf(`x-${index}`, { instrument: terms.instrument });
  if (kind === 'trade') return { type: 'ExecutionRecorded', data: { refs, terms, execution } };
  if (kind === 'correction') return { type: 'ExecutionCorrected', data: { refs, terms, execution, execRefId: execId(`missing-${index}`) } };
  return { type: 'OrderAccepted', data: { refs, terms } };
}

function factOf(said: Message, index: number, scope: string): OrderFact {
  const { order, account, names } = said;
  return {
    aliases: [nameOf(scope, order), ...(names === 2 ? [{ kind: 'client' as const, scope: [scope], id: `C-${order}` }] : [])],
    fact: eventOf(said, index),
    context: contextOf({ accountId: accountId(`${account} ${scope}`), commandKey: commandKey(`${scope}/${index}`), commandDigest: sha256Hex(`${scope}/${index}`) }),
  };
}

/** Where each trade stands in the log, by its place among the calls. */
async function positionsOf(scope: string): Promise<ReadonlyMap<number, bigint>> {
  const positions = new Map<number, bigint>();
  for (let order = 0; order <= 4; order += 1) {
    for await (const recorded of store.readStream(orderStream(orderIdOf(nameOf(scope, order))))) {
      const event = decodeOrderEvent(recorded);
      if (event.type === 'ExecutionRecorded' || event.type === 'ExecutionCorrected') positions.set(Number(event.data.execution.execId.slice(2)), recorded.position);
    }
  }
  return positions;
}

describe('trades of one instrument and their corrections', () => {
  it('given facts of several orders, when they are sent without waiting for answers, then the log has the trades of each instrument in the order of the calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 2, maxLength: 60 }), async (messages) => {
        const scope = randomUUID();
        const results = await Promise.all(messages.map((each, index) => handler.recordOrderFact(factOf(each, index, scope))));
        expect(results.map(({ kind }) => kind)).toEqual(messages.map(() => 'applied'));
        const positions = await positionsOf(scope);
        for (const symbol of ['ACME', 'EMCA']) {
          const trades = messages.flatMap((each, index) => (each.kind !== 'status' && each.symbol === symbol ? [positions.get(index) ?? -1n] : []));
          expect(trades).toEqual(trades.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
          expect(trades).not.toContain(-1n);
        }
      }),
      { numRuns: 40 },
    );
  });
});

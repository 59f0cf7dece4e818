// A process of its own that records the same facts as others do: run by the tests with the compiled program.
// Arguments: event store url, scope of the aliases, number of orders, receivedAt of this process, which name comes first.
import { connectEventStore } from '../../dist/eventstore/client.js';
import { createCommandHandler } from '../../dist/eventstore/handle-command.js';
import { sha256Hex } from '../../dist/eventstore/digest.js';

const [url, scope, orders, receivedAt, firstName] = process.argv.slice(2);
const store = connectEventStore({ url });
const handler = createCommandHandler({ store, producer: `fillbook/${process.pid}` });

const terms = {
  environment: 'paper',
  instrument: { symbol: 'ACME', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
  sourceSymbol: 'ACME',
  side: 'buy',
  orderQty: '100',
  ordType: 'market',
};

const execution = (execId) => ({
  execId,
  side: 'buy',
  lastQty: '10',
  lastPx: '10.5',
  instrument: terms.instrument,
  sourceSymbol: 'ACME',
  fees: [],
});

const namesOf = (order) => {
  const names = [
    { kind: 'broker', scope: [scope], id: `B-${order}` },
    { kind: 'client', scope: [scope], id: `C-${order}` },
  ];
  return firstName === 'client' ? names.reverse() : names;
};

const factOf = (order, key, fact) => ({
  aliases: namesOf(order),
  fact,
  context: {
    tenantId: 'default',
    accountId: 'main',
    actor: `process-${process.pid}`,
    source: { name: 'venue' },
    commandKey: `fact:${scope}/${order}/${key}`,
    commandDigest: sha256Hex(key),
    correlationId: scope,
    causationId: scope,
    occurredAt: '2026-11-20T14:30:00Z',
    receivedAt,
    tradingDay: '2026-11-20',
  },
});

const facts = [];
for (let order = 1; order <= Number(orders); order += 1) {
  const refs = { brokerOrderId: `B-${order}`, clOrdId: `C-${order}` };
  facts.push(factOf(order, 'placed', { type: 'OrderPlaced', data: { refs, origin: 'fact', terms } }));
  for (const execId of ['e1', 'e2', 'e3']) facts.push(factOf(order, execId, { type: 'ExecutionRecorded', data: { refs, execution: execution(execId) } }));
}

// Both processes begin at once.
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const results = await Promise.all(facts.map((fact) => handler.recordOrderFact(fact)));
await handler.close();
await store.close();
const count = (kind) => results.filter((result) => result.kind === kind).length;
process.stdout.write(`${JSON.stringify({ applied: count('applied'), duplicate: count('duplicate'), total: results.length })}\n`, () => process.exit(0));

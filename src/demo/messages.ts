import { FACTS, ORDERS } from './session.js';
import type { DemoFact, DemoInstrument, DemoOrder, DemoPosition, DemoTarget } from './session.js';

/*
 * The session as inputs of the GraphQL API. `run` keeps the broker's ids of one demo apart from those of the one before.
 */

export const brokerId = (order: string, run: string): string => (run === '' ? order : `${order}-${run}`);

const instrumentInput = ({ symbol, securityType, multiplier }: DemoInstrument) => ({ symbol, securityType, multiplier, quoteCurrency: 'USD', settlementCurrency: 'USD' });

export const positionInput = (position: DemoPosition, run: string) => ({
  accountId: position.account,
  idempotencyKey: `demo:${run}:${position.name}`,
  terms: {
    environment: 'PAPER',
    instrument: instrumentInput(position.instrument),
    direction: position.direction,
    quantity: position.quantity,
    openPrice: position.openPrice,
    strategyType: position.strategyType,
    portfolio: 'demo',
  },
});

export const targetInput = (positionId: string, { key, percent, price, quantity, order }: DemoTarget, run: string) => ({
  positionId,
  idempotencyKey: `demo:${run}:${key}`,
  target: { targetKey: key, kind: 'PROFIT', percent, targetPrice: price, quantity, ...(order === undefined ? {} : { orderRef: brokerId(order, run) }) },
});

const termsInput = ({ instrument, side, qty, price }: DemoOrder) => ({
  environment: 'PAPER',
  instrument: instrumentInput(instrument),
  side,
  orderQty: qty,
  ordType: 'LIMIT',
  price,
  timeInForce: 'DAY',
  positionEffect: 'CLOSE',
});

function details(fact: DemoFact, order: DemoOrder): object {
  switch (fact.kind) {
    case 'placed':
      return { kind: 'ORDER_PLACED', terms: termsInput(order) };
    case 'accepted':
      return { kind: 'ORDER_ACCEPTED' };
    case 'filled':
      return {
        kind: 'EXECUTION_RECORDED',
        execution: { execId: fact.exec, lastQty: fact.qty, lastPx: fact.px, side: order.side, instrument: instrumentInput(order.instrument), fees: [{ amount: '0.65', currency: 'USD' }] },
      };
    case 'busted':
      return { kind: 'EXECUTION_BUSTED', execId: fact.exec, execRefId: fact.of };
    case 'canceled':
      return { kind: 'ORDER_CANCELED' };
  }
}

/** The session's facts as inputs of `recordBrokerFact`, a tenth of a second of market time apart from `openedAt` on. */
export function factInputs(run: string, openedAt: Date): readonly { readonly fact: DemoFact; readonly order: DemoOrder; readonly input: object }[] {
  const orders = new Map(ORDERS.map((order) => [order.id, order]));
  const firstSeen = new Map<string, number>();
  return FACTS.flatMap((fact, index) => {
    const order = orders.get(fact.order);
    if (!order) return [];
    const name = 'exec' in fact ? fact.exec : `${fact.kind}:${fact.order}`;
    // A message that is sent twice is the same message: it keeps the number and the time that it had first.
    const sequence = firstSeen.get(name) ?? index + 1;
    firstSeen.set(name, sequence);
    const input = {
      accountId: order.account,
      refs: { brokerOrderId: brokerId(order.id, run) },
      source: { name: 'demo-broker', session: run === '' ? 'first' : run, sequence: String(sequence) },
      occurredAt: new Date(openedAt.getTime() + sequence * 100).toISOString(),
      ...('exec' in fact ? {} : { sourceEventId: `${run}:${name}` }),
      ...details(fact, order),
    };
    return [{ fact, order, input }];
  });
}

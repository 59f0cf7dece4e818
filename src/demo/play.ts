import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { api } from './api-client.js';
import { brokerId, factInputs, positionInput, targetInput } from './messages.js';
import { POSITIONS } from './session.js';
import type { DemoFact, DemoOrder } from './session.js';

/** How the demo is told: the address of the API, where lines go, how fast, and when to stop. */
export interface DemoOptions {
  readonly url: string;
  readonly print: (line: string) => void;
  /** Between two messages of the broker. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

const payload = z.object({ outcome: z.string(), position: z.string().nullable(), errors: z.array(z.object({ message: z.string() })) });
const positionPayload = payload.extend({ positionId: z.string().nullable() });
const orderChange = z.object({
  order: z.object({ brokerOrderId: z.string().nullable(), accountId: z.string(), ordStatus: z.string(), cumQty: z.string(), leavesQty: z.string(), avgPx: z.string() }),
});
const targetChange = z.object({
  target: z.object({ accountId: z.string(), targetKey: z.string(), status: z.string(), filledQty: z.string(), quantity: z.string(), orderRef: z.string().nullable() }),
});
const unfilledPage = z.object({
  edges: z.array(
    z.object({
      node: z.object({
        targetKey: z.string(),
        accountId: z.string(),
        status: z.string(),
        percent: z.string(),
        targetPrice: z.string(),
        quantity: z.string(),
        filledQty: z.string(),
        orderRef: z.string().nullable(),
        position: z.object({ symbol: z.string(), openQty: z.string() }).nullable(),
      }),
    }),
  ),
});
/** A row of the report that ends the demo. */
export type UnfilledTarget = z.infer<typeof unfilledPage>['edges'][number]['node'];

const OPEN_POSITION = 'mutation ($input: OpenPositionInput!) { openPosition(input: $input) { outcome position positionId errors { message } } }';
const SET_TARGET = 'mutation ($input: SetTargetInput!) { setTarget(input: $input) { outcome position errors { message } } }';
const RECORD_FACT = 'mutation ($fact: BrokerFactInput!) { recordBrokerFact(fact: $fact) { outcome position errors { message } } }';
const ORDER_CHANGED = 'subscription { orderChanged { order { brokerOrderId accountId ordStatus cumQty leavesQty avgPx } } }';
const TARGET_CHANGED = 'subscription { targetChanged { target { accountId targetKey status filledQty quantity orderRef } } }';
const UNFILLED = `query ($waitFor: LogPosition) {
  unfilledTargets(first: 100, waitFor: $waitFor, settled: true, waitTimeoutMs: 15000) {
    edges { node { targetKey accountId status percent targetPrice quantity filledQty orderRef position { symbol openQty } } }
  }
}`;
const ANY_POSITION = 'query { positions(first: 1) { edges { node { id } } } }';

function accepted<Answer extends z.infer<typeof payload>>(answer: Answer): Answer {
  if (answer.errors[0]) throw new Error(answer.errors[0].message);
  return answer;
}

const words = (status: string): string => status.toLowerCase().replaceAll('_', ' ');

function spoken(fact: DemoFact): string {
  switch (fact.kind) {
    case 'filled':
      return `${fact.again ? 'sends the same fill again:' : 'fills'} ${fact.qty} @ ${fact.px}`;
    case 'busted':
      return `busts its fill ${fact.of}`;
    case 'placed':
      return 'reports the order';
    case 'accepted':
      return 'accepts';
    case 'canceled':
      return 'cancels';
  }
}

/** When each order's latest message was sent: what the time to the screen is measured from. */
class Clock {
  readonly #sentMs = new Map<string, number>();
  sent(order: string): void {
    this.#sentMs.set(order, performance.now());
  }
  since(order: string | null): string {
    const sentMs = order === null ? undefined : this.#sentMs.get(order);
    return sentMs === undefined ? '' : `${(performance.now() - sentMs).toFixed(1)} ms after it was sent`;
  }
}

const line = (mark: string, account: string, name: string, text: string, time = ''): string => `  ${mark} ${account.padEnd(6)} ${name.padEnd(18)} ${text.padEnd(54)}  ${time}`.trimEnd();

async function watch({ url, print, signal }: DemoOptions, clock: Clock): Promise<void> {
  const orders = async (): Promise<void> => {
    for await (const { order } of api.subscribe(url, ORDER_CHANGED, orderChange, signal)) {
      print(line('◂', order.accountId, order.brokerOrderId ?? '', `order ${words(order.ordStatus)}: ${order.cumQty} done, ${order.leavesQty} left${order.avgPx === '0' ? '' : `, avg ${order.avgPx}`}`, clock.since(order.brokerOrderId)));
    }
  };
  const targets = async (): Promise<void> => {
    for await (const { target } of api.subscribe(url, TARGET_CHANGED, targetChange, signal)) {
      print(line('★', target.accountId, target.targetKey, `target ${words(target.status)}: ${target.filledQty} of ${target.quantity}`, clock.since(target.orderRef)));
    }
  };
  await Promise.all([orders(), targets()]);
}

async function openPositions({ url, print }: DemoOptions, run: string): Promise<void> {
  for (const position of POSITIONS) {
    const { positionId } = accepted(await api.request(url, OPEN_POSITION, { input: positionInput(position, run) }, positionPayload));
    if (positionId === null) throw new Error('the position has no id');
    print(line('▸', position.account, position.name, `${position.direction.toLowerCase()} ${position.quantity} ${position.instrument.symbol} @ ${position.openPrice}`));
    for (const target of position.targets) accepted(await api.request(url, SET_TARGET, { input: targetInput(positionId, target, run) }, payload));
  }
}

async function sendFacts({ url, print, pauseMs, signal, now }: DemoOptions, run: string, clock: Clock): Promise<string | undefined> {
  let position: string | undefined;
  const send = async (fact: DemoFact, order: DemoOrder, input: object): Promise<void> => {
    const id = brokerId(order.id, run);
    print(line('▸', order.account, id, `the broker ${spoken(fact)}`));
    clock.sent(id);
    const answer = accepted(await api.request(url, RECORD_FACT, { fact: input }, payload));
    if (answer.outcome === 'DUPLICATE') print(line(' ', order.account, id, 'counted once: nothing is new'));
    if (answer.outcome === 'PARKED') print(line(' ', order.account, id, 'its order is not known yet: kept until it is'));
    position = answer.position ?? position;
  };
  for (const { fact, order, input } of factInputs(run, now())) {
    await send(fact, order, input);
    await delay(pauseMs, undefined, { signal });
  }
  return position;
}

/** Another run on the same stores has other broker ids: five characters from the time. */
async function runName({ url, now }: DemoOptions): Promise<string> {
  const { edges } = await api.request(url, ANY_POSITION, {}, z.object({ edges: z.array(z.unknown()) }));
  return edges.length === 0 ? '' : Math.floor(now().getTime() / 1_000).toString(36).slice(-5);
}

/**
 * Plays the session through the API while subscriptions print what changes, and gives the targets that are unfilled at its
 * end, with everything that was sent taken into account.
 */
export async function playDemo(options: DemoOptions): Promise<readonly UnfilledTarget[]> {
  const { url, print, signal } = options;
  const run = await runName(options);
  const clock = new Clock();
  const watching = new AbortController();
  const ended = watch({ ...options, signal: AbortSignal.any([signal, watching.signal]) }, clock);
  // Ends with an AbortError when it is told to; any other end is an error of the demo.
  const watched = ended.catch((error: unknown) => {
    if (!watching.signal.aborted && !signal.aborted) throw error;
  });
  const play = async (): Promise<readonly UnfilledTarget[]> => {
    await openPositions(options, run);
    print('');
    const position = await sendFacts(options, run, clock);
    const { edges } = await api.request(url, UNFILLED, { waitFor: position ?? null }, unfilledPage);
    // The subscriptions' last messages are on their way: they were sent when the read models moved.
    await delay(options.pauseMs, undefined, { signal });
    return edges.map(({ node }) => node);
  };
  try {
    return await Promise.race([play(), watched.then(() => Promise.reject(new Error('the subscriptions ended')))]);
  } finally {
    watching.abort();
    await watched;
  }
}

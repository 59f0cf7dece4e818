import { priceText, quantityText } from '../../../src/domain/amounts.js';
import { canonicalDecimal } from '../../../src/domain/decimal.js';
import type { DecimalString } from '../../../src/domain/decimal.js';
import type { Decision } from '../../../src/domain/decider.js';
import { accountId, commandKey, digest, execId, orderId, targetKey, tenantId } from '../../../src/domain/ids.js';
import type { EventMetadata } from '../../../src/domain/metadata.js';
import type { ExecutionData } from '../../../src/domain/order/events.js';
import type { CancelTarget, ClosePosition, EndTarget, OpenPosition, PositionCommand, RecordFill, SetTarget } from '../../../src/domain/position/commands.js';
import { positionDecider } from '../../../src/domain/position/decider.js';
import type { PositionEvent, PositionEventBody } from '../../../src/domain/position/events.js';
import type { PositionState, TargetState } from '../../../src/domain/position/state.js';

/*
 * Commands and states to begin a test with. Amounts are given as text, as they come in; `raw` lets a test send what the
 * types would not.
 */

export const raw = (text: string): DecimalString => text as DecimalString;

const INSTRUMENT = {
  symbol: 'SPX 5000P/4950P',
  securityType: 'multileg',
  multiplier: canonicalDecimal('100'),
  quoteCurrency: 'USD',
  settlementCurrency: 'USD',
} as const;

/** A digest that stands for the input: the same input, the same digest. */
const digestOf = (input: unknown) => digest(JSON.stringify(input));

export function metadataOf(command: Pick<PositionCommand, 'commandKey' | 'commandDigest'>, occurredAt: string): EventMetadata {
  return {
    schemaVersion: 1,
    $correlationId: 'correlation',
    $causationId: 'causation',
    tenantId: tenantId('default'),
    accountId: accountId('main'),
    actor: 'test',
    source: { name: 'test' },
    commandKey: commandKey(command.commandKey),
    commandDigest: command.commandDigest,
    occurredAt,
    receivedAt: occurredAt,
    tradingDay: '2026-11-20',
    producer: 'test',
  };
}

export function openPosition(terms: Partial<OpenPosition['terms']> = {}, key = 'open'): OpenPosition {
  const whole: OpenPosition['terms'] = {
    environment: 'paper',
    instrument: INSTRUMENT,
    sourceSymbol: 'SPX',
    direction: 'short',
    quantity: quantityText('10'),
    strategyType: 'put_spread',
    ...terms,
  };
  return { kind: 'OpenPosition', commandKey: key, commandDigest: digestOf(whole), terms: whole };
}

type TargetInput = Partial<{ targetKey: string; targetKind: 'profit' | 'stop_loss'; percent: string; targetPrice: string; quantity: string; orderRef: string; originalCredit: { amount: string; currency: string } }>;

export function setTarget(input: TargetInput = {}, key?: string): SetTarget {
  const { targetKey: name = 'put_spread_1_40', targetKind = 'profit', percent = '40', targetPrice = '1.2', quantity = '4', orderRef, originalCredit } = input;
  return {
    kind: 'SetTarget',
    commandKey: key ?? `set ${JSON.stringify(input)}`,
    commandDigest: digestOf(input),
    targetKey: targetKey(name),
    targetKind,
    percent: raw(percent),
    targetPrice: raw(targetPrice) as SetTarget['targetPrice'],
    quantity: raw(quantity) as SetTarget['quantity'],
    ...(orderRef === undefined ? {} : { orderRef }),
    ...(originalCredit ? { originalCredit: { amount: raw(originalCredit.amount), currency: originalCredit.currency } } : {}),
  };
}

export const cancelTarget = (name: string, reason?: string, key = `cancel ${name}`): CancelTarget => ({
  kind: 'CancelTarget',
  commandKey: key,
  commandDigest: digestOf([name, reason]),
  targetKey: targetKey(name),
  ...(reason === undefined ? {} : { reason }),
});

export const attachOrder = (name: string, orderRef: string, order: string): PositionCommand => ({
  kind: 'AttachTargetOrder',
  commandKey: `attach ${name} ${orderRef} ${order}`,
  commandDigest: digestOf([name, orderRef, order]),
  targetKey: targetKey(name),
  orderRef,
  orderId: orderId(order),
});

export function endTarget(name: string, ending: EndTarget['ending'] = 'cancelled', reason?: string, order?: string): EndTarget {
  return {
    kind: 'EndTarget',
    commandKey: `end ${name} ${ending}`,
    commandDigest: digestOf([name, ending, reason]),
    targetKey: targetKey(name),
    ending,
    ...(reason === undefined ? {} : { reason }),
    ...(order === undefined ? {} : { orderId: orderId(order) }),
  };
}

export const closePosition = (input: Partial<Pick<ClosePosition, 'order' | 'reason' | 'immediately'>> = {}, key = 'close'): ClosePosition => {
  const { reason = 'expiry', order = { clOrdId: 'close-1', ordType: 'market' }, immediately = false } = input;
  return { kind: 'ClosePosition', commandKey: key, commandDigest: digestOf([reason, order, immediately]), reason, order, immediately };
};

export const sizeClosingOrder = (clOrdId = 'close-1', key = `size ${clOrdId}`): PositionCommand => ({ kind: 'SizeClosingOrder', commandKey: key, commandDigest: digestOf(clOrdId), clOrdId });

export const endClose = (outcome: 'filled' | 'cancelled' | 'rejected', clOrdId = 'close-1', reason?: string): PositionCommand => ({
  kind: 'EndClose',
  commandKey: `end close ${clOrdId} ${outcome}`,
  commandDigest: digestOf([clOrdId, outcome, reason]),
  clOrdId,
  outcome,
  ...(reason === undefined ? {} : { reason }),
});

export interface FillInput {
  readonly order: string;
  readonly exec: string;
  readonly version?: number;
  readonly change?: RecordFill['change'];
  readonly target?: string;
  readonly effect?: RecordFill['effect'];
  readonly qty?: string;
  readonly px?: string;
  readonly side?: ExecutionData['side'];
  readonly fees?: readonly { amount: string; currency: string }[];
  readonly instrument?: Partial<ExecutionData['instrument']>;
}

export function recordFill(input: FillInput): RecordFill {
  const { order, exec, version = 1, change = 'recorded', target: name, effect = 'close', qty = '1', px = '1', side = 'buy', fees = [], instrument } = input;
  const execution: ExecutionData = {
    execId: execId(exec),
    side,
    lastQty: quantityText(qty),
    lastPx: priceText(px),
    instrument: { ...INSTRUMENT, ...instrument },
    sourceSymbol: 'SPX',
    fees: fees.map(({ amount, currency }) => ({ amount: raw(amount), currency })),
  };
  const economic = { change, fill: { orderId: orderId(order), execId: execId(exec), version }, effect, ...(name === undefined ? {} : { targetKey: targetKey(name) }), execution };
  return { kind: 'RecordFill', commandKey: `fill ${order}/${exec}/${version}`, commandDigest: digestOf(economic), ...economic };
}

export const at = (second: number): string => `2026-11-20T15:00:${String(second).padStart(2, '0')}Z`;

const asEvents = (bodies: readonly PositionEventBody[], command: PositionCommand, occurredAt: string): readonly PositionEvent[] =>
  bodies.map((body) => ({ ...body, metadata: metadataOf(command, occurredAt) }));

/** The state after a command, a rejected one included, which changes nothing. */
export function apply(state: PositionState, command: PositionCommand, occurredAt = at(0)): PositionState {
  const decision = positionDecider.decide(state, command);
  return decision.kind === 'rejected' ? state : asEvents(decision.events, command, occurredAt).reduce((before, event) => positionDecider.evolve(before, event), state);
}

/** The state after commands that must all be accepted. */
export function given(...commands: readonly PositionCommand[]): PositionState {
  return commands.reduce((state, command, index) => {
    const decision = positionDecider.decide(state, command);
    if (decision.kind === 'rejected') throw new Error(`given: ${decision.rejection.message}`);
    return asEvents(decision.events, command, at(index)).reduce((before, event) => positionDecider.evolve(before, event), state);
  }, positionDecider.initialState);
}

export const when = (state: PositionState, command: PositionCommand): Decision<PositionEventBody> => positionDecider.decide(state, command);

export function target(state: PositionState, name = 'put_spread_1_40'): TargetState {
  const found = state.targets.find((each) => each.targetKey === name);
  if (!found) throw new Error(`no target ${name}`);
  return found;
}

import { builder } from './builder.js';
import { environmentEnum, ordStatusEnum, ordTypeEnum, positionEffectEnum, securityTypeEnum, sideEnum, timeInForceEnum } from './enums.js';
import { factKindRef } from './fact-kinds.js';

export const MoneyInput = builder.inputType('MoneyInput', {
  fields: (t) => ({ amount: t.field({ type: 'Decimal', required: true }), currency: t.string({ required: true }) }),
});

export const InstrumentInput = builder.inputType('InstrumentInput', {
  description: 'What is traded, with all that a posting needs.',
  fields: (t) => ({
    symbol: t.string({ required: true, description: 'Your name of the instrument.' }),
    securityType: t.field({ type: securityTypeEnum, required: true }),
    multiplier: t.field({ type: 'Decimal', description: 'Money per point of price and unit of quantity: 1 where it is not given, 100 for a US equity option.' }),
    quoteCurrency: t.string({ required: true }),
    settlementCurrency: t.string({ description: 'The quote currency where it is not given.' }),
  }),
});

export const OrderTermsInput = builder.inputType('OrderTermsInput', {
  fields: (t) => ({
    environment: t.field({ type: environmentEnum, required: true }),
    instrument: t.field({ type: InstrumentInput, required: true }),
    sourceSymbol: t.string({ description: 'The symbol as the broker spells it; the instrument\'s where it is not given.' }),
    side: t.field({ type: sideEnum, required: true }),
    orderQty: t.field({ type: 'Decimal', required: true }),
    ordType: t.field({ type: ordTypeEnum, required: true }),
    price: t.field({ type: 'Decimal' }),
    stopPx: t.field({ type: 'Decimal' }),
    timeInForce: t.field({ type: timeInForceEnum }),
    positionEffect: t.field({ type: positionEffectEnum }),
    positionId: t.id({ description: 'The position that it opens or closes.' }),
    strategy: t.string(),
    signal: t.string({ description: 'The signal or other cause.' }),
    group: t.string({ description: 'Orders that belong together.' }),
    portfolio: t.string(),
  }),
});

export const TermsChangeInput = builder.inputType('TermsChangeInput', {
  description: 'Only what changes.',
  fields: (t) => ({
    orderQty: t.field({ type: 'Decimal' }),
    price: t.field({ type: 'Decimal' }),
    stopPx: t.field({ type: 'Decimal' }),
    ordType: t.field({ type: ordTypeEnum }),
    timeInForce: t.field({ type: timeInForceEnum }),
  }),
});

const OrderRefsInput = builder.inputType('OrderRefsInput', {
  description: 'The ids by which the message names its order, at least one. `NONE`, empty and 0 are no ids.',
  fields: (t) => ({
    brokerOrderId: t.string({ description: 'FIX OrderID (tag 37).' }),
    clOrdId: t.string({ description: 'FIX ClOrdID (tag 11).' }),
    origClOrdId: t.string({ description: 'FIX OrigClOrdID (tag 41).' }),
  }),
});

const BrokerReportInput = builder.inputType('BrokerReportInput', {
  description: 'What the broker says the order looks like now. Compared with what its facts amount to, never adopted.',
  fields: (t) => ({
    ordStatus: t.field({ type: ordStatusEnum }),
    orderQty: t.field({ type: 'Decimal' }),
    cumQty: t.field({ type: 'Decimal' }),
    leavesQty: t.field({ type: 'Decimal' }),
    avgPx: t.field({ type: 'Decimal' }),
    reason: t.string(),
  }),
});

const ExecutionInput = builder.inputType('ExecutionInput', {
  description: 'One trade, whole. Side and instrument are those of the fact\'s `terms` where they are not given.',
  fields: (t) => ({
    execId: t.string({ required: true, description: 'FIX ExecID (tag 17).' }),
    side: t.field({ type: sideEnum }),
    lastQty: t.field({ type: 'Decimal', required: true }),
    lastPx: t.field({ type: 'Decimal', required: true }),
    instrument: t.field({ type: InstrumentInput }),
    sourceSymbol: t.string(),
    fees: t.field({ type: [MoneyInput], description: 'Positive where they are paid, negative where they are a rebate.' }),
    positionEffect: t.field({ type: positionEffectEnum }),
    positionId: t.id(),
    venue: t.string(),
  }),
});

const FactSourceInput = builder.inputType('FactSourceInput', {
  description: 'Who said it. The name is part of what makes a broker\'s ids unique.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Broker or venue.' }),
    session: t.string(),
    sequence: t.string({ description: 'The number within the session (FIX MsgSeqNum), as text.' }),
  }),
});

const CancelRejectedFor = builder.enumType('RequestKind', { description: 'FIX CxlRejResponseTo (tag 434).', values: { CANCEL: { value: 'cancel' }, REPLACE: { value: 'replace' } } });

export const BrokerFactInput = builder.inputType('BrokerFactInput', {
  description:
    'One message about one order. Facts are never refused because they come early, late, twice or in the wrong order. A message with `terms` opens the order where none is known; one without waits until its order appears.',
  fields: (t) => ({
    kind: t.field({ type: factKindRef, required: true }),
    accountId: t.string({ description: 'Your account: of yours the only one, or `main`, where it is not given. No order of another account takes the fact; a viewer of all accounts who gives none reaches the orders of all, as an import does.' }),
    source: t.field({ type: FactSourceInput, required: true }),
    sourceEventId: t.string({ description: 'The source\'s own id of the message: under it the fact is recorded once. Executions are by their execId.' }),
    occurredAt: t.field({ type: 'DateTime', required: true, description: 'Market time.' }),
    tradingDay: t.field({ type: 'Date', description: 'The day of `occurredAt` where it is not given.' }),
    refs: t.field({ type: OrderRefsInput, required: true }),
    terms: t.field({ type: OrderTermsInput }),
    report: t.field({ type: BrokerReportInput }),
    possResend: t.boolean({ description: 'FIX PossResend (tag 97).' }),
    change: t.field({ type: TermsChangeInput }),
    reducedBy: t.field({ type: 'Decimal' }),
    responseTo: t.field({ type: CancelRejectedFor }),
    execution: t.field({ type: ExecutionInput }),
    execRefId: t.string({ description: 'FIX ExecRefID (tag 19): the trade that is corrected or busted.' }),
    execId: t.string({ description: 'Of a bust: FIX ExecID of this message.' }),
  }),
});

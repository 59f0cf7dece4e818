import { z } from 'zod';
import { executionsOfOrders } from '../projections/orders/execution-queries.js';
import type { OrderName, SelectedOrder } from '../projections/orders/queries.js';
import { findOrder, listOrders } from '../projections/orders/queries.js';
import { builder } from './builder.js';
import { environmentEnum, ordStatusEnum, ordTypeEnum, securityTypeEnum, sideEnum, timeInForceEnum } from './enums.js';
import { apiError } from './errors.js';
import { pageSize, readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { executionRef, orderRef, positionRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

const discrepancyList = z.array(z.object({ kind: z.string(), field: z.string(), brokers: z.string(), ours: z.string(), execId: z.string().optional() }));

const discrepancyRef = builder.objectRef<z.infer<typeof discrepancyList>[number]>('OrderDiscrepancy').implement({
  description: 'Where the broker\'s numbers and ours disagree now. Neither is taken over.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: '`cum_qty`, `leaves_qty`, `order_qty`, `status`, `overfill`, `missing_execution`, `conflicting_fact`, `instrument` or `terms_missing`.' }),
    field: t.exposeString('field'),
    brokers: t.exposeString('brokers', { description: 'What the broker says; of a missing execution, its ExecID.' }),
    ours: t.exposeString('ours'),
    execId: t.exposeString('execId', { nullable: true }),
  }),
});

orderRef.implement({
  description: 'An order as all its facts amount to, whatever order they came in (FIX 4.4, Appendix D).',
  fields: (t) => ({
    id: t.exposeID('orderId', { description: 'Fillbook\'s own id.' }),
    accountId: t.exposeString('accountId'),
    brokerOrderId: t.exposeString('brokerOrderId', { nullable: true, description: 'FIX OrderID (tag 37) of the latest message.' }),
    clOrdId: t.exposeString('clOrdId', { nullable: true, description: 'FIX ClOrdID (tag 11) of the latest message.' }),
    environment: t.expose('environment', { type: environmentEnum, nullable: true }),
    symbol: t.exposeString('symbol', { nullable: true, description: 'Null, as the other terms, while no message has carried the terms.' }),
    sourceSymbol: t.exposeString('sourceSymbol', { nullable: true }),
    securityType: t.expose('securityType', { type: securityTypeEnum, nullable: true }),
    quoteCurrency: t.exposeString('quoteCurrency', { nullable: true }),
    multiplier: t.expose('multiplier', { type: 'Decimal', nullable: true }),
    side: t.expose('side', { type: sideEnum, nullable: true }),
    ordType: t.expose('ordType', { type: ordTypeEnum, nullable: true }),
    timeInForce: t.expose('timeInForce', { type: timeInForceEnum, nullable: true }),
    price: t.expose('price', { type: 'Decimal', nullable: true }),
    stopPx: t.expose('stopPx', { type: 'Decimal', nullable: true }),
    ordStatus: t.expose('ordStatus', { type: ordStatusEnum }),
    orderQty: t.expose('orderQty', { type: 'Decimal' }),
    cumQty: t.expose('cumQty', { type: 'Decimal', description: 'What was filled.' }),
    leavesQty: t.expose('leavesQty', { type: 'Decimal', description: 'What is open for execution.' }),
    avgPx: t.expose('avgPx', { type: 'Decimal', description: 'Of what was filled, rounded half to even at 10 places; 0 while nothing is.' }),
    tradingDay: t.expose('tradingDay', { type: 'Date' }),
    positionId: t.exposeID('positionId', { nullable: true }),
    strategy: t.exposeString('strategy', { nullable: true }),
    signal: t.exposeString('signal', { nullable: true }),
    group: t.exposeString('orderGroup', { nullable: true }),
    portfolio: t.exposeString('portfolio', { nullable: true }),
    discrepancyCount: t.exposeInt('discrepancyCount', { description: 'Where the broker\'s numbers and ours disagree now.' }),
    discrepancies: t.field({
      type: [discrepancyRef],
      complexity: { field: 1, multiplier: 1 },
      description: 'The first 100 of them, each closed by itself once the numbers agree again.',
      resolve: (row) => discrepancyList.parse(row.discrepancies),
    }),
    conflictCount: t.exposeInt('conflictCount', { description: 'Messages that came under an id which another payload already has.' }),
    openedAt: t.expose('openedAt', { type: 'DateTime', nullable: true, description: 'Market time of the first fact.' }),
    changedAt: t.expose('changedAt', { type: 'DateTime', nullable: true, description: 'Market time of the latest fact.' }),
    revision: t.expose('revision', { type: 'Revision', description: 'Of the last event that is folded into this row.' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition', description: 'The place of that event in the log.' }),
    position: t.field({
      type: positionRef,
      nullable: true,
      resolve: (row) => row.positionId,
    }),
    executions: t.loadableList({
      type: executionRef,
      byPath: true,
      description: 'The newest executions of the order, newest first. For all of them in pages: the query `executions`.',
      args: { first: pageArguments.first },
      complexity: pageComplexity,
      load: (orderIds: string[], context, { first }) =>
        executionsOfOrders(context.database, context.viewer, { orderIds, first: pageSize(context, first) }),
      loaderOptions: { cache: false },
      resolve: (row) => row.orderId,
    }),
  }),
});

const OrderFilter = builder.inputType('OrderFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    ordStatus: t.field({ type: [ordStatusEnum], description: 'One of these.' }),
    symbol: t.string(),
    tradingDay: t.string({ description: 'YYYY-MM-DD.' }),
    positionId: t.string(),
    strategy: t.string(),
    group: t.string(),
    portfolio: t.string(),
    withDiscrepancies: t.boolean({ description: 'Only orders whose broker\'s numbers and ours disagree now.' }),
  }),
});

const orderConnection = builder.connectionObject({ type: orderRef, name: 'OrderConnection' }, { name: 'OrderEdge' });

const byOpening: Walk<SelectedOrder> = { sort: 'orders by opening, newest first', version: 1, place: ['position'], placeOf: (row) => [row.openedPosition] };

interface OrderNames {
  readonly id?: string | null | undefined;
  readonly clOrdId?: string | null | undefined;
  readonly brokerOrderId?: string | null | undefined;
}

function nameOf({ id, clOrdId, brokerOrderId }: OrderNames): OrderName {
  const names: OrderName[] = [];
  if (typeof id === 'string') names.push({ kind: 'orderId', value: id });
  if (typeof clOrdId === 'string') names.push({ kind: 'clOrdId', value: clOrdId });
  if (typeof brokerOrderId === 'string') names.push({ kind: 'brokerOrderId', value: brokerOrderId });
  const [name] = names;
  if (!name || names.length > 1) throw apiError('BAD_USER_INPUT', 'give exactly one of id, clOrdId and brokerOrderId', 'id');
  return name;
}

builder.queryFields((t) => ({
  order: t.field({
    type: orderRef,
    nullable: true,
    description: 'One order by one of its names. Where a ClOrdID or a broker\'s id names several, the one that changed last.',
    args: { id: t.arg.id(), clOrdId: t.arg.string(), brokerOrderId: t.arg.string(), accountId: t.arg.string(), ...waitArguments },
    resolve: async (_root, args, context) => {
      const name = nameOf(args);
      await waitForReadModels(context, args, READ_MODELS.orders);
      return findOrder(context.database, context.viewer, { name, accountId: args.accountId ?? undefined });
    },
  }),
  orders: t.field({
    type: orderConnection,
    description: 'Orders, newest first.',
    args: { filter: t.arg({ type: OrderFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.orders);
      const { ordStatus, ...filter } = present(args.filter);
      return readPage(context, byOpening, args, (first, place) =>
        listOrders(context.database, context.viewer, { filter: { ...filter, statuses: ordStatus }, first, before: place?.[0] }),
      );
    },
  }),
}));

import type { ExecutionPlace, SelectedExecution } from '../projections/orders/execution-queries.js';
import { listExecutions } from '../projections/orders/execution-queries.js';
import { builder } from './builder.js';
import { executionStatusEnum, sideEnum } from './enums.js';
import { moneyRef, readMoneyList } from './money.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { executionRef, orderRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

executionRef.implement({
  description: 'A trade of an order, at its newest version.',
  fields: (t) => ({
    orderId: t.exposeID('orderId'),
    execId: t.exposeString('execId', { description: 'FIX ExecID (tag 17) of the first version, unique within the order.' }),
    version: t.exposeInt('version', { description: '1 for the trade as first reported, one more for each correction.' }),
    status: t.expose('status', { type: executionStatusEnum }),
    accountId: t.exposeString('accountId'),
    symbol: t.exposeString('symbol'),
    sourceSymbol: t.exposeString('sourceSymbol'),
    side: t.expose('side', { type: sideEnum }),
    lastQty: t.expose('lastQty', { type: 'Decimal' }),
    lastPx: t.expose('lastPx', { type: 'Decimal' }),
    multiplier: t.expose('multiplier', { type: 'Decimal' }),
    quoteCurrency: t.exposeString('quoteCurrency'),
    settlementCurrency: t.exposeString('settlementCurrency'),
    fees: t.field({
      type: [moneyRef],
      description: 'Positive where they are paid, negative where they are a rebate.',
      complexity: { field: 1, multiplier: 1 },
      resolve: (row) => readMoneyList(row.fees),
    }),
    venue: t.exposeString('venue', { nullable: true }),
    positionId: t.exposeID('positionId', { nullable: true }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'Market time.' }),
    tradingDay: t.expose('tradingDay', { type: 'Date' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
    order: t.field({
      type: orderRef,
      nullable: true,
      resolve: (row) => row.orderId,
    }),
  }),
});

const ExecutionFilter = builder.inputType('ExecutionFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    orderId: t.string({ description: 'Fillbook\'s own id of the order.' }),
    positionId: t.string(),
    symbol: t.string(),
    tradingDay: t.string({ description: 'YYYY-MM-DD.' }),
  }),
});

const executionConnection = builder.connectionObject({ type: executionRef, name: 'ExecutionConnection' }, { name: 'ExecutionEdge' });

const byMarketTime: Walk<SelectedExecution> = {
  sort: 'executions by market time, newest first',
  version: 1,
  place: ['text', 'text', 'text'],
  placeOf: (row) => [row.occurredAt, row.orderId, row.execId],
};

const placeAt = ([occurredAt = '', orderId = '', execId = '']: readonly string[]): ExecutionPlace => ({ occurredAt, orderId, execId });

builder.queryFields((t) => ({
  executions: t.field({
    type: executionConnection,
    description: 'Executions by market time, newest first.',
    args: { filter: t.arg({ type: ExecutionFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.orders);
      return readPage(context, byMarketTime, args, (first, place) =>
        listExecutions(context.database, context.viewer, { filter: present(args.filter), first, before: place && placeAt(place) }),
      );
    },
  }),
}));

import type { FillPlace, SelectedFill } from '../projections/positions/fill-queries.js';
import { listFills } from '../projections/positions/fill-queries.js';
import { builder } from './builder.js';
import { positionEffectEnum, sideEnum } from './enums.js';
import { moneyRef, readMoneyList } from './money.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { fillRef, orderRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

fillRef.implement({
  description: 'A trade that opened or closed some of a position, at its newest version.',
  fields: (t) => ({
    positionId: t.exposeID('positionId'),
    accountId: t.exposeString('accountId'),
    orderId: t.exposeID('orderId'),
    execId: t.exposeString('execId', { description: 'FIX ExecID (tag 17) of the first version, unique within the order.' }),
    version: t.exposeInt('version', { description: '1 for the trade as first reported, one more for each correction or bust.' }),
    live: t.exposeBoolean('live', { description: 'Whether it counts: not where it was busted, or is another position\'s by now.' }),
    effect: t.expose('effect', { type: positionEffectEnum }),
    targetKey: t.exposeString('targetKey', { nullable: true, description: 'The target whose order it was.' }),
    symbol: t.exposeString('symbol'),
    sourceSymbol: t.exposeString('sourceSymbol'),
    side: t.expose('side', { type: sideEnum }),
    qty: t.expose('qty', { type: 'Decimal' }),
    px: t.expose('px', { type: 'Decimal' }),
    multiplier: t.expose('multiplier', { type: 'Decimal' }),
    quoteCurrency: t.exposeString('quoteCurrency'),
    fees: t.field({
      type: [moneyRef],
      description: 'Positive where they are paid, negative where they are a rebate.',
      complexity: { field: 1, multiplier: 1 },
      resolve: (row) => readMoneyList(row.fees),
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'Market time.' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
    order: t.field({ type: orderRef, nullable: true, resolve: (row) => row.orderId }),
  }),
});

const PositionFillFilter = builder.inputType('PositionFillFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    positionId: t.id({ required: true }),
    targetKey: t.string(),
    live: t.boolean({ description: 'Only fills that count, or only those that do not.' }),
  }),
});

const fillConnection = builder.connectionObject({ type: fillRef, name: 'PositionFillConnection' }, { name: 'PositionFillEdge' });

const byMarketTime: Walk<SelectedFill> = {
  sort: 'fills of a position by market time, oldest first',
  version: 1,
  place: ['text', 'text', 'text'],
  placeOf: (row) => [row.occurredAt, row.orderId, row.execId],
};

const placeAt = ([occurredAt = '', orderId = '', execId = '']: readonly string[]): FillPlace => ({ occurredAt, orderId, execId });

builder.queryFields((t) => ({
  positionFills: t.field({
    type: fillConnection,
    description: 'The fills of a position by market time, oldest first.',
    args: { filter: t.arg({ type: PositionFillFilter, required: true }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.positions);
      const filter = { ...present(args.filter), positionId: args.filter.positionId };
      return readPage(context, byMarketTime, args, (first, place) => listFills(context.database, context.viewer, { filter, first, after: place && placeAt(place) }));
    },
  }),
}));

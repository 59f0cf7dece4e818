import { findPosition, listPositions } from '../projections/positions/queries.js';
import type { SelectedPosition } from '../projections/positions/queries.js';
import { fillsOfPositions } from '../projections/positions/fill-queries.js';
import { targetsOfPositions } from '../projections/positions/target-queries.js';
import { builder } from './builder.js';
import { closeReasonEnum, closeStatusEnum, directionEnum, environmentEnum, positionStatusEnum, profitBasisEnum, securityTypeEnum } from './enums.js';
import { moneyOf, moneyRef, readMoneyList } from './money.js';
import { pageSize, readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { reads } from './read-columns.js';
import { READ_MODELS } from './read-models.js';
import { fillRef, orderRef, positionRef, targetRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

positionRef.implement({
  description: 'What is held: one episode from zero to zero.',
  fields: (t) => ({
    id: t.exposeID('positionId'),
    accountId: t.exposeString('accountId'),
    environment: t.expose('environment', { type: environmentEnum }),
    symbol: t.exposeString('symbol'),
    securityType: t.expose('securityType', { type: securityTypeEnum }),
    multiplier: t.expose('multiplier', { type: 'Decimal' }),
    quoteCurrency: t.exposeString('quoteCurrency'),
    direction: t.expose('direction', { type: directionEnum }),
    status: t.expose('status', { type: positionStatusEnum }),
    openedQty: t.expose('openedQty', { type: 'Decimal' }),
    closedQty: t.expose('closedQty', { type: 'Decimal' }),
    openQty: t.expose('openQty', { type: 'Decimal', description: 'openedQty − closedQty: negative where it is over-closed.' }),
    openPrice: t.expose('openPrice', { type: 'Decimal', nullable: true }),
    originalCredit: t.field({
      type: moneyRef,
      nullable: true,
      description: 'What opening it brought in (positive, a credit) or cost (negative, a debit), as a whole.',
      extensions: reads('original_credit', 'original_credit_currency'),
      resolve: (row) => moneyOf(row.originalCredit, row.originalCreditCurrency),
    }),
    realisedPnl: t.field({
      type: moneyRef,
      nullable: true,
      description: 'Of what was closed: its part of what opening brought in or cost, and what closing did, each at its average. Null where it is not known what opening cost.',
      extensions: reads('realised_pnl', 'realised_pnl_currency'),
      resolve: (row) => moneyOf(row.realisedPnl, row.realisedPnlCurrency),
    }),
    realisedPnlNet: t.field({
      type: moneyRef,
      nullable: true,
      description: 'realisedPnl less the fees in its currency; fees in others are not converted.',
      extensions: reads('realised_pnl_net', 'realised_pnl_currency'),
      resolve: (row) => moneyOf(row.realisedPnlNet, row.realisedPnlCurrency),
    }),
    realisedPnlBasis: t.expose('realisedPnlBasis', { type: profitBasisEnum, nullable: true }),
    fees: t.field({
      type: [moneyRef],
      description: 'Of its fills, a sum a currency.',
      complexity: { field: 1, multiplier: 1 },
      extensions: reads('fees'),
      resolve: (row) => readMoneyList(row.fees),
    }),
    strategyType: t.exposeString('strategyType'),
    strategy: t.exposeString('strategy', { nullable: true }),
    signal: t.exposeString('signal', { nullable: true }),
    group: t.exposeString('positionGroup', { nullable: true }),
    portfolio: t.exposeString('portfolio', { nullable: true }),
    targetCount: t.exposeInt('targetCount'),
    unfilledTargetCount: t.exposeInt('unfilledTargetCount'),
    closeStatus: t.expose('closeStatus', { type: closeStatusEnum, nullable: true, description: 'Of the newest closing that was asked for.' }),
    closeReason: t.expose('closeReason', { type: closeReasonEnum, nullable: true }),
    closeQty: t.expose('closeQty', { type: 'Decimal', nullable: true, description: 'What its order was placed for; until then, what was open when it was asked for.' }),
    closeOrderId: t.exposeID('closeOrderId', { nullable: true, description: 'The id that the closing order has once it is placed.' }),
    closeEndReason: t.exposeString('closeEndReason', { nullable: true, description: 'Why the closing ended as it did, where that was said.' }),
    closeOrder: t.field({ type: orderRef, nullable: true, extensions: reads('close_order_id'), resolve: (row) => row.closeOrderId }),
    openedAt: t.expose('openedAt', { type: 'DateTime' }),
    changedAt: t.expose('changedAt', { type: 'DateTime' }),
    revision: t.expose('revision', { type: 'Revision' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
    targets: t.loadableList({
      type: targetRef,
      byPath: true,
      extensions: reads('position_id'),
      description: 'Its targets in the order in which they were first set.',
      args: { first: pageArguments.first },
      complexity: pageComplexity,
      load: (positionIds: string[], context, { first }) =>
        targetsOfPositions(context.database, context.viewer, { positionIds, first: pageSize(context, first) }),
      loaderOptions: { cache: false },
      resolve: (row) => row.positionId,
    }),
    fills: t.loadableList({
      type: fillRef,
      byPath: true,
      extensions: reads('position_id'),
      description: 'Its fills by market time, oldest first; `positionFills` reads them in pages.',
      args: { first: pageArguments.first },
      complexity: pageComplexity,
      load: (positionIds: string[], context, { first }) => fillsOfPositions(context.database, context.viewer, { positionIds, first: pageSize(context, first) }),
      loaderOptions: { cache: false },
      resolve: (row) => row.positionId,
    }),
  }),
});

const PositionFilter = builder.inputType('PositionFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    status: t.field({ type: [positionStatusEnum], description: 'One of these.' }),
    symbol: t.string(),
    strategyType: t.string(),
    strategy: t.string(),
    group: t.string(),
    portfolio: t.string(),
    withUnfilledTargets: t.boolean({ description: 'Only positions with a target that is not wholly filled and not ended.' }),
  }),
});

const positionConnection = builder.connectionObject({ type: positionRef, name: 'PositionConnection' }, { name: 'PositionEdge' });

const byOpening: Walk<SelectedPosition> = { sort: 'positions by opening, newest first', version: 1, place: ['position'], placeOf: (row) => [row.openedPosition] };

builder.queryFields((t) => ({
  position: t.field({
    type: positionRef,
    nullable: true,
    args: { id: t.arg.id({ required: true }), ...waitArguments },
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.positions);
      return findPosition(context.database, context.viewer, { positionId: args.id });
    },
  }),
  positions: t.field({
    type: positionConnection,
    description: 'Positions, newest first.',
    args: { filter: t.arg({ type: PositionFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.positions);
      const { status, ...filter } = present(args.filter);
      return readPage(context, byOpening, args, (first, place) =>
        listPositions(context.database, context.viewer, { filter: { ...filter, statuses: status }, first, before: place?.[0] }),
      );
    },
  }),
}));

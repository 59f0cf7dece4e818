import { findPosition, listPositions } from '../projections/positions/queries.js';
import { targetsOfPositions } from '../projections/positions/target-queries.js';
import type { PositionTable } from '../projections/tables.js';
import { builder } from './builder.js';
import { directionEnum, environmentEnum, positionStatusEnum, securityTypeEnum } from './enums.js';
import { moneyOf, moneyRef } from './money.js';
import { pageSize, readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { positionRef, targetRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

positionRef.implement({
  description: 'What is held: one episode from zero to zero.',
  fields: (t) => ({
    id: t.exposeID('position_id'),
    accountId: t.exposeString('account_id'),
    environment: t.field({ type: environmentEnum.ref, resolve: (row) => environmentEnum.of(row.environment) }),
    symbol: t.exposeString('symbol'),
    securityType: t.field({ type: securityTypeEnum.ref, resolve: (row) => securityTypeEnum.of(row.security_type) }),
    multiplier: t.expose('multiplier', { type: 'Decimal' }),
    quoteCurrency: t.exposeString('quote_currency'),
    direction: t.field({ type: directionEnum.ref, resolve: (row) => directionEnum.of(row.direction) }),
    status: t.field({ type: positionStatusEnum.ref, resolve: (row) => positionStatusEnum.of(row.status) }),
    openedQty: t.expose('opened_qty', { type: 'Decimal' }),
    closedQty: t.expose('closed_qty', { type: 'Decimal' }),
    openQty: t.expose('open_qty', { type: 'Decimal', description: 'openedQty − closedQty: negative where it is over-closed.' }),
    openPrice: t.expose('open_price', { type: 'Decimal', nullable: true }),
    originalCredit: t.field({
      type: moneyRef,
      nullable: true,
      description: 'What opening it brought in (positive, a credit) or cost (negative, a debit), as a whole.',
      resolve: (row) => moneyOf(row.original_credit, row.original_credit_currency),
    }),
    strategyType: t.exposeString('strategy_type'),
    strategy: t.exposeString('strategy', { nullable: true }),
    signal: t.exposeString('signal', { nullable: true }),
    group: t.exposeString('position_group', { nullable: true }),
    portfolio: t.exposeString('portfolio', { nullable: true }),
    targetCount: t.exposeInt('target_count'),
    unfilledTargetCount: t.exposeInt('unfilled_target_count'),
    openedAt: t.expose('opened_at', { type: 'DateTime' }),
    changedAt: t.expose('changed_at', { type: 'DateTime' }),
    revision: t.expose('revision', { type: 'Revision' }),
    lastPosition: t.expose('last_position', { type: 'LogPosition' }),
    targets: t.loadableList({
      type: targetRef,
      byPath: true,
      description: 'Its targets in the order in which they were first set.',
      args: { first: pageArguments.first },
      complexity: pageComplexity,
      load: (positionIds: string[], context, { first }) =>
        targetsOfPositions(context.database, context.viewer, { positionIds, first: pageSize(context, first) }),
      loaderOptions: { cache: false },
      resolve: (row) => row.position_id,
    }),
  }),
});

const PositionFilter = builder.inputType('PositionFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    status: t.field({ type: [positionStatusEnum.ref], description: 'One of these.' }),
    symbol: t.string(),
    strategyType: t.string(),
    strategy: t.string(),
    group: t.string(),
    portfolio: t.string(),
    withUnfilledTargets: t.boolean({ description: 'Only positions with a target that is not wholly filled and not ended.' }),
  }),
});

const positionConnection = builder.connectionObject({ type: positionRef, name: 'PositionConnection' }, { name: 'PositionEdge' });

const byOpening: Walk<PositionTable> = { sort: 'positions by opening, newest first', version: 1, place: ['position'], placeOf: (row) => [row.opened_position] };

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

import type { TargetPlace, TargetWithPosition } from '../projections/positions/target-queries.js';
import { joinedPosition, unfilledTargets } from '../projections/positions/target-queries.js';
import { builder } from './builder.js';
import { targetKindEnum, targetStatusEnum } from './enums.js';
import { moneyOf, moneyRef } from './money.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { orderRef, positionRef, targetRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

targetRef.implement({
  description: 'At which price how much of a position is to be closed, and how much of that was filled.',
  fields: (t) => ({
    targetKey: t.exposeString('target_key', { description: 'What names it within its position, for example `put_spread_1_40`.' }),
    positionId: t.exposeID('position_id'),
    accountId: t.exposeString('account_id'),
    kind: t.field({ type: targetKindEnum.ref, resolve: (row) => targetKindEnum.of(row.kind) }),
    status: t.field({ type: targetStatusEnum.ref, resolve: (row) => targetStatusEnum.of(row.status) }),
    unfilled: t.exposeBoolean('unfilled', { description: 'Not wholly filled and not ended.' }),
    percent: t.expose('percent', { type: 'Decimal', description: 'Of the target\'s own original credit or debit.' }),
    targetPrice: t.expose('target_price', { type: 'Decimal' }),
    quantity: t.expose('quantity', { type: 'Decimal' }),
    filledQty: t.expose('filled_qty', { type: 'Decimal' }),
    avgFillPx: t.expose('avg_fill_px', { type: 'Decimal', description: '0 while nothing is filled.' }),
    originalCredit: t.field({
      type: moneyRef,
      nullable: true,
      description: 'The target\'s own original credit (positive) or debit (negative).',
      resolve: (row) => moneyOf(row.original_credit, row.original_credit_currency),
    }),
    orderRef: t.exposeString('order_ref', { nullable: true, description: 'The target\'s order as its sender knows it.' }),
    orderId: t.exposeID('order_id', { nullable: true, description: 'Fillbook\'s own id of that order, once it is known.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was cancelled or rejected, where it was.' }),
    setAt: t.expose('set_at', { type: 'DateTime' }),
    changedAt: t.expose('changed_at', { type: 'DateTime' }),
    filledAt: t.expose('filled_at', { type: 'DateTime', nullable: true, description: 'Market time of the fill that completed it.' }),
    setPosition: t.expose('set_position', { type: 'LogPosition', description: 'The place of its first setting in the log.' }),
    lastPosition: t.expose('last_position', { type: 'LogPosition' }),
    position: t.field({
      type: positionRef,
      nullable: true,
      // A row that was joined with its position brings it along.
      resolve: (row) => ('p_position_id' in row ? joinedPosition(row) : row.position_id),
    }),
    order: t.field({
      type: orderRef,
      nullable: true,
      resolve: (row) => row.order_id,
    }),
  }),
});

const UnfilledTargetFilter = builder.inputType('UnfilledTargetFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({ accountId: t.string(), kind: t.field({ type: targetKindEnum.ref }), positionId: t.string() }),
});

const targetConnection = builder.connectionObject({ type: targetRef, name: 'ProfitTargetConnection' }, { name: 'ProfitTargetEdge' });

const bySetting: Walk<TargetWithPosition> = {
  sort: 'unfilled targets by setting, oldest first',
  version: 1,
  place: ['position', 'text', 'text'],
  placeOf: (row) => [row.set_position, row.position_id, row.target_key],
};

const placeAt = ([setPosition = '0', positionId = '', targetKey = '']: readonly string[]): TargetPlace => ({ setPosition, positionId, targetKey });

builder.queryFields((t) => ({
  unfilledTargets: t.field({
    type: targetConnection,
    description: 'Targets that are neither wholly filled nor ended, with their positions, in the order in which they were set.',
    args: { filter: t.arg({ type: UnfilledTargetFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.positions);
      return readPage(context, bySetting, args, (first, place) =>
        unfilledTargets(context.database, context.viewer, { filter: present(args.filter), first, after: place && placeAt(place) }),
      );
    },
  }),
}));

import type { TargetColumns, TargetPlace, SelectedTarget } from '../projections/positions/target-queries.js';
import { isPositionColumn, isTargetColumn, unfilledTargets } from '../projections/positions/target-queries.js';
import { builder } from './builder.js';
import { profitBasisEnum, targetKindEnum, targetStatusEnum } from './enums.js';
import { moneyOf, moneyRef, readMoneyList } from './money.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { oncePerSelection, readColumns, reads } from './read-columns.js';
import { READ_MODELS } from './read-models.js';
import { orderRef, positionRef, targetRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

targetRef.implement({
  description: 'At which price how much of a position is to be closed, and how much of that was filled.',
  fields: (t) => ({
    targetKey: t.exposeString('targetKey', { description: 'What names it within its position, for example `put_spread_1_40`.' }),
    positionId: t.exposeID('positionId'),
    accountId: t.exposeString('accountId'),
    kind: t.expose('kind', { type: targetKindEnum }),
    status: t.expose('status', { type: targetStatusEnum }),
    unfilled: t.exposeBoolean('unfilled', { description: 'Not wholly filled and not ended.' }),
    percent: t.expose('percent', { type: 'Decimal', description: 'Of the target\'s own original credit or debit.' }),
    targetPrice: t.expose('targetPrice', { type: 'Decimal' }),
    quantity: t.expose('quantity', { type: 'Decimal' }),
    filledQty: t.expose('filledQty', { type: 'Decimal' }),
    avgFillPx: t.expose('avgFillPx', { type: 'Decimal', description: '0 while nothing is filled.' }),
    originalCredit: t.field({
      type: moneyRef,
      nullable: true,
      description: 'The target\'s own original credit (positive) or debit (negative).',
      extensions: reads('original_credit', 'original_credit_currency'),
      resolve: (row) => moneyOf(row.originalCredit, row.originalCreditCurrency),
    }),
    realisedPnl: t.field({
      type: moneyRef,
      nullable: true,
      description: 'By its own original credit or debit, in the part that was filled, and what its fills brought in or cost; where it has none of its own, by the position\'s in proportion. Null where neither is known.',
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
    orderRef: t.exposeString('orderRef', { nullable: true, description: 'The target\'s order as its sender knows it.' }),
    orderId: t.exposeID('orderId', { nullable: true, description: 'Fillbook\'s own id of that order, once it is known.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was cancelled or rejected, where it was.' }),
    setAt: t.expose('setAt', { type: 'DateTime' }),
    changedAt: t.expose('changedAt', { type: 'DateTime' }),
    filledAt: t.expose('filledAt', { type: 'DateTime', nullable: true, description: 'Market time of the fill that completed it.' }),
    setPosition: t.expose('setPosition', { type: 'LogPosition', description: 'The place of its first setting in the log.' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
    position: t.field({
      type: positionRef,
      nullable: true,
      extensions: reads('position_id'),
      // A row that was joined with its position brings it along.
      resolve: (row) => row.position ?? row.positionId,
    }),
    order: t.field({
      type: orderRef,
      nullable: true,
      extensions: reads('order_id'),
      resolve: (row) => row.orderId,
    }),
  }),
});

const UnfilledTargetFilter = builder.inputType('UnfilledTargetFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({ accountId: t.string(), kind: t.field({ type: targetKindEnum }), positionId: t.string() }),
});

const targetConnection = builder.connectionObject({ type: targetRef, name: 'ProfitTargetConnection' }, { name: 'ProfitTargetEdge' });

const bySetting: Walk<SelectedTarget> = {
  sort: 'unfilled targets by setting, oldest first',
  version: 1,
  place: ['position', 'text', 'text'],
  placeOf: (row) => [row.setPosition, row.positionId, row.targetKey],
};

const placeAt = ([setPosition = '0', positionId = '', targetKey = '']: readonly string[]): TargetPlace => ({ setPosition, positionId, targetKey });

const NODE = ['edges', 'node'];

/** The columns that the selection of a page reads: of the target, and of the position within it. */
const columnsOf = oncePerSelection((info): TargetColumns => ({
  target: readColumns(info, NODE, isTargetColumn),
  position: readColumns(info, [...NODE, 'position'], isPositionColumn),
}));

builder.queryFields((t) => ({
  unfilledTargets: t.field({
    type: targetConnection,
    description: 'Targets that are neither wholly filled nor ended, with their positions, in the order in which they were set.',
    args: { filter: t.arg({ type: UnfilledTargetFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context, info) => {
      const columns = columnsOf(info);
      await waitForReadModels(context, args, READ_MODELS.positions);
      return readPage(context, bySetting, args, (first, place) =>
        unfilledTargets(context.database, context.viewer, { filter: present(args.filter), first, after: place && placeAt(place), columns }),
      );
    },
  }),
}));

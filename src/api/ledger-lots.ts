import { listOpenLots, listRealisedPnl } from '../projections/ledger/queries.js';
import type { LotPlace, PnlPlace, SelectedLot, SelectedPnl } from '../projections/ledger/queries.js';
import { builder } from './builder.js';
import { costMethodEnum, ledgerEnvironmentEnum } from './enums.js';
import { moneyRef } from './money.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { waitArguments, waitForReadModels } from './wait.js';

const lotRef = builder.objectRef<SelectedLot>('OpenLot').implement({
  description: 'What is open of a trade, first in, first out.',
  fields: (t) => ({
    orderId: t.exposeID('orderId'),
    execId: t.exposeString('execId'),
    accountId: t.exposeString('accountId'),
    environment: t.expose('environment', { type: ledgerEnvironmentEnum }),
    symbol: t.exposeString('symbol'),
    quantity: t.expose('quantity', { type: 'Decimal', description: 'Negative where it is short.' }),
    price: t.expose('price', { type: 'Decimal' }),
    multiplier: t.expose('multiplier', { type: 'Decimal' }),
    cost: t.field({
      type: moneyRef,
      description: 'Quantity × price × multiplier, in the quote currency.',
      resolve: (row) => ({ amount: row.cost, currency: row.quoteCurrency }),
    }),
    openedAt: t.expose('occurredAt', { type: 'DateTime', description: 'Market time of the trade.' }),
    tradingDay: t.expose('tradingDay', { type: 'Date' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
  }),
});

const OpenLotFilter = builder.inputType('OpenLotFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    environment: t.field({ type: ledgerEnvironmentEnum }),
    symbol: t.string(),
  }),
});

const lotConnection = builder.connectionObject({ type: lotRef, name: 'OpenLotConnection' }, { name: 'OpenLotEdge' });

const byPlace: Walk<SelectedLot> = { sort: 'open lots, first in first', version: 1, place: ['position', 'integer'], placeOf: (row) => [row.placePosition, row.placeIndex.toString()] };

const lotPlaceAt = ([placePosition = '', placeIndex = '']: readonly string[]): LotPlace => ({ placePosition, placeIndex });

const pnlRef = builder.objectRef<SelectedPnl>('RealisedPnl').implement({
  description: 'What the closing trades of a day realised of one instrument, without fees.',
  fields: (t) => ({
    accountId: t.exposeString('accountId'),
    environment: t.expose('environment', { type: ledgerEnvironmentEnum }),
    symbol: t.exposeString('symbol'),
    tradingDay: t.expose('tradingDay', { type: 'Date' }),
    costMethod: t.expose('costMethod', { type: costMethodEnum }),
    realised: t.field({
      type: moneyRef,
      description: 'A gain is positive.',
      resolve: (row) => ({ amount: row.amount, currency: row.unit }),
    }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
  }),
});

const RealisedPnlFilter = builder.inputType('RealisedPnlFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    costMethod: t.field({ type: costMethodEnum, required: true }),
    accountId: t.string(),
    environment: t.field({ type: ledgerEnvironmentEnum }),
    symbol: t.string(),
    tradingDay: t.string({ description: 'YYYY-MM-DD.' }),
  }),
});

const pnlConnection = builder.connectionObject({ type: pnlRef, name: 'RealisedPnlConnection' }, { name: 'RealisedPnlEdge' });

const byDay: Walk<SelectedPnl> = {
  sort: 'realised by trading day, newest first',
  version: 1,
  place: ['text', 'text', 'text', 'text', 'text'],
  placeOf: (row) => [row.tradingDay, row.accountId, row.symbol, row.environment, row.unit],
};

const pnlPlaceAt = ([tradingDay = '', accountId = '', symbol = '', environment = '', unit = '']: readonly string[]): PnlPlace => ({ tradingDay, accountId, symbol, environment, unit });

builder.queryFields((t) => ({
  openLots: t.field({
    type: lotConnection,
    description: 'Open lots, those that were opened first in front.',
    args: { filter: t.arg({ type: OpenLotFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.ledger);
      return readPage(context, byPlace, args, (first, place) => listOpenLots(context.database, context.viewer, { filter: present(args.filter), first, after: place && lotPlaceAt(place) }));
    },
  }),
  realisedPnl: t.field({
    type: pnlConnection,
    description: 'Realised P&L by account, instrument and trading day, the newest day first.',
    args: { filter: t.arg({ type: RealisedPnlFilter, required: true }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.ledger);
      const { costMethod, ...filter } = args.filter;
      return readPage(context, byDay, args, (first, place) =>
        listRealisedPnl(context.database, context.viewer, { filter: present(filter), costMethod, first, before: place && pnlPlaceAt(place) }),
      );
    },
  }),
}));

import { listPostings, trialBalance } from '../projections/ledger/queries.js';
import type { PostingPlace, SelectedPosting, TrialBalanceRow } from '../projections/ledger/queries.js';
import { builder } from './builder.js';
import { costMethodEnum, ledgerAccountEnum, ledgerEnvironmentEnum, postingKindEnum } from './enums.js';
import { apiError } from './errors.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { waitArguments, waitForReadModels } from './wait.js';

const balanceRef = builder.objectRef<TrialBalanceRow>('AccountBalance').implement({
  description: 'What an account of the ledger holds of one unit. All balances of a unit sum to zero.',
  fields: (t) => ({
    accountId: t.exposeString('accountId'),
    environment: t.expose('environment', { type: ledgerEnvironmentEnum }),
    account: t.expose('account', { type: ledgerAccountEnum }),
    unit: t.exposeString('unit', { description: 'A currency, or an instrument\'s symbol.' }),
    amount: t.expose('amount', { type: 'Decimal', description: 'Debits are positive, credits negative: a gain in REALISED_PNL is negative.' }),
  }),
});

const postingRef = builder.objectRef<SelectedPosting>('Posting').implement({
  description: 'One leg of an entry: the legs of an entry sum to zero in each unit. Postings never change; what turns out to be wrong is reversed.',
  fields: (t) => ({
    orderId: t.exposeID('orderId'),
    execId: t.exposeString('execId', { description: 'FIX ExecID (tag 17) of the execution\'s first version.' }),
    entry: t.exposeInt('entry', { description: 'From 1, among the entries of this execution.' }),
    leg: t.exposeInt('leg'),
    kind: t.expose('kind', { type: postingKindEnum }),
    reversesEntry: t.exposeInt('reversesEntry', { nullable: true, description: 'The entry of the same execution that a reversal takes back.' }),
    executionVersion: t.exposeInt('executionVersion', { description: 'Of the execution when this was posted.' }),
    costMethod: t.expose('costMethod', { type: costMethodEnum, nullable: true, description: 'Null where the leg belongs to both methods.' }),
    account: t.expose('account', { type: ledgerAccountEnum }),
    unit: t.exposeString('unit'),
    amount: t.expose('amount', { type: 'Decimal', description: 'Debits are positive, credits negative.' }),
    matchedOrderId: t.exposeID('matchedOrderId', { nullable: true, description: 'The trade whose lot was closed (FIFO).' }),
    matchedExecId: t.exposeString('matchedExecId', { nullable: true }),
    matchedQty: t.expose('matchedQty', { type: 'Decimal', nullable: true, description: 'How much was closed, signed as what was open; of a reversal with the opposite sign.' }),
    accountId: t.exposeString('accountId'),
    environment: t.expose('environment', { type: ledgerEnvironmentEnum }),
    symbol: t.exposeString('symbol'),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'Market time of the execution.' }),
    tradingDay: t.expose('tradingDay', { type: 'Date' }),
    postedPosition: t.expose('postedPosition', { type: 'LogPosition', description: 'The place in the log of the event that caused it.' }),
  }),
});

const PostingFilter = builder.inputType('PostingFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    environment: t.field({ type: ledgerEnvironmentEnum }),
    orderId: t.string({ description: 'Fillbook\'s own id of the order.' }),
    execId: t.string(),
    symbol: t.string(),
    account: t.field({ type: ledgerAccountEnum }),
  }),
});

const postingConnection = builder.connectionObject({ type: postingRef, name: 'PostingConnection' }, { name: 'PostingEdge' });

const byPosting: Walk<SelectedPosting> = {
  sort: 'postings in the order in which they were made',
  version: 1,
  place: ['position', 'text', 'text', 'integer', 'integer'],
  placeOf: (row) => [row.postedPosition, row.orderId, row.execId, row.entry.toString(), row.leg.toString()],
};

const placeAt = ([postedPosition = '', orderId = '', execId = '', entry = '', leg = '']: readonly string[]): PostingPlace => ({ postedPosition, orderId, execId, entry, leg });

builder.queryFields((t) => ({
  trialBalance: t.field({
    type: [balanceRef],
    description: 'The balances that are not zero, by account, environment, unit and ledger account, under one cost method.',
    args: {
      accountId: t.arg.string(),
      environment: t.arg({ type: ledgerEnvironmentEnum }),
      costMethod: t.arg({ type: costMethodEnum, required: true }),
      asOf: t.arg({ type: 'LogPosition', description: 'With what was posted up to this place in the log; now where it is not given.' }),
      ...waitArguments,
    },
    complexity: { field: 1, multiplier: 200 },
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.ledger);
      const limit = context.limits.trialBalanceRows;
      const rows = await trialBalance(context.database, context.viewer, {
        accountId: args.accountId ?? undefined,
        environment: args.environment ?? undefined,
        costMethod: args.costMethod,
        asOf: args.asOf?.toString(),
        limit: limit + 1,
      });
      if (rows.length > limit) throw apiError('LIMIT_EXCEEDED', `the trial balance has more than ${limit} balances: ask for one account and environment`, 'accountId');
      return rows;
    },
  }),
  postings: t.field({
    type: postingConnection,
    description: 'Postings in the order in which they were made.',
    args: { filter: t.arg({ type: PostingFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.ledger);
      return readPage(context, byPosting, args, (first, place) =>
        listPostings(context.database, context.viewer, { filter: present(args.filter), first, after: place && placeAt(place) }),
      );
    },
  }),
}));

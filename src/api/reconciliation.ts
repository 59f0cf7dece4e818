import type { Reconciliation } from '../projections/positions/reconciliation.js';
import { reconciliationsOf } from '../projections/positions/reconciliation.js';
import { builder } from './builder.js';
import { costMethodEnum, profitBasisEnum } from './enums.js';
import { reads } from './read-columns.js';
import { targetRef } from './refs.js';

const reconciliationRef = builder.objectRef<Reconciliation>('TargetReconciliation').implement({
  description: 'A target\'s realised P&L by its own credit beside the book\'s: ownPnl − bookPnl is creditClosed − bookCost, exactly. All amounts are in `currency`.',
  fields: (t) => ({
    currency: t.exposeString('currency', { nullable: true }),
    basis: t.expose('basis', { type: profitBasisEnum, nullable: true }),
    ownPnl: t.expose('ownPnl', { type: 'Decimal', nullable: true, description: 'Null where it is not known what opening cost.' }),
    creditClosed: t.expose('creditClosed', { type: 'Decimal', nullable: true, description: 'What of the opening credit (positive) or debit (negative) belongs to what was filled.' }),
    bookPnl: t.expose('bookPnl', { type: 'Decimal', description: 'What the ledger realised by the target\'s fills: a gain is positive.' }),
    bookCost: t.expose('bookCost', { type: 'Decimal', nullable: true, description: 'What the ledger took as the opening side of those fills; null where it closed less than was filled.' }),
    difference: t.expose('difference', { type: 'Decimal', nullable: true, description: 'ownPnl − bookPnl.' }),
    filledQty: t.expose('filledQty', { type: 'Decimal' }),
    matchedQty: t.expose('matchedQty', { type: 'Decimal', description: 'What the ledger closed by those fills: less than filledQty where it does not know all of the opening.' }),
  }),
});

const keyOf = ({ positionId, targetKey }: { readonly positionId: string; readonly targetKey: string }): string => `${positionId}/${targetKey}`;

function idOf(key: string): { readonly positionId: string; readonly targetKey: string } {
  const slash = key.indexOf('/');
  return { positionId: key.slice(0, slash), targetKey: key.slice(slash + 1) };
}

builder.objectFields(targetRef, (t) => ({
  reconciliation: t.loadable({
    type: reconciliationRef,
    nullable: true,
    byPath: true,
    description: 'Its realised P&L against the ledger\'s, both as they are: a query that waits for a position waits for the positions, not for the ledger.',
    args: { costMethod: t.arg({ type: costMethodEnum, required: true, defaultValue: 'fifo' }) },
    extensions: reads('position_id', 'target_key'),
    load: async (keys: string[], context, { costMethod }) => {
      const found = await reconciliationsOf(context.database, context.viewer, { targets: keys.map((key) => idOf(key)), costMethod });
      const byKey = new Map(found.map((row) => [keyOf(row), row]));
      return keys.map((key) => byKey.get(key) ?? null);
    },
    loaderOptions: { cache: false },
    resolve: (row) => keyOf(row),
  }),
}));

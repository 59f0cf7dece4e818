import type { ClientBase } from 'pg';
import { addAmount, amount, formatAmount, negateAmount, ZERO_AMOUNT } from '../../domain/ledger/amount.js';
import type { Amount } from '../../domain/ledger/amount.js';
import type { Row, Table } from '../projection.js';
import { quoteIdentifier } from '../write-rows.js';

/*
 * Sums of postings are moved by what a batch posts, in the transaction that posts it: nothing has to be read for them, and a
 * trial balance costs the same however many postings there are.
 */

interface SumTables {
  readonly balance: Table;
  readonly realisedPnl: Table;
}

/** What one batch adds to one row. */
interface Sum {
  readonly key: readonly string[];
  amount: Amount;
  position: bigint;
}

/** Adds new rows of `posting` to the balances and to what was realised. */
export async function sumPostings(client: ClientBase, schema: string, rows: readonly Row[] | 'all', tables: SumTables): Promise<void> {
  if (rows === 'all') throw new Error('the ledger reads its own rows, so it is never loaded in bulk');
  await addTo(client, schema, tables.balance, sumsOf(rows, tables.balance, (row) => amount(String(row['amount']))));
  const realised = rows.filter(({ account }) => account === 'realised_pnl');
  await addTo(client, schema, tables.realisedPnl, sumsOf(realised, tables.realisedPnl, (row) => negateAmount(amount(String(row['amount'])))));
}

function sumsOf(rows: readonly Row[], { key: columns }: Table, amountIn: (row: Row) => Amount): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) {
    const key = columns.map((column) => String(row[column] ?? ''));
    const name = JSON.stringify(key);
    const sum = sums.get(name) ?? { key, amount: ZERO_AMOUNT, position: 0n };
    sum.amount = addAmount(sum.amount, amountIn(row));
    const position = BigInt(String(row['posted_position']));
    if (position > sum.position) sum.position = position;
    sums.set(name, sum);
  }
  return [...sums.values()];
}

async function addTo(client: ClientBase, schema: string, table: Table, sums: readonly Sum[]): Promise<void> {
  if (sums.length === 0) return;
  const columns = [...table.key, 'amount', 'last_position'];
  const arrays = columns.map((column, index) => `$${index + 1}::${table.columns[column] ?? 'text'}[]`);
  const name = `${schema}.${quoteIdentifier(table.name)}`;
  await client.query({
    name: `add to ${name}`,
    text:
      `INSERT INTO ${name} AS t (${columns.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')}) ` +
      `ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET amount = t.amount + excluded.amount, last_position = excluded.last_position`,
    values: [
      ...table.key.map((_, index) => sums.map(({ key }) => key[index] ?? '')),
      sums.map(({ amount: by }) => formatAmount(by)),
      sums.map(({ position }) => position.toString()),
    ],
  });
}

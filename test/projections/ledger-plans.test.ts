import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/projections/database.js';
import type { Database } from '../../src/projections/database.js';
import { migrate } from '../../src/projections/migrate.js';
import { createTestDatabase } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

/** Rows that the scans of a plan gave. */
const scanned = (text: string): number => [...text.matchAll(/Scan.*?actual rows=(\d+)(?:\.\d+)? loops=(\d+)/gu)].reduce((sum, [, rows, loops]) => sum + Number(rows) * Number(loops), 0);

describe('the plans of the ledger’s pages', () => {
  let testDatabase: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    await migrate(testDatabase.url);
    database = openDatabase(testDatabase.url);
    // 10,000 trades of three accounts in 100 books, of which one in ten is open.
    await database.pool.query(`
      INSERT INTO posting (order_id, exec_id, entry, leg, kind, execution_version, account, unit, amount, tenant_id, account_id, environment, symbol, occurred_at, trading_day, posted_position)
      SELECT 'o' || n, 'e', 1, leg, 'trade', 1, 'cash', 'USD', 1, 'default', 'account-' || n % 3, 'live', 's' || n % 100, '', '', n FROM generate_series(1, 10000) AS n, generate_series(1, 4) AS leg;
      INSERT INTO book (book_id, tenant_id, account_id, environment, symbol, security_type, multiplier, quote_currency, settlement_currency, quantity, average_cost, last_position)
      SELECT 'b' || n, 'default', 'account-' || n % 3, 'live', 's' || n, 'equity', 1, 'USD', 'USD', 1, 1, n FROM generate_series(0, 99) AS n;
      INSERT INTO book_entry (order_id, exec_id, book_id, place_position, place_index, execution_version, counts, quantity, price, fees, occurred_at, trading_day, quantity_before, average_cost_before, standing, entry_count, last_position)
      SELECT 'o' || n, 'e', 'b' || n % 100, n, 0, 1, true, 1, 1, '[]', '', '', 0, 0, '{}', 1, n FROM generate_series(1, 10000) AS n;
      INSERT INTO lot (order_id, exec_id, book_id, tenant_id, account_id, environment, symbol, quantity, price, cost, place_position, place_index, last_position)
      SELECT 'o' || n, 'e', 'b' || n % 100, 'default', 'account-' || n % 3, 'live', 's' || n % 100, 1, 1, 1, n, 0, n FROM generate_series(1, 10000, 10) AS n;
      ANALYZE posting; ANALYZE book; ANALYZE book_entry; ANALYZE lot;`);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
  });

  const plan = async (sql: string): Promise<string> => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, COSTS OFF, SUMMARY OFF) ${sql}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it('given many postings, when a page of an account is read, then about a page of them is looked at', async () => {
    const text = await plan(
      "SELECT * FROM posting AS p WHERE tenant_id = 'default' AND account_id = 'account-1' AND posted_position >= 5000 " +
        "AND (posted_position, order_id, exec_id, entry, leg) > (5000, 'o5000', 'e', 1, 2) ORDER BY posted_position, order_id, exec_id, entry, leg LIMIT 51",
    );
    expect(text).toMatch(/posting_by_account/u);
    expect(scanned(text)).toBeLessThan(200);
  });

  it('given one order among many, when its postings are read, then only they are looked at', async () => {
    const text = await plan("SELECT * FROM posting AS p WHERE tenant_id = 'default' AND order_id = 'o77' ORDER BY posted_position, order_id, exec_id, entry, leg LIMIT 51");
    expect(scanned(text)).toBeLessThan(10);
  });

  it('given many open lots, when a page of an account is read, then about a page of them is looked at', async () => {
    const text = await plan(
      "SELECT l.*, b.multiplier, e.occurred_at FROM lot AS l JOIN book AS b ON b.book_id = l.book_id JOIN book_entry AS e ON e.order_id = l.order_id AND e.exec_id = l.exec_id " +
        "WHERE l.tenant_id = 'default' AND l.account_id = 'account-1' AND (l.place_position, l.place_index) > (300, 0) ORDER BY l.place_position, l.place_index LIMIT 20",
    );
    expect(text).toMatch(/lot_by_account/u);
    expect(scanned(text)).toBeLessThan(200);
  });

  it('given a long book, when its tail is read for a bust, then nothing before it is looked at', async () => {
    const text = await plan("SELECT * FROM book_entry WHERE book_id = 'b7' AND (place_position, place_index) >= (9500, 0) ORDER BY place_position, place_index");
    expect(text).toMatch(/book_entry_by_place/u);
    expect(scanned(text)).toBeLessThan(10);
  });
});

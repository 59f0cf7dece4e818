import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/projections/database.js';
import type { Database } from '../../src/projections/database.js';
import { migrate } from '../../src/projections/migrate.js';
import { createTestDatabase } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

describe('the plans of pages', () => {
  let testDatabase: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    await migrate(testDatabase.url);
    database = openDatabase(testDatabase.url);
    // 20,000 targets of which one in ten is unfilled.
    await database.pool.query(`
      INSERT INTO profit_target (position_id, target_key, tenant_id, account_id, kind, status, unfilled, percent, target_price, quantity, filled_qty, avg_fill_px, set_at, changed_at, set_position, last_position)
      SELECT 'p' || n, 't', 'default', 'account-' || n % 3, 'profit', CASE WHEN n % 10 = 0 THEN 'active' ELSE 'filled' END, n % 10 = 0, 40, 1, 1, 0, 0, '', '', n, n
      FROM generate_series(1, 20000) AS n;
      ANALYZE profit_target;
      INSERT INTO position_fill (position_id, order_id, exec_id, version, live, tenant_id, account_id, effect, target_key, symbol, source_symbol, side, qty, px, multiplier, quote_currency, fees, occurred_at, last_position)
      SELECT 'p' || n % 20, 'o' || n, 'e', 1, true, 'default', 'a', 'close', 't' || n % 3, 's', 's', 'buy', 1, 1, 1, 'USD', '[]', '2026-11-20T14:30:' || lpad((n % 60)::text, 2, '0') || 'Z', n
      FROM generate_series(1, 20000) AS n;
      ANALYZE position_fill;
      INSERT INTO quarantine (quarantine_id, tenant_id, account_id, source, origin, line, reason, content, status, quarantined_position, last_position)
      SELECT 'q' || n, 'default', 'a', 's', 'file-' || n % 7, n, 'r', 'c', 'quarantined', n, n
      FROM generate_series(1, 20000) AS n;
      ANALYZE quarantine;`);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
  });

  const plan = async (sql: string): Promise<string> => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, COSTS OFF, SUMMARY OFF) ${sql}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it('given many targets that are filled, when a page of the unfilled of an account is read, then only its rows are looked at, in order', async () => {
    const text = await plan(
      "SELECT * FROM profit_target WHERE tenant_id = 'default' AND account_id = 'account-1' AND unfilled AND (set_position, position_id, target_key) > (9000, '', '') ORDER BY set_position, position_id, target_key LIMIT 51",
    );
    expect(text).toMatch(/Index Scan using profit_target_unfilled on profit_target \(actual rows=51/);
    expect(text).not.toMatch(/Sort|Filter/);
  });

  it('given many targets that are filled, when a page of the unfilled of a tenant is read, then only its rows are looked at, in order', async () => {
    const text = await plan(
      "SELECT * FROM profit_target WHERE tenant_id = 'default' AND unfilled AND (set_position, position_id, target_key) > (9000, '', '') ORDER BY set_position, position_id, target_key LIMIT 51",
    );
    expect(text).toMatch(/Index Scan using profit_target_unfilled_of_tenant on profit_target \(actual rows=51/);
    expect(text).not.toMatch(/Sort|Filter/);
  });

  it('given a position with many fills, when a page of them or of a target’s is read, then only its rows are looked at, in order', async () => {
    const after = "(rtrim(occurred_at, 'Z'), order_id, exec_id) > ('2026-11-20T14:30:20', '', '') ORDER BY rtrim(occurred_at, 'Z'), order_id, exec_id LIMIT 51";
    for (const [index, condition] of [['position_fill_by_time', ''], ['position_fill_by_target', "AND target_key = 't1'"]]) {
      const text = await plan(`SELECT * FROM position_fill WHERE tenant_id = 'default' AND position_id = 'p3' ${condition} AND ${after}`);
      expect(text).toMatch(new RegExp(`Index Scan using ${index} on position_fill \\(actual rows=51`, 'u'));
      expect(text).not.toMatch(/Sort/u);
    }
  });

  it('given many quarantined lines, when a page of them by file and line is read, then only its rows are looked at, in order', async () => {
    const text = await plan(
      "SELECT * FROM quarantine WHERE tenant_id = 'default' AND status = 'quarantined' AND (origin, line, quarantine_id) > ('file-3', 9000, '') ORDER BY origin, line, quarantine_id LIMIT 51",
    );
    expect(text).toMatch(/Index Scan using quarantine_by_line on quarantine \(actual rows=51/);
    expect(text).not.toMatch(/Sort|Filter/);
  });

  it('given one order, when a second target is given it in the same tenant, then the table refuses', async () => {
    await database.pool.query("UPDATE profit_target SET order_id = 'o1' WHERE position_id = 'p1'");
    await expect(database.pool.query("UPDATE profit_target SET order_id = 'o1' WHERE position_id = 'p2'")).rejects.toThrow(/profit_target_order_id/);
  });
});

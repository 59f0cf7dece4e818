/*
 * The servers that bench/api.ts measures, in a process of their own: the API, and a plain REST endpoint that answers the same
 * JSON from a prepared statement. Answers messages: `addresses` with those, anything else with the CPU time used so far.
 */
import { fastify } from 'fastify';
import { pino } from 'pino';
import { createServer } from '../src/api/server.js';
import { connectEventStore } from '../src/eventstore/client.js';
import { createCommandHandler } from '../src/eventstore/handle-command.js';
import { openDatabase } from '../src/projections/database.js';

const [databaseUrl = '', eventStoreUrl = ''] = process.argv.slice(2);
const POOL_SIZE = 10;
const log = pino({ level: 'error' });

const store = connectEventStore({ url: eventStoreUrl });
const api = await createServer({
  store,
  handler: createCommandHandler({ store, producer: 'fillbook/bench' }),
  database: openDatabase(databaseUrl, { max: POOL_SIZE }),
  hints: { publish: async () => undefined, subscribe: () => () => undefined, close: async () => undefined },
  projector: { waitFor: async () => undefined, status: () => ({ role: 'standby', projections: [] }) },
  storeId: 'bench',
  access: { mode: 'development', tenantId: 'default' },
  log,
});

interface Row {
  readonly target_key: string;
  readonly account_id: string;
  readonly kind: string;
  readonly status: string;
  readonly percent: string;
  readonly target_price: string;
  readonly quantity: string;
  readonly filled_qty: string;
  readonly order_ref: string | null;
  readonly set_at: string;
  readonly set_position: string;
  readonly position_id: string;
  readonly p_symbol: string;
  readonly p_direction: string;
  readonly p_status: string;
  readonly p_open_qty: string;
  readonly p_strategy_type: string;
  readonly p_opened_at: string;
}

const UNFILLED = `SELECT t.target_key, t.account_id, t.kind, t.status, t.percent, t.target_price, t.quantity, t.filled_qty, t.order_ref,
    t.set_at, t.set_position, t.position_id,
    p.symbol AS p_symbol, p.direction AS p_direction, p.status AS p_status, p.open_qty AS p_open_qty,
    p.strategy_type AS p_strategy_type, p.opened_at AS p_opened_at
  FROM profit_target t JOIN position p ON p.position_id = t.position_id
  WHERE t.tenant_id = $1 AND t.account_id = $2 AND t.unfilled
  ORDER BY t.set_position, t.position_id, t.target_key LIMIT $3`;

const { pool } = openDatabase(databaseUrl, { max: POOL_SIZE });
const rest = fastify({ logger: false });
rest.get<{ Querystring: { first: string; account: string } }>('/unfilled', async ({ query: { first, account } }) => {
  const size = Number(first);
  const { rows } = await pool.query<Row>({ name: 'unfilled', text: UNFILLED, values: ['default', account, size + 1] });
  const last = rows[size - 1];
  return {
    data: {
      unfilledTargets: {
        edges: rows.slice(0, size).map((row) => ({
          node: {
            targetKey: row.target_key,
            accountId: row.account_id,
            kind: row.kind.toUpperCase(),
            status: row.status.toUpperCase(),
            percent: row.percent,
            targetPrice: row.target_price,
            quantity: row.quantity,
            filledQty: row.filled_qty,
            orderRef: row.order_ref,
            setAt: row.set_at,
            setPosition: row.set_position,
            position: {
              id: row.position_id,
              symbol: row.p_symbol,
              direction: row.p_direction.toUpperCase(),
              status: row.p_status.toUpperCase(),
              openQty: row.p_open_qty,
              strategyType: row.p_strategy_type,
              openedAt: row.p_opened_at,
            },
          },
        })),
        pageInfo: { hasNextPage: rows.length > size, endCursor: last ? Buffer.from(JSON.stringify([last.set_position, last.position_id, last.target_key])).toString('base64url') : null },
      },
    },
  };
});

const listening = { host: '127.0.0.1', port: 0 };
const addresses = { api: await api.listen(listening), rest: await rest.listen(listening) };
process.on('message', (question) => process.send?.(question === 'addresses' ? addresses : process.cpuUsage()));

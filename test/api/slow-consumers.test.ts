import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ApiStack } from './api.js';
import type { ApiServer } from './api.js';

/*
 * A client that subscribes to everything and then does not read: what the server holds for it must not grow with what there is
 * to send. The rows are put into Postgres as a projection would, many and large, so that no socket's buffer holds them all.
 */

const ROWS = 20_000;
const QUERY = 'subscription { orderChanged(after: "0") { position order { id strategy signal group portfolio symbol sourceSymbol } } }';

let stack: ApiStack;
let api: ApiServer;
const read = { rows: 0 };

beforeAll(async () => {
  stack = await ApiStack.open();
  await stack.database.pool.query(
    `INSERT INTO orders (order_id, tenant_id, account_id, symbol, source_symbol, strategy, signal, order_group, portfolio, ord_status, order_qty, cum_qty,
       leaves_qty, avg_px, trading_day, discrepancy_count, conflict_count, opened_position, revision, last_position)
     SELECT 'order-' || n, 'default', 'main', repeat('s', 200), repeat('s', 200), repeat('t', 200), repeat('u', 200), repeat('v', 200), repeat('w', 200), 'new', 1, 0, 1, 0,
       '2026-11-20', 0, 0, n, 0, n FROM generate_series(1, $1) n`,
    [ROWS],
  );
  const { db, pool } = stack.database;
  // Watches what the server reads.
  const watched = new Proxy(pool, {
    get(target, property) {
      if (property !== 'query') return Reflect.get(target, property);
      return async (...statement: unknown[]) => {
        const query: unknown = Reflect.get(target, property);
        if (typeof query !== 'function') throw new TypeError('a pool has queries');
        const result: unknown = await Reflect.apply(query, target, statement);
        read.rows += ordersIn(result);
        return result;
      };
    },
  });
  api = await stack.serve({ database: { db, pool: watched } });
});
afterAll(() => stack?.close());

/** Whole rows of orders, not the keys that wake subscribers. */
function ordersIn(result: unknown): number {
  if (typeof result !== 'object' || result === null || !('rows' in result) || !Array.isArray(result.rows)) return 0;
  return result.rows.filter((row: unknown) => typeof row === 'object' && row !== null && 'orderId' in row).length;
}

/** How many rows the server has read once it reads no more. */
async function rowsReadAtRest(): Promise<number> {
  let before = -1;
  await expect
    .poll(
      () => {
        const still = read.rows === before;
        before = read.rows;
        return still && read.rows > 0;
      },
      { interval: 500, timeout: 20_000 },
    )
    .toBe(true);
  return read.rows;
}

function sseClient(): Promise<Socket> {
  const body = JSON.stringify({ query: QUERY });
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.pause();
  socket.write(`POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return new Promise((resolve, reject) => {
    socket.on('connect', () => resolve(socket));
    socket.on('error', reject);
  });
}

function webSocketClient(): Promise<WebSocket> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
    socket.once('message', () => {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }));
      socket.pause();
      resolve(socket);
    });
  });
}

describe('a client that does not read', () => {
  it.each(['SSE', 'WebSocket'] as const)('over %s is not read for', async (how) => {
    read.rows = 0;
    const client = how === 'SSE' ? await sseClient() : await webSocketClient();
    expect(await rowsReadAtRest()).toBeLessThan(ROWS / 2);
    if (client instanceof WebSocket) client.terminate();
    else client.destroy();
  });
});

/*
 * A page of unfilled targets with their positions: GraphQL's requests a second ÷ those of a REST endpoint that answers the same
 * JSON from a prepared statement (fastify, pg), at 16 connections. Starts a Postgres and an event store of its own.
 *
 *   bench/run api [targets]
 */
import { execFile, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { launchEventStore } from '../src/embedded/eventstore/launch.js';
import { launchPostgres } from '../src/embedded/postgres/launch.js';
import { openDatabase } from '../src/projections/database.js';
import { migrate } from '../src/projections/migrate.js';

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 16;
const PAGE = 50;
const ACCOUNT = 'account-7';
const ACCOUNTS = 20;
const TARGETS_A_POSITION = 4;
const targetCount = Number(process.argv[2] ?? 200_000);

const QUERY = `query ($account: String, $first: Int) { unfilledTargets(filter: { accountId: $account }, first: $first) {
  edges { node { targetKey accountId kind status percent targetPrice quantity filledQty orderRef setAt setPosition
    position { id symbol direction status openQty strategyType openedAt } } }
  pageInfo { hasNextPage endCursor } } }`;
const REQUEST = JSON.stringify({ query: QUERY, variables: { account: ACCOUNT, first: PAGE } });

const figures = z.object({ requests: z.number(), perSecond: z.number(), p50Ms: z.number(), p99Ms: z.number() });
const addresses = z.object({ api: z.string(), rest: z.string() });
const cpuTime = z.object({ user: z.number(), system: z.number() }).transform(({ user, system }) => user + system);

/** Targets as bots set them: four a position, a third of them filled. */
async function fill(databaseUrl: string): Promise<void> {
  const { pool, close } = openDatabase(databaseUrl, { statementTimeoutMs: 600_000 });
  await migrate(databaseUrl);
  await pool.query(
    `INSERT INTO position (position_id, tenant_id, account_id, environment, symbol, security_type, multiplier, quote_currency, direction, status, opened_qty,
       closed_qty, open_qty, open_price, original_credit, original_credit_currency, strategy_type, target_count, unfilled_target_count, opened_at, changed_at,
       opened_position, revision, last_position)
     SELECT 'position-' || n, 'default', 'account-' || n % $2, 'paper', 'SPY ' || 400 + n % 100, 'option', 100, 'USD', 'short', 'open', 10, 0, 10, 1.5, 1500, 'USD',
       'put_spread', 4, 3, '2026-11-20T14:30:00.000001Z', '2026-11-20T14:30:00.000001Z', n, 5, n FROM generate_series(1, $1) n`,
    [Math.ceil(targetCount / TARGETS_A_POSITION), ACCOUNTS],
  );
  await pool.query(
    `INSERT INTO profit_target (position_id, target_key, tenant_id, account_id, kind, status, unfilled, percent, target_price, quantity, filled_qty, avg_fill_px,
       order_ref, set_at, changed_at, set_position, last_position)
     SELECT 'position-' || 1 + n / $2, 'put_spread_' || n % $2 || '_40', 'default', 'account-' || (1 + n / $2) % $3, 'profit',
       CASE WHEN n % 3 = 0 THEN 'filled' ELSE 'active' END, n % 3 <> 0, 40, 0.9, 4, 0, 0, 'order-' || n, '2026-11-20T14:30:01.000002Z', '2026-11-20T14:30:01.000002Z', n, n
     FROM generate_series(0, $1 - 1) n`,
    [targetCount, TARGETS_A_POSITION, ACCOUNTS],
  );
  await pool.query('ANALYZE');
  await close();
}

async function load(url: string, body = ''): Promise<z.infer<typeof figures>> {
  const program = path.join(import.meta.dirname, 'http-load-process.js');
  const { stdout } = await promisify(execFile)(process.execPath, [program, url, String(CONNECTIONS), String(SECONDS), body]);
  return figures.parse(JSON.parse(stdout));
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function answerOf<Answer>(servers: ChildProcess, question: string, schema: z.ZodType<Answer>): Promise<Answer> {
  servers.send(question);
  const [answer]: unknown[] = await once(servers, 'message');
  return schema.parse(answer);
}

interface Figures {
  readonly rates: number[];
  /** CPU time of the server's process a request, in microseconds: other programs on the machine change it little. */
  readonly cpuUs: number[];
}

async function compare(servers: ChildProcess): Promise<void> {
  const { api, rest } = await answerOf(servers, 'addresses', addresses);
  const restUrl = `${rest}/unfilled?first=${PAGE}&account=${ACCOUNT}`;
  const loads = {
    'REST, prepared': () => load(restUrl),
    GraphQL: () => load(`${api}/graphql`, REQUEST),
  };
  const bytes = (await (await fetch(restUrl)).text()).length;
  const graphql = await (await fetch(`${api}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: REQUEST })).text();
  process.stdout.write(`${targetCount} targets, pages of ${PAGE}: ${bytes} bytes by REST, ${graphql.length} by GraphQL\n`);
  const all = new Map<string, Figures>();
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(loads)) {
      const before = await answerOf(servers, 'cpu', cpuTime);
      const { requests, perSecond, p50Ms, p99Ms } = await measure();
      const cpuUs = ((await answerOf(servers, 'cpu', cpuTime)) - before) / requests;
      process.stdout.write(`${name.padEnd(16)} ${Math.round(perSecond)} req/s, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${Math.round(cpuUs)} µs CPU a request\n`);
      // The first round warms up.
      if (round === 0) continue;
      const figure = all.get(name) ?? { rates: [], cpuUs: [] };
      all.set(name, figure);
      figure.rates.push(perSecond);
      figure.cpuUs.push(cpuUs);
    }
  }
  report(all.get('REST, prepared'), all.get('GraphQL'));
}

function report(rest: Figures | undefined, graphql: Figures | undefined): void {
  if (!rest || !graphql) throw new Error('nothing was measured');
  const [byRest, byGraphQL] = [median(rest.rates), median(graphql.rates)];
  process.stdout.write(`GraphQL ${Math.round(byGraphQL)} req/s ÷ REST ${Math.round(byRest)} req/s = ${(byGraphQL / byRest).toFixed(2)} (bar: 0.8)\n`);
  process.stdout.write(`CPU of the server: GraphQL ${Math.round(median(graphql.cpuUs))} µs, REST ${Math.round(median(rest.cpuUs))} µs a request\n`);
}

async function run(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fillbook-bench-'));
  const postgres = await launchPostgres({ dir: path.join(folder, 'postgres') });
  const eventStore = await launchEventStore({ dir: path.join(folder, 'events') });
  try {
    await fill(postgres.url);
    const servers = fork(path.join(import.meta.dirname, 'api-process.js'), [postgres.url, eventStore.url], { env: { ...process.env, NODE_ENV: 'production' } });
    try {
      await compare(servers);
    } finally {
      servers.kill('SIGKILL');
    }
  } finally {
    await Promise.all([eventStore.stop(), postgres.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

await run();

import type { FastifyInstance } from 'fastify';
import { messageOf } from '../projections/postgres-errors.js';
import type { ProjectionStatus } from '../projections/projector.js';
import type { ApiServices } from './context.js';

/** A store that takes longer does not answer. */
const ANSWER_MS = 2_000;
/** Under load a projection is behind for moments: only for longer than this is it out of reach. */
const OUT_OF_REACH_MS = 30_000;

type Check = { readonly ok: true } | { readonly ok: false; readonly reason: string };

async function answers(ask: () => Promise<unknown>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const deadline = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    });
    await Promise.race([ask(), deadline]);
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Tells projections that are behind for a moment from those that cannot be reached. */
class ProjectionWatch {
  readonly #seenLiveMs = new Map<string, number>();

  check(projections: readonly ProjectionStatus[]): Check {
    const nowMs = performance.now();
    for (const { name, state } of projections) if (state === 'live' || state === 'standby') this.#seenLiveMs.set(name, nowMs);
    const away = projections.filter(({ name }) => nowMs - (this.#seenLiveMs.get(name) ?? Number.NEGATIVE_INFINITY) > OUT_OF_REACH_MS);
    if (away.length === 0) return { ok: true };
    return { ok: false, reason: away.map(({ name, state, lastError }) => `${name} is ${state}${lastError === undefined ? '' : `: ${lastError}`}`).join('; ') };
  }
}

/**
 * `/health/live`: this process answers. `/health/ready`: Postgres and the event store answer, and the read models follow the
 * log; 503 with what does not, otherwise.
 */
export function addHealth(app: FastifyInstance, { database, store, projector }: ApiServices): void {
  const watch = new ProjectionWatch();
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const [postgres, eventStore] = await Promise.all([answers(() => database.pool.query('SELECT 1')), answers(() => store.head())]);
    const checks = { postgres, eventStore, projector: watch.check(projector.status().projections) };
    const ready = Object.values(checks).every(({ ok }) => ok);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
}

import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait between tries: doubling from `firstMs` up to `maxMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The wait before try `attempt` (1 is the first repetition), in milliseconds: between half and the whole of the doubled
 * wait, so that many callers that failed together do not come back together.
 */
export function backoffMs({ firstMs, maxMs }: Backoff, attempt: number, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * random();
}

/** Waits before try `attempt`; ends early, without an error, where the signal is aborted. */
export async function waitBefore(backoff: Backoff, attempt: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await delay(backoffMs(backoff, attempt), undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}

import { setTimeout as wait } from 'node:timers/promises';

/** Waits, or returns early where the signal is aborted. */
export async function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(durationMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

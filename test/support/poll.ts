import { setTimeout as wait } from 'node:timers/promises';

/** Asks again and again until `holds` says yes. @throws Error that names `what` after `withinMs`. */
export async function poll(what: string, holds: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await wait(10);
  }
}

import { describe, expect, it } from 'vitest';
import { nextTurn } from '../../../src/embedded/eventstore/turns.js';

/** Works so long without a pause. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('reads that take turns', () => {
  it('given many that work for long, when something else waits for the event loop, then it waits for a few of them, and all get done', async () => {
    const order: number[] = [];
    let most = 0;
    let sinceOther = 0;
    let over = false;
    const other = (): void => {
      most = Math.max(most, sinceOther);
      sinceOther = 0;
      if (!over) setImmediate(other);
    };
    other();
    const read = async (name: number): Promise<void> => {
      for (let page = 0; page < 3; page += 1) {
        await nextTurn();
        work(4);
        sinceOther += 1;
        order.push(name);
      }
    };
    const names = Array.from({ length: 50 }, (_, name) => name);
    await Promise.all(names.map(read));
    over = true;
    expect(most).toBeLessThan(10);
    expect(order).toEqual([...names, ...names, ...names]);
  });
});

const FIRST_MS = 50;
const LONGEST_MS = 5_000;

/**
 * How long to wait before an attempt, in milliseconds: doubled with every failed attempt (`failures` ≥ 1) up to 5 s, and
 * somewhere in the upper half of that, so that processes that failed together do not come back together.
 */
export function backoffMs(failures: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

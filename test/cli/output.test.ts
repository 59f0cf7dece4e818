import { expect, it } from 'vitest';
import { listed } from '../../src/cli/output.js';

it('given few lines, lists each of them whole, without what would drive a terminal', () => {
  const long = 'x'.repeat(500);
  expect(listed([long, 'stream \u001B[2J'])).toEqual([`  ${long}`, String.raw`  stream \u{1b}[2J`]);
});

it('given many lines, lists the first ones and counts the others', () => {
  const lines = listed(Array.from({ length: 28 }, (_, n) => `problem ${n}`));
  expect(lines).toHaveLength(21);
  expect(lines.slice(-2)).toEqual(['  problem 19', '  and 8 more: --json has them']);
});

import { CHAINING } from './chaining.js';
import { CORRECTIONS, HALT, MISCELLANEOUS } from './corrections-and-others.js';
import { EXCHANGE } from './exchange.js';
import { GOOD_TILL, TIME_IN_FORCE } from './good-till.js';
import { REPLACE } from './replace.js';
import type { Scenario } from './table.js';
import { REJECT, STATUS, UNSOLICITED } from './unsolicited-and-rejects.js';
import { CANCEL, VANILLA } from './vanilla-and-cancel.js';

/** Every matrix of the standard, groups A to L, and those for exchanges. */
export const SCENARIOS: readonly Scenario[] = [
  ...VANILLA,
  ...CANCEL,
  ...REPLACE,
  ...CHAINING,
  ...UNSOLICITED,
  ...REJECT,
  ...STATUS,
  ...GOOD_TILL,
  ...TIME_IN_FORCE,
  ...CORRECTIONS,
  ...HALT,
  ...MISCELLANEOUS,
  ...EXCHANGE,
];

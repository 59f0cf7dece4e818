import type { Alias } from '../eventstore/commands.js';

/** Longer ids are refused, not cut: two of them could be cut to one. */
export const MAX_ID_LENGTH = 200;

const NOT_AN_ID = /^(?:0*|none)$/iu;

/** Whether text names something: `NONE`, empty and 0 do not (FIX OrderID of unknown orders, tag 37). */
export const isId = (text: string | undefined): text is string => text !== undefined && !NOT_AN_ID.test(text.trim());

/** A broker's or venue's own id of an order. */
export const brokerAlias = (scope: readonly string[], id: string): Alias => ({ kind: 'broker', scope, id });

/** A ClOrdID: what the client called the order. */
export const clientAlias = (scope: readonly string[], id: string): Alias => ({ kind: 'client', scope, id });

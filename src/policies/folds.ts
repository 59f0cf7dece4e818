import { orderDecider } from '../domain/order/decider.js';
import type { OrderEvent } from '../domain/order/events.js';
import type { OrderState } from '../domain/order/state.js';
import { positionDecider } from '../domain/position/decider.js';
import type { PositionEvent } from '../domain/position/events.js';
import type { PositionState } from '../domain/position/state.js';
import { decodeOrderEvent, decodePositionEvent } from '../eventstore/codec.js';
import type { EventStore } from '../eventstore/event-store.js';
import { FoldCache } from './fold-cache.js';

/** Events of folded orders, and of folded positions, that one policy keeps in memory. */
const MAX_CACHED_EVENTS = 50_000;

export const orderFolds = (store: EventStore): FoldCache<OrderState, OrderEvent> =>
  new FoldCache({ store, maxCachedEvents: MAX_CACHED_EVENTS, initial: orderDecider.initialState, decode: decodeOrderEvent, evolve: (state, event) => orderDecider.evolve(state, event) });

export const positionFolds = (store: EventStore): FoldCache<PositionState, PositionEvent> =>
  new FoldCache({ store, maxCachedEvents: MAX_CACHED_EVENTS, initial: positionDecider.initialState, decode: decodePositionEvent, evolve: (state, event) => positionDecider.evolve(state, event) });

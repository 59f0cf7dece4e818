import type { NewEvent } from '../domain/decider.js';
import type { OrderId } from '../domain/ids.js';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { Alias } from './commands.js';

/*
 * Events beside the ledger proper, in streams of their own.
 */

/** Stream `parked-<uuid of the alias>`: a fact whose order is not known, whole, so that it can be recorded later. */
export type FactParked = NewEvent<
  'FactParked',
  {
    readonly aliases: readonly Alias[];
    readonly newAliases: readonly Alias[];
    readonly fact: OrderFactEvent;
    /** Names under which it is looked for too, among the orders of its own account. */
    readonly lookUp?: readonly Alias[];
    readonly fallback?: readonly Alias[];
    readonly claimsNothing?: true;
    /** Only an order of the fact's own account may take it up. */
    readonly ownAccountOnly?: true;
  }
>;
/** The parked fact with this command key was recorded in its order. */
export type ParkedFactTakenUp = NewEvent<'ParkedFactTakenUp', { readonly factKey: string; readonly orderId: OrderId }>;

/**
 * Stream `quarantine-<uuid of tenant, source, origin, line and content>`: what could not be parsed, as it came. It may hold
 * anything, so these streams may be erased, and ledger events never refer to their content.
 */
export type LineQuarantined = NewEvent<
  'LineQuarantined',
  {
    /** File name (without its folder) or feed. */
    readonly origin: string;
    /** Line or message number, from 1. */
    readonly line: string;
    readonly format: string;
    readonly field?: string;
    readonly reason: string;
    /** At most 100,000 characters: more may not fit an event. */
    readonly content: string;
    /** The flags of the import, so that it can be parsed again. */
    readonly options: Readonly<Record<string, string>>;
  }
>;
/** The quarantined line was parsed after all, and what it says was recorded. */
export type QuarantinedLineReplayed = NewEvent<'QuarantinedLineReplayed', { readonly facts: number }>;

/** Stream `store-genesis`: the first event of a store. */
export type StoreCreated = NewEvent<'StoreCreated', { readonly storeId: string }>;

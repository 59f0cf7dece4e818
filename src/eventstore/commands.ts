import type { CommandContext } from '../domain/metadata.js';
import type { Rejection } from '../domain/decider.js';
import type { AccountId, OrderId, PositionId, TenantId } from '../domain/ids.js';
import type { PlaceOrder, RequestCancel, RequestReplace } from '../domain/order/commands.js';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { PositionCommand } from '../domain/position/commands.js';
import type { Position } from './event-store.js';

/**
 * A name of an order in the outside world. `scope` is what makes the id unique: tenant and source, and account, session,
 * instrument or trading day where the source's ids recycle within it. Ids that are `NONE`, empty or 0 are not aliases.
 */
export interface Alias {
  readonly kind: 'broker' | 'client';
  readonly scope: readonly string[];
  readonly id: string;
}

/** What an adapter makes of one message about an order. The context's accountId is the default where the order is unknown. */
export interface OrderFact {
  /** At least one; the first one names the order that is opened where none is known. */
  readonly aliases: readonly Alias[];
  /** Names it may be known under from now on as well (a replace request's new ClOrdID). Claimed, never needed to resolve. */
  readonly newAliases?: readonly Alias[];
  readonly fact: OrderFactEvent;
  readonly context: CommandContext;
  /**
   * The fact is also of the order that one of these names, where that is of the context's account, or of an account that was only
   * assumed. They are never claimed: a name that accounts share is not taken from the others.
   */
  readonly lookUp?: readonly Alias[];
  /**
   * Weak names: each becomes a name of the fact's order where it names none. Never used to find the order, and never a reason
   * to bring two orders together. A fact that is parked drops them.
   */
  readonly claimIfFree?: readonly Alias[];
  /**
   * Names that find the order where no other name does, the first one that names one: only once the fact has waited for what was to
   * come (it is taken up), since the others are better. They are never claimed.
   */
  readonly fallback?: readonly Alias[];
  /** Its names are others' to bring: none becomes a name of its order, and it never brings two orders together. */
  readonly claimsNothing?: true;
  /**
   * Only an order of the context's account takes the fact: another account's order is as unknown as one that does not exist,
   * also for a fact that was parked, and none of its names is claimed.
   */
  readonly ownAccountOnly?: true;
}

type OrderIntent = PlaceOrder | RequestCancel | RequestReplace;

export type CommandResult =
  /** Events were appended; `position` is that of the last one, to wait for. */
  | { readonly kind: 'applied'; readonly stream: string; readonly id: OrderId | PositionId; readonly revision: bigint; readonly position: Position; readonly eventCount: number }
  /** It had been applied before; the position of the stream's newest event where it is known, to wait for. */
  | { readonly kind: 'duplicate'; readonly stream: string; readonly id: OrderId | PositionId; readonly revision: bigint; readonly position: Position | undefined }
  /** The fact's order is not known yet: kept in a durable stream until it is. */
  | { readonly kind: 'parked'; readonly stream: string; readonly position: Position }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** What became of the facts that waited in a parked stream. */
export interface TakenUp {
  readonly stream: string;
  readonly takenUp: number;
  /** Facts whose order is still not known. */
  readonly left: number;
  /** Of the parked stream's newest event: also where another process, or this one before it was interrupted, took the facts up. */
  readonly position: Position | undefined;
}

/** The one way in: every command goes through here, from the API, ingest, the CLI and policies. */
export interface CommandHandler {
  /** Facts of one order are applied in the order of the calls. */
  recordOrderFact(fact: OrderFact): Promise<CommandResult>;
  /** For a new order its id follows from tenant, account and ClOrdID. */
  placeOrder(command: PlaceOrder, context: CommandContext): Promise<CommandResult>;
  changeOrder(id: OrderId, command: Exclude<OrderIntent, PlaceOrder>, context: CommandContext): Promise<CommandResult>;
  /** OpenPosition's id follows from tenant, account and command key. */
  openPosition(command: Extract<PositionCommand, { kind: 'OpenPosition' }>, context: CommandContext): Promise<CommandResult>;
  changePosition(id: PositionId, command: Exclude<PositionCommand, { kind: 'OpenPosition' }>, context: CommandContext): Promise<CommandResult>;
  /**
   * Records the facts that wait in a parked stream (or under an alias) and whose order is known by now, and notes each there
   * once it is recorded. May be called any number of times, by several processes. The signal ends it early, between two
   * chunks of facts: it then throws the signal's reason.
   */
  takeUpParked(parked: Alias | string, signal?: AbortSignal): Promise<TakenUp>;
  /** Which order an alias names now, from the store. */
  resolveAlias(alias: Alias): Promise<OrderId | undefined>;
  /** The account that a stream belongs to, from the store; undefined where there is no such stream. */
  ownerOf(stream: string): Promise<{ readonly tenantId: TenantId; readonly accountId: AccountId } | undefined>;
  /** Waits for what was accepted. */
  close(): Promise<void>;
}

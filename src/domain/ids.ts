import type { Branded } from './brand.js';

/** The owner of accounts: nothing of one tenant is ever seen by another. */
export type TenantId = Branded<string, 'TenantId'>;
/** An account at a broker, as its tenant names it. */
export type AccountId = Branded<string, 'AccountId'>;
/** Fillbook's own id of an order, a UUID. Broker ids and ClOrdIDs are aliases of it. */
export type OrderId = Branded<string, 'OrderId'>;
/** Fillbook's own id of a position, a UUID. */
export type PositionId = Branded<string, 'PositionId'>;
/** What names a profit target within its position, for example `put_spread_1_40`; at most 100 characters. */
export type TargetKey = Branded<string, 'TargetKey'>;
/** The broker's id of an execution (FIX ExecID, tag 17), unique within its order. */
export type ExecId = Branded<string, 'ExecId'>;
/** The key under which a command is applied once: an intent's idempotency key or a fact's scoped source id. */
export type CommandKey = Branded<string, 'CommandKey'>;
/** A SHA-256 digest in lower-case hex. */
export type Digest = Branded<string, 'Digest'>;

export const tenantId = (text: string): TenantId => text as TenantId;
export const accountId = (text: string): AccountId => text as AccountId;
export const orderId = (text: string): OrderId => text as OrderId;
export const positionId = (text: string): PositionId => text as PositionId;
export const targetKey = (text: string): TargetKey => text as TargetKey;
export const execId = (text: string): ExecId => text as ExecId;
export const commandKey = (text: string): CommandKey => text as CommandKey;
export const digest = (text: string): Digest => text as Digest;

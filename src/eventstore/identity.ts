import { accountId, commandKey, orderId, positionId } from '../domain/ids.js';
import type { AccountId, CommandKey, OrderId, PositionId, TenantId } from '../domain/ids.js';
import type { Alias } from './commands.js';
import { canonicalJson } from './digest.js';
import { uuidV5, uuidV5Namespace } from './uuid-v5.js';

/*
 * Ids that follow from what they name, so that two processes that see it give it the same id. They are UUIDv5 (RFC 9562);
 * the namespaces are Fillbook's own, and part of the stored contract.
 */
const ORDER_NAMESPACE = uuidV5Namespace('5f4df0c1-2f33-5d0a-9a41-7d7a9f6a6f01');
const POSITION_NAMESPACE = uuidV5Namespace('5f4df0c1-2f33-5d0a-9a41-7d7a9f6a6f02');
const PARKED_NAMESPACE = uuidV5Namespace('5f4df0c1-2f33-5d0a-9a41-7d7a9f6a6f03');
const QUARANTINE_NAMESPACE = uuidV5Namespace('5f4df0c1-2f33-5d0a-9a41-7d7a9f6a6f04');
const EVENT_NAMESPACE = uuidV5Namespace('5f4df0c1-2f33-5d0a-9a41-7d7a9f6a6f05');

const ORDER_PREFIX = 'order-';
const POSITION_PREFIX = 'position-';

/** The stream of the store's genesis. */
export const GENESIS_STREAM = 'store-genesis';
/** What the names of the ledger's streams begin with: the filter of whoever reads all of it. */
export const LEDGER_PREFIXES: readonly string[] = [ORDER_PREFIX, POSITION_PREFIX, 'parked-', 'quarantine-', GENESIS_STREAM];

/** The account of orders whose messages say none. */
export const ASSUMED_ACCOUNT: AccountId = accountId('main');

/** An alias as one text: two aliases name the same thing where their keys are equal. */
export const aliasKey = (alias: Alias): string => canonicalJson([alias.kind, alias.scope, alias.id]);

/**
 * The alias of an order by its ClOrdID within tenant and account: the name that `placeOrder` opens an order under. An adapter
 * whose messages may answer such an order names it so too.
 */
export const clientAlias = (tenant: TenantId, account: AccountId, clOrdId: string): Alias => ({
  kind: 'client',
  scope: [tenant, account],
  id: clOrdId,
});

/** The id of the order that is opened under an alias (ADR 3). */
export const orderIdOf = (alias: Alias): OrderId => orderId(uuidV5(aliasKey(alias), ORDER_NAMESPACE));

/** The id of the position that an OpenPosition command opens. */
export const positionIdOf = (tenant: TenantId, account: AccountId, key: CommandKey): PositionId =>
  positionId(uuidV5(canonicalJson([tenant, account, key]), POSITION_NAMESPACE));

export const orderStream = (id: OrderId): string => `${ORDER_PREFIX}${id}`;
export const positionStream = (id: PositionId): string => `${POSITION_PREFIX}${id}`;

/** The order whose stream this is, undefined for a stream of another category. */
export const orderIdOfStream = (stream: string): OrderId | undefined =>
  stream.startsWith(ORDER_PREFIX) ? orderId(stream.slice(ORDER_PREFIX.length)) : undefined;
/** The position whose stream this is, undefined for a stream of another category. */
export const positionIdOfStream = (stream: string): PositionId | undefined =>
  stream.startsWith(POSITION_PREFIX) ? positionId(stream.slice(POSITION_PREFIX.length)) : undefined;

/** Where facts wait whose order is not known under this alias. */
export const parkedStream = (alias: Alias): string => `parked-${uuidV5(aliasKey(alias), PARKED_NAMESPACE)}`;

/** What names a line that could not be parsed. */
export interface QuarantinedLine {
  readonly tenantId: TenantId;
  readonly source: string;
  readonly origin: string;
  readonly line: string;
  readonly content: string;
}

/** Where a line that could not be parsed is kept: the same line of the same origin has the same stream. */
export const quarantineStream = ({ tenantId, source, origin, line, content }: QuarantinedLine): string =>
  `quarantine-${uuidV5(canonicalJson([tenantId, source, origin, line, content]), QUARANTINE_NAMESPACE)}`;

/** An event's id from its own bytes (ADR 2). `index` is its place among the events of its command. */
export const eventIdOf = (stream: string, key: CommandKey, index: number, contentDigest: string): string =>
  uuidV5(`${stream}\n${key}\n${index}\n${contentDigest}`, EVENT_NAMESPACE);

/** The key of an intent: the same idempotency key of another tenant, account or command is another key. */
export const intentKey = (tenant: TenantId, account: AccountId, commandType: string, idempotencyKey: string): CommandKey =>
  commandKey(canonicalJson([tenant, account, commandType, idempotencyKey]));

import { accountId, positionId, tenantId } from '../domain/ids.js';
import type { PositionId } from '../domain/ids.js';
import type { OrderEventType } from '../domain/order/events.js';
import { decodeOrderEvent } from '../eventstore/codec.js';
import type { RecordedEvent } from '../eventstore/event-store.js';
import { EVENT_VERSIONS } from '../eventstore/upcasters.js';
import type { Owner } from './reaction.js';

/*
 * What a message calls its order, read from the stored event without validating the rest of it: hardly any event of a ledger
 * is of an order that a target waits for, and validating all of them is what a policy would spend its time on. An event that
 * something follows from is decoded before it is used.
 */

/** What messages write in the place of an id. */
const NOT_AN_ID: ReadonlySet<string> = new Set(['', 'NONE', '0']);
/** Events that are no message about their order. */
const NO_MESSAGE: ReadonlySet<string> = new Set<OrderEventType>(['OrderLinked', 'AliasClaimed', 'FactConflicted', 'FactRepeated']);

export interface OrderNames {
  readonly owner: Owner;
  /** The names that the message gives its order. What it calls the order by a former name (OrigClOrdID) is one too. */
  readonly refs: readonly string[];
  /** The position that the message says its order belongs to. */
  readonly positionId: PositionId | undefined;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const textIn = (from: unknown, field: string): string | undefined => {
  const value = isObject(from) ? from[field] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** The event's data and metadata in the newest version; undefined where it cannot be decoded, which its reaction will say. */
function newest(recorded: RecordedEvent): { readonly data: unknown; readonly metadata: unknown } | undefined {
  const { type, metadata } = recorded;
  if (isObject(metadata) && metadata['schemaVersion'] === EVENT_VERSIONS.currentVersion(type)) return recorded;
  try {
    return decodeOrderEvent(recorded);
  } catch {
    return undefined;
  }
}

/** The names in an event of an order's stream; undefined where it has none that can be read. */
export function namesIn(recorded: RecordedEvent): OrderNames | undefined {
  const { data, metadata } = newest(recorded) ?? {};
  const [tenant, account] = [textIn(metadata, 'tenantId'), textIn(metadata, 'accountId')];
  if (tenant === undefined || account === undefined || !isObject(data)) return undefined;
  const owner: Owner = { tenantId: tenantId(tenant), accountId: accountId(account) };
  if (NO_MESSAGE.has(recorded.type)) return { owner, refs: [], positionId: undefined };
  const { refs, terms, execution } = data;
  if (!isObject(refs)) return undefined;
  const names = [textIn(refs, 'brokerOrderId'), textIn(refs, 'clOrdId'), textIn(refs, 'origClOrdId')].filter((name) => name !== undefined);
  const named = textIn(terms, 'positionId') ?? textIn(execution, 'positionId');
  return {
    owner,
    refs: [...new Set(names)].filter((name) => !NOT_AN_ID.has(name.trim().toUpperCase())),
    positionId: named === undefined ? undefined : positionId(named),
  };
}

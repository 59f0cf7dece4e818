import type { CommandContext } from '../domain/metadata.js';
import { accountId, tenantId } from '../domain/ids.js';
import type { CommandKey } from '../domain/ids.js';
import { digestOf } from '../eventstore/digest.js';
import { ASSUMED_ACCOUNT } from '../eventstore/identity.js';
import { mayUse } from '../projections/viewer.js';
import type { ApiContext } from './context.js';
import type { UserError } from './errors.js';
import { userError } from './errors.js';
import type { AuthenticatedViewer } from './viewer.js';

/** An input that was read: the value, or everything that is wrong with it. */
export type Read<Value> = { readonly value: Value } | { readonly errors: readonly UserError[] };

/** Of a client's own keys and ids: with its scope a key must fit a command key. */
const MAX_KEY_LENGTH = 200;

/** GraphQL's input without what is null, all the way down: an optional field is either there or not. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === null || item === undefined ? [] : [[key, withoutNulls(item)]])));
}

/** The account that an input names, or the viewer's only one, or `main`; an error where the viewer may not use it. */
export function readAccount(viewer: AuthenticatedViewer, given: string | null | undefined): Read<string> {
  const own = viewer.accountIds === 'all' || viewer.accountIds.length > 1 ? ASSUMED_ACCOUNT : viewer.accountIds[0];
  const account = given ?? own ?? ASSUMED_ACCOUNT;
  if (account === '' || account.length > MAX_KEY_LENGTH) return { errors: [userError('BAD_USER_INPUT', `accountId: must have 1 to ${MAX_KEY_LENGTH} characters`, 'accountId')] };
  if (!mayUse(viewer, account)) return { errors: [userError('FORBIDDEN', `accountId: ${JSON.stringify(account)} is not one of your accounts`, 'accountId')] };
  return { value: account };
}

/** A client's key of an intent. */
export function readKey(key: string, field: string): Read<string> {
  // Control characters would make two keys look like one in every log and report.
  if (key.length > 0 && key.length <= MAX_KEY_LENGTH && !/[\p{Cc}\p{Surrogate}]/u.test(key)) return { value: key };
  return { errors: [userError('BAD_USER_INPUT', `${field}: must have 1 to ${MAX_KEY_LENGTH} characters, and no control characters`, field)] };
}

/** What an intent that came in just now says of itself. Its digest is over its canonical input: the same key with another input is an error. */
export function intentContext({ viewer, correlationId, now }: ApiContext, account: string, key: CommandKey, input: unknown): CommandContext {
  const time = now().toISOString();
  return {
    tenantId: tenantId(viewer.tenantId),
    accountId: accountId(account),
    actor: viewer.actor,
    source: { name: 'api' },
    commandKey: key,
    commandDigest: digestOf(input),
    correlationId,
    causationId: correlationId,
    occurredAt: time,
    receivedAt: time,
    tradingDay: time.slice(0, 10),
  };
}

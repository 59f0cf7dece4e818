import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Viewer } from '../projections/viewer.js';
import { apiError } from './errors.js';

/** Who may use the API. */
export type Access =
  /** Everyone who reaches the server is one local viewer with all accounts of the tenant: only on a loopback address. */
  | { readonly mode: 'development'; readonly tenantId: string }
  /** A bearer token: a JWT signed by HS256 (RFC 7519) with `secret`, 32 characters or more. */
  | { readonly mode: 'token'; readonly secret: string };

/** A viewer with what only the API needs to know of it. */
export interface AuthenticatedViewer extends Viewer {
  /** An opaque id of who acts, from the token's `sub`: the `actor` of the events it makes. */
  readonly actor: string;
  /** When the token ends, in milliseconds since 1970: its subscriptions end then. Undefined for the local viewer, who has none. */
  readonly expiresAtMs: number | undefined;
}

/** The viewer of an `Authorization` header. Throws a GraphQL error UNAUTHENTICATED where there is none. */
export type Authenticate = (authorization: string | undefined) => Promise<AuthenticatedViewer>;

const MIN_SECRET_LENGTH = 32;
const CLOCK_TOLERANCE_SECONDS = 5;
/** The latest time that a Date can hold. */
const MAX_EXPIRY_SECONDS = 8_640_000_000_000;

const name = z.string().min(1).max(200);
/** The claims of a token: `tenant`, `accounts` (a list of ids, or "all" of the tenant's), `sub` and `exp`. */
const claims = z.object({
  sub: name,
  tenant: name,
  accounts: z.union([z.literal('all'), z.array(name).min(1).max(1_000)]),
  /** Seconds since 1970 (NumericDate): a token that never ends could not be taken back. */
  exp: z.number().positive().max(MAX_EXPIRY_SECONDS),
});

const unauthenticated = (message: string) => apiError('UNAUTHENTICATED', message);

/** Makes the check that every request and connection passes. Throws a RangeError for a secret that is too short. */
export function createAuthenticator(access: Access): Authenticate {
  if (access.mode === 'development') {
    const local: AuthenticatedViewer = { tenantId: access.tenantId, accountIds: 'all', actor: 'local', expiresAtMs: undefined };
    return async () => local;
  }
  if (access.secret.length < MIN_SECRET_LENGTH) throw new RangeError(`the secret of tokens must be at least ${MIN_SECRET_LENGTH} characters`);
  const key = new TextEncoder().encode(access.secret);
  return async (authorization) => {
    const [, token] = /^Bearer +(\S+)$/iu.exec(authorization ?? '') ?? [];
    if (token === undefined) throw unauthenticated('send a token: Authorization: Bearer <token>');
    return viewerOf(await verifiedPayload(token, key));
  };
}

async function verifiedPayload(token: string, key: Uint8Array): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], clockTolerance: CLOCK_TOLERANCE_SECONDS });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthenticated('the token has expired');
    if (error instanceof errors.JOSEError) throw unauthenticated('the token is not valid');
    throw error;
  }
}

function viewerOf(payload: unknown): AuthenticatedViewer {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) {
    const [claim = 'claims'] = parsed.error.issues[0]?.path ?? [];
    throw unauthenticated(`the token's ${String(claim)} is missing or not usable`);
  }
  const { sub, tenant, accounts, exp } = parsed.data;
  return { tenantId: tenant, accountIds: accounts, actor: sub, expiresAtMs: exp * 1_000 };
}

import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/iu;

export interface OriginRules {
  /** Origins of web pages that may use the API, besides its own. */
  readonly allowedOrigins: readonly string[];
  /** Without tokens, the server's name is the only thing that tells its user from a web page that had its own name resolved to 127.0.0.1. */
  readonly loopbackOnly: boolean;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/**
 * Why a request is not answered, if it is not. A browser says which web page a request comes from; other clients say nothing.
 * WebSockets know no CORS, so this is what keeps other pages away from them.
 */
export function refusalOf({ origin, host }: IncomingHttpHeaders, { allowedOrigins, loopbackOnly }: OriginRules): string | undefined {
  if (loopbackOnly && !LOOPBACK_HOST.test(host ?? '')) return 'without tokens the API answers on loopback addresses only';
  if (origin === undefined || allowedOrigins.includes(origin)) return undefined;
  return hostOf(origin) === host ? undefined : `web pages of ${origin} may not use this API`;
}

import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js';

const UNVERIFIED = /([?&])tls_?verify_?cert=false(?:&|$)/iu;

/** Whether a connection string asks that the server's certificate be taken unseen. */
export const isUnverified = (url: string): boolean => UNVERIFIED.test(url);

/**
 * A client that takes any certificate, as `tlsVerifyCert=false` asks and as the clients of other languages do: 6.2.1 reads the
 * option, warns that it has no effect, and verifies.
 */
export function connectUnverified(url: string): EventStoreDBClient {
  const { hosts, dnsDiscover, defaultCredentials, userCertFile, userKeyFile, tls, ...settings } = parseConnectionString(url.replace(UNVERIFIED, '$1'));
  const [first] = hosts;
  if (first === undefined) throw new Error('the connection string names no host');
  const tlsOptions = {
    insecure: tls === false,
    verifyOptions: { rejectUnauthorized: false },
    ...(userCertFile === undefined ? {} : { userCertFile: readFileSync(userCertFile) }),
    ...(userKeyFile === undefined ? {} : { userKeyFile: readFileSync(userKeyFile) }),
  };
  if (dnsDiscover) return new EventStoreDBClient({ ...settings, discover: first }, tlsOptions, defaultCredentials);
  if (hosts.length > 1) return new EventStoreDBClient({ ...settings, endpoints: hosts }, tlsOptions, defaultCredentials);
  return new EventStoreDBClient({ ...settings, endpoint: first }, tlsOptions, defaultCredentials);
}

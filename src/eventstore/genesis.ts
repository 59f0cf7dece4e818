import { randomUUID } from 'node:crypto';
import { accountId, commandKey, tenantId } from '../domain/ids.js';
import type { EventMetadata } from '../domain/metadata.js';
import { CHAIN_START, seal } from './chain.js';
import { assertValidEvent, decodeIngestEvent } from './codec.js';
import { digestOf } from './digest.js';
import { EventStoreError } from './errors.js';
import type { EventStore } from './event-store.js';
import { GENESIS_STREAM } from './identity.js';

const GENESIS_KEY = commandKey('genesis');

function genesisMetadata(storeId: string, producer: string, now: Date): EventMetadata {
  const at = now.toISOString();
  return {
    schemaVersion: 1,
    $correlationId: storeId,
    $causationId: storeId,
    tenantId: tenantId('fillbook'),
    accountId: accountId('fillbook'),
    actor: producer,
    source: { name: 'fillbook' },
    commandKey: GENESIS_KEY,
    commandDigest: digestOf({ storeId }),
    occurredAt: at,
    receivedAt: at,
    tradingDay: at.slice(0, 10),
    producer,
  };
}

async function readGenesis(store: EventStore): Promise<{ storeId: string } | undefined> {
  for await (const recorded of store.readStream(GENESIS_STREAM)) {
    const event = decodeIngestEvent(recorded);
    if (event.type === 'StoreCreated') return { storeId: event.data.storeId };
    throw new EventStoreError('protocol', `${GENESIS_STREAM} begins with ${event.type}, not with StoreCreated`);
  }
  return undefined;
}

/**
 * The id of the store behind this address: read from its genesis, which is written where the store has none. Many processes may
 * do so at once; one of them is first, and all of them get its id. To be called before anything else is written.
 */
export async function ensureGenesis(store: EventStore, producer = 'fillbook', now: () => Date = () => new Date()): Promise<{ storeId: string }> {
  const existing = await readGenesis(store);
  if (existing) return existing;
  const storeId = randomUUID();
  const event = { type: 'StoreCreated', data: { storeId }, metadata: genesisMetadata(storeId, producer, now()) };
  assertValidEvent(event, event.metadata);
  const outcome = await store.append(GENESIS_STREAM, 'no_stream', seal(GENESIS_STREAM, 0n, CHAIN_START, [event]).events);
  if (outcome.kind === 'appended') return { storeId };
  const winner = await readGenesis(store);
  if (!winner) throw new EventStoreError('protocol', `${GENESIS_STREAM} exists and cannot be read`);
  return winner;
}

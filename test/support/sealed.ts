import { randomUUID } from 'node:crypto';
import { commandKey } from '../../src/domain/ids.js';
import type { Digest } from '../../src/domain/ids.js';
import { CHAIN_START, seal } from '../../src/eventstore/chain.js';
import type { Sealed } from '../../src/eventstore/chain.js';
import { metadataOf } from './events.js';

/** A stream that no other test knows, of a category of its own so that filters find it alone. */
export const freshStream = (category = 'test'): string => `${category}-${randomUUID()}`;

/** `count` sealed events for a stream from `revision` on. */
export function sealedNotes(stream: string, count: number, from: { revision?: bigint; head?: Digest; note?: string } = {}): Sealed {
  const { revision = 0n, head = CHAIN_START, note = 'note' } = from;
  const events = Array.from({ length: count }, (_, index) => ({
    type: 'Noted',
    data: { note: `${note} ${revision + BigInt(index)}` },
    metadata: metadataOf({ commandKey: commandKey(`${note}-${revision + BigInt(index)}`) }),
  }));
  return seal(stream, revision, head, events);
}

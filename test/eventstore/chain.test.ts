import { array, assert, asyncProperty, nat, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/domain/decider.js';
import { commandKey } from '../../src/domain/ids.js';
import { CHAIN_START, seal, verifyChain } from '../../src/eventstore/chain.js';
import type { RecordedEvent, SealedEvent } from '../../src/eventstore/event-store.js';
import { metadataOf } from '../support/events.js';

const STREAM = 'order-11111111-1111-5111-8111-111111111111';

const eventsOf = (notes: readonly string[]): DomainEvent[] =>
  notes.map((note, index) => ({ type: 'Noted', data: { note, nested: { index, list: [index, note] } }, metadata: metadataOf({ commandKey: commandKey(`key-${index}`) }) }));

/** As the store gives them back: through JSON. */
const recorded = (events: readonly SealedEvent[]): RecordedEvent[] =>
  events.map(({ id, type, data, metadata }, index) => ({
    stream: STREAM,
    revision: BigInt(index),
    position: BigInt(index * 100),
    id,
    type,
    data: JSON.parse(JSON.stringify(data)),
    metadata: JSON.parse(JSON.stringify(metadata)),
    recordedAt: '2026-11-20T00:00:00.000Z',
  }));

const withChange = (event: RecordedEvent, change: Partial<RecordedEvent>): RecordedEvent => ({ ...event, ...change });

const renumbered = (events: readonly RecordedEvent[]): RecordedEvent[] => events.map((event, index) => withChange(event, { revision: BigInt(index) }));

/** Every place in a JSON value where something can be changed, each as the changed value. */
function* edits(value: unknown): Generator {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const changed of edits(item)) yield value.with(index, changed);
    yield [...value, 'added'];
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      for (const changed of edits(item)) yield { ...value, [key]: changed };
      const { [key]: _removed, ...rest } = { ...value, [key]: item };
      yield rest;
    }
    yield { ...value, added: true };
  } else yield typeof value === 'number' ? value + 1 : `${String(value)}x`;
}

const idOf = (note: string): string | undefined => seal(STREAM, 0n, CHAIN_START, eventsOf([note])).events[0]?.id;

const notes = array(string(), { minLength: 2, maxLength: 6 });

describe('the hash chain of a stream', () => {
  it('given sealed events, when read back, then the chain is intact and its head is the last hash', async () => {
    const sealed = seal(STREAM, 0n, CHAIN_START, eventsOf(['a', 'b', 'c']));
    expect(await verifyChain(STREAM, recorded(sealed.events), sealed.head)).toEqual({ kind: 'intact', events: 3n, head: sealed.head });
  });

  it('given events sealed in several appends, then they chain as in one', async () => {
    await assert(
      asyncProperty(notes, nat(), async (texts, cut) => {
        const events = eventsOf(texts);
        const at = cut % events.length;
        const first = seal(STREAM, 0n, CHAIN_START, events.slice(0, at));
        const second = seal(STREAM, BigInt(at), first.head, events.slice(at));
        expect([...first.events, ...second.events]).toEqual(seal(STREAM, 0n, CHAIN_START, events).events);
      }),
      { numRuns: 50 },
    );
  });

  it('given any single edit of any event, then the walk names that event', async () => {
    await assert(
      asyncProperty(notes, nat(), async (texts, pick) => {
        const events = recorded(seal(STREAM, 0n, CHAIN_START, eventsOf(texts)).events);
        const index = pick % events.length;
        const target = events[index];
        if (!target) throw new Error('no event');
        const changes: RecordedEvent[] = [
          ...Array.from(edits(target.data), (data) => withChange(target, { data })),
          ...Array.from(edits(target.metadata), (metadata) => withChange(target, { metadata })),
          { ...target, type: `${target.type}x` },
          { ...target, id: '00000000-0000-4000-8000-000000000000' },
        ];
        for (const changed of changes) {
          expect(await verifyChain(STREAM, events.with(index, changed))).toMatchObject({ kind: 'broken', revision: target.revision });
        }
      }),
      { numRuns: 20 },
    );
  });

  it('given events swapped, dropped, doubled or inserted, then the chain is broken, also where revisions are made to fit', async () => {
    await assert(
      asyncProperty(notes, nat(), nat(), async (texts, a, b) => {
        const sealed = seal(STREAM, 0n, CHAIN_START, eventsOf(texts));
        const events = recorded(sealed.events);
        const [i, j] = [a % events.length, b % events.length];
        const [first, second] = [events[i], events[j]];
        if (!first || !second) throw new Error('no event');
        const foreign = recorded(seal(STREAM, first.revision, CHAIN_START, eventsOf(['foreign'])).events);
        const tampered = [events.toSpliced(i, 1), events.toSpliced(i, 0, second), events.toSpliced(i, 0, ...foreign)];
        if (i !== j) tampered.push(events.with(i, second).with(j, first));
        for (const changed of tampered) {
          expect((await verifyChain(STREAM, changed, sealed.head)).kind).toBe('broken');
          expect((await verifyChain(STREAM, renumbered(changed), sealed.head)).kind).toBe('broken');
        }
      }),
      { numRuns: 50 },
    );
  });

  it('given events moved to another stream, then the chain is broken', async () => {
    const events = recorded(seal(STREAM, 0n, CHAIN_START, eventsOf(['a', 'b'])).events);
    const moved = events.map((event) => withChange(event, { stream: 'order-other' }));
    expect(await verifyChain('order-other', moved)).toMatchObject({ kind: 'broken', revision: 0n, reason: 'its content does not match its hash' });
  });

  it('given the same bytes twice, then the ids are the same; given other bytes under one key, then they differ (ADR 2)', () => {
    expect(idOf('a')).toBe(idOf('a'));
    expect(idOf('a')).not.toBe(idOf('b'));
  });
});

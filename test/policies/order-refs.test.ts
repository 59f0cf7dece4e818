import { describe, expect, it } from 'vitest';
import { positionId } from '../../src/domain/ids.js';
import type { RecordedEvent } from '../../src/eventstore/event-store.js';
import { namesIn } from '../../src/policies/order-refs.js';
import { executionOf, metadataOf, termsOf } from '../support/events.js';

const event = (type: string, data: unknown, metadata: unknown = metadataOf()): RecordedEvent => ({
  stream: 'order-1',
  revision: 0n,
  position: 0n,
  id: 'e',
  type,
  data,
  metadata,
  recordedAt: '2026-11-20T14:30:00Z',
});

const said = (terms: object, execution: object) => namesIn(event('ExecutionRecorded', { refs: {}, terms, execution }))?.positionId;

describe('the names in an event of an order', () => {
  it('are those that the message gives its order, the former one too, each once', () => {
    const names = namesIn(event('OrderReplaced', { refs: { brokerOrderId: 'B', clOrdId: 'C', origClOrdId: 'O' }, change: {} }));
    expect(names).toEqual({ owner: { tenantId: 'default', accountId: 'main' }, refs: ['B', 'C', 'O'], positionId: undefined });
    expect(namesIn(event('OrderAccepted', { refs: { brokerOrderId: 'B', clOrdId: 'B' } }))?.refs).toEqual(['B']);
  });

  it('are not what stands for no id', () => {
    expect(namesIn(event('OrderAccepted', { refs: { brokerOrderId: ' none ', clOrdId: '0', origClOrdId: 'O' } }))?.refs).toEqual(['O']);
  });

  it('say the position that the terms name, or else the execution', () => {
    const [first, second] = [positionId('p-1'), positionId('p-2')];
    expect(said(termsOf({ positionId: first }), executionOf('e', { positionId: second }))).toBe(first);
    expect(said(termsOf(), executionOf('e', { positionId: second }))).toBe(second);
    expect(said(termsOf(), executionOf('e'))).toBeUndefined();
  });

  it('are none in an event that is no message', () => {
    for (const type of ['OrderLinked', 'AliasClaimed', 'FactConflicted', 'FactRepeated']) expect(namesIn(event(type, { refs: { clOrdId: 'C' }, fact: {} }))).toMatchObject({ refs: [], positionId: undefined });
  });

  it('are not known where the event must be decoded to be understood, and cannot be', () => {
    expect(namesIn(event('ExecutionRecorded', { nonsense: true }))).toBeUndefined();
    expect(namesIn(event('ExecutionRecorded', undefined))).toBeUndefined();
    expect(namesIn(event('OrderAccepted', { refs: {} }, { ...metadataOf(), schemaVersion: 99 }))).toBeUndefined();
    expect(namesIn(event('OrderAccepted', { refs: {} }, { ...metadataOf(), accountId: 7 }))).toBeUndefined();
    expect(namesIn(event('OrderAccepted', { refs: {} }, null))).toBeUndefined();
  });
});

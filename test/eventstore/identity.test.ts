import { assert, property, string } from 'fast-check';
import { v5, validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { accountId, commandKey, tenantId } from '../../src/domain/ids.js';
import { backoffMs } from '../../src/eventstore/backoff.js';
import { aliasKey, clientAlias, intentKey, orderIdOf, orderIdOfStream, orderStream, parkedStream, positionIdOf, quarantineStream } from '../../src/eventstore/identity.js';
import { uuidV5, uuidV5Namespace } from '../../src/eventstore/uuid-v5.js';

const broker = { kind: 'broker', scope: ['default', 'venue'], id: 'B-1' } as const;

describe('ids that follow from what they name', () => {
  it('given any name, then the UUIDv5 is the one that the uuid package makes', () => {
    const namespace = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    assert(property(string({ unit: 'grapheme', maxLength: 300 }), (name) => uuidV5(name, uuidV5Namespace(namespace)) === v5(name, namespace)));
    // RFC 9562, appendix A.4.
    expect(uuidV5('www.example.com', uuidV5Namespace(namespace))).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  });

  it('given the namespaces are part of the stored contract, then these ids never change', () => {
    expect({
      order: orderIdOf(broker),
      position: positionIdOf(tenantId('default'), accountId('main'), commandKey('key-1')),
      parked: parkedStream(broker),
      quarantine: quarantineStream({ tenantId: tenantId('default'), source: 'fix', origin: 'a.log', line: '1', content: '8=FIX' }),
      intent: intentKey(tenantId('default'), accountId('main'), 'PlaceOrder', 'k'),
    }).toMatchInlineSnapshot(`
      {
        "intent": "["default","main","PlaceOrder","k"]",
        "order": "8e08150e-b7f4-5e33-859b-0e5f535b193a",
        "parked": "parked-fe8ea2e6-7cea-5bb0-ad65-066db0b98c10",
        "position": "f9497d4f-47a4-51a5-a132-10dd331abeac",
        "quarantine": "quarantine-a27c5a89-581f-52da-bc9a-40c467758325",
      }
    `);
  });

  it('given aliases that differ in kind, in where a scope is cut, or in the id, then they name different orders', () => {
    const others = [
      { ...broker, kind: 'client' as const },
      { ...broker, scope: ['default', 'venue', ''] },
      { ...broker, scope: ['defaultvenue'] },
      { ...broker, scope: ['default,venue'] },
      { ...broker, id: 'B-1 ' },
    ];
    expect(new Set([broker, ...others].map((alias) => orderIdOf(alias))).size).toBe(6);
    expect(validate(orderIdOf(broker)) && version(orderIdOf(broker))).toBe(5);
    expect(aliasKey(clientAlias(tenantId('t'), accountId('a'), 'C'))).toBe('["client",["t","a"],"C"]');
  });

  it('given a stream, then the order it belongs to is known from its name alone', () => {
    const id = orderIdOf(broker);
    expect(orderIdOfStream(orderStream(id))).toBe(id);
    expect(orderIdOfStream('position-1')).toBeUndefined();
  });
});

describe('backoff', () => {
  it('doubles up to its limit, and is spread over the upper half of each step', () => {
    const backoff = { firstMs: 10, maxMs: 100 };
    expect([1, 2, 3, 4, 5, 60].map((attempt) => backoffMs(backoff, attempt, () => 1))).toEqual([10, 20, 40, 80, 100, 100]);
    expect([1, 2, 5].map((attempt) => backoffMs(backoff, attempt, () => 0))).toEqual([5, 10, 50]);
  });
});

import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { array, assert, bigInt, boolean, constant, integer, oneof, option, property, record, string, uuid } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBatchFragment } from '../../src/embedded/eventstore/batch-messages.js';
import { batchRequestBytes, proposedMessages, readSuccess } from '../../src/eventstore/batch-wire.js';

const text = string({ unit: 'grapheme', maxLength: 400 });
const revision = oneof(bigInt({ min: 0n, max: 300n }), bigInt({ min: 0n, max: 2n ** 63n - 2n }));
const events = array(record({ id: uuid(), type: text, data: text, metadata: text }), { minLength: 1, maxLength: 5 });
const request = record({
  correlationId: uuid(),
  stream: string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
  expected: oneof(constant('no_stream' as const), revision),
  timeoutMs: integer({ min: 1, max: 100_000_000 }),
});

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function textUuid(uuidText: string): UUID {
  const message = new shared.UUID();
  message.setString(uuidText);
  return message;
}

/** As EventStoreDB answers: two signed halves. */
function structuredUuid(uuidText: string): UUID {
  const hex = uuidText.replaceAll('-', '');
  const [most, least] = [hex.slice(0, 16), hex.slice(16)].map((half) => BigInt.asIntN(64, BigInt(`0x${half}`)).toString());
  const structured = new shared.UUID.Structured();
  structured.setMostSignificantBits(most ?? '0');
  structured.setLeastSignificantBits(least ?? '0');
  const message = new shared.UUID();
  message.setStructured(structured);
  return message;
}

describe('a batch append on the wire', () => {
  it('given any request, then the generated classes read in it what was written', () => {
    assert(
      property(request, events, (head, sent) => {
        const bytes = batchRequestBytes(head, proposedMessages(sent));
        const read = streams.BatchAppendReq.deserializeBinary(bytes);
        const options = read.getOptions();
        expect(read.getCorrelationId()?.getString()).toBe(head.correlationId);
        expect(read.getIsFinal()).toBe(true);
        expect(textOf(options?.getStreamIdentifier()?.getStreamName_asU8() ?? Buffer.alloc(0))).toBe(head.stream);
        expect(options?.hasNoStream() ? 'no_stream' : BigInt(options?.getStreamPosition() ?? -1)).toBe(head.expected);
        // The generated classes do not know the duration, which is EventStoreDB's since 21.10.
        expect(options?.hasDeadline()).toBe(false);
        expect(readBatchFragment(bytes, 0).options?.timeoutMs).toBe(head.timeoutMs);
        expect(
          read.getProposedMessagesList().map((message) => ({
            id: message.getId()?.getString(),
            type: message.getMetadataMap().get('type'),
            data: textOf(message.getData_asU8()),
            metadata: textOf(message.getCustomMetadata_asU8()),
          })),
        ).toEqual(sent);
        expect(read.getProposedMessagesList().every((message) => message.getMetadataMap().get('content-type') === 'application/json')).toBe(true);
      }),
    );
  });

  it('given any success, then it is read as the generated classes write it', () => {
    assert(
      property(uuid(), revision, option(revision, { nil: undefined }), boolean(), boolean(), (correlationId, current, position, hasName, isStructured) => {
        const response = new streams.BatchAppendResp();
        response.setCorrelationId(isStructured ? structuredUuid(correlationId) : textUuid(correlationId));
        const success = new streams.BatchAppendResp.Success();
        success.setCurrentRevision(String(current));
        if (position !== undefined) {
          const place = new shared.AllStreamPosition();
          place.setCommitPosition(String(position));
          place.setPreparePosition(String(position));
          success.setPosition(place);
        }
        response.setSuccess(success);
        if (hasName) response.setStreamPosition('18446744073709551615');
        expect(readSuccess(Buffer.from(response.serializeBinary()))).toEqual({ correlationId, revision: current, position });
      }),
    );
  });

  it('given an answer that is no success, then it is left to the generated classes', () => {
    const response = new streams.BatchAppendResp();
    expect(readSuccess(Buffer.from(response.serializeBinary()))).toBeUndefined();
    response.setCorrelationId(textUuid('00000000-0000-4000-8000-000000000000'));
    expect(readSuccess(Buffer.from(response.serializeBinary()))).toBeUndefined();
  });

  it('given bytes that end too early, then that is an error', () => {
    expect(() => readSuccess(Buffer.from([0x0a, 0xff]))).toThrow(RangeError);
  });
});

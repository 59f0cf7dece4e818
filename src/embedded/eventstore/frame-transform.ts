import { frameSize, readEventData, readEventHead, recordedEventBytes } from './event-frame.js';
import { halvesOfEventId } from './event-id.js';
import { ProtobufReader, ProtobufWriter, grpcFrame } from './protobuf.js';
import type { ReadRequest } from './read-request.js';
import type { EventStorage } from './storage.js';
import { locateEvent, viewStream } from './stream-pages.js';

/** Rewrites one frame for a client that asked for another form than the stored one. */
type FrameTransform = (frames: Buffer, offset: number) => Buffer;

const LINK_TYPE = '$>';
const LINK_TARGET = /^(\d{1,19})@([^]+)$/;

/** A RecordedEvent with its id as two 64-bit halves. */
function withStructuredId(recorded: Buffer): Buffer {
  const reader = new ProtobufReader(recorded);
  reader.next();
  const uuid = reader.message();
  uuid.next();
  const [most, least] = halvesOfEventId(uuid.string());
  const id = new ProtobufWriter().message(1, (writer) => writer.message(1, (halves) => halves.uint64(1, most).uint64(2, least)));
  return Buffer.concat([id.finish(), recorded.subarray(40)]);
}

/** The event that a link names, as a RecordedEvent; undefined where it cannot be read. */
function linkTarget(storage: EventStorage, frames: Buffer, offset: number): Buffer | undefined {
  const match = LINK_TARGET.exec(readEventData(frames, offset).data.toString('utf8'));
  const [, revisionText, stream] = match ?? [];
  if (revisionText === undefined || stream === undefined) return undefined;
  const view = viewStream(storage, stream);
  const revision = BigInt(revisionText);
  if (view.kind !== 'readable' || revision < view.first || revision > view.last) return undefined;
  const { frames: there, at } = locateEvent(storage, view.number, revision);
  return recordedEventBytes(there, at);
}

const asStored = (recorded: Buffer): Buffer => recorded;

/** How the frames of this read have to be rewritten; undefined where they are sent as they are stored. */
export function frameTransform(storage: EventStorage, request: ReadRequest): FrameTransform | undefined {
  if (!request.structuredIds && !request.resolveLinks) return undefined;
  const withId = request.structuredIds ? withStructuredId : asStored;
  return (frames, offset) => {
    const { type, position } = readEventHead(frames, offset);
    const original = withId(recordedEventBytes(frames, offset));
    const isLink = request.resolveLinks && type.toString('utf8') === LINK_TYPE;
    const target = isLink ? linkTarget(storage, frames, offset) : undefined;
    const message = new ProtobufWriter().message(1, (readEvent) => {
      if (!isLink) readEvent.bytes(1, original);
      else {
        if (target !== undefined) readEvent.bytes(1, withId(target));
        readEvent.bytes(2, original);
      }
      readEvent.uint64(3, position);
    });
    return grpcFrame(message.finish());
  };
}

const EVENT_TAG = 0x0a;

/** Applies a transform to the events among the frames of a page; other messages (checkpoints) stay. */
export function transformFrames(parts: readonly Buffer[], transform: FrameTransform): Buffer[] {
  return parts.flatMap((part) => {
    const out: Buffer[] = [];
    for (let at = 0; at < part.length; at += frameSize(part, at)) {
      out.push(part[at + 5] === EVENT_TAG ? transform(part, at) : part.subarray(at, at + frameSize(part, at)));
    }
    return out;
  });
}

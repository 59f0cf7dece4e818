import { frameSize, readEventData, readEventHead, recordedEventBytes } from './event-frame.js';
import { halvesOfEventId } from './event-id.js';
import { ProtobufReader, ProtobufWriter, grpcFrame } from './protobuf.js';
import type { ReadRequest } from './read-request.js';
import type { EventStorage } from './storage.js';
import { locateEvent, viewStream } from './stream-pages.js';

/** Rewrites one frame for a client that asked for another form than the stored one. */
type FrameTransform = (frames: Buffer, offset: number) => Buffer;

const LINK_TYPE = '$>';
/** A number as .NET reads it, no longer than 64 bits need. */
const LINK_REVISION = /^[\t-\r ]*([+-]?0*\d{1,19})[\t-\r ]*$/;
/** In a link: whatever event is the stream's last. */
const LINK_TO_LAST = -1n;

interface Link {
  readonly revision: bigint;
  readonly stream: string;
}

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

/** What a link's payload names, `revision@stream`; undefined where it names nothing, and is an event as others are. */
function parseLink(payload: string): Link | undefined {
  const [before = ''] = payload.split('@', 1);
  const text = LINK_REVISION.exec(before)?.[1];
  if (text === undefined) return undefined;
  const revision = BigInt(text);
  return revision === BigInt.asIntN(64, revision) ? { revision, stream: payload.slice(before.length + 1) } : undefined;
}

/** The event that a link names, as a RecordedEvent; undefined where it cannot be read. */
function linkTarget(storage: EventStorage, link: Link): Buffer | undefined {
  const view = viewStream(storage, link.stream);
  if (view.kind !== 'readable') return undefined;
  const revision = link.revision === LINK_TO_LAST ? view.last : link.revision;
  if (revision < view.first || revision > view.last) return undefined;
  const { frames, at } = locateEvent(storage, view.number, revision);
  return recordedEventBytes(frames, at);
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
    const link = isLink ? parseLink(readEventData(frames, offset).data.toString('utf8')) : undefined;
    const message = new ProtobufWriter().message(1, (readEvent) => {
      if (link === undefined) readEvent.bytes(1, original);
      else {
        const target = linkTarget(storage, link);
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

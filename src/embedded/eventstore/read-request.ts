import { type EventFilter, eventFilter } from './event-filter.js';
import { invalidArgument } from './grpc-error.js';
import { TOMBSTONE_REVISION, readStreamIdentifier } from './messages.js';
import { ProtobufReader } from './protobuf.js';

/** Where a read starts: at the start, at the end, or at a revision or commit position. */
type ReadFrom = 'start' | 'end' | bigint;

interface FilterWindow {
  readonly filter: EventFilter;
  /** A subscription's checkpoint follows so many considered events. */
  readonly checkpointInterval: number;
}

/** What a `ReadReq` asks for. */
export interface ReadRequest {
  /** undefined for `$all`. */
  readonly stream: string | undefined;
  readonly from: ReadFrom;
  readonly backwards: boolean;
  readonly resolveLinks: boolean;
  /** undefined for a subscription. */
  readonly maxCount: bigint | undefined;
  readonly filter: FilterWindow | undefined;
  readonly structuredIds: boolean;
  /** 1 and more: the answer tells the first and last position of a stream. */
  readonly compatibility: number;
}

const DEFAULT_WINDOW = 32;

type Fields = Readonly<Record<number, (reader: ProtobufReader) => void>>;

/** Reads the fields that `fields` names and skips the others. */
function readFields(reader: ProtobufReader, fields: Fields): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const read = fields[field];
    if (read === undefined) reader.skip();
    else read(reader);
  }
}

function inRange(field: string, value: bigint): bigint {
  if (value > TOMBSTONE_REVISION) throw invalidArgument(`${field}: ${value} is out of range`);
  return value;
}

const LARGEST_UINT64 = (1n << 64n) - 1n;

/** A revision; the largest 64-bit number stands for the end. */
const revisionFrom = (value: bigint): ReadFrom => (value === LARGEST_UINT64 ? 'end' : inRange('revision', value));

function readStreamOptions(reader: ProtobufReader): { stream: string; from: ReadFrom } {
  let stream = '';
  let from: ReadFrom = 'start';
  readFields(reader, {
    1: (inner) => {
      stream = readStreamIdentifier(inner.message());
    },
    2: (inner) => {
      from = revisionFrom(inner.uint64());
    },
    4: (inner) => {
      inner.skip();
      from = 'end';
    },
  });
  if (stream === '') throw invalidArgument("stream_identifier: the stream's name is missing");
  return { stream, from };
}

function readAllOptions(reader: ProtobufReader): ReadFrom {
  let from: ReadFrom = 'start';
  readFields(reader, {
    1: (inner) => {
      let commit = 0n;
      readFields(inner.message(), {
        1: (position) => {
          commit = position.uint64();
        },
      });
      from = commit === LARGEST_UINT64 ? 'end' : inRange('commit_position', commit);
    },
    3: (inner) => {
      inner.skip();
      from = 'end';
    },
  });
  return from;
}

function readExpression(reader: ProtobufReader): { regex: string; prefixes: string[] } {
  let regex = '';
  const prefixes: string[] = [];
  readFields(reader, {
    1: (inner) => {
      regex = inner.string();
    },
    2: (inner) => {
      prefixes.push(inner.string());
    },
  });
  return { regex, prefixes };
}

function readFilter(reader: ProtobufReader): FilterWindow {
  let filter: EventFilter | undefined;
  let window: number | undefined;
  let multiplier = 0;
  readFields(reader, {
    1: (inner) => {
      filter = eventFilter({ on: 'stream', ...readExpression(inner.message()) });
    },
    2: (inner) => {
      filter = eventFilter({ on: 'type', ...readExpression(inner.message()) });
    },
    3: (inner) => {
      window = inner.uint32();
    },
    4: (inner) => {
      inner.skip();
      window = DEFAULT_WINDOW;
    },
    5: (inner) => {
      multiplier = inner.uint32();
    },
  });
  if (filter === undefined) throw invalidArgument('filter: neither stream_identifier nor event_type is given');
  if (window === undefined || window === 0) throw invalidArgument('filter: the window (max or count) is missing or 0');
  return { filter, checkpointInterval: multiplier * window };
}

/** Reads and checks a `ReadReq`. @throws GrpcError INVALID_ARGUMENT that names the field. */
export function readReadRequest(message: Buffer): ReadRequest {
  let options: Buffer | undefined;
  readFields(new ProtobufReader(message), {
    1: (inner) => {
      options = inner.bytes();
    },
  });
  if (options === undefined) throw invalidArgument('options are missing');
  let source: { stream: string | undefined; from: ReadFrom } | undefined;
  let count: { maxCount: bigint | undefined } | undefined;
  let structuredIds: boolean | undefined;
  let filter: FilterWindow | undefined;
  const rest = { backwards: false, resolveLinks: false, compatibility: 0 };
  readFields(new ProtobufReader(options), {
    1: (inner) => {
      source = readStreamOptions(inner.message());
    },
    2: (inner) => {
      source = { stream: undefined, from: readAllOptions(inner.message()) };
    },
    3: (inner) => {
      rest.backwards = inner.boolean();
    },
    4: (inner) => {
      rest.resolveLinks = inner.boolean();
    },
    5: (inner) => {
      count = { maxCount: inner.uint64() };
    },
    6: (inner) => {
      inner.skip();
      count = { maxCount: undefined };
    },
    7: (inner) => {
      filter = readFilter(inner.message());
    },
    9: (inner) => {
      structuredIds = inner.message().next() === 1;
    },
    10: (inner) => {
      readFields(inner.message(), {
        1: (control) => {
          rest.compatibility = control.uint32();
        },
      });
    },
  });
  return checked(source, count, structuredIds, filter, rest);
}

function checked(
  source: { stream: string | undefined; from: ReadFrom } | undefined,
  count: { maxCount: bigint | undefined } | undefined,
  structuredIds: boolean | undefined,
  filter: FilterWindow | undefined,
  rest: { backwards: boolean; resolveLinks: boolean; compatibility: number },
): ReadRequest {
  if (source === undefined) {
    throw invalidArgument("'None' is not a valid EventStore.Client.Streams.ReadReq+Types+Options+StreamOptionOneofCase");
  }
  if (count === undefined) throw invalidArgument('count_option: neither count nor subscription is given');
  if (structuredIds === undefined) throw invalidArgument('uuid_option is missing');
  const subscribes = count.maxCount === undefined;
  if (subscribes && rest.backwards) throw invalidArgument('read_direction: a subscription reads forwards');
  if (filter !== undefined && source.stream !== undefined) throw invalidArgument('filter: a stream cannot be filtered, only $all');
  if (filter !== undefined && subscribes && filter.checkpointInterval === 0) {
    throw invalidArgument('filter: checkpointIntervalMultiplier is 0');
  }
  return { ...source, ...count, ...rest, filter, structuredIds };
}

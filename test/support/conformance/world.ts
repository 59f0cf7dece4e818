import { createHash, randomUUID } from 'node:crypto';
import { type AllStreamResolvedEvent, type EventData, type Position, type ResolvedEvent, binaryEvent, jsonEvent } from '@eventstore/db-client';
import type { RecordedEventInput } from './scenario.js';

/** An answer that named a position: which event of `$all` stands there is filled in at the end. */
export interface PositionedAnswer {
  at?: number | 'elsewhere' | null;
}

const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const shown = (payload: unknown): unknown =>
  payload instanceof Uint8Array ? { base64: Buffer.from(payload).toString('base64') } : payload;

/** The names of one play: streams and event ids are symbols in the recording, and unique to each play on the server. */
export class World {
  readonly #run = `cf-${randomUUID().slice(0, 8)}`;
  readonly #symbols = new Map<string, string>();
  readonly positions: [position: Position | undefined, answer: PositionedAnswer][] = [];

  get prefix(): string {
    return `${this.#run}-`;
  }

  fill(text: string): string {
    return text.replaceAll('{run}', this.prefix);
  }

  stream(symbol: string): string {
    return symbol.startsWith('$$') ? `$$${this.prefix}${symbol.slice(2)}` : this.prefix + symbol;
  }

  #streamSymbol(name: string): string {
    return name.startsWith('$$') ? `$$${name.slice(2 + this.prefix.length)}` : name.slice(this.prefix.length);
  }

  #owns(name: string): boolean {
    return name.startsWith(this.prefix) || name.startsWith(`$$${this.prefix}`);
  }

  #eventId(symbol: string): string {
    const hex = createHash('sha256').update(`${this.#run}/${symbol}`).digest('hex');
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    this.#symbols.set(id, symbol);
    return id;
  }

  /** The event that a step appends. The recording has payloads of every JSON kind, which the client's types do not know. */
  proposed(event: RecordedEventInput): EventData {
    if (typeof event === 'string') return jsonEvent({ id: this.#eventId(event), type: 'happened', data: { of: event } });
    const id = this.#eventId(event.id);
    const type = this.fill(event.type ?? 'happened');
    const metadata = event.metadataBase64 === undefined ? event.metadata : bytes(event.metadataBase64);
    const data = event.size === undefined ? event.data : { filler: 'x'.repeat(event.size) };
    const content =
      event.dataBase64 === undefined
        ? jsonEvent({ id, type, data: {} })
        : binaryEvent({ id, type, data: bytes(event.dataBase64) });
    return Object.assign(content, { metadata }, event.dataBase64 === undefined ? { data } : {});
  }

  #typeOf(type: string): string {
    return type.replaceAll(this.prefix, '{run}');
  }

  /** An event as the recording shows it: revision, id, and its type unless it is the usual one; `full` adds the payload. */
  seen({ event }: ResolvedEvent, full = false): unknown {
    if (event === undefined) return null;
    const row: unknown[] = [Number(event.revision), this.#symbols.get(event.id) ?? '?'];
    const type = this.#typeOf(event.type);
    if (type !== 'happened') row.push(type);
    if (!full) return row;
    const { isJson, data, metadata, created } = event;
    return { at: row, isJson, type, data: shown(data), metadata: shown(metadata), created: created instanceof Date };
  }

  /** An event of `$all` if it is of this play, else undefined. */
  ownRow(item: AllStreamResolvedEvent): unknown[] | undefined {
    const { event } = item;
    if (event === undefined || !this.#owns(event.streamId)) return undefined;
    const row = [this.#streamSymbol(event.streamId), Number(event.revision), this.#symbols.get(event.id) ?? '?'];
    const type = this.#typeOf(event.type);
    return type === 'happened' ? row : [...row, type];
  }
}

const read = (error: object, key: string): unknown => Reflect.get(error, key);
const numbered = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** An error as the recording shows it. */
export function failure(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: String(error) };
  const type = read(error, 'type');
  const out: Record<string, unknown> = { error: type ?? error.name };
  if (type === undefined) out['message'] = error.message;
  const details = [
    ['actual', 'actualVersion'],
    ['expected', 'expectedVersion'],
    ['maxAppendSize', 'maxAppendSize'],
  ] as const;
  for (const [name, key] of details) {
    const value = read(error, key);
    if (value !== undefined) out[name] = numbered(value);
  }
  return out;
}

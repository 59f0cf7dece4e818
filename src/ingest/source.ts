import { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ImportError } from './import-error.js';

/** The bytes of a file or of standard input, unpacked where they are gzip. */
export interface Source {
  /** The file's name without its folder; `stdin`. */
  readonly name: string;
  /** Size of the file as it lies there, undefined for standard input. */
  readonly bytesTotal: number | undefined;
  /** How much of that was read so far. */
  bytesRead(): number;
  readonly chunks: AsyncIterable<Buffer>;
  /** Ends the reading; an iteration under way ends too. */
  close(): void;
}

const CHUNK_BYTES = 65_536;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

function readError(error: unknown, name: string): ImportError {
  const code = codeOf(error);
  if (code === 'ENOENT') return new ImportError('not_found', name, undefined, 'there is no such file', { cause: error });
  const reason = code === 'EISDIR' ? 'is a folder, not a file' : `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  return new ImportError('unreadable', name, undefined, reason, { cause: error });
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new ImportError('unreadable', path.basename(file), undefined, 'is a folder, not a file');
    return found.size;
  } catch (error) {
    throw error instanceof ImportError ? error : readError(error, path.basename(file));
  }
}

/** Passes bytes on and counts them. The first two decide whether they are gzip. */
class CountedBytes {
  bytesRead = 0;
  constructor(private readonly stream: Readable) {}

  async *#all(): AsyncGenerator<Buffer> {
    for await (const chunk of this.stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      this.bytesRead += bytes.length;
      yield bytes;
    }
  }

  async *unpacked(): AsyncGenerator<Buffer> {
    const all = this.#all();
    let head = Buffer.alloc(0);
    while (head.length < GZIP_MAGIC.length) {
      const next = await all.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const bytes = startingWith(head, all);
    if (!head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
      yield* bytes;
      return;
    }
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // An error on either side ends the other, and is thrown by the iteration.
    pipeline(Readable.from(bytes, { objectMode: false }), gunzip, () => undefined);
    for await (const chunk of gunzip) if (Buffer.isBuffer(chunk)) yield chunk;
  }
}

async function* startingWith(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

/**
 * Opens a file, plain or gzip, or standard input (`-`). Bytes are read as they are taken. Throws an `ImportError` where the file
 * is not there or cannot be read, also later, while it is read.
 */
export async function openSource(file: string, stdin: Readable = process.stdin): Promise<Source> {
  const isStdin = file === '-';
  const name = isStdin ? 'stdin' : path.basename(file);
  const bytesTotal = isStdin ? undefined : await sizeOf(file);
  const stream = isStdin ? stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const counted = new CountedBytes(stream);
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* counted.unpacked();
    } catch (error) {
      throw error instanceof ImportError ? error : readError(error, name);
    }
  }
  return { name, bytesTotal, bytesRead: () => counted.bytesRead, chunks: chunks(), close: () => stream.destroy() };
}

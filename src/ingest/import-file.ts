import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CommandHandler } from '../eventstore/commands.js';
import type { EventStore, Position } from '../eventstore/event-store.js';
import type { Adapter, ImportFlags, ImportFormat } from './adapter.js';
import { adapterOf } from './adapters.js';
import type { ImportCounts } from './import-counts.js';
import { LineRecorder } from './line-recorder.js';
import { readLines } from './lines.js';
import { openSource } from './source.js';
import type { Source } from './source.js';

export interface ImportFileOptions {
  /** A file, plain or gzip; `-` for standard input. */
  readonly path: string;
  readonly format: ImportFormat;
  /** The format's flags, `symbol` and so on. */
  readonly options: ImportFlags;
  readonly handler: CommandHandler;
  readonly store: EventStore;
  /** Program and version that write quarantined lines. */
  readonly producer?: string;
  /** Called a few times a second at the most, and at the end. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Ends the import behind the line it is at; what was sent is finished. Parked facts that are left then stay parked. */
  readonly signal?: AbortSignal;
  /** Lines that are recorded at a time (512). */
  readonly maxLinesInFlight?: number;
  /** From so many malformed lines on (10,000), when they are more than half, the import ends: the format is another one. */
  readonly maxMalformedLines?: number;
  readonly stdin?: Readable;
}

export interface ImportProgress extends ImportCounts {
  /** Of the file as it lies there, packed or not. */
  readonly bytesRead: number;
  readonly bytesTotal: number | undefined;
  readonly seconds: number;
  readonly linesPerSecond: number;
}

export interface ImportSummary extends ImportCounts {
  readonly file: string;
  readonly format: ImportFormat;
  readonly seconds: number;
  /** Whether the signal ended it early. */
  readonly aborted: boolean;
  /** Of the newest event of this run, to wait for; undefined where nothing was new. */
  readonly position: Position | undefined;
}

const now = (): string => new Date().toISOString();
const PROGRESS_INTERVAL_MS = 100;
const MS_PER_SECOND = 1_000;

function progressReporter(source: Source, recorder: LineRecorder, onProgress: ImportFileOptions['onProgress']) {
  const startedMs = performance.now();
  let reportedMs = startedMs;
  const secondsSince = (nowMs: number): number => (nowMs - startedMs) / MS_PER_SECOND;
  const report = (nowMs: number): void => {
    reportedMs = nowMs;
    const { counts } = recorder.tally;
    const seconds = secondsSince(nowMs);
    onProgress?.({ ...counts, bytesRead: source.bytesRead(), bytesTotal: source.bytesTotal, seconds, linesPerSecond: seconds > 0 ? counts.read / seconds : 0 });
  };
  return {
    tick(): void {
      const nowMs = performance.now();
      if (nowMs - reportedMs >= PROGRESS_INTERVAL_MS) report(nowMs);
    },
    end(): number {
      const nowMs = performance.now();
      report(nowMs);
      return secondsSince(nowMs);
    },
  };
}

/** Sends every line to the recorder. True where the signal ended it early. */
async function sendLines(source: Source, adapter: Pick<Adapter, 'encoding' | 'messages'>, flags: ImportFlags, recorder: LineRecorder, tick: () => void, signal: AbortSignal | undefined): Promise<boolean> {
  const isAborted = (): boolean => signal?.aborted ?? false;
  const stop = (): void => source.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const lines of adapter.messages?.(source.chunks, flags) ?? readLines(source.chunks, adapter.encoding)) {
      for (const line of lines) {
        if (isAborted()) return true;
        await recorder.record(line);
        tick();
      }
    }
    return isAborted();
  } catch (error) {
    // Closing the source under a read ends the read with an error of its own.
    if (isAborted()) return true;
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    source.close();
  }
}

/** As `sendLines`, and waits for what was sent, whatever happened. The first error is the one that is thrown. */
async function sendAndFinish(...given: Parameters<typeof sendLines>): Promise<boolean> {
  const [, , , recorder] = given;
  const [sent] = await Promise.allSettled([sendLines(...given)]);
  const [finished] = await Promise.allSettled([recorder.finish()]);
  if (sent.status === 'rejected') throw sent.reason;
  if (finished.status === 'rejected') throw finished.reason;
  return sent.value;
}

/**
 * Streams a file of any size into the ledger: bounded memory, each order's facts in the order of the lines, malformed lines
 * into the quarantine. Running the same file twice changes nothing, also when the first run was killed.
 *
 * Throws an `ImportOptionError` where a flag is wrong (nothing was read), an `ImportError` where the file cannot be read or the
 * store fails; what was acknowledged until then is kept.
 */
export async function importFile(options: ImportFileOptions): Promise<ImportSummary> {
  const { path, format, options: flags, handler, store, producer = 'fillbook', onProgress, signal, maxLinesInFlight, maxMalformedLines, stdin } = options;
  const adapter = adapterOf(format);
  const source = await openSource(path, stdin);
  const importId = randomUUID();
  const recorder = new LineRecorder({
    parser: adapter.open({ origin: source.name, flags, importId, now }),
    handler,
    writer: { store, producer, importId, now },
    origin: source.name,
    format,
    flags,
    ...(maxLinesInFlight === undefined ? {} : { maxLinesInFlight }),
    ...(maxMalformedLines === undefined ? {} : { maxMalformedLines }),
  });
  const progress = progressReporter(source, recorder, onProgress);
  const aborted = (await sendAndFinish(source, adapter, flags, recorder, () => progress.tick(), signal)) || (await recorder.takeUpParked(signal));
  const seconds = progress.end();
  return { file: source.name, format, ...recorder.tally.counts, seconds, aborted, position: recorder.tally.position };
}

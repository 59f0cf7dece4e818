import { randomUUID } from 'node:crypto';
import { decodeIngestEvent } from '../eventstore/codec.js';
import type { CommandHandler } from '../eventstore/commands.js';
import type { EventStore, Position, RecordedEvent } from '../eventstore/event-store.js';
import { ImportOptionError } from './adapter.js';
import type { ImportFlags, ParsedLine } from './adapter.js';
import { adapterOf } from './adapters.js';
import type { LineQuarantined } from '../eventstore/side-events.js';
import { ImportTally } from './import-counts.js';
import { isLineFault } from './line-faults.js';
import { MAX_CONTENT_LENGTH, noteReplayed } from './quarantine.js';
import type { QuarantineWriter } from './quarantine.js';

export interface ReplayQuarantinedOptions {
  readonly store: EventStore;
  readonly handler: CommandHandler;
  readonly producer?: string;
  /** Only these streams; all where it is left out. */
  readonly streams?: ReadonlySet<string>;
  /** Flags over those of the import, for example a date that was missing or `checksum=ignore`. */
  readonly flags?: ImportFlags;
  readonly signal?: AbortSignal;
}

export interface ReplaySummary {
  /** Lines that were in quarantine. */
  readonly read: number;
  /** Lines that were parsed and recorded now. */
  readonly replayed: number;
  readonly events: number;
  readonly duplicates: number;
  readonly parked: number;
  /** Lines that stay: still malformed, or not what was meant: cut, or of another encoding than their format's. */
  readonly remaining: number;
  readonly position: Position | undefined;
}

type Data = LineQuarantined['data'];

/** The line as it is read now; the error where its format does not take the flags. */
function parseAgain({ origin, line, format, content, options, field, reason }: Data, flags: ImportFlags, writer: QuarantineWriter): ParsedLine | ImportOptionError {
  if (content.length >= MAX_CONTENT_LENGTH) return { kind: 'malformed', reason: 'the line was cut when it was quarantined' };
  if (isLineFault({ field, reason })) return { kind: 'malformed', reason };
  try {
    return adapterOf(format)
      .open({ origin, flags: { ...options, ...flags }, importId: writer.importId, now: writer.now })
      .parse(content, Number(line));
  } catch (error) {
    if (error instanceof ImportOptionError) return error;
    throw error;
  }
}

/** Quarantined lines that were not replayed yet. */
async function* waitingLines(store: EventStore, streams: ReadonlySet<string> | undefined): AsyncGenerator<{ recorded: RecordedEvent; data: Data }> {
  for await (const { events } of store.readAll(undefined, ['quarantine-'])) {
    for (const recorded of events) {
      if (streams && !streams.has(recorded.stream)) continue;
      const event = decodeIngestEvent(recorded);
      if (event.type !== 'LineQuarantined') continue;
      const newest = await store.readLast(recorded.stream);
      if (newest?.revision === recorded.revision) yield { recorded, data: event.data };
    }
  }
}

/** Records a line's facts, in order. False where the ledger refused one. */
async function recordFacts(parsed: Extract<ParsedLine, { kind: 'facts' }>, handler: CommandHandler, tally: ImportTally): Promise<boolean> {
  for (const fact of parsed.facts) {
    const result = await handler.recordOrderFact(fact);
    if (result.kind === 'rejected') return false;
    tally.reached(result.position);
    if (result.kind === 'applied') tally.events += result.eventCount;
    if (result.kind === 'duplicate') tally.duplicates += 1;
    if (result.kind === 'parked') tally.parked += 1;
  }
  return true;
}

/**
 * Parses quarantined lines again, records what they say and notes each as replayed. A line that is still malformed stays.
 * May be run any number of times; killed in between, the facts that were recorded already count once.
 * @throws {ImportOptionError} where no waiting line's format takes the flags: nothing was replayed then.
 */
export async function replayQuarantined(options: ReplayQuarantinedOptions): Promise<ReplaySummary> {
  const { store, handler, producer = 'fillbook', streams, flags = {}, signal } = options;
  const writer: QuarantineWriter = { store, producer, importId: randomUUID(), now: () => new Date().toISOString() };
  const tally = new ImportTally();
  let [replayed, remaining] = [0, 0];
  // Lines of several formats may wait: an option is wrong where none of them has it.
  let isTaken = false;
  let refusal: ImportOptionError | undefined;
  for await (const { recorded, data } of waitingLines(store, streams)) {
    if (signal?.aborted) break;
    tally.read += 1;
    const parsed = parseAgain(data, flags, writer);
    if (parsed instanceof ImportOptionError) {
      refusal ??= parsed;
      remaining += 1;
      continue;
    }
    isTaken = true;
    const isDone = parsed.kind === 'skipped' || (parsed.kind === 'facts' && (await recordFacts(parsed, handler, tally)));
    if (!isDone) {
      remaining += 1;
      continue;
    }
    tally.reached(await noteReplayed(writer, recorded, data, parsed.kind === 'facts' ? parsed.facts.length : 0));
    replayed += 1;
  }
  if (refusal && !isTaken && Object.keys(flags).length > 0) throw refusal;
  const { read, events, duplicates, parked, position } = tally;
  return { read, replayed, events, duplicates, parked, remaining, position };
}

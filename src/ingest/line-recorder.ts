import type { CommandHandler, CommandResult, OrderFact } from '../eventstore/commands.js';
import { Slots } from '../eventstore/slots.js';
import type { ImportFlags, LineParser, ParsedLine } from './adapter.js';
import { ImportError } from './import-error.js';
import { ImportTally } from './import-counts.js';
import { lineFault } from './line-faults.js';
import type { Line } from './lines.js';
import { MAX_CONTENT_LENGTH, quarantineLine } from './quarantine.js';
import type { QuarantineWriter } from './quarantine.js';

/** Lines that are being recorded at a time, unless the import says otherwise: the bound of its memory. */
const MAX_LINES_IN_FLIGHT = 512;
/** A longer line is finished before the next one is taken, so that long lines do not add up. */
const LONG_LINE_LENGTH = 65_536;
/** Parked streams that are looked at again at the end. Those over it wait for whoever takes up parked facts in the ledger. */
const MAX_PARKED_STREAMS = 100_000;
/** From so many malformed lines on, when they are more than half of all, the file is taken to be of another format. */
const MAX_MALFORMED_LINES = 10_000;

export interface LineRecorderOptions {
  readonly parser: LineParser;
  readonly handler: CommandHandler;
  readonly writer: QuarantineWriter;
  readonly origin: string;
  readonly format: string;
  readonly flags: ImportFlags;
  readonly maxLinesInFlight?: number;
  readonly maxMalformedLines?: number;
}

type Malformed = Extract<ParsedLine, { kind: 'malformed' }>;

/**
 * Parses lines and records what they say, many at a time but each order's facts in the order of the lines: the handler is
 * called line by line, without waiting for its answers. A failure of the store ends it; what was sent before is finished.
 */
export class LineRecorder {
  readonly tally = new ImportTally();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #slots: Slots;
  readonly #parkedStreams = new Map<string, number>();
  #failure: ImportError | undefined;

  constructor(private readonly options: LineRecorderOptions) {
    this.#slots = new Slots(options.maxLinesInFlight ?? MAX_LINES_IN_FLIGHT, 1, 'lines');
  }

  /** Takes one line; waits while too many are on their way. Throws the first failure of any line before. */
  async record(line: Line): Promise<void> {
    await this.#slots.acquire();
    if (this.#failure) throw this.#failure;
    this.tally.read += 1;
    const parsed = this.#parsed(line);
    if (parsed.kind === 'skipped') {
      this.tally.skip(parsed.reason);
      this.#slots.release();
      return;
    }
    const done = this.#store(line, parsed).finally(() => {
      this.#slots.release();
      this.#inFlight.delete(done);
    });
    this.#inFlight.add(done);
    if (line.text.length > LONG_LINE_LENGTH) await done;
  }

  /** Waits for everything on its way. Throws the first failure. */
  async finish(): Promise<void> {
    await Promise.all(this.#inFlight);
    if (this.#failure) throw this.#failure;
  }

  /**
   * Records facts that were parked in this run and whose order came later in it. True where the signal ended it early: what it
   * did not come to stays parked, for whoever takes up parked facts in the ledger. Throws an `ImportError` where the store fails.
   */
  async takeUpParked(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await this.#takeUpEach(signal);
      return false;
    } catch (error) {
      if (signal?.aborted) return true;
      throw this.#failureOf(error);
    }
  }

  async #takeUpEach(signal: AbortSignal | undefined): Promise<void> {
    for (const [stream, parked] of this.#parkedStreams) {
      const { takenUp, left, position } = await this.options.handler.takeUpParked(stream, signal);
      // By what is left, not by what was taken up here: another process may have been first.
      this.tally.parked -= Math.max(0, parked - left);
      if (takenUp > 0) this.tally.reached(position);
    }
    this.#parkedStreams.clear();
  }

  #parsed(line: Line): ParsedLine {
    const fault = lineFault(line);
    if (fault) return fault;
    if (line.text.trim() === '') return { kind: 'skipped', reason: 'empty line' };
    return this.options.parser.parse(line.text, line.number);
  }

  /** Never rejects: a failure is kept, and ends the import. */
  async #store(line: Line, parsed: Exclude<ParsedLine, { kind: 'skipped' }>): Promise<void> {
    try {
      if (parsed.kind === 'malformed') await this.#quarantine(line, parsed);
      else await this.#recordFacts(line, parsed.facts);
    } catch (error) {
      this.#failure ??= this.#failureOf(error, line.number);
    }
  }

  #failureOf(error: unknown, lineNumber?: number): ImportError {
    if (error instanceof ImportError) return error;
    return new ImportError('store', this.options.origin, lineNumber, error instanceof Error ? error.message : String(error), { cause: error });
  }

  async #recordFacts(line: Line, facts: readonly OrderFact[]): Promise<void> {
    const results = await Promise.all(facts.map((fact) => this.options.handler.recordOrderFact(fact)));
    const [refused] = results.flatMap((result) => (result.kind === 'rejected' ? [result.rejection] : []));
    for (const result of results) this.#count(result);
    // A fact is refused only where the event contract cannot hold it: the adapter should have known.
    if (refused) await this.#quarantine(line, { kind: 'malformed', reason: refused.message, ...(refused.field === undefined ? {} : { field: refused.field }) });
  }

  #count(result: CommandResult): void {
    this.tally.commands += 1;
    if (result.kind === 'rejected') return;
    this.tally.reached(result.position);
    if (result.kind === 'applied') this.tally.events += result.eventCount;
    if (result.kind === 'duplicate') this.tally.duplicates += 1;
    if (result.kind === 'parked') this.tally.events += 1;
    // A duplicate that waits already waits all the same.
    if (result.kind === 'parked' || result.stream.startsWith('parked-')) this.#noteParked(result.stream);
  }

  #noteParked(stream: string): void {
    this.tally.parked += 1;
    const parked = this.#parkedStreams.get(stream);
    if (parked === undefined && this.#parkedStreams.size >= MAX_PARKED_STREAMS) return;
    this.#parkedStreams.set(stream, (parked ?? 0) + 1);
  }

  async #quarantine({ number, text }: Line, { field, reason }: Malformed): Promise<void> {
    const { origin, format, flags, writer, maxMalformedLines = MAX_MALFORMED_LINES } = this.options;
    this.tally.quarantined += 1;
    if (this.tally.quarantined > maxMalformedLines && this.tally.quarantined * 2 > this.tally.read) {
      throw new ImportError('wrong_format', origin, number, `${this.tally.quarantined} of ${this.tally.read} lines are malformed; is the file of the format ${format}?`);
    }
    const content = text.slice(0, MAX_CONTENT_LENGTH);
    this.tally.reached(await quarantineLine(writer, { origin, lineNumber: number, format, field, reason, content, flags }));
  }
}

import type { Position } from '../eventstore/event-store.js';

/** The most reasons that are counted apart; further ones are counted together. */
const MAX_SKIP_REASONS = 50;
const OTHER_REASONS = 'other reasons';

/** What an import has done so far. */
export interface ImportCounts {
  /** Lines, empty ones too. */
  readonly read: number;
  /** Facts that were sent to the ledger. */
  readonly commands: number;
  /** Events that were new: of orders, and of facts that wait for their order. */
  readonly events: number;
  /** Facts that the ledger had already. */
  readonly duplicates: number;
  /** Facts of the file that wait for their order at its end, those that waited before it too. */
  readonly parked: number;
  /** Malformed lines, those that were in quarantine already too. */
  readonly quarantined: number;
  /** Messages that the ledger does not keep, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Counts while an import runs. */
export class ImportTally {
  read = 0;
  commands = 0;
  events = 0;
  duplicates = 0;
  parked = 0;
  quarantined = 0;
  readonly #skipped = new Map<string, number>();
  #position: Position | undefined;

  skip(reason: string): void {
    const name = this.#skipped.has(reason) || this.#skipped.size < MAX_SKIP_REASONS ? reason : OTHER_REASONS;
    this.#skipped.set(name, (this.#skipped.get(name) ?? 0) + 1);
  }

  /** Notes an event's position; that of the newest one is what a reader waits for. */
  reached(position: Position | undefined): void {
    if (position !== undefined && (this.#position === undefined || position > this.#position)) this.#position = position;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  get counts(): ImportCounts {
    const { read, commands, events, duplicates, parked, quarantined } = this;
    return { read, commands, events, duplicates, parked, quarantined, skipped: Object.fromEntries(this.#skipped) };
  }
}

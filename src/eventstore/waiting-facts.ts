import type { OrderFact } from './commands.js';

/** A fact that waits, under the key of its command. */
export interface ParkedFact {
  readonly key: string;
  readonly fact: OrderFact;
}

/** Seen by the versions from `since` on, until the one that took it up. */
interface Entry {
  readonly parked: ParkedFact;
  readonly since: number;
  takenUpAt: number | undefined;
}

/** What all versions that follow from one another share. */
interface Shared {
  readonly entries: Map<string, Entry[]>;
  newest: number;
  /** Entries that the newest version sees no more. */
  goneCount: number;
}

/** From so many entries on that nobody new sees, they are left behind as soon as they are the most. */
const MIN_GONE = 1_000;

/**
 * The facts that wait in a parked stream, folded from thousands of events: parking and taking up cost no copy, and whoever
 * holds an older version never sees what came later. A second successor of an older version copies what that one sees.
 */
export class WaitingFacts {
  private constructor(
    private readonly shared: Shared,
    private readonly version: number,
    readonly size: number,
  ) {}

  static empty(): WaitingFacts {
    return new WaitingFacts({ entries: new Map(), newest: 0, goneCount: 0 }, 0, 0);
  }

  /** All that wait under a key: more than one where payloads differed. */
  under(key: string): readonly ParkedFact[] {
    return this.#seen(this.shared.entries.get(key) ?? []).map(({ parked }) => parked);
  }

  /** By key, in the order in which the keys came. */
  byKey(): readonly (readonly ParkedFact[])[] {
    return [...this.shared.entries.keys()].map((key) => this.under(key)).filter(({ length }) => length > 0);
  }

  with(parked: ParkedFact): WaitingFacts {
    const shared = this.#successors();
    shared.newest += 1;
    const entry: Entry = { parked, since: shared.newest, takenUpAt: undefined };
    const known = shared.entries.get(parked.key);
    if (known) known.push(entry);
    else shared.entries.set(parked.key, [entry]);
    return new WaitingFacts(shared, shared.newest, this.size + 1);
  }

  /** Without what waits under a key. */
  without(key: string): WaitingFacts {
    const shared = this.#successors();
    const gone = this.#seen(shared.entries.get(key) ?? []);
    shared.newest += 1;
    for (const entry of gone) entry.takenUpAt = shared.newest;
    shared.goneCount += gone.length;
    return new WaitingFacts(shared, shared.newest, this.size - gone.length);
  }

  #seen(entries: readonly Entry[]): readonly Entry[] {
    return entries.filter(({ since, takenUpAt }) => since <= this.version && (takenUpAt === undefined || takenUpAt > this.version));
  }

  /** Where the next version is written: on from here, or in a copy. */
  #successors(): Shared {
    const { newest, goneCount } = this.shared;
    if (newest === this.version && goneCount < Math.max(MIN_GONE, this.size)) return this.shared;
    const copy = new Map<string, Entry[]>();
    for (const [key, entries] of this.shared.entries) {
      const seen = this.#seen(entries).map(({ parked, since }) => ({ parked, since, takenUpAt: undefined }));
      if (seen.length > 0) copy.set(key, seen);
    }
    return { entries: copy, newest: this.version, goneCount: 0 };
  }
}

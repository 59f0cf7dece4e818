import { applyFact } from './apply.js';
import { discrepanciesOf } from './discrepancies.js';
import { waitingTrades } from './executions.js';
import { compareFacts, isBetterCopy, mergeCopies, placeAmong } from './facts.js';
import { GrowingList } from './growing-list.js';
import { NOTHING_KNOWN, isOver, leavesQtyOf, ordStatusOf, orderQtyOf } from './progress.js';
import type { OrderProgress } from './progress.js';
import type { OrderDiscrepancy, OrderExecution, OrderFactEntry, OrderFold, OrderView } from './state.js';

/** A fold of the first `count` facts, from which a longer one goes on. */
interface Folded {
  readonly progress: OrderProgress;
  readonly count: number;
}

const NOTHING_FOLDED: Folded = { progress: NOTHING_KNOWN, count: 0 };

function foldOn(facts: GrowingList<OrderFactEntry>, from: Folded): Folded {
  let { progress, count } = from;
  for (; count < facts.length; count += 1) {
    const entry = facts.get(count);
    if (entry) progress = applyFact(progress, entry);
  }
  return { progress, count };
}

/** A version of a fact that is not folded, against the one that is. */
function conflictOf({ key, place, fact }: OrderFactEntry, folded: OrderFactEntry | undefined): OrderDiscrepancy {
  const conflict = { kind: 'conflicting_fact', field: key, brokers: place.digest, ours: folded?.place.digest ?? '' } as const;
  return fact.type === 'ExecutionRecorded' || fact.type === 'ExecutionCorrected' ? { ...conflict, execId: fact.data.execution.execId } : conflict;
}

const foldedUnder = (facts: GrowingList<OrderFactEntry>, key: string): number => facts.findIndex((entry) => entry.key === key);

/** Whether two versions under one key are the same payload. */
const isCopy = (a: OrderFactEntry, b: OrderFactEntry): boolean => a.key === b.key && a.place.digest === b.place.digest;

const setAside = (conflicts: readonly OrderFactEntry[], entry: OrderFactEntry): readonly OrderFactEntry[] => [...conflicts, entry].toSorted(compareFacts);

function executionsOf({ executions }: OrderProgress): readonly OrderExecution[] {
  const listed = executions.list.toArray();
  return executions.waiting.length === 0 ? listed : [...listed, ...waitingTrades(executions)];
}

function viewOf(progress: OrderProgress, facts: GrowingList<OrderFactEntry>, conflicts: readonly OrderFactEntry[]): OrderView {
  let executions: readonly OrderExecution[] | undefined;
  const discrepancies = discrepanciesOf(progress, facts.length > 0);
  return {
    terms: progress.terms,
    ordStatus: ordStatusOf(progress),
    orderQty: orderQtyOf(progress),
    cumQty: progress.cumQty,
    leavesQty: leavesQtyOf(progress),
    isOver: isOver(progress),
    notional: progress.notional,
    avgPx: progress.avgPx,
    clOrdId: progress.reportedClOrdId ?? progress.placedClOrdId,
    liveClOrdId: progress.liveClOrdId,
    brokerOrderId: progress.brokerOrderId,
    get executions(): readonly OrderExecution[] {
      executions ??= executionsOf(progress);
      return executions;
    },
    discrepancies: conflicts.length === 0 ? discrepancies : [...discrepancies, ...conflicts.map((entry) => conflictOf(entry, facts.get(foldedUnder(facts, entry.key))))],
    openedAt: facts.get(0)?.place.occurredAt,
    changedAt: facts.get(facts.length - 1)?.place.occurredAt,
  };
}

/**
 * The facts of one order, sorted by place, and what they amount to. A fact that sorts last goes on from what is folded; one
 * that belongs earlier folds anew. Nothing is folded before the view is asked for, so that a long stream read from its
 * start, in whatever order its facts came, is folded once.
 */
export class FactFold implements OrderFold {
  readonly #facts: GrowingList<OrderFactEntry>;
  /** Versions of facts that are not folded, sorted by place. */
  readonly #conflicts: readonly OrderFactEntry[];
  /** Of these facts or of a beginning of them: a cache, the same whenever it is filled. */
  #folded: Folded;
  #view: OrderView | undefined;

  private constructor(facts: GrowingList<OrderFactEntry>, conflicts: readonly OrderFactEntry[], folded: Folded) {
    this.#facts = facts;
    this.#conflicts = conflicts;
    this.#folded = folded;
  }

  static readonly empty = new FactFold(GrowingList.empty(), [], NOTHING_FOLDED);

  get facts(): readonly OrderFactEntry[] {
    return this.#facts.toArray();
  }

  get view(): OrderView {
    if (this.#view) return this.#view;
    this.#folded = foldOn(this.#facts, this.#folded);
    this.#view = viewOf(this.#folded.progress, this.#facts, this.#conflicts);
    return this.#view;
  }

  withFact(entry: OrderFactEntry): FactFold {
    const place = placeAmong(this.#facts, entry);
    return new FactFold(this.#facts.inserted(place, entry), this.#conflicts, place >= this.#folded.count ? this.#folded : NOTHING_FOLDED);
  }

  isNews(copy: OrderFactEntry): boolean {
    // Most copies are the same message once more, and stand where it stands.
    const same = this.#facts.get(placeAmong(this.#facts, copy) - 1);
    const known = same && isCopy(same, copy) ? same : this.#versionsOf(copy.key).find((version) => isCopy(version, copy));
    return known !== undefined && isBetterCopy(known, copy);
  }

  /** The versions of the fact under a key, the one that is folded first. */
  #versionsOf(key: string): readonly OrderFactEntry[] {
    const folded = this.#facts.get(foldedUnder(this.#facts, key));
    return folded ? [folded, ...this.#conflicts.filter((version) => version.key === key)] : [];
  }

  /** Whether the fact at `index` may be `better` and nothing of the fold changes: of its place, a fact knows the time alone. */
  #staysPut(index: number, better: OrderFactEntry): boolean {
    const [before, known, after] = [this.#facts.get(index - 1), this.#facts.get(index), this.#facts.get(index + 1)];
    if (known?.fact !== better.fact || known.tradingDay !== better.tradingDay || known.place.occurredAt !== better.place.occurredAt) return false;
    return (!before || compareFacts(before, better) <= 0) && (!after || compareFacts(better, after) <= 0);
  }

  withCopy(entry: OrderFactEntry): FactFold {
    const versions = this.#versionsOf(entry.key);
    const [first, ...others] = versions.map((version) => (isCopy(version, entry) ? mergeCopies(version, entry) : version)).toSorted(compareFacts);
    // A copy of nothing that is known can only come of a stream that was cut: it is the fact then.
    if (!first) return this.withFact(entry);
    const index = foldedUnder(this.#facts, entry.key);
    if (others.length === 0 && this.#staysPut(index, first)) return new FactFold(this.#facts.replaced(index, first), this.#conflicts, this.#folded);
    const rest = this.#conflicts.filter(({ key }) => key !== entry.key);
    const without = new FactFold(this.#facts.removed(index), [...rest, ...others].toSorted(compareFacts), NOTHING_FOLDED);
    return without.withFact(first);
  }

  withConflict(entry: OrderFactEntry): FactFold {
    const index = foldedUnder(this.#facts, entry.key);
    const folded = this.#facts.get(index);
    if (!folded || compareFacts(folded, entry) <= 0) return new FactFold(this.#facts, setAside(this.#conflicts, entry), this.#folded);
    return new FactFold(this.#facts.removed(index), setAside(this.#conflicts, folded), NOTHING_FOLDED).withFact(entry);
  }
}

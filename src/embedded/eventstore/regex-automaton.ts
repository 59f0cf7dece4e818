import { type CodeUnitSet, boundaryWordSet, countUpTo, hasUnit } from './code-unit-set.js';
import type { Anchor, RegexNode } from './regex-syntax.js';

/** So many instructions may an expression have once its counted repetitions are written out. */
export const MOST_INSTRUCTIONS = 10_000;
/** Known states are forgotten once they hold so many threads and transitions together: bounds the memory of a filter. */
const MOST_KNOWN = 50_000;
/** Steps of work that going into one thread of a state costs, against following a known transition. */
const STEPS_A_THREAD = 8;

const END = -1;
const FINAL_NEWLINE = -2;
const NEWLINE = 10;

type Before = 'start' | 'newline' | 'word' | 'other';

type Instruction =
  | { readonly kind: 'set'; readonly set: CodeUnitSet; readonly next: number }
  | { readonly kind: 'anchor'; readonly anchor: Anchor; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'match' };

interface State {
  readonly threads: readonly number[];
  readonly before: Before;
  readonly following: Map<number, State | 'match' | 'dead'>;
}

/** Told of work as it is done; throws to stop it. */
export type Spend = (steps: number) => void;

/** Instructions of `node`, its repetitions written out; Infinity with a look-around, which an automaton does not have. */
export function instructionCount(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
    case 'anchor':
      return 1;
    case 'sequence':
    case 'choice':
      return node.nodes.reduce((sum, inner) => sum + instructionCount(inner), 1);
    case 'repeat':
      return (instructionCount(node.node) + 1) * Math.max(1, node.most === Infinity ? node.least + 1 : node.most);
    case 'look':
      return Infinity;
  }
}

/** Adds `node` and answers where it starts; `next` is what follows it. */
function addNode(program: Instruction[], node: RegexNode, next: number): number {
  if (node.kind === 'look') throw new TypeError('an automaton has no look-around');
  if (node.kind === 'set' || node.kind === 'anchor') return program.push({ ...node, next }) - 1;
  if (node.kind === 'sequence') return node.nodes.reduceRight((after, inner) => addNode(program, inner, after), next);
  if (node.kind === 'choice') return program.push({ kind: 'fork', next: node.nodes.map((inner) => addNode(program, inner, next)) }) - 1;
  let start = next;
  if (node.most === Infinity) {
    const ways = [next];
    start = program.push({ kind: 'fork', next: ways }) - 1;
    ways.push(addNode(program, node.node, start));
  } else {
    for (let count = node.least; count < node.most; count += 1) {
      start = program.push({ kind: 'fork', next: [next, addNode(program, node.node, start)] }) - 1;
    }
  }
  for (let count = 0; count < node.least; count += 1) start = addNode(program, node.node, start);
  return start;
}

/**
 * Matches in time linear in the text: a deterministic automaton whose states are found when they are first met.
 * The expression has no look-around and at most MOST_INSTRUCTIONS instructions.
 */
export class RegexAutomaton {
  readonly #program: Instruction[] = [{ kind: 'match' }];
  readonly #start: number;
  readonly #word: CodeUnitSet;
  /** Firsts of the ranges of code units that no set tells apart. */
  readonly #bounds: readonly number[];
  readonly #marks: Uint32Array;
  #mark = 0;
  #states = new Map<string, State>();
  #known = 0;

  /** @param anchored it can only match at the start of the text */
  constructor(
    node: RegexNode,
    private readonly anchored: boolean,
  ) {
    this.#start = addNode(this.#program, node, 0);
    this.#marks = new Uint32Array(this.#program.length);
    const usesWords = this.#program.some((step) => step.kind === 'anchor' && step.anchor.toLowerCase().includes('boundary'));
    this.#word = usesWords ? boundaryWordSet() : [];
    const sets = new Set(this.#program.flatMap((step) => (step.kind === 'set' ? [step.set] : [])));
    const bounds = new Set([0, NEWLINE, NEWLINE + 1]);
    for (const set of [this.#word, ...sets]) for (const [at, unit] of set.entries()) bounds.add(at % 2 === 0 ? unit : unit + 1);
    this.#bounds = [...bounds].toSorted((a, b) => a - b);
  }

  /** Whether the expression matches anywhere in `text`. */
  test(text: string, spend: Spend): boolean {
    let state = this.#state([], 'start');
    for (let at = 0; at <= text.length; at += 1) {
      const symbol = this.#symbolAt(text, at);
      spend(1);
      let following = state.following.get(symbol);
      if (following === undefined) {
        following = this.#follow(state, symbol, spend);
        state.following.set(symbol, following);
        this.#known += 1;
      }
      if (following === 'match') return true;
      if (following === 'dead') return false;
      state = following;
    }
    return false;
  }

  #symbolAt(text: string, at: number): number {
    if (at === text.length) return END;
    const unit = text.charCodeAt(at);
    return unit === NEWLINE && at === text.length - 1 ? FINAL_NEWLINE : countUpTo(this.#bounds, unit) - 1;
  }

  #state(threads: readonly number[], before: Before): State {
    const key = `${before} ${threads.join()}`;
    const found = this.#states.get(key);
    if (found !== undefined) return found;
    if (this.#known > MOST_KNOWN) {
      for (const { following } of this.#states.values()) following.clear();
      this.#states = new Map();
      this.#known = 0;
    }
    const state: State = { threads, before, following: new Map() };
    this.#states.set(key, state);
    this.#known += threads.length + 1;
    return state;
  }

  /** The state after `symbol`, whose code units all lead to the same. */
  #follow({ threads, before }: State, symbol: number, spend: Spend): State | 'match' | 'dead' {
    const unit = symbol === END ? undefined : symbol === FINAL_NEWLINE ? NEWLINE : this.#bounds[symbol];
    const isWord = unit !== undefined && hasUnit(this.#word, unit);
    const open = before === 'start' || !this.anchored ? [...threads, this.#start] : [...threads];
    const after = new Set<number>();
    this.#mark += 1;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const step = this.#program[at];
      spend(STEPS_A_THREAD);
      if (step === undefined || this.#marks[at] === this.#mark) continue;
      this.#marks[at] = this.#mark;
      if (step.kind === 'match') return 'match';
      if (step.kind === 'fork') open.push(...step.next);
      else if (step.kind === 'anchor') {
        if (holds(step.anchor, before, symbol, unit, isWord)) open.push(step.next);
      } else if (unit !== undefined && hasUnit(step.set, unit)) after.add(step.next);
    }
    if (unit === undefined || (after.size === 0 && this.anchored)) return 'dead';
    const kind = unit === NEWLINE ? 'newline' : isWord ? 'word' : 'other';
    return this.#state([...after].toSorted((a, b) => a - b), kind);
  }
}

/** Whether a place between two characters is what `anchor` asks for. */
function holds(anchor: Anchor, before: Before, symbol: number, unit: number | undefined, isWord: boolean): boolean {
  switch (anchor) {
    case 'start':
      return before === 'start';
    case 'end':
      return symbol === END;
    case 'lastLineEnd':
      return symbol === END || symbol === FINAL_NEWLINE;
    case 'lineStart':
      return before === 'start' || before === 'newline';
    case 'lineEnd':
      return symbol === END || unit === NEWLINE;
    case 'boundary':
      return (before === 'word') !== isWord;
    case 'noBoundary':
      return (before === 'word') === isWord;
  }
}

import { RegexAutomaton, type Spend, MOST_INSTRUCTIONS, instructionCount } from './regex-automaton.js';
import { backtrackingSteps, isAnchored, nativeLength, withoutLooks, writeNative } from './regex-native.js';
import { RegexReader, RegexSyntaxError } from './regex-reader.js';
import { type RegexNode, readRegex } from './regex-syntax.js';

/** Matches that take at most so many steps of JavaScript's engine are left to it: at 512 kB of events at once, some milliseconds. */
const FEW_STEPS = 1_000;
/** …and so many more for each character of the name. */
const FEW_STEPS_A_CHARACTER = 8;
/** JavaScript's engine is only given what it compiles in no time. */
const LONGEST_NATIVE = 64 * 1024;
/** The estimate for JavaScript's engine is far over what it does, and a step of it is a cheap one. */
const NATIVE_STEPS_A_STEP = 8;

const SHORT_NAME = 20;
const MOST_STEPS_SHORT_NAME = 1_000_000;

/** Whether the expression matches a text; tells `spend` of the steps if they may be many. */
export type RegexTest = (text: string, spend: Spend) => boolean;

/**
 * A test for a .NET regular expression (RegexOptions.None, invariant culture). Expressions that cannot backtrack much run on
 * JavaScript's engine, all others as an automaton; only a look-around that is not right at the start needs the former always.
 * @throws RegexSyntaxError for what is no expression, is too large or cannot be followed exactly
 */
export function regexTest(source: string): RegexTest {
  const node = readRegex(new RegexReader(source));
  const automaton = automatonTest(node);
  const stepsFor = backtrackingSteps(node);
  if (automaton === undefined) refuseLarge(node, stepsFor);
  if (nativeLength(node) > LONGEST_NATIVE) return (text, spend) => automaton?.()(text, spend) ?? false;
  const native = new RegExp(writeNative(node));
  if (stepsFor(0) === stepsFor(1) && stepsFor(0) <= FEW_STEPS) return (text) => native.test(text);
  return (text, spend) => {
    const steps = stepsFor(text.length);
    if (steps <= FEW_STEPS + FEW_STEPS_A_CHARACTER * text.length) return native.test(text);
    if (automaton !== undefined) return automaton()(text, spend);
    spend(steps / NATIVE_STEPS_A_STEP);
    return native.test(text);
  };
}

/** Refuses what only JavaScript's engine could do, where that may take long even on a short name. */
function refuseLarge(node: RegexNode, stepsFor: (length: number) => number): void {
  if (instructionCount(withoutLooks(node)) > MOST_INSTRUCTIONS || nativeLength(node) > LONGEST_NATIVE) {
    throw new RegexSyntaxError('it is too large once its repetitions and classes are written out');
  }
  if (stepsFor(SHORT_NAME) > MOST_STEPS_SHORT_NAME) {
    throw new RegexSyntaxError('a look-around that is not right after the first ^ stands beside repetitions that can take too long');
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** undefined for what no automaton can do: too large, or with a look-around that is not at the start. */
function automatonTest(node: RegexNode): (() => RegexTest) | undefined {
  const parts = withoutLeadingLooks(node);
  if (parts.reduce((sum, part) => sum + instructionCount(part.node), 0) > MOST_INSTRUCTIONS) return undefined;
  return once(() => {
    const automata = parts.map((part) => ({ automaton: new RegexAutomaton(part.node, isAnchored(part.node)), wanted: part.wanted }));
    return (text, spend) => automata.every(({ automaton, wanted }) => automaton.test(text, spend) === wanted);
  });
}

/** `^(?!a)(?=b)c` as what must all hold: not `^a`, `^b`, `^c`. */
function withoutLeadingLooks(node: RegexNode): { readonly node: RegexNode; readonly wanted: boolean }[] {
  const [start, ...rest] = node.kind === 'sequence' ? node.nodes : [];
  if (start?.kind !== 'anchor' || start.anchor !== 'start') return [{ node, wanted: true }];
  const end = rest.findIndex((inner) => inner.kind !== 'look' || inner.behind);
  const count = end === -1 ? rest.length : end;
  const looks = rest.slice(0, count).flatMap((inner) => (inner.kind === 'look' ? [inner] : []));
  return [
    ...looks.map((look) => ({ node: anchoredAt(start, [look.node]), wanted: look.wanted })),
    { node: anchoredAt(start, rest.slice(count)), wanted: true },
  ];
}

const anchoredAt = (start: RegexNode, nodes: readonly RegexNode[]): RegexNode => ({ kind: 'sequence', nodes: [start, ...nodes] });

import { type CodeUnitSet, boundaryWordSet, rangesOf } from './code-unit-set.js';
import { instructionCount } from './regex-automaton.js';
import type { Anchor, RegexNode } from './regex-syntax.js';

const hex = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;

function writeSet(set: CodeUnitSet): string {
  const [first, last] = set;
  if (set.length === 2 && first !== undefined && first === last) return hex(first);
  return `[${[...rangesOf(set)].map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join('')}]`;
}

function writeAnchor(anchor: Anchor): string {
  const word = anchor.endsWith('oundary') ? writeSet(boundaryWordSet()) : '';
  const written: Record<Anchor, string> = {
    start: '^',
    end: '$',
    lastLineEnd: String.raw`(?=\n?$)`,
    lineStart: String.raw`(?<![^\n])`,
    lineEnd: String.raw`(?![^\n])`,
    boundary: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
    noBoundary: `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
  };
  return written[anchor];
}

/** Writes the expression for JavaScript, without flags. */
export function writeNative(node: RegexNode): string {
  switch (node.kind) {
    case 'set':
      return writeSet(node.set);
    case 'anchor':
      return writeAnchor(node.anchor);
    case 'sequence':
      return node.nodes.map((inner) => (inner.kind === 'choice' ? `(?:${writeNative(inner)})` : writeNative(inner))).join('');
    case 'choice':
      return node.nodes.map(writeNative).join('|');
    case 'repeat':
      return `(?:${writeNative(node.node)}){${node.least},${node.most === Infinity ? '' : node.most}}`;
    case 'look':
      return `(?${node.behind ? '<' : ''}${node.wanted ? '=' : '!'}${writeNative(node.node)})`;
  }
}

/** About how many characters `writeNative` would write. */
export function nativeLength(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
      return node.set.length * 6 + 2;
    case 'anchor':
      return node.anchor.endsWith('oundary') ? boundaryWordSet().length * 24 : 10;
    case 'repeat':
    case 'look':
      return nativeLength(node.node) + 30;
    case 'sequence':
    case 'choice':
      return node.nodes.reduce((sum, inner) => sum + nativeLength(inner) + 4, 0);
  }
}

/** In how many ways at most a part can match from one place on, in a text of n characters: `factor` × n^`power`. */
interface Ways {
  readonly factor: number;
  readonly power: number;
}

const ONE_WAY: Ways = { factor: 1, power: 0 };

function waysOf(node: RegexNode): Ways {
  switch (node.kind) {
    case 'set':
    case 'anchor':
      return ONE_WAY;
    case 'look':
      return waysOf(node.node);
    case 'sequence':
      return node.nodes.map(waysOf).reduce((all, { factor, power }) => ({ factor: all.factor * factor, power: all.power + power }), ONE_WAY);
    case 'choice':
      return node.nodes.map(waysOf).reduce((all, { factor, power }) => ({ factor: all.factor + factor, power: Math.max(all.power, power) }));
    case 'repeat':
      return waysToRepeat(waysOf(node.node), node.least, node.most);
  }
}

function waysToRepeat({ factor, power }: Ways, least: number, most: number): Ways {
  const single = factor === 1 && power === 0;
  if (most === Infinity) return single ? { factor: 1, power: 1 } : { factor: Infinity, power: 0 };
  const counts = most - least + 1;
  return single ? { factor: counts, power: 0 } : { factor: counts * factor ** most, power: power * most };
}

const startsAtStart = (node: RegexNode): boolean =>
  (node.kind === 'anchor' && node.anchor === 'start') ||
  (node.kind === 'sequence' && node.nodes[0] !== undefined && startsAtStart(node.nodes[0])) ||
  (node.kind === 'choice' && node.nodes.every(startsAtStart));

/** Whether it can match nowhere but at the start of the text. */
export const isAnchored = startsAtStart;

/** The same with groups for look-arounds: to measure it. */
export const withoutLooks = (node: RegexNode): RegexNode => {
  if (node.kind === 'set' || node.kind === 'anchor') return node;
  if (node.kind === 'look') return { kind: 'sequence', nodes: [withoutLooks(node.node)] };
  if (node.kind === 'repeat') return { ...node, node: withoutLooks(node.node) };
  return { ...node, nodes: node.nodes.map(withoutLooks) };
};

/** How many steps at most a backtracking engine takes for a text of `length` characters: what it does at each place, over all its ways. */
export function backtrackingSteps(node: RegexNode): (length: number) => number {
  const { factor, power } = waysOf(node);
  const size = instructionCount(withoutLooks(node));
  const exponent = power + (isAnchored(node) ? 0 : 1);
  return (length) => factor * size * (length + 1) ** exponent;
}

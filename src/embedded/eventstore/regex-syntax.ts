import { type CodeUnitSet, complementOf, singleUnit, ANY_UNIT } from './code-unit-set.js';
import type { RegexReader } from './regex-reader.js';
import { readCharacter, readClass, readSetEscape, withBothCases } from './regex-class.js';

/** A place between characters; `lineStart` and `lineEnd` are `^` and `$` with `m`, `lastLineEnd` is `$` without: also before a final newline. */
export type Anchor = 'start' | 'end' | 'lastLineEnd' | 'lineStart' | 'lineEnd' | 'boundary' | 'noBoundary';

/** An expression as .NET reads it. Nothing says what is captured or lazy: whether a text matches does not depend on it. */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: CodeUnitSet }
  | { readonly kind: 'anchor'; readonly anchor: Anchor }
  | { readonly kind: 'sequence'; readonly nodes: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly nodes: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly node: RegexNode; readonly least: number; readonly most: number }
  | { readonly kind: 'look'; readonly node: RegexNode; readonly behind: boolean; readonly wanted: boolean };

interface Options {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly x: boolean;
}

const NO_OPTIONS: Options = { i: false, m: false, s: false, x: false };
const DEEPEST = 100;
const MOST_REPEATS = 2_147_483_647;
const NOT_NEWLINE = complementOf(singleUnit(10));

const ESCAPED_ANCHORS: Readonly<Record<string, Anchor>> = { A: 'start', G: 'start', z: 'end', Z: 'lastLineEnd', b: 'boundary', B: 'noBoundary' };

const LOOKS: readonly (readonly [string, { readonly behind: boolean; readonly wanted: boolean }])[] = [
  ['?=', { behind: false, wanted: true }],
  ['?!', { behind: false, wanted: false }],
  ['?<=', { behind: true, wanted: true }],
  ['?<!', { behind: true, wanted: false }],
];

const UNSUPPORTED_GROUPS: readonly (readonly [RegExp, string])[] = [
  [/\?>/y, 'an atomic group (?>…)'],
  [/\?\(/y, 'a conditional (?(…)…)'],
  [/\?[<']\w*-/y, 'a balancing group'],
];

/** Skips what is no part of the expression: comments, and with `x` spaces too. */
function skipBlanks(reader: RegexReader, { x }: Options): void {
  for (;;) {
    if (reader.take(/\(\?#/y) !== undefined) {
      if (reader.take(/[^)]*\)/y) === undefined) throw reader.error('the comment (?#… does not end');
    } else if (!x || reader.take(/[\t\n\f\r ]+|#[^\n]*\n?/y) === undefined) return;
  }
}

function changed(options: Options, letters: string): Options {
  const next = { ...options };
  let on = true;
  for (const letter of letters) {
    if (letter === '-' || letter === '+') on = letter === '+';
    else if (letter === 'i' || letter === 'm' || letter === 's' || letter === 'x') next[letter] = on;
    // n says what is captured, nothing about what matches.
  }
  return next;
}

/** Reads alternatives up to `)` or the end. */
function readChoice(reader: RegexReader, given: Options, depth: number): RegexNode {
  if (depth > DEEPEST) throw reader.error(`groups are nested deeper than ${DEEPEST}`);
  let options = given;
  const choices: RegexNode[] = [];
  let nodes: RegexNode[] = [];
  for (;;) {
    skipBlanks(reader, options);
    if (reader.atEnd || reader.sees(')')) break;
    const inline = reader.take(/\(\?([-+imnsx]+)\)/y);
    if (inline !== undefined) options = changed(options, inline.slice(2, -1));
    else if (reader.take(/\|/y) !== undefined) {
      choices.push({ kind: 'sequence', nodes });
      nodes = [];
    } else nodes.push(readRepeats(reader, readAtom(reader, options, depth), options));
  }
  const last: RegexNode = { kind: 'sequence', nodes };
  return choices.length === 0 ? last : { kind: 'choice', nodes: [...choices, last] };
}

function readGroup(reader: RegexReader, options: Options, depth: number): RegexNode {
  for (const [form, name] of UNSUPPORTED_GROUPS) if (reader.take(form) !== undefined) throw reader.unsupported(name);
  const look = LOOKS.find(([form]) => reader.takeText(form));
  let inner = options;
  if (look === undefined) {
    const letters = reader.take(/\?[-+imnsx]*:/y);
    if (letters !== undefined) inner = changed(options, letters.slice(1, -1));
    else if (reader.take(/\?<([A-Za-z_]\w*|[1-9]\d*)>|\?'([A-Za-z_]\w*|[1-9]\d*)'/y) === undefined && reader.sees('?')) {
      throw reader.error('the group (?… is of no known kind');
    }
  }
  const node = readChoice(reader, inner, depth + 1);
  if (!reader.takeText(')')) throw reader.error('a ) is missing');
  return look === undefined ? node : { kind: 'look', node, ...look[1] };
}

/** Whether the number after the backslash may be a group's; one that no group can have is octal. */
function isGroupNumber(reader: RegexReader): boolean {
  const digits = reader.decimalAhead();
  if (digits === '' || digits.startsWith('0')) return false;
  return digits.length === 1 || Number(digits) < reader.source.split('(').length || /\(\?[<']\d/.test(reader.source);
}

function readEscape(reader: RegexReader, options: Options): RegexNode {
  const letter = reader.peek(1);
  const anchor = Object.hasOwn(ESCAPED_ANCHORS, letter) ? ESCAPED_ANCHORS[letter] : undefined;
  if (anchor !== undefined) {
    reader.skip(2);
    return { kind: 'anchor', anchor };
  }
  if (/[k<']/.test(letter) || isGroupNumber(reader)) throw reader.unsupported('a back-reference');
  const set = readSetEscape(reader, options.i);
  return { kind: 'set', set: set ?? withBothCases(reader, singleUnit(readCharacter(reader)), options.i) };
}

function readAtom(reader: RegexReader, options: Options, depth: number): RegexNode {
  if (reader.takeText('(')) return readGroup(reader, options, depth);
  if (reader.takeText('[')) return { kind: 'set', set: readClass(reader, options.i, 0) };
  if (reader.takeText('.')) return { kind: 'set', set: options.s ? ANY_UNIT : NOT_NEWLINE };
  if (reader.takeText('^')) return { kind: 'anchor', anchor: options.m ? 'lineStart' : 'start' };
  if (reader.takeText('$')) return { kind: 'anchor', anchor: options.m ? 'lineEnd' : 'lastLineEnd' };
  if (reader.sees('\\')) return readEscape(reader, options);
  if (reader.take(/[*+?]|\{\d+(?:,\d*)?\}/y) !== undefined) throw reader.error('a quantifier follows nothing');
  return { kind: 'set', set: withBothCases(reader, singleUnit(reader.next()), options.i) };
}

function readQuantifier(reader: RegexReader): { least: number; most: number } | undefined {
  const found = reader.take(/[*+?]|\{\d+(?:,\d*)?\}/y);
  if (found === undefined) return undefined;
  if (found === '*') return { least: 0, most: Infinity };
  if (found === '+') return { least: 1, most: Infinity };
  if (found === '?') return { least: 0, most: 1 };
  const [first = '', second] = found.slice(1, -1).split(',');
  const least = Number(first);
  const most = second === undefined ? least : second === '' ? Infinity : Number(second);
  if (least > MOST_REPEATS || (most > MOST_REPEATS && most !== Infinity)) throw reader.error(`${found} is out of range`);
  if (most < least) throw reader.error(`${found}: the bounds are the wrong way round`);
  return { least, most };
}

function readRepeats(reader: RegexReader, node: RegexNode, options: Options): RegexNode {
  skipBlanks(reader, options);
  const quantifier = readQuantifier(reader);
  if (quantifier === undefined) return node;
  skipBlanks(reader, options);
  reader.take(/\?/y);
  skipBlanks(reader, options);
  if (readQuantifier(reader) !== undefined) throw reader.error('a quantifier follows a quantifier (.NET has no possessive ones)');
  return { kind: 'repeat', node, ...quantifier };
}

/**
 * Reads a regular expression as .NET does, with RegexOptions.None and the invariant culture.
 * @throws RegexSyntaxError that says where and why: no expression, or one that cannot be followed exactly
 */
export function readRegex(reader: RegexReader): RegexNode {
  const node = readChoice(reader, NO_OPTIONS, 0);
  if (!reader.atEnd) throw reader.error('there is a ) too many');
  return node;
}


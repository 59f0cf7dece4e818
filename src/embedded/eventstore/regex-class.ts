import { type CodeUnitSet, complementOf, differenceOf, namedSet, rangesOf, shorthandSet, unionOf, unitSet } from './code-unit-set.js';
import type { RegexReader } from './regex-reader.js';

const DEEPEST_SUBTRACTION = 20;
const CONTROLS: Readonly<Record<string, number>> = { a: 7, b: 8, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };
const KELVIN_SIGN = 0x21_2a;

/** `set` with the other case of its letters if `ignoreCase`. Only ASCII: .NET's further tables depend on its version and culture. */
export function withBothCases(reader: RegexReader, set: CodeUnitSet, ignoreCase: boolean): CodeUnitSet {
  if (!ignoreCase) return set;
  const added: [number, number][] = [];
  for (const [first, last] of rangesOf(set)) {
    if (last > 0x7f) throw reader.unsupported('a character beyond ASCII together with the option i');
    for (let unit = first; unit <= last; unit += 1) {
      if (/[A-Za-z]/.test(String.fromCharCode(unit))) added.push([unit ^ 0x20, unit ^ 0x20]);
      if (unit === 0x4b || unit === 0x6b) added.push([KELVIN_SIGN, KELVIN_SIGN]);
    }
  }
  return unionOf(set, unitSet(added));
}

/** Takes `\d`, `\W`, `\p{…}` and their like, if one is next. */
export function readSetEscape(reader: RegexReader, ignoreCase: boolean): CodeUnitSet | undefined {
  const shorthand = reader.sees('\\') ? shorthandSet(reader.peek(1)) : undefined;
  if (shorthand !== undefined) {
    reader.skip(2);
    return shorthand;
  }
  const property = reader.take(/\\[pP]\{[\w-]+\}/y);
  if (property === undefined) {
    if (/^[pP]$/.test(reader.peek(1)) && reader.sees('\\')) throw reader.error(String.raw`\p wants a name in braces`);
    return undefined;
  }
  if (ignoreCase) throw reader.unsupported(`${property} together with the option i`);
  const set = namedSet(property.slice(3, -1), property.startsWith(String.raw`\P`));
  if (set === undefined) throw reader.unsupported(`the category or block in ${property}`);
  return set;
}

/** Takes a backslash and the one character that it and what follows stand for. */
export function readCharacter(reader: RegexReader): number {
  reader.skip(1);
  const octal = reader.take(/[0-7]{1,3}/y);
  if (octal !== undefined) return Number.parseInt(octal, 8) & 0xff;
  const hex = reader.take(/x[\da-fA-F]{2}|u[\da-fA-F]{4}/y);
  if (hex !== undefined) return Number.parseInt(hex.slice(1), 16);
  const control = reader.take(/c[@-_a-z]/y);
  if (control !== undefined) return control.toUpperCase().charCodeAt(1) - 0x40;
  const letter = reader.peek(0);
  const unit = reader.next();
  if (Object.hasOwn(CONTROLS, letter)) return CONTROLS[letter] ?? unit;
  if (/[\p{L}\p{Mn}\p{Nd}\p{Pc}\u200C\u200D]/u.test(letter)) throw reader.error(`\\${letter} is no known escape`);
  return unit;
}

/** Reads a class after its `[`: ranges, escapes, and at the end a subtraction `-[…]`. */
export function readClass(reader: RegexReader, ignoreCase: boolean, depth: number): CodeUnitSet {
  if (depth > DEEPEST_SUBTRACTION) throw reader.error(`subtractions are nested deeper than ${DEEPEST_SUBTRACTION}`);
  const negated = reader.takeText('^');
  const ranges: [number, number][] = [];
  const sets = new Set<CodeUnitSet>();
  let without: CodeUnitSet | undefined;
  for (let first = true; first || !reader.sees(']'); first = false) {
    if (reader.atEnd) throw reader.error('a ] is missing');
    if (reader.sees('[:')) throw reader.unsupported('[: in a class');
    const set = readSetEscape(reader, ignoreCase);
    if (set !== undefined) sets.add(set);
    else if (!first && reader.takeText('-[')) {
      without = readSubtraction(reader, ignoreCase, depth);
      break;
    } else {
      const unit = readClassCharacter(reader);
      if (reader.sees('-[')) ranges.push([unit, unit]);
      else ranges.push([unit, readRangeEnd(reader, unit)]);
    }
  }
  reader.skip(1);
  reader.charge([...sets].reduce((sum, { length }) => sum + length, 0) + (without?.length ?? 0));
  const all = unionOf(withBothCases(reader, unitSet(ranges), ignoreCase), ...sets);
  const wanted = negated ? complementOf(all) : all;
  return without === undefined ? wanted : differenceOf(wanted, without);
}

function readSubtraction(reader: RegexReader, ignoreCase: boolean, depth: number): CodeUnitSet {
  const set = readClass(reader, ignoreCase, depth + 1);
  if (!reader.sees(']')) throw reader.error('a subtraction is not the last in its class');
  return set;
}

const readClassCharacter = (reader: RegexReader): number => (reader.sees('\\') ? readCharacter(reader) : reader.next());

/** The last of the range that starts with `first`: `first` itself where no range follows. */
function readRangeEnd(reader: RegexReader, first: number): number {
  if (reader.peek(0) !== '-' || reader.peek(1) === ']') return first;
  reader.skip(1);
  if (reader.sees('\\') && (shorthandSet(reader.peek(1)) !== undefined || /[pP]/.test(reader.peek(1)))) {
    throw reader.error('a class cannot end a range');
  }
  const last = readClassCharacter(reader);
  if (last < first) throw reader.error('a range in a class is the wrong way round');
  return last;
}

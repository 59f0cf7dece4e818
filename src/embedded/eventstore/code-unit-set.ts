/**
 * A set of UTF-16 code units as ascending inclusive ranges, flat: `[first, last, first, last, …]`.
 * .NET's expressions see code units, not code points: a character outside the basic plane is two of category Cs.
 */
export type CodeUnitSet = readonly number[];

const LAST_UNIT = 0xff_ff;

const NO_UNIT: CodeUnitSet = [];
export const ANY_UNIT: CodeUnitSet = [0, LAST_UNIT];

export const singleUnit = (unit: number): CodeUnitSet => [unit, unit];

/** `ranges` may overlap and come in any order. */
export function unitSet(ranges: readonly (readonly [number, number])[]): CodeUnitSet {
  const set: number[] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const end = set.at(-1);
    if (end !== undefined && first <= end + 1) set[set.length - 1] = Math.max(end, last);
    else set.push(first, last);
  }
  return set;
}

/** The ranges of a set, first and last unit, in order. */
export function* rangesOf(set: CodeUnitSet): Generator<readonly [number, number]> {
  for (let at = 0; at < set.length; at += 2) yield [set[at] ?? 0, set[at + 1] ?? 0];
}

export const unionOf = (...sets: readonly CodeUnitSet[]): CodeUnitSet => unitSet(sets.flatMap((set) => Array.from(rangesOf(set))));

/** All units that are not in a set. */
export function complementOf(set: CodeUnitSet): CodeUnitSet {
  const ranges: number[] = [];
  let next = 0;
  for (const [first, last] of rangesOf(set)) {
    if (first > next) ranges.push(next, first - 1);
    next = last + 1;
  }
  if (next <= LAST_UNIT) ranges.push(next, LAST_UNIT);
  return ranges;
}

export const differenceOf = (set: CodeUnitSet, without: CodeUnitSet): CodeUnitSet =>
  complementOf(unionOf(complementOf(set), without));

/** How many of the ascending `bounds` are at or below `value`. */
export function countUpTo(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a unit is in a set, by binary search. */
export function hasUnit(set: CodeUnitSet, unit: number): boolean {
  const count = countUpTo(set, unit);
  return count % 2 === 1 || set[count - 1] === unit;
}

const CATEGORIES = new Set(
  'L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Cs Co Cn'.split(' '),
);

/** Named blocks of .NET's table, those that names of streams and types may well hold. */
const BLOCKS: Readonly<Record<string, readonly [number, number]>> = {
  IsBasicLatin: [0x00_00, 0x00_7f],
  'IsLatin-1Supplement': [0x00_80, 0x00_ff],
  'IsLatinExtended-A': [0x01_00, 0x01_7f],
  'IsLatinExtended-B': [0x01_80, 0x02_4f],
  IsIPAExtensions: [0x02_50, 0x02_af],
  IsCombiningDiacriticalMarks: [0x03_00, 0x03_6f],
  IsGreek: [0x03_70, 0x03_ff],
  IsGreekandCoptic: [0x03_70, 0x03_ff],
  IsCyrillic: [0x04_00, 0x04_ff],
  IsArmenian: [0x05_30, 0x05_8f],
  IsHebrew: [0x05_90, 0x05_ff],
  IsArabic: [0x06_00, 0x06_ff],
  IsDevanagari: [0x09_00, 0x09_7f],
  IsThai: [0x0e_00, 0x0e_7f],
  IsHangulJamo: [0x11_00, 0x11_ff],
  IsGeneralPunctuation: [0x20_00, 0x20_6f],
  IsCurrencySymbols: [0x20_a0, 0x20_cf],
  IsArrows: [0x21_90, 0x21_ff],
  IsMathematicalOperators: [0x22_00, 0x22_ff],
  IsHiragana: [0x30_40, 0x30_9f],
  IsKatakana: [0x30_a0, 0x30_ff],
  IsCJKUnifiedIdeographs: [0x4e_00, 0x9f_ff],
  IsHangulSyllables: [0xac_00, 0xd7_af],
};

const known = new Map<string, CodeUnitSet>();

function cached(name: string, make: () => CodeUnitSet): CodeUnitSet {
  const found = known.get(name) ?? make();
  known.set(name, found);
  return found;
}

const categorySet = (name: string): CodeUnitSet => cached(name, () => scanCategory(name));

function scanCategory(name: string): CodeUnitSet {
  const pattern = new RegExp(String.raw`\p{${name}}`, 'u');
  const set: number[] = [];
  for (let unit = 0; unit <= LAST_UNIT; unit += 1) {
    if (!pattern.test(String.fromCharCode(unit))) continue;
    if (set.at(-1) === unit - 1) set[set.length - 1] = unit;
    else set.push(unit, unit);
  }
  return set;
}

/** The set that `\p{name}` stands for, or `\P{name}` if `negated`; undefined for a name that is neither a category nor a block we know. */
export function namedSet(name: string, negated: boolean): CodeUnitSet | undefined {
  const block = Object.hasOwn(BLOCKS, name) ? BLOCKS[name] : undefined;
  const set = CATEGORIES.has(name) ? categorySet(name) : block;
  if (set === undefined || !negated) return set;
  return cached(`not ${name}`, () => complementOf(set));
}

const SHORTHANDS: Readonly<Record<string, () => CodeUnitSet>> = {
  d: () => categorySet('Nd'),
  w: () => unionOf(...['L', 'Mn', 'Nd', 'Pc'].map(categorySet)),
  s: () => unionOf([0x09, 0x0d], [0x85, 0x85], categorySet('Z')),
};

/** What `\d`, `\w` and `\s` stand for in .NET, and `\D`, `\W` and `\S`; undefined for another letter. */
export function shorthandSet(letter: string): CodeUnitSet | undefined {
  const lower = letter.toLowerCase();
  const positive = Object.hasOwn(SHORTHANDS, lower) ? SHORTHANDS[lower] : undefined;
  if (positive === undefined) return undefined;
  const set = cached(`\\${lower}`, positive);
  return lower === letter ? set : cached(`\\${letter}`, () => complementOf(set));
}

/** What counts as a word at `\b`: `\w` and the two joiners. */
export const boundaryWordSet = (): CodeUnitSet => cached(String.raw`\b`, () => unionOf(shorthandSet('w') ?? NO_UNIT, [0x20_0c, 0x20_0d]));

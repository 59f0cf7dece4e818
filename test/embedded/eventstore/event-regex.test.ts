import { array, assert as assertProperty, constantFrom, letrec, oneof, property, string as stringOf, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regexTest } from '../../../src/embedded/eventstore/event-regex.js';
import { RegexAutomaton } from '../../../src/embedded/eventstore/regex-automaton.js';
import { isAnchored, writeNative } from '../../../src/embedded/eventstore/regex-native.js';
import { RegexReader, RegexSyntaxError } from '../../../src/embedded/eventstore/regex-reader.js';
import { readRegex } from '../../../src/embedded/eventstore/regex-syntax.js';

class TooLong extends Error {}

/** Tests `text` with the limit that a filter has; an expression that is refused or stopped is fine here. */
function testBounded(pattern: string, text: string): void {
  let steps = 0;
  try {
    regexTest(pattern)(text, (more) => {
      steps += more;
      if (steps > 2_000_000) throw new TooLong();
    });
  } catch (error) {
    if (!(error instanceof TooLong) && !(error instanceof RegexSyntaxError)) throw error;
  }
}

const unlimited = (): void => undefined;

/** What .NET's documentation ("Regular expression language - quick reference" and the pages below it) says of each: names that match, names that do not. */
const TABLE: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['^order-', ['order-1'], ['reorder-1', 'Order-1']],
  ['^[^$].*', ['order', 'a$'], ['$settings', '']],
  ['^(order|position)-', ['order-1', 'position-2'], ['account-1']],
  ['^(?!\\$).*-1$', ['a-1'], ['$a-1', 'a-2']],
  ['^(?=.*a)(?=.*b)', ['xaxb', 'ba'], ['a', 'b']],
  [String.raw`^[\w-[a-k]]+$`, ['lmz', 'L9_'], ['la', 'a']],
  [String.raw`^[a-z-[aeiou-[u]]]+$`, ['bcd', 'u'], ['a', 'be']],
  ['^[a-]+$', ['a-', '-'], ['b', '[']],
  ['^[]a]+$', [']a'], ['[']],
  [String.raw`^\p{IsBasicLatin}+$`, ['abc~'], ['é', '']],
  [String.raw`^\P{IsCyrillic}+$`, ['abc'], ['да']],
  [String.raw`^\p{Lu}\p{Ll}+$`, ['Ä\u00E4', 'Ab'], ['aB']],
  ['a$', ['a', 'a\n', 'ba'], ['a\n\n', 'a\r\n', 'ab']],
  [String.raw`a\Z`, ['a', 'a\n'], ['a\n\n']],
  [String.raw`a\z`, ['a'], ['a\n']],
  [String.raw`\Ab`, ['bc'], ['a\nb']],
  [String.raw`\Gb`, ['bc'], ['ab']],
  ['(?m)^b$', ['a\nb\nc', 'b'], ['ab']],
  ['^a.b$', ['a\rb', 'a\u2028b'], ['a\nb']],
  ['(?s)^a.b$', ['a\nb'], ['ab']],
  ['(?i)order', ['ORDER', 'oRdEr'], ['odrer']],
  ['a(?i:b)c', ['aBc', 'abc'], ['ABc', 'abC']],
  ['a(?i)b|c', ['aB', 'C'], ['Ab']],
  ['(?i)k', ['\u212A', 'K'], ['x']],
  ['(?x) a b # spaces do not count\n c', ['abc'], ['a b c']],
  [String.raw`(?x)a\ b[ ]c`, ['a b c'], ['abc']],
  ['a(?#not this)b', ['ab'], ['anot thisb']],
  ["(?<name>a)(?'other'b)", ['ab'], ['ba']],
  [String.raw`^\e\a\t\x41\u0042\103\cA$`, ['\u001B\u0007\tABC\u0001'], ['eatABC']],
  [String.raw`^\d+$`, ['123', '\u0661\u0662'], ['a', '\u00BD']],
  [String.raw`^\w+$`, ['aé_9', '\u0430\u0301', '\u203F'], ['a-b', '\u00B2', '😀']],
  [String.raw`^\s$`, [' ', '\u0085', '\u00A0', '\u2003'], ['\u200B', '\uFEFF']],
  [String.raw`\bfill\b`, ['a fill', 'fill-1'], ['refill', 'fillé']],
  ['^..$', ['ab', '😀'], ['a']],
  ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
  ['^a{,3}$', ['a{,3}'], ['aa']],
  ['a+?b*?c??d{1}?', ['ad', 'aabbcd'], ['d']],
  ['(?<=a)b(?<!ab)|(?<=x)y(?!z)', ['xy'], ['xyz', 'ab']],
  ['', ['anything', ''], []],
];

describe('a .NET regular expression', () => {
  it.each(TABLE)('given %j, when names are tested, then those match that .NET\'s documentation says', (pattern, matching, others) => {
    const test = regexTest(pattern);
    expect([...matching, ...others].filter((name) => test(name, unlimited))).toEqual(matching);
  });

  it.each([
    '(', ')', '[', '[a', '[z-a]', 'a**', 'a++', 'a{2}{3}', '*a', 'a|*', 'a{3,2}', '(?z)', '(?>a)', '(?<a-b>c)', '(?(a)b|c)', String.raw`(a)\1`,
    String.raw`(?<n>a)\k<n>`, String.raw`\y`, String.raw`\p{IsNowhere}`, String.raw`\pL`, '[[:alpha:]]', '[a-z-[b]c]', String.raw`[a-\d]`, '(?i)é',
    String.raw`(?i)\p{Lu}`, '(?#', 'a\\', 'a{2147483648}', '((a{1000}){1000}){1000}', `${'('.repeat(200)}${')'.repeat(200)}`, '^a(?=(b+)+$)',
  ])('given %j, when it is read, then it is refused with a reason', (pattern) => {
    expect(() => regexTest(pattern)).toThrow(RegexSyntaxError);
  });

  it('given any expression without look-around, when both engines test any name, then they agree', () => {
    const atom = constantFrom('a', 'b', '.', '[^a]', String.raw`\w`, '^', '$', String.raw`\b`, String.raw`\B`, '(?m:^)', '(?m:$)', String.raw`\z`, String.raw`\n`);
    const { pattern } = letrec<{ pattern: string }>((tie) => ({
      pattern: oneof(
        { depthSize: 'small', withCrossShrink: true },
        atom,
        tuple(tie('pattern'), constantFrom('*', '+', '?', '{2}', '{1,2}')).map(([inner, quantifier]) => `(?:${inner})${quantifier}`),
        tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `(?:${left}|${right})`),
        tuple(tie('pattern'), tie('pattern')).map((both) => both.join('')),
      ),
    }));
    const name = stringOf({ unit: constantFrom('a', 'b', '-', '\n'), maxLength: 7 });
    assertProperty(
      property(pattern, array(name, { maxLength: 5 }), (source, names) => {
        const node = readRegex(new RegexReader(source));
        const automaton = new RegexAutomaton(node, isAnchored(node));
        const native = new RegExp(writeNative(node));
        for (const text of names) expect([text, automaton.test(text, unlimited)]).toEqual([text, native.test(text)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('given nasty expressions, when long names are tested, then none takes longer than the limit of steps allows', () => {
    const nasty = tuple(constantFrom('^', '', '.*', '^(?!b)', '^(?=.*a)'), array(constantFrom('(a+)+', '(a|a)*', '(a|ab)*', '(.*)*', '(a?){40}', 'a*', '(a*a*)*', String.raw`(\w+\s?)*`, '(.*a){12}', '(a{1,20}){1,20}', '[ab]*a[ab]{14}'), { minLength: 1, maxLength: 4 }), constantFrom('$', '!$', 'c', ''));
    const ends = constantFrom('', '!', 'b', '\n');
    const units = constantFrom('a', 'ab', 'aaab', 'a ', 'aabab');
    assertProperty(
      property(nasty, units, ends, constantFrom(30, 1_000, 100_000), ([start, middle, end], unit, last, count) => {
        const started = performance.now();
        testBounded(`${start}${middle.join('')}${end}`, unit.repeat(count) + last);
        // Ten times what is met on a quiet machine: one that backtracks takes years.
        expect(performance.now() - started).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});

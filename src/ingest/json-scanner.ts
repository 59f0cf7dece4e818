/*
 * The grammar of JSON (RFC 8259), byte by byte: enough to tell where a value ends, and where it is broken, as early as can be
 * told. Numbers and literals are runs of their characters here; whoever parses the text checks them.
 */

/** Deeper nesting is no message of any format. */
export const MAX_JSON_DEPTH = 64;

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
export const OPENING_BRACKET = 0x5b;
export const CLOSING_BRACKET = 0x5d;
export const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** What may come next. */
type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end';

export const isBlank = (byte: number): boolean => byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
/** Characters of numbers and of `true`, `false` and `null`. */
const isPlain = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x45;

/** Follows one object or array from its opening byte on. */
export class JsonScanner {
  /** The closing bytes that are owed, the innermost last. */
  readonly #owed: number[] = [];
  #expected: Expected = 'value';
  #inString: 'no' | 'key' | 'value' = 'no';
  #isEscaped = false;
  #inPlain = false;

  /** Forgets everything: the next byte opens a value. */
  restart(): void {
    this.#owed.length = 0;
    [this.#expected, this.#inString, this.#isEscaped, this.#inPlain] = ['value', 'no', false, false];
  }

  /** Takes the next byte: `closed` where it ends the whole value, `broken` where no JSON goes on like this. */
  take(byte: number): 'open' | 'closed' | 'broken' {
    if (this.#inString !== 'no') return this.#takeInString(byte);
    if (this.#inPlain && isPlain(byte)) return 'open';
    this.#inPlain = false;
    if (isBlank(byte)) return 'open';
    return this.#takeToken(byte);
  }

  #takeInString(byte: number): 'open' | 'broken' {
    if (byte < SPACE) return 'broken';
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#expected = this.#inString === 'key' ? 'colon' : 'comma or end';
      this.#inString = 'no';
    }
    return 'open';
  }

  #takeToken(byte: number): 'open' | 'closed' | 'broken' {
    if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) return this.#close(byte);
    switch (this.#expected) {
      case 'value':
      case 'value or end':
        return this.#begin(byte);
      case 'key':
      case 'key or end':
        if (byte !== QUOTE) return 'broken';
        this.#inString = 'key';
        return 'open';
      case 'colon':
        this.#expected = 'value';
        return byte === COLON ? 'open' : 'broken';
      case 'comma or end':
        this.#expected = this.#owed.at(-1) === CLOSING_BRACE ? 'key' : 'value';
        return byte === COMMA ? 'open' : 'broken';
    }
  }

  #begin(byte: number): 'open' | 'broken' {
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (this.#owed.length >= MAX_JSON_DEPTH) return 'broken';
      this.#owed.push(byte === OPENING_BRACE ? CLOSING_BRACE : CLOSING_BRACKET);
      this.#expected = byte === OPENING_BRACE ? 'key or end' : 'value or end';
      return 'open';
    }
    if (byte === QUOTE) {
      this.#inString = 'value';
      return 'open';
    }
    if (!isPlain(byte)) return 'broken';
    this.#inPlain = true;
    this.#expected = 'comma or end';
    return 'open';
  }

  #close(byte: number): 'open' | 'closed' | 'broken' {
    const mayEnd = this.#expected === 'comma or end' || this.#expected === 'key or end' || this.#expected === 'value or end';
    if (!mayEnd || this.#owed.at(-1) !== byte) return 'broken';
    this.#owed.pop();
    this.#expected = 'comma or end';
    return this.#owed.length === 0 ? 'closed' : 'open';
  }
}

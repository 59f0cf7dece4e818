/** Why a text cannot be taken as a regular expression. */
export class RegexSyntaxError extends Error {
  override readonly name = 'RegexSyntaxError';
}

/** The classes of one expression may have so many bounds of ranges in all: about as many as 25 times `\w`. */
const MOST_CLASS_BOUNDS = 40_000;

/** Goes over the text of a regular expression. */
export class RegexReader {
  #at = 0;
  #classBounds = 0;

  constructor(readonly source: string) {}

  get atEnd(): boolean {
    return this.#at >= this.source.length;
  }

  peek(ahead: number): string {
    return this.source.charAt(this.#at + ahead);
  }

  /** The decimal digits after the next character. */
  decimalAhead(): string {
    return /^\d*/.exec(this.source.slice(this.#at + 1, this.#at + 12))?.[0] ?? '';
  }

  sees(text: string): boolean {
    return this.source.startsWith(text, this.#at);
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** The next code unit. */
  next(): number {
    if (this.atEnd) throw this.error('it ends too early');
    this.#at += 1;
    return this.source.charCodeAt(this.#at - 1);
  }

  /** Takes `text` if it is next. */
  takeText(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes what the sticky `form` matches here. */
  take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.source)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Counts a class against the limit for all of them. */
  charge(bounds: number): void {
    this.#classBounds += bounds;
    if (this.#classBounds > MOST_CLASS_BOUNDS) throw this.error('the character classes are too large');
  }

  error(reason: string): RegexSyntaxError {
    return new RegexSyntaxError(`at character ${this.#at + 1}: ${reason}`);
  }

  unsupported(what: string): RegexSyntaxError {
    return this.error(`${what} is not supported here`);
  }
}

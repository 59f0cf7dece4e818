import { priceText, quantityText } from '../domain/amounts.js';
import type { PriceString, QuantityString } from '../domain/amounts.js';
import { canonicalDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import { FieldError, shown } from './adapter.js';
import { MAX_ID_LENGTH, isId } from './aliases.js';
import { utcOfEpoch, utcOfIso } from './json-times.js';
import { JsonNumber, isJsonObject, withoutExponent } from './lossless.js';
import type { JsonObject } from './lossless.js';
import { unsignedQuantity } from './signed-quantity.js';

const CONTROL_OR_HALF = /[\p{Cc}\p{Surrogate}]/u;
const WHOLE_NUMBER = /^\d{1,40}$/u;
/** The longest free text that is kept. */
const MAX_WORDS_LENGTH = 200;

/**
 * Reads the fields of one JSON object that was parsed without loss. Only what is asked for is ever read, so the calls are an
 * adapter's allowlist. A field that is absent, null or an empty text is undefined; one that has another form than asked for
 * throws a FieldError with its path (`order.legs.0.qty`).
 */
export class JsonFields {
  constructor(
    private readonly message: JsonObject,
    private readonly path: string = '',
  ) {}

  /** A field's path from the message on, for errors. */
  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  #value(name: string): unknown {
    const value = Object.hasOwn(this.message, name) ? this.message[name] : undefined;
    return value === null || value === '' ? undefined : value;
  }

  /** The value, or a FieldError where there is none. */
  required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new FieldError(this.pathOf(name), 'is required and missing');
    return value;
  }

  /** Text, or a number as it is written; at most 200 characters, none of them a control character. */
  text(name: string, maxLength: number = MAX_ID_LENGTH): string | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const text = value instanceof JsonNumber ? value.text : value;
    if (typeof text !== 'string') throw new FieldError(this.pathOf(name), 'is neither a text nor a number');
    if (text.length > maxLength) throw new FieldError(this.pathOf(name), `is longer than ${maxLength} characters`);
    if (CONTROL_OR_HALF.test(text)) throw new FieldError(this.pathOf(name), 'holds a control character');
    return text.trim() === '' ? undefined : text;
  }

  /** An id; those in `none` (`null`, `-1`), `NONE`, empty and 0 are none. */
  id(name: string, none: readonly string[] = [], maxLength: number = MAX_ID_LENGTH): string | undefined {
    const text = this.text(name, maxLength);
    return isId(text) && !none.includes(text) ? text : undefined;
  }

  /** A broker's words, cut to what an event may hold; control characters are blanks. */
  words(name: string): string | undefined {
    const value = this.#value(name);
    if (typeof value !== 'string') return this.text(name);
    const words = value.slice(0, 4 * MAX_WORDS_LENGTH).replaceAll(/[\p{Cc}\p{Surrogate}\s]+/gu, ' ').trim().slice(0, MAX_WORDS_LENGTH);
    return words === '' ? undefined : words.replace(/\p{Surrogate}$/u, '');
  }

  /** One of the texts that are named, as what it means; any other is an error. */
  oneOf<Meaning>(name: string, meanings: ReadonlyMap<string, Meaning>): Meaning | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const meaning = meanings.get(text);
    if (meaning === undefined) throw new FieldError(this.pathOf(name), `${shown(text)} is not one of ${[...meanings.keys()].join(', ')}`);
    return meaning;
  }

  /** `true` or `false`, also as text; undefined where it is absent. */
  flag(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new FieldError(this.pathOf(name), 'is neither true nor false');
  }

  /** A decimal with its sign, exactly, from a number or a text; an exponent is expanded. */
  decimal(name: string): DecimalString | undefined {
    const text = this.#decimalText(name);
    return text === undefined ? undefined : canonicalDecimal(text);
  }

  /** A size without its sign, where the sign says nothing; see `signed-quantity.ts` for brokers whose sign does. */
  quantity(name: string): QuantityString | undefined {
    const text = this.#decimalText(name);
    return text === undefined ? undefined : unsignedQuantity(this.pathOf(name), text);
  }

  /** A number that a broker reports, negative ones too. */
  reportedQuantity(name: string): QuantityString | undefined {
    const text = this.#decimalText(name);
    return text === undefined ? undefined : quantityText(text);
  }

  price(name: string): PriceString | undefined {
    const text = this.#decimalText(name);
    return text === undefined ? undefined : priceText(text);
  }

  #decimalText(name: string): string | undefined {
    const text = this.text(name)?.trim();
    if (text === undefined) return undefined;
    // `.5` comes as text only: JSON numbers have a digit before the point.
    const plain = withoutExponent(text.replace(/^([+-]?)\./u, '$10.'));
    if (tryParseDecimal(plain) === undefined) throw new FieldError(this.pathOf(name), `${shown(text)} is not a decimal of at most 60 digits, 30 of them behind the point`);
    return plain;
  }

  /** A whole number of any size as text without leading zeros. */
  whole(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!WHOLE_NUMBER.test(text)) throw new FieldError(this.pathOf(name), `${shown(text)} is not a whole number`);
    return String(BigInt(text));
  }

  /** A time since 1970 in whole seconds, ms, µs or ns, told apart by its length, as ISO-8601 in UTC with that precision. 0 is none. */
  epochTime(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined || /^0+$/u.test(text)) return undefined;
    const time = utcOfEpoch(text);
    if (time === undefined) throw new FieldError(this.pathOf(name), `${shown(text)} is not a time in milliseconds or microseconds since 1970`);
    return time;
  }

  /** An ISO-8601 time with any offset, as ISO-8601 in UTC with the digits it came with. */
  isoTime(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const time = utcOfIso(text);
    if (time === undefined) throw new FieldError(this.pathOf(name), `${shown(text)} is not an ISO-8601 time with its offset`);
    return time;
  }

  /** An ISO-8601 time or one since 1970: brokers mix them. */
  time(name: string): string | undefined {
    const text = this.text(name);
    return text !== undefined && /^\d+$/u.test(text) ? this.epochTime(name) : this.isoTime(name);
  }

  /** An object within this one. */
  object(name: string): JsonFields | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) throw new FieldError(this.pathOf(name), 'is not an object');
    return new JsonFields(value, this.pathOf(name));
  }

  /** The objects of a list; empty where it is absent. */
  objects(name: string, maxCount: number): readonly JsonFields[] {
    const value = this.#value(name) ?? [];
    if (!Array.isArray(value)) throw new FieldError(this.pathOf(name), 'is not a list');
    if (value.length > maxCount) throw new FieldError(this.pathOf(name), `has ${value.length} elements, at most ${maxCount} are allowed`);
    return value.map((element: unknown, index) => {
      const path = `${this.pathOf(name)}.${index}`;
      if (!isJsonObject(element)) throw new FieldError(path, 'is not an object');
      return new JsonFields(element, path);
    });
  }
}

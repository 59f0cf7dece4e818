import { parse, stringify } from 'lossless-json';
import { MAX_DECIMAL_DIGITS } from '../domain/decimal.js';
import { MAX_JSON_DEPTH } from './json-scanner.js';

/*
 * JSON without loss (docs/decisions/0007-json-messages.md): ids beyond 2^53 and decimals keep every digit, since a number stays
 * the text that it was written as.
 */

/** A number as it stands in the message. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);

const MAX_REASON_LENGTH = 200;

/** Whether text opens more objects and arrays within each other than any message does; of text that may be no JSON. */
function isTooDeep(text: string): boolean {
  let [depth, inString] = [0, false];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

/**
 * A message's value, its numbers as `JsonNumber`, or the reason why it is none: text that is no JSON, an object with two
 * different values under one key (which one is meant cannot be known), or one nested deeper than 64 levels. Never throws.
 */
export function parseLossless(text: string): { readonly value: unknown } | { readonly reason: string } {
  if (isTooDeep(text)) return { reason: `is nested deeper than ${MAX_JSON_DEPTH} levels` };
  try {
    return { value: parse(text, null, (digits) => new JsonNumber(digits)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: `is not valid JSON: ${error.message}`.slice(0, MAX_REASON_LENGTH) };
    throw error;
  }
}

/** The text of a value of `parseLossless`: its numbers as they were written. */
export function stringifyLossless(value: unknown): string {
  const numbers = { test: (part: unknown) => part instanceof JsonNumber, stringify: (part: unknown) => (part instanceof JsonNumber ? part.text : '') };
  return stringify(value, undefined, undefined, [numbers]) ?? '';
}

const EXPONENT = /^(?<sign>[+-]?)(?<whole>\d*)(?:\.(?<fraction>\d*))?[eE](?<exponent>[+-]?\d{1,4})$/u;

/** `1e-8` as `0.00000001`: a number with an exponent, exactly, as a plain decimal. Text without an exponent is left as it is. */
export function withoutExponent(text: string): string {
  const parts = EXPONENT.exec(text)?.groups;
  const { sign = '', whole = '', fraction = '', exponent = '0' } = parts ?? {};
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  // Beyond what a decimal may hold there is nothing to expand: it is refused as it stands.
  if (parts === undefined || digits === '' || Math.abs(point) > MAX_DECIMAL_DIGITS) return text;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits.padEnd(point, '0')}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

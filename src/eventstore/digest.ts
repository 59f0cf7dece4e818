import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { digest } from '../domain/ids.js';
import type { Digest } from '../domain/ids.js';

/** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
export const sha256Hex = (text: string): Digest => digest(hash('sha256', text, 'hex'));

// The package is CommonJS while its types describe an ES module: its function is both `default` and the module itself.
const serialize: unknown = canonicalize;

function canonicalText(value: unknown): unknown {
  if (typeof serialize !== 'function') throw new TypeError('canonicalize exports no function');
  return Reflect.apply(serialize, undefined, [value]);
}

/**
 * The canonical JSON text of a value (RFC 8785, JSON Canonicalization Scheme): the same value gives the same text whatever
 * the order of its keys. Throws a TypeError where the value is no JSON (a function, `undefined`, NaN).
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalText(value);
  if (typeof text !== 'string') throw new TypeError(`${typeof value} has no JSON form`);
  return text;
}

/** The digest of a value: SHA-256 of its canonical JSON. */
export const digestOf = (value: unknown): Digest => sha256Hex(canonicalJson(value));

import { randomUUID } from 'node:crypto';

declare const eventIdBrand: unique symbol;
/** A UUID in lower case with dashes. */
export type EventId = string & { readonly [eventIdBrand]: true };

const DASHED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PLAIN = /^[0-9a-f]{32}$/;
const NIL = '00000000-0000-0000-0000-000000000000';

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/** As `lower` spells it with dashes: without them, or in braces or parentheses, as .NET reads and writes them as well. */
function otherForm(lower: string): string | undefined {
  const trimmed = lower.trim();
  if (PLAIN.test(trimmed)) return dashed(trimmed);
  const inner = /^(?:\{.*\}|\(.*\))$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
  return DASHED.test(inner) ? inner : undefined;
}

/** The id that `text` spells, with or without dashes, or in braces, in any case; undefined if it is none, or the nil UUID. */
export function parseEventId(text: string): EventId | undefined {
  const lower = text.toLowerCase();
  const id = DASHED.test(lower) ? lower : otherForm(lower);
  return id !== undefined && id !== NIL ? (id as EventId) : undefined;
}

const hexOf = (half: bigint): string => BigInt.asUintN(64, half).toString(16).padStart(16, '0');

/** The id of two signed 64-bit halves, as `UUID.Structured` sends it. */
export function eventIdOfHalves(most: bigint, least: bigint): EventId | undefined {
  return parseEventId(hexOf(most) + hexOf(least));
}

/** The two signed 64-bit halves of an id. */
export function halvesOfEventId(id: string): [most: bigint, least: bigint] {
  const hex = id.replaceAll('-', '');
  return [BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`)), BigInt.asIntN(64, BigInt(`0x${hex.slice(16)}`))];
}

export const newEventId = (): EventId => randomUUID() as EventId;

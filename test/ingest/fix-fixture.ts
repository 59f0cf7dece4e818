import { Buffer } from 'node:buffer';

/** One FIX message as it would be logged, with BodyLength and CheckSum as they should be. Latin-1 text: one character a byte. */
export function fixLine(fields: readonly (readonly [tag: number, value: string])[], { version = 'FIX.4.4', separator = '\u0001' } = {}): string {
  const body = fields.map(([tag, value]) => `${tag}=${value}\u0001`).join('');
  const head = `8=${version}\u00019=${Buffer.byteLength(body, 'latin1')}\u0001`;
  const sum = [...Buffer.from(head + body, 'latin1')].reduce((total, byte) => total + byte, 0);
  return `${head}${body}10=${String(sum % 256).padStart(3, '0')}\u0001`.replaceAll('\u0001', separator);
}

type Fields = Readonly<Record<number, string>>;

const withOverrides = (base: Fields, overrides: Readonly<Record<number, string | undefined>>): [number, string][] =>
  Object.entries({ ...base, ...overrides }).flatMap(([tag, value]): [number, string][] => (value === undefined ? [] : [[Number(tag), value]]));

/** A message from broker to client; a field set to undefined is left out. MsgType goes first, as it must. */
export function fromBroker(msgType: string, overrides: Readonly<Record<number, string | undefined>>, form?: { version?: string; separator?: string }): string {
  const base = { 49: 'BROKER', 56: 'CLIENT', 34: '7', 52: '20261120-14:30:00.500' };
  return fixLine([[35, msgType], ...withOverrides(base, overrides)], form);
}

/** A message from client to broker. */
export function toBroker(msgType: string, overrides: Readonly<Record<number, string | undefined>>, form?: { version?: string; separator?: string }): string {
  const base = { 49: 'CLIENT', 56: 'BROKER', 34: '3', 52: '20261120-14:30:00.400' };
  return fixLine([[35, msgType], ...withOverrides(base, overrides)], form);
}

/** Fields of a report of a partial fill of 30 of 100 at 10.5. */
export const PARTIAL_FILL: Fields = {
  1: 'ACC1',
  6: '10.5',
  11: 'C1',
  14: '30',
  17: 'E1',
  31: '10.50',
  32: '30',
  37: 'O1',
  38: '100',
  39: '1',
  54: '1',
  55: 'AAPL',
  60: '20261120-14:30:00.123456',
  150: 'F',
  151: '70',
};

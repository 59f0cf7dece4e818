import { z } from 'zod';
import { canonicalDecimal, isZero, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import { FieldError, shown } from './adapter.js';

/*
 * What a contract's symbol says, and what it does not: its multiplier. A multiplier is never guessed: it follows from the
 * kind of instrument, or from the flag `multipliers`, or from the table below, or else the message is malformed.
 */

/** Money per point of well-known US futures contracts, by root: their exchanges' contract specifications. */
const FUTURES: ReadonlyMap<string, string> = new Map([
  ['ES', '50'],
  ['MES', '5'],
  ['NQ', '20'],
  ['MNQ', '2'],
  ['RTY', '50'],
  ['M2K', '5'],
  ['YM', '5'],
  ['MYM', '0.5'],
  ['CL', '1000'],
  ['MCL', '100'],
  ['QM', '500'],
  ['NG', '10000'],
  ['RB', '42000'],
  ['HO', '42000'],
  ['GC', '100'],
  ['MGC', '10'],
  ['SI', '5000'],
  ['SIL', '1000'],
  ['HG', '25000'],
  ['ZB', '1000'],
  ['UB', '1000'],
  ['ZN', '1000'],
  ['TN', '1000'],
  ['ZF', '1000'],
  ['ZT', '2000'],
  ['6A', '100000'],
  ['6B', '62500'],
  ['6C', '100000'],
  ['6E', '125000'],
  ['6J', '12500000'],
  ['M6E', '12500'],
  ['BTC', '5'],
  ['MBT', '0.1'],
  ['VX', '1000'],
]);

const MAX_CONTRACTS = 200;
const CONTRACT_MULTIPLIER = /^(?<contract>[^:,\s]{1,50}):(?<multiplier>\d+(?:\.\d+)?)$/u;

export type Multipliers = ReadonlyMap<string, DecimalString>;

const withoutSlash = (contract: string): string => contract.replace(/^\.?\//u, '');

/** The flag `multipliers`: `/ES:50,/NQ:20`, by root or whole symbol, with the slash or without it. */
export const multipliersFlag = () =>
  z
    .string()
    .default('')
    .transform((text, context): Multipliers => {
      const parts = text.split(',').map((part) => part.trim());
      const given = parts.filter((part) => part !== '').map((part) => CONTRACT_MULTIPLIER.exec(part)?.groups);
      const isUsable = given.every((found) => found !== undefined && !isZeroText(found['multiplier'] ?? '0'));
      if (!isUsable || given.length > MAX_CONTRACTS) {
        context.addIssue({ code: 'custom', message: `must be at most ${MAX_CONTRACTS} contracts with multipliers above 0, such as /ES:50,/NQ:20` });
        return z.NEVER;
      }
      return new Map(given.map((found) => [withoutSlash(found?.['contract'] ?? ''), canonicalDecimal(found?.['multiplier'] ?? '0')]));
    });

function isZeroText(text: string): boolean {
  const value = tryParseDecimal(text);
  return value === undefined || isZero(value);
}

/**
 * The multiplier of a contract: the flag's for the whole symbol or its root, then `usual`, where the kind of instrument has one,
 * then the table's. Throws a FieldError that names the flag where none of them knows it.
 */
export function multiplierOf(field: string, symbol: string, root: string | undefined, usual: string | undefined, given: Multipliers): DecimalString {
  const named = given.get(withoutSlash(symbol)) ?? (root === undefined ? undefined : given.get(root));
  const known = named ?? usual ?? (root === undefined ? undefined : FUTURES.get(root));
  if (known === undefined) throw new FieldError(field, `${shown(symbol)} has a multiplier that is not known here: give it by the flag multipliers=${root ?? symbol}:…`);
  return canonicalDecimal(known);
}

const FUTURE = /^\.?\/?(?<root>[A-Z0-9]{1,4})[FGHJKMNQUVXZ]\d{1,2}$/u;

/** `ES` of `/ESU3`, `ESU23` and of the future in `./ESU3 EW4N3 230728P4550`; undefined for what is no future's symbol. */
export const futureRoot = (symbol: string): string | undefined => FUTURE.exec(symbol.split(/\s/u)[0] ?? '')?.groups?.['root'];

const OCC = /^(?<root>[A-Z0-9./]{1,6}?)\s*(?<date>\d{6})(?<right>[CP])(?<strike>\d{8})$/u;
const STRIKE_DECIMALS = 3;

/** Fillbook's name of an option: root, expiry, right and strike (`AAPL 20230818 C 197.5`), as of FIX messages. `expiry` is `YYYYMMDD`. */
export const optionName = (root: string, expiry: string, right: string, strike: string): string => `${root} ${expiry} ${right} ${canonicalDecimal(strike)}`;

/** An OCC symbol (`AAPL  230818C00197500`, the root padded or not), read; undefined for any other text. */
export function readOccSymbol(text: string): { readonly root: string; readonly name: string } | undefined {
  const found = OCC.exec(text)?.groups;
  if (found === undefined) return undefined;
  const { root = '', date = '', right = '', strike = '' } = found;
  return { root, name: optionName(root, `20${date}`, right, `${strike.slice(0, -STRIKE_DECIMALS)}.${strike.slice(-STRIKE_DECIMALS)}`) };
}

import { describe, expect, it } from 'vitest';
import { fixAdapter } from '../../src/ingest/fix.js';
import { PARTIAL_FILL, fromBroker, toBroker } from './fix-fixture.js';
import { dataOf, parseOne } from './parse.js';

type Fields = Readonly<Record<number, string | undefined>>;

const parse = (line: string, flags: Readonly<Record<string, string>> = {}) => parseOne(fixAdapter, line, flags);
const report = (changes: Fields, flags?: Readonly<Record<string, string>>) => parse(fromBroker('8', { ...PARTIAL_FILL, ...changes }), flags);
const executionOf = (changes: Fields, flags?: Readonly<Record<string, string>>) => dataOf(report(changes, flags), 'ExecutionRecorded').execution;
/** A report that the order works: nothing was traded. */
const WORKING: Fields = { 150: '0', 39: '0', 14: '0', 151: '100', 31: undefined, 32: undefined };
const placed = (changes: Fields) => dataOf(parse(toBroker('D', { 1: 'ACC1', 11: 'C1', 38: '100', 40: '1', 54: '1', 55: 'AAPL', 60: '20261120-14:30:00', ...changes })), 'OrderPlaced').terms;

describe('the type of a price (423)', () => {
  const bond = { 55: 'T 4 2030', 167: 'CORP', 31: '99.5', 32: '100000' };

  it.each<[name: string, fields: Fields, lastPx: string, multiplier: string]>([
    ['given none, then prices are per unit', {}, '99.5', '1'],
    ['given 2, then they are per unit', { 423: '2' }, '99.5', '1'],
    ['given 3, then they are amounts', { 423: '3' }, '99.5', '1'],
    ['given 20, then they are the rate of a pair', { 423: '20' }, '99.5', '1'],
    ['given 1, then they are percent of par', { 423: '1' }, '99.5', '0.01'],
    ['given 1 and LastParPx, then LastPx counts', { 423: '1', 669: '98' }, '99.5', '0.01'],
    ['given 1 and a multiplier of 10, then a hundredth of that', { 423: '1', 231: '10' }, '99.5', '0.1'],
    ['given a yield with LastParPx, then that counts', { 423: '9', 31: '4.1', 669: '98.75' }, '98.75', '0.01'],
    ['given a spread with LastParPx, then that counts', { 423: '6', 31: '25', 669: '101' }, '101', '0.01'],
  ])('%s', (_name, fields, lastPx, multiplier) => {
    expect(executionOf({ ...bond, ...fields })).toMatchObject({ lastPx, instrument: { multiplier } });
  });

  it('given percent of par, then a fee in percent is of the money', () => {
    expect(executionOf({ ...bond, 423: '1', 12: '.001', 13: '2' }).fees).toEqual([{ amount: '99.5', currency: 'USD' }]);
  });

  it('given percent of par and the flag multiplier, then a hundredth of the flag’s', () => {
    expect(executionOf({ ...bond, 423: '1' }, { multiplier: '1000' }).instrument.multiplier).toBe('10');
  });

  it.each(['4', '5', '6', '7', '8', '9', '10', '13', '21', 'x'])('given %s without LastParPx, then a trade or its correction is malformed', (type) => {
    const reason = `PriceType (423) "${type}" is no price that money follows from, and LastParPx (669) does not say the percent of par`;
    const malformed = { kind: 'malformed', field: 'PriceType (423)', reason };
    expect(report({ ...bond, 423: type })).toEqual(malformed);
    expect(report({ ...bond, 423: type, 669: '0' })).toEqual(malformed);
    expect(report({ ...bond, 423: type, 150: 'G', 19: 'E0' })).toEqual(malformed);
  });

  it('given a yield and no trade, then the report, the order and the bust are read', () => {
    const instrument = { symbol: 'T 4 2030', multiplier: '0.01' };
    expect(dataOf(report({ ...bond, ...WORKING, 423: '9' }), 'OrderAccepted').terms).toMatchObject({ instrument });
    expect(dataOf(report({ ...bond, 423: '9', 150: 'H', 19: 'E0' }), 'ExecutionBusted').terms).toMatchObject({ instrument });
    expect(placed({ ...bond, 423: '9', 40: '2', 44: '4.1' })).toMatchObject({ instrument, price: '4.1' });
  });

  it('given more digits than a multiplier may have, then the message is malformed', () => {
    expect(report({ ...bond, 423: '1', 231: `0.${'0'.repeat(29)}1` })).toMatchObject({ kind: 'malformed', field: 'ContractMultiplier (231)' });
  });
});

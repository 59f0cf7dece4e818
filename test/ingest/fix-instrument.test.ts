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
    ['given a multiplier of 0, then it is not said', { 231: '0' }, '99.5', '1'],
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

  it.each(['0', '0.00', '-1', 'x'])('given the flag multiplier %s, then it is refused', (multiplier) => {
    expect(() => report(bond, { multiplier })).toThrow('option "multiplier": must be a decimal above 0');
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

describe('the quote currency of a pair', () => {
  const pair = { 55: 'EUR/USD', 167: 'FOR', 15: 'EUR', 31: '1.10', 32: '1000000' };

  it.each<[name: string, fields: Fields, securityType: string, quoteCurrency: string]>([
    ['given the left one as Currency (15), then it is the right one', {}, 'forex', 'USD'],
    ['given the right one, then it is that', { 15: 'USD' }, 'forex', 'USD'],
    ['given a third one, then it is what is said', { 15: 'GBP' }, 'forex', 'GBP'],
    ['given a pair with a dot', { 55: 'EUR.USD' }, 'forex', 'USD'],
    ['given a pair without a separator', { 55: 'EURUSD' }, 'forex', 'USD'],
    ['given none, then it is the right one and no default', { 55: 'USD/JPY', 15: undefined }, 'forex', 'JPY'],
    ['given a forward', { 167: 'FXFWD' }, 'forex', 'USD'],
    ['given Product (460) in place of SecurityType', { 167: undefined, 460: '4', 55: 'EURUSD' }, 'forex', 'USD'],
    ['given Product and a CFICode of neither stock, option nor future', { 167: undefined, 460: '4', 461: 'MRCXXX' }, 'forex', 'USD'],
    ['given Product and the CFICode of a future, then that counts', { 167: undefined, 460: '4', 461: 'FFCXXX', 15: 'USD' }, 'future', 'USD'],
    ['given another Product', { 167: undefined, 460: '5' }, 'equity', 'USD'],
    ['given the pair as SecurityID', { 55: '[N/A]', 48: 'EUR/USD' }, 'forex', 'USD'],
    ['given a slash and no type', { 167: undefined }, 'equity', 'USD'],
    ['given a slash, no type and no currency, then it is the default', { 167: undefined, 15: undefined, 55: 'BF/BB' }, 'equity', 'USD'],
    ['given six letters and no type, then it is no pair', { 167: undefined, 55: 'EURUSD' }, 'equity', 'EUR'],
    ['given a future of a pair, then its price is in Currency (15)', { 167: 'FUT' }, 'future', 'EUR'],
    ['given a symbol that is no pair', { 55: 'EUR' }, 'forex', 'EUR'],
  ])('%s', (_name, fields, securityType, quoteCurrency) => {
    expect(executionOf({ ...pair, ...fields }).instrument).toMatchObject({ securityType, quoteCurrency, settlementCurrency: quoteCurrency });
  });

  it('given a settlement currency, then that stays', () => {
    expect(executionOf({ ...pair, 120: 'EUR' }).instrument).toMatchObject({ quoteCurrency: 'USD', settlementCurrency: 'EUR' });
  });

  it('given an order, then its terms are of the same instrument as its executions', () => {
    expect(placed({ ...pair, 31: undefined, 32: undefined }).instrument).toEqual(executionOf(pair).instrument);
  });

  it.each<[name: string, fields: Fields, amount: string, currency: string]>([
    ['given one with no currency, then it is in the dealt one', { 12: '25', 13: '3' }, '25', 'EUR'],
    ['given one per unit, then it is in the dealt one', { 12: '.00002', 13: '1' }, '20', 'EUR'],
    ['given a percentage, then it is of what was dealt', { 12: '.0001', 13: '2' }, '100', 'EUR'],
    ['given a percentage in the quote currency, then it is of what was paid', { 12: '.0001', 13: '2', 479: 'USD' }, '110', 'USD'],
    ['given a deal in the quote currency, then it is of what was paid', { 15: 'USD', 12: '.0001', 13: '2' }, '110', 'USD'],
  ])('a commission: %s', (_name, fields, amount, currency) => {
    expect(executionOf({ ...pair, ...fields }).fees).toEqual([{ amount, currency }]);
  });
});

describe('the series of an option', () => {
  const option = { 167: 'OPT', 541: '20240621', 202: '150' };
  const OCC = 'AAPL  240621P00150000';

  it.each<[name: string, fields: Fields, symbol: string]>([
    ['given PutOrCall', { ...option, 201: '0' }, 'AAPL 20240621 P 150'],
    ['given CFICode in its place: a call', { ...option, 461: 'OCASPS' }, 'AAPL 20240621 C 150'],
    ['given CFICode in its place: a put', { ...option, 461: 'OPASPS' }, 'AAPL 20240621 P 150'],
    ['given both, then PutOrCall counts', { ...option, 201: '0', 461: 'OCASPS' }, 'AAPL 20240621 P 150'],
    ['given a PutOrCall that means neither, then CFICode counts', { ...option, 201: '9', 461: 'OCASPS' }, 'AAPL 20240621 C 150'],
    ['given CFICode in place of SecurityType too', { ...option, 167: undefined, 461: 'OPASPS' }, 'AAPL 20240621 P 150'],
    ['given an OCC symbol as SecurityID', { ...option, 48: OCC }, 'AAPL 20240621 P 150'],
    ['given an OCC symbol as SecurityDesc', { ...option, 48: '12345', 107: OCC }, 'AAPL 20240621 P 150'],
    ['given an OCC symbol and nothing else', { 167: 'OPT', 48: OCC }, 'AAPL 20240621 P 150'],
    ['given an OCC symbol and a month, then the day is known', { ...option, 541: undefined, 200: '202406', 48: OCC }, 'AAPL 20240621 P 150'],
    ['given fields and an OCC symbol of another contract, then the fields count', { ...option, 201: '1', 541: '20240719', 202: '160', 48: OCC }, 'AAPL 20240719 C 160'],
    ['given no expiry, then SecurityID is a part of it', { ...option, 201: '1', 541: undefined, 48: '12345' }, 'AAPL C 150 12345'],
    ['given no strike, then SecurityID is', { ...option, 201: '1', 202: undefined, 48: '12345' }, 'AAPL 20240621 C 12345'],
    ['given none of them, then SecurityID is', { 167: 'OPT', 48: '12345' }, 'AAPL 12345'],
    ['given all of them, then SecurityID is not', { ...option, 201: '1', 48: '12345' }, 'AAPL 20240621 C 150'],
    ['given none of them and no SecurityID', { 167: 'OPT' }, 'AAPL'],
    ['given a SecurityID alone', { 167: 'OPT', 55: '[N/A]', 48: '12345' }, '12345'],
    ['given an OCC symbol as Symbol, then that is enough', { ...option, 55: OCC, 48: '12345', 461: 'OPASPS' }, `${OCC} 20240621 150`],
    ['given another symbol of an option as Symbol', { ...option, 55: '.AAPL240621P150' }, '.AAPL240621P150 20240621 150'],
    ['given an option on a future', { ...option, 167: 'OOF', 461: 'OPAFPS' }, 'AAPL 20240621 P 150'],
    ['given a SecurityType that is not known, with CFICode', { ...option, 167: 'FUT-OPT', 461: 'OPAFPS' }, 'AAPL 20240621 P 150'],
    ['given a warrant', { ...option, 167: 'WAR', 201: '1' }, 'AAPL 20240621 C 150'],
    ['given a future, then SecurityID is no part of it', { 167: 'FUT', 200: '202406', 48: '12345' }, 'AAPL 202406'],
  ])('%s', (_name, fields, symbol) => {
    expect(executionOf(fields).instrument.symbol).toBe(symbol);
  });

  it.each<[name: string, fields: Fields, securityType: string, symbol: string]>([
    ['given CFICode alone: an option', { 461: 'OCASPS' }, 'option', 'AAPL C'],
    ['given CFICode alone: a future', { 461: 'FFSCSX', 200: '202406' }, 'future', 'AAPL 202406'],
    ['given CFICode alone: a share', { 461: 'ESVUFR' }, 'equity', 'AAPL'],
    ['given CFICode alone: a bond', { 461: 'DBFTFB' }, 'other', 'AAPL'],
    ['given SecurityType and CFICode, then SecurityType counts', { 167: 'CS', 461: 'OCASPS' }, 'equity', 'AAPL'],
    ['given PutOrCall and CFICode, then PutOrCall counts', { 201: '1', 461: 'ESVUFR' }, 'option', 'AAPL C'],
    ['given PutOrCall and the CFICode of a warrant, then it is no contract of 100', { 201: '1', 461: 'RWSTCA' }, 'other', 'AAPL C'],
    ['given a share with a right and a strike of 0, then these say nothing', { 201: '1', 202: '0', 461: 'ESVUFR' }, 'equity', 'AAPL'],
    ['given a future with a strike of 0, then it is none', { 167: 'FUT', 200: '202612', 202: '0' }, 'future', 'AAPL 202612'],
    ['given a strike of 0, then it is none', { 202: '0' }, 'equity', 'AAPL'],
  ])('and its type: %s', (_name, fields, securityType, symbol) => {
    expect(executionOf(fields).instrument).toMatchObject({ securityType, symbol });
  });

  it.each<[name: string, fields: Fields]>([
    ['given neither PutOrCall nor CFICode', option],
    ['given a PutOrCall that means neither', { ...option, 201: '2' }],
    ['given a CFICode that means neither', { ...option, 461: 'OMASPS' }],
    ['given the CFICode of a share', { ...option, 461: 'ESVUFR' }],
    ['given a SecurityID that is not of an option', { ...option, 48: '12345' }],
    ['given an option on a future', { ...option, 167: 'OOF' }],
    ['given a SecurityType of options that is not FIX’s', { ...option, 167: 'FUTOPT' }],
    ['given a strike and no type', { 202: '150' }],
  ])('with a strike is malformed in a trade and its correction: %s', (_name, fields) => {
    const reason = 'PutOrCall (201) does not say whether the option is a call or a put, nor does CFICode (461) or an OCC symbol';
    expect(report(fields)).toEqual({ kind: 'malformed', field: 'PutOrCall (201)', reason });
    expect(report({ ...fields, 150: 'G', 19: 'E0' })).toEqual({ kind: 'malformed', field: 'PutOrCall (201)', reason });
  });

  it.each<[name: string, fields: Fields]>([
    ['given one without a strike', { 167: 'OPT', 541: '20240621' }],
    ['given one with a strike of 0', { ...option, 202: '0' }],
    ['given a bond with a strike', { 167: 'CORP', 202: '150' }],
  ])('is not malformed: %s', (_name, fields) => {
    expect(report(fields).kind).toBe('facts');
  });

  it('given no right and no trade, then the report, the order and the bust are read', () => {
    const instrument = { symbol: 'AAPL 20240621 150' };
    expect(dataOf(report({ ...option, ...WORKING }), 'OrderAccepted').terms).toMatchObject({ instrument });
    expect(dataOf(report({ ...option, 150: 'H', 19: 'E0' }), 'ExecutionBusted').terms).toMatchObject({ instrument });
    expect(placed(option)).toMatchObject({ instrument });
  });
});

import { describe, expect, it } from 'vitest';
import { fixAdapter } from '../../src/ingest/fix.js';
import { PARTIAL_FILL, fixLine, fromBroker, toBroker } from './fix-fixture.js';
import { dataOf, onlyFact, parseOne } from './parse.js';

type Fields = Readonly<Record<number, string | undefined>>;
type Group = readonly (readonly [tag: number, value: string])[];

const parse = (line: string, flags: Readonly<Record<string, string>> = {}) => parseOne(fixAdapter, line, flags);
const report = (changes: Fields, form?: { version?: string; separator?: string }) => parse(fromBroker('8', { ...PARTIAL_FILL, ...changes }, form));
const HEAD: Group = [[35, '8'], [49, 'BROKER'], [56, 'CLIENT'], [34, '7'], [52, '20261120-14:30:00.500']];
/** A fill with repeating groups, which have fields that come more than once. */
const withGroups = (...groups: readonly Group[]) =>
  parse(fixLine([...HEAD, ...Object.entries(PARTIAL_FILL).map(([tag, value]) => [Number(tag), value] as const), ...groups.flat()]));

describe('what logs put around a FIX message', () => {
  it.each([
    '2026-11-20 14:30:00,500 INFO [session-1] IN: ',
    'OUT: ',
    '20261120-14:30:00.500 : ',
    '<20261120-14:30:00, FIX.4.4:CLIENT->BROKER, incoming> (',
    '["',
    '\t',
  ])('is left out: %j', (prefix) => {
    for (const separator of ['\u0001', '|', ';', '^A']) {
      expect(dataOf(parse(`${prefix}${fromBroker('8', PARTIAL_FILL, { separator })})`), 'ExecutionRecorded').execution.execId).toBe('E1');
    }
  });

  it('may lack the CheckSum, where the log is known to be rewritten', () => {
    const bare = fromBroker('8', PARTIAL_FILL, { separator: '|' }).replace(/10=\d{3}\|$/u, '');
    expect(parse(bare)).toMatchObject({ kind: 'malformed', field: 'CheckSum (10)' });
    expect(dataOf(parse(bare, { checksum: 'ignore' }), 'ExecutionRecorded').execution.lastQty).toBe('30');
  });
});

describe('repeating groups of a FIX message', () => {
  const parties: Group = [[453, '2'], [448, 'DESK'], [447, 'D'], [452, '1'], [448, 'CLIENT7'], [447, 'D'], [452, '3']];
  const contra: Group = [[382, '2'], [375, 'X1'], [437, '10'], [375, 'X2'], [437, '20']];
  const legs: Group = [[555, '2'], [600, 'AAPL'], [608, 'OC'], [624, '1'], [687, '1'], [600, 'AAPL'], [608, 'OC'], [624, '2'], [687, '1']];

  it('of parties, counterparties and legs are not the message’s own fields', () => {
    expect(dataOf(withGroups(parties, contra, legs), 'ExecutionRecorded')).toEqual(dataOf(report({}), 'ExecutionRecorded'));
  });

  it('of fees give each with its own currency, also a rebate, and one without a leading zero', () => {
    const fees: Group = [[136, '3'], [137, '.25'], [138, 'EUR'], [139, '4'], [137, '-0.10'], [139, '1'], [137, '2.'], [138, 'USD'], [139, '7']];
    expect(dataOf(withGroups([[12, '1'], [13, '3'], [479, 'GBP']], parties, fees), 'ExecutionRecorded').execution.fees).toEqual([
      { amount: '1', currency: 'GBP' },
      { amount: '0.25', currency: 'EUR' },
      { amount: '-0.1', currency: 'USD' },
      { amount: '2', currency: 'USD' },
    ]);
    expect(withGroups([[136, '1'], [137, 'x']])).toMatchObject({ kind: 'malformed', field: 'MiscFeeAmt (137)' });
    expect(withGroups([[136, '1'], [137, '1'], [891, '3']])).toMatchObject({ kind: 'malformed', field: 'MiscFeeBasis (891)' });
    expect(withGroups(Array.from({ length: 21 }, () => [137, '1'] as const))).toMatchObject({ kind: 'malformed', field: 'NoMiscFees (136)' });
  });
});

describe('the basis of a miscellaneous fee (891)', () => {
  const amountsOf = (fees: Group, changes: Group = []) => dataOf(withGroups(changes, [[136, '1']], fees), 'ExecutionRecorded').execution.fees;

  it.each<[name: string, fees: Group, changes: Group, amount: string]>([
    ['given none, then the fee is absolute', [[137, '.01'], [139, '4']], [], '0.01'],
    ['given none in the field, then it is absolute', [[137, '.01'], [891, '']], [], '0.01'],
    ['given 0, then it is absolute', [[137, '.01'], [139, '4'], [891, '0']], [], '0.01'],
    ['given 1, then it is per unit: 30 × 0.01', [[137, '.01'], [138, 'USD'], [139, '4'], [891, '1']], [], '0.3'],
    ['given 1 and a rebate, then it is a rebate per unit', [[137, '-.002'], [139, '4'], [891, '1']], [], '-0.06'],
    ['given 2, then it is a part of the principal: 5 % of 315', [[137, '.05'], [139, '4'], [891, '2']], [], '15.75'],
    ['given 2 and contracts of 100, then it is a part of what they are worth', [[137, '.0001'], [139, '4'], [891, '2']], [[231, '100']], '3.15'],
  ])('%s', (_name, fees, changes, amount) => {
    expect(amountsOf(fees, changes)).toEqual([{ amount, currency: 'USD' }]);
  });

  it('given fees on different bases, then each is on its own', () => {
    const fees: Group = [[137, '1'], [891, '1'], [137, '2'], [138, 'EUR'], [137, '.1'], [138, 'GBP'], [891, '2']];
    expect(amountsOf(fees)).toEqual([
      { amount: '30', currency: 'USD' },
      { amount: '2', currency: 'EUR' },
      { amount: '31.5', currency: 'GBP' },
    ]);
  });

  it('given a product with too many digits, then the message is malformed', () => {
    const tiny = `0.${'0'.repeat(29)}1`;
    expect(withGroups([[231, '0.1'], [136, '1'], [137, tiny], [891, '2']])).toMatchObject({ kind: 'malformed', field: 'MiscFeeAmt (137)' });
  });
});

describe('the commission of a FIX report', () => {
  it.each([
    ['per unit', { 12: '0.005', 13: '1' }, ['0.15']],
    ['a percentage of the principal, 0.1 % of 315', { 12: '.001', 13: '2' }, ['0.315']],
    ['a percentage, 5 % of 315', { 12: '.05', 13: '2' }, ['15.75']],
    ['a percentage, of a contract’s worth', { 12: '.001', 13: '2', 231: '100' }, ['31.5']],
    ['absolute', { 12: '4.95', 13: '3' }, ['4.95']],
    ['absolute, a rebate', { 12: '-0.3', 13: '3' }, ['-0.3']],
    ['waived', { 12: '4.95', 13: '4' }, []],
    ['none', { 12: '0', 13: '3' }, []],
    ['of no stated type', { 12: '4.95' }, []],
  ])('%s', (_name, fields, amounts) => {
    expect(dataOf(report(fields), 'ExecutionRecorded').execution.fees.map(({ amount }) => amount)).toEqual(amounts);
  });
});

describe('the text of a FIX message', () => {
  it('may hold the separator that the log shows', () => {
    const line = fromBroker('8', { ...PARTIAL_FILL, 58: 'filled | all good; thanks' }, { separator: '|' });
    expect(dataOf(parse(line), 'ExecutionRecorded').report?.reason).toBe('filled | all good; thanks');
  });

  it('may be encoded, with its length before it, and hold anything', () => {
    for (const encoded of ['a\u000138=999\u0001b', 'x\u000110=000\u0001', '\u0001\u0001']) {
      const line = fixLine([...HEAD, ...Object.entries(PARTIAL_FILL).map(([tag, value]) => [Number(tag), value] as const), [354, String(encoded.length)], [355, encoded], [58, 'plain']]);
      expect(dataOf(parse(line), 'ExecutionRecorded')).toMatchObject({ report: { reason: 'plain' }, terms: { orderQty: '100' } });
    }
  });
});

describe('a FIX message without OrderQty', () => {
  const without = { 38: undefined };

  it('is of the order that CumQty and LeavesQty make', () => {
    expect(dataOf(report(without), 'ExecutionRecorded').terms?.orderQty).toBe('100');
    expect(dataOf(report({ ...without, 150: '5' }), 'OrderReplaced').change.orderQty).toBe('100');
    expect(dataOf(report(without), 'ExecutionRecorded').report).not.toHaveProperty('orderQty');
  });

  it.each(['3', '4', '8', 'B', 'C'])('has none where nothing is left of the order (OrdStatus %s)', (ordStatus) => {
    const { fact } = onlyFact(report({ ...without, 150: ordStatus, 39: ordStatus, 151: '0' }));
    expect(fact.data.terms?.orderQty).toBe('0');
  });

  it('that asks for an amount of cash has none yet', () => {
    const cash = toBroker('D', { 1: 'ACC1', 11: 'C1', 152: '10000', 40: '1', 54: '1', 55: 'FUND', 60: '20261120-14:30:00' });
    expect(dataOf(parse(cash), 'OrderPlaced').terms.orderQty).toBe('0');
  });
});

describe('the report of one leg of a multileg order (442=2)', () => {
  it('is kept in words and is no execution: the whole’s (442=3) is', () => {
    const leg = report({ 442: '2', 17: 'L1', 167: 'OPT', 541: '20261218', 201: '1', 202: '150', 32: '60', 31: '2.05' });
    expect(dataOf(leg, 'OrderStatusReported')).toEqual({ refs: { brokerOrderId: 'O1', clOrdId: 'C1' }, report: { reason: 'leg AAPL 20261218 C 150: 60 @ 2.05' } });
    const whole = report({ 442: '3', 167: 'MLEG' });
    expect(dataOf(whole, 'ExecutionRecorded').execution).toMatchObject({ lastQty: '30', instrument: { securityType: 'multileg' } });
    expect(dataOf(report({ 442: '1' }), 'ExecutionRecorded').execution.lastQty).toBe('30');
    expect(onlyFact(leg).context.commandKey).not.toBe(onlyFact(whole).context.commandKey);
  });
});

describe('the ExecTypes that versions after 4.4 added', () => {
  it.each([['L', 'OrderAccepted'], ['J', 'OrderStatusReported'], ['K', 'OrderStatusReported']])('%s is %s', (execType, type) => {
    expect(onlyFact(report({ 150: execType, 32: undefined, 31: undefined })).fact.type).toBe(type);
  });
});

const aliasesOf = (idsRecycle: string, changes: Fields = {}, msgType: '8' | '9' = '8') =>
  onlyFact(parse(fromBroker(msgType, { ...PARTIAL_FILL, 434: '1', ...changes }), { idsRecycle })).aliases.map(({ kind, scope, id }) => `${kind} ${scope.slice(1).join('/')} ${id}`);

describe('where ids recycle', () => {
  it.each([
    ['never', ['broker BROKER O1', 'client ACC1 C1']],
    ['daily', ['broker BROKER/2026-11-20 O1', 'client ACC1/2026-11-20 C1']],
    ['account', ['broker BROKER/in account/ACC1 O1', 'client ACC1/in account/ACC1 C1']],
    ['instrument', ['broker BROKER/of instrument/AAPL O1', 'client ACC1/of instrument/AAPL C1']],
    ['daily,account,instrument', ['broker BROKER/2026-11-20/in account/ACC1/of instrument/AAPL O1', 'client ACC1/2026-11-20/in account/ACC1/of instrument/AAPL C1']],
  ])('(%s) they are scoped so', (idsRecycle, aliases) => {
    expect(aliasesOf(idsRecycle)).toEqual(aliases);
  });

  it('a message that does not say the scope names its order by the ClOrdIDs of its session', () => {
    expect(aliasesOf('account', { 1: undefined, 41: 'C0' })).toEqual([
      'client BROKER/session/CLIENT/no account said C0',
      'client BROKER/session/CLIENT/no account said C1',
      'client BROKER/session/CLIENT C1',
      'client BROKER/session/CLIENT C0',
    ]);
    expect(aliasesOf('daily,instrument', { 55: undefined, 32: undefined, 31: undefined }, '9')).toEqual(['client BROKER/session/CLIENT/2026-11-20 C1']);
  });

  it.each(['weekly', 'daily,weekly', 'never,daily', ''])('%j is refused', (idsRecycle) => {
    expect(() => parse('', { idsRecycle })).toThrow('option "idsRecycle"');
  });
});

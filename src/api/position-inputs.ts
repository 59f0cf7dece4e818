import { z } from 'zod';
import { priceText, quantityText } from '../domain/amounts.js';
import type { PriceString, QuantityString } from '../domain/amounts.js';
import { canonicalDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import { targetKey } from '../domain/ids.js';
import { builder } from './builder.js';
import { directionEnum, environmentEnum, ordTypeEnum, targetKindEnum, timeInForceEnum } from './enums.js';
import { InstrumentInput, MoneyInput } from './order-inputs.js';

export const PositionTermsInput = builder.inputType('PositionTermsInput', {
  fields: (t) => ({
    environment: t.field({ type: environmentEnum, required: true }),
    instrument: t.field({ type: InstrumentInput, required: true }),
    sourceSymbol: t.string({ description: 'The symbol as the broker spells it; the instrument\'s where it is not given.' }),
    direction: t.field({ type: directionEnum, required: true }),
    quantity: t.field({ type: 'Decimal', required: true, description: '0 where opening orders will fill it.' }),
    openPrice: t.field({ type: 'Decimal' }),
    originalCredit: t.field({ type: MoneyInput, description: 'What opening it brought in (positive, a credit) or cost (negative, a debit), as a whole.' }),
    strategyType: t.string({ required: true }),
    strategy: t.string(),
    signal: t.string(),
    group: t.string(),
    portfolio: t.string(),
  }),
});

export const TargetInput = builder.inputType('TargetInput', {
  fields: (t) => ({
    targetKey: t.string({ required: true, description: 'What names it within its position, for example `put_spread_1_40`; at most 100 characters.' }),
    kind: t.field({ type: targetKindEnum, required: true }),
    percent: t.field({ type: 'Decimal', required: true, description: 'Of the target\'s own original credit or debit: more than 0, at most 100, with at most two decimals.' }),
    targetPrice: t.field({ type: 'Decimal', required: true }),
    quantity: t.field({ type: 'Decimal', required: true }),
    originalCredit: t.field({ type: MoneyInput }),
    orderRef: t.string({ description: 'The id of the target\'s order: Fillbook\'s, the broker\'s or a ClOrdID; at most 200 characters. It may appear later.' }),
  }),
});

export const ClosingOrderInput = builder.inputType('ClosingOrderInput', {
  description: 'What the order that closes a position is to be like; its side and quantity follow from the position.',
  fields: (t) => ({
    ordType: t.field({ type: ordTypeEnum, required: true }),
    price: t.field({ type: 'Decimal' }),
    stopPx: t.field({ type: 'Decimal' }),
    timeInForce: t.field({ type: timeInForceEnum }),
  }),
});

const decimalText = () =>
  z.string('must be a decimal in quotes, such as "12.50"').refine((value) => tryParseDecimal(value) !== undefined, 'must be a plain decimal in quotes, such as "12.50"');
const quantity = () => decimalText().transform((value): QuantityString => quantityText(value));
const price = () => decimalText().transform((value): PriceString => priceText(value));
const amount = () => decimalText().transform((value): DecimalString => canonicalDecimal(value));
const money = z.object({ amount: amount(), currency: z.string() });

const instrument = z
  .object({
    symbol: z.string(),
    securityType: z.enum(['equity', 'option', 'future', 'spot', 'forex', 'multileg', 'other']),
    multiplier: amount().default(canonicalDecimal('1')),
    quoteCurrency: z.string(),
    settlementCurrency: z.string().optional(),
  })
  .transform((given) => ({ ...given, settlementCurrency: given.settlementCurrency ?? given.quoteCurrency }));

/* Only the form is checked here; what an intent may say is the domain's to accept or reject. */

export const positionTerms = z
  .object({
    environment: z.enum(['live', 'paper']),
    instrument,
    sourceSymbol: z.string().optional(),
    direction: z.enum(['long', 'short']),
    quantity: quantity(),
    openPrice: price().exactOptional(),
    originalCredit: money.exactOptional(),
    strategyType: z.string(),
    strategy: z.string().exactOptional(),
    signal: z.string().exactOptional(),
    group: z.string().exactOptional(),
    portfolio: z.string().exactOptional(),
  })
  .transform((given) => ({ ...given, sourceSymbol: given.sourceSymbol ?? given.instrument.symbol }));

export const targetTerms = z
  .object({
    targetKey: z.string().transform((key) => targetKey(key)),
    kind: z.enum(['profit', 'stop_loss']),
    percent: amount(),
    targetPrice: price(),
    quantity: quantity(),
    originalCredit: money.exactOptional(),
    orderRef: z.string().exactOptional(),
  })
  .transform(({ kind, ...given }) => ({ ...given, targetKind: kind }));

/** As far as GraphQL has not read it already. */
export const closingOrderPrices = z.object({ price: price().exactOptional(), stopPx: price().exactOptional() });

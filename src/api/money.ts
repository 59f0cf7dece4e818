import { z } from 'zod';
import { builder } from './builder.js';

interface Money {
  readonly amount: string;
  readonly currency: string;
}

export const moneyRef = builder.objectRef<Money>('Money').implement({
  description: 'An exact amount, with an ISO 4217 code or a coin\'s symbol.',
  fields: (t) => ({
    amount: t.expose('amount', { type: 'Decimal' }),
    currency: t.exposeString('currency'),
  }),
});

const moneyList = z.array(z.object({ amount: z.string(), currency: z.string() }));

/** A `jsonb` column of amounts. */
export const readMoneyList = (column: unknown): Money[] => moneyList.parse(column);

/** Two columns of a row as one amount; null unless both are there. */
export const moneyOf = (amount: string | null, currency: string | null): Money | null => (amount === null || currency === null ? null : { amount, currency });

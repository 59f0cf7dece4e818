/* Messages in the form of tastytrade's account streamer, written for these tests. */

export type Json = Readonly<Record<string, unknown>>;

export const AT = Date.parse('2026-11-20T14:30:00.000Z');
export const isoAt = (ms: number): string => new Date(AT + ms).toISOString().replace('Z', '+00:00');

export interface Fill {
  readonly id: string;
  readonly quantity: number;
  readonly price: string;
  readonly at: number;
}

export const fillJson = ({ id, quantity, price, at }: Fill): Json => ({
  'ext-group-fill-id': '0',
  'ext-exec-id': `x${id}`,
  'fill-id': id,
  quantity,
  'fill-price': price,
  'filled-at': isoAt(at),
  'destination-venue': 'TEST_A',
});

export const legJson = (symbol: string, quantity: number, fills: readonly Fill[] = [], more: Json = {}): Json => ({
  'instrument-type': 'Equity',
  symbol,
  quantity,
  'remaining-quantity': quantity - fills.reduce((sum, fill) => sum + fill.quantity, 0),
  action: 'Buy to Open',
  fills: fills.map((fill) => fillJson(fill)),
  ...more,
});

/** One order of 10 ACME, limit 12.5, received at 0 ms, as it was at `at`. */
export const orderJson = (status: string, at: number, fills: readonly Fill[] = [], more: Json = {}): Json => ({
  id: 270602,
  'account-number': '5WT00001',
  'time-in-force': 'GTC',
  'order-type': 'Limit',
  size: 10,
  'underlying-symbol': 'ACME',
  price: '12.5',
  'price-effect': 'Debit',
  status,
  'received-at': isoAt(0),
  'updated-at': AT + at,
  'global-request-id': 'f6c5',
  'user-id': 99,
  username: 'coolperson',
  legs: [legJson('ACME', 10, fills)],
  ...more,
});

export const frame = (data: Json): Json => ({ type: 'Order', data, timestamp: AT + 3_600_000 });

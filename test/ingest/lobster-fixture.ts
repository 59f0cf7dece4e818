/** What became of the orders of a made-up session. */
export interface SessionOutcome {
  readonly orders: number;
  readonly filled: number;
  readonly canceled: number;
  readonly canceledWithFills: number;
  readonly open: number;
}

export interface LobsterSession {
  readonly lines: readonly string[];
  readonly outcome: SessionOutcome;
  /** Messages of orders from before the session. */
  readonly unknown: number;
  readonly hidden: number;
  /** Messages about orders that the session knows. */
  readonly facts: number;
}

export const LOBSTER_NAME = 'ACME_2026-11-20_34200000_37800000_message_5.csv';

/** A repeatable sequence of numbers from 0 to `below` - 1 (a linear congruential generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** A made-up hour of a book in the form of a LOBSTER message file: orders that rest, trade, shrink and go, many at a time. */
export function lobsterSession(orderCount: number, seed = 1): LobsterSession {
  const next = numbers(seed);
  const lines: string[] = [];
  const counts = { orders: orderCount, filled: 0, canceled: 0, canceledWithFills: 0, open: 0 };
  let [nanoseconds, unknown, hidden, facts] = [34_200_000_000_000n, 0, 0, 0];
  const say = (type: number, id: number, size: number, price: number, side: number): void => {
    // Some messages share one time.
    nanoseconds += BigInt(next(3) * next(90_000));
    const fraction = (nanoseconds % 1_000_000_000n).toString().padStart(9, '0');
    lines.push(`${nanoseconds / 1_000_000_000n}.${fraction},${type},${id},${size},${price},${side}`);
    if (type <= 4 && id < 1_000_000) facts += 1;
  };
  const resting: { id: number; left: number; traded: number; price: number; side: number }[] = [];
  const end = (at: number): void => {
    const [order] = resting.splice(at, 1);
    if (!order) return;
    if (order.left > 0) say(3, order.id, order.left, order.price, order.side);
    if (order.left === 0) counts.filled += 1;
    else if (order.traded > 0) counts.canceledWithFills += 1;
    else counts.canceled += 1;
  };
  for (let id = 1; id <= orderCount; id += 1) {
    const order = { id, left: (1 + next(5)) * 100, traded: 0, price: 1_000_000 + next(500) * 100, side: next(2) === 0 ? 1 : -1 };
    say(1, id, order.left, order.price, order.side);
    resting.push(order);
    const at = next(resting.length);
    const touched = resting[at];
    if (touched && next(3) === 0) {
      const size = next(2) === 0 ? touched.left : Math.max(1, Math.floor(touched.left / 2));
      say(4, touched.id, size, touched.price, touched.side);
      touched.left -= size;
      touched.traded += size;
      if (touched.left === 0) end(at);
    } else if (touched && touched.left > 10 && next(4) === 0) {
      say(2, touched.id, 10, touched.price, touched.side);
      touched.left -= 10;
      // Reduced orders always go by a delete here, so that they count as cancelled whatever they traded.
      end(at);
    }
    if (next(40) === 0) {
      say(5, 0, 100, 1_000_000, 1);
      hidden += 1;
    }
    if (next(60) === 0) {
      say(3, 1_000_000 + id, 100, 1_000_000, 1);
      unknown += 1;
    }
    if (resting.length > 50) end(next(resting.length));
  }
  counts.open = resting.length;
  return { lines, outcome: counts, unknown, hidden, facts };
}

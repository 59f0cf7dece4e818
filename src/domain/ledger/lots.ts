import type { Price, Quantity } from '../amounts.js';
import type { Place } from './place.js';
import type { TradeKey } from './trade.js';

/** A part of one trade: what is still open of it, or what another one closed. */
export interface Lot {
  readonly opened: TradeKey;
  /** Of the trade that opened it. */
  readonly place: Place;
  /** Signed: negative where it is short. */
  readonly quantity: Quantity;
  readonly price: Price;
}

interface Link {
  readonly lot: Lot;
  readonly next: Link | undefined;
}

/**
 * The open lots of a book, the one that was opened first in front: all long or all short. Immutable; opening and closing cost
 * the same however many there are (two lists, the newer one turned around when the older one is used up).
 */
export class LotQueue {
  readonly size: number;
  readonly #front: Link | undefined;
  /** The newest one first. */
  readonly #back: Link | undefined;

  private constructor(front: Link | undefined, back: Link | undefined, size: number) {
    this.#front = front;
    this.#back = back;
    this.size = size;
  }

  static readonly empty = new LotQueue(undefined, undefined, 0);

  /** The first one is in front. */
  static of(lots: readonly Lot[]): LotQueue {
    return new LotQueue(
      lots.reduceRight<Link | undefined>((next, lot) => ({ lot, next }), undefined),
      undefined,
      lots.length,
    );
  }

  get first(): Lot | undefined {
    return this.#front?.lot;
  }

  /** With one more, opened after all others. */
  with(lot: Lot): LotQueue {
    return this.#front ? new LotQueue(this.#front, { lot, next: this.#back }, this.size + 1) : new LotQueue({ lot, next: undefined }, undefined, 1);
  }

  withoutFirst(): LotQueue {
    const rest = this.#front?.next;
    return rest || !this.#back ? new LotQueue(rest, this.#back, Math.max(0, this.size - 1)) : new LotQueue(turned(this.#back), undefined, this.size - 1);
  }

  /** What is left of the first one after a part of it was closed. */
  withFirst(lot: Lot): LotQueue {
    return new LotQueue({ lot, next: this.#front?.next }, this.#back, this.size);
  }

  /** The one that was opened first comes first. */
  toArray(): Lot[] {
    return [...walk(this.#front), ...walk(turned(this.#back))];
  }
}

function turned(link: Link | undefined): Link | undefined {
  let made: Link | undefined;
  for (let at = link; at; at = at.next) made = { lot: at.lot, next: made };
  return made;
}

function* walk(link: Link | undefined): Generator<Lot> {
  for (let at = link; at; at = at.next) yield at.lot;
}

import * as fc from 'fast-check';

/** The messages of an order as they may arrive: each at least once, some several times, in any order. */
export function arrivals<Message>(messages: readonly Message[]): fc.Arbitrary<readonly Message[]> {
  return fc.array(fc.nat({ max: messages.length - 1 }), { maxLength: messages.length }).chain((again) => {
    const all = [...messages.keys(), ...again];
    return fc.shuffledSubarray(all, { minLength: all.length }).map((order) => order.flatMap((index) => messages.slice(index, index + 1)));
  });
}

declare const brand: unique symbol;

/**
 * A `Base` that only its own constructor makes: an order id is not a position id, though both are strings. A brand on a
 * branded type adds to it: a `PriceString` is a `DecimalString` too.
 */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: { readonly [Key in Name]: true } };

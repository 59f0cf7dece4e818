declare const brand: unique symbol;

/** A `Base` that only its own constructor makes: an order id is not a position id, though both are strings. */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

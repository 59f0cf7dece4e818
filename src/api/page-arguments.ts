import { builder } from './builder.js';
import type { ApiContext } from './context.js';
import { pageSize } from './page.js';
import type { PageArgs } from './page.js';

/** What every list that is read in pages takes. */
export const pageArguments = builder.args((t) => ({
  first: t.int({ description: 'Rows of the page, 1 to 500; 50 where it is not given.' }),
  after: t.string({ description: 'The `endCursor` of the page before. It is good for the same query with the same filter only.' }),
}));

/** A page counts as often as it may have rows. One of a size that no page has is refused for that, and not for what it would cost. */
export const pageComplexity = ({ first }: PageArgs, context: ApiContext) => ({ field: 1, multiplier: pageSize(context, first) });

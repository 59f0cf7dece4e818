import { builder } from './builder.js';
import type { ApiContext } from './context.js';
import type { PageArgs } from './page.js';

/** What every list that is read in pages takes. */
export const pageArguments = builder.args((t) => ({
  first: t.int({ description: 'Rows of the page, 1 to 500; 50 where it is not given.' }),
  after: t.string({ description: 'The `endCursor` of the page before. It is good for the same query with the same filter only.' }),
}));

/** A page counts as often as it may have rows. */
export const pageComplexity = ({ first }: PageArgs, { limits }: ApiContext) => ({ field: 1, multiplier: first ?? limits.defaultPageSize });

import SchemaBuilder from '@pothos/core';
import ComplexityPlugin, { ComplexityErrorKind } from '@pothos/plugin-complexity';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import RelayPlugin from '@pothos/plugin-relay';
import type { ApiContext } from './context.js';
import { apiError } from './errors.js';

/** What a scalar is on the way in and on the way out. `unknown`: the schema of the input says what is wrong with it. */
type ApiScalars = {
  ID: { Input: string; Output: string };
  Decimal: { Input: unknown; Output: string };
  LogPosition: { Input: bigint; Output: bigint | string };
  Revision: { Input: bigint; Output: bigint | string };
  DateTime: { Input: unknown; Output: string };
  Date: { Input: unknown; Output: string };
};

/** A list without a limit of its own counts as this many rows. */
const DEFAULT_LIST_ROWS = 10;

const LIMITED: Readonly<Record<ComplexityErrorKind, string>> = {
  [ComplexityErrorKind.Depth]: 'nested selections',
  [ComplexityErrorKind.Breadth]: 'selected fields',
  [ComplexityErrorKind.Complexity]: 'fields that may come back (ask for shorter pages or fewer nested lists)',
};

/** Types and fields are added to it by one file a concept; `schema.ts` brings them together. */
export const builder = new SchemaBuilder<{
  Context: ApiContext;
  Scalars: ApiScalars;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
}>({
  plugins: [ComplexityPlugin, DataloaderPlugin, RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    cursorType: 'String',
    // The field of the connection counts the rows, by its `first`.
    edgesFieldOptions: { nullable: false, complexity: { field: 1, multiplier: 1 } },
    nodeFieldOptions: { nullable: false },
    defaultConnectionTypeOptions: { description: 'One page of a walk.' },
  },
  complexity: {
    defaultComplexity: 1,
    defaultListMultiplier: DEFAULT_LIST_ROWS,
    limit: ({ limits }: ApiContext) => ({ complexity: limits.complexity, depth: limits.depth, breadth: limits.breadth }),
    complexityError: (kind, result) => {
      const [found, max] = {
        [ComplexityErrorKind.Depth]: [result.depth, result.maxDepth],
        [ComplexityErrorKind.Breadth]: [result.breadth, result.maxBreadth],
        [ComplexityErrorKind.Complexity]: [result.complexity, result.maxComplexity],
      }[kind];
      return apiError('LIMIT_EXCEEDED', `the query has ${found} ${LIMITED[kind]}: the limit is ${max}`);
    },
  },
});

builder.queryType({ description: 'Reads of the read models. All of them see the viewer\'s tenant and accounts only.' });
builder.mutationType({ description: 'Intents, which can be rejected, and facts, which never are. Refusals are in the payload\'s `errors`.' });
builder.subscriptionType({ description: 'Changes of rows as they are now: what changed several times meanwhile comes once.' });

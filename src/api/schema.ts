/* oxlint-disable import/no-unassigned-import -- each file adds its concept to the builder when it is loaded */
import type { GraphQLSchema } from 'graphql';
import { isObjectType, lexicographicSortSchema, printSchema } from 'graphql';
import './scalars.js';
import './order.js';
import './execution.js';
import './position.js';
import './position-fill.js';
import './profit-target.js';
import './reconciliation.js';
import './ledger.js';
import './ledger-lots.js';
import './event.js';
import './parked-fact.js';
import './quarantined-line.js';
import './order-mutations.js';
import './fact-mutations.js';
import './position-mutations.js';
import './subscriptions.js';
import { builder } from './builder.js';

/** Everything that the files above added to the builder. */
export const schema = withoutTrivialResolvers(builder.toSchema());

/**
 * Most fields give a property of their own name. GraphQL does that by itself where a field has no resolver, and in a compiled
 * query without a call; of a page of 50 rows that is a third of the time.
 */
function withoutTrivialResolvers(built: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(built.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.extensions['pothosExposedField'] === field.name) delete field.resolve;
    }
  }
  return built;
}

/** The schema as text, as it is committed beside this file: the same whatever the order of the imports. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;

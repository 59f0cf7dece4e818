/* oxlint-disable import/no-unassigned-import -- each file adds its concept to the builder when it is loaded */
import { lexicographicSortSchema, printSchema } from 'graphql';
import './scalars.js';
import './order.js';
import './execution.js';
import './position.js';
import './profit-target.js';
import './event.js';
import './parked-fact.js';
import './quarantined-line.js';
import './order-mutations.js';
import './fact-mutations.js';
import './position-mutations.js';
import './subscriptions.js';
import { builder } from './builder.js';

/** Everything that the files above added to the builder. */
export const schema = builder.toSchema();

/** The schema as text, as it is committed beside this file: the same whatever the order of the imports. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;

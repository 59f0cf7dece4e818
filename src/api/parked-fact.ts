import type { ParkedPlace } from '../projections/parked/queries.js';
import { listParkedFacts } from '../projections/parked/queries.js';
import type { ParkedFactTable } from '../projections/tables.js';
import { builder } from './builder.js';
import { parkedStatusEnum } from './enums.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { parkedFactRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

parkedFactRef.implement({
  description: 'A fact whose order was not known when it came. It is taken up by itself when the order appears.',
  fields: (t) => ({
    stream: t.exposeString('stream'),
    revision: t.expose('revision', { type: 'Revision' }),
    accountId: t.exposeString('account_id'),
    source: t.exposeString('source'),
    aliasKind: t.exposeString('alias_kind', { description: '`broker` or `client`: whose id of the order it is.' }),
    aliasId: t.exposeString('alias_id', { description: 'The id under which it waits for its order.' }),
    factType: t.exposeString('fact_type'),
    occurredAt: t.expose('occurred_at', { type: 'DateTime' }),
    commandKey: t.exposeString('command_key'),
    status: t.field({ type: parkedStatusEnum.ref, resolve: (row) => parkedStatusEnum.of(row.status) }),
    orderId: t.exposeID('order_id', { nullable: true, description: 'The order that took it up.' }),
    parkedPosition: t.expose('parked_position', { type: 'LogPosition' }),
    lastPosition: t.expose('last_position', { type: 'LogPosition' }),
  }),
});

const ParkedFactFilter = builder.inputType('ParkedFactFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({ accountId: t.string(), status: t.field({ type: parkedStatusEnum.ref }) }),
});

const parkedConnection = builder.connectionObject({ type: parkedFactRef, name: 'ParkedFactConnection' }, { name: 'ParkedFactEdge' });

const byParking: Walk<ParkedFactTable> = {
  sort: 'parked facts by parking, oldest first',
  version: 1,
  place: ['position', 'text', 'position'],
  placeOf: (row) => [row.parked_position, row.stream, row.revision],
};

const placeAt = ([parkedPosition = '0', stream = '', revision = '0']: readonly string[]): ParkedPlace => ({ parkedPosition, stream, revision });

builder.queryFields((t) => ({
  parkedFacts: t.field({
    type: parkedConnection,
    description: 'Facts whose orders were not known when they came, oldest first.',
    args: { filter: t.arg({ type: ParkedFactFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.parkedFacts);
      return readPage(context, byParking, args, (first, place) =>
        listParkedFacts(context.database, context.viewer, { filter: present(args.filter), first, after: place && placeAt(place) }),
      );
    },
  }),
}));

import type { ParkedPlace, SelectedParkedFact } from '../projections/parked/queries.js';
import { listParkedFacts } from '../projections/parked/queries.js';
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
    accountId: t.exposeString('accountId'),
    source: t.exposeString('source'),
    aliasKind: t.exposeString('aliasKind', { description: '`broker` or `client`: whose id of the order it is.' }),
    aliasId: t.exposeString('aliasId', { description: 'The id under which it waits for its order.' }),
    factType: t.exposeString('factType'),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
    commandKey: t.exposeString('commandKey'),
    status: t.expose('status', { type: parkedStatusEnum }),
    orderId: t.exposeID('orderId', { nullable: true, description: 'The order that took it up.' }),
    parkedPosition: t.expose('parkedPosition', { type: 'LogPosition' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
  }),
});

const ParkedFactFilter = builder.inputType('ParkedFactFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({ accountId: t.string(), status: t.field({ type: parkedStatusEnum }) }),
});

const parkedConnection = builder.connectionObject({ type: parkedFactRef, name: 'ParkedFactConnection' }, { name: 'ParkedFactEdge' });

const byParking: Walk<SelectedParkedFact> = {
  sort: 'parked facts by parking, oldest first',
  version: 1,
  place: ['position', 'text', 'position'],
  placeOf: (row) => [row.parkedPosition, row.stream, row.revision],
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

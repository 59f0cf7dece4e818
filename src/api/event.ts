import { listEvents } from '../projections/event-index/queries.js';
import type { SelectedEvent } from '../projections/event-index/queries.js';
import { builder } from './builder.js';
import { apiError } from './errors.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { eventRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

eventRef.implement({
  description: 'An event of the ledger: what happened, when, who said so, and what caused it.',
  fields: (t) => ({
    position: t.expose('position', { type: 'LogPosition' }),
    eventId: t.exposeID('eventId'),
    stream: t.exposeString('stream'),
    revision: t.expose('revision', { type: 'Revision' }),
    type: t.exposeString('type'),
    schemaVersion: t.exposeInt('schemaVersion'),
    accountId: t.exposeString('accountId'),
    actor: t.exposeString('actor', { description: 'An opaque id of who or what acted.' }),
    source: t.exposeString('source'),
    correlationId: t.exposeString('correlationId', { description: 'The workflow: what set everything off.' }),
    causationId: t.exposeString('causationId', { description: 'The parent: what this event follows from.' }),
    commandKey: t.exposeString('commandKey'),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'Market time.' }),
    receivedAt: t.expose('receivedAt', { type: 'DateTime' }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime' }),
    tradingDay: t.expose('tradingDay', { type: 'Date' }),
    hash: t.exposeString('hash', { description: 'SHA-256 over the event and the hash of the stream\'s event before.' }),
  }),
});

const EventFilter = builder.inputType('EventFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({
    accountId: t.string(),
    stream: t.string(),
    orderId: t.string({ description: 'The events of an order\'s stream.' }),
    positionId: t.string({ description: 'The events of a position\'s stream.' }),
    type: t.string(),
    correlationId: t.string(),
  }),
});

const eventConnection = builder.connectionObject({ type: eventRef, name: 'LedgerEventConnection' }, { name: 'LedgerEventEdge' });

const byPosition: Walk<SelectedEvent> = { sort: 'events by position', version: 1, place: ['position'], placeOf: (row) => [row.position] };

interface StreamNames {
  readonly stream?: string;
  readonly orderId?: string;
  readonly positionId?: string;
}

function streamOf({ stream, orderId, positionId }: StreamNames): string | undefined {
  const streams = [stream, orderId === undefined ? undefined : `order-${orderId}`, positionId === undefined ? undefined : `position-${positionId}`].filter((name) => name !== undefined);
  if (streams.length > 1) throw apiError('BAD_USER_INPUT', 'filter: give at most one of stream, orderId and positionId', 'filter.stream');
  return streams[0];
}

builder.queryFields((t) => ({
  events: t.field({
    type: eventConnection,
    description: 'Events in the order of the log, oldest first.',
    args: { filter: t.arg({ type: EventFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      const { accountId, type, correlationId, ...names } = present(args.filter);
      const stream = streamOf(names);
      await waitForReadModels(context, args, READ_MODELS.events);
      return readPage(context, byPosition, args, (first, place) =>
        listEvents(context.database, context.viewer, { filter: { accountId, type, correlationId, stream }, first, after: place?.[0] }),
      );
    },
  }),
}));

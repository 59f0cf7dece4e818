import type { QuarantinePlace, SelectedQuarantinedLine } from '../projections/quarantine/queries.js';
import { listQuarantine } from '../projections/quarantine/queries.js';
import { builder } from './builder.js';
import { quarantineStatusEnum } from './enums.js';
import { readPage } from './page.js';
import type { Walk } from './page.js';
import { pageArguments, pageComplexity } from './page-arguments.js';
import { present } from './present.js';
import { READ_MODELS } from './read-models.js';
import { quarantinedLineRef } from './refs.js';
import { waitArguments, waitForReadModels } from './wait.js';

quarantinedLineRef.implement({
  description: 'A line or message that could not be parsed, as it came.',
  fields: (t) => ({
    id: t.exposeID('quarantineId'),
    accountId: t.exposeString('accountId'),
    source: t.exposeString('source'),
    origin: t.exposeString('origin', { description: 'File name or feed.' }),
    line: t.exposeString('line', { description: 'Line or message number in it, from 1.' }),
    field: t.exposeString('field', { nullable: true, description: 'What was at fault, where one field was.' }),
    reason: t.exposeString('reason'),
    content: t.exposeString('content', { description: 'Cut at 100,000 characters.' }),
    status: t.expose('status', { type: quarantineStatusEnum }),
    quarantinedPosition: t.expose('quarantinedPosition', { type: 'LogPosition' }),
    lastPosition: t.expose('lastPosition', { type: 'LogPosition' }),
  }),
});

const QuarantineFilter = builder.inputType('QuarantineFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({ accountId: t.string(), status: t.field({ type: quarantineStatusEnum }), origin: t.string({ description: 'File name or feed.' }) }),
});

const quarantineConnection = builder.connectionObject({ type: quarantinedLineRef, name: 'QuarantinedLineConnection' }, { name: 'QuarantinedLineEdge' });

const byQuarantining: Walk<SelectedQuarantinedLine> = {
  sort: 'quarantined lines by quarantining, oldest first',
  version: 1,
  place: ['position', 'text'],
  placeOf: (row) => [row.quarantinedPosition, row.quarantineId],
};

const placeAt = ([quarantinedPosition = '0', quarantineId = '']: readonly string[]): QuarantinePlace => ({ quarantinedPosition, quarantineId });

builder.queryFields((t) => ({
  quarantine: t.field({
    type: quarantineConnection,
    description: 'Lines and messages that could not be parsed, oldest first.',
    args: { filter: t.arg({ type: QuarantineFilter }), ...pageArguments, ...waitArguments },
    complexity: pageComplexity,
    resolve: async (_root, args, context) => {
      await waitForReadModels(context, args, READ_MODELS.quarantine);
      return readPage(context, byQuarantining, args, (first, place) =>
        listQuarantine(context.database, context.viewer, { filter: present(args.filter), first, after: place && placeAt(place) }),
      );
    },
  }),
}));

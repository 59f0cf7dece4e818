import type { QuarantinePlace } from '../projections/quarantine/queries.js';
import { listQuarantine } from '../projections/quarantine/queries.js';
import type { QuarantineTable } from '../projections/tables.js';
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
    id: t.exposeID('quarantine_id'),
    accountId: t.exposeString('account_id'),
    source: t.exposeString('source'),
    origin: t.exposeString('origin', { description: 'File name or feed.' }),
    line: t.exposeString('line', { description: 'Line or message number in it, from 1.' }),
    field: t.exposeString('field', { nullable: true, description: 'What was at fault, where one field was.' }),
    reason: t.exposeString('reason'),
    content: t.exposeString('content', { description: 'Cut at 4,096 characters.' }),
    status: t.field({ type: quarantineStatusEnum.ref, resolve: (row) => quarantineStatusEnum.of(row.status) }),
    quarantinedPosition: t.expose('quarantined_position', { type: 'LogPosition' }),
    lastPosition: t.expose('last_position', { type: 'LogPosition' }),
  }),
});

const QuarantineFilter = builder.inputType('QuarantineFilter', {
  description: 'All that are given must hold.',
  fields: (t) => ({ accountId: t.string(), status: t.field({ type: quarantineStatusEnum.ref }), origin: t.string({ description: 'File name or feed.' }) }),
});

const quarantineConnection = builder.connectionObject({ type: quarantinedLineRef, name: 'QuarantinedLineConnection' }, { name: 'QuarantinedLineEdge' });

const byQuarantining: Walk<QuarantineTable> = {
  sort: 'quarantined lines by quarantining, oldest first',
  version: 1,
  place: ['position', 'text'],
  placeOf: (row) => [row.quarantined_position, row.quarantine_id],
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

import { ordersChangedAfter } from '../projections/orders/queries.js';
import type { SelectedOrder } from '../projections/orders/queries.js';
import { positionsChangedAfter } from '../projections/positions/queries.js';
import type { SelectedPosition } from '../projections/positions/queries.js';
import { targetsChangedAfter } from '../projections/positions/target-queries.js';
import type { SelectedTarget } from '../projections/positions/target-queries.js';
import { builder } from './builder.js';
import type { ChangeFeed } from './changes.js';
import { ChangeStream } from './change-stream.js';
import type { Change } from './change-stream.js';
import type { ApiContext } from './context.js';
import { apiError } from './errors.js';
import { orderRef, positionRef, targetRef } from './refs.js';

interface FollowArguments {
  readonly accountId?: string | null | undefined;
  readonly after?: bigint | null | undefined;
}

interface ChangeRead {
  readonly filter: { readonly accountId?: string | undefined; readonly id?: string | undefined };
  readonly after: string;
  readonly limit: number;
}

const followArguments = builder.args((t) => ({
  accountId: t.string({ description: 'Only rows of this account.' }),
  after: t.field({
    type: 'LogPosition',
    description: 'Resume after this position: that of the last message, or of a mutation. "0" begins with every row as it is now; without it, only what changes from now on comes. One beyond the end of the log is refused (CURSOR_MISMATCH).',
  }),
}));

/**
 * A position that the log has not come to was never given out by it: it is of another store, or of what a restore has cut off. It
 * would be waited for in silence, so it is refused. The log's own end counts: a command's position may be ahead of the read models.
 */
async function refuseBeyondEnd({ store }: ApiContext, after: bigint): Promise<void> {
  const end = (await store.head()) ?? 0n;
  if (after <= end) return;
  throw apiError('CURSOR_MISMATCH', `after: ${after} is beyond the end of the log, which is at ${end}: it is of another event store, or of before a restore; begin again with "0"`, 'after');
}

/** Follows the rows of one table that a viewer sees, until the client leaves, its token ends or the server stops. */
async function follow<Row extends { lastPosition: string }>(
  context: ApiContext,
  feed: ChangeFeed,
  args: FollowArguments & { readonly id: string | null | undefined },
  read: (args: ChangeRead) => Promise<readonly Row[]>,
): Promise<ChangeStream<Row>> {
  const filter = { accountId: args.accountId ?? undefined, id: args.id ?? undefined };
  const release = context.subscriptionSlots.take(context.viewer, context.connectionSlots);
  const started: { stream?: ChangeStream<Row> } = {};
  try {
    const { position, unfollow } = await feed.follow({ viewer: context.viewer, ...filter }, () => started.stream?.wake());
    const onEnd = (): void => {
      unfollow();
      release();
      context.openStreams.delete(stream);
    };
    const after = args.after ?? position;
    const stream = new ChangeStream<Row>({
      read: (place) => read({ filter, after: place, limit: context.limits.changePage }),
      after: after.toString(),
      endsAtMs: context.viewer.expiresAtMs,
      onEnd,
    });
    started.stream = stream;
    context.openStreams.add(stream);
    // What the read model has come to is in the log: clients that come back all at once do not ask the event store.
    if (after > position) await refuseBeyondEnd(context, after);
    return stream;
  } catch (error) {
    started.stream?.end();
    release();
    throw error;
  }
}

const POSITION = 'Resume `after` it: everything up to here has been sent.';

const orderChange = builder.objectRef<Change<SelectedOrder>>('OrderChange').implement({
  fields: (t) => ({
    position: t.expose('position', { type: 'LogPosition', description: POSITION }),
    order: t.field({ type: orderRef, description: 'As it is now.', resolve: ({ row }) => row }),
  }),
});

const positionChange = builder.objectRef<Change<SelectedPosition>>('PositionChange').implement({
  fields: (t) => ({
    position: t.expose('position', { type: 'LogPosition', description: POSITION }),
    tradePosition: t.field({ type: positionRef, description: 'As it is now.', resolve: ({ row }) => row }),
  }),
});

const targetChange = builder.objectRef<Change<SelectedTarget>>('TargetChange').implement({
  fields: (t) => ({
    position: t.expose('position', { type: 'LogPosition', description: POSITION }),
    target: t.field({ type: targetRef, description: 'As it is now.', resolve: ({ row }) => row }),
  }),
});

builder.subscriptionFields((t) => ({
  orderChanged: t.field({
    type: orderChange,
    description: 'Orders that change.',
    args: { orderId: t.arg.id(), ...followArguments },
    subscribe: (_root, args, context) =>
      follow(context, context.changes.orders, { ...args, id: args.orderId }, (changed) => ordersChangedAfter(context.database, context.viewer, changed)),
    resolve: (change) => change,
  }),
  positionChanged: t.field({
    type: positionChange,
    description: 'Positions that change.',
    args: { positionId: t.arg.id(), ...followArguments },
    subscribe: (_root, args, context) =>
      follow(context, context.changes.positions, { ...args, id: args.positionId }, (changed) => positionsChangedAfter(context.database, context.viewer, changed)),
    resolve: (change) => change,
  }),
  targetChanged: t.field({
    type: targetChange,
    description: 'Targets that change.',
    args: { positionId: t.arg.id(), ...followArguments },
    subscribe: (_root, args, context) =>
      follow(context, context.changes.targets, { ...args, id: args.positionId }, (changed) => targetsChangedAfter(context.database, context.viewer, changed)),
    resolve: (change) => change,
  }),
}));

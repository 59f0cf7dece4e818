import type { Logger } from 'pino';
import type { CommandHandler } from '../eventstore/commands.js';
import type { EventStore } from '../eventstore/event-store.js';
import type { Policies } from '../policies/runner.js';
import type { ReadDatabase } from '../projections/prepared.js';
import type { Projector } from '../projections/projector.js';
import type { Changes } from './changes.js';
import type { ApiLimits } from './limits.js';
import type { ConnectionSlots, SubscriptionSlots } from './subscription-slots.js';
import type { AuthenticatedViewer } from './viewer.js';
import type { WaitingRoom } from './waiting-room.js';

/** What resolvers work with: one for all requests of a server. */
export interface ApiServices {
  readonly database: ReadDatabase;
  readonly handler: CommandHandler;
  readonly store: Pick<EventStore, 'head'>;
  readonly projector: Pick<Projector, 'waitFor' | 'status'>;
  /** Undefined where no policies run: then nothing can be waited for `settled`. */
  readonly policies: Pick<Policies, 'waitFor'> | undefined;
  readonly waitingRoom: WaitingRoom;
  readonly changes: Changes;
  readonly subscriptionSlots: SubscriptionSlots;
  /** The subscriptions that are open, to end them when the server stops. */
  readonly openStreams: Set<{ readonly finished: Promise<void>; end(): void }>;
  readonly limits: ApiLimits;
  readonly log: Logger;
  /** The id of the event store: part of every cursor, so that a cursor of another store is refused. */
  readonly storeId: string;
  readonly now: () => Date;
}

/** Who asks, on which connection. */
export interface RequestScope {
  readonly viewer: AuthenticatedViewer;
  /** The workflow that this request belongs to: becomes `$correlationId` of the events it makes. */
  readonly correlationId: string;
  readonly connectionSlots: ConnectionSlots;
}

/** What resolvers know of one request. */
export interface ApiContext extends ApiServices, RequestScope {}

/** The context of one request: always a new object, since loaders and caches are kept by it. */
export const contextOf = (services: ApiServices, { viewer, correlationId, connectionSlots }: RequestScope): ApiContext => ({
  ...services,
  viewer,
  correlationId,
  connectionSlots,
});

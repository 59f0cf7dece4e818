import { type FolderLock, lockFolder } from '../folder-lock.js';
import { CommitFeed } from './commit-feed.js';
import { GrpcCode, GrpcError, unavailable } from './grpc-error.js';
import { type GrpcMethod, GrpcServer } from './grpc-server.js';
import { gossipService, serverFeaturesService } from './node-services.js';
import { EventStorage } from './storage.js';
import { streamsService } from './streams-service.js';
import { Writer } from './writer.js';

export interface EventStoreServerOptions {
  /** Folder of the store; created where there is none. */
  readonly dir: string;
  /** Default 127.0.0.1: the server knows no credentials. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
}

export interface EventStoreServer {
  readonly host: string;
  readonly port: number;
  /** Stores and answers what was accepted, ends the open calls, closes the store. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 1_000;

const BATCH_APPEND = '/event_store.client.streams.Streams/BatchAppend';

/**
 * Starts a single-node server that answers EventStoreDB's gRPC protocol (streams, server features, gossip) as 23.10 does, without
 * TLS, on a store in `dir`. Each answer to an append is sent once it is on disk.
 * @throws {FolderLockedError} where another process uses the folder.
 * @throws Error where the folder cannot be used or the port is taken.
 */
export async function startEventStoreServer(options: EventStoreServerOptions): Promise<EventStoreServer> {
  const host = options.host ?? '127.0.0.1';
  // Two servers on one store would give two events the same position.
  const lock = await lockFolder(options.dir);
  const storage = await openStorage(options.dir, lock);
  const feed = new CommitFeed(storage.head().nextPosition);
  const writer = new Writer(storage, (committed) => feed.publish(committed));
  let port = 0;
  const services: Readonly<Record<string, Readonly<Record<string, GrpcMethod>>>> = {
    'event_store.client.streams.Streams': streamsService({ storage, writer, feed }),
    'event_store.client.server_features.ServerFeatures': serverFeaturesService,
    'event_store.client.gossip.Gossip': gossipService(() => port),
  };
  const methods = new Map<string, GrpcMethod>(
    Object.entries(services).flatMap(([service, handlers]) =>
      Object.entries(handlers).map(([method, handler]) => [`/${service}/${method}`, handler] as const),
    ),
  );
  const server = new GrpcServer((path) => methods.get(path));
  try {
    port = await server.listen(host, options.port ?? 0);
  } catch (error) {
    await storage.close();
    await lock.release();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    server.refuse();
    writer.close();
    server.endCalls((path) =>
      path === BATCH_APPEND ? new GrpcError(GrpcCode.cancelled, 'Cancelled') : unavailable('the server is shutting down'),
    );
    await server.close(CLOSE_GRACE_MS);
    await storage.close();
    await lock.release();
  };
  return { host, port, close: () => (closing ??= close()) };
}

async function openStorage(dir: string, lock: FolderLock): Promise<EventStorage> {
  try {
    return new EventStorage(dir);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

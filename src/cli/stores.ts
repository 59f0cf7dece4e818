import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.js';
import { openEmbeddedStores } from '../embedded/stores.js';
import { CommandError, EXIT } from './exit-codes.js';
import { codeOf } from './unreachable.js';

/** Where the stores of a command are, and the end of its use of them. */
export interface Stores {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  /** Resolves when an embedded store is lost: nothing more can be read or written. Never for real stores. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** The embedded event store's folder in a data folder. */
export const eventStoreDir = (dataDir: string): string => path.join(dataDir, 'eventstore');
const eventStoreFile = (dir: string): string => path.join(dir, 'events.mdb');
/** Whether a folder is that of an embedded event store. */
export const isEventStore = (dir: string): boolean => existsSync(eventStoreFile(dir));

/** Not where it may not be looked at: what is wrong there is said when the stores are opened. */
function isMissing(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
  }
}

/**
 * For commands that make nothing of their own: throws where their event store would be the data folder's and there is none, most
 * likely because the folder's name is mistyped. Read models need not be there: they are built from the event store.
 */
export function requireEventStore({ eventStoreUrl, dataDir }: Config): void {
  if (eventStoreUrl !== undefined || !isMissing(eventStoreFile(eventStoreDir(dataDir)))) return;
  throw new CommandError(`there is no store in the folder ${dataDir}; name the folder that has one by --data (or FILLBOOK_DATA)`, EXIT.notFound);
}

/** The stores that the configuration names; the embedded ones of the data folder in place of those it does not. */
export async function openStores(config: Config): Promise<Stores> {
  const { eventStoreUrl, databaseUrl, dataDir } = config;
  if (eventStoreUrl !== undefined && databaseUrl !== undefined) {
    return { eventStoreUrl, databaseUrl, failed: new Promise(() => undefined), close: () => Promise.resolve() };
  }
  const embedded = await openEmbeddedStores({ dataDir, eventStore: eventStoreUrl === undefined, postgres: databaseUrl === undefined });
  return {
    eventStoreUrl: eventStoreUrl ?? given(embedded.eventStoreUrl),
    databaseUrl: databaseUrl ?? given(embedded.databaseUrl),
    failed: embedded.failed,
    close: () => embedded.close(),
  };
}

function given(url: string | undefined): string {
  if (url === undefined) throw new Error('the keeper answered without the address of a store that was asked for');
  return url;
}

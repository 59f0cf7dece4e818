import type { Config } from '../config.js';
import { openEmbeddedStores } from '../embedded/stores.js';

/** Where the stores of a command are, and the end of its use of them. */
export interface Stores {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  /** Resolves when an embedded store is lost: nothing more can be read or written. Never for real stores. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
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

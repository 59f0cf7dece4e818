import { errorMessage } from './error-message.js';
import { launchEventStore } from './eventstore/launch.js';
import { FolderLockedError, lockFolder } from './folder-lock.js';
import { openKeeperLog } from './keeper-log.js';
import { keeperLogPath, type KeeperStart } from './keeper-protocol.js';
import { Keeper } from './keeper.js';
import { launchPostgres } from './postgres/launch.js';

/*
 * The program of a data folder's keeper: `node keeper-process.js DIR`, started by `openEmbeddedStores` of stores.ts. Its first
 * line of output says whether it listens; nothing reads on after that.
 */

async function main(dataDir: string): Promise<void> {
  const log = openKeeperLog(keeperLogPath(dataDir));
  const lock = await lockFolder(dataDir);
  const keeper = new Keeper({
    dataDir,
    lock,
    log,
    launchEventStore: (dir, port) => launchEventStore({ dir, ...(port === undefined ? {} : { port }) }),
    launchPostgres: (dir, port) =>
      launchPostgres({ dir, ...(port === undefined ? {} : { port }), onLog: (line) => log(`postgres: ${line}`) }),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void keeper.shutDown(`their keeper (process ${process.pid}) was ended by ${signal}`));
  }
  await keeper.open();
  say({ kind: 'listening' });
}

function say(start: KeeperStart): void {
  process.stdout.write(`${JSON.stringify(start)}\n`);
}

// The command that started this may be gone: then nobody reads, and that is no reason to stop.
process.stdout.on('error', () => undefined);
try {
  await main(process.argv[2] ?? '');
} catch (error) {
  if (error instanceof FolderLockedError) say({ kind: 'locked', pid: error.pid });
  else say({ kind: 'failed', reason: errorMessage(error) });
  process.exitCode = 1;
}

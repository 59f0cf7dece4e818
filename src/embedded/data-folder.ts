import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from './error-message.js';
import { EmbeddedStoresError } from './errors.js';
import { hasCode } from './has-code.js';
import { makeFolder } from './make-folder.js';

/** What this program itself writes to in a data folder; a store checks its own folder. */
const PARTS = ['.', '.lock', 'keeper.log', 'keeper.json', 'eventstore', 'postgres'];

/**
 * Makes the data folder where it is missing and checks that this user can work in it.
 * @throws {EmbeddedStoresError} where it is not a folder, cannot be made or written, or another user's commands made it.
 */
export async function prepareDataFolder(dataDir: string): Promise<void> {
  try {
    makeFolder(dataDir);
  } catch (error) {
    throw cannotMake(dataDir, error);
  }
  if (!(await stat(dataDir)).isDirectory()) throw cannotMake(dataDir, undefined);
  for (const part of PARTS) await checkWritable(dataDir, join(dataDir, part));
}

async function checkWritable(dataDir: string, path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    if (hasCode(error, 'EROFS')) {
      throw new EmbeddedStoresError(`the data folder ${dataDir} is on a read-only file system`, { cause: error });
    }
    const owner = await stat(path).then(({ uid }) => `belongs to user ${uid}`, () => 'cannot be read');
    throw new EmbeddedStoresError(
      `this user (${process.getuid?.() ?? 'unknown'}) cannot write ${path}: it ${owner}; run as the user who made the data ` +
        `folder ${dataDir}, or choose another one`,
      { cause: error },
    );
  }
}

function cannotMake(dataDir: string, error: unknown): EmbeddedStoresError {
  const cause = error === undefined ? {} : { cause: error };
  if (hasCode(error, 'EEXIST', 'ENOTDIR') || error === undefined) {
    return new EmbeddedStoresError(`the data folder ${dataDir} is, or lies below, a file`, cause);
  }
  if (hasCode(error, 'EACCES', 'EPERM')) {
    return new EmbeddedStoresError(`this user may not make the data folder ${dataDir}`, cause);
  }
  return new EmbeddedStoresError(`the data folder ${dataDir} cannot be made: ${errorMessage(error)}`, cause);
}

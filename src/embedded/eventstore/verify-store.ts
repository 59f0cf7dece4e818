import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { lockFolder } from '../folder-lock.js';
import type { StoreReport } from './verify.js';

/** Nothing can be said of a store that is not there. */
class NoStoreError extends Error {
  override readonly name = 'NoStoreError';
}

const printedReport = z.object({
  events: z.number(),
  streams: z.number(),
  blocks: z.number(),
  lastPosition: z.string().transform(BigInt).optional(),
  problems: z.array(z.string()),
});

/** The compiled entry: beside this file in `dist/`, or in the project's `dist/` when this runs from `src/`. */
function verifyProcessPath(): string {
  const beside = fileURLToPath(new URL('verify-process.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../../dist/embedded/eventstore/verify-process.js', import.meta.url));
}

/**
 * Walks a store that no server uses: each event's checksum, place and stream. Reads only. In a process of its own, since a damaged
 * page may end the process that reads it; that is reported as a problem.
 * @throws NoStoreError where there is none, and nothing is made; FolderLockedError where a server uses the folder; Error where the file cannot be opened and that is no damage.
 */
export async function verifyStore(dir: string): Promise<StoreReport> {
  const file = path.join(dir, 'events.mdb');
  if (!existsSync(file)) throw new NoStoreError(`there is no event store at ${dir}: it would have the file ${file}`);
  const lock = await lockFolder(dir);
  try {
    const child = spawn(process.execPath, [verifyProcessPath(), dir], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, complaint, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (code === 0) {
      const { lastPosition, ...report } = printedReport.parse(JSON.parse(output));
      return { ...report, lastPosition };
    }
    if (signal === null && complaint !== '') throw new Error(complaint);
    const problem = `${file} is damaged: a page of it ended the process that read it (${String(signal ?? code)}); restore it from a backup`;
    return { events: 0, streams: 0, blocks: 0, lastPosition: undefined, problems: [problem] };
  } finally {
    await lock.release();
  }
}

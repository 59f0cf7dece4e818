import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const recordSchema = z.object({ pid: z.number(), port: z.number() });

/** The running keeper of a data folder; fails where none runs. */
export async function keeperRecord(dataDir: string): Promise<z.infer<typeof recordSchema>> {
  return recordSchema.parse(JSON.parse(await readFile(join(dataDir, 'keeper.json'), 'utf8')));
}

/** Tells the keeper of a data folder, where one runs, to end now and not when its grace is over. */
export async function endKeeper(dataDir: string): Promise<void> {
  try {
    process.kill((await keeperRecord(dataDir)).pid, 'SIGTERM');
  } catch {
    // None runs.
  }
}

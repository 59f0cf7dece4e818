#!/usr/bin/env node
import { StoreDamagedError } from './damage.js';
import { type StoreReport, walkStore } from './verify.js';

/** A store that cannot be opened is damaged as much as one in which something is found. */
async function reportOn(dir: string): Promise<StoreReport> {
  try {
    return await walkStore(dir);
  } catch (error) {
    if (!(error instanceof StoreDamagedError)) throw error;
    return { events: 0, streams: 0, blocks: 0, lastPosition: undefined, problems: [error.message] };
  }
}

/** Walks the store in the folder that is named and prints the report as JSON: LMDB may end the process where its pages are damaged. */
const [dir = ''] = process.argv.slice(2);
try {
  const { lastPosition, ...report } = await reportOn(dir);
  process.stdout.write(JSON.stringify({ ...report, lastPosition: lastPosition?.toString() }));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

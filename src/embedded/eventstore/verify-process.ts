#!/usr/bin/env node
import { walkStore } from './verify.js';

/** Walks the store in the folder that is named and prints the report as JSON: LMDB may end the process where its pages are damaged. */
const [dir = ''] = process.argv.slice(2);
try {
  const { lastPosition, ...report } = await walkStore(dir);
  process.stdout.write(JSON.stringify({ ...report, lastPosition: lastPosition?.toString() }));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

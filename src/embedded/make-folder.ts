import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { hasCode } from './has-code.js';

/**
 * Makes a folder and those above it that are missing. node's own recursive way goes on for ever in file systems that answer
 * "no such folder" to every attempt (`/proc`).
 * @throws the file system's error (EACCES, ENOENT, ENOTDIR, EROFS, …), which names the folder.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !existsSync(at); at = path.dirname(at)) missing.push(at);
  for (const one of missing.toReversed()) {
    try {
      mkdirSync(one);
    } catch (error) {
      // Another process was faster.
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

import { appendFileSync, renameSync, statSync } from 'node:fs';

/** The log is renamed to `<path>.1` at this size: both together take at most twice as much. */
const MAX_LOG_BYTES = 1_048_576;
const MAX_LINE_CHARACTERS = 4_000;

/** Writes one line, with the time in front, for the person who looks after the stores. */
export type KeeperLog = (line: string) => void;

/**
 * A log file of bounded size. Lines are written synchronously: they are few, and the last ones before a crash matter most.
 * A log that cannot be written (a full disk) never stops the stores.
 */
export function openKeeperLog(path: string): KeeperLog {
  let sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return (line) => {
    const text = `${new Date().toISOString()} ${line.slice(0, MAX_LINE_CHARACTERS)}\n`;
    try {
      if (sizeBytes > MAX_LOG_BYTES) {
        renameSync(path, `${path}.1`);
        sizeBytes = 0;
      }
      appendFileSync(path, text, { mode: 0o600 });
      sizeBytes += Buffer.byteLength(text);
    } catch {
      // See above.
    }
  };
}

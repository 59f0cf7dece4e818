/**
 * Why an import could not go on:
 * - `not_found`, `unreadable`: the file is not there, or cannot be read (a folder, no permission, a damaged gzip)
 * - `wrong_format`: more than half of many lines are malformed
 * - `store`: the event store failed while a line was recorded; what was acknowledged is kept
 */
export type ImportErrorCode = 'not_found' | 'unreadable' | 'wrong_format' | 'store';

/** An import that ended early. The message names file, line where there is one, and reason. Running it again is safe. */
export class ImportError extends Error {
  override readonly name = 'ImportError';

  constructor(
    readonly code: ImportErrorCode,
    readonly file: string,
    readonly line: number | undefined,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}${line === undefined ? '' : `, line ${line}`}: ${reason}`, options);
  }
}

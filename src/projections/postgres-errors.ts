/** The SQLSTATE of an error of Postgres; undefined for any other, a lost connection among them. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Data exceptions, violated constraints, values over a limit: what a row can cause, and the same row will cause again. */
const ROW_ERROR_CLASSES: ReadonlySet<string> = new Set(['22', '23', '54']);

/**
 * Whether an error is caused by what was written. Everything else (no connection, no space, a lock, a failover, a missing
 * table) is no row's fault and may be gone at the next attempt.
 */
export const isRowError = (error: unknown): boolean => ROW_ERROR_CLASSES.has(sqlStateOf(error)?.slice(0, 2) ?? '');

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

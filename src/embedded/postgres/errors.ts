/** The embedded Postgres cannot be used here; the message says why, and what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** As `EmbeddedPostgresError`, where no change to the data folder helps: another Postgres is needed. */
export function unavailable(reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(`${reason}; set DATABASE_URL to use a Postgres (15 or later) of your own`);
}

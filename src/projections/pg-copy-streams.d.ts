/** The part of pg-copy-streams 7 that is used here; the package has no types of its own. */
declare module 'pg-copy-streams' {
  import type { Submittable } from 'pg';
  import type { Writable } from 'node:stream';

  export interface CopyStreamQuery extends Writable, Submittable {
    readonly rowCount: number;
  }

  /** `COPY … FROM STDIN`: what is written to the stream is sent to Postgres. */
  export function from(sql: string): CopyStreamQuery;
}

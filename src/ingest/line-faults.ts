import type { ParsedLine } from './adapter.js';
import type { Misencoding } from './decoded.js';
import { MAX_LINE_BYTES } from './lines.js';
import type { Line } from './lines.js';

/*
 * What may be wrong with a line before any parser sees it. What was kept of such a line is not what was meant: no flag mends it,
 * so it is not parsed again either.
 */

type Fault = Extract<ParsedLine, { kind: 'malformed' }>;
const fault = (reason: string, field?: string): Fault => ({ kind: 'malformed', reason, ...(field === undefined ? {} : { field }) });

const TOO_LONG = fault(`the line is longer than ${MAX_LINE_BYTES} bytes`);
const MISENCODED: Readonly<Record<Misencoding, Fault>> = {
  not_utf8: fault('the line is not UTF-8: save the file as UTF-8 and import it again', 'encoding'),
  utf16: fault('the line is UTF-16 by its NULs: save the file as UTF-8 and import it again', 'encoding'),
};
const ALL: readonly Fault[] = [TOO_LONG, ...Object.values(MISENCODED)];

/** The fault of text of another encoding. */
export const encodingFault = (misencoded: Misencoding): Fault => MISENCODED[misencoded];

/** What is wrong with a line as a line; undefined where a parser may read it. */
export function lineFault({ isCut, misencoded }: Line): Fault | undefined {
  if (isCut) return TOO_LONG;
  return misencoded === undefined ? undefined : encodingFault(misencoded);
}

/** Whether a quarantined line is there for such a fault. */
export const isLineFault = (line: { readonly field?: string | undefined; readonly reason: string }): boolean => ALL.some(({ field, reason }) => field === line.field && reason === line.reason);

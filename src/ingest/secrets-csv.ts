import { CREDENTIAL_NAME } from './credentials.js';
import { delimiterIn } from './csv-records.js';
import type { Delimiter } from './csv-records.js';

/*
 * The fields of a CSV record whose column is a credential's by its name. The record may be broken: where it cannot be told which
 * field is which, more than one is struck.
 */

const STRUCK = '***';
const CREDENTIAL_COLUMN = new RegExp(CREDENTIAL_NAME, 'iu');

interface Field {
  readonly from: number;
  readonly to: number;
  /** Its quote is not closed: it may be several fields. */
  readonly isOpen: boolean;
}

/** The field that begins at a place, quoted or not. */
function fieldAt(text: string, from: number, delimiter: Delimiter): Field {
  let [isQuoted, isBlank] = [false, true];
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const beginsHere = isBlank;
    isBlank &&= character.trim() === '';
    if (character === '"' && (isQuoted || beginsHere)) isQuoted = !isQuoted;
    else if (character === '"' && text[at - 1] === '"') isQuoted = true;
    else if (!isQuoted && (character === delimiter || character === '\n')) return { from, to: at, isOpen: false };
  }
  return { from, to: text.length, isOpen: isQuoted };
}

/** The fields of the record that begins at a place; the next one begins behind the last field's end. */
function recordAt(text: string, from: number, delimiter: Delimiter): readonly Field[] {
  const fields = [fieldAt(text, from, delimiter)];
  for (let last = fields[0]; last !== undefined && text[last.to] === delimiter; last = fields.at(-1)) fields.push(fieldAt(text, last.to + 1, delimiter));
  return fields;
}

/** The places that are struck: a field too many may belong to any column before it, and an open quote to all behind it. */
function struckIn(fields: readonly Field[], columns: readonly number[], columnCount: number): readonly Field[] {
  const tooMany = Math.max(0, fields.length - columnCount);
  const lastColumn = columns.at(-1) ?? -1;
  return fields.filter(({ isOpen }, index) => columns.some((column) => index >= column && index <= column + tooMany) || (isOpen && index <= lastColumn));
}

/** A header and records with the fields of credentials' columns struck out. */
export function withoutSecretColumns(text: string, given: Delimiter | undefined): string {
  const delimiter = given ?? delimiterIn(text);
  const header = recordAt(text, 0, delimiter);
  const columns = header.flatMap(({ from, to }, index) => (CREDENTIAL_COLUMN.test(text.slice(from, to)) ? [index] : []));
  if (columns.length === 0) return text;
  const parts: string[] = [];
  let kept = 0;
  for (let end = header.at(-1)?.to ?? 0; end < text.length; ) {
    const record = recordAt(text, end + 1, delimiter);
    for (const { from, to } of struckIn(record, columns, header.length)) {
      parts.push(text.slice(kept, from), text.slice(from, to).trim() === '' ? '' : STRUCK);
      kept = to;
    }
    end = record.at(-1)?.to ?? text.length;
  }
  return `${parts.join('')}${text.slice(kept)}`;
}

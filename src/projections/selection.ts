import { sql } from 'kysely';

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

/** A row of a table as queries give it: its columns under their names in camel case, which are those that the API has. */
export type Selected<Row> = { readonly [Column in keyof Row & string as CamelCase<Column>]: Row[Column] };

/** The column of a name in camel case. */
export const columnOf = (name: string): string => name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);

export const camelCase = (column: string): string => column.replaceAll(/_([a-z])/gu, (_match, letter: string) => letter.toUpperCase());

/** `o.order_id as "orderId"`, for the columns that a program names: never for names that came from outside. */
export const aliased = (table: string, columns: readonly string[]): string[] => columns.map((column) => `${table}.${column} as "${camelCase(column)}"`);

/**
 * Columns under their names in camel case, as one expression of a select list: Postgres renames them, which costs nothing,
 * and Kysely has one thing to compile.
 */
export function selection(table: string, columns: readonly string[]) {
  const last = columns.at(-1);
  if (last === undefined) throw new RangeError('a selection needs a column');
  // Kysely gives the expression one alias: it is the last column's.
  return sql.raw([...aliased(table, columns.slice(0, -1)), `${table}.${last}`].join(', ')).as(camelCase(last));
}

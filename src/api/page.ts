import { z } from 'zod';
import { digestOf } from '../eventstore/digest.js';
import type { Page } from '../projections/keyset.js';
import type { ApiContext } from './context.js';
import { apiError } from './errors.js';
import { present } from './present.js';

/** `position` and `integer`: a whole number that fits a `bigint` or an `integer` column. */
type PlacePart = 'position' | 'integer' | 'text';

/** A walk through the rows of one query: what its cursors are good for, and where they point. */
export interface Walk<Row> {
  /** Of the rows and their order, for example `orders by opened_position`; another one makes other cursors. */
  readonly sort: string;
  /** One more whenever places are written otherwise. */
  readonly version: number;
  /** What the place of a row is made of, and the texts of it. */
  readonly place: readonly PlacePart[];
  readonly placeOf: (row: Row) => readonly string[];
}

export interface PageArgs {
  readonly filter?: object | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

const cursorShape = z.strictObject({
  v: z.int(),
  sort: z.string(),
  filter: z.string(),
  store: z.string(),
  at: z.array(z.string().max(500)).max(5),
});
type Cursor = z.infer<typeof cursorShape>;

const MAX_CURSOR_LENGTH = 4_096;
/** Enough of a digest to tell filters apart; a cursor is no secret and proves nothing. */
const DIGEST_LENGTH = 16;

const encode = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

function decode(text: string): Cursor | undefined {
  if (text.length > MAX_CURSOR_LENGTH) return undefined;
  try {
    return cursorShape.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

const MAX_POSITION = 2n ** 63n - 1n;
const MAX_INTEGER = 2n ** 31n - 1n;

/** Whoever makes up a cursor gets the same error as for any other text that is none. */
function isPart(part: PlacePart | undefined, text: string): boolean {
  if (part === 'position' || part === 'integer') return /^\d{1,19}$/u.test(text) && BigInt(text) <= (part === 'integer' ? MAX_INTEGER : MAX_POSITION);
  return part === 'text' && !text.includes('\0');
}

const filterDigest = (filter: object | null | undefined): string => digestOf(present(filter)).slice(0, DIGEST_LENGTH);

/** How many rows a page may have: throws a GraphQL error that names the limit. */
export function pageSize({ limits }: ApiContext, first: number | null | undefined): number {
  const size = first ?? limits.defaultPageSize;
  if (size < 1 || size > limits.pageSize) throw apiError('BAD_USER_INPUT', `first: must be 1 to ${limits.pageSize}`, 'first');
  return size;
}

const mismatch = (reason: string) => apiError('CURSOR_MISMATCH', `after: ${reason}`, 'after');

function placeIn<Row>(cursor: string, walk: Walk<Row>, filter: object | null | undefined, context: ApiContext): readonly string[] {
  const decoded = decode(cursor);
  if (!decoded) throw mismatch('is not a cursor of this API');
  if (decoded.sort !== walk.sort) throw mismatch(`is a cursor of "${decoded.sort.slice(0, 100)}", not of "${walk.sort}"`);
  if (decoded.v !== walk.version) throw mismatch(`is a cursor of version ${decoded.v}: begin again at the first page`);
  if (decoded.store !== context.storeId) throw mismatch('is a cursor of another event store: begin again at the first page');
  if (decoded.at.length !== walk.place.length || !decoded.at.every((text, index) => isPart(walk.place[index], text))) throw mismatch('is not a cursor of this API');
  if (decoded.filter !== filterDigest(filter)) throw mismatch('is a cursor of another filter: begin again at the first page');
  return decoded.at;
}

/** What resolvers answer a connection with. */
export interface Connection<Row> {
  edges: { readonly cursor: string; readonly node: Row }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

/**
 * Reads one page of a walk. `read` is given the place in the cursor (the texts of `placeOf`), if there is one. Throws a
 * GraphQL error CURSOR_MISMATCH for a cursor of another query, filter, version or store.
 */
export async function readPage<Row>(
  context: ApiContext,
  walk: Walk<Row>,
  args: PageArgs,
  read: (first: number, place: readonly string[] | undefined) => Promise<Page<Row>>,
): Promise<Connection<Row>> {
  const first = pageSize(context, args.first);
  const after = args.after ?? undefined;
  const page = await read(first, after === undefined ? undefined : placeIn(after, walk, args.filter, context));
  const cursorOf = (row: Row): string =>
    encode({ v: walk.version, sort: walk.sort, filter: filterDigest(args.filter), store: context.storeId, at: [...walk.placeOf(row)] });
  const edges = page.rows.map((node) => new Edge(node, cursorOf));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasMore,
      hasPreviousPage: after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Most clients ask for the last cursor alone: the others are made when they are read. */
class Edge<Row> {
  constructor(
    readonly node: Row,
    private readonly cursorOf: (row: Row) => string,
  ) {}

  get cursor(): string {
    return this.cursorOf(this.node);
  }
}

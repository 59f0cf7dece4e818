/** Everything that a client can ask for has a limit; each is refused with an error that names it. */
export interface ApiLimits {
  /** Of a request's body. 1,000 broker facts with terms are about 1 MB. */
  readonly bodyBytes: number;
  /** Of the text of a query or mutation, in tokens. */
  readonly queryTokens: number;
  /** Nested selections. GraphiQL's introspection needs 15. */
  readonly depth: number;
  /** Fields in a request, aliases included. */
  readonly breadth: number;
  /** Fields that may come back: a list counts as often as it may have rows. */
  readonly complexity: number;
  /** Rows of a page. */
  readonly pageSize: number;
  readonly defaultPageSize: number;
  /** Balances of a trial balance, which comes whole. */
  readonly trialBalanceRows: number;
  /** Facts in one bulk mutation, and how many of them are in flight at once. */
  readonly bulkFacts: number;
  readonly bulkConcurrency: number;
  /** How long a query may wait for a position. */
  readonly waitMs: number;
  readonly defaultWaitMs: number;
  /** Queries that wait at the same time. */
  readonly waiters: number;
  readonly subscriptionsPerConnection: number;
  readonly subscriptionsPerViewer: number;
  readonly subscriptions: number;
  /** Rows that a subscription reads at once. */
  readonly changePage: number;
  /** After a lost hint, a change is seen this much later at the most. */
  readonly changePollMs: number;
}

export const DEFAULT_LIMITS: ApiLimits = {
  bodyBytes: 4 * 1024 * 1024,
  queryTokens: 5_000,
  depth: 16,
  breadth: 400,
  complexity: 100_000,
  pageSize: 500,
  defaultPageSize: 50,
  trialBalanceRows: 5_000,
  bulkFacts: 1_000,
  bulkConcurrency: 256,
  waitMs: 30_000,
  defaultWaitMs: 5_000,
  waiters: 1_000,
  subscriptionsPerConnection: 50,
  subscriptionsPerViewer: 200,
  subscriptions: 5_000,
  changePage: 100,
  changePollMs: 1_000,
};

/** The projections whose rows the API reads, by the names of their checkpoints. */
export const READ_MODELS = {
  orders: 'orders',
  positions: 'positions',
  ledger: 'ledger',
  events: 'event-index',
  parkedFacts: 'parked',
  quarantine: 'quarantine',
} as const;

export type ReadModelName = (typeof READ_MODELS)[keyof typeof READ_MODELS];

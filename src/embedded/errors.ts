/** The embedded stores of a data folder cannot be used; the message says which folder, why, and what to do about it. */
export class EmbeddedStoresError extends Error {
  override readonly name = 'EmbeddedStoresError';
}

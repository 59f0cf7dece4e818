/** The embedded stores of a data folder cannot be used; the message says which folder, why, and what to do about it. */
export class EmbeddedStoresError extends Error {
  override readonly name = 'EmbeddedStoresError';
}

/** A store's own folder cannot be written: the disk is full, or it is mounted read-only. The message names the folder and the reason. */
export class FolderNotWritableError extends Error {
  override readonly name = 'FolderNotWritableError';
}

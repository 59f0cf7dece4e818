/** What an error says; of anything else that was thrown, its type. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : `a ${typeof error} was thrown`;
}

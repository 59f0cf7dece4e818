/** How long a graceful end may take; after it the process ends whatever is left. The stores keep what was acknowledged. */
const GRACE_MS = 15_000;

/**
 * A signal that aborts at the first SIGINT or SIGTERM. A second one, or a shutdown that takes longer than 15 s, ends the
 * process at once with exit code 130.
 */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error('interrupted'));
    setTimeout(() => process.exit(130), GRACE_MS).unref();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

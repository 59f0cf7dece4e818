#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startEventStoreServer } from './server.js';

const USAGE = 'usage: server-process --data DIR [--host HOST] [--port PORT] [--exit-with-stdin]';

function fail(reason: string): never {
  process.stderr.write(`event store: ${reason}\n`);
  process.exit(1);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) fail(`--port ${text}: a number from 0 to 65535 was expected`);
  return port;
}

function parseFlags(): { data: string; host: string; port: number; exitWithStdin: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '0' },
        'exit-with-stdin': { type: 'boolean', default: false },
      },
    });
    if (values.data === undefined) return fail(USAGE);
    return { data: values.data, host: values.host, port: parsePort(values.port), exitWithStdin: values['exit-with-stdin'] };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}; ${USAGE}`);
  }
}

/** Runs the server until SIGTERM, SIGINT or, with `--exit-with-stdin`, the end of standard input. Says where it listens in one JSON line. */
async function main(): Promise<void> {
  const { data, host, port, exitWithStdin } = parseFlags();
  const server = await startEventStoreServer({ dir: data, host, port });
  const stop = (): void => {
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(`stopping failed: ${String(error)}`),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // The parent holds the other end: it closes when the parent ends, however that happens.
  if (exitWithStdin) process.stdin.once('end', stop).once('error', stop).resume();
  process.stdout.write(`${JSON.stringify({ host: server.host, port: server.port })}\n`);
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));

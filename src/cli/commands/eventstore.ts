import type { Command } from 'commander';
import { startEventStoreServer } from '../../embedded/eventstore/server.js';
import { verifyStore } from '../../embedded/eventstore/verify-store.js';
import { CommandError, EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { listed } from '../output.js';
import { runCommand } from '../run-command.js';
import { aborted } from '../shutdown.js';
import { eventStoreDir, isEventStore } from '../stores.js';

interface EventStoreOptions extends CommonOptions {
  readonly listen: string;
  readonly on: string;
}

/** EventStoreDB's own default port. */
const DEFAULT_PORT = '2113';

/** The store of a data folder, or a store's own folder. */
const foundStoreDir = (dir: string): string => (isEventStore(dir) ? dir : eventStoreDir(dir));

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/u.test(text) || port > 65_535) throw new CommandError(`--port: must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`, EXIT.usage);
  return port;
}

/** An IPv6 address stands in brackets: its colons are none before a port. */
const connectionString = (host: string, port: number): string => `esdb://${host.includes(':') ? `[${host}]` : host}:${port}?tls=false`;

/** `fillbook eventstore` and `fillbook eventstore verify`. */
export function addEventStore(program: Command): void {
  const command = withCommonOptions(program.command('eventstore'))
    .description("start the embedded event store alone: any EventStoreDB gRPC client uses it (esdb://127.0.0.1:2113?tls=false)")
    .option('--port <port>', 'port to listen on, 0 for any free one', DEFAULT_PORT)
    .option('--host <host>', 'address to listen on: the store knows no users, so keep it local', '127.0.0.1')
    .action((options: CommonOptions) => {
      // The command line's own port and host, not the API's.
      const { port = DEFAULT_PORT, host = '127.0.0.1', ...common } = options;
      return runCommand(common, async ({ config, logger, output, signal }) => {
        const server = await startEventStoreServer({ dir: eventStoreDir(config.dataDir), host, port: portOf(port) });
        logger.info({ host: server.host, port: server.port, dataDir: config.dataDir }, 'event store listening');
        await output.summary({ url: connectionString(server.host, server.port), host: server.host, port: server.port, pid: process.pid });
        await aborted(signal);
        await server.close();
        logger.info('event store stopped');
        return EXIT.ok;
      });
    });
  withCommonOptions(command.command('verify'))
    .description('walk a store that is not in use: checksums, places, streams; exit code 5 where something is wrong')
    .action((own: CommonOptions) =>
      // Options of the same name are taken by the parent command where they stand before `verify`.
      runCommand({ ...command.opts<EventStoreOptions>(), ...own, host: undefined, port: undefined }, async ({ config, output }) => {
        const { problems, ...found } = await verifyStore(foundStoreDir(config.dataDir));
        await output.summary({ ...found, problems: output.json ? problems : problems.length });
        for (const line of listed(problems)) await output.text(line);
        return problems.length === 0 ? EXIT.ok : EXIT.integrity;
      }),
    );
}

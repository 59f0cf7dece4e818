import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { runCommand } from '../run-command.js';
import { startServing } from '../serving.js';
import { aborted } from '../shutdown.js';

/** `fillbook serve`. */
export function addServe(program: Command): void {
  withCommonOptions(program.command('serve'))
    .description('serve the GraphQL API, and keep the read models and policies up with the event store')
    .option('--port <port>', 'port to listen on, 0 for any free one (FILLBOOK_PORT; default 4000)')
    .option('--host <host>', 'address to listen on; beyond this machine FILLBOOK_JWT_SECRET is needed (FILLBOOK_HOST; default 127.0.0.1)')
    .action((options: CommonOptions) =>
      runCommand(options, async ({ config, logger, output, signal }) => {
        const serving = await startServing(config, logger);
        logger.info({ url: serving.url, dataDir: config.dataDir }, 'serving');
        await output.summary({ url: serving.url, pid: process.pid });
        const lost = await Promise.race([aborted(signal), serving.spine.stores.failed]);
        logger.info('stopping');
        if (!lost) {
          await serving.close();
          return EXIT.ok;
        }
        // Without its stores there is nothing to finish: what was acknowledged is on their disk.
        logger.fatal({ err: lost }, 'an embedded store is lost');
        await serving.close().catch(() => undefined);
        throw lost;
      }),
    );
}

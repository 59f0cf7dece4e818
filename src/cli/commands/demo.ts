import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { playDemo } from '../../demo/play.js';
import type { UnfilledTarget } from '../../demo/play.js';
import { EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import type { Output } from '../output.js';
import { runCommand } from '../run-command.js';
import { startServing } from '../serving.js';
import { aborted } from '../shutdown.js';

interface DemoCommandOptions extends CommonOptions {
  readonly once?: boolean;
  readonly pause: number;
}

const EXAMPLE = '{ unfilledTargets(first: 5) { edges { node { targetKey status quantity filledQty position { symbol openQty } } } } }';

async function printReport(output: Output, targets: readonly UnfilledTarget[]): Promise<void> {
  await output.text(`\nUnfilled targets (${targets.length}):\n`);
  await output.rows(
    targets.map(({ targetKey, accountId, position, status, percent, targetPrice, quantity, filledQty, orderRef }) => ({
      target: targetKey,
      account: accountId,
      symbol: position?.symbol ?? null,
      status: status.toLowerCase(),
      percent,
      targetPrice,
      quantity,
      filledQty,
      openQty: position?.openQty ?? null,
      order: orderRef,
    })),
  );
}

const MAX_PAUSE_MS = 60_000;

function pauseMs(text: string): number {
  const pause = Number(text);
  if (/^\d{1,5}$/u.test(text) && pause <= MAX_PAUSE_MS) return pause;
  throw new InvalidArgumentError(`It is a number of milliseconds, 0 to ${MAX_PAUSE_MS}.`);
}

/** `fillbook demo`. */
export function addDemo(program: Command): void {
  withCommonOptions(program.command('demo'))
    .description('play a made-up trading session through the API while subscriptions show it; then serve on')
    .option('--once', 'end after the report')
    .option('--port <port>', 'port to listen on, 0 for any free one (FILLBOOK_PORT; default 4000)')
    .option('--pause <ms>', 'between two messages of the broker', pauseMs, 120)
    .action((options: DemoCommandOptions) =>
      runCommand({ ...options, logLevel: options.logLevel ?? process.env['FILLBOOK_LOG_LEVEL'] ?? 'warn' }, async ({ config, logger, output, signal }) => {
        const startedMs = performance.now();
        const serving = await startServing(config, logger);
        try {
          const stores = config.eventStoreUrl === undefined || config.databaseUrl === undefined ? `stores in ${config.dataDir}` : 'your stores';
          await output.text(`Fillbook serves ${serving.url} after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s (${stores}).\n`);
          await output.text('▸ what is sent   ◂ what a subscription to orders shows   ★ to targets\n');
          const print = (line: string): void => void (output.json ? process.stderr : process.stdout).write(`${line}\n`);
          const targets = await playDemo({ url: serving.url, print, pauseMs: options.pause, signal, now: () => new Date() });
          await printReport(output, targets);
          if (options.once === true) {
            await output.text('\nThe stores stay: `fillbook serve` serves them, without --once this command does.');
            return EXIT.ok;
          }
          await output.text(`\nServing on ${serving.url} — open it in a browser, or:\n\n  curl ${serving.url} -H 'content-type: application/json' \\\n    -d '{"query":"${EXAMPLE}"}'\n`);
          await output.text('Ctrl-C ends it; the stores stay.');
          await Promise.race([aborted(signal), serving.spine.stores.failed.then((error) => Promise.reject(error))]);
          return EXIT.ok;
        } finally {
          await serving.close();
        }
      }),
    );
}

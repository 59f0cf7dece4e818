import type { Command } from 'commander';
import { replayQuarantined } from '../../ingest/replay-quarantined.js';
import { PRODUCER } from '../../version.js';
import { EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { runCommand } from '../run-command.js';
import { settleAll, withSpineOfStore } from '../spine.js';

interface QuarantineOptions extends CommonOptions {
  readonly option?: readonly string[];
}

/** `fillbook quarantine replay`: listing is `fillbook report quarantine`. */
export function addQuarantine(program: Command): void {
  const command = program.command('quarantine').description('lines that could not be parsed (list them with: report quarantine)');
  withCommonOptions(command.command('replay'))
    .description('parse quarantined lines again, with other flags where needed, and record what they say')
    .option('--option <name=value...>', 'flags over those of the import, for example checksum=ignore')
    .action((options: QuarantineOptions) =>
      runCommand(options, ({ config, logger, output, signal }) =>
        withSpineOfStore(config, logger, async (spine) => {
          const flags = Object.fromEntries((options.option ?? []).map((text) => [text.split('=', 1)[0] ?? text, text.slice(text.indexOf('=') + 1)]));
          const { position: _position, ...summary } = await replayQuarantined({ store: spine.store, handler: spine.handler, producer: PRODUCER, flags, signal });
          await settleAll(spine, signal);
          await output.summary(summary);
          return signal.aborted ? EXIT.interrupted : EXIT.ok;
        }),
      ),
    );
}

import type { Command } from 'commander';
import { PROJECTIONS } from '../../projections/catalogue.js';
import type { RebuildProgress } from '../../projections/rebuild-progress.js';
import { rebuildProjection } from '../../projections/rebuild.js';
import { CommandError, EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { createProgressBar } from '../progress.js';
import type { Progress } from '../progress.js';
import { runCommand } from '../run-command.js';
import { withSpineOfStore } from '../spine.js';

const NAMES = PROJECTIONS.map(({ name }) => name);
const thousands = new Intl.NumberFormat('en-US');

/** A share of positions is a share of bytes: exact enough for a bar, whatever their size. */
function barOf(name: string, { phase, events, position = 0n, head = 0n }: RebuildProgress): Progress {
  return { done: Number((position * 1_000n) / (head === 0n ? 1n : head)), total: 1_000, label: `${name}: ${phase.replace('_', ' ')}, ${thousands.format(events)} events` };
}

function chosen(names: readonly string[]): typeof PROJECTIONS {
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new CommandError(`there is no projection ${JSON.stringify(unknown)}; there are ${NAMES.join(', ')}`, EXIT.notFound);
  return names.length === 0 ? PROJECTIONS : PROJECTIONS.filter(({ name }) => names.includes(name));
}

/** `fillbook rebuild [NAME…]`. */
export function addRebuild(program: Command): void {
  withCommonOptions(program.command('rebuild'))
    .description('build read models anew from the event store, beside the live ones, and put them in their places')
    .argument('[names...]', `which ones (default: all): ${NAMES.join(', ')}`)
    .action((names: readonly string[], options: CommonOptions) =>
      runCommand(options, ({ config, logger, output, signal }) => {
        const projections = chosen(names);
        return withSpineOfStore(config, logger, async ({ store, storeId, database, hints }) => {
          for (const projection of projections) {
            const bar = createProgressBar();
            const summary = await rebuildProjection({
              projection,
              store,
              storeId,
              database,
              hints,
              signal,
              onProgress: (progress) => bar.update(barOf(projection.name, progress)),
            }).finally(() => bar.end());
            await output.summary({ projection: projection.name, version: summary.version, events: summary.events, seconds: Number(summary.seconds.toFixed(3)), position: summary.position ?? null, keptIn: summary.keptIn ?? null });
          }
          return undefined;
        });
      }),
    );
}

import type { Command } from 'commander';
import { Argument } from 'commander';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { REPORTS } from '../report.js';
import { runCommand } from '../run-command.js';
import { settleAll, withSpine } from '../spine.js';

interface ReportOptions extends CommonOptions {
  readonly account?: string;
}

/** `fillbook report NAME`. */
export function addReport(program: Command): void {
  withCommonOptions(program.command('report'))
    .description('print a read model, a line a row: orders, unfilled targets, parked facts, quarantined lines')
    .addArgument(new Argument('<name>', 'which report').choices([...REPORTS.keys()]))
    .option('--account <id>', 'only this account')
    .action((name: string, options: ReportOptions) =>
      runCommand(options, async ({ config, logger, output, signal }) => {
        const report = REPORTS.get(name);
        if (!report) throw new Error(`no report ${name}`);
        return withSpine(config, logger, async (spine) => {
          await settleAll(spine, signal);
          const rows = await output.rows(report(spine.database, { tenantId: config.tenantId, accountIds: 'all' }, { accountId: options.account }));
          if (rows === 0) await output.text(`no ${name}`);
          return undefined;
        });
      }),
    );
}

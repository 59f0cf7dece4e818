import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { CostMethod } from '../../domain/ledger/accounts.js';
import { CommandError, EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { REPORTS } from '../report.js';
import { runCommand } from '../run-command.js';
import { settleAll, withSpineOfStore } from '../spine.js';

interface ReportOptions extends CommonOptions {
  readonly account?: string;
  readonly costMethod?: CostMethod;
  readonly asOf?: string;
}

/** The reports that an option is of: with any other it would change nothing, and is refused. */
const COST_METHOD_REPORTS: ReadonlySet<string> = new Set(['trial-balance', 'pnl', 'target-pnl']);
const AS_OF_REPORTS: ReadonlySet<string> = new Set(['trial-balance']);

function refuseUnused(name: string, option: string, given: string | undefined, reports: ReadonlySet<string>): void {
  if (given !== undefined && !reports.has(name)) throw new CommandError(`${option}: the report ${name} has no such option, it is of ${[...reports].join(', ')}`, EXIT.usage);
}

const COST_METHODS: readonly CostMethod[] = ['fifo', 'average'];

/** Positions are what fits in Postgres's bigint. */
function position(text: string): string {
  if (/^\d{1,18}$/u.test(text)) return text;
  throw new InvalidArgumentError('It is a place in the log: a whole number.');
}

/** `fillbook report NAME`. */
export function addReport(program: Command): void {
  withCommonOptions(program.command('report'))
    .description('print a read model, a line a row: orders, unfilled targets, parked facts, quarantined lines, the ledger')
    .addArgument(new Argument('<name>', 'which report').choices([...REPORTS.keys()]))
    .option('--account <id>', 'only this account')
    .addOption(new Option('--cost-method <method>', 'of trial-balance, pnl and target-pnl (default fifo)').choices(COST_METHODS))
    .option('--as-of <position>', 'of trial-balance: with what was posted up to this place in the log', position)
    .action((name: string, options: ReportOptions) =>
      runCommand(options, async ({ config, logger, output, signal }) => {
        const report = REPORTS.get(name);
        if (!report) throw new Error(`no report ${name}`);
        refuseUnused(name, '--cost-method', options.costMethod, COST_METHOD_REPORTS);
        refuseUnused(name, '--as-of', options.asOf, AS_OF_REPORTS);
        return withSpineOfStore(config, logger, async (spine) => {
          await settleAll(spine, signal);
          const { account: accountId, costMethod = 'fifo', asOf } = options;
          const rows = await output.rows(report(spine, { tenantId: config.tenantId, accountIds: 'all' }, { accountId, costMethod, asOf, whole: output.json }));
          if (rows === 0) await output.text(`no ${name}`);
          return undefined;
        });
      }),
    );
}

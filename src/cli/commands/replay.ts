import type { Command } from 'commander';
import { validate as isUuid } from 'uuid';
import { accountId, orderId, tenantId } from '../../domain/ids.js';
import { clientAlias, orderStream } from '../../eventstore/identity.js';
import { ordersNamed } from '../../projections/orders/named-orders.js';
import { CommandError, EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import type { Row } from '../output.js';
import { replayOrder } from '../replay.js';
import type { ReplayStep } from '../replay.js';
import { runCommand } from '../run-command.js';
import { settleAll, withSpineOfStore } from '../spine.js';
import type { Spine } from '../spine.js';

interface ReplayOptions extends CommonOptions {
  readonly account?: string;
}

/** More candidates than this are not listed. */
const MAX_CANDIDATES = 10;

/** The stream of the order that goes by `name`: by its id, by its current broker id or ClOrdID, or by an earlier ClOrdID. */
async function streamOf(spine: Spine, tenant: string, name: string, account: string | undefined): Promise<string> {
  const found = await ordersNamed(spine.database, { tenantId: tenant, accountIds: 'all' }, { id: name, accountId: account, limit: MAX_CANDIDATES });
  const [only, ...others] = found;
  if (only && others.length === 0) return orderStream(orderId(only.order_id));
  if (only) {
    const list = found.map((row) => `  ${row.order_id}  account ${row.account_id}, ${row.symbol ?? '?'}, ${row.trading_day}`);
    throw new CommandError(`several orders go by ${JSON.stringify(name)}; name one by its id, or give --account:\n${list.join('\n')}`, EXIT.usage);
  }
  const earlier = await spine.handler.resolveAlias(clientAlias(tenantId(tenant), accountId(account ?? 'main'), name));
  if (earlier !== undefined) return orderStream(earlier);
  if (isUuid(name)) {
    const owner = await spine.handler.ownerOf(orderStream(orderId(name)));
    if (owner?.tenantId === tenant) return orderStream(orderId(name));
  }
  throw new CommandError(`no order goes by ${JSON.stringify(name)}`, EXIT.notFound);
}

async function* rowsOf(steps: AsyncIterable<ReplayStep>, whole: boolean): AsyncGenerator<Row> {
  for await (const step of steps) yield whole ? step.whole : step.short;
}

/** `fillbook replay ORDER`. */
export function addReplay(program: Command): void {
  withCommonOptions(program.command('replay'))
    .description("print each event of an order in sequence, the state after it, its cause, and the hash chain's verdict")
    .argument('<order>', "Fillbook's id of the order, the broker's, or a ClOrdID")
    .option('--account <id>', 'the account, where an id is used in several (earlier ClOrdIDs: default main)')
    .action((name: string, options: ReplayOptions) =>
      runCommand(options, ({ config, logger, output, signal }) =>
        withSpineOfStore(config, logger, async (spine) => {
          await settleAll(spine, signal);
          const stream = await streamOf(spine, config.tenantId, name, options.account);
          const { steps, verdict, intact } = await replayOrder(spine.store, stream);
          await output.rows(rowsOf(steps, output.json));
          await output.text('');
          await output.summary(verdict);
          return intact ? EXIT.ok : EXIT.integrity;
        }),
      ),
    );
}

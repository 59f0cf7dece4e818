import type { Command } from 'commander';
import { Option } from 'commander';
import type { Logger } from 'pino';
import type { ImportFormat } from '../../ingest/adapter.js';
import { importFile } from '../../ingest/import-file.js';
import type { ImportProgress, ImportSummary } from '../../ingest/import-file.js';
import { PRODUCER } from '../../version.js';
import { EXIT } from '../exit-codes.js';
import { withCommonOptions } from '../options.js';
import type { CommonOptions } from '../options.js';
import { printable } from '../output.js';
import { createProgressBar } from '../progress.js';
import { runCommand } from '../run-command.js';
import { settleAll, withSpine } from '../spine.js';
import type { Spine } from '../spine.js';

const FORMATS: readonly ImportFormat[] = ['lobster', 'fix', 'jsonl', 'tastytrade', 'tradestation', 'binance', 'alpaca', 'ibkr', 'csv'];

interface ImportOptions extends CommonOptions {
  readonly format: ImportFormat;
  readonly strict?: boolean;
  readonly option?: readonly string[];
  readonly symbol?: string;
  readonly date?: string;
  readonly zone?: string;
  readonly account?: string;
  readonly source?: string;
}

/** The reason under which an import counts lines without a character. */
const EMPTY_LINE = 'empty line';

const thousands = new Intl.NumberFormat('en-US');

function progressOf({ bytesRead, bytesTotal, read, linesPerSecond, quarantined }: ImportProgress) {
  const bad = quarantined > 0 ? `, ${thousands.format(quarantined)} in quarantine` : '';
  return { done: bytesRead, total: bytesTotal, label: `${thousands.format(read)} lines, ${thousands.format(Math.round(linesPerSecond))}/s${bad}` };
}

/** The adapter's flags: those that have an option of their own, then `--option name=value`. */
function flagsOf({ symbol, date, zone, account, source, option = [] }: ImportOptions, tenant: string): Record<string, string> {
  const named = Object.entries({ tenant, symbol, date, zone, account, source }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const others = option.map((text) => [text.split('=', 1)[0] ?? text, text.slice(text.indexOf('=') + 1)]);
  return Object.fromEntries([...named, ...others]);
}

async function runImport(path: string, options: ImportOptions, tenant: string, spine: Spine, signal: AbortSignal): Promise<ImportSummary> {
  const bar = createProgressBar();
  const summary = await importFile({
    path,
    format: options.format,
    options: flagsOf(options, tenant),
    handler: spine.handler,
    store: spine.store,
    producer: PRODUCER,
    signal,
    onProgress: (progress) => bar.update(progressOf(progress)),
  }).finally(() => bar.end());
  if (!summary.aborted) await settleAll(spine, signal);
  return summary;
}

function logSummary(logger: Logger, { aborted, position, ...counts }: ImportSummary): void {
  logger.debug({ ...counts, aborted, position: position?.toString() ?? null }, aborted ? 'import interrupted' : 'import finished');
}

/** For people: `2,201 × type 5: execution of a hidden order`. */
function spokenCounts(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([reason, count]) => `${thousands.format(count)} × ${reason}`);
  return parts.length === 0 ? 'none' : parts.join('; ');
}

/** A command as it is typed for the stores that this one was given. */
function commandText(command: string, { data, tenant }: CommonOptions): string {
  const flags = Object.entries({ data, tenant }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, shellText(value)]));
  return ['fillbook', command, ...flags].join(' ');
}

const shellText = (value: string): string => (/^[\w./:@~-]+$/u.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`);

/** What the numbers leave open: that there was nothing to read, and where to look for what was not counted. */
function hintsOf({ file, read, skipped, quarantined, parked, aborted }: ImportSummary, options: CommonOptions): readonly string[] {
  const isEmpty = !aborted && read === (skipped[EMPTY_LINE] ?? 0);
  return [
    ...(isEmpty ? [`${file} holds no message: nothing was imported`] : []),
    ...(quarantined > 0 ? [`lines in quarantine, with field and reason: ${commandText('report quarantine', options)}`] : []),
    ...(parked > 0 ? [`parked facts, which wait for their order: ${commandText('report parked', options)}`] : []),
  ];
}

/** `fillbook import FILE`. */
export function addImport(program: Command): void {
  withCommonOptions(program.command('import'))
    .description('stream a file of broker messages into the ledger; the same file twice changes nothing')
    .argument('<file>', 'file, plain or .gz; - for standard input')
    .addOption(new Option('--format <format>', 'format of the lines').choices(FORMATS).makeOptionMandatory())
    .option('--symbol <symbol>', 'lobster: instrument (default: from the file name)')
    .option('--date <date>', 'lobster: trading day, YYYY-MM-DD (default: from the file name)')
    .option('--zone <zone>', "lobster, ibkr, csv: time zone of the file's times (lobster, ibkr: default America/New_York)")
    .option('--account <id>', 'account of messages that name none (default main)')
    .option('--source <name>', 'name of the broker or venue')
    .option('--option <name=value...>', "further flags of the format, see docs/ (fix: checksum=ignore, …)")
    .option('--strict', 'exit with 3 when lines were put in quarantine')
    .action((path: string, options: ImportOptions) =>
      runCommand(options, async ({ config, logger, output, signal }) => {
        const summary = await withSpine(config, logger, (spine) => runImport(path, options, config.tenantId, spine, signal));
        logSummary(logger, summary);
        const { file, format, read, commands, events, duplicates, parked, quarantined, skipped, seconds, aborted } = summary;
        await output.summary({ file, format, read, commands, events, duplicates, parked, quarantined, skipped: output.json ? skipped : spokenCounts(skipped), seconds: Number(seconds.toFixed(3)), aborted });
        const hints = hintsOf(summary, options);
        for (const line of hints.length > 0 ? ['', ...hints] : []) await output.text(printable(line));
        if (aborted) return EXIT.interrupted;
        return options.strict === true && quarantined > 0 ? EXIT.quarantined : EXIT.ok;
      }),
    );
}

import { ImportOptionError, shown } from './adapter.js';
import type { Adapter, ImportFormat } from './adapter.js';
import { alpacaAdapter } from './alpaca.js';
import { binanceAdapter } from './binance.js';
import { csvAdapter } from './csv.js';
import { fixAdapter } from './fix.js';
import { ibkrAdapter } from './ibkr.js';
import { jsonlAdapter } from './jsonl.js';
import { lobsterAdapter } from './lobster.js';
import { tastytradeAdapter } from './tastytrade.js';
import { tradestationAdapter } from './tradestation.js';

const ADAPTERS: Readonly<Record<ImportFormat, Adapter>> = { lobster: lobsterAdapter, fix: fixAdapter, jsonl: jsonlAdapter, tastytrade: tastytradeAdapter, tradestation: tradestationAdapter, binance: binanceAdapter, alpaca: alpacaAdapter, ibkr: ibkrAdapter, csv: csvAdapter };

/** The formats by name, as a command line offers them. */
const IMPORT_FORMATS: readonly ImportFormat[] = ['lobster', 'fix', 'jsonl', 'tastytrade', 'tradestation', 'binance', 'alpaca', 'ibkr', 'csv'];

/** The adapter of a format. Throws an `ImportOptionError` where there is none of that name. */
export function adapterOf(format: string): Adapter {
  const known = IMPORT_FORMATS.find((name) => name === format);
  if (known === undefined) throw new ImportOptionError('format', `${shown(format)} is not one of ${IMPORT_FORMATS.join(', ')}`);
  return ADAPTERS[known];
}

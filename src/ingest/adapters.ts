import { ImportOptionError, shown } from './adapter.js';
import type { Adapter, ImportFormat } from './adapter.js';
import { fixAdapter } from './fix.js';
import { jsonlAdapter } from './jsonl.js';
import { lobsterAdapter } from './lobster.js';

const ADAPTERS: Readonly<Record<ImportFormat, Adapter>> = { lobster: lobsterAdapter, fix: fixAdapter, jsonl: jsonlAdapter };

/** The formats by name, as a command line offers them. */
const IMPORT_FORMATS: readonly ImportFormat[] = ['lobster', 'fix', 'jsonl'];

/** The adapter of a format. Throws an `ImportOptionError` where there is none of that name. */
export function adapterOf(format: string): Adapter {
  const known = IMPORT_FORMATS.find((name) => name === format);
  if (known === undefined) throw new ImportOptionError('format', `${shown(format)} is not one of ${IMPORT_FORMATS.join(', ')}`);
  return ADAPTERS[known];
}

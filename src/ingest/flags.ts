import { z } from 'zod';
import { ASSUMED_ACCOUNT } from '../eventstore/identity.js';
import { ImportOptionError } from './adapter.js';
import type { ImportFlags } from './adapter.js';

const name = () => z.string().regex(/^[\w.:@+-]{1,100}$/u, 'must be 1 to 100 letters, digits, or any of _ . : @ + -');
const currency = () => z.string().regex(/^[A-Z0-9]{2,10}$/u, 'must be a currency code such as USD');

/** The flags that every format has. */
const COMMON_FLAGS = {
  tenant: name().default('default'),
  /** The account of messages that name none. */
  account: name().optional(),
  actor: name().default('import'),
  source: name().optional(),
  environment: z.enum(['live', 'paper'], 'must be live or paper').default('live'),
  currency: currency().default('USD'),
};

export const DEFAULT_ACCOUNT: string = ASSUMED_ACCOUNT;

/** A schema of the common flags and a format's own. Any other flag is refused by name. */
export const flagsSchema = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject({ ...COMMON_FLAGS, ...shape });

/** Reads an import's flags. Throws an `ImportOptionError` that names the first one at fault. */
export function readFlags<Flags>(schema: z.ZodType<Flags>, flags: ImportFlags, format: string): Flags {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') throw new ImportOptionError(issue.keys[0] ?? '', `the format ${format} has no such option`);
  throw new ImportOptionError(issue?.path.join('.') ?? '', issue?.message ?? 'is not usable');
}

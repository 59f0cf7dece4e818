import type { Environment } from '../domain/order/events.js';
import type { AdapterOptions } from './adapter.js';
import { multipliersFlag } from './contracts.js';
import type { Multipliers } from './contracts.js';
import { flagsSchema, readFlags } from './flags.js';

/** What a run of an adapter knows besides the messages: of brokers that state whole orders. */
export interface OrderSession {
  readonly tenant: string;
  readonly source: string;
  /** Of orders that name none. */
  readonly account: string | undefined;
  readonly actor: string;
  readonly environment: Environment;
  readonly currency: string;
  readonly multipliers: Multipliers;
  readonly importId: string;
  readonly now: () => string;
}

const flags = flagsSchema({ multipliers: multipliersFlag() });

/** Reads the flags: those of every format, and `multipliers`. The source is the format's name unless a flag names it. */
export function openOrderSession({ flags: given, importId, now }: AdapterOptions, format: string): OrderSession {
  const { tenant, account, actor, source = format, environment, currency, multipliers } = readFlags(flags, given, format);
  return { tenant, source, account, actor, environment, currency, multipliers, importId, now };
}

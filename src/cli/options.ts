import type { Command } from 'commander';
import type { ConfigFlags } from '../config.js';

/** The options that every command has. */
export interface CommonOptions extends ConfigFlags {
  readonly json?: boolean;
}

/** Adds the common options, so that each command's own help shows them. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'folder of the embedded stores (FILLBOOK_DATA; default .fillbook)')
    .option('--tenant <id>', 'tenant that the command acts for (FILLBOOK_TENANT; default "default")')
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (FILLBOOK_LOG_LEVEL; default info)')
    .option('--json', 'machine-readable JSON lines on standard output');
}

import { Command } from 'commander';
import { VERSION } from '../version.js';
import { addDemo } from './commands/demo.js';
import { addEventStore } from './commands/eventstore.js';
import { addImport } from './commands/import.js';
import { addQuarantine } from './commands/quarantine.js';
import { addRebuild } from './commands/rebuild.js';
import { addReplay } from './commands/replay.js';
import { addReport } from './commands/report.js';
import { addServe } from './commands/serve.js';
import { EXIT } from './exit-codes.js';

const AFTER_HELP = `
Stores: EVENTSTORE_URL (esdb://…), DATABASE_URL (postgres://…) and REDIS_URL (redis://…) name real ones; without them the
embedded ones in the data folder are used.
Exit codes: 0 done; 1 bug; 2 wrong command line or configuration; 3 lines in quarantine (import --strict); 4 not found;
5 damaged or tampered; 6 a store cannot be reached; 130 interrupted. What was acknowledged is kept in every case.`;

/** The command line, all of it. */
export function createProgram(): Command {
  const program = new Command('fillbook')
    .description('An event-sourced ledger for trading systems: EventStoreDB, Postgres read models, GraphQL.')
    .version(VERSION)
    .addHelpText('after', AFTER_HELP)
    .showHelpAfterError('(see: fillbook --help)')
    .exitOverride((error) => {
      // Commander's own errors are wrong command lines; help and version are not errors.
      process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
    });
  for (const add of [addDemo, addServe, addImport, addReport, addReplay, addQuarantine, addRebuild, addEventStore]) add(program);
  return program;
}

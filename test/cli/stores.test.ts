import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireEventStore } from '../../src/cli/stores.js';
import { loadConfig } from '../../src/config.js';

const EVENTSTORE_URL = 'esdb://127.0.0.1:2113?tls=false';
const DATABASE_URL = 'postgres://127.0.0.1/fillbook';
const nowhere = path.join(import.meta.dirname, 'no-such-folder');
const required = (env: Readonly<Record<string, string>>) => () => requireEventStore(loadConfig(env, { data: nowhere }));

describe('a command that reads what is there', () => {
  it.each([
    ['nothing', {}],
    ['a database alone', { DATABASE_URL }],
  ])('given %s and a folder without a store, names the folder', (_name, env) => {
    expect(required(env)).toThrow(`there is no store in the folder ${nowhere}`);
  });

  it.each([
    ['both stores', { EVENTSTORE_URL, DATABASE_URL }],
    ['an event store, whose read models are still to be built in the folder', { EVENTSTORE_URL }],
  ])('given %s, needs nothing in the folder', (_name, env) => {
    expect(required(env)).not.toThrow();
  });

  it('given a file for a folder, names it', () => {
    expect(() => requireEventStore(loadConfig({}, { data: import.meta.filename }))).toThrow(import.meta.filename);
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { launchPostgres } from '../../src/embedded/postgres/launch.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of the run's one Postgres server, to make databases on. */
    postgresUrl: string;
  }
}

/**
 * Before any test: compiles `dist/` once (tests that start processes run what a user runs) and starts the one Postgres of
 * the run, unless TEST_DATABASE_URL names another.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = startPostgres(project);
  try {
    await build();
  } catch (error) {
    const stop = await postgres.catch(() => undefined);
    await stop?.();
    throw error;
  }
  return postgres;
}

async function build(): Promise<void> {
  if (process.env['FILLBOOK_SKIP_BUILD'] === '1') return;
  try {
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { shell: process.platform === 'win32' });
  } catch (error) {
    // The compiler's complaints go to its standard output.
    const complaint = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`the build failed\n${complaint}`, { cause: error });
  }
}

async function startPostgres(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return async () => undefined;
  }
  const dir = await mkdtemp(join(tmpdir(), 'fillbook-test-postgres-'));
  const postgres = await launchPostgres({ dir });
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  };
}

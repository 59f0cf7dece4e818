import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchPostgres } from '../../src/embedded/postgres/launch.js';

/**
 * A Postgres folder that was made once and is copied for each test: making one writes a thousand files through to the disk,
 * and removing those again takes a second.
 */
export class PreparedFolder {
  readonly #source: string;

  private constructor(source: string) {
    this.#source = source;
  }

  static async make(): Promise<PreparedFolder> {
    const source = await mkdtemp(join(tmpdir(), 'fillbook-prepared-'));
    const postgres = await launchPostgres({ dir: source });
    await postgres.stop();
    return new PreparedFolder(source);
  }

  /** Makes `dir`, which must not exist, a copy; owners and modes are kept. */
  async copyTo(dir: string): Promise<void> {
    await promisify(execFile)('cp', ['-a', this.#source, dir]);
  }

  async remove(): Promise<void> {
    await rm(this.#source, { recursive: true, force: true });
  }
}

import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The user `daemon` of every Unix: an ordinary one with an entry in the user table. */
export const ORDINARY_UID = 1;

/** Whether this run may become another user. */
export const isRoot = process.getuid?.() === 0;

const projectDir = fileURLToPath(new URL('../../', import.meta.url));

/** The project and Node as the ordinary user can run them. */
export interface ReadableProject {
  /** Folder that holds `dist/` and `node_modules/`. */
  readonly dir: string;
  readonly nodePath: string;
  remove(): Promise<void>;
}

/** The project and Node themselves where the ordinary user can read them, else copies (they may stand below a private home). */
export async function readableProject(): Promise<ReadableProject> {
  const program = `require('node:fs').accessSync(${JSON.stringify(join(projectDir, 'dist/main.js'))})`;
  if (succeedsAsOrdinaryUser(process.execPath, ['-e', program])) {
    return { dir: projectDir, nodePath: process.execPath, remove: async () => undefined };
  }
  const dir = await mkdtemp(join(tmpdir(), 'fillbook-project-'));
  await chmod(dir, 0o755);
  const nodePath = join(dir, 'node');
  await cp(process.execPath, nodePath);
  for (const part of ['dist', 'node_modules', 'package.json']) {
    await cp(join(projectDir, part), join(dir, part), { recursive: true, verbatimSymlinks: true });
  }
  execFileSync('chmod', ['-R', 'a+rX', dir]);
  return { dir, nodePath, remove: () => rm(dir, { recursive: true, force: true }) };
}

function succeedsAsOrdinaryUser(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { uid: ORDINARY_UID, gid: ORDINARY_UID, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
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
  const own = { dir: projectDir, nodePath: process.execPath, remove: async () => undefined };
  if (readable(own)) return own;
  const dir = await mkdtemp(join(tmpdir(), 'fillbook-project-'));
  await chmod(dir, 0o755);
  const copy = { dir, nodePath: join(dir, 'node'), remove: () => rm(dir, { recursive: true, force: true }) };
  // Links are made at once, but not across file systems, and they keep the modes that a strict umask gave the files.
  if (copyProject(dir, '-al') && readable(copy)) return copy;
  if (copyProject(dir, '-a') && succeeds('chmod', ['-R', 'a+rX', dir]) && readable(copy)) return copy;
  throw new Error(`the project cannot be copied to ${dir} for an ordinary user`);
}

function copyProject(dir: string, how: '-al' | '-a'): boolean {
  const parts = ['dist', 'node_modules', 'package.json'].map((part) => join(projectDir, part));
  return succeeds('cp', [how, ...parts, dir]) && succeeds('cp', [how, process.execPath, join(dir, 'node')]);
}

function readable({ dir, nodePath }: { dir: string; nodePath: string }): boolean {
  const program = `require('node:fs').accessSync(${JSON.stringify(join(dir, 'dist/main.js'))})`;
  return succeeds(nodePath, ['-e', program], ORDINARY_UID);
}

function succeeds(command: string, args: readonly string[], uid?: number): boolean {
  try {
    execFileSync(command, args, { cwd: '/', stdio: 'ignore', ...(uid === undefined ? {} : { uid, gid: uid }) });
    return true;
  } catch {
    return false;
  }
}

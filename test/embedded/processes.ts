import { execFile } from 'node:child_process';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Whether a process of that id runs (a zombie does not). */
export async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined || !/^\d+ \(.*\) [ZX] /s.test(stat);
}

/** The live processes whose working folder is `folder` or below it, or that name it in an argument. */
export async function processesOf(folder: string): Promise<{ pid: number; command: string }[]> {
  return process.platform === 'linux' ? fromProc(folder) : fromPs(folder);
}

/** Where there is no /proc: by the arguments alone. */
async function fromPs(folder: string): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,command='], { maxBuffer: 8_388_608 });
  const lines = stdout.split('\n').filter((line) => line.includes(folder));
  return lines.map((line) => ({ pid: Number.parseInt(line, 10), command: line })).filter(({ pid }) => pid !== process.pid);
}

async function fromProc(folder: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (Number(pid) === process.pid || command === '') continue;
    if (cwd === folder || cwd.startsWith(`${folder}/`) || command.includes(folder)) found.push({ pid: Number(pid), command });
  }
  return found;
}

/** Waits until `condition` holds; fails with `what` after `withinMs`. */
export async function until(what: string, condition: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}

import { readFile, readlink } from 'node:fs/promises';
import { hasCode } from './has-code.js';

/**
 * What tells one process from a later one that was given the same pid. `startTicks` (clock ticks between boot and the
 * process's start) and `bootId` are known only where `/proc` has them.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks?: string;
  readonly bootId?: string;
}

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const stat = await readStat(process.pid);
  const bootId = await readBootId();
  return {
    pid: process.pid,
    ...(stat === undefined ? {} : { startTicks: stat.startTicks }),
    ...(bootId === undefined ? {} : { bootId }),
  };
}

/**
 * Whether that very process still runs on this machine. A zombie counts as dead: it holds nothing any more. Where `/proc`
 * does not say when a process started, a live process of the same pid counts as the one meant.
 */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isSameBoot(identity))) return false;
  if (!pidExists(identity.pid)) return false;
  const stat = await readStat(identity.pid);
  if (stat === undefined) return true;
  if (stat.state === 'Z' || stat.state === 'X') return false;
  return identity.startTicks === undefined || identity.startTicks === stat.startTicks;
}

/** False where the machine was started anew since that process wrote its identity; true where that is not known. */
export async function isSameBoot(identity: ProcessIdentity): Promise<boolean> {
  if (identity.bootId === undefined) return true;
  const bootId = await readBootId();
  return bootId === undefined || bootId === identity.bootId;
}

/** The name of this process's pid namespace (namespaces(7)): within one, a pid means one process. Undefined where there is no `/proc`. */
export async function ownPidNamespace(): Promise<string | undefined> {
  return readlink('/proc/self/ns/pid').catch(() => undefined);
}

function pidExists(pid: number): boolean {
  // Signal 0 to pid 0 or below asks about process groups, never about one process.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return hasCode(error, 'EPERM');
  }
}

interface ProcessStat {
  readonly state: string;
  readonly startTicks: string;
}

async function readStat(pid: number): Promise<ProcessStat | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself hold blanks and parentheses (proc_pid_stat(5)):
  // count from the last one. The state is then the first field, the start time the twentieth.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

async function readBootId(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/**
 * Megabytes that a process holds for itself. On Linux without the pages of mapped files, which the system takes back when it needs
 * them; elsewhere the resident size as `ps` tells it.
 */
export function ownMemoryMb(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  const match = /^RssAnon:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

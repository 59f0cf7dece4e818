import { spawn } from 'node:child_process';
import type { Account } from './account.js';

/** How to run a program to its end. */
export interface ProgramOptions {
  readonly cwd: string;
  readonly account: Account | undefined;
  readonly timeoutMs: number;
  /** File descriptor that the program gets as its standard input; nothing where undefined. */
  readonly stdin?: number;
}

/** How a program ended: `failure` is what it complained about, undefined where it ended with code 0. */
export interface ProgramResult {
  readonly failure: string | undefined;
  /** The system's code where the program could not even start (`ENOENT`, `EACCES`). */
  readonly startErrorCode?: string;
}

const MAX_OUTPUT_CHARACTERS = 4_000;

/** The whole environment of Postgres's programs: none of the caller's PG* variables, messages in English. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/** Runs one of Postgres's programs to its end; it is killed after `timeoutMs`. Never rejects. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: postgresEnvironment(),
      stdio: [options.stdin ?? 'ignore', 'ignore', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      ...options.account,
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_OUTPUT_CHARACTERS);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ failure: error.message, ...(error.code === undefined ? {} : { startErrorCode: error.code }) });
    });
    child.once('close', (code, signal) => {
      const ending = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
      resolve({ failure: code === 0 ? undefined : complaint.trim() || ending });
    });
  });
}

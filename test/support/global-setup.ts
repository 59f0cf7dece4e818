import { execFileSync } from 'node:child_process';

/** Compiles `dist/` once: tests that start processes run what a user runs. */
export default function setup(): void {
  if (process.env['FILLBOOK_SKIP_BUILD'] === '1') return;
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit', shell: process.platform === 'win32' });
}

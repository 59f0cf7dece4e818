import type { WriteStream } from 'node:tty';

/** How far a long job is. `total` is undefined where it is not known (standard input). */
export interface Progress {
  readonly done: number;
  readonly total: number | undefined;
  /** What is counted beside the bar: `12,345 lines`. */
  readonly label: string;
}

const WIDTH = 30;
/** A terminal is redrawn this often at the most; a log file gets a line this often. */
const REDRAW_MS = 100;
const LOG_LINE_MS = 5_000;

function barText({ done, total, label }: Progress, elapsedS: number): string {
  const time = `${elapsedS.toFixed(1)} s`;
  if (total === undefined || total === 0) return `${label}  ${time}`;
  const share = Math.min(1, done / total);
  const full = Math.round(share * WIDTH);
  return `[${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}] ${(share * 100).toFixed(0).padStart(3)} %  ${label}  ${time}`;
}

/**
 * A progress bar on standard error: redrawn in place on a terminal, a line every few seconds elsewhere. Standard output
 * stays free for the command's answer.
 */
export function createProgressBar(stream: WriteStream = process.stderr): { update(progress: Progress): void; end(): void } {
  const startedMs = performance.now();
  let drawnMs = -Infinity;
  let last: Progress | undefined;
  const draw = (progress: Progress): void => {
    const text = barText(progress, (performance.now() - startedMs) / 1000);
    stream.write(stream.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
  };
  return {
    update(progress) {
      last = progress;
      const nowMs = performance.now();
      if (nowMs - drawnMs < (stream.isTTY ? REDRAW_MS : LOG_LINE_MS)) return;
      drawnMs = nowMs;
      draw(progress);
    },
    end() {
      if (!last) return;
      draw(last);
      if (stream.isTTY) stream.write('\n');
    },
  };
}

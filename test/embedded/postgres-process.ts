import { pathToFileURL, fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { z } from 'zod';
import { ChildProgram, type ChildProgramOptions } from './child-program.js';

const ownProject = fileURLToPath(new URL('../../', import.meta.url));

const answerSchema = z.union([
  z.object({ url: z.string(), pid: z.number() }),
  z.object({ error: z.string(), message: z.string() }),
]);

function program(projectDir: string, preamble: string): string {
  const moduleUrl = pathToFileURL(join(projectDir, 'dist/embedded/postgres/launch.js')).href;
  return `
    import { createInterface } from 'node:readline';
    ${preamble}
    const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    try {
      const { launchPostgres } = await import(${JSON.stringify(moduleUrl)});
      const postgres = await launchPostgres({ dir: process.argv[1] });
      console.log(JSON.stringify({ url: postgres.url, pid: postgres.pid }));
      await lines.next();
      await postgres.stop();
    } catch (error) {
      console.log(JSON.stringify({ error: error.name, message: error.message }));
    }
    process.exit(0);
  `;
}

/** A process of its own that launches a Postgres, stops it when it is sent a line, and may be killed at any time. */
export class PostgresProcess {
  readonly child: ChildProgram;

  constructor(dir: string, options: ChildProgramOptions & { projectDir?: string; preamble?: string } = {}) {
    this.child = new ChildProgram(program(options.projectDir ?? ownProject, options.preamble ?? ''), {
      ...options,
      args: [dir],
    });
  }

  /** The server's address and process id; fails where it did not start. */
  async started(): Promise<{ url: string; pid: number }> {
    const answer = await this.#answer();
    if ('error' in answer) throw new Error(`${answer.error}: ${answer.message}`);
    return answer;
  }

  /** Why it did not start. */
  async refused(): Promise<{ error: string; message: string }> {
    const answer = await this.#answer();
    if ('error' in answer) return answer;
    throw new Error('it started');
  }

  async stop(): Promise<void> {
    this.child.say('stop');
    await this.child.exited;
  }

  async #answer(): Promise<z.infer<typeof answerSchema>> {
    return answerSchema.parse(JSON.parse(await this.child.line()));
  }
}

import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ChildProgram, type ChildProgramOptions } from './child-program.js';

const ownProject = fileURLToPath(new URL('../../', import.meta.url));

const openedSchema = z.object({ eventStoreUrl: z.string().optional(), databaseUrl: z.string().optional() });
const refusedSchema = z.object({ error: z.string(), message: z.string() });
const failedSchema = z.object({ failed: z.string() });

function program(projectDir: string): string {
  const moduleUrl = pathToFileURL(join(projectDir, 'dist/embedded/stores.js')).href;
  return `
    import { createInterface } from 'node:readline';
    const say = (value) => console.log(JSON.stringify(value));
    // A command that is interrupted goes on with the stores until it has shut down.
    process.on('SIGINT', () => say({ interrupted: true }));
    const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    try {
      const { openEmbeddedStores } = await import(${JSON.stringify(moduleUrl)});
      const stores = await openEmbeddedStores(JSON.parse(process.argv[1]));
      const { eventStoreUrl, databaseUrl } = stores;
      stores.failed.then((error) => say({ failed: error.message }));
      say({ eventStoreUrl, databaseUrl });
      await lines.next();
      await stores.close();
    } catch (error) {
      say({ error: error.name, message: error.message });
    }
    process.exit(0);
  `;
}

/** What a command of the test asks of the stores. */
export interface StoresRequest {
  readonly dataDir: string;
  readonly eventStore?: boolean;
  readonly postgres?: boolean;
  readonly startTimeoutMs?: number;
}

/** A command in a process of its own that uses the stores of a data folder until it is told to close, or killed. */
export class StoresProcess {
  readonly child: ChildProgram;

  constructor(request: StoresRequest, options: ChildProgramOptions & { projectDir?: string } = {}) {
    this.child = new ChildProgram(program(options.projectDir ?? ownProject), {
      cwd: '/',
      ...options,
      args: [JSON.stringify({ eventStore: false, postgres: true, ...request })],
    });
  }

  /** The stores' addresses; fails where they cannot be used. */
  async opened(): Promise<z.infer<typeof openedSchema>> {
    const answer: unknown = JSON.parse(await this.child.line());
    const refused = refusedSchema.safeParse(answer).data;
    if (refused !== undefined) throw new Error(`${refused.error}: ${refused.message}`);
    return openedSchema.parse(answer);
  }

  /** Both stores' addresses. */
  async both(): Promise<{ eventStoreUrl: string; databaseUrl: string }> {
    const { eventStoreUrl, databaseUrl } = await this.opened();
    if (eventStoreUrl === undefined || databaseUrl === undefined) throw new Error('not both stores were asked for');
    return { eventStoreUrl, databaseUrl };
  }

  /** The database's address. */
  async database(): Promise<string> {
    const { databaseUrl } = await this.opened();
    if (databaseUrl === undefined) throw new Error('no database was asked for');
    return databaseUrl;
  }

  /** Why the stores cannot be used. */
  async refused(): Promise<{ error: string; message: string }> {
    return refusedSchema.parse(JSON.parse(await this.child.line()));
  }

  /** Why the stores were lost while they were in use. */
  async failed(): Promise<string> {
    return failedSchema.parse(JSON.parse(await this.child.line())).failed;
  }

  async close(): Promise<void> {
    this.child.say('close');
    await this.child.exited;
  }
}

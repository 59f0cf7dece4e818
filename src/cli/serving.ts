import type { Logger } from 'pino';
import { createServer } from '../api/server.js';
import type { Access } from '../api/viewer.js';
import { requireProtectedApi } from '../config.js';
import type { Config } from '../config.js';
import { openSpine } from './spine.js';
import type { Spine } from './spine.js';

/** A server that answers, on its spine. */
export interface Serving {
  readonly spine: Spine;
  /** `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** Ends requests and subscriptions first, then the spine: what was acknowledged is stored. */
  close(): Promise<void>;
}

function accessOf({ jwtSecret, tenantId }: Config): Access {
  return jwtSecret === undefined ? { mode: 'development', tenantId } : { mode: 'token', secret: jwtSecret };
}

const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Opens the spine and serves the API on the configured address. Throws a ConfigError where the API would be open to others. */
export async function startServing(config: Config, logger: Logger): Promise<Serving> {
  requireProtectedApi(config);
  const spine = await openSpine(config, logger);
  try {
    const { handler, store, storeId, database, hints, projector, policies } = spine;
    const app = await createServer({ handler, store, storeId, database, hints, projector, policies, access: accessOf(config), log: logger, graphiql: !config.production });
    await app.listen({ host: config.host, port: config.port });
    const address = app.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : config.port;
    return {
      spine,
      url: `http://${hostInUrl(config.host)}:${port}/graphql`,
      close: async () => {
        await app.close();
        await spine.close();
      },
    };
  } catch (error) {
    await spine.close().catch(() => undefined);
    throw error;
  }
}

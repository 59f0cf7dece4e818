import type { DocumentNode, Source } from 'graphql';
import { GraphQLError, parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { compiledQueries } from './compiled-queries.js';
import { contextOf } from './context.js';
import type { ApiContext, ApiServices, RequestScope } from './context.js';
import { maskError } from './errors.js';
import { graphiqlPage } from './graphiql-page.js';
import { literalErrors } from './literal-errors.js';
import { schema } from './schema.js';

export const GRAPHQL_PATH = '/graphql';

/** Parsed queries that are kept, with what was compiled of them: more than the programs of a desk send. */
const MAX_CACHED_DOCUMENTS = 250;

export interface GraphQLOptions {
  /** A page to try queries on. */
  readonly graphiql: boolean;
  /** Web pages of these origins may use the API from a browser. None: CORS is off. */
  readonly allowedOrigins: readonly string[];
}

/** Refuses a query of more tokens than there may be before the rest of it is read; what cannot be parsed has the same code and status however it came. */
const tokenLimit = ({ limits }: ApiServices) => {
  const parseLimited = (source: string | Source): DocumentNode => {
    try {
      return parse(source, { maxTokens: limits.queryTokens });
    } catch (error) {
      // The error is kept, for GET and POST alike. `spec`: of the media type of GraphQL's own answers alone.
      if (error instanceof GraphQLError) Object.assign(error.extensions, { code: 'GRAPHQL_PARSE_FAILED', http: { spec: true, status: 400 } });
      throw error;
    }
  };
  return {
    onParse({ setParseFn }: { setParseFn: (parseFn: typeof parseLimited) => void }): void {
      setParseFn(parseLimited);
    },
  };
};

/** Everything a page may load comes with it: the policy makes its browser hold it to that. */
const pagePolicy = {
  async onResponse({ response }: { response: Response }): Promise<void> {
    if (response.headers.get('content-type')?.startsWith('text/html') !== true) return;
    response.headers.set('content-security-policy', (await graphiqlPage()).policy);
    response.headers.set('x-content-type-options', 'nosniff');
    response.headers.set('referrer-policy', 'no-referrer');
  },
};

/** GraphQL over HTTP and SSE. Queries are answered by POST and GET, mutations by POST, subscriptions as `text/event-stream`. */
export function createGraphQL(services: ApiServices, { graphiql, allowedOrigins }: GraphQLOptions) {
  return createYoga<RequestScope & Record<string, unknown>, ApiContext & Record<string, unknown>>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: (scope) => ({ ...contextOf(services, scope) }),
    graphiql,
    renderGraphiQL: async () => (await graphiqlPage()).html,
    landingPage: false,
    cors: allowedOrigins.length > 0 ? { origin: [...allowedOrigins], methods: ['GET', 'POST'], credentials: false } : false,
    parserAndValidationCache: { documentCache: new LRUCache<string, DocumentNode>({ max: MAX_CACHED_DOCUMENTS }), errorCache: new LRUCache<string, Error>({ max: MAX_CACHED_DOCUMENTS }) },
    multipart: false,
    batching: false,
    logging: false,
    maxRequestBodySize: services.limits.bodyBytes,
    maskedErrors: { maskError: (error) => maskError(error, services.log) },
    plugins: [tokenLimit(services), literalErrors, compiledQueries(), ...(graphiql ? [pagePolicy] : [])],
  });
}

export type GraphQLEndpoint = ReturnType<typeof createGraphQL>;

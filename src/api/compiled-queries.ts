import type { DocumentNode, ExecutionArgs, ExecutionResult, OperationDefinitionNode } from 'graphql';
import { execute, getOperationAST, OperationTypeNode, visit } from 'graphql';
import type { CompiledQuery } from 'graphql-jit';
import { compileQuery, isCompiledQuery } from 'graphql-jit';

/** A query is compiled when it comes this often: compiling costs as much as some tens of executions. */
const COMPILE_AT_USE = 5;

type Execute = (args: ExecutionArgs) => unknown;

interface Uses {
  count: number;
  /** Undefined until it is compiled; null where it cannot be. */
  compiled: CompiledQuery['query'] | null | undefined;
}

/** Queries with `@skip` or `@include` are left to the interpreter: the compiler treats some of them otherwise. */
function hasDirectives(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive: () => {
      found = true;
    },
  });
  return found;
}

function compile({ schema, document, operationName }: ExecutionArgs, { operation }: OperationDefinitionNode): CompiledQuery['query'] | null {
  if (operation !== OperationTypeNode.QUERY || hasDirectives(document)) return null;
  const compiled = compileQuery(schema, document, operationName ?? undefined, { disablingCapturingStackErrors: true });
  return isCompiledQuery(compiled) ? compiled.query : null;
}

const run = (args: ExecutionArgs, query: CompiledQuery['query']): Promise<ExecutionResult> | ExecutionResult =>
  query(args.rootValue, args.contextValue, args.variableValues);

/**
 * Queries that come again and again are compiled to functions. What was compiled lives as long as the parsed document, of which
 * the parser's cache keeps a bounded number; mutations and queries that come once are interpreted.
 */
export function compiledQueries() {
  const operations = new WeakMap<OperationDefinitionNode, Uses>();

  const compiledFor = (args: ExecutionArgs): CompiledQuery['query'] | null | undefined => {
    const operation = getOperationAST(args.document, args.operationName);
    if (!operation) return undefined;
    const uses = operations.get(operation) ?? { count: 0, compiled: undefined };
    operations.set(operation, uses);
    uses.count += 1;
    if (uses.count === COMPILE_AT_USE) uses.compiled = compile(args, operation);
    return uses.compiled;
  };

  return {
    onExecute({ args, setExecuteFn }: { args: ExecutionArgs; setExecuteFn: (execute: Execute) => void }): void {
      const compiled = compiledFor(args);
      // The interpreter is graphql-js: Yoga's own gives the fields of an answer in the order in which they happened to resolve.
      setExecuteFn((executed) => (compiled ? run(executed, compiled) : execute(executed)));
    },
  };
}

import type { DocumentNode, ExecutionArgs, ExecutionResult } from 'graphql';
import { getOperationAST, OperationTypeNode, visit } from 'graphql';
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

function compile({ schema, document, operationName }: ExecutionArgs): CompiledQuery['query'] | null {
  if (getOperationAST(document, operationName)?.operation !== OperationTypeNode.QUERY || hasDirectives(document)) return null;
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
  const documents = new WeakMap<DocumentNode, Map<string, Uses>>();

  const usesOf = ({ document, operationName }: ExecutionArgs): Uses => {
    let operations = documents.get(document);
    if (!operations) documents.set(document, (operations = new Map()));
    const name = operationName ?? '';
    let uses = operations.get(name);
    if (!uses) operations.set(name, (uses = { count: 0, compiled: undefined }));
    return uses;
  };

  return {
    onExecute({ args, setExecuteFn }: { args: ExecutionArgs; setExecuteFn: (execute: Execute) => void }): void {
      const uses = usesOf(args);
      uses.count += 1;
      if (uses.count === COMPILE_AT_USE) uses.compiled = compile(args);
      const { compiled } = uses;
      if (compiled) setExecuteFn((executed) => run(executed, compiled));
    },
  };
}

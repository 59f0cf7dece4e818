import type { ASTNode, DocumentNode } from 'graphql';
import { BREAK, GraphQLError, isValueNode, Kind, visit } from 'graphql';

/** What leads to a value: an argument or, for a default, the variable; and fields of inputs. */
function namesOf(node: ASTNode): string[] {
  if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) return [node.name.value];
  return node.kind === Kind.VARIABLE_DEFINITION ? [node.variable.name.value] : [];
}

/** Where a literal stands, by the names that the fields of inputs have in other errors: `input.terms.side`. */
function placeOf(document: DocumentNode, literal: ASTNode): string {
  const names: string[] = [];
  visit(document, {
    enter(node) {
      names.push(...namesOf(node));
      return node === literal ? BREAK : undefined;
    },
    leave(node) {
      names.length -= namesOf(node).length;
    },
  });
  return names.join('.');
}

const isLiteral = (node: ASTNode): boolean => (isValueNode(node) && node.kind !== Kind.VARIABLE) || node.kind === Kind.OBJECT_FIELD;

/** GraphQL's rules name a field that is missing by its type alone: `Field "RequestCancelInput.orderId" of required type …`. */
const MISSING_FIELD = /^Field "\w+\.(\w+)" of required type /u;

function withField(error: GraphQLError, document: DocumentNode): GraphQLError {
  const [node] = error.nodes ?? [];
  // Errors are kept for a query that comes again: they have their field then.
  if (!node || !isLiteral(node) || error.extensions['field'] !== undefined) return error;
  const place = placeOf(document, node);
  const [, missing] = MISSING_FIELD.exec(error.message) ?? [];
  const field = missing === undefined ? place : `${place}.${missing}`;
  return new GraphQLError(`${field}: ${error.message}`, { nodes: error.nodes ?? null, extensions: { ...error.extensions, code: 'BAD_USER_INPUT', field } });
}

interface Validated {
  readonly valid: boolean;
  readonly result: readonly unknown[];
  readonly setResult: (errors: readonly unknown[]) => void;
}

/**
 * A value that is written out in the query and is not what its type wants is refused by the rules of GraphQL, which say where in
 * the text it stands. This says of which argument it is too, as it is said of a variable.
 */
export const literalErrors = {
  onValidate({ params }: { params: { documentAST: DocumentNode } }) {
    return ({ valid, result, setResult }: Validated): void => {
      if (!valid) setResult(result.map((error) => (error instanceof GraphQLError ? withField(error, params.documentAST) : error)));
    };
  },
};

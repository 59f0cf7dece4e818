import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import { getNamedType, isObjectType, Kind } from 'graphql';
import type { GraphQLNamedType, GraphQLObjectType } from 'graphql';
import { columnOf } from '../projections/selection.js';

/** Under this name a field of the schema says which columns of its row it reads; fields that Pothos exposes say so themselves. */
const READS = 'reads';
const EXPOSES = 'pothosExposedField';

/** The extensions of a field with a resolver: the columns that the resolver reads. Without them all columns are read. */
export const reads = (...columns: readonly string[]): { readonly [READS]: readonly string[] } => ({ [READS]: columns });

type Fragments = GraphQLResolveInfo['fragments'];

/** The fields of a selection, those in fragments included; what directives leave out is in it too. */
function fieldsIn(selections: SelectionSetNode | undefined, fragments: Fragments): FieldNode[] {
  return (selections?.selections ?? []).flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    return fieldsIn(selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : fragments[selection.name.value]?.selectionSet, fragments);
  });
}

function columnsReadBy(type: GraphQLObjectType, field: string): readonly string[] | undefined {
  const { [READS]: declared, [EXPOSES]: exposed } = type.getFields()[field]?.extensions ?? {};
  if (Array.isArray(declared)) return declared.filter((column) => typeof column === 'string');
  return typeof exposed === 'string' ? [columnOf(exposed)] : undefined;
}

function typeOf(parent: GraphQLNamedType, fieldName: string): GraphQLNamedType {
  const field = isObjectType(parent) ? parent.getFields()[fieldName] : undefined;
  if (!field) throw new TypeError(`${parent.name} has no field ${fieldName}`);
  return getNamedType(field.type);
}

/**
 * The columns that the selection at `path` below a field reads, as far as `isColumn` knows them. Throws where a field of the
 * schema does not say what it reads: that is a bug, and a test reads every field.
 */
export function readColumns<Column extends string>({ fieldNodes, fragments, returnType }: GraphQLResolveInfo, path: readonly string[], isColumn: (name: string) => name is Column): Column[] {
  let type: GraphQLNamedType = getNamedType(returnType);
  let nodes: readonly FieldNode[] = fieldNodes;
  for (const step of path) {
    nodes = nodes.flatMap(({ selectionSet }) => fieldsIn(selectionSet, fragments)).filter(({ name }) => name.value === step);
    type = typeOf(type, step);
  }
  const row = type;
  if (!isObjectType(row)) throw new TypeError(`${row.name} is no row`);
  const fields = new Set(nodes.flatMap(({ selectionSet }) => fieldsIn(selectionSet, fragments)).map(({ name }) => name.value));
  fields.delete('__typename');
  const columns = [...fields].flatMap((field) => {
    const read = columnsReadBy(row, field);
    if (!read) throw new TypeError(`${row.name}.${field} does not say which columns it reads`);
    return read;
  });
  return [...new Set(columns)].filter((column) => isColumn(column));
}

/**
 * Remembers what follows from the selection under a field for as long as the parsed query lives: its parts are the same objects
 * each time that it is executed.
 */
export function oncePerSelection<Value extends object>(find: (info: GraphQLResolveInfo) => Value): (info: GraphQLResolveInfo) => Value {
  const known = new WeakMap<FieldNode, Value>();
  return (info) => {
    const [field, ...others] = info.fieldNodes;
    // The same field asked for twice, with different selections, is rare.
    if (!field || others.length > 0) return find(info);
    const found = known.get(field) ?? find(info);
    known.set(field, found);
    return found;
  };
}

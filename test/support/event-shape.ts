import { z } from 'zod';
import { sha256Hex } from '../../src/eventstore/digest.js';

/** What is read of JSON Schema: enough for the schemas of events. */
interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

const KNOWN: ReadonlySet<string> = new Set(['$schema', 'properties', 'required', 'items', 'anyOf', 'oneOf']);

/** What a value may be, apart from what is in it: limits, enumerations, whether other fields are allowed. */
const kindOf = (node: object): string =>
  Object.entries(node)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .toSorted()
    .join(', ');

/** The value that tells the branches of a union apart, where they have one. */
const branchName = ({ properties }: Node, index: number): string => String(properties?.['type']?.const ?? index);

function linesOf(path: string, node: Node): readonly string[] {
  const branches = node.anyOf ?? node.oneOf;
  if (branches) {
    return branches.map((branch, index) => `${path} as ${branchName(branch, index)}: ${sha256Hex(linesOf('', branch).join('\n')).slice(0, 16)}`);
  }
  const own = `${path}: ${kindOf(node)}`;
  const fields = Object.entries(node.properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    own,
    ...fields.flatMap(([name, field]) => linesOf(`${path}.${name}${node.required?.includes(name) === true ? '' : '?'}`, field)),
    ...(node.items ? linesOf(`${path}[]`, node.items) : []),
  ];
}

/** The whole shape that a schema allows, a line a field: any change of it changes the text. */
export function eventShape(schema: z.ZodType, root = 'data'): string {
  const node: Node = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' })));
  return `${linesOf(root, node).join('\n')}\n`;
}

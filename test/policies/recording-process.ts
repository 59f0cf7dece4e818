import type { OrderFact } from '../../src/eventstore/commands.js';
import { ChildProgram } from '../embedded/child-program.js';

const moduleUrl = (name: string): string => JSON.stringify(new URL(`../../dist/${name}.js`, import.meta.url).href);

/** Records the facts that it is sent as one line of JSON. Says "ready", then "done". Argument: event store. */
const program = `
  import { createInterface } from 'node:readline';
  import { connectEventStore } from ${moduleUrl('eventstore/client')};
  import { createCommandHandler } from ${moduleUrl('eventstore/handle-command')};
  const store = connectEventStore({ url: process.argv[1] });
  const handler = createCommandHandler({ store, producer: 'fillbook/test' });
  await store.head();
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    await Promise.all(JSON.parse(line).map((fact) => handler.recordOrderFact(fact)));
    console.log('done');
    process.exit(0);
  }
`;

/** Records each list of facts in a process of its own, all of them at the same moment. */
export async function recordAtOnce(eventStoreUrl: string, lists: readonly (readonly OrderFact[])[]): Promise<void> {
  const children = lists.map(() => new ChildProgram(program, { args: [eventStoreUrl] }));
  try {
    await Promise.all(children.map((child) => child.line()));
    children.forEach((child, index) => child.say(JSON.stringify(lists[index])));
    await Promise.all(children.map((child) => child.line()));
  } finally {
    await Promise.all(children.map((child) => child.kill()));
  }
}

import { parse, print, separateOperations } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playDemo } from '../../src/demo/play.js';
import { POSITIONS } from '../../src/demo/session.js';
import { ApiStack, at, listAt, textAt } from './api.js';
import type { ApiServer } from './api.js';

let stack: ApiStack;
let api: ApiServer;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve({ graphiql: true });
});
afterAll(() => stack?.close());

/** The operations that the page opens on, by name. */
async function firstOperations(): Promise<ReadonlyMap<string, string>> {
  const page = await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } });
  const [, options = ''] = /renderYogaGraphiQL\(\s*window\.document\.querySelector\('#root'\),\s*(\{.*\}),\s*\);/u.exec(await page.text()) ?? [];
  const separate = separateOperations(parse(textAt(JSON.parse(options), 'defaultQuery')));
  return new Map(Object.entries(separate).map(([name, document]) => [name, print(document)]));
}

describe('what the page to try queries on opens on, after the demo', () => {
  it('shows the unfilled targets, and all targets, as it stands', async () => {
    const report = await playDemo({ url: `${api.url}/graphql`, print: () => undefined, pauseMs: 1, signal: AbortSignal.timeout(60_000), now: () => new Date() });
    const operations = await firstOperations();
    expect([...operations.keys()]).toEqual(['Unfilled', 'Targets']);

    const unfilled = await api.ask(operations.get('Unfilled') ?? '');
    const all = POSITIONS.flatMap(({ targets }) => targets.map(({ key }) => key));
    const keys = new Set<string>();
    const stop = new AbortController();
    for await (const message of api.sse(operations.get('Targets') ?? '', {}, stop.signal)) {
      keys.add(textAt(message, 'data.targetChanged.target.targetKey'));
      if (keys.size === all.length) break;
    }
    stop.abort();

    expect(listAt(unfilled, 'unfilledTargets.edges').map((edge) => at(edge, 'node.targetKey'))).toEqual(report.map(({ targetKey }) => targetKey));
    expect([...keys].toSorted()).toEqual(all.toSorted());
  });
});

import { z } from 'zod';

/*
 * The demo talks to Fillbook as any bot would: GraphQL over HTTP, subscriptions over server-sent events.
 */

const response = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/** A request may take this long: far more than a command does. */
const REQUEST_TIMEOUT_MS = 15_000;

type Variables = Readonly<Record<string, unknown>>;

/** What the answer's one root field holds. Throws an Error with GraphQL's own message where there is none. */
async function request<Answer>(url: string, query: string, variables: Variables, answer: z.ZodType<Answer>): Promise<Answer> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const { data, errors } = response.parse(await reply.json());
  if (errors?.[0]) throw new Error(errors[0].message);
  return answer.parse(Object.values(data ?? {})[0]);
}

async function* sentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const line = block.split('\n').find((each) => each.startsWith('data:'));
      const payload = line?.slice('data:'.length).trim();
      if (payload) yield JSON.parse(payload);
    }
  }
}

/** Follows a subscription until the signal aborts. */
async function* subscribe<Change>(url: string, query: string, change: z.ZodType<Change>, signal: AbortSignal): AsyncGenerator<Change> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
    signal,
  });
  if (!reply.ok || !reply.body) throw new Error(`the subscription was refused: HTTP ${reply.status}`);
  for await (const message of sentEvents(reply.body)) {
    const { data, errors } = response.parse(message);
    if (errors?.[0]) throw new Error(errors[0].message);
    yield change.parse(Object.values(data ?? {})[0]);
  }
}

export const api = { request, subscribe };

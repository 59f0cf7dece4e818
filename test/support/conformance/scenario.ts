import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

// The form of the recorded scenarios in test/fixtures/conformance: what was done, and what a real EventStoreDB 23.10 answered.

const json = z.unknown();
const expected = z.union([z.number(), z.enum(['any', 'no_stream', 'stream_exists'])]);
const from = z.union([z.number(), z.enum(['start', 'end'])]);

const event = z.union([
  z.string(),
  z.object({
    id: z.string(),
    type: z.string().optional(),
    data: json.optional(),
    dataBase64: z.string().optional(),
    metadata: json.optional(),
    metadataBase64: z.string().optional(),
    size: z.number().optional(),
  }),
]);

const filter = z.object({
  on: z.enum(['streamName', 'eventType']),
  prefixes: z.array(z.string()).optional(),
  regex: z.string().optional(),
});

const append = z.object({ op: z.literal('append'), stream: z.string(), events: z.array(event), expected });
const remove = z.object({ op: z.enum(['delete', 'tombstone']), stream: z.string(), expected });
const setMetadata = z.object({ op: z.literal('setMetadata'), stream: z.string(), metadata: z.record(z.string(), json), expected });
const write = z.union([append, remove, setMetadata]);

const step = z.union([
  write,
  z.object({
    op: z.literal('read'),
    stream: z.string(),
    from,
    backwards: z.boolean(),
    max: z.number(),
    full: z.boolean().optional(),
  }),
  z.object({ op: z.literal('subscribe'), stream: z.string(), from }),
  z.object({ op: z.literal('subscribeAll'), filter }),
  z.object({
    op: z.literal('live'),
    stream: z.string().optional(),
    from: z.enum(['start', 'end']).optional(),
    filter: filter.optional(),
    // oxlint-disable-next-line unicorn/no-thenable -- the recorded name
    then: z.array(write),
  }),
  z.object({ op: z.literal('getMetadata'), stream: z.string() }),
  z.object({ op: z.literal('wait'), ms: z.number() }),
]);

const scenario = z.object({ id: z.string(), path: z.enum(['batch', 'unary']), steps: z.array(step), expect: json });

export type RecordedEventInput = z.infer<typeof event>;
export type RecordedFilter = z.infer<typeof filter>;
export type Step = z.infer<typeof step>;
export type WriteStep = z.infer<typeof write>;
export type Scenario = z.infer<typeof scenario>;

/** The scenarios of one recorded file, in its order. */
export function loadScenarios(file: string): Scenario[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => scenario.parse(JSON.parse(line)));
}

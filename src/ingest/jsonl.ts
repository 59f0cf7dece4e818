import type { z } from 'zod';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { OrderFact } from '../eventstore/commands.js';
import { digestOf } from '../eventstore/digest.js';
import { malformed } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { accountNames, lookUpIn, orderAliases } from './aliases.js';
import type { IdScope } from './aliases.js';
import { factContext } from './fact-context.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';
import { complaint } from './jsonl-complaint.js';
import { JSON_CONTEXT_FIELDS, jsonContext, jsonFact } from './jsonl-schema.js';
import type { JsonContext } from './jsonl-schema.js';
import { parseLossless } from './lossless.js';

/*
 * Plain JSON lines: one fact about one order a line, documented in docs/jsonl.md.
 */

const flags = flagsSchema({});
type Flags = Pick<z.infer<typeof flags>, 'tenant' | 'account' | 'source' | 'actor' | 'environment'>;

/** What a run knows besides the facts. */
export interface FactSession extends Omit<AdapterOptions, 'flags'> {
  readonly given: Flags;
  /** The source's name where neither the fact nor a flag names it. */
  readonly defaultSource: string;
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An execution is named within its order; anything else by its sourceEventId, or by all that the line says. */
export function scopedIdOf({ type, data }: OrderFactEvent, context: Pick<JsonContext, 'idScope' | 'sourceEventId' | 'occurredAt'>): readonly string[] {
  const order = data.refs.brokerOrderId ?? data.refs.clOrdId ?? data.refs.origClOrdId ?? '';
  if (context.sourceEventId !== undefined) return [...context.idScope, order, context.sourceEventId];
  if (type === 'ExecutionRecorded' || type === 'ExecutionCorrected') return [...context.idScope, order, type, data.execution.execId];
  if (type === 'ExecutionBusted') return [...context.idScope, order, type, data.execId];
  return [...context.idScope, order, type, context.occurredAt, digestOf(data).slice(0, 32)];
}

/** What a fact says economically: without the mark of a resend. */
export function economicOf({ type, data }: OrderFactEvent): unknown {
  const { possResend: _resend, ...said } = data;
  return { type, ...said };
}

function orderFact(event: OrderFactEvent, context: JsonContext, { given, defaultSource, importId, now }: FactSession): OrderFact {
  const source = context.source ?? given.source ?? defaultSource;
  const said = context.account ?? given.account;
  const account = said ?? DEFAULT_ACCOUNT;
  const scope: IdScope = { tenant: given.tenant, source, account, within: context.idScope };
  return {
    ...(said === undefined ? { ...orderAliases(event.data.refs, scope), ...lookUpIn(scope, event.data.refs.brokerOrderId) } : accountNames(event.data.refs, scope)),
    fact: event,
    context: factContext({
      tenant: given.tenant,
      account,
      actor: given.actor,
      importId,
      receivedAt: now(),
      source: {
        name: source,
        ...(context.session === undefined ? {} : { session: context.session }),
        ...(context.sequence === undefined ? {} : { sequence: context.sequence }),
      },
      scopedId: scopedIdOf(event, context),
      occurredAt: context.occurredAt,
      tradingDay: context.tradingDay ?? context.occurredAt.slice(0, 10),
      message: { event, occurredAt: context.occurredAt },
      economic: economicOf(event),
    }),
  };
}

/** Complaints name what the line holds. */
const REPORTING = { reportInput: true };

/** Reads one fact as docs/jsonl.md describes it. */
export function factReader(session: FactSession): (value: Readonly<Record<string, unknown>>) => ParsedLine {
  const factSchema = jsonFact(session.given.environment);
  return ({ type, ...fields }) => {
    const entries = Object.entries(fields);
    const context = jsonContext.safeParse(Object.fromEntries(entries.filter(([name]) => JSON_CONTEXT_FIELDS.has(name))), REPORTING);
    if (!context.success) return complaint(context.error);
    const data = Object.fromEntries(entries.filter(([name]) => !JSON_CONTEXT_FIELDS.has(name)));
    const event = factSchema.safeParse({ type, data }, REPORTING);
    if (!event.success) return complaint(event.error);
    return { kind: 'facts', facts: [orderFact(event.data, context.data, session)] };
  };
}

function open({ flags: givenFlags, ...options }: AdapterOptions): LineParser {
  const read = factReader({ ...options, given: readFlags(flags, givenFlags, 'jsonl'), defaultSource: 'jsonl' });
  return {
    parse(line) {
      const value = parsedJson(line);
      if (!isObject(value)) return malformed('the line is not a JSON object');
      // JSON.parse takes the last of two members of one name: which of them is meant cannot be known.
      const lossless = parseLossless(line);
      return 'reason' in lossless ? malformed(`the line ${lossless.reason}`) : read(value);
    },
  };
}

/** Plain JSON lines (docs/jsonl.md). Flags: account, source, environment, tenant. */
export const jsonlAdapter: Adapter = { name: 'jsonl', encoding: 'utf8', open };

import { z } from 'zod';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { OrderFact } from '../eventstore/commands.js';
import { day, text, utcTime, wholeNumber } from '../eventstore/schemas/values.js';
import { accountBrokerAlias, brokerAlias, lookUpIn, orderAliases } from '../ingest/aliases.js';
import { factContext } from '../ingest/fact-context.js';
import { economicOf, scopedIdOf } from '../ingest/jsonl.js';
import { jsonFact } from '../ingest/jsonl-schema.js';
import type { ApiContext } from './context.js';
import { inputErrors } from './errors.js';
import { readAccount, withoutNulls } from './input-values.js';
import type { Read } from './input-values.js';
import type { BrokerFactInput } from './order-inputs.js';

export type FactInput = typeof BrokerFactInput.$inferInput;

/** A fact here is a line of the JSONL format (docs/jsonl.md) in GraphQL's clothes: the same schema, the same digest. */
const factSchema = jsonFact('live');

const envelope = z.object({
  source: z.strictObject({ name: text(100), session: text().exactOptional(), sequence: wholeNumber().exactOptional() }),
  sourceEventId: text().exactOptional(),
  occurredAt: utcTime(),
  tradingDay: day().exactOptional(),
});
type Envelope = z.infer<typeof envelope>;

/** The facts whose data say whether they were an intent of ours. */
const WITH_ORIGIN: ReadonlySet<string> = new Set<OrderFactEvent['type']>(['OrderPlaced', 'CancelRequested', 'ReplaceRequested']);

/** A trade takes its side and instrument from the terms that came with it, where it has none of its own. */
function executionWithTerms({ execution, terms }: FactInput): unknown {
  if (!execution || !terms) return execution;
  const { side, instrument, sourceSymbol, ...rest } = execution;
  return { ...rest, side: side ?? terms.side, instrument: instrument ?? terms.instrument, sourceSymbol: sourceSymbol ?? (instrument ? undefined : terms.sourceSymbol) };
}

function eventOf(input: FactInput): unknown {
  const { kind, accountId: _account, source: _source, sourceEventId: _id, occurredAt: _at, tradingDay: _day, ...said } = input;
  const origin = WITH_ORIGIN.has(kind) ? { origin: 'fact' } : {};
  return withoutNulls({ type: kind, data: { ...said, ...origin, execution: executionWithTerms(input) } });
}

/** The account that a fact is said of: `isBinding` where an order of no other account may take it. */
interface FactAccount {
  readonly id: string;
  readonly isBinding: boolean;
}

/**
 * The order's names in the message: those that an import would give it. Whoever names an account, or may not use them all,
 * reaches only that account's orders, and names them by the broker's id within the account: the id that accounts share is
 * looked up, not claimed, and the order that is opened has the same id whether or not another account has one so named.
 */
function namesOf({ refs }: OrderFactEvent['data'], tenant: string, source: string, { id, isBinding }: FactAccount): Omit<OrderFact, 'fact' | 'context'> {
  const scope = { tenant, source, account: id };
  if (!isBinding) return { ...orderAliases(refs, scope), ...lookUpIn(scope, refs.brokerOrderId) };
  const { brokerOrderId, ...ofClient } = refs;
  const { aliases, newAliases } = orderAliases(ofClient, scope);
  if (brokerOrderId === undefined) return { aliases, newAliases, ownAccountOnly: true };
  return { aliases: [accountBrokerAlias(scope, brokerOrderId), ...aliases], newAliases, lookUp: [brokerAlias(scope, brokerOrderId)], ownAccountOnly: true };
}

function orderFact(event: OrderFactEvent, { source, ...said }: Envelope, account: FactAccount, { viewer, correlationId, now }: ApiContext): OrderFact {
  return {
    ...namesOf(event.data, viewer.tenantId, source.name, account),
    fact: event,
    context: factContext({
      tenant: viewer.tenantId,
      account: account.id,
      actor: viewer.actor,
      importId: correlationId,
      receivedAt: now().toISOString(),
      source,
      scopedId: scopedIdOf(event, { ...said, idScope: [] }),
      occurredAt: said.occurredAt,
      tradingDay: said.tradingDay ?? said.occurredAt.slice(0, 10),
      message: { event, occurredAt: said.occurredAt },
      economic: economicOf(event),
    }),
  };
}

/** Reads one fact, or says everything that is wrong with it by the names that its fields have in the API. */
export function readFact(input: FactInput, context: ApiContext): Read<OrderFact> {
  const account = readAccount(context.viewer, input.accountId);
  const said = envelope.safeParse(withoutNulls({ source: input.source, sourceEventId: input.sourceEventId, occurredAt: input.occurredAt, tradingDay: input.tradingDay }));
  const event = factSchema.safeParse(eventOf(input));
  if ('value' in account && said.success && event.success) {
    const isBinding = typeof input.accountId === 'string' || context.viewer.accountIds !== 'all';
    return { value: orderFact(event.data, said.data, { id: account.value, isBinding }, context) };
  }
  return {
    errors: [
      ...('errors' in account ? account.errors : []),
      ...(said.success ? [] : inputErrors(said.error)),
      ...(event.success ? [] : inputErrors(event.error)),
    ],
  };
}

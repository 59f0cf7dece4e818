import { z } from 'zod';
import { accountId, tenantId } from '../domain/ids.js';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { Alias, OrderFact } from '../eventstore/commands.js';
import { clientAlias } from '../eventstore/identity.js';
import { day, text, utcTime, wholeNumber } from '../eventstore/schemas/values.js';
import { brokerAlias } from '../ingest/aliases.js';
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

/**
 * The order's names in the message. A broker's id is unique within its source and the account: so a message can never reach
 * an order of another account, whatever ids it uses.
 */
function aliasesOf({ refs }: OrderFactEvent['data'], tenant: string, account: string, source: string): Pick<OrderFact, 'aliases' | 'newAliases'> {
  const client = (id: string | undefined): Alias[] => (id === undefined ? [] : [clientAlias(tenantId(tenant), accountId(account), id)]);
  const broker = refs.brokerOrderId === undefined ? [] : [brokerAlias([tenant, source, account], refs.brokerOrderId)];
  return {
    aliases: [...broker, ...client(refs.origClOrdId), ...client(refs.clOrdId)],
    newAliases: refs.origClOrdId === undefined ? [] : client(refs.clOrdId),
  };
}

function orderFact(event: OrderFactEvent, { source, ...said }: Envelope, account: string, { viewer, correlationId, now }: ApiContext): OrderFact {
  return {
    ...aliasesOf(event.data, viewer.tenantId, account, source.name),
    fact: event,
    context: factContext({
      tenant: viewer.tenantId,
      account,
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
  if ('value' in account && said.success && event.success) return { value: orderFact(event.data, said.data, account.value, context) };
  return {
    errors: [
      ...('errors' in account ? account.errors : []),
      ...(said.success ? [] : inputErrors(said.error)),
      ...(event.success ? [] : inputErrors(event.error)),
    ],
  };
}

import { z } from 'zod';
import { tryParseDecimal } from '../domain/decimal.js';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { Alias } from '../eventstore/commands.js';
import { digestOf } from '../eventstore/digest.js';
import { FieldError, catchingFieldErrors, malformed, shown, skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { brokerAlias, clientAlias, lookUpIn } from './aliases.js';
import type { IdScope } from './aliases.js';
import { factContext } from './fact-context.js';
import { fixEvent } from './fix-event.js';
import { TAG, dateOf, fieldName, flagOf, idOf, refuseRepeatedFields, required, sequenceOf, textOf, timeOf } from './fix-fields.js';
import { parseFix } from './fix-parse.js';
import type { FixMessage } from './fix-parse.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';

/*
 * FIX 4.2 and 4.4 logs, one message a line: new orders (D), cancel and replace requests (F, G), execution reports (8) and
 * cancel rejects (9).
 */

const flags = flagsSchema({
  multiplier: z.string().refine((text) => !text.startsWith('-') && tryParseDecimal(text) !== undefined, 'must be a decimal above 0').optional(),
  /** `ignore` for logs that were rewritten (redacted, cut), whose BodyLength and CheckSum no longer fit. */
  checksum: z.enum(['verify', 'ignore'], 'must be verify or ignore').default('verify'),
  /** `daily` where OrderIDs and ClOrdIDs are used again on another trading day. */
  idsRecycle: z.enum(['never', 'daily'], 'must be never or daily').default('never'),
});
type Flags = z.infer<typeof flags>;

const ORDER_MESSAGES = ['D', 'F', 'G', '8', '9'] as const;
type OrderMessage = (typeof ORDER_MESSAGES)[number];

/** What differs between copies of one message: transport and session, not business. */
const TRANSPORT_TAGS: ReadonlySet<number> = new Set([8, 9, 10, TAG.MsgSeqNum, TAG.PossDupFlag, TAG.SendingTime, TAG.PossResend, TAG.OrigSendingTime, 369]);

/** Where and when one message was said. */
interface Envelope {
  readonly source: string;
  readonly session: string;
  readonly sequence: string;
  /** Of sending; of the first sending, where the message is a PossDup that says it. */
  readonly sentAt: string;
  /** TransactTime, where the message has one. */
  readonly transactedAt: string | undefined;
  readonly occurredAt: string;
  readonly tradingDay: string;
  readonly account: string;
  /** Whether the message or a flag says the account, and it is not only assumed. */
  readonly accountIsKnown: boolean;
}

const named = (comp: string, sub: string | undefined): string => (sub === undefined ? comp : `${comp}/${sub}`);

function sessionOf(message: FixMessage): { readonly session: string; readonly sender: string; readonly target: string } {
  const sender = required(textOf(message, 'SenderCompID'), 'SenderCompID');
  const target = required(textOf(message, 'TargetCompID'), 'TargetCompID');
  const [senderSub, targetSub] = [textOf(message, 'SenderSubID'), textOf(message, 'TargetSubID')];
  const session = `${named(sender, senderSub)}>${named(target, targetSub)}`;
  if (session.length > 200) throw new FieldError(fieldName('SenderCompID'), 'and the other ids of the session are longer than 200 characters');
  return { session, sender, target };
}

function envelopeOf(message: FixMessage, msgType: OrderMessage, given: Flags): Envelope {
  const { session, sender, target } = sessionOf(message);
  const sequence = required(sequenceOf(message), 'MsgSeqNum');
  const sent = required(timeOf(message, 'SendingTime'), 'SendingTime');
  const sentAt = flagOf(message, 'PossDupFlag') ? (timeOf(message, 'OrigSendingTime') ?? sent) : sent;
  const transactedAt = timeOf(message, 'TransactTime');
  const occurredAt = transactedAt ?? sentAt;
  const account = textOf(message, 'Account') ?? given.account;
  return {
    // The broker speaks in reports and rejects, and is spoken to in requests.
    source: given.source ?? (msgType === '8' || msgType === '9' ? sender : target),
    session,
    sequence,
    sentAt,
    transactedAt,
    occurredAt,
    tradingDay: dateOf(message, 'TradeDate') ?? occurredAt.slice(0, 10),
    account: account ?? DEFAULT_ACCOUNT,
    accountIsKnown: account !== undefined,
  };
}

/**
 * The names of the message's order: OrderID first, then the ClOrdID that the order was known under, then the new one. A
 * ClOrdID is the account's: where a message has an OrderID and its account is only assumed, as in cancel rejects (they
 * carry no tag 1 in FIX 4.2), its ClOrdIDs would be looked for in the wrong account, so they are left out.
 */
function aliasesOf(message: FixMessage, msgType: OrderMessage, { source, account, accountIsKnown, tradingDay }: Envelope, given: Flags) {
  const scope: IdScope = { tenant: given.tenant, source, account, within: given.idsRecycle === 'daily' ? [tradingDay] : [] };
  const client = (id: string): Alias => clientAlias(scope, id);
  const [orderId, clOrdId, origClOrdId] = [idOf(message, 'OrderID'), idOf(message, 'ClOrdID'), idOf(message, 'OrigClOrdID')];
  const byOrderId = orderId === undefined ? [] : [brokerAlias(scope, orderId)];
  const usesClientIds = msgType !== '9' || accountIsKnown || orderId === undefined;
  const clientIds = usesClientIds ? [origClOrdId, clOrdId].filter((id) => id !== undefined) : [];
  const aliases = [...byOrderId, ...clientIds.map((id) => client(id))];
  if (aliases.length === 0) throw new FieldError(fieldName(msgType === '8' || msgType === '9' ? 'OrderID' : 'ClOrdID'), 'names no order, nor does any other id');
  const lookUp = accountIsKnown ? lookUpIn(scope, orderId) : {};
  return { aliases, ...lookUp, newAliases: usesClientIds && origClOrdId !== undefined && clOrdId !== undefined ? [client(clOrdId)] : [] };
}

/** What the message says economically: without the broker's words, and without the mark of a resend. */
function economicOf({ type, data }: OrderFactEvent): unknown {
  const { possResend: _resend, report, ...said } = data;
  const { reason: _reason, ...numbers } = report ?? {};
  return { type, ...said, report: numbers };
}

/**
 * What names the message within its source, such that its copies have the same name. An execution report has its ExecID,
 * unique within its order. Everything else is named by what it says and when that happened, so that a PossResend with
 * another sequence number is the same; without a TransactTime only session, day and sequence number are left.
 */
function scopedIdOf(message: FixMessage, msgType: OrderMessage, envelope: Envelope, fact: OrderFactEvent): readonly string[] {
  const execution = msgType === '8' ? idOf(message, 'ExecID') : undefined;
  const order = idOf(message, 'OrderID') ?? idOf(message, 'ClOrdID') ?? '';
  if (execution !== undefined) return ['exec', order, execution, fact.type];
  const { session, transactedAt, sentAt, sequence } = envelope;
  if (transactedAt !== undefined) return [msgType, order, transactedAt, digestOf(economicOf(fact)).slice(0, 32)];
  return [msgType, session, sentAt.slice(0, 10), sequence];
}

function open({ flags: givenFlags, importId, now }: AdapterOptions): LineParser {
  const given = readFlags(flags, givenFlags, 'fix');
  const defaults = { environment: given.environment, currency: given.currency, multiplier: given.multiplier };

  const factsOf = (message: FixMessage, msgType: OrderMessage): ParsedLine => {
    refuseRepeatedFields(message);
    const envelope = envelopeOf(message, msgType, given);
    const fact = fixEvent(msgType, message, defaults);
    const context = factContext({
      tenant: given.tenant,
      account: envelope.account,
      actor: given.actor,
      importId,
      receivedAt: now(),
      source: { name: envelope.source, session: envelope.session, sequence: envelope.sequence },
      scopedId: scopedIdOf(message, msgType, envelope, fact),
      occurredAt: envelope.occurredAt,
      tradingDay: envelope.tradingDay,
      message: message.fields.filter(({ tag }) => !TRANSPORT_TAGS.has(tag)).map(({ tag, value }) => [tag, value]),
      economic: economicOf(fact),
    });
    return { kind: 'facts', facts: [{ ...aliasesOf(message, msgType, envelope, given), fact, context }] };
  };

  const parse = (line: string): ParsedLine => {
    const parsed = parseFix(line, { verify: given.checksum === 'verify' });
    if (parsed.kind === 'malformed') return malformed(parsed.reason, parsed.field);
    const msgType = required(textOf(parsed.message, 'MsgType'), 'MsgType');
    const orderMessage = ORDER_MESSAGES.find((type) => type === msgType);
    if (orderMessage !== undefined) return factsOf(parsed.message, orderMessage);
    if (!/^[A-Za-z0-9]{1,3}$/u.test(msgType)) return malformed(`MsgType (35) ${shown(msgType)} is not a message type`, fieldName('MsgType'));
    return skipped(`MsgType ${msgType}`);
  };
  return { parse: (line) => (line.trim() === '' ? malformed('the line is empty') : catchingFieldErrors(() => parse(line))) };
}

/** FIX 4.2 and 4.4 message logs (tag=value). Flags: account, source, multiplier, checksum, idsRecycle. */
export const fixAdapter: Adapter = { name: 'fix', encoding: 'latin1', open };

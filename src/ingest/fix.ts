import { z } from 'zod';
import { tryParseDecimal } from '../domain/decimal.js';
import type { OrderFactEvent } from '../domain/order/events.js';
import { digestOf } from '../eventstore/digest.js';
import { FieldError, catchingFieldErrors, malformed, shown, skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { factContext } from './fact-context.js';
import { fixEvent } from './fix-event.js';
import { TAG, dateOf, fieldName, flagOf, idOf, refuseRepeatedFields, required, sequenceOf, textOf, timeOf } from './fix-fields.js';
import { fixMessages } from './fix-messages.js';
import { fixNames } from './fix-names.js';
import { parseFix } from './fix-parse.js';
import type { FixMessage, FixParse } from './fix-parse.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';

/*
 * FIX 4.2 and 4.4 logs: new orders (D), cancel and replace requests (F, G), execution reports (8) and
 * cancel rejects (9).
 */

const RECYCLING: ReadonlySet<string> = new Set(['never', 'daily', 'account', 'instrument']);

const flags = flagsSchema({
  multiplier: z.string().refine((text) => !text.startsWith('-') && /[1-9]/u.test(text) && tryParseDecimal(text) !== undefined, 'must be a decimal above 0').optional(),
  /** `ignore` for logs that were rewritten (redacted, cut), whose BodyLength and CheckSum no longer fit. */
  checksum: z.enum(['verify', 'ignore'], 'must be verify or ignore').default('verify'),
  /** Where OrderIDs and ClOrdIDs are used again: on another trading day, in another account, for another instrument. */
  idsRecycle: z
    .string()
    .default('never')
    .transform((text) => new Set(text.split(',')))
    .refine((scopes) => [...scopes].every((scope) => RECYCLING.has(scope)) && (scopes.size === 1 || !scopes.has('never')), 'must be never, or any of daily, account and instrument, with commas between'),
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
  /** CompID of the client, with its SubID: whoever sends requests and is sent reports. */
  readonly client: string;
  readonly account: string;
  /** Whether the message or a flag says the account, and it is not only assumed. */
  readonly accountIsKnown: boolean;
}

const named = (comp: string, sub: string | undefined): string => (sub === undefined ? comp : `${comp}/${sub}`);

interface Session {
  readonly session: string;
  readonly sender: string;
  readonly target: string;
  /** With their SubIDs. */
  readonly sending: string;
  readonly receiving: string;
}

function sessionOf(message: FixMessage): Session {
  const sender = required(textOf(message, 'SenderCompID'), 'SenderCompID');
  const target = required(textOf(message, 'TargetCompID'), 'TargetCompID');
  const [senderSub, targetSub] = [textOf(message, 'SenderSubID'), textOf(message, 'TargetSubID')];
  const [sending, receiving] = [named(sender, senderSub), named(target, targetSub)];
  const session = `${sending}>${receiving}`;
  if (session.length > 200) throw new FieldError(fieldName('SenderCompID'), 'and the other ids of the session are longer than 200 characters');
  return { session, sender, target, sending, receiving };
}

function envelopeOf(message: FixMessage, msgType: OrderMessage, given: Flags): Envelope {
  const { session, sender, target, sending, receiving } = sessionOf(message);
  const isFromBroker = msgType === '8' || msgType === '9';
  const sequence = required(sequenceOf(message), 'MsgSeqNum');
  const sent = required(timeOf(message, 'SendingTime'), 'SendingTime');
  const sentAt = flagOf(message, 'PossDupFlag') ? (timeOf(message, 'OrigSendingTime') ?? sent) : sent;
  const transactedAt = timeOf(message, 'TransactTime');
  const occurredAt = transactedAt ?? sentAt;
  const account = textOf(message, 'Account') ?? given.account;
  return {
    // The broker speaks in reports and rejects, and is spoken to in requests.
    source: given.source ?? (isFromBroker ? sender : target),
    session,
    client: isFromBroker ? receiving : sending,
    sequence,
    sentAt,
    transactedAt,
    occurredAt,
    tradingDay: dateOf(message, 'TradeDate') ?? occurredAt.slice(0, 10),
    account: account ?? DEFAULT_ACCOUNT,
    accountIsKnown: account !== undefined,
  };
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

/**
 * A message that runs over several lines, which came joined by LF: its text has line breaks of its own (LF or CRLF), or the log
 * broke it anywhere. Its CheckSum says which; where that is not looked at, the breaks are the log's.
 */
function parseBroken(line: string, verify: boolean): FixParse {
  if (!line.includes('\n')) return parseFix(line, { verify });
  const readings = verify ? [line, line.replaceAll('\n', ''), line.replaceAll('\n', '\r\n')] : [line.replaceAll('\n', '')];
  const parsed = readings.map((reading) => parseFix(reading, { verify }));
  return parsed.find(({ kind }) => kind === 'message') ?? parsed[0] ?? parseFix(line, { verify });
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
    return { kind: 'facts', facts: [{ ...fixNames(message, fact, { ...envelope, tenant: given.tenant, recycling: given.idsRecycle }), fact, context }] };
  };

  const parse = (line: string): ParsedLine => {
    const parsed = parseBroken(line, given.checksum === 'verify');
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
export const fixAdapter: Adapter = { name: 'fix', encoding: 'latin1', messages: fixMessages, open };

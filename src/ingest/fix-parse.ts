import { CREDENTIAL_TAGS } from './credentials.js';

/*
 * The outer form of FIX messages, tag=value encoding: fields, BodyLength, CheckSum. Of one message in one line of a log,
 * whatever the log puts before it.
 */

export interface FixMessage {
  /** The first value of each tag. */
  readonly values: ReadonlyMap<number, string>;
  /** All fields in order, for repeating groups. */
  readonly fields: readonly FixField[];
}

interface FixField {
  readonly tag: number;
  readonly value: string;
}

export type FixParse = { readonly kind: 'message'; readonly message: FixMessage } | { readonly kind: 'malformed'; readonly reason: string; readonly field?: string };

const SOH = '\u0001';
const START = new RegExp(`(?:^|[^0-9])(?<message>8=FIX(?:T\\.1\\.1|\\.[45]\\.\\d(?:SP\\d)?)(?<separator>${SOH}|\\||;|\\^A))`, 'u');
const TRAILER = new RegExp(`${SOH}10=(?<checksum>\\d{3})(?!\\d)`, 'u');
/** `<SOH>10=123` and what follows it. */
const TRAILER_LENGTH = 8;
const HEAD = new RegExp(`^8=[^${SOH}]*${SOH}9=(?<length>\\d{1,9})${SOH}`, 'u');
const FIELD_START = /^(?<tag>[1-9]\d{0,5})=/u;
const MAX_FIELDS = 5_000;
const CHECKSUM_MODULUS = 256;
/** Their names in errors, as of other fields. */
const BODY_LENGTH = 'BodyLength (9)';
const CHECK_SUM = 'CheckSum (10)';

/** Fields whose length another field gives, since they may hold a separator: length tag → value tag. */
const COUNTED_FIELDS: ReadonlyMap<number, number> = new Map([
  [90, 91],
  [93, 89],
  [95, 96],
  [212, 213],
  [348, 349],
  [350, 351],
  [352, 353],
  [354, 355],
  [356, 357],
  [358, 359],
  [360, 361],
  [362, 363],
  [364, 365],
  [445, 446],
  [618, 619],
  [621, 622],
]);
/** Free text, in which a printable separator may stand. */
const TEXT_TAGS: ReadonlySet<number> = new Set([58, 355]);

const no = (reason: string, field?: string): FixParse => (field === undefined ? { kind: 'malformed', reason } : { kind: 'malformed', reason, field });

/** The message in a line with SOH as its separator, as it was on the wire; undefined where the line has none. */
function messageText(line: string): { readonly text: string; readonly separator: string } | undefined {
  const match = START.exec(line);
  const separator = match?.groups?.['separator'];
  const message = match?.groups?.['message'];
  if (!match || separator === undefined || message === undefined) return undefined;
  const from = match.index + match[0].length - message.length;
  const raw = line.slice(from);
  const text = separator === SOH ? raw : raw.replaceAll(separator, SOH);
  return { text: text.endsWith(SOH) ? text : `${text}${SOH}`, separator };
}

/** Where BodyLength says that the trailer is: data that a field holds may look like one. */
const statedEnd = (text: string): number => {
  const head = HEAD.exec(text);
  return head ? head[0].length + Number(head.groups?.['length']) - 1 : 0;
};

/** Cuts what a log has put behind the message. Undefined where the message does not end. */
function upToTrailer(text: string): { readonly body: string; readonly checksum: string; readonly rest: string } | undefined {
  const from = statedEnd(text);
  const stated = TRAILER.exec(text.slice(from, from + TRAILER_LENGTH));
  const match = stated ?? TRAILER.exec(text);
  const checksum = match?.groups?.['checksum'];
  if (!match || checksum === undefined) return undefined;
  const end = match.index + (stated ? from : 0);
  return { body: text.slice(0, end + 1), checksum, rest: text.slice(end + match[0].length) };
}

/** FIX 4.4, volume 1, "CheckSum Calculation": the sum of all bytes before `10=`, modulo 256. Each character is a byte. */
export function fixChecksum(body: string): string {
  let sum = 0;
  for (let index = 0; index < body.length; index += 1) sum += body.charCodeAt(index);
  return String(sum % CHECKSUM_MODULUS).padStart(3, '0');
}

/** BodyLength counts from behind its own field up to `10=`. */
function integrityError(body: string, checksum: string): FixParse | undefined {
  const head = HEAD.exec(body);
  const stated = head?.groups?.['length'];
  if (!head || stated === undefined) return no('BodyLength (9) is not the second field', BODY_LENGTH);
  const actual = body.length - head[0].length;
  if (Number(stated) !== actual) return no(`BodyLength (9) says ${Number(stated)} bytes, the message has ${actual}`, BODY_LENGTH);
  const expected = fixChecksum(body);
  if (checksum !== expected) return no(`CheckSum (10) says ${JSON.stringify(checksum.slice(0, 20))}, the message gives ${expected}`, CHECK_SUM);
  return undefined;
}

/** Splits `tag=value<SOH>`…; a text that names what is wrong where it cannot. */
function fieldsOf(body: string, separator: string): FixField[] | string {
  const fields: { tag: number; value: string }[] = [];
  let position = 0;
  let counted: { readonly tag: number; readonly length: number } | undefined;
  while (position < body.length) {
    if (fields.length >= MAX_FIELDS) return `more than ${MAX_FIELDS} fields`;
    const end = body.indexOf(SOH, position);
    const tag = Number(FIELD_START.exec(body.slice(position, position + 8))?.groups?.['tag'] ?? Number.NaN);
    const last = fields.at(-1);
    if (Number.isNaN(tag)) {
      if (separator === SOH || !last || !TEXT_TAGS.has(last.tag)) {
        // It may be the rest of a password that holds a separator.
        if (last && CREDENTIAL_TAGS.has(last.tag)) return `what stands behind the field ${last.tag} is not tag=value`;
        return `${JSON.stringify(body.slice(position, Math.min(end, position + 40)))} is not tag=value`;
      }
      last.value += separator + body.slice(position, end);
      position = end + 1;
      continue;
    }
    const from = position + String(tag).length + 1;
    const countedEnd = counted?.tag === tag ? from + counted.length : undefined;
    const valueEnd = countedEnd !== undefined && body[countedEnd] === SOH ? countedEnd : end;
    const value = body.slice(from, valueEnd);
    fields.push({ tag, value });
    const countedTag = COUNTED_FIELDS.get(tag);
    counted = countedTag !== undefined && /^\d{1,7}$/u.test(value) ? { tag: countedTag, length: Number(value) } : undefined;
    position = valueEnd + 1;
  }
  return fields;
}

/** What was sent: where the log's separator stands in a text, it is not a separator. */
const wireBody = (body: string, fields: readonly FixField[] | string): string =>
  typeof fields === 'string' ? body : fields.map(({ tag, value }) => `${tag}=${value}${SOH}`).join('');

/**
 * The FIX message in a line of a log. The separator is SOH, `|`, `;` or `^A`; whatever stands before `8=FIX` and behind
 * the CheckSum belongs to the log. BodyLength and CheckSum are verified as if the separator were SOH, unless the log is
 * known to have been rewritten (`verify: false`).
 */
export function parseFix(line: string, { verify }: { readonly verify: boolean }): FixParse {
  const found = messageText(line);
  if (!found) return no('no message that begins with 8=FIX and a version');
  const ended = upToTrailer(found.text);
  if (!ended && verify) return no('the message does not end with a CheckSum (10): it was cut', CHECK_SUM);
  if (ended && START.test(ended.rest)) return no('more than one message in the line');
  const body = ended ? ended.body : found.text;
  const fields = fieldsOf(body, found.separator);
  const wrong = verify && ended ? integrityError(wireBody(body, fields), ended.checksum) : undefined;
  if (wrong) return wrong;
  if (typeof fields === 'string') return no(fields);
  const values = new Map<number, string>();
  for (const { tag, value } of fields) if (!values.has(tag)) values.set(tag, value);
  return { kind: 'message', message: { values, fields } };
}

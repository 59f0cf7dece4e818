import { CREDENTIAL_NAME, CREDENTIAL_TAGS } from './credentials.js';
import type { Delimiter } from './csv-records.js';
import { withoutNuls } from './decoded.js';
import { withoutSecretColumns } from './secrets-csv.js';

/* Credentials that a broker's message may carry: a line that is kept as it came must not hold them. */

const STRUCK = '***';

const USUAL_SEPARATORS: readonly string[] = ['\u0001', '|', ';', '^A'];
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
const USUAL = USUAL_SEPARATORS.map(escaped).join('|');
/** The head of a FIX message. Whatever stands behind it, before its BodyLength, is what separates its fields. */
const FIX_HEAD = new RegExp(String.raw`(?:^|[^0-9])8=FIX(?:T\.1\.1|\.\d\.\d(?:SP\d)?)(?<separator>${USUAL}|[^=\r\n]{1,8}?(?=9=\d)|[^\w=\r\n])`, 'gu');
/** A log may break its lines anywhere, within a tag too. */
const BREAKS = String.raw`[\r\n]{0,4}`;
/** Of the heads in one text. */
const MAX_SEPARATORS = 8;
const TAGS = [...CREDENTIAL_TAGS].map((tag) => String(tag).replaceAll(/(?<=\d)(?=\d)/gu, BREAKS)).join('|');

/** A value ends where the next field begins, or the text: separators that stand within it belong to it. */
function withoutFixSecrets(text: string, separators: readonly string[]): string {
  const between = `(?:${separators.map(escaped).join('|')})`;
  const field = new RegExp(`(?=\\d)(?<=^|${between}${BREAKS})(${TAGS})${BREAKS}=[^]*?(?=${between}(?:${BREAKS}\\d[\\d\\r\\n]{0,12}=|${BREAKS}$)|$)`, 'gu');
  return text.replaceAll(field, `$1=${STRUCK}`);
}

/** What stands before a message is of no known separator, nor is text without any. */
function withoutFixMessageSecrets(text: string): string {
  const heads = [...text.matchAll(FIX_HEAD)];
  const from = heads[0]?.index ?? text.length;
  const separators = new Set(heads.map(({ groups }) => groups?.['separator'] ?? ''));
  return withoutFixSecrets(text.slice(0, from), USUAL_SEPARATORS) + (heads.length === 0 ? '' : withoutFixSecrets(text.slice(from), [...separators].slice(0, MAX_SEPARATORS)));
}

const JSON_MEMBER = new RegExp(String.raw`"[^"\\]{0,60}${CREDENTIAL_NAME}[^"\\]{0,60}"\s{0,20}:\s{0,20}`, 'giu');
const JSON_STRING = /"(?:[^"\\]+|\\[^])*(?:"|\\?$)/uy;
const JSON_PLAIN = /[^\s,\]}]+/uy;
const JSON_STEP = /"(?:[^"\\]+|\\[^])*(?:"|\\?$)|[[\]{}]|[^"[\]{}]+/uy;

/** The end of what a pattern matches at a place; the place itself where it does not. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** The end of the JSON value that begins at a place, or of the text where it is cut off. */
function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOf(JSON_STRING, text, from);
  if (text[from] !== '{' && text[from] !== '[') return endOf(JSON_PLAIN, text, from);
  let depth = 0;
  for (let at = from; at < text.length; ) {
    if (text[at] === '{' || text[at] === '[') depth += 1;
    if (text[at] === '}' || text[at] === ']') depth -= 1;
    at = endOf(JSON_STEP, text, at);
    if (depth === 0) return at;
  }
  return text.length;
}

/** Strikes the values of members whatever they are: texts, numbers, objects, whole or cut off. */
function withoutJsonSecrets(text: string): string {
  const parts: string[] = [];
  let kept = 0;
  for (const member of text.matchAll(JSON_MEMBER)) {
    const from = member.index + member[0].length;
    const to = member.index < kept ? kept : endOfValue(text, from);
    if (to <= Math.max(from, kept) || text.slice(from, to) === 'null') continue;
    parts.push(text.slice(kept, from), `"${STRUCK}"`);
    kept = to;
  }
  return `${parts.join('')}${text.slice(kept)}`;
}

/** An attribute, in a text of JSON too. */
const XML_ATTRIBUTES = new RegExp(String.raw`(\b[\w-]{0,60}${CREDENTIAL_NAME}[\w-]{0,60}\s{0,20}=\s{0,20})(\\?["'])[^]*?(?:\2|$)`, 'giu');
const XML_ELEMENTS = new RegExp(String.raw`(<[\w:-]{0,60}${CREDENTIAL_NAME}[\w:-]{0,60}>)[^<]+`, 'giu');

/**
 * The text with the values of fields that are credentials by their name struck out. Of a record of CSV, which comes with its
 * header, the fields of such columns too. UTF-16 that was taken for single bytes is first rid of its NULs.
 */
export function withoutSecrets(text: string, csv?: { readonly delimiter: Delimiter | undefined }): string {
  const plain = withoutNuls(text);
  const inColumns = csv === undefined ? plain : withoutSecretColumns(plain, csv.delimiter);
  return withoutJsonSecrets(withoutFixMessageSecrets(inColumns)).replaceAll(XML_ATTRIBUTES, `$1$2${STRUCK}$2`).replaceAll(XML_ELEMENTS, `$1${STRUCK}`);
}

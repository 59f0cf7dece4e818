import type { Buffer } from 'node:buffer';
import { isUtf8 } from 'node:buffer';

/*
 * From bytes to text, and never a character in place of bytes that it does not stand for: two ids that differ in such bytes
 * would become one, for good.
 */

/** Why the text of a line is not what its bytes mean. */
export type Misencoding = 'not_utf8' | 'utf16';

export interface Decoded {
  readonly text: string;
  /** The text is then a character for each byte, so that none is lost. */
  readonly misencoded?: Misencoding;
}

/** NULs one behind another fill a log that was cut while it was written: they are no UTF-16. */
const FILLER = /\0{2,}/gu;
const NULS_OF_UTF16 = 1 / 3;

const isUtf16 = (bytes: string): boolean => {
  const rest = bytes.replaceAll(FILLER, '');
  const nuls = rest.split('\0').length - 1;
  return nuls > 0 && nuls >= rest.length * NULS_OF_UTF16;
};

/** Text in which lines of UTF-16 were taken for single bytes, without the NULs of those lines. */
export const withoutNuls = (text: string): string => (text.includes('\0') ? text.split('\n').map((line) => (isUtf16(line) ? line.replaceAll('\0', '') : line)).join('\n') : text);

/** The text of a whole line or message; where its bytes are of another encoding, marked as that. */
export function decoded(bytes: Buffer, encoding: 'utf8' | 'latin1'): Decoded {
  if (bytes.includes(0)) {
    const text = bytes.toString('latin1');
    if (isUtf16(text)) return { text, misencoded: 'utf16' };
  }
  if (encoding === 'utf8' && !isUtf8(bytes)) return { text: bytes.toString('latin1'), misencoded: 'not_utf8' };
  return { text: bytes.toString(encoding) };
}

/** The mark of what several lines are together. */
export function misencodedOf(lines: readonly Pick<Decoded, 'misencoded'>[]): Pick<Decoded, 'misencoded'> {
  const wrong = lines.find(({ misencoded }) => misencoded !== undefined)?.misencoded;
  return wrong === undefined ? {} : { misencoded: wrong };
}

/* Credentials that a broker's message may carry. No adapter reads them; a line that is kept as it came must not hold them. */

/** FIX: Username, Password, NewPassword, RawData (of a Logon), EncryptedPassword, EncryptedNewPassword. */
// oxlint-disable-next-line no-control-regex -- SOH is what separates the fields of FIX.
const FIX_SECRETS = /(?<=^|[\u0001|;]|\^A)(553|554|925|96|1402|1404)=[^\u0001|;^]*/gu;
const NAMES = 'pass(?:word|wd|phrase)|secret|token|api[-_ ]?key|authorization|credential|username';
/** A member of JSON: its value is a text, which may be cut off. */
const JSON_SECRETS = new RegExp(`("[^"\\\\]{0,60}(?:${NAMES})[^"\\\\]{0,60}"\\s{0,20}:\\s{0,20})"(?:[^"\\\\]|\\\\.)*(?:"|$)`, 'giu');
const XML_SECRETS = new RegExp(`(\\b[\\w-]{0,60}(?:${NAMES})[\\w-]{0,60}=)"[^"]*(?:"|$)`, 'giu');

/** The text with the values of fields that are credentials by their name struck out. */
export const withoutSecrets = (text: string): string => text.replaceAll(FIX_SECRETS, '$1=***').replaceAll(JSON_SECRETS, '$1"***"').replaceAll(XML_SECRETS, '$1"***"');

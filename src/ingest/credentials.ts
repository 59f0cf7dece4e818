/* What credentials are called in brokers' messages. No adapter reads them. */

/** FIX: RawData (of a Logon), Username, Password, NewPassword, EncryptedPassword, EncryptedNewPassword. */
export const CREDENTIAL_TAGS: ReadonlySet<number> = new Set([96, 553, 554, 925, 1402, 1404]);

/** Part of a regular expression, whatever the case. */
export const CREDENTIAL_NAME = String.raw`(?:pass(?:word|wd|phrase)|secret|token|api[-_ ]?key|authorization|credential|username)`;

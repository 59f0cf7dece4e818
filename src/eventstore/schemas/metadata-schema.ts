import { z } from 'zod';
import type { AccountId, CommandKey, Digest, TenantId } from '../../domain/ids.js';
import { day, digestText, text, utcTime, wholeNumber } from './values.js';

/** The longest command key, in characters: a scoped source id with room. */
export const MAX_COMMAND_KEY_LENGTH = 500;

const source = z.strictObject({
  name: text(),
  session: text().exactOptional(),
  sequence: wholeNumber().exactOptional(),
});

const metadataShape = {
  schemaVersion: z.int().min(1).max(1_000),
  $correlationId: text(MAX_COMMAND_KEY_LENGTH),
  $causationId: text(MAX_COMMAND_KEY_LENGTH),
  tenantId: text<TenantId>(),
  accountId: text<AccountId>(),
  actor: text(),
  source,
  sourceEventId: text(MAX_COMMAND_KEY_LENGTH).exactOptional(),
  sourceDigest: digestText<Digest>().exactOptional(),
  commandKey: text<CommandKey>(MAX_COMMAND_KEY_LENGTH),
  commandDigest: digestText<Digest>(),
  occurredAt: utcTime(),
  receivedAt: utcTime(),
  tradingDay: day(),
  producer: text(),
};

/** What a writer gives an event besides the chain. */
export const eventMetadata = z.strictObject(metadataShape);

/** What a stored event carries: with the chain. */
export const storedMetadata = z.strictObject({
  ...metadataShape,
  hashAlgorithm: z.literal('sha-256'),
  prevHash: digestText<Digest>(),
  hash: digestText<Digest>(),
});

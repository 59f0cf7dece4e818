import { z } from 'zod';
import type { OrderId } from '../../domain/ids.js';
import type { FactParked, LineQuarantined, ParkedFactTakenUp, QuarantinedLineReplayed, StoreCreated } from '../side-events.js';
import { MAX_COMMAND_KEY_LENGTH } from './metadata-schema.js';
import { orderFact } from './order-schemas.js';
import { anyText, text, uuid, wholeNumber } from './values.js';

/** The events beside the ledger proper: what was parked, what could not be parsed, and the store's genesis. */
export type IngestEventBody = FactParked | ParkedFactTakenUp | LineQuarantined | QuarantinedLineReplayed | StoreCreated;
export type IngestEventType = IngestEventBody['type'];

/** The most names that one message can give an order. */
export const MAX_ALIASES = 20;

export const alias = z.strictObject({
  kind: z.enum(['broker', 'client']),
  scope: z.array(anyText(200)).max(10),
  id: text(),
});

/** The data of each such event, schemaVersion 1. */
export const INGEST_SCHEMAS = {
  FactParked: z.strictObject({
    aliases: z.array(alias).min(1).max(MAX_ALIASES),
    newAliases: z.array(alias).max(MAX_ALIASES),
    fact: orderFact,
    lookUp: z.array(alias).max(MAX_ALIASES).exactOptional(),
    fallback: z.array(alias).max(MAX_ALIASES).exactOptional(),
    claimsNothing: z.literal(true).exactOptional(),
    ownAccountOnly: z.literal(true).exactOptional(),
  }),
  ParkedFactTakenUp: z.strictObject({ factKey: text(MAX_COMMAND_KEY_LENGTH), orderId: uuid<OrderId>() }),
  LineQuarantined: z.strictObject({
    origin: text(255),
    line: wholeNumber(),
    format: text(50),
    field: text().exactOptional(),
    reason: text(500),
    content: anyText(100_000),
    options: z.record(text(50), anyText(500)),
  }),
  QuarantinedLineReplayed: z.strictObject({ facts: z.int().min(0) }),
  StoreCreated: z.strictObject({ storeId: uuid() }),
} satisfies { [Type in IngestEventType]: z.ZodType<Extract<IngestEventBody, { type: Type }>['data']> };

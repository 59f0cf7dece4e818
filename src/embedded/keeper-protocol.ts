import type { Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';

/*
 * How a command and the keeper of its data folder talk: one JSON object a line over TCP on the loopback. The command says
 * hello, the keeper answers once; after that the open connection itself says "in use", and the keeper speaks again only to say
 * that a store is lost.
 */

/** Raised when the messages change: a command and a keeper of different versions then tell each other so. */
export const KEEPER_PROTOCOL = 1;

/** No message is longer; a longer line is not one of ours. */
const MAX_LINE_BYTES = 16_384;

export const keeperRecordSchema = z.object({
  protocol: z.number().int(),
  port: z.number().int().positive(),
  token: z.string().min(1),
  pid: z.number().int().positive(),
  startTicks: z.string().optional(),
  bootId: z.string().optional(),
});
/** Where a keeper listens and the secret that lets a command in: `keeper.json`, readable by its owner alone. */
export type KeeperRecord = z.infer<typeof keeperRecordSchema>;

export const helloSchema = z.object({
  protocol: z.number().int(),
  token: z.string(),
  eventStore: z.boolean(),
  postgres: z.boolean(),
});
/** What a command needs. */
export type Hello = z.infer<typeof helloSchema>;

export const keeperMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), eventStoreUrl: z.string().optional(), databaseUrl: z.string().optional() }),
  /** Come again: the keeper is shutting the stores down. */
  z.object({ kind: z.literal('stopping') }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
]);
export type KeeperMessage = z.infer<typeof keeperMessageSchema>;

export const keeperStartSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('listening') }),
  z.object({ kind: z.literal('locked'), pid: z.number() }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
]);
/** What a keeper that was just started says to the command that started it, on its standard output. */
export type KeeperStart = z.infer<typeof keeperStartSchema>;

export function keeperRecordPath(dataDir: string): string {
  return join(dataDir, 'keeper.json');
}

export function keeperLogPath(dataDir: string): string {
  return join(dataDir, 'keeper.log');
}

export function sendLine(socket: Socket, message: Hello | KeeperMessage): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `onLine` with each line that arrives; a line over the limit ends the connection. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  let pending = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    pending += text;
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (pending.length > MAX_LINE_BYTES) socket.destroy();
  });
}

/** The value of a line that holds a message of that schema; undefined for anything else. */
export function parseLine<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

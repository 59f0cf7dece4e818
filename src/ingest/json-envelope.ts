import type { Buffer } from 'node:buffer';
import { malformed, catchingFieldErrors, skipped } from './adapter.js';
import type { ParsedLine } from './adapter.js';
import { readJsonMessages } from './json-messages.js';
import { JsonFields } from './json-fields.js';
import { isJsonObject, parseLossless, stringifyLossless } from './lossless.js';
import type { JsonObject } from './lossless.js';
import type { Line } from './lines.js';

/*
 * A broker's messages come within envelopes: `{"stream": …, "data": {…}}`, a page `{"data": {"items": […]}}`, a test extraction.
 * Whatever it is called, the objects of the known shape within it are the messages.
 */

/** Envelopes within envelopes: pages of frames of messages, and some room. */
const MAX_ENVELOPES = 8;

/** Whether an object has the shape of a format's message: by its keys and texts alone, right or wrong in the rest. */
export type IsMessage = (object: JsonObject) => boolean;

/** The outermost objects of a shape within a value, in the order in which they stand there. */
export function messagesWithin(value: unknown, isMessage: IsMessage, envelopes: number = MAX_ENVELOPES): readonly JsonObject[] {
  if (isJsonObject(value) && isMessage(value)) return [value];
  if (envelopes === 0) return [];
  if (Array.isArray(value)) return value.flatMap((element: unknown) => messagesWithin(element, isMessage, envelopes - 1));
  return isJsonObject(value) ? Object.values(value).flatMap((inner) => messagesWithin(inner, isMessage, envelopes - 1)) : [];
}

function tryNativeParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A message that holds several of a shape, as the texts of those; any other as it is. Nothing is parsed twice without need. */
function unwrapped(text: string, isMessage: IsMessage): readonly string[] {
  if (messagesWithin(tryNativeParse(text), isMessage).length < 2) return [text];
  const parsed = parseLossless(text);
  if ('reason' in parsed) return [text];
  return messagesWithin(parsed.value, isMessage).map((message) => stringifyLossless(message));
}

/** A message of a page: of a page of another encoding any may hold the bytes in question. */
const partOf = (page: Line, number: number, text: string): Line => ({ ...page, number, text });

/**
 * An adapter's `messages` for a format whose messages are JSON objects of one shape: as `readJsonMessages` cuts them, and a page
 * that holds several is given out message by message, so that one that is wrong is quarantined alone. Numbers go on from 1.
 */
export const jsonMessagesOf = (isMessage: IsMessage) =>
  async function* messages(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
    let number = 0;
    for await (const lines of readJsonMessages(chunks)) {
      yield lines.flatMap((line) =>
        (line.isCut ? [line.text] : unwrapped(line.text, isMessage)).map((single) => {
          number += 1;
          return partOf(line, number, single);
        }),
      );
    }
  };

/** What a format makes of JSON text. */
export interface JsonFormat {
  readonly isMessage: IsMessage;
  /** May throw a FieldError, which makes the message malformed. */
  readonly parse: (message: JsonFields) => ParsedLine;
  /** Why a value is skipped that holds no message: what it is, where that can be told in a few words of our own. */
  readonly skipReason: (value: unknown) => string;
}

/** All facts, or the first reason for which one of the messages is malformed; skipped where there is no fact in any. */
function together(parts: readonly ParsedLine[]): ParsedLine {
  const wrong = parts.find((part) => part.kind === 'malformed');
  if (wrong) return wrong;
  const facts = parts.flatMap((part) => (part.kind === 'facts' ? part.facts : []));
  return facts.length > 0 ? { kind: 'facts', facts } : (parts[0] ?? skipped('nothing'));
}

/** Comments (`:heartbeat`) and the other fields of an event stream (`text/event-stream`). */
const EVENT_STREAM_LINE = /^(?::[^{}]*|(?:event|id|retry):[^{}]*)$/u;

/** Parses the text of one message, within envelopes or not. Never throws but for a bug. */
export function parseJsonMessage(text: string, { isMessage, parse, skipReason }: JsonFormat): ParsedLine {
  if (EVENT_STREAM_LINE.test(text)) return skipped('line of an event stream without data');
  const parsed = parseLossless(text);
  if ('reason' in parsed) return malformed(`the message ${parsed.reason}`);
  const found = messagesWithin(parsed.value, isMessage);
  if (found.length === 0) return skipped(skipReason(parsed.value));
  return together(found.map((message) => catchingFieldErrors(() => parse(new JsonFields(message)))));
}

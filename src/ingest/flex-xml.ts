import { Buffer } from 'node:buffer';
import { SaxesParser } from 'saxes';
import { decoded } from './decoded.js';
import type { Decoded } from './decoded.js';
import type { Line } from './lines.js';

/*
 * Cuts IBKR Flex statements into their elements, in bounded memory. Each is a message of its own, as JSON: its name, its
 * attributes and its statement's account, so that it can be parsed again alone. docs/decisions/0008-xml-and-csv-readers.md.
 */

/** What a message says: an element, or what is wrong with a piece of the XML. */
export interface FlexMessage {
  readonly element?: string;
  /** Of the statement that the element stands in. */
  readonly statementAccountId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Line and reason. */
  readonly xmlError?: string;
  /** The piece that is not well-formed, as it stands in the file. */
  readonly text?: string;
}

type Attributes = Readonly<Record<string, string>>;

/** The elements that tell of trades; of any other with attributes, only the name is given out. */
const TRADE_ELEMENTS: ReadonlySet<string> = new Set(['Trade', 'TradeConfirm']);
const ROOT = 'FlexQueryResponse';
const STATEMENT = 'FlexStatement';
/** Elements that hold others: what their attributes say is not an order's. */
const CONTAINERS: ReadonlySet<string> = new Set([ROOT, 'FlexStatements', STATEMENT]);

const MAX_DEPTH = 32;
const MAX_ATTRIBUTES = 400;
/** Of one tag, comment or text, in bytes: no Flex element comes near it. */
const MAX_PIECE_LENGTH = 1_048_576;
/** Errors of one file that are given out each on its own; then the reading ends. */
const MAX_ERRORS = 1_000;
const MAX_ERROR_LENGTH = 300;
const MAX_SHOWN_LENGTH = 50_000;
/** The parser would look for the end of the entity's name through all that comes. */
const BARE_AMPERSAND = /&(?!(?:#\d{1,7}|#x[\da-fA-F]{1,6}|[A-Za-z]\w{0,31});)/u;
const CLOSING_TAG = /^<\/(?<name>[^\s>]{1,200})\s*>/u;
const OPAQUE = /^<[!?]/u;
/** `<`, which is a byte of its own in UTF-8: no character is cut where a piece is. */
const TAG_START = 0x3c;

/** The document is one that is not read, or goes beyond what is read; nothing behind that place is. */
class RefusedDocument extends Error {
  override readonly name = 'RefusedDocument';
}

/**
 * Reads pieces that each begin with `<` and end before the next one. A well-formed tag holds no other `<`, so behind a broken
 * piece the reading goes on with a new parser, in the elements that are open.
 */
class FlexReader {
  #messages: Line[] = [];
  #open: string[] = [];
  #account: string | undefined;
  /** The present statement's own tag was broken: its account is not known. */
  #isStatementBroken = false;
  /** What the parser has taken since the last whole tag, comment or text, and the line that it began in. */
  #held = '';
  #heldLine = 1;
  #line = 1;
  #attributeCount = 0;
  #error: string | undefined;
  #misencoded: Decoded['misencoded'];
  #errorCount = 0;
  #root: string | undefined;
  #hasElements = false;
  isOver = false;
  #parser = this.#newParser();

  feed({ text, misencoded }: Decoded): void {
    this.#misencoded = misencoded;
    this.#safely(() => {
      if (misencoded === 'utf16') throw new RefusedDocument('the file is UTF-16 by its NULs, only UTF-8 is read');
      this.#take(text);
    });
  }

  end(): void {
    this.#safely(() => {
      if (this.#root === undefined || this.#open.length > 0) this.#parser.close();
      // After an error, elements that are left open and a root that is missing are its consequence.
      if (this.#errorCount === 0 || this.#held.trim() !== '') this.#giveError();
      if (this.#root !== undefined && this.#root !== ROOT && !this.#hasElements) this.#give({ xmlError: `the root element is ${JSON.stringify(this.#root.slice(0, 60))}, not ${ROOT}` });
    });
  }

  /** Ends the reading with a reason. */
  refuse(reason: string): void {
    this.isOver = true;
    this.#give({ xmlError: `line ${this.#line}: ${reason}; nothing behind it is read` });
  }

  given(): readonly Line[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #safely(read: () => void): void {
    try {
      if (!this.isOver) read();
    } catch (error) {
      if (!(error instanceof RefusedDocument)) throw error;
      this.refuse(error.message);
    }
  }

  #take(piece: string): void {
    const before = this.#held;
    if (before === '') this.#heldLine = this.#line;
    this.#held += piece;
    this.#error = this.#foreseen(piece);
    if (this.#error === undefined) this.#parser.write(piece);
    if (this.#error !== undefined) this.#giveUp(before, piece);
    else if (this.#held.length > MAX_PIECE_LENGTH) throw new RefusedDocument(`an element or text is longer than ${MAX_PIECE_LENGTH} characters`);
    else if (piece.trim() === '' && before === '') this.#held = '';
    for (let at = piece.indexOf('\n'); at !== -1; at = piece.indexOf('\n', at + 1)) this.#line += 1;
  }

  /** What is wrong with a piece in a way that would make the parser lose its place. */
  #foreseen(piece: string): string | undefined {
    if (OPAQUE.test(this.#held)) return undefined;
    // What stands behind the end of an element is not read.
    if (this.#misencoded !== undefined && !CLOSING_TAG.test(piece)) return 'it holds bytes that are not UTF-8';
    if (BARE_AMPERSAND.test(piece)) return 'an & begins no entity that XML knows';
    const name = CLOSING_TAG.exec(piece)?.groups?.['name'];
    if (name === undefined || name === this.#open.at(-1)) return undefined;
    const place = this.#open.lastIndexOf(name);
    if (place >= 0) this.#open = this.#open.slice(0, place);
    if (!this.#open.includes(STATEMENT)) this.#account = undefined;
    return place >= 0 ? `${name} ends, and elements in it do not` : `${name} ends, which did not begin`;
  }

  /** A tag that did not end before the next `<` is broken alone: the piece behind it is read anew. */
  #giveUp(before: string, piece: string): void {
    if (OPAQUE.test(before)) throw new RefusedDocument(this.#error ?? '');
    const isPieceWhole = before !== '' && piece.startsWith('<');
    if (isPieceWhole) this.#held = before;
    this.#giveError();
    this.#parser = this.#newParser();
    this.#held = '';
    if (isPieceWhole) this.#takeAnew(piece);
  }

  #takeAnew(piece: string): void {
    this.#heldLine = this.#line;
    this.#held = piece;
    this.#error = this.#foreseen(piece);
    if (this.#error === undefined) this.#parser.write(piece);
    if (this.#error !== undefined) this.#giveUp('', piece);
  }

  #newParser(): SaxesParser {
    const parser = new SaxesParser();
    for (const name of this.#open) parser.write(`<${name}>`);
    parser.on('error', ({ message }) => {
      this.#error ??= message.replace(/^\d+:\d+: /u, '').slice(0, MAX_ERROR_LENGTH);
    });
    parser.on('xmldecl', ({ encoding = 'utf-8' }) => {
      if (!/^(?:utf-?8|us-ascii)$/iu.test(encoding)) throw new RefusedDocument(`the encoding is ${JSON.stringify(encoding.slice(0, 40))}, only UTF-8 is read`);
    });
    parser.on('doctype', () => {
      throw new RefusedDocument('a document type declaration is refused: a Flex statement has none');
    });
    parser.on('opentagstart', () => {
      this.#attributeCount = 0;
    });
    parser.on('attribute', () => {
      this.#attributeCount += 1;
      if (this.#attributeCount > MAX_ATTRIBUTES) throw new RefusedDocument(`an element has more than ${MAX_ATTRIBUTES} attributes`);
    });
    parser.on('opentag', ({ name, attributes }) => this.#opened(name, attributes));
    parser.on('closetag', () => this.#closed());
    for (const event of ['comment', 'cdata', 'processinginstruction'] as const) parser.on(event, () => this.#forgetPiece());
    return parser;
  }

  #forgetPiece(): void {
    if (this.#error === undefined) this.#held = '';
  }

  #opened(name: string, attributes: Attributes): void {
    if (this.#error !== undefined) return;
    this.#root ??= name;
    this.#open.push(name);
    if (this.#open.length > MAX_DEPTH) throw new RefusedDocument(`elements are nested deeper than ${MAX_DEPTH} levels`);
    if (name === STATEMENT) [this.#account, this.#isStatementBroken] = [attributes['accountId'], false];
    this.#held = '';
    if (TRADE_ELEMENTS.has(name)) this.#giveTrade(name, attributes);
    else if (this.#open.length > 1 && !CONTAINERS.has(name) && Object.keys(attributes).length > 0) this.#giveElement({ element: name });
  }

  #giveTrade(element: string, attributes: Attributes): void {
    const account = this.#account === undefined ? {} : { statementAccountId: this.#account };
    const isUnowned = this.#isStatementBroken && !attributes['accountId'];
    this.#giveElement({ element, ...account, attributes: { ...attributes }, ...(isUnowned ? { xmlError: `line ${this.#heldLine}: the tag of its ${STATEMENT} is broken, and it names no account itself` } : {}) });
  }

  #giveElement(message: FlexMessage): void {
    this.#hasElements = true;
    this.#give(message);
  }

  #closed(): void {
    if (this.#error !== undefined) return;
    this.#held = '';
    if (this.#open.pop() === STATEMENT) this.#account = undefined;
    // Documents one after another are read as one.
    if (this.#open.length === 0) this.#parser = this.#newParser();
  }

  #giveError(): void {
    if (this.#error === undefined) return;
    const text = this.#held.slice(0, MAX_SHOWN_LENGTH);
    if (/^<FlexStatement[\s/>]/u.test(text)) [this.#account, this.#isStatementBroken] = [undefined, true];
    this.#give({ xmlError: `line ${this.#heldLine}: ${this.#error}`, ...(text === '' ? {} : { text }) });
    this.#error = undefined;
    this.#errorCount += 1;
    if (this.#errorCount >= MAX_ERRORS) throw new RefusedDocument(`there are ${MAX_ERRORS} errors in the XML`);
  }

  #give(message: FlexMessage): void {
    this.#messages.push({ number: this.#heldLine, text: JSON.stringify(message), isCut: false });
  }
}

/**
 * Reads the elements of Flex statements, numbered by their lines. A tag that is not well-formed is a message with the error, and
 * the reading goes on behind it. It ends at a document type declaration (so no entity is ever defined, and none fetched), at
 * another encoding than UTF-8, and at what is over a limit, with a message that says so.
 */
export async function* readFlexElements(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  const reader = new FlexReader();
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let next = bytes.indexOf(TAG_START, 1); next !== -1; next = bytes.indexOf(TAG_START, next + 1)) {
      reader.feed(decoded(bytes.subarray(from, next), 'utf8'));
      from = next;
    }
    rest = bytes.subarray(from);
    if (rest.length > MAX_PIECE_LENGTH) reader.refuse(`an element or text is longer than ${MAX_PIECE_LENGTH} characters`);
    const messages = reader.given();
    if (messages.length > 0) yield messages;
    if (reader.isOver) return;
  }
  reader.feed(decoded(rest, 'utf8'));
  reader.end();
  const last = reader.given();
  if (last.length > 0) yield last;
}

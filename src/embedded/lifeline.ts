import { randomUUID } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hasCode } from './has-code.js';

/*
 * A process of another pid namespace (a second container with the same volume) cannot be asked for by its pid. What the
 * kernel keeps across namespaces is who listens on a socket in a folder: it lets go of it when the process ends, however that
 * comes. Linux only, as pid namespaces are.
 */

/** A socket in a folder that listens as long as this process lives. */
export interface Lifeline {
  /** Its file's name in the folder. */
  readonly name: string;
  /** Lets go of it and removes its file. */
  close(): Promise<void>;
}

const SUFFIX = '.sock';
const ANSWER_MS = 2_000;

/** Whether a file of a lock's folder is a lifeline, held or left behind. */
export const isLifeline = (fileName: string): boolean => fileName.endsWith(SUFFIX);

/** Opens a lifeline in `folder`; undefined where the file system has no sockets or no room (a host's folder shared with a virtual machine). */
export async function openLifeline(folder: string): Promise<Lifeline | undefined> {
  const name = `${randomUUID()}${SUFFIX}`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    const server = await listen(pathOf(handle, name));
    const held = handle;
    return { name, close: () => close(server, held) };
  } catch {
    // Why is of no matter: the lock says what follows from there being none.
    await handle?.close();
    return undefined;
  }
}

/**
 * Whether the process that opened the lifeline `name` in `folder` still lives, asked of the kernel: that process need not
 * get around to anything.
 */
export async function isLifelineHeld(folder: string, name: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    return false;
  }
  try {
    return await answers(pathOf(handle, name));
  } finally {
    await handle.close();
  }
}

/** By the open folder: a socket's path may have 107 bytes only (unix(7)), a data folder's more. */
const pathOf = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, writableAll: true }, resolve);
  });
  // It tells others that this process lives; it is no reason to.
  server.unref();
  return server;
}

async function close(server: Server, folder: FileHandle): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await folder.close();
}

async function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (held: boolean): void => {
      socket.destroy();
      resolve(held);
    };
    socket.setTimeout(ANSWER_MS, () => settle(true));
    socket.once('connect', () => settle(true));
    // Refused: nobody listens any more. Gone: it was let go of. All else (a full queue, no permission) is no proof of an end.
    socket.once('error', (error) => settle(!hasCode(error, 'ECONNREFUSED', 'ENOENT', 'ENOTSOCK')));
  });
}

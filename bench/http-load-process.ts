/*
 * Sends one request again and again on a number of connections, each waiting for its answer, and says how it went: a process of
 * its own, so that it does not take time from the server. Arguments: the URL, connections, seconds, and the JSON body of a POST.
 */
import { connect } from 'node:net';

const [address = '', connections = '1', seconds = '1', body = ''] = process.argv.slice(2);
const url = new URL(address);
const request = [
  `${body === '' ? 'GET' : 'POST'} ${url.pathname}${url.search} HTTP/1.1`,
  `host: ${url.host}`,
  ...(body === '' ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
  '',
  body,
].join('\r\n');
const untilMs = performance.now() + Number(seconds) * 1_000;
const latenciesMs: number[] = [];

/** How long an answer is, headers and all, once its headers are there. Throws where it is no success. */
function lengthOf(head: string, headBytes: number): number {
  const [, length] = /^HTTP\/1\.1 200 [\s\S]*\r\ncontent-length: (\d+)\r\n/iu.exec(`${head}\r\n`) ?? [];
  if (length === undefined) throw new Error(`the server answered ${head.slice(0, 200)}`);
  return headBytes + Number(length);
}

function drive(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    let received = 0;
    let expected: number | undefined;
    let sentMs = 0;
    const send = (): void => {
      [received, expected, sentMs] = [0, undefined, performance.now()];
      socket.write(request);
    };
    socket.on('error', reject);
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      const end = expected === undefined ? chunk.indexOf('\r\n\r\n') : -1;
      if (end >= 0) expected = lengthOf(chunk.toString('latin1', 0, end), end + 4);
      received += chunk.length;
      if (expected === undefined || received < expected) return;
      const nowMs = performance.now();
      latenciesMs.push(nowMs - sentMs);
      if (nowMs < untilMs) send();
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, () => drive()));
const tookSeconds = (performance.now() - startedMs) / 1_000;
latenciesMs.sort((a, b) => a - b);
const at = (share: number): number => latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0;
process.stdout.write(JSON.stringify({ requests: latenciesMs.length, perSecond: latenciesMs.length / tookSeconds, p50Ms: at(0.5), p99Ms: at(0.99) }));

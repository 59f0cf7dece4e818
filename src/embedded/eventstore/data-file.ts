import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { StoreDamagedError } from './damage.js';

const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
/** LMDB leaves pages at the end unwritten that it took and gave back in one transaction: a file may be a little shorter than it says. */
const UNWRITTEN_PAGES = 256n;

/** One of the two meta pages at the head of an LMDB file (little-endian, 64 bits); undefined where there is none at `offset`. */
function readMeta(file: number, offset: number): { pageBytes: number; pages: bigint; transaction: bigint } | undefined {
  const meta = Buffer.alloc(META_BYTES);
  if (readSync(file, meta, 0, META_BYTES, offset) < META_BYTES || meta.readUInt32LE(24) !== MAGIC) return undefined;
  return { pageBytes: meta.readUInt32LE(48), pages: meta.readBigUInt64LE(144) + 1n, transaction: meta.readBigUInt64LE(152) };
}

/**
 * Looks at an LMDB file before LMDB does: memory that is mapped beyond the end of a file which was cut short kills the process
 * when it is read. A missing file is fine: it will be made.
 * @throws StoreDamagedError that names the file and says what is wrong with it.
 */
export function checkDataFile(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r+');
  try {
    const size = BigInt(fstatSync(file).size);
    if (size === 0n) return;
    const first = readMeta(file, 0);
    const second = first && readMeta(file, first.pageBytes);
    if (first === undefined || second === undefined) {
      throw new StoreDamagedError(`${path} is damaged: it is not an LMDB file, or its head was overwritten; restore it from a backup`);
    }
    // LMDB writes the two in turn, one each commit: were one changed, the other, older one would be believed, and the last commit lost.
    const apart = first.transaction - second.transaction;
    const inTurn = first.transaction % 2n === 0n && (apart === 1n || apart === -1n);
    if (!inTurn && (first.transaction !== 0n || second.transaction !== 0n)) {
      throw new StoreDamagedError(`${path} is damaged: its two heads are of commits ${first.transaction} and ${second.transaction}, which do not follow each other; restore it from a backup`);
    }
    const { pageBytes, pages } = first.transaction > second.transaction ? first : second;
    const stated = pages * BigInt(pageBytes);
    if (size < stated - UNWRITTEN_PAGES * BigInt(pageBytes)) {
      throw new StoreDamagedError(`${path} is damaged: it has ${size} bytes and says that it has ${stated}, so it was cut short; restore it from a backup`);
    }
    // What is left of the last pages reads as zeros then, which LMDB and the checksums refuse.
    if (size < stated) ftruncateSync(file, Number(stated));
  } finally {
    closeSync(file);
  }
}

import { crc32 } from 'node:zlib';
import { GrpcCode, GrpcError } from './grpc-error.js';

/** What is stored is not what was written: clients get DATA_LOSS with the place. */
export const damaged = (what: string): GrpcError => new GrpcError(GrpcCode.dataLoss, `the store is damaged: ${what}`);

/** The store cannot be opened, since its file is not what was written. */
export class StoreDamagedError extends Error {
  override readonly name = 'StoreDamagedError';
}

const CHECKSUM_BYTES = 4;

/** A small value as it is stored: with a checksum of it and its key, so that neither stands for another. */
export function sealValue(key: Buffer, value: Buffer): Buffer {
  const stored = Buffer.allocUnsafe(value.length + CHECKSUM_BYTES);
  value.copy(stored);
  stored.writeUInt32BE(crc32(value, crc32(key)), value.length);
  return stored;
}

/** The value that was sealed under this key; a view. @throws GrpcError DATA_LOSS that names `what` where the checksum does not fit. */
export function openValue(key: Buffer, stored: Buffer, what: string): Buffer {
  const size = stored.length - CHECKSUM_BYTES;
  const value = stored.subarray(0, Math.max(size, 0));
  if (size < 0 || crc32(value, crc32(key)) !== stored.readUInt32BE(size)) throw damaged(`${what}: its checksum does not fit`);
  return value;
}

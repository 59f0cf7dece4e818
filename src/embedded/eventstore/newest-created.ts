import { skipFrames } from './block.js';
import { readEventHead } from './event-frame.js';
import { GrpcCode, GrpcError } from './grpc-error.js';
import type { EventStorage } from './storage.js';

/** When the newest stored event was created, in milliseconds since 1970; 0 where there is none. */
export function newestCreatedMs(storage: EventStorage): number {
  try {
    const block = storage.block(storage.head().lastBlock);
    return block === undefined ? 0 : readEventHead(block.frames, skipFrames(block.frames, 0, block.count - 1)).createdMs;
  } catch (error) {
    // What is whole of a damaged store is still served; when its newest events were created, nobody can know.
    if (error instanceof GrpcError && error.code === GrpcCode.dataLoss) return 0;
    throw error;
  }
}

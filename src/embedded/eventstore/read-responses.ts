import { randomUUID } from 'node:crypto';
import { writePosition, writeStreamIdentifier } from './messages.js';
import { ProtobufWriter, grpcFrame } from './protobuf.js';

// The members of `ReadResp` other than events, framed.

export const subscriptionConfirmation = (): Buffer =>
  grpcFrame(new ProtobufWriter().message(2, (confirmation) => confirmation.string(1, randomUUID())).finish());

export const checkpointReached = (position: bigint): Buffer =>
  grpcFrame(new ProtobufWriter().message(3, (checkpoint) => writePosition(checkpoint, position)).finish());

export const streamNotFound = (stream: string): Buffer =>
  grpcFrame(new ProtobufWriter().message(4, (notFound) => writeStreamIdentifier(notFound, 1, stream)).finish());

export const firstStreamPosition = (revision: bigint): Buffer => grpcFrame(new ProtobufWriter().uint64(5, revision).finish());

export const lastStreamPosition = (revision: bigint): Buffer => grpcFrame(new ProtobufWriter().uint64(6, revision).finish());

export const CAUGHT_UP = grpcFrame(new ProtobufWriter().empty(8).finish());

export const FELL_BEHIND = grpcFrame(new ProtobufWriter().empty(9).finish());

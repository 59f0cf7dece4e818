import { randomUUID } from 'node:crypto';
import type { GrpcMethod } from './grpc-server.js';
import { ProtobufWriter, grpcFrame } from './protobuf.js';
import { unary } from './streams-service.js';

/** The version that the server says it is: whose answers it gives. */
const SERVER_VERSION = '23.10.6';

/** What clients ask for before they choose how to append: a method is known by its name in lower case. */
const SUPPORTED_METHODS: readonly (readonly [service: string, method: string, features: readonly string[]])[] = [
  ['event_store.client.streams.streams', 'read', ['position', 'events']],
  ['event_store.client.streams.streams', 'append', []],
  ['event_store.client.streams.streams', 'delete', []],
  ['event_store.client.streams.streams', 'tombstone', []],
  ['event_store.client.streams.streams', 'batchappend', ['deadline_duration']],
  ['event_store.client.gossip.gossip', 'read', []],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods', []],
];

function supportedMethods(): Buffer {
  const answer = new ProtobufWriter();
  for (const [service, method, features] of SUPPORTED_METHODS) {
    answer.message(1, (supported) => {
      supported.string(1, method).string(2, service);
      for (const feature of features) supported.string(3, feature);
    });
  }
  return answer.string(2, SERVER_VERSION).finish();
}

/** `event_store.client.server_features.ServerFeatures`. */
export const serverFeaturesService: Readonly<Record<string, GrpcMethod>> = {
  GetSupportedMethods: (call) =>
    unary(call, () => {
      call.send(grpcFrame(supportedMethods()));
      call.end();
    }),
};

const STATE_LEADER = 8;

/** A host and port as clients can reach them, from the address that the client itself called. */
function calledAddress(authority: string | undefined, port: number): { host: string; port: number } {
  const url = authority !== undefined && URL.canParse(`http://${authority}`) ? new URL(`http://${authority}`) : undefined;
  const host = url?.hostname ?? '127.0.0.1';
  return { host, port: url === undefined || url.port === '' ? port : Number(url.port) };
}

/** `event_store.client.gossip.Gossip`: a cluster of this one node, its leader, for `esdb+discover://`. */
export function gossipService(port: () => number): Readonly<Record<string, GrpcMethod>> {
  const instanceId = randomUUID();
  return {
    Read: (call, headers) =>
      unary(call, () => {
        const address = calledAddress(headers[':authority'], port());
        const answer = new ProtobufWriter().message(1, (member) =>
          member
            .message(1, (id) => id.string(2, instanceId))
            .uint64(2, BigInt(Date.now()) * 10_000n)
            .uint32(3, STATE_LEADER)
            .uint32(4, 1)
            .message(5, (endpoint) => endpoint.string(1, address.host).uint32(2, address.port)),
        );
        call.send(grpcFrame(answer.finish()));
        call.end();
      }),
  };
}

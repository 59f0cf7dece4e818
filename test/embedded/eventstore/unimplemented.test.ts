import { Client, type ServiceError, credentials, status } from '@grpc/grpc-js';
import monitoring from '@eventstore/db-client/generated/monitoring_grpc_pb.js';
import operations from '@eventstore/db-client/generated/operations_grpc_pb.js';
import persistent from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import projections from '@eventstore/db-client/generated/projections_grpc_pb.js';
import users from '@eventstore/db-client/generated/users_grpc_pb.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';

interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const services: Readonly<Record<string, Readonly<Record<string, Method>>>> = {
  Users: { ...users.UsersService },
  Operations: { ...operations.OperationsService },
  Monitoring: { ...monitoring.MonitoringService },
  PersistentSubscriptions: { ...persistent.PersistentSubscriptionsService },
  Projections: { ...projections.ProjectionsService },
};
const served = Object.entries(services).flatMap(([service, methods]) => Object.values(methods).map((method) => [service, method.path, method] as const));

/** The four kinds of call to services that there are nowhere. */
const unheard = ['/no.Such/Method', '/event_store.client.streams.Streams/Unheard', '/event_store.client.users.Users/'].flatMap((path) =>
  [false, true].flatMap((requestStream) => [false, true].map((responseStream) => ({ path, requestStream, responseStream }))),
);

const ANSWER_MS = 1_000;
const asIs = (bytes: Buffer): Buffer => bytes;

/** Calls it as a client does that has its definition: a request that is a stream stays open. Answers the error; undefined where there is none. */
async function callAs(client: Client, { path, requestStream, responseStream }: Method): Promise<ServiceError | undefined> {
  const options = { deadline: Date.now() + ANSWER_MS };
  const request = Buffer.alloc(0);
  return new Promise((resolve) => {
    const answered = (error: ServiceError | null): void => resolve(error ?? undefined);
    if (!responseStream) {
      if (requestStream) client.makeClientStreamRequest(path, asIs, asIs, options, answered).write(request);
      else client.makeUnaryRequest(path, asIs, asIs, request, options, answered);
      return;
    }
    const bidi = requestStream ? client.makeBidiStreamRequest(path, asIs, asIs, options) : undefined;
    const call = bidi ?? client.makeServerStreamRequest(path, asIs, asIs, request, options);
    call.on('error', answered).on('end', () => answered(null)).resume();
    bidi?.write(request);
  });
}

describe('services that are not served', () => {
  let store: TestEventStore;
  let client: Client;

  beforeAll(async () => {
    store = await startTestEventStore();
    client = new Client(`127.0.0.1:${store.port}`, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    await store.stop();
  });

  it('given the stubs of the client, when they are counted, then there are unary and streaming calls among them', () => {
    expect(served.filter(([, , method]) => !method.responseStream).length).toBeGreaterThan(20);
    expect(served.filter(([, , method]) => method.responseStream).length).toBeGreaterThan(3);
    expect(served.some(([, , method]) => method.requestStream)).toBe(true);
  });

  it.each(served)('given the service %s, when %s is called, then it is unimplemented by its name, within a second', async (_, path, method) => {
    expect(await callAs(client, method)).toMatchObject({ code: status.UNIMPLEMENTED, details: `${path} is unimplemented.` });
  });

  it.each(unheard)('given $path, which there is not, when it is called (request a stream: $requestStream, answer a stream: $responseStream), then the answer is the same', async (method) => {
    expect(await callAs(client, method)).toMatchObject({ code: status.UNIMPLEMENTED, details: `${method.path} is unimplemented.` });
  });

  it('given many such calls at once on one connection, when they are answered, then the streams are still served', async () => {
    const answers = await Promise.all(served.flatMap(([, , method]) => [callAs(client, method), callAs(client, method), callAs(client, method)]));
    expect(new Set(answers.map((error) => error?.code))).toEqual(new Set([status.UNIMPLEMENTED]));
    expect(await callAs(client, { path: '/event_store.client.gossip.Gossip/Read', requestStream: false, responseStream: false })).toBeUndefined();
  });
});

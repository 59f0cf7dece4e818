import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playScenario } from '../../support/conformance/play.js';
import { type Scenario, loadScenarios } from '../../support/conformance/scenario.js';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';

const recorded = path.resolve(import.meta.dirname, '../../fixtures/conformance/recorded');
/** Most scenarios wait for a silence most of the time. */
const AT_ONCE = 32;
const SHOWN_DIFFERENCES = 5;

interface Difference {
  readonly scenario: Scenario;
  readonly got: unknown;
}

/** Plays scenarios, several at once, and answers those whose answers differ from the recorded ones. */
async function differing(client: EventStoreDBClient, scenarios: readonly Scenario[], atOnce: number): Promise<Difference[]> {
  const queue = scenarios.values();
  const different: Difference[] = [];
  const worker = async (): Promise<void> => {
    for (const scenario of queue) {
      const got = await playScenario(client, scenario);
      if (!isDeepStrictEqual(got, scenario.expect)) different.push({ scenario, got });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return different;
}

/** On a machine that has much else to do, a subscription is silent for longer than it was for the recording: such a play is played alone again. */
async function differingAlso(client: EventStoreDBClient, different: readonly Difference[]): Promise<Difference[]> {
  return differing(client, different.map(({ scenario }) => scenario), 1);
}

describe('an event store answers as EventStoreDB 23.10 did', () => {
  // Any server can be put to the test: the one in production too.
  const endpoint = process.env['TEST_EVENTSTORE_URL'];
  let store: TestEventStore | undefined;
  let client: EventStoreDBClient;

  beforeAll(async () => {
    if (endpoint === undefined) store = await startTestEventStore();
    client = EventStoreDBClient.connectionString(endpoint ?? store?.url ?? '');
  });

  afterAll(async () => {
    await store?.stop();
    // The client waits for the end of streams that may have ended before (6.2.1): nothing is left that could keep the process.
    void client.dispose();
  });

  it.each(readdirSync(recorded))('given the scenarios of %s, when they are played, then no answer differs', async (file) => {
    const scenarios = loadScenarios(path.join(recorded, file));
    expect(scenarios.length).toBeGreaterThan(30);
    const different = await differing(client, scenarios, AT_ONCE);
    const still = await differingAlso(client, different);
    expect(still.slice(0, SHOWN_DIFFERENCES)).toEqual([]);
  }, 240_000);
});

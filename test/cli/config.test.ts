import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, requireProtectedApi } from '../../src/config.js';

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('given nothing, names the embedded stores on a loopback address', () => {
    expect(loadConfig({})).toMatchObject({ eventStoreUrl: undefined, databaseUrl: undefined, redisUrl: undefined, dataDir: path.resolve('.fillbook'), host: '127.0.0.1', port: 4000, tenantId: 'default' });
  });

  it('given an empty variable, takes the default', () => {
    expect(loadConfig({ DATABASE_URL: '', FILLBOOK_PORT: '' })).toMatchObject({ databaseUrl: undefined, port: 4000 });
  });

  it('given a flag and a variable, takes the flag', () => {
    expect(loadConfig({ FILLBOOK_PORT: '5000', FILLBOOK_DATA: 'a' }, { port: '0', data: 'b' })).toMatchObject({ port: 0, dataDir: path.resolve('b') });
  });

  it('given several faults, names each of them, by its flag where the flag was used', () => {
    const problems = problemsOf(() => loadConfig({ EVENTSTORE_URL: 'http://x', DATABASE_URL: 'mysql://x', FILLBOOK_LOG_LEVEL: 'loud' }, { port: '70000' }));
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(/EVENTSTORE_URL: must begin with esdb:\/\//u);
    expect(problems.join('\n')).toMatch(/DATABASE_URL: must begin with postgres:\/\//u);
    expect(problems.join('\n')).toMatch(/FILLBOOK_LOG_LEVEL: /u);
    expect(problems).toContain('--port: must be a port, a whole number from 0 to 65535, is "70000"');
  });

  it.each([
    ['production', { NODE_ENV: 'production' }],
    ['an address beyond this machine', { FILLBOOK_HOST: '0.0.0.0' }],
  ])('given %s without a secret, does not serve', (_name, env) => {
    expect(problemsOf(() => requireProtectedApi(loadConfig(env)))).toHaveLength(1);
    expect(problemsOf(() => requireProtectedApi(loadConfig({ ...env, FILLBOOK_JWT_SECRET: 's'.repeat(32) })))).toEqual([]);
  });

  it('given a secret that can be guessed, refuses it', () => {
    expect(problemsOf(() => loadConfig({ FILLBOOK_JWT_SECRET: 'short' }))).toEqual(['FILLBOOK_JWT_SECRET: must be at least 32 characters']);
  });
});

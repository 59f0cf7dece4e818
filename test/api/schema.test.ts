import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../src/api/viewer.js';
import { printedSchema } from '../../src/api/schema.js';
import { tokenOf, SECRET } from './api.js';

describe('the schema', () => {
  it('is the one that is committed: whoever changes it prints it anew', () => {
    const committed = readFileSync(path.resolve(import.meta.dirname, '../../src/api/schema.graphql'), 'utf8');
    expect(printedSchema()).toBe(committed);
  });
});

describe('a viewer', () => {
  const authenticate = createAuthenticator({ mode: 'token', secret: SECRET });
  const viewerOf = async (token: string) => authenticate(`Bearer ${token}`);
  const refusal = async (authorization: string | undefined): Promise<unknown> => {
    try {
      return await authenticate(authorization);
    } catch (error) {
      if (error instanceof GraphQLError) return [error.extensions['code'], error.message];
      throw error;
    }
  };

  it('is what its token says', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 60;
    expect(await viewerOf(await tokenOf({ sub: 'desk', tenant: 'acme', accounts: ['a', 'b'], exp }))).toEqual({ tenantId: 'acme', accountIds: ['a', 'b'], actor: 'desk', expiresAtMs: exp * 1_000 });
    expect(await viewerOf(await tokenOf({ accounts: 'all' }))).toMatchObject({ accountIds: 'all' });
  });

  it('is refused without a token that is good', async () => {
    const code = 'UNAUTHENTICATED';
    expect(await refusal(undefined)).toEqual([code, expect.stringContaining('send a token')]);
    expect(await refusal('Basic abc')).toEqual([code, expect.stringContaining('send a token')]);
    expect(await refusal('Bearer not.a.token')).toEqual([code, 'the token is not valid']);
    expect(await refusal(`Bearer ${await tokenOf({}, 'another-secret-that-is-long-enough-too')}`)).toEqual([code, 'the token is not valid']);
    expect(await refusal(`Bearer ${await tokenOf({ exp: 1_000 })}`)).toEqual([code, 'the token has expired']);
    for (const exp of [0, 1e300]) expect(await refusal(`Bearer ${await tokenOf({ exp })}`)).toEqual([code, expect.stringMatching(/^the token(?:'s exp is missing or not usable| has expired)$/u)]);
    expect(await refusal(`Bearer ${await tokenOf({ exp: undefined })}`)).toEqual([code, "the token's exp is missing or not usable"]);
    expect(await refusal(`Bearer ${await tokenOf({ accounts: [] })}`)).toEqual([code, "the token's accounts is missing or not usable"]);
    expect(await refusal(`Bearer ${await tokenOf({ tenant: undefined })}`)).toEqual([code, "the token's tenant is missing or not usable"]);
  });

  it('cannot be made up by a token without a signature', async () => {
    const [header, payload] = [{ alg: 'none' }, { sub: 'bot', tenant: 'default', accounts: 'all' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    expect(await refusal(`Bearer ${header}.${payload}.`)).toEqual(['UNAUTHENTICATED', 'the token is not valid']);
  });

  it('needs a secret that cannot be guessed', () => {
    expect(() => createAuthenticator({ mode: 'token', secret: 'short' })).toThrow(RangeError);
  });
});

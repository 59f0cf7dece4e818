import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../src/ingest/secrets.js';

describe('a line that is kept as it came', () => {
  it.each([
    ['8=FIX.4.4|35=A|553=joe|554=hunter2|10=1|', '8=FIX.4.4|35=A|553=***|554=***|10=1|'],
    ['35=A\u0001554=hunter2\u000110=1', '35=A\u0001554=***\u000110=1'],
    ['554=hunter2;925=next;1554=5;', '554=***;925=***;1554=5;'],
    ['35=A^A554=hunter2^A10=1', '35=A^A554=***^A10=1'],
    ['{"auth-token": "abc\\"d", "qty": "1"}', '{"auth-token": "***", "qty": "1"}'],
    ['{"api_key":"k","secretKey":"s","symbol":"KEY"}', '{"api_key":"***","secretKey":"***","symbol":"KEY"}'],
    ['<Login password="p&quot;q" user="u"/>', '<Login password="***" user="u"/>'],
    ['{"token":"cut off in the mid', '{"token":"***"'],
  ])('%j has no credentials', (line, kept) => {
    expect(withoutSecrets(line)).toBe(kept);
  });
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would take the package's ES module, and everything else takes its CommonJS: two GraphQLErrors that are no instances of each other.
  resolve: { alias: [{ find: /^graphql$/u, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // A busy machine is slow: these end a test that hangs, and say nothing of speed.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Two workers on two cores: each test file has a database and streams of its own.
    pool: 'forks',
    maxWorkers: 2,
  },
});

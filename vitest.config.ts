import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

/** Tests of functions alone. They start nothing and change nothing of their process, so files share one. */
const pure = ['domain', 'config', 'cli', 'metrics', 'monitoring'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // What is polled for comes at last, however busy the machine is.
    expect: { poll: { timeout: 120_000, interval: 50 } },
    // A second try where nobody watches; `npm test` names every test that needed it, for it is a bug to be found.
    retry: process.env.CI ? 1 : 0,
    pool: 'forks',
    // More than two cores keep busy: most files wait now and then, for a retry, a heartbeat or a disk.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'servers',
          include: ['test/**/*.test.ts'],
          exclude: pure,
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
    ],
  },
});

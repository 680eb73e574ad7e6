/** For a condition that is waited for: never what a test measures, and enough where everything takes many times as long. */
export const patience = { timeout: 120_000, interval: 50 };

/** For one that only a command can tell: each look is a process, which keeps a core busy for some tenths of a second. */
export const patienceWithCommands = { ...patience, interval: 500 };

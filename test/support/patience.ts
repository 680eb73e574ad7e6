/** For a condition that is waited for: never what a test measures, and enough where everything takes many times as long. */
export const patience = { timeout: 120_000, interval: 50 };

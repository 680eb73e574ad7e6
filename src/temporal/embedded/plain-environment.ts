/** For the supervisor and the server: no secret, and none of Temporal's client settings. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, TZ } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, TZ }).filter(([, value]) => value !== undefined),
  );
}

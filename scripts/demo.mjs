// `npm run demo`: the main job on a sample database, with everything it needs started here and stopped at the end.
import { setUp } from './setup.mjs';

try {
  await setUp();
  const { runDemo } = await import('./demo/run.mjs');
  await runDemo({ keep: process.argv.includes('--keep') });
} catch (error) {
  console.error(`\ndemo: ${error.message}`);
  process.exitCode = 1;
}
process.exit();

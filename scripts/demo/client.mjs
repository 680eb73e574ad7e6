// A client of the demo's database, in a process of its own: asks all the while, with a new connection each time, and
// measures how long it got no answer. Told to stop, it prints what it saw as JSON.
import pg from 'pg';

const [database] = process.argv.slice(2);
const pauseMs = 5;
const seen = { queries: 0, refusals: 0, longestPauseMs: 0 };
let lastAnswerAt = performance.now();
let isOn = true;
process.once('SIGTERM', () => {
  isOn = false;
});

async function ask() {
  const client = new pg.Client({ host: process.env.PGHOST, user: process.env.PGUSER, database });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT owner FROM accounts WHERE id = 4711');
    seen.queries += 1;
    seen.longestPauseMs = Math.max(seen.longestPauseMs, performance.now() - lastAnswerAt);
    lastAnswerAt = performance.now();
  } catch {
    seen.refusals += 1;
  } finally {
    await client.end().catch(() => undefined);
  }
}

while (isOn) {
  await ask();
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
console.log(JSON.stringify(seen));

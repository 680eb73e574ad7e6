import { sleep } from '@temporalio/workflow';

/** Something for a clock to skip. */
export async function nap(): Promise<string> {
  await sleep('1 hour');
  return 'awake';
}

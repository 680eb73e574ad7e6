import { describeRepository } from './conformance.js';
import { scratchRepository } from './support/scratch.js';

describeRepository('local', async () => (await scratchRepository()).repository);

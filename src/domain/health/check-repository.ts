import type { HealthFacts } from './facts.js';
import type { Finding } from './finding.js';
import { ofCluster } from './unjudged.js';

/** Whether the repository is there, and the one that was there before. */
export function checkRepository(facts: HealthFacts): Finding {
  const { path, state, why, remedy } = facts.repository;
  const finding = ofCluster('repository', facts, 'the folder is there, and the same as before');
  if (state === 'present') return { ...finding, state: 'ok', message: `${path} is there` };
  return { ...finding, state: 'critical', message: `${path}: ${why}`, remedy };
}

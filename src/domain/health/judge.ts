import { checkAge } from './check-age.js';
import { checkClusterCount, checkCount } from './check-count.js';
import { checkClusterIntegrity, checkDatabaseIntegrity } from './check-integrity.js';
import { checkRepository } from './check-repository.js';
import { checkSize } from './check-size.js';
import { checkSpace } from './check-space.js';
import { checkWal } from './check-wal.js';
import type { HealthFacts } from './facts.js';
import type { CheckName, Finding } from './finding.js';

const ofCluster = [checkRepository, checkClusterIntegrity, checkSpace, checkClusterCount, checkWal];
const ofDatabases = [checkAge, checkDatabaseIntegrity, checkSize, checkCount];

/** What every check says of these facts; those of the whole cluster with the first page of its databases. */
export function judge(facts: HealthFacts): Finding[] {
  const findings = [
    ...(facts.isFirstPage ? ofCluster.map((check) => check(facts)) : []),
    ...facts.databases.flatMap((database) => ofDatabases.map((check) => check(facts, database))),
  ];
  return facts.repository.state === 'present' ? findings : findings.map(unknownWithout);
}

/** Without the repository, what is in it is not known: neither good nor bad. */
function unknownWithout(finding: Finding): Finding {
  const told: CheckName[] = ['repository'];
  if (told.includes(finding.check)) return finding;
  const { check, cluster, database, threshold } = finding;
  const message = 'not known: the repository is not there';
  return { check, cluster, database, threshold, state: 'not applicable', message, remedy: '', metrics: {} };
}

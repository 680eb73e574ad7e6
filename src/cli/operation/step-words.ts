/** What each step of a backup is called while a person waits for it. */
export const backupWords: Record<string, string> = {
  inspectDatabase: 'inspecting',
  checkSpace: 'checking free space',
  dumpDatabase: 'dumping',
  dumpGlobals: 'saving roles and tablespaces',
  checksumArtifact: 'verifying',
  publishBackup: 'publishing',
  expireBackups: 'applying retention',
  discoverDatabases: 'listing databases',
};

/** The same of a WAL cycle. */
export const walWords: Record<string, string> = {
  inspectArchiving: 'inspecting',
  switchSegment: 'completing the last segment',
  awaitArchived: 'awaiting the last segment',
  verifyArchive: 'verifying the archive',
  compressArchive: 'compressing segments',
  takeBaseBackup: 'taking a base backup',
  expireArchive: 'applying retention',
};

/** Of streaming. */
export const streamWords: Record<string, string> = {
  prepareStream: 'preparing the replication slot',
  streamWal: 'streaming',
};

/** Of a look of monitoring. */
export const monitorWords: Record<string, string> = {
  gatherHealth: 'looking',
  rereadBackups: 're-reading backups',
  deliverAlerts: 'delivering alerts',
};

/** Of a restore or recovery. */
export const decidableWords: Record<string, string> = {
  resolveBackup: 'finding the backup',
  verifyArtifact: 'verifying the backup',
  inspectTarget: 'inspecting the target',
  createMissingRoles: 'creating roles',
  createStagingDatabase: 'creating the staging database',
  loadBackup: 'loading',
  proveStaging: 'counting every row',
  sealStagingDatabase: 'closing the staging database',
  gatherEvidence: 'gathering evidence',
  gatherInPlaceEvidence: 'gathering evidence',
  dropTarget: 'dropping the target',
  recheckArtifact: 're-checking',
  swapDatabases: 'swapping',
  writeSummary: 'writing the summary',
  resolveRecovery: 'looking for what to recover from',
  extractBaseBackup: 'unpacking the base backup',
  recoverCluster: 'replaying',
  proveRecovered: 'looking into the databases',
  gatherRecoveryEvidence: 'gathering evidence',
  exchangeFolders: 'exchanging the folders',
};

/** Of a drill. */
export const drillWords: Record<string, string> = {
  clearDrills: 'looking for what is left of earlier drills',
  planDrill: 'listing backups',
  resolveBackup: 'finding the backup',
  verifyArtifact: 'reading the backup',
  inspectScratch: 'looking at the server',
  createMissingRoles: 'creating roles',
  createStagingDatabase: 'creating the scratch database',
  loadBackup: 'loading',
  proveStaging: 'counting rows',
  gatherEvidence: 'comparing',
  dropScratch: 'dropping the scratch database',
  placeDrill: 'looking for room',
  resolveRecovery: 'planning the recovery',
  extractBaseBackup: 'unpacking the base backup',
  recoverCluster: 'replaying WAL',
  proveRecovered: 'looking into what was recovered',
  releaseBase: 'removing what was recovered',
  removeDrillFolder: 'removing the drill’s folder',
};

/** Every step that has words: those that a drill has in common with a restore have the restore's. */
export const stepWords: Record<string, string> = {
  ...backupWords,
  ...walWords,
  ...streamWords,
  ...monitorWords,
  ...drillWords,
  ...decidableWords,
};

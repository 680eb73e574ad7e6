import * as z from 'zod';
import { optional, text, whole, yesOrNo } from './parts.js';

const patterns = z
  .array(text('a name, or a pattern with * and ?'), { error: 'a list of names, or of patterns with * and ?' })
  .min(1, { error: 'at least one name or pattern' });

const drillSettings = {
  enabled: yesOrNo.describe('Whether backups are drilled by `drill --all` and its schedule. Default: true.'),
  on: text('the name of a cluster').describe(
    'Cluster on whose server databases are restored for the drill. Default: the one they were backed up from.',
  ),
};

/** How restores are drilled: for all clusters, or one. */
export const drill = optional({
  ...drillSettings,
  globals: yesOrNo.describe(
    'Whether roles that the server of the drill lacks are created from the backup; they stay. Default: false.',
  ),
  pointInTime: yesOrNo.describe(
    'Whether a point in time is recovered too, where there are a base backup and WAL. Default: true.',
  ),
  folder: text('a path').describe(
    'Folder for what is recovered meanwhile. Default: `incremental/.drill` in the repository.',
  ),
}).describe('Restore drills: backups restored to prove that they can be.');

/** The same of one database. */
export const databaseDrill = optional(drillSettings).describe('Restore drills of this database.');

/** What `backup --all` takes. */
export const backups = optional({
  include: patterns.describe(
    'Databases that `backup --all` takes, * and ? standing for anything. Default: all.',
  ),
  exclude: patterns.describe('Databases that `backup --all` leaves out, of those. Default: none.'),
  parallel: whole(1, 1_000).describe('Databases of the cluster backed up at a time. Default: 2.'),
}).describe('What `backup --all` and its schedule do.');

export const parallelPerHost = whole(1, 1_000).describe(
  'Dumps at a time of all clusters together on a host. Default: its processors, at least 2.',
);

export type DrillFileSettings = z.infer<typeof drill>;
export type BackupsFileSettings = z.infer<typeof backups>;

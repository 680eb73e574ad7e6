import * as z from 'zod';
import { databaseDrill } from './fleet.js';
import { optional, section, text, whole, yesOrNo } from './parts.js';
import { databaseSchedules } from './schedules.js';

const names = z.array(text('a name'), { error: 'a list of names' }).min(1, { error: 'at least one name' });

/** Who must agree before a restore replaces a database: for all of them, a cluster's, or one by its name. */
export const approval = optional({
  protected: yesOrNo.describe(
    'Needs an approver other than the requester, and a reason; refuses --yes. Default: false.',
  ),
  approvers: whole(1, 10).describe('Different people who must approve. Default: 1.'),
  requesterMayApprove: yesOrNo.describe(
    'Whether an approval of the requester counts; never where the target is protected. Default: true.',
  ),
  inPlace: yesOrNo.describe(
    'Whether --in-place may drop the target before the backup is loaded. Default: true, false where it is protected.',
  ),
  allowedApprovers: names.describe('Names that may decide. Default: anybody.'),
  deadlineMinutes: whole(1, 43_200).describe(
    'Minutes to decide in, after which the restore ends as rejected. Default: 1440.',
  ),
  reminderMinutes: whole(10, 43_200).describe(
    'Minutes after which people are reminded, again and again. Default: half of the time to decide in.',
  ),
}).describe('Who must agree before a restore replaces a database.');

export type ApprovalFileSettings = z.infer<typeof approval>;

const expected = z
  .union([z.string(), z.int(), z.boolean(), z.null()], {
    error: 'a text, a whole number, true, false, or null; any other number in quotes',
  })
  .transform((value) => (value === null ? null : String(value)));

/** Questions to a restored database. */
export const assertions = z
  .array(
    section({
      name: text('a name'),
      sql: z
        .string({ error: 'one SELECT, VALUES, TABLE or WITH' })
        .regex(/^\s*(select|values|table|with)\b/i, { error: 'one SELECT, VALUES, TABLE or WITH' })
        .describe('One query that only reads. Its answer is the first column of the first row.'),
      expected: expected.optional().describe('The answer it must give, as text. Default: true.'),
      timeoutSeconds: whole(1, 86_400)
        .optional()
        .describe('Seconds the server may take to answer. Default: 600.'),
    }),
    { error: 'a list of assertions' },
  )
  .describe('What must hold in every restored copy, asked in a read-only transaction before it is approved.');

export type AssertionFileSettings = z.infer<typeof assertions>[number];

const databaseName = z.string().regex(/^[^\0]+$/);

/** What holds for one database by its name. */
export const databases = z
  .record(
    databaseName,
    optional({ approval, assertions, drill: databaseDrill, schedules: databaseSchedules }),
    {
      error: 'a map of databases by name',
    },
  )
  .describe(
    "Databases by name, where one is restored, drilled or scheduled otherwise than the cluster's others.",
  );

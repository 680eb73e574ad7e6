import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { approvalPolicyOf } from '../../src/config/restoring.js';
import { configJsonSchema } from '../../src/config/schema/file.js';
import { renderConfig } from '../../src/config/show.js';
import type { ApprovalPolicy } from '../../src/domain/approval/policy.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
let yamlPath: string;
beforeEach(async () => {
  folder = await createWorkingFolder();
  yamlPath = join(folder.path, 'holdfast.yaml');
});
afterEach(() => folder.remove());

const yaml = (...lines: string[]) => folder.write('holdfast.yaml', `${lines.join('\n')}\n`);

async function policyOf(database: string, cluster = 'shop'): Promise<ApprovalPolicy> {
  const found = (await folder.load()).clusters[cluster];
  if (!found) throw new Error(`there is no cluster ${cluster}`);
  return approvalPolicyOf(found, database);
}

test('a database’s policy stands over its cluster’s, and that over the defaults, key by key', async () => {
  await yaml(
    'defaults: {approval: {approvers: 2, deadlineMinutes: 60}}',
    'clusters:',
    '  shop:',
    '    approval: {protected: true}',
    '    databases:',
    '      my.db: {approval: {approvers: 3, reminderMinutes: 10}}',
    '      scratch: {approval: {protected: false, requesterMayApprove: true, inPlace: false}}',
    '  other: {}',
  );
  const shared = {
    inPlace: false,
    protected: true,
    approvers: 2,
    requesterMayApprove: false,
    deadlineMinutes: 60,
  };
  expect(await policyOf('any')).toEqual({ ...shared, reminderMinutes: 30 });
  expect(await policyOf('my.db')).toEqual({ ...shared, approvers: 3, reminderMinutes: 10 });
  expect(await policyOf('scratch')).toMatchObject({ protected: false, inPlace: false });
  expect(await policyOf('constructor')).toMatchObject({ approvers: 2 });
  expect(await policyOf('any', 'other')).toMatchObject({ protected: false, approvers: 2 });
});

test('protected stands over a general word that the requester may approve', async () => {
  await yaml(
    'defaults: {approval: {requesterMayApprove: true}}',
    'clusters: {shop: {approval: {protected: true}}}',
  );
  expect(await policyOf('any')).toMatchObject({ protected: true, requesterMayApprove: false });
});

test('whatever is wrong in a policy is listed at once, with its line', async () => {
  await yaml(
    'defaults: {approval: {aprovers: 1}}',
    'clusters:',
    '  shop:',
    '    approval: {protected: "yes", approvers: 0, deadlineMinutes: 1.5}',
    '    databases:',
    '      a: {approval: {protected: true, requesterMayApprove: true}}',
    '      b: {approval: {approvers: 3, allowedApprovers: [ann, bob, BOB]}}',
    '      c: {approval: {allowedApprovers: [1]}}',
    '      "": {}',
  );
  const at = (line: number) => `read from ${yamlPath}:${line}`;
  const known =
    'protected, approvers, requesterMayApprove, inPlace, allowedApprovers, deadlineMinutes, reminderMinutes';
  const below = 'clusters.shop.databases';
  expect((await folder.problems()).sort()).toEqual(
    [
      `defaults.approval.aprovers: unknown key, did you mean approvers?; had 1; allowed: ${known}; ${at(1)}`,
      `clusters.shop.approval.protected: had "yes"; allowed: true or false; ${at(4)}`,
      `clusters.shop.approval.approvers: had 0; allowed: a whole number from 1 to 10; ${at(4)}`,
      `clusters.shop.approval.deadlineMinutes: had 1.5; allowed: a whole number from 1 to 43200; ${at(4)}`,
      `${below}.a.approval.requesterMayApprove: had true; allowed: false, or left out, where protected is true; ${at(6)}`,
      `${below}.b.approval.approvers: had 3; allowed: no more than the 2 allowedApprovers; ${at(7)}`,
      `${below}.c.approval.allowedApprovers.0: had 1; allowed: a name; ${at(8)}`,
      `${below}.: no name for a database; had a map; allowed: one that is not empty; ${at(9)}`,
    ].sort(),
  );
});

test('policies are shown with where each was read, and stand in the JSON Schema', async () => {
  await yaml(
    'clusters:',
    '  shop:',
    '    databases:',
    '      my.db: {approval: {protected: true,',
    '        allowedApprovers: [ann]}}',
  );
  const shown = renderConfig(await folder.load());
  expect(shown).toContain(`          protected: true # ${yamlPath}:4`);
  expect(shown).toContain('          requesterMayApprove: false # default');
  expect(shown).toContain(`            - ann # ${yamlPath}:5`);
  const cluster = configJsonSchema().properties?.clusters?.additionalProperties;
  const databases = typeof cluster === 'object' ? cluster.properties?.databases : undefined;
  const database = databases?.additionalProperties;
  const policy = typeof database === 'object' ? database.properties?.approval : undefined;
  expect(policy?.properties?.protected).toMatchObject({ type: 'boolean' });
  expect(policy?.additionalProperties).toBe(false);
});

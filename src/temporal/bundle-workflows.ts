import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowBundlePath } from './workflow-bundle.js';

/** Run by the build: workflows bundled once, so that no worker spends seconds on it at its start. */
const workflowsFile = (name: string) => fileURLToPath(new URL(`../../workflows/${name}.js`, import.meta.url));
const { code } = await bundleWorkflowCode({
  logger: new DefaultLogger('WARN'),
  workflowsPath: workflowsFile('index'),
  workflowInterceptorModules: [workflowsFile('operation-ends')],
});
await writeFile(workflowBundlePath, code);

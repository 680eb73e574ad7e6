import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** The prebuilt workflow bundle in the build's folder, also when this module runs from its source. */
export const workflowBundlePath = fileURLToPath(
  new URL(root.pathname.endsWith('/dist/') ? 'workflow-bundle.js' : 'dist/workflow-bundle.js', root),
);

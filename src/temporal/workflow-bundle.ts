import { packagePath } from '../package-root.js';

/** The prebuilt workflow bundle in the build's folder, also when this module runs from its source. */
export const workflowBundlePath = packagePath('dist/workflow-bundle.js');

import { DefaultLogger, Runtime } from '@temporalio/worker';

// What workers say of their own coming and going would bury what tests say.
Runtime.install({ logger: new DefaultLogger('ERROR') });

// Makes docs/configuration.md from the schema of the settings, as the last build has it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationReference } from '../dist/src/config/reference.js';

writeFileSync(fileURLToPath(new URL('../docs/configuration.md', import.meta.url)), configurationReference());

// Loads the packages that test/libraries/package.json lists.
import { createRequire } from 'node:module';

export const library = createRequire(new URL('../../../node_modules/.cache/seccomp-libraries/', import.meta.url));

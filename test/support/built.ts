/** The files of the built package that tests load and run. */
import { fileURLToPath } from 'node:url';

/** The URL of the package's entry. */
export const dist = new URL('../../dist/index.js', import.meta.url).href;

/** The path of the command's program. */
export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

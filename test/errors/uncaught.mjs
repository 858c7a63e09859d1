/** Makes one of the wrong calls. Does not catch its error. */
import { calls } from './calls.mjs';

await calls[process.argv[2]]();

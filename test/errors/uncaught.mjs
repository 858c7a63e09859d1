/** Makes one of the wrong calls and catches nothing. */
import { calls } from './calls.mjs';

await calls[process.argv[2]]();

// Prints what the descriptors in its arguments are.
import { readlinkSync } from 'node:fs';

for (const fd of process.argv.slice(2)) console.log(fd, readlinkSync(`/proc/self/fd/${fd}`));

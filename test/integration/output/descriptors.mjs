// Prints the targets of the descriptors whose numbers are its arguments.
import { readlinkSync } from 'node:fs';

for (const fd of process.argv.slice(2)) console.log(fd, readlinkSync(`/proc/self/fd/${fd}`));

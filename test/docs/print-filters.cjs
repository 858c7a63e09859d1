/** Prints the seccomp mode of this process. */
const { readFileSync } = require('node:fs');

console.log(/^Seccomp:\s+\d$/m.exec(readFileSync('/proc/self/status', 'utf8'))[0].replace(/\s+/, ' '));

/** In a guest whose kernel audits: prints what the kernel logged about denied accesses of a program, with `logDenied` and without. */
import { constants, openSync, readSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'seccomp';

writeFileSync('/tmp/secret', 'secret', { mode: 0o644 });
const log = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);

/** The lines of the kernel's log since the last time. */
function logged() {
  const buffer = Buffer.alloc(8192);
  const lines = [];
  for (;;) {
    try {
      lines.push(buffer.toString('utf8', 0, readSync(log, buffer, 0, buffer.length, null)));
    } catch (error) {
      if (error.code === 'EAGAIN')
        return lines.filter((line) => line.includes('/tmp/secret') && line.includes('audit'));
      if (error.code !== 'EPIPE') throw error; // Lines that were overwritten.
    }
  }
}

const linesOf = (options) => {
  logged();
  const { status } = spawnSync('/bin/cat', ['/tmp/secret'], 'docker-default', {
    paths: { read: ['@system'] },
    ...options,
  });
  return { status, lines: logged() };
};

console.log(JSON.stringify({ logged: linesOf({ logDenied: true }), unlogged: linesOf({}) }));

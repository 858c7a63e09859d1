// Programs that Node programs often start: git, and python3 with a thread, a pool and a socket pair.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cwd = mkdtempSync(join(tmpdir(), 'seccomp-programs-'));
const run = (command, ...args) => String(execFileSync(command, args, { cwd, stdio: 'pipe' }));
try {
  run('git', 'init', '--quiet', '.');
  run('git', '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '-m', 'first');
  assert.match(run('git', 'log', '--oneline'), /first/);
  run('git', 'clone', '--quiet', '--no-local', '.', 'clone');
  const python = `
import multiprocessing, socket, subprocess, tempfile, threading
if __name__ == '__main__':
    threading.Thread(target=print, args=('thread',)).start()
    with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, 2]))
    a, b = socket.socketpair()
    a.send(b'x'); print(b.recv(1))
    print(subprocess.run(['echo', 'child'], capture_output=True).stdout)
    tempfile.TemporaryFile().close()
`;
  assert.match(run('python3', '-c', python), /\[1, 2\]\nb'x'\nb'child\\n'\n$/);
} finally {
  rmSync(cwd, { recursive: true });
}

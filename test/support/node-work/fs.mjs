// Files by the three APIs of node:fs: made, read, copied, linked, listed, watched, changed and removed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const folder = fs.mkdtempSync(join(tmpdir(), 'seccomp-fs-'));
const at = (name) => join(folder, name);
try {
  // Sync
  fs.writeFileSync(at('a'), 'text');
  fs.appendFileSync(at('a'), ' and more');
  fs.copyFileSync(at('a'), at('b'));
  fs.linkSync(at('a'), at('hard'));
  fs.symlinkSync('a', at('soft'));
  assert.equal(fs.readlinkSync(at('soft')), 'a');
  assert.equal(fs.realpathSync.native(at('soft')), fs.realpathSync(at('a')));
  fs.renameSync(at('b'), at('c'));
  fs.chmodSync(at('c'), 0o600);
  fs.chownSync(at('c'), process.getuid(), process.getgid());
  fs.lchownSync(at('soft'), process.getuid(), process.getgid());
  fs.utimesSync(at('c'), 1, 2);
  fs.lutimesSync(at('soft'), 1, 2);
  fs.truncateSync(at('c'), 2);
  fs.accessSync(at('c'), fs.constants.R_OK);
  assert.equal(fs.statSync(at('c')).size, 2);
  assert.ok(fs.lstatSync(at('soft')).isSymbolicLink());
  assert.ok(fs.statfsSync(folder).bsize > 0);
  assert.equal(fs.existsSync(at('none')), false);
  process.umask(process.umask());
  const descriptor = fs.openSync(at('c'), 'r+');
  fs.writevSync(descriptor, [Buffer.from('x'), Buffer.from('y')], 0);
  fs.readvSync(descriptor, [Buffer.alloc(1), Buffer.alloc(1)], 0);
  fs.readSync(descriptor, Buffer.alloc(1));
  fs.fchmodSync(descriptor, 0o644);
  fs.fchownSync(descriptor, process.getuid(), process.getgid());
  fs.futimesSync(descriptor, 1, 2);
  fs.ftruncateSync(descriptor, 1);
  fs.fdatasyncSync(descriptor);
  fs.fsyncSync(descriptor);
  fs.fstatSync(descriptor);
  fs.closeSync(descriptor);
  fs.mkdirSync(at('deep/er'), { recursive: true });
  fs.cpSync(at('deep'), at('copy'), { recursive: true });
  fs.rmdirSync(at('deep/er'));
  process.chdir(folder);
  assert.equal(process.cwd(), fs.realpathSync(folder));
  process.chdir('/');

  // Promises and streams
  const { promises } = fs;
  await pipeline(fs.createReadStream(at('a')), fs.createWriteStream(at('d'), { flush: true }));
  assert.equal(await promises.readFile(at('d'), 'utf8'), 'text and more');
  await promises.cp(at('a'), at('e'), { mode: fs.constants.COPYFILE_FICLONE });
  const handle = await promises.open(at('d'), 'a+');
  await handle.appendFile('!');
  await handle.sync();
  await handle.stat();
  await handle.close();
  const names = [];
  for await (const { name } of await promises.opendir(folder)) names.push(name);
  assert.ok(names.includes('soft'));
  await promises.readdir(folder, { recursive: true, withFileTypes: true });

  // Callbacks, and changes
  await new Promise((resolve, reject) => {
    const watcher = fs.watch(folder, { recursive: true }, () => {
      watcher.close();
      resolve();
    });
    watcher.on('error', reject);
    fs.writeFile(at('changed'), 'x', (error) => error && reject(error));
  });
  // For a missing file, watchFile calls its listener once, which shows that watching has begun.
  await new Promise((resolve) => {
    fs.watchFile(at('later'), { interval: 5 }, () => {
      if (!fs.existsSync(at('later'))) return fs.writeFile(at('later'), 'x', () => {});
      fs.unwatchFile(at('later'));
      return resolve();
    });
  });
  fs.unlinkSync(at('a'));
} finally {
  fs.rmSync(folder, { recursive: true });
}

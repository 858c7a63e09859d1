/**
 * In a guest: prints the answer of /bin/probe to the call in the argument, how a child is isolated, and what a process
 * finds in the guest.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { spawn } from 'seccomp';

const run = (file, ...args) => execFileSync(file, args, { encoding: 'utf8' }).trim();

const child = spawn('/bin/true', 'docker-default', { stdio: 'inherit' });
await once(child, 'close');
const file = `${process.env.HOME}/file`;
writeFileSync(file, '');

const report = {
  probe: run('/bin/probe', process.argv[2]),
  modules: readFileSync('/sys/kernel/security/lsm', 'utf8').split(','),
  isolation: child.enforcement.isolation,
  guest: {
    user: run('sh', '-c', 'id -un'),
    ownerOfFile: statSync(file).uid,
    loopback: networkInterfaces().lo?.map(({ address }) => address),
    writableDevices: run('find', '/dev', '-maxdepth', '1', '-type', 'c', '-perm', '-0666').split('\n').sort(),
    changesRoot: run(
      ...['unshare', process.getuid() === 0 ? '-m' : '-Urm', 'sh', '-ec'],
      'mount -t tmpfs none /mnt; mkdir /mnt/old; cd /mnt; pivot_root . old; old/bin/busybox ls',
    ),
  },
};
process.stdout.write(JSON.stringify(report));

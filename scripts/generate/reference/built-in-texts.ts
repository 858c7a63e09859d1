/** What docs/reference/built-in-profiles.md says about each built-in profile: its purpose, an example and its limits. */

/** The beginning of the page: which profile for what, and a program that shows the differences. */
export const USAGE = `Name a built-in profile wherever a function or the command takes a profile:
\`run('magick', args, 'docker-default')\`, \`npx seccomp run -p node-no-exec -- node server.js\`. Take the narrowest one that the program
needs:

- a Node server: \`node-no-exec\`, or \`node\` if it starts programs
- a converter, compiler or script that works on files: \`node-no-network\`, whatever language it is written in
- a Node worker that computes: \`compute\`, attached with \`harden\` after loading
- any other program: \`docker-default\`

| profile | for | files | network | other programs | it also denies |
| --- | --- | --- | --- | --- | --- |
| [\`docker-default\`](#docker-default) | any program, as in a Docker container | yes | yes | yes | mounts, namespaces, kernel modules, BPF, setting the clock, keyrings |
| [\`podman-default\`](#podman-default) | any program, as in a Podman container, also one that makes containers itself | yes | yes | yes | kernel modules, BPF, setting the clock |
| [\`node\`](#node) | a Node program, and the programs that it starts | yes | yes | yes | what \`docker-default\` denies, also to processes with capabilities; other kinds of sockets, shared memory, ptrace |
| [\`node-no-network\`](#node-no-network) | a program that needs no network | yes | no | yes | what \`node\` denies |
| [\`node-no-exec\`](#node-no-exec) | a Node program that starts no other programs, such as most servers | yes | yes | no | what \`node\` denies, and new processes |
| [\`compute\`](#compute) | a program that reads its input, computes and writes its output | those already open | no | no | nearly everything, paths and signals included |

A list of profiles gives each call the strictest of their actions: \`['node-no-network', 'node-no-exec']\` denies both the
network and other programs. \`unconfined\` attaches no filter. For files and paths, add [\`paths\`](../paths.md): profiles do not see
the names of files. A server that only accepts connections, and opens none, attaches \`extend('node-no-network').allow('accept4')\` once it listens:
see the [guide for servers](../guides/server.md#after-start-up). [Tables of built-in profiles](built-in-tables.md) has the decisions
about each syscall.

The examples below run this program. Save it as \`app.mjs\`:

<!-- test: write only -->
\`\`\`js app.mjs
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

try {
  readFileSync('app.mjs');
  console.log('a file: read');
} catch (error) {
  console.log('a file:', error.code);
}
console.log('a program:', spawnSync('true').error?.code ?? 'started');
const server = createServer();
server.on('error', (error) => console.log('a socket:', error.code));
server.listen(0, '127.0.0.1', () => server.close(() => console.log('a socket: listened')));
\`\`\``;

const FOR_NODE = `System V and POSIX queues and shared memory, which Node cannot create, are denied, so PostgreSQL's server does not
start under the profile. A call of another ABI, such as 32-bit x86 on x86_64, kills the process. Capabilities make no difference.`;

/** The section of each profile. */
export const PROFILE_TEXTS: ReadonlyMap<string, string> = new Map([
  [
    'docker-default',
    `Docker's default profile for containers. It allows the syscalls that most programs make, and denies those that affect the
whole machine or other containers, and those that expose kernel code which few programs need.

\`\`\`js
import { run } from 'seccomp';

const { stdout } = await run('node', ['app.mjs'], 'docker-default');
console.log(stdout);
\`\`\`

\`\`\`text
a file: read
a program: started
a socket: listened
…
\`\`\`

\`\`\`sh
npx seccomp run -p docker-default -- node app.mjs
\`\`\`

**Limits.** Files, the network and other programs are as open as without it. A capability that the profile is resolved for
(\`--capability\`, \`capabilities\` in JavaScript) allows more calls. Browsers' own sandboxes use namespaces, which the profile denies:
Chromium exits with \`No usable sandbox\` and needs \`--no-sandbox\`, as in Docker. The profile then protects the kernel from a web
page, but nothing separates web pages from each other.`,
  ],
  [
    'podman-default',
    `The default profile of Podman and CRI-O for containers. It also allows calls for which the kernel's own checks suffice, such
as those for namespaces and mounts, so that containers can run inside of containers. Calls that it does not list fail with ENOSYS, as on an
older kernel, so that programs fall back to other calls.

\`\`\`js
import { explain } from 'seccomp';

for (const profile of ['docker-default', 'podman-default'])
  console.log(profile, explain(profile, { syscall: 'unshare' }).action.kind);
\`\`\`

\`\`\`text
docker-default errno
podman-default allow
\`\`\`

\`\`\`sh
npx seccomp run -p podman-default -- node app.mjs
\`\`\`

**Limits.** A new user namespace gives a process every capability inside of it, which exposes far more kernel code to attack than
\`docker-default\` does. Chromium's own sandbox works under the profile if the process has CAP_SYS_CHROOT, as in a container that Podman starts.`,
  ],
  [
    'node',
    `For a Node program that may use files and the network and start programs. The programs that it starts are under the same
profile: sh, git, python3, compilers and similar programs work; sudo, ping, debuggers, container engines and browsers' own sandboxes
do not.

\`\`\`js
import { fork } from 'seccomp';

fork('app.mjs', 'node');
\`\`\`

\`\`\`sh
npx seccomp run -p node -- node app.mjs
\`\`\`

**Limits.** The allowed sockets are Unix sockets, internet sockets, and netlink sockets for the list of interfaces. io_uring and
clone3 fail with ENOSYS, so that Node and C libraries use older calls. TIOCSTI, which inserts input into a terminal, is
denied. ${FOR_NODE}`,
  ],
  [
    'node-no-network',
    `\`node\` without the network: the program cannot create a socket of any family, nor connect, bind or listen. So it reaches
neither the internet nor services on this machine, such as \`/var/run/docker.sock\`, D-Bus or a resolver. Child processes, their pipes and
IPC work, because they use pairs of connected sockets.

\`\`\`js
import { run } from 'seccomp';

const { stdout } = await run('node', ['app.mjs'], 'node-no-network');
console.log(stdout);
\`\`\`

\`\`\`text
a file: read
a program: started
a socket: EPERM
…
\`\`\`

\`\`\`sh
npx seccomp run -p node-no-network -- node app.mjs
\`\`\`

**Limits.** A socket that the program inherited, or received over IPC, as cluster workers do from their primary, can still send and
receive. The program can still write files that other programs read. \`os.networkInterfaces()\` throws. ${FOR_NODE}`,
  ],
  [
    'node-no-exec',
    `\`node\` without other programs: the program can start threads, but no processes. \`child_process.spawn\`, \`exec\` and \`fork\`
emit \`error\` with EACCES, their synchronous forms throw or return it, and cluster fails likewise. worker_threads, the thread pool and
native addons work. The program itself starts in spite of the profile, through [the exec gate](how-it-works.md#the-exec-gate).

\`\`\`js
import { run } from 'seccomp';

const { stdout } = await run('node', ['app.mjs'], 'node-no-exec');
console.log(stdout);
\`\`\`

\`\`\`text
a file: read
a program: EACCES
a socket: listened
…
\`\`\`

\`\`\`sh
npx seccomp run -p node-no-exec -- node app.mjs
\`\`\`

**Limits.** Code that runs in the process itself is not confined further, native code of addons included. A program that can connect to a service which
starts programs (\`docker.sock\`, D-Bus, ssh) can also request that: add \`node-no-network\`. ${FOR_NODE}`,
  ],
  [
    'compute',
    `For a program that reads its input, computes, writes its output and exits. It cannot open a path, create a socket, start a program
or a process, or send a signal. It can use threads, timers and memory, and generate machine code.

A Node program attaches the profile with \`harden\` once it has loaded all files that it needs. Save this as \`worker.mjs\`:

<!-- test: write only -->
\`\`\`js worker.mjs
import { readFileSync } from 'node:fs';
import { harden } from 'seccomp';

harden('compute');
console.log([1, 2, 3].reduce((sum, value) => sum + value));
try {
  readFileSync('app.mjs');
} catch (error) {
  console.log(error.code);
}
\`\`\`

The profile \`node\` at the start keeps Node from io_uring, whose instances a later filter could not close:

\`\`\`sh
npx seccomp run -p node -- node worker.mjs
\`\`\`

\`\`\`text
6
EPERM
\`\`\`

A static program (\`cc -static\`, Go without cgo, Rust on musl) starts under the profile by \`spawn\` or \`seccomp run\`. A dynamic
program exits with status 127, because its loader opens files:

<!-- test: exit 127 -->
\`\`\`sh
npx seccomp run -p compute -- true
\`\`\`

\`\`\`text
true: error while loading shared libraries: …: Operation not permitted
\`\`\`

**Limits.** Open descriptors, sockets included, can still be read and written: close those that the program does not need. Where a C
library queries descriptors with \`newfstatat\` or \`statx\` and AT_EMPTY_PATH, these calls can query any path as well, because a filter cannot read
paths. Limit memory and CPU time with [rlimits](child-process.md).

In Node, modules that are not loaded yet cannot be found, and programs cannot be started. Files that Node opens on demand are missing: without
\`TZ\`, times are in UTC unless the time zone was read before, and \`os.cpus()\` returns an empty list. \`console.log\`, JSON, crypto,
zlib, WebAssembly and worker_threads with \`eval: true\` work. \`process.abort()\` ends the process with a signal other than SIGABRT. A first
SIGTERM or SIGINT does not end the process, because Node's handler of these signals makes the process signal itself: use SIGKILL. A call of another
ABI kills the process. Capabilities make no difference.`,
  ],
]);

/** The end of the page. */
export const ORIGIN = `\`docker-default\` follows the profile of moby/profiles and \`podman-default\` that of containers/common; the reasons are this
package's. The profiles for Node were made from recordings under strace of Node 20.20.2, 22.23.3, 24.21.0 and 26.10.0 on x86_64, Linux 6.18 and Debian 13
(glibc 2.41): http, http2 and fetch, fs, worker_threads, crypto, zlib, dns, Unix and TCP sockets, dgram, child_process, cluster, os, the inspector,
node:test and WASI; esbuild 0.28, sharp 0.35 and better-sqlite3 13; and git, sh and python3 as programs that Node starts.
The calls of other CPUs and C libraries were added from their sources. \`test/integration/node-profiles.test.ts\` of the repository runs the same
programs under the profiles.`;

/** What docs/reference/command.md says beside the command's own help: examples with their output, formats and details. */

/** The begin of the page. */
export const COMMAND_USE = `The command \`seccomp\` runs programs under profiles, records and checks profiles, and reports what the machine supports. It comes with the
package: \`npx seccomp\` runs that of the project. \`npx seccomp --help\` and \`npx seccomp help run\` print the usage.

\`\`\`sh
npx seccomp run -p node-no-exec -- node -e 'console.log("a server could run here")'
\`\`\`

\`\`\`text
a server could run here
\`\`\``;

/** What holds for all subcommands. */
export const COMMON = `PROFILE is the name of a [built-in](built-in-profiles.md), a path, JSON text, or \`-\` for standard input. It may also be the path of a pipe:

\`\`\`sh
echo '{"defaultAction":"SCMP_ACT_ALLOW"}' | npx seccomp run -p - -- echo hello
bash -c 'npx seccomp run -p <(echo "{\\"defaultAction\\":\\"SCMP_ACT_ALLOW\\"}") -- echo hello'
\`\`\`

\`\`\`text
hello
hello
\`\`\`

- What comes through a pipe is JSON, never a name or a path, and has at most 16 MiB. After \`-p -\` the standard input of the program is at
  its end; use the path of a pipe to keep it.
- An option that takes a value is given once, unless its description says that it may be repeated. A second value, an unknown option and an option
  without effect are errors, with status 125.
- Messages of the command go to stderr, and begin with \`seccomp:\`. Stdout belongs to the program, or has the result.
- If stdout can't be written, the status is 125. A reader that ends early, as \`head\` does, changes nothing.
- Colors follow \`NO_COLOR\` and \`FORCE_COLOR\`.
- On macOS, Windows and Linux without seccomp, \`run -p unconfined\`, \`check\` and \`explain\` work:
  [Other systems](../guides/other-systems.md).`;

/** The text of each subcommand, below its options. */
export const SUBCOMMAND_TEXTS: ReadonlyMap<string, string> = new Map([
  [
    'run',
    `\`run\` keeps the process ID, the standard descriptors and the directory; signal dispositions are those of a fresh start. What follows COMMAND is left to
it. COMMAND is [isolated](../isolation.md) from other processes as far as the kernel can.

\`\`\`sh
npx seccomp run -p node-no-network -- node -e 'net.connect(80, "127.0.0.1").on("error", (error) => console.log(error.code))'
\`\`\`

\`\`\`text
EPERM
\`\`\`

With \`--explain\`, the command stays the parent of COMMAND and reports on stderr the first call of each kind when it is denied, and a summary at the
end, which says if [calls may be missing](../violations.md#what-is-not-reported). Calls that programs replace by older ones, [fallbacks](../violations.md#fallbacks), are listed apart. After exit status 0, denied calls are listed as "perhaps not needed": allow only what COMMAND should do.

Where the command stays the parent, it passes on the exit status, and SIGHUP, SIGTERM, SIGUSR1, SIGUSR2, SIGINT and SIGQUIT, each once, except SIGHUP
of a closed terminal, which may arrive twice. What a terminal sends for Ctrl-C or Ctrl-\\ has reached COMMAND already, and is not passed on. A signal that a process sends to the whole process group, as \`kill -INT -- -PGID\` does, reaches
COMMAND twice: nothing tells it from one for the command alone.

In a terminal, the command stops and continues with COMMAND, and so does all that COMMAND has started. If COMMAND does not stop for Ctrl-Z, neither does the command,
so that --timeout holds. Time in which they are stopped counts.

<!-- test: exit 1; needs unshare -->
\`\`\`sh
npx seccomp run --explain -- unshare --user true 2>&1 | grep -v ^unshare:
\`\`\`

\`\`\`text
seccomp: unshare(CLONE_NEWUSER): EPERM
  by …/unshare […], at …
  no rule that names it applies here: In a new user namespace, a process has every capability, which exposes far more kernel code to attack.
seccomp: one kind of calls denied
     1× unshare(CLONE_NEWUSER): EPERM
        to allow: {"names":["unshare"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":268435456,"op":"SCMP_CMP_EQ"}]}
\`\`\`

\`--read\`, \`--write\` and \`--execute\` are the lists of the option \`paths\`: with one of them, COMMAND reaches no files but these, its own program and the
program's interpreter. Relative paths are relative to the working directory, and a path that does not exist is an error. Most programs need \`--read @system\`. With \`@tmp\`,
COMMAND is a child of the command, which removes the directory when COMMAND has ended.

\`\`\`sh
mkdir dist
npx seccomp run --read @system --write dist -- sh -c 'cat package.json; echo done > dist/out; cat dist/out' 2>&1
\`\`\`

\`\`\`text
cat: package.json: Permission denied
done
\`\`\`

With \`--env\`, COMMAND has only the variables that are named, and those of its sandbox. PATH is among them only if it is named:

\`\`\`sh
npx seccomp run --env PATH --env TOKEN=x -- sh -c 'echo \${HOME-unset} $TOKEN'
\`\`\`

\`\`\`text
unset x
\`\`\`

The profile is resolved for no capability, and COMMAND keeps those that it has, unless \`--capability\` names some. COMMAND is a child of the command where
the system has no seccomp.`,
  ],
  [
    'record',
    `\`record\` writes the calls that COMMAND and its children make until the last of them ends: [Recording](../recording.md). FILE is written when the
program has ended. If that fails, the recording is in a temporary file that the message names. \`record\` passes the first SIGINT, SIGQUIT, SIGTERM or
SIGHUP on, unless a terminal has sent it to COMMAND as well, and waits. Another one, a second later, kills COMMAND with SIGKILL and ends the recording; so does the first if only
children of COMMAND are left, which are not killed. A note then says that the recording was aborted.

\`\`\`sh
npx seccomp record -o date.json -- date
npx seccomp run -p date.json -- date > now.txt
\`\`\`

\`-o -\` prints the profile to stdout, and \`-o\` takes pipes and devices such as /dev/null:

\`\`\`sh
npx seccomp record -o - -- date 2>/dev/null | npx seccomp run -p - -- date > now.txt
\`\`\`

\`--base\` compares instead of writing, or both with \`-o\`:

\`\`\`sh
npx seccomp record --base node-no-exec -- true
\`\`\`

\`\`\`text
seccomp: needed, and not allowed by node-no-exec: …
…
\`\`\`

A line with \`+\` is a call that PROFILE would have denied; with \`~\`, one that programs do without where it is denied, a [fallback](../violations.md#fallbacks); \`-\` lists the syscalls that were not made.

\`--format spo\` writes a SeccompProfile of the Security Profiles Operator, in YAML, named after FILE.`,
  ],
  [
    'check',
    `\`check\` prints one finding a line: severity, file, line, column, JSON path, and what to do. It prints nothing for a profile without findings. Findings that depend on the host
are those of this machine, unless \`--host\` or \`--kernel\` names another. A PROFILE that can't be read is reported on stderr, and the others are checked.

<!-- test: exit 1 -->
\`\`\`sh
echo '{"defaultAction":"SCMP_ACT_ALOW"}' > broken.json
npx seccomp check broken.json
\`\`\`

\`\`\`text
error broken.json:1:2: defaultAction: unknown action "SCMP_ACT_ALOW" (did you mean SCMP_ACT_ALLOW?)
\`\`\`

\`--json\` prints a list with an object \`{ profile, issues }\` for each PROFILE; an issue is a [\`ProfileIssue\`](api/errors.md#profileissue):

\`\`\`sh
npx seccomp check --json node | head -n 3
\`\`\`

\`\`\`text
[
  {
    "profile": "node",
\`\`\``,
  ],
  [
    'explain',
    `\`explain\` prints what a profile decides for a call, by which rule, why, and what would change it: a capability, a kernel version, other arguments or
isolation. A call is the name or number of a syscall, with its arguments in parentheses if they matter: numbers from −2⁶³ to 2⁶⁴ − 1, or names of constants such as \`AF_INET\`. Arguments that are left out are 0. A group such as \`@mount\` stands for its syscalls.
The answer is that of this machine, unless \`--host\` or \`--kernel\` names another; an ABI that this machine does not run is taken as that of a machine that
runs it, which the answer names.

\`\`\`sh
npx seccomp explain docker-default mount "socket(40, 1, 0)"
\`\`\`

\`\`\`text
mount on …: EPERM
  no rule that names it applies here: Mounts determine which files of the host a container sees.
  with CAP_SYS_ADMIN: allow

socket(40, 1, 0) on …: EPERM
  no rule that names it applies here: AF_ALG and AF_VSOCK reach kernel and hypervisor code that containers do not need.
  with other arguments, such as argument 0 = 0: allow
\`\`\`

Without calls, it lists all syscalls by action. \`--json\` prints a list: for calls, objects with \`call\`, \`abi\`, \`host\` and the properties of an
[\`Explanation\`](api/analysis.md#explanation); without calls, objects \`{ syscall, number, actions }\`. In JavaScript, [\`explain\`](api/analysis.md#explain) answers the same.`,
  ],
  [
    'doctor',
    `\`doctor\` prints a line for each of: kernel, CONFIG_SECCOMP, actions, flags, isolation, paths, tree (whether children can be ended with all that they started), limits (whether a cgroup can limit them), privileges, attached filters, container, and a Node program that it runs under
\`docker-default\`. \`✓\` is good, \`·\` a fact, \`!\` a feature that is missing, \`✗\` a reason why no program can be sandboxed here. A line with \`→\` says what helps.

\`\`\`sh
npx seccomp doctor | tail -n 1
\`\`\`

\`\`\`text
✓ trial run      a Node program ran under docker-default
\`\`\`

\`--json\` prints \`{ ok, checks }\`; a check is \`{ name, state, detail, remedy }\`, with a \`state\` of \`ok\`, \`info\`, \`limit\` or \`fail\`.`,
  ],
]);

/** The exit statuses of all subcommands. */
export const STATUSES: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'success: what was asked for is done, or is good'],
  ['1', '`check` found errors; `doctor` found that no program can be sandboxed here'],
  ['124', '`run`: COMMAND ran longer than `--timeout`'],
  [
    '125',
    'the command failed: an option or a profile is wrong, a file cannot be read or written, or the kernel refused the filter',
  ],
  ['126', '`run`, `record`: COMMAND is not executable'],
  ['127', '`run`, `record`: COMMAND was not found'],
  ['128 + *n*', '`run`, `record`: signal *n* ended COMMAND; 159 is SIGSYS, by which a filter kills'],
  ['any other', '`run`, `record`: that of COMMAND'],
];

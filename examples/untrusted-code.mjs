// Runs code in Python, JavaScript or a shell without network and within bounds, and returns what came of it. The code opens
// no files but the system's, those of a directory that is removed afterwards, and those of a working directory.
//
// node examples/untrusted-code.mjs python 'print(6 * 7)'
// node examples/untrusted-code.mjs shell 'echo 42 > result' WORKING-DIRECTORY
import { extend, RunError, run } from 'seccomp';

const MiB = 1024 * 1024;
const profile = extend('docker-default').deny('socket');
/** Without a user of its own, code that root runs could write files of the kernel. */
const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};

/** How each language reads code from its standard input, and the limit of memory of each process. */
const languages = {
  python: { command: ['python3', '-I', '-'], memory: { as: 512 * MiB } },
  javascript: {
    command: [process.execPath, '--max-old-space-size=256', '--input-type=module', '-'],
    memory: { data: 1024 * MiB },
  },
  shell: { command: ['sh', '-s'], memory: { as: 512 * MiB } },
};

/**
 * Runs code to its end.
 *
 * @param work - The directory that the code works in, if it is given one. Nothing in it is protected: use a copy. It must be
 * writable for the user that runs the code.
 * @returns `end` is 'exit', 'signal', 'timeout', 'output' (too much) or 'not started'. `denied` lists the calls that the
 * profile denied. Files that the code may not open are errors of its own, EACCES.
 */
export async function runCode(language, code, { work, seconds = 5, output = 100_000 } = {}) {
  if (!Object.hasOwn(languages, language)) throw new RangeError(`no such language: ${language}`);
  const { command, memory } = languages[language];
  const options = {
    ...user,
    input: code,
    cwd: work ?? '/',
    paths: { read: ['@system', '@node', '@tmp'], write: work === undefined ? [] : [work] },
    env: { PATH: '/usr/bin:/bin', HOME: '/' },
    timeout: seconds * 1000,
    forceKillAfter: 500,
    maxBuffer: output,
    rlimits: { ...memory, cpu: Math.ceil(seconds), fsize: 10 * MiB, nofile: 64, core: 0 },
  };
  const result = await settle(run(command[0], command.slice(1), profile, { ...options, onViolation: true }));
  const denied = result.violations.filter(({ fallback }) => !fallback);
  return { ...describe(result), denied: denied.map(({ syscall, decoded, count }) => ({ syscall, decoded, count })) };
}

/** The result of a run, also where it failed: a RunError has the same properties. */
const settle = (running) =>
  running.catch((error) => {
    if (error instanceof RunError) return error;
    throw error;
  });

const ENDS = { ETIMEDOUT: 'timeout', ERR_CHILD_PROCESS_STDIO_MAXBUFFER: 'output' };

function describe({ code, exitCode, signal, stdout, stderr }) {
  const ownEnd = exitCode !== null ? 'exit' : code === undefined ? 'signal' : 'not started';
  return { end: ENDS[code] ?? ownEnd, exitCode, signal, stdout, stderr };
}

if (import.meta.filename === process.argv[1]) {
  const [language, code, work] = process.argv.slice(2);
  console.log(JSON.stringify(await runCode(language, code, { work }), null, 2));
}

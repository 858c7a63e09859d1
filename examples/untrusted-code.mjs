// Runs code in Python, JavaScript or a shell without network and within bounds, and returns what came of it. The code opens
// no files but the system's, those of a directory that is removed afterwards, and those of a working directory.
//
// node examples/untrusted-code.mjs python 'print(6 * 7)'
// node examples/untrusted-code.mjs shell 'echo 42 > result' WORKING-DIRECTORY
import { RunError, run } from 'seccomp';

/** Without a user of its own, code that root runs could change modes and times of root's files. */
const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};

/** How each language reads code from its standard input. */
const languages = {
  python: ['python3', '-I', '-'],
  javascript: [process.execPath, '--max-old-space-size=512', '--input-type=module', '-'],
  shell: ['sh', '-s'],
};

/**
 * Runs code to its end. The sandbox `untrusted` bounds its memory and processes together, and the size of each file.
 *
 * @param work - The directory that the code works in, if it is given one. Nothing in it is protected: use a copy. It must be
 * writable for the user that runs the code.
 * @returns `end` is 'exit', 'signal' or 'not started', or the limit that ended the code: 'time', 'output', 'memory', 'processes'
 * or 'file-size'. `denied` lists the calls that the sandbox denied. Files that the code may not open are errors of its own, EACCES.
 */
export async function runCode(language, code, { work, seconds = 5, output = 100_000 } = {}) {
  if (!Object.hasOwn(languages, language)) throw new RangeError(`no such language: ${language}`);
  const [command, ...args] = languages[language];
  const running = run(command, args, 'untrusted', {
    ...user,
    input: code,
    cwd: work ?? '/',
    paths: { read: ['@system', '@node', '@tmp'], write: work === undefined ? [] : [work] },
    env: { PATH: '/usr/bin:/bin', HOME: '/' },
    timeout: seconds * 1000,
    forceKillAfter: 500,
    maxBuffer: output,
    onViolation: true,
  });
  const result = await settle(running);
  const denied = result.violations.filter(({ fallback }) => !fallback);
  return { ...describe(result), denied: denied.map(({ syscall, decoded, count }) => ({ syscall, decoded, count })) };
}

/** The result of a run, also where it failed: a RunError has the same properties. */
const settle = (running) =>
  running.catch((error) => {
    if (error instanceof RunError) return error;
    throw error;
  });

function describe({ code, limit, exitCode, signal, stdout, stderr }) {
  const ownEnd = exitCode !== null ? 'exit' : code === undefined ? 'signal' : 'not started';
  return { end: limit ?? ownEnd, exitCode, signal, stdout, stderr };
}

if (import.meta.filename === process.argv[1]) {
  const [language, code, work] = process.argv.slice(2);
  console.log(JSON.stringify(await runCode(language, code, { work }), null, 2));
}

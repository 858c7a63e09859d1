/**
 * A process with a secret in its memory, which runs code that searches for it, isolated and not. Prints what each found.
 * Argument: the path of the code.
 */
import { run } from 'seccomp';

const secret = Buffer.from(Array.from({ length: 32 }, () => 33 + Math.floor(Math.random() * 90)));
const find = (options) => run('python3', [process.argv[2], secret.toString('hex')], 'docker-default', options);

const [{ stdout: byDefault }, { stdout: without }] = [await find({}), await find({ isolate: false })];
console.log(JSON.stringify({ byDefault: byDefault.trim(), without: without.trim(), length: secret.length }));

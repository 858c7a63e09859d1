/** What each function refuses, with its code and message. */
import { thrown, thrownCode } from './tools.mjs';

const wrongStrings = [undefined, null, 5, true, {}, [], Symbol('s'), 1n, () => {}];
// Their messages change from one Node to the next.
const codes = (values, run) => values.map((value) => thrownCode(() => run(value)));
const each = (values, run) => values.map((value) => thrown(() => run(value)));

export default {
  'spawn: a command that is no string': (cp) => each(wrongStrings, (value) => cp.spawn(value)),
  'spawnSync: a command that is no string': (cp) => each(wrongStrings, (value) => cp.spawnSync(value)),
  'execFile: a command that is no string': (cp) => each(wrongStrings, (value) => cp.execFile(value)),
  'execFileSync: a command that is no string': (cp) => each(wrongStrings, (value) => cp.execFileSync(value)),
  'exec: a command that is no string': (cp) => each(wrongStrings, (value) => cp.exec(value)),
  'execSync: a command that is no string': (cp) => each(wrongStrings, (value) => cp.execSync(value)),
  'an empty command': (cp) => [
    thrown(() => cp.spawn('')),
    thrown(() => cp.spawnSync('')),
    thrown(() => cp.execFile('')),
    thrown(() => cp.execFileSync('')),
  ],
  'a null byte in the command': (cp) => [
    thrown(() => cp.spawn('a\0b')),
    thrown(() => cp.spawnSync('a\0b')),
    thrown(() => cp.execFile('a\0b')),
    thrown(() => cp.exec('a\0b')),
    thrown(() => cp.execSync('a\0b')),
  ],
  'a null byte in an argument': (cp) => [
    thrown(() => cp.spawn('true', ['a', 'b\0'])),
    thrown(() => cp.spawnSync('true', ['a\0'])),
    thrown(() => cp.execFile('true', ['a\0'])),
  ],
  'arguments that are no array': (cp) =>
    each([5, 'a', true, Symbol('s'), () => {}], (value) => cp.spawn('true', value)),
  'arguments of spawnSync that are no array': (cp) => each([5, 'a', true], (value) => cp.spawnSync('true', value)),
  'arguments of execFile that are no array': (cp) => each([5, 'a', true], (value) => cp.execFile('true', value)),
  'options that are no object': (cp) =>
    each([null, 5, 'a', true, [], () => {}], (value) => cp.spawn('true', [], value)),
  'options of spawnSync that are no object': (cp) =>
    each([null, 5, 'a', []], (value) => cp.spawnSync('true', [], value)),
  'options of execFile that are no object': (cp) => each([5, 'a', true], (value) => cp.execFile('true', [], value)),
  'callbacks that are no function': (cp) => [
    ...each([5, 'a', {}], (value) => cp.execFile('true', [], {}, value)),
    ...each([5, 'a', {}], (value) => cp.exec('true', {}, value)),
  ],
  'timeout: not a whole number, or negative': (cp) => [
    ...codes([-1, 1.5, '1', NaN, Infinity, {}], (timeout) => cp.spawn('true', { timeout })),
    ...codes([-1, 1.5, '1'], (timeout) => cp.spawnSync('true', { timeout })),
    ...codes([-1, 1.5, '1'], (timeout) => cp.execFile('true', { timeout })),
    ...codes([-1, 1.5, '1'], (timeout) => cp.exec('true', { timeout })),
  ],
  'maxBuffer: not a number, or negative': (cp) => [
    ...codes([-1, '1', NaN, {}], (maxBuffer) => cp.spawnSync('true', { maxBuffer })),
    ...codes([-1, '1', NaN, {}], (maxBuffer) => cp.execFile('true', { maxBuffer })),
    ...codes([-1, '1'], (maxBuffer) => cp.execSync('true', { maxBuffer })),
  ],
  'killSignal: unknown, or of another type': (cp) => [
    ...each(['SIGNONE', '', 'KILL', 0, -1, 1000, 1.5, {}, true], (killSignal) => cp.spawn('true', { killSignal })),
    ...each(['SIGNONE', 0, {}], (killSignal) => cp.spawnSync('true', { killSignal })),
    ...each(['SIGNONE', 0, {}], (killSignal) => cp.execFile('true', { killSignal })),
  ],
  'signal: no AbortSignal': (cp) => [
    ...each([null, 5, 'abort', {}, new AbortController()], (signal) => cp.spawn('true', { signal })),
    ...each([5, {}], (signal) => cp.execFile('true', { signal })),
  ],
  'stdio: an unknown word': (cp) => [
    thrown(() => cp.spawn('true', { stdio: 'pipes' })).code,
    thrown(() => cp.spawn('true', { stdio: 5 })).code,
    thrown(() => cp.spawn('true', { stdio: {} })).code,
    thrown(() => cp.spawnSync('true', { stdio: 'pipes' })).code,
  ],
  'stdio: an entry that can’t be one': (cp) => [
    thrown(() => cp.spawn('true', { stdio: ['pipes'] })).code,
    thrown(() => cp.spawn('true', { stdio: [Buffer.from('a')] })).code,
    thrown(() => cp.spawn('true', { stdio: [{}] })).code,
    thrown(() => cp.spawn('true', { stdio: [true] })).code,
    thrown(() => cp.spawnSync('true', { stdio: [{}] })).code,
  ],
  'input: of another type': (cp) => each([5, {}, true], (input) => cp.spawnSync('true', { input })),
};

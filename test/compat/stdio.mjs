/** The option `stdio`, and the streams that come of it. */

import { once } from 'node:events';
import { closeSync, createReadStream, createWriteStream, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { differs, factsOf, output, story, thrown } from './tools.mjs';

const directory = process.env.COMPAT_DIRECTORY;
const file = (name) => join(directory, name);

const shapes = (child) =>
  child.stdio.map((stream) => stream && [stream.constructor.name, stream.readable, stream.writable, stream.destroyed]);

const shaped = async (child) => {
  const seen = shapes(child);
  child.stdin?.end();
  await story(child);
  return seen;
};

export default {
  'an empty text is the default': (cp) => story(cp.spawn('echo', ['a'], { stdio: '' })),
  'pipe is the default': (cp) => shaped(cp.spawn('cat')),
  'one word for all three': async (cp) => [
    await shaped(cp.spawn('cat', { stdio: 'pipe' })),
    await shaped(cp.spawn('true', { stdio: 'ignore' })),
    await shaped(cp.spawn('true', { stdio: 'inherit' })),
    await shaped(cp.spawn('cat', { stdio: 'overlapped' })),
  ],
  'null and undefined are pipes up to 2, and nothing above': (cp) =>
    shaped(cp.spawn('cat', { stdio: [null, undefined, null, null, undefined] })),
  'fewer than three are filled with pipes': async (cp) => [
    await shaped(cp.spawn('cat', { stdio: [] })),
    await shaped(cp.spawn('true', { stdio: ['ignore'] })),
  ],
  'pipes above 2 go both ways': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'read x <&3; echo "got $x" >&3'], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const shape = shapes(child);
    child.stdio[3].end('word\n');
    const [answer, told] = await Promise.all([text(child.stdio[3]), story(child)]);
    return [shape, answer, told];
  },
  'ignore opens /dev/null': (cp) =>
    output(cp.spawn('sh', ['-c', 'readlink /proc/$$/fd/0 /proc/$$/fd/2'], { stdio: ['ignore', 'pipe', 'ignore'] })),
  'ignore above 2 is no descriptor': (cp) =>
    output(
      cp.spawn('sh', ['-c', '[ -e /proc/$$/fd/3 ] || echo none; echo four >&4; cat <&4'], {
        stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore'],
      }),
    ),
  'the child’s pipes are sockets': async (cp) => {
    const links = await output(cp.spawn('sh', ['-c', 'readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2']));
    return links.replaceAll(/\d/g, '');
  },
  'a descriptor of this process': async (cp) => {
    const out = openSync(file('out'), 'w');
    await story(cp.spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', out, out] }));
    closeSync(out);
    return readFileSync(file('out'), 'utf8');
  },
  'a descriptor for input': async (cp) => {
    writeFileSync(file('in'), 'from a file');
    const input = openSync(file('in'), 'r');
    const seen = await output(cp.spawn('cat', { stdio: [input, 'pipe', 'ignore'] }));
    closeSync(input);
    return seen;
  },
  'the same descriptor may stand in several places': async (cp) => {
    const out = openSync(file('several'), 'w');
    await story(
      cp.spawn('sh', ['-c', 'echo 1; echo 3 >&3; echo 5 >&5'], {
        stdio: ['ignore', out, 'ignore', out, 'ignore', out],
      }),
    );
    closeSync(out);
    return readFileSync(file('several'), 'utf8');
  },
  'descriptors may change places': async (cp) =>
    output(cp.spawn('sh', ['-c', 'echo to-one; echo to-two >&2'], { stdio: ['ignore', 'pipe', 1] })),
  'a stream with a descriptor': async (cp) => {
    const stream = createWriteStream(file('stream'));
    await once(stream, 'open');
    const told = await story(cp.spawn('echo', ['to the stream'], { stdio: ['ignore', stream, 'pipe'] }));
    stream.end();
    return [told, readFileSync(file('stream'), 'utf8')];
  },
  'a stream that is not open yet': async (cp) => {
    const stream = createWriteStream(file('early'));
    const { code } = thrown(() => cp.spawn('true', { stdio: ['ignore', stream, 'ignore'] }));
    await once(stream, 'open');
    stream.destroy();
    return code;
  },
  'an object with fd': async (cp) => {
    const out = openSync(file('object'), 'w');
    await story(cp.spawn('echo', ['a'], { stdio: ['ignore', { fd: out }, 'ignore'] }));
    closeSync(out);
    return readFileSync(file('object'), 'utf8');
  },
  'a descriptor that is not open': (cp) => thrown(() => cp.spawn('true', { stdio: ['ignore', 999, 'ignore'] })),
  'a negative descriptor': differs(
    'A negative or fractional descriptor in `stdio`',
    (cp) => thrown(() => cp.spawn('true', { stdio: [-1, 'ignore', 'ignore'] })).code,
  ),
  'descriptors that were opened to be inherited': differs('Descriptors that are not in `stdio`', (cp) =>
    output(cp.spawn('sh', ['-c', '[ -e /proc/$$/fd/24 ] && echo passed'])),
  ),
  'standard descriptors block in the child': (cp) =>
    output(cp.spawn('sh', ['-c', 'for i in 0 1; do grep -o "^flags.*" /proc/$$/fdinfo/$i; done'])),

  'stdin: what is written is read': async (cp) => {
    const child = cp.spawn('cat');
    child.stdin.write('one ');
    child.stdin.write(Buffer.from('two '));
    child.stdin.end('three');
    return story(child);
  },
  'stdin: ended without data': async (cp) => {
    const child = cp.spawn('wc', ['-c']);
    child.stdin.end();
    return output(child);
  },
  'stdin: a stream can be piped into it': async (cp) => {
    writeFileSync(file('piped'), 'x'.repeat(300_000));
    const child = cp.spawn('wc', ['-c']);
    createReadStream(file('piped')).pipe(child.stdin);
    return output(child);
  },
  'stdin: back-pressure, and drain': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'read go; cat | wc -c']);
    const full = child.stdin.write(`\n${'x'.repeat(1_000_000)}`);
    await once(child.stdin, 'drain');
    child.stdin.end();
    return [full, child.stdin.writableHighWaterMark, await output(child)];
  },
  'stdin: EPIPE if the child has closed it': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'exec <&-; echo closed; exec sleep 60']);
    await once(child.stdout, 'data');
    child.stdin.write('lost');
    const [error] = await once(child.stdin, 'error');
    child.kill('SIGKILL');
    await story(child);
    return factsOf(error);
  },
  'stdin: destroyed when the child ends': async (cp) => {
    const child = cp.spawn('true');
    await story(child);
    return [child.stdin.destroyed, child.stdin.writable];
  },

  'stdout: large output': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'head -c 5000000 /dev/zero | tr "\\0" a']);
    let size = 0;
    child.stdout.on('data', (chunk) => {
      size += chunk.length;
    });
    await new Promise((resolve) => child.on('close', resolve));
    return size;
  },
  'stdout: setEncoding keeps characters whole': async (cp) => {
    const child = cp.spawn('sh', ['-c', "printf '\\342'; read x; printf '\\230\\203'"]);
    return story(child, async () => {
      while (child.stdout.bytesRead === 0) await setImmediate(); // No event tells of a part of a character.
      child.stdin.end('go\n');
    });
  },
  'stdout: bytes without setEncoding': async (cp) => {
    const child = cp.spawn('echo', ['a']);
    const [chunk] = await once(child.stdout, 'data');
    await story(child);
    return chunk;
  },
  'stdout: async iteration': async (cp) => {
    let all = '';
    for await (const chunk of cp.spawn('seq', ['3']).stdout) all += chunk;
    return all;
  },
  'stdout: end comes, and close': async (cp) => {
    const child = cp.spawn('echo', ['a']);
    const order = [];
    child.stdout.on('end', () => order.push('end')).on('close', () => order.push('close'));
    await story(child);
    return [order, child.stdout.readableEnded, child.stdout.destroyed];
  },
  'stdout: destroying it is SIGPIPE for the child': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'echo a; read x; echo b; exit 3']);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.stdin.end('go\n');
    const { events } = await story(child);
    return events;
  },
  'stdout: nobody reads it, and close comes': async (cp) => {
    const child = cp.spawn('echo', ['unread']);
    return new Promise((resolve) => child.on('close', (...parameters) => resolve(parameters)));
  },
  'stdout: paused, it can be read after the end': async (cp) => {
    const child = cp.spawn('echo', ['kept']);
    child.stdout.on('readable', () => {});
    await once(child, 'exit');
    return text(child.stdout);
  },
  'stdout: pipeline': async (cp) => {
    const chunks = [];
    const child = cp.spawn('seq', ['1000']);
    const sink = new Writable({ write: (chunk, _, done) => done(null, chunks.push(chunk)) });
    await pipeline(child.stdout, sink);
    return Buffer.concat(chunks).toString().length;
  },
  'stdout of one child as stdin of another': async (cp) => {
    const first = cp.spawn('echo', ['through']);
    const second = cp.spawn('tr', ['a-z', 'A-Z']);
    first.stdout.pipe(second.stdin);
    return output(second);
  },
};

/**
 * Measures the start of /bin/true under docker-default, next to node:child_process without a filter, vfork in C and
 * other launchers; with little memory and with 1 GB; the starts per second; and the times of importing this package and
 * of harden(). Rounds are interleaved. `npm run bench -- spawn [--rounds N] [--write]`; --write stores the results in
 * bench/results and docs.
 */
import { spawn as nodeSpawn, spawnSync as nodeSpawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fork, spawn, spawnSync } from '../dist/index.js';
import { digits, interleave, machine, markdownTable, replaceSection, type Spread, show, table } from './measure.js';
import { peers, TRUE, vfork } from './spawn-peers.js';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, write: { type: 'boolean' } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');
/** Slow launchers are measured in one of this many rounds. */
const PEERS_EVERY = 4;
/** More rounds are needed, since the difference is small. */
const ISOLATION_ROUNDS = 5;
const IN_FLIGHT = [1, 8, 64] as const;

type Stdio = 'ignore' | 'pipe';

/** Milliseconds from the call to the event `exit`. */
function untilExit(start: (stdio: Stdio) => ReturnType<typeof nodeSpawn>) {
  return (stdio: Stdio) =>
    new Promise<number>((resolve, reject) => {
      const begin = performance.now();
      start(stdio)
        .on('error', reject)
        .on('exit', () => resolve(performance.now() - begin));
    });
}

/** Milliseconds until the call returns. */
function untilReturn(start: (stdio: Stdio) => unknown) {
  return async (stdio: Stdio) => {
    const begin = performance.now();
    start(stdio);
    return performance.now() - begin;
  };
}

/** Each function of this package follows the function with which it is compared. */
const STARTERS = {
  'child_process.spawn': untilExit((stdio) => nodeSpawn(TRUE, [], { stdio })),
  spawn: untilExit((stdio) => spawn(TRUE, [], 'docker-default', { stdio })),
  'child_process.spawnSync': untilReturn((stdio) => nodeSpawnSync(TRUE, [], { stdio })),
  spawnSync: untilReturn((stdio) => spawnSync(TRUE, [], 'docker-default', { stdio })),
} as const;

const isOff = { isolate: false, stdio: 'ignore' } as const;
const empty = fileURLToPath(new URL('empty.cjs', import.meta.url));

/** Each function with isolation, the default, followed by the same function without isolation. */
const ISOLATED = {
  spawn: () => STARTERS.spawn('ignore'),
  'spawn, isolate: false': () => untilExit(() => spawn(TRUE, [], 'docker-default', isOff))('ignore'),
  spawnSync: () => STARTERS.spawnSync('ignore'),
  'spawnSync, isolate: false': () => untilReturn(() => spawnSync(TRUE, [], 'docker-default', isOff))('ignore'),
} as const;
/** Fewer rounds are used, since Node's own start is slow. */
const FORKED = {
  fork: () => untilExit(() => fork(empty, 'docker-default'))('ignore'),
  'fork, isolate: false': () => untilExit(() => fork(empty, 'docker-default', { isolate: false }))('ignore'),
} as const;

interface Line {
  readonly name: string;
  readonly time: Spread;
  /** The ratio of the medians. */
  readonly ofNode?: number;
  readonly ofC?: number;
}

async function compare(
  title: string,
  stdio: Stdio,
  { bare, filtered }: ReturnType<typeof vfork>,
): Promise<readonly Line[]> {
  const turns = Object.entries(STARTERS).map(([name, once]) => [name, () => once(stdio)] as const);
  const times = await interleave(
    { ...Object.fromEntries(turns), [bare.name]: bare.once, [filtered.name]: filtered.once },
    rounds,
  );
  const least = times.get(bare.name)?.median ?? Number.NaN;
  return [...times].map(([name, time]) => {
    const node = times.get(`child_process.${name}`);
    return {
      name: `${title}, \`${stdio}\`: ${name}`,
      time,
      ...(node ? { ofNode: time.median / node.median } : {}),
      ...(name === bare.name ? {} : { ofC: time.median / least }),
    };
  });
}

/** Measures starts per second, with this many running at once. */
async function throughput(name: 'child_process.spawn' | 'spawn', inFlight: number): Promise<number> {
  let left = Math.max(rounds, inFlight) * 4;
  const count = left;
  const begin = performance.now();
  const one = async () => {
    while (left-- > 0) await STARTERS[name]('ignore');
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return (count * 1000) / (performance.now() - begin);
}

/** Milliseconds that a new Node process takes to run `code`. */
const fresh = (code: string) => async () => {
  const begin = performance.now();
  const { status, stderr } = nodeSpawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - begin;
};

/** Milliseconds of harden(), which a new Node process measures itself. */
const hardening = (before: string, profile: string) => async () => {
  const code = `import { compile, harden } from 'seccomp'; ${before};
    const begin = performance.now(); harden(${profile}, { acceptRings: true }); console.log(performance.now() - begin);`;
  const { status, stdout, stderr } = nodeSpawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
};

async function run() {
  const c = vfork();
  const starts = [...(await compare('at start', 'ignore', c)), ...(await compare('at start', 'pipe', c))];
  const isolated = [
    ...(await interleave(ISOLATED, rounds * ISOLATION_ROUNDS)),
    ...(await interleave(FORKED, Math.ceil(rounds / PEERS_EVERY), 2)),
  ];
  const rates = [];
  for (const inFlight of IN_FLIGHT) {
    const node = await throughput('child_process.spawn', inFlight);
    rates.push({ inFlight, node, ours: await throughput('spawn', inFlight) });
  }
  const others = peers();
  const here = Object.values(others).filter((peer) => peer !== null);
  const turns = Object.fromEntries(here.map((peer) => [peer.name, peer.once]));
  const ours = { 'spawnSync (this package)': () => STARTERS.spawnSync('ignore') };
  const besides = await interleave({ ...ours, ...turns }, Math.ceil(rounds / PEERS_EVERY), 1);
  for (const peer of here) peer.end?.();
  const loading = await interleave(
    { 'node -e 0': fresh('0'), "import 'seccomp'": fresh("import 'seccomp'") },
    Math.ceil(rounds / PEERS_EVERY),
    2,
  );
  const hardened = await interleave(
    {
      'harden, with everything loaded': hardening(
        "const filter = compile('docker-default'); harden(filter, { acceptRings: true })",
        'filter',
      ),
      'harden with a compiled filter, including loading the addon': hardening(
        "const filter = compile('docker-default')",
        'filter',
      ),
      'harden with docker-default, the first compilation of the process': hardening('', "'docker-default'"),
    },
    Math.ceil(rounds / PEERS_EVERY),
    1,
  );
  const ballast = Buffer.alloc(2 ** 30, 1); // Filled, so that the pages are resident.
  const resident = `at ${(process.memoryUsage.rss() / 2 ** 30).toFixed(1)} GB`;
  starts.push(...(await compare(resident, 'ignore', c)), ...(await compare(resident, 'pipe', c)));
  if (ballast[0] !== 1) throw new Error('the ballast is gone');
  c.bare.end?.();
  c.filtered.end?.();
  return {
    machine: machine(),
    rounds,
    starts,
    isolated: isolated.map(([name, time]) => ({ name, time })),
    rates,
    peers: ['spawnSync (this package)', ...Object.keys(others)].map((name) => ({
      name,
      time: besides.get(name) ?? null,
    })),
    loading: [...loading, ...hardened].map(([name, time]) => ({ name, time })),
  };
}

type Results = Awaited<ReturnType<typeof run>>;

function tables({
  starts,
  isolated,
  rates,
  peers: others,
  loading,
}: Results): readonly (readonly (readonly string[])[])[] {
  const ratio = (value: number | undefined) => (value === undefined ? '' : `${value.toFixed(value < 0.1 ? 3 : 2)}×`);
  const ours = others[0]?.time?.median ?? Number.NaN;
  return [
    [
      ['from the call to the exit of `/bin/true`', 'ms', 'relative to child_process', 'relative to C'],
      ...starts.map(({ name, time, ofNode, ofC }) => [name, show(time), ratio(ofNode), ratio(ofC)]),
    ],
    [
      ['isolation', 'ms', 'relative to no isolation'],
      ...isolated.map(({ name, time }) => {
        const without = isolated.find((each) => each.name === `${name}, isolate: false`);
        return [name, show(time), without === undefined ? '' : `${(time.median / without.time.median).toFixed(3)}×`];
      }),
    ],
    [
      ['in flight', 'child_process.spawn, starts per second', 'spawn, starts per second'],
      ...rates.map(({ inFlight, node, ours: rate }) => [String(inFlight), digits(node), digits(rate)]),
    ],
    [
      ['launcher', 'ms', 'relative to this package'],
      ...others.map(({ name, time }) => [
        name,
        time === null ? 'not available' : show(time),
        time === null ? '' : ratio(time.median / ours),
      ]),
    ],
    [['a new Node process', 'ms'], ...loading.map(({ name, time }) => [name, show(time)])],
  ];
}

const results = await run();
const head = `On ${results.machine}; ${rounds} rounds; medians (quartiles).`;
console.log([head, ...tables(results).map(table)].join('\n\n'));
if (options.write) {
  const place = (path: string) => new URL(`../${path}`, import.meta.url);
  writeFileSync(place('bench/results/spawn.json'), `${JSON.stringify(results, null, 1)}\n`);
  replaceSection(place('bench/README.md'), 'bench:spawn', [head, ...tables(results).map(markdownTable)].join('\n\n'));
}

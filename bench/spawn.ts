/**
 * From spawn to exit: our sandboxed spawn beside node:child_process's unsandboxed one, at start and with 1 GB in memory.
 * Runs are interleaved; stdio is ignored, then piped. `npm run bench:spawn [-- ROUNDS]`
 */
import { spawn as nodeSpawn } from 'node:child_process';
import { spawn } from '../dist/index.js';
import { machine, show, spread, table } from './measure.js';

const rounds = Number(process.argv[2] ?? 300);
const TRUE = '/bin/true';

const starters = {
  'child_process.spawn, unsandboxed': (stdio: 'ignore' | 'pipe') => nodeSpawn(TRUE, [], { stdio }),
  'spawn, docker-default': (stdio: 'ignore' | 'pipe') => spawn(TRUE, [], 'docker-default', { stdio }),
} as const;
type Starter = keyof typeof starters;
const names = Object.keys(starters) as Starter[];

/** Milliseconds from the call to the event `exit`. */
function once(name: Starter, stdio: 'ignore' | 'pipe'): Promise<number> {
  const start = performance.now();
  const child = starters[name](stdio);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('exit', () => resolve(performance.now() - start));
  });
}

async function compare(title: string, stdio: 'ignore' | 'pipe'): Promise<readonly string[][]> {
  const samples: Record<Starter, number[]> = { 'child_process.spawn, unsandboxed': [], 'spawn, docker-default': [] };
  for (let round = -20; round < rounds; round++) {
    for (const name of names) {
      const time = await once(name, stdio);
      if (round >= 0) samples[name].push(time);
    }
  }
  const base = spread(samples['child_process.spawn, unsandboxed']).median;
  return names.map((name) => {
    const result = spread(samples[name]);
    return [`${title}, ${stdio}: ${name}`, show(result), `${(result.median / base).toFixed(3)}×`];
  });
}

console.log(`${machine()}; ${rounds} rounds; median (quartiles)`);
const rows: string[][] = [['spawn → exit of /bin/true', 'ms', 'of child_process']];
rows.push(...(await compare('at start', 'ignore')), ...(await compare('at start', 'pipe')));
const ballast = Buffer.alloc(2 ** 30, 1); // Written to, so that it is resident.
const resident = `at ${(process.memoryUsage.rss() / 2 ** 30).toFixed(2)} GB`;
rows.push(...(await compare(resident, 'ignore')), ...(await compare(resident, 'pipe')));
console.log(table(rows));
if (ballast[0] !== 1) throw new Error('the ballast is gone');

/**
 * Draws the pictures of docs/images/ from scripts/generate/pictures/: `npm run generate -- pictures`. NAME.dot is a graph for Graphviz; NAME.json
 * is a profile, whose compiled filter is drawn as a tree of decisions. The colors of lines and text follow the reader's theme.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compile, disassemble } from '../../lib/index.js';
import { folderOf } from '../pinned.js';

/** @viz-js/viz, as far as it is used here. */
interface Viz {
  readonly instance: () => Promise<{ readonly renderString: (dot: string, options: { format: 'svg' }) => string }>;
}

const sources = new URL('pictures/', import.meta.url);
const pictures = new URL('../../docs/images/', import.meta.url);

/** Stand for the color of text, which differs by theme, and for a filling that both themes can bear. */
const TEXT = '#010203';
const COLORS: Readonly<Record<string, string>> = { accent: '#2a9d5c38', plain: '#7583e024' };
const STYLE = 'svg{color:#24292f}@media(prefers-color-scheme:dark){svg{color:#d8dee4}}';

/** What every picture begins with. Graphviz measures text in Helvetica: the margin is for browsers that choose a wider font. */
const DEFAULTS = `
  bgcolor="transparent"; fontname="Helvetica,Arial,sans-serif"; fontsize=12; fontcolor="${TEXT}"; color="${TEXT}80"; style=rounded;
  node [fontname="Helvetica,Arial,sans-serif", fontsize=12, margin="0.28,0.08", fontcolor="${TEXT}", color="${TEXT}", fillcolor="${COLORS['plain']}"];
  edge [fontname="Helvetica,Arial,sans-serif", fontsize=11, fontcolor="${TEXT}", color="${TEXT}", arrowsize=0.7];
`;

/** The SHA-256 of a picture's source, which the picture contains: test/docs/pictures.test.ts compares it. */
export function digestOf(source: string): string {
  return createHash('sha256').update(source).digest('hex');
}

/** Numbers whose meaning in the disassembled program is too short for a picture. */
const NUMBERS: Readonly<Record<string, string>> = { '#0x40000000': 'x32’s first', '#0xffffffff': '−1' };

/** One line of a disassembled program. */
interface Line {
  readonly operation: string;
  readonly value: string;
  /** The places of the next instruction: if a test holds, and if it does not. */
  readonly next: readonly number[];
  readonly meaning: string;
}

/** Returns the graph of a profile's filter: a node for each test and each return of its program. */
function graphOf(profile: string): string {
  const program = disassemble(compile(profile)).trim().split('\n').map(lineOf);
  const statements: string[] = [];
  const drawn = new Set<number>();
  visit(0, '');
  return `digraph tree { ranksep=0.35; nodesep=0.2; node [shape=box]; ${statements.join('\n')} }`;

  /** Draws what follows from an instruction that runs while the accumulator holds `word`. Returns the place of its node. */
  function visit(at: number, word: string): number {
    const { operation, value, next, meaning } = program[at] ?? lineOf('');
    if (operation === 'ld') return visit(at + 1, meaning.replace(', low half', ''));
    if (drawn.has(at)) return at;
    drawn.add(at);
    if (operation === 'ret') {
      statements.push(`n${at} [label="${meaning}", style="rounded,filled", fillcolor=accent];`);
      return at;
    }
    const compared = NUMBERS[value] ?? (meaning === '' ? `${Number(value.slice(1))}` : meaning);
    statements.push(`n${at} [label="${word} ${operation === 'jge' ? '≥' : '='} ${compared}?", style=filled];`);
    next.forEach((to, i) => {
      statements.push(`n${at} -> n${visit(to, word)} [label=" ${i === 0 ? 'yes' : 'no'}"];`);
    });
    return at;
  }
}

function lineOf(text: string): Line {
  const [, operation = '', value = '', yes, no, meaning = ''] =
    /^ *\d+: (\w+) +([^\s,]+)(?:, (\d+), (\d+))? *(?:; (.*))?$/.exec(text) ?? [];
  return { operation, value, next: yes === undefined ? [] : [Number(yes), Number(no)], meaning };
}

function draw(render: (dot: string) => string, name: string): string {
  const source = readFileSync(new URL(name, sources), 'utf8');
  const graph = (name.endsWith('.json') ? graphOf(source) : source).replace('{', `{${DEFAULTS}`);
  const colored = graph.replaceAll('fillcolor=accent', `fillcolor="${COLORS['accent']}"`);
  const svg = render(colored).slice(render(colored).indexOf('<svg'));
  return svg
    .replaceAll(TEXT, 'currentColor')
    .replace(/<svg [^>]*>/, (tag) => `${tag}\n<!-- ${digestOf(source)} -->\n<style>${STYLE}</style>`)
    .replace(/<!-- (?![0-9a-f]{64} )[^>]*-->\n/g, '');
}

if (process.argv[1]?.endsWith('generate/pictures.ts')) {
  const { instance }: Viz = createRequire(`${folderOf('scripts/generate/pictures')}/`)('@viz-js/viz');
  const viz = await instance();
  mkdirSync(pictures, { recursive: true });
  for (const name of readdirSync(sources).filter((each) => !each.startsWith('package')))
    if (/\.(?:dot|json)$/.test(name)) {
      const svg = draw((dot) => viz.renderString(dot, { format: 'svg' }), name);
      writeFileSync(new URL(name.replace(/\.\w+$/, '.svg'), pictures), svg);
    }
}

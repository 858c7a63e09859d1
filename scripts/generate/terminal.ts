/**
 * Writes docs/terminal.svg: runs the commands of README's picture in a terminal, and draws what they print.
 * `npm run generate -- terminal`. Needs script(1) and unshare(1), of util-linux.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docs/terminal.svg');

const COMMANDS = ['npx seccomp run --explain -- unshare --user whoami', 'npx seccomp explain docker-default mount'];

/** The columns of the terminal, which fill the width of a page. */
const COLUMNS = 100;

/** Sizes in pixels. */
const CELL = { width: 7.8, height: 19 };
const FONT_SIZE = 13;
const MARGIN = 18;
const TITLE_BAR = 30;

/** A dark terminal with a border is legible on light and on dark pages. The colors have a contrast of at least 7:1. */
const BACKGROUND = '#16181d';
const BORDER = '#4a505c';
const TEXT = '#d7dae0';
const COLORS: ReadonlyMap<number, string> = new Map([
  [31, '#ff9d9d'],
  [32, '#7ee08a'],
  [33, '#f2cc60'],
]);
const PROMPT = '#79c0ff';

interface Style {
  readonly color: string;
  readonly isBold: boolean;
}

/** A part of a line in one style, from a column on. */
export interface Run extends Style {
  readonly column: number;
  readonly text: string;
}

const PLAIN: Style = { color: TEXT, isBold: false };

/** Runs the commands one after another. Returns the lines of the terminal: each prompt, and what its command printed. */
export function recordTerminal(): readonly (readonly Run[])[] {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-terminal-'));
  try {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    symlinkSync(ROOT, join(folder, 'node_modules/seccomp'));
    symlinkSync('../seccomp/dist/cli/main.js', join(folder, 'node_modules/.bin/seccomp'));
    const recorded = COMMANDS.map((command) => [promptOf(command), ...linesOf(outputOf(command, folder))]);
    return recorded.flatMap((lines, i) => (i === 0 ? lines : [[], ...lines]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function promptOf(command: string): readonly Run[] {
  return [
    { column: 0, text: '$', color: PROMPT, isBold: true },
    { column: 2, text: command, color: TEXT, isBold: true },
  ];
}

/** Runs a command in a terminal of its own. Returns what it writes there. */
function outputOf(command: string, cwd: string): string {
  const env = { PATH: process.env['PATH'], HOME: cwd, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...QUIET_NPX };
  const args = ['-qec', `stty cols ${COLUMNS}; ${command}`, '/dev/null'];
  const { stdout, error } = spawnSync('script', args, { cwd, env, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`cannot run script(1): ${error.message}`);
  return stdout;
}

/** npx then draws no progress, and never fetches a package. */
const QUIET_NPX = { npm_config_progress: 'false', npm_config_update_notifier: 'false', npm_config_offline: 'true' };

const ESCAPE = '\x1b';
const STYLE_OR_CHARACTER = new RegExp(`${ESCAPE}\\[([\\d;]*)m|(.)`, 'gsu');

/** Interprets the output: lines, and the escape sequences of styles (SGR). All other sequences are an error. */
export function linesOf(output: string): readonly (readonly Run[])[] {
  let style = PLAIN;
  const lines: Run[][] = [];
  for (const line of output.replaceAll('\r', '').trimEnd().split('\n')) {
    let runs = startLine(lines);
    let column = 0;
    for (const [, codes, text = ''] of line.matchAll(STYLE_OR_CHARACTER)) {
      if (text === ESCAPE) throw new Error(`an unknown escape sequence: ${JSON.stringify(line)}`);
      if (codes !== undefined) style = codes.split(';').map(Number).reduce(withCode, style);
      else if (column < COLUMNS) runs.push({ ...style, column: column++, text });
      else {
        runs = startLine(lines); // A terminal breaks a line that is too long.
        runs.push({ ...style, column: 0, text });
        column = 1;
      }
    }
  }
  return lines.map(joined);
}

function startLine(lines: Run[][]): Run[] {
  const runs: Run[] = [];
  lines.push(runs);
  return runs;
}

/** Joins neighbors that have the same style. */
function joined(runs: readonly Run[]): readonly Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    const isSame = last !== undefined && last.color === run.color && last.isBold === run.isBold;
    if (isSame) result[result.length - 1] = { ...last, text: last.text + run.text };
    else result.push(run);
  }
  return result;
}

/** Applies one parameter of an SGR sequence. */
function withCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1 || code === 22) return { ...style, isBold: code === 1 };
  if (code === 39) return { ...style, color: TEXT };
  const color = COLORS.get(code);
  if (color === undefined) throw new Error(`a style without a color: ${code}`);
  return { ...style, color };
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Draws the lines in a window. `textLength` keeps the columns in place, whatever font the reader has. */
export function drawTerminal(lines: readonly (readonly Run[])[]): string {
  const width = Math.ceil(COLUMNS * CELL.width) + 2 * MARGIN;
  const height = TITLE_BAR + lines.length * CELL.height + MARGIN;
  const texts = lines.flatMap((runs, row) => {
    const y = TITLE_BAR + (row + 0.75) * CELL.height;
    return runs.filter(({ text }) => text.trim() !== '').map((run) => drawRun(run, y));
  });
  const buttons = [0, 1, 2].map((i) => `<circle cx="${MARGIN + 4 + i * 18}" cy="16" r="5" fill="${BORDER}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A terminal with two commands of seccomp and their output</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${BACKGROUND}" stroke="${BORDER}"/>
${buttons.join('')}
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${FONT_SIZE}" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`;
}

function drawRun({ column, text, color, isBold }: Run, y: number): string {
  const indent = text.length - text.trimStart().length;
  const shown = text.trim();
  const x = (MARGIN + (column + indent) * CELL.width).toFixed(1);
  const length = (shown.length * CELL.width).toFixed(1);
  const weight = isBold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${color}"${weight}>${escaped(shown)}</text>`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(FILE, drawTerminal(recordTerminal()));
}

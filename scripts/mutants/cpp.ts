/** Finds small changes of a C++ file that may change what it does: by its text, which clang-format has laid out. */
import type { Change } from './changes.js';

const OPERATORS: Readonly<Record<string, string>> = {
  ' < ': ' <= ',
  ' <= ': ' < ',
  ' > ': ' >= ',
  ' >= ': ' > ',
  ' == ': ' != ',
  ' != ': ' == ',
  ' && ': ' || ',
  ' || ': ' && ',
  ' - ': ' + ',
  ' * ': ' / ',
  ' / ': ' * ',
  ' << ': ' >> ',
  ' & ': ' | ',
  ' | ': ' & ',
};

/** Returns the changes of a file's text, in the order of the text. */
export function changesOfCpp(text: string): readonly Change[] {
  const code = blank(text);
  return [
    ...operators(code),
    ...conditions(code),
    ...negations(code),
    ...values(code),
    ...statements(code),
    ...swapped(code),
  ].sort((a, b) => a.start - b.start);
}

/** Replaces what is no code (comments, strings, preprocessor lines, templates' parameters) by characters without meaning. */
function blank(text: string): string {
  const filled = (part: string) => part.replaceAll(/[^\n]/g, '\u0001');
  return text
    .replaceAll(
      /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|(?<!\d)'(?:\\.[^'\n]*|[^'\\\n])'|^ *#(?:[^\n]*\\\n)*[^\n]*/gm,
      filled,
    )
    .replaceAll(/\b(?:static_assert|template|using|operator)\b[^;{]*/g, filled);
}

function operators(code: string): readonly Change[] {
  return [...code.matchAll(/(?<=[\w)\]]) (?:[<>]=?|[=!]=|&&|\|\||[-*/&|]|<<) (?=[\w(~!-])/g)].flatMap(
    ({ 0: from, index }) => {
      const to = OPERATORS[from];
      return to === undefined
        ? []
        : [
            {
              kind: /[<>]/.test(from) && from !== ' << ' ? 'bound' : 'operator',
              start: index,
              end: index + from.length,
              to,
            },
          ];
    },
  );
}

/** The whole condition of an `if`, and each of its parts. */
function conditions(code: string): readonly Change[] {
  return [...code.matchAll(/\bif \(/g)].flatMap(({ 0: head, index }) => {
    const start = index + head.length;
    const end = closing(code, start - 1);
    const condition = code.slice(start, end);
    if (condition.includes('\n') || condition.includes(';') || condition.includes('\u0001')) return [];
    const parts = condition.split(/ (?:&&|\|\|) /);
    return [
      { kind: 'condition', start, end, to: 'true' },
      { kind: 'condition', start, end, to: 'false' },
      ...(parts.length === 2 && parts.every((part) => balanced(part))
        ? parts.map((to) => ({ kind: 'condition', start, end, to }))
        : []),
    ];
  });
}

function negations(code: string): readonly Change[] {
  return [...code.matchAll(/(?<=[( ])!(?=[\w(])/g)].map(({ index }) => ({
    kind: 'negation',
    start: index,
    end: index + 1,
    to: '',
  }));
}

function values(code: string): readonly Change[] {
  return [...code.matchAll(/(?<![\w.'])(?:true|false|\d+)(?![\w.'])/g)].flatMap(({ 0: from, index }) => {
    const change = (kind: string, to: string) => ({ kind, start: index, end: index + from.length, to });
    if (from === 'true') return [change('boolean', 'false')];
    if (from === 'false') return [change('boolean', 'true')];
    return [
      change('number', String(Number(from) + 1)),
      ...(from === '0' ? [] : [change('number', String(Number(from) - 1))]),
    ];
  });
}

function statements(code: string): readonly Change[] {
  return [
    ...code.matchAll(
      /^ +(?!return\b|throw\b|delete\b|goto\b|using\b)(?:[\w:.>()-]*\(.*\)|[\w.>\-[\]*]+ [-+|&]?= .*);$/gm,
    ),
  ].map(({ 0: line, index }) => ({
    kind: 'statement',
    start: index + line.length - line.trimStart().length,
    end: index + line.length,
    to: ';',
  }));
}

function swapped(code: string): readonly Change[] {
  return [...code.matchAll(/\b[\w:]+\(([\w.&*]+(?:->[\w.]+)?), ([\w.&*]+(?:->[\w.]+)?)(?=[,)])/g)].flatMap(
    ({ 0: all, 1: first, 2: second, index }) =>
      first === undefined || second === undefined || first === second
        ? []
        : [
            {
              kind: 'arguments',
              start: index + all.length - `${first}, ${second}`.length,
              end: index + all.length,
              to: `${second}, ${first}`,
            },
          ],
  );
}

const balanced = (part: string) => part.split('(').length === part.split(')').length;

/** Returns where the parenthesis that opens here is closed. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i] === '(') depth++;
    if (code[i] === ')' && --depth === 0) return i;
  }
  return code.length;
}

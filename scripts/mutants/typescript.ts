/** Finds small changes of a TypeScript file that may change what it does. Uses the parser that Vite has. */
import { parseAst } from 'vitest/node';
import type { Change } from './changes.js';

type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<Record<string, unknown>>;

/** Operators, each with what replaces it. */
const OPERATORS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<<': '>>',
  '>>': '<<',
  '>>>': '<<',
  '&': '|',
  '|': '&',
  '^': '&',
};

/** Methods, each with what replaces it. */
const METHODS: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
  push: 'unshift',
  unshift: 'push',
  shift: 'pop',
  pop: 'shift',
  floor: 'ceil',
  ceil: 'floor',
  find: 'findLast',
  findLast: 'find',
  add: 'delete',
};

/** Methods without which a chain of calls has a result of the same type. */
const OPTIONAL_CALLS = [
  'filter',
  'sort',
  'toSorted',
  'reverse',
  'toReversed',
  'trim',
  'slice',
  'concat',
  'toLowerCase',
];

/** Returns the changes of a file's text, in the order of the text. */
export function changesOfTypeScript(text: string): readonly Change[] {
  const changes: Change[] = [];
  visit(parseAst(text, { lang: 'ts' }) as unknown as Node, text, changes);
  return changes.sort((a, b) => a.start - b.start);
}

function visit(node: Node, text: string, changes: Change[]): void {
  // Types have no behavior, and a message has a test only if it has a reason.
  if (
    /^TS(?!As|Satisfies|NonNull)|^Import|^Export(All|Named.*Source)|^ThrowStatement$|^TemplateElement$/.test(node.type)
  )
    return;
  changes.push(...changesOf(node, text));
  for (const [key, value] of Object.entries(node))
    if (key !== 'typeAnnotation' && key !== 'typeArguments' && key !== 'returnType')
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, text, changes);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function changesOf(node: Node, text: string): readonly Change[] {
  const source = (part: unknown) => (isNode(part) ? text.slice(part.start, part.end) : '');
  const replace = (kind: string, part: unknown, to: string): readonly Change[] =>
    isNode(part) ? [{ kind, start: part.start, end: part.end, to }] : [];
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
      return [
        ...operator(node, text),
        ...(node['operator'] === '&&' || node['operator'] === '||'
          ? replace('condition', node, source(node['left']))
          : []),
        ...(node['operator'] === '&&' || node['operator'] === '||'
          ? replace('condition', node, source(node['right']))
          : []),
        ...(node['operator'] === '??' ? replace('default', node, source(node['left'])) : []),
      ];
    case 'UnaryExpression':
      return node['operator'] === '!' ? replace('negation', node, source(node['argument'])) : [];
    case 'IfStatement':
    case 'ConditionalExpression':
      return [...replace('condition', node['test'], 'true'), ...replace('condition', node['test'], 'false')];
    case 'Literal':
      return literal(node, text);
    case 'ExpressionStatement':
      return isNode(node['expression']) && /^(Await|Call|Assignment)/.test(node['expression'].type)
        ? replace('statement', node, ';')
        : [];
    case 'CallExpression':
      return [...swapped(node, source), ...method(node, source)];
    case 'NewExpression':
      return swapped(node, source);
    case 'ArrayExpression':
      return dropped('element', node['elements'], node, text);
    case 'ObjectExpression':
      return dropped('property', node['properties'], node, text);
    default:
      return [];
  }
}

function operator(node: Node, text: string): readonly Change[] {
  const { left, right, operator: from } = node;
  if (!isNode(left) || !isNode(right) || typeof from !== 'string') return [];
  const to = from === '+' && isNumber(right) ? '-' : OPERATORS[from];
  const start = left.end + text.slice(left.end, right.start).indexOf(from);
  const kind = /^[<>]=?$/.test(from) ? 'bound' : 'operator';
  return to === undefined ? [] : [{ kind, start, end: start + from.length, to }];
}

const isNumber = ({ type, value }: Node) => type === 'Literal' && typeof value === 'number';

function literal({ start, end, value }: Node, text: string): readonly Change[] {
  if (typeof value === 'boolean') return [{ kind: 'boolean', start, end, to: String(!value) }];
  if (typeof value !== 'number') return [];
  const source = text.slice(start, end);
  const digits = /^0x/i.test(source) ? `0x${(value + 1).toString(16)}` : String(value + 1);
  return [
    { kind: 'number', start, end, to: digits },
    ...(value > 0 ? [{ kind: 'number', start, end, to: String(value - 1) }] : []),
  ];
}

function swapped(node: Node, source: (part: unknown) => string): readonly Change[] {
  if (/^Math\.(?:min|max)$/.test(source(node['callee']))) return []; // They take their arguments in any order.
  const given = Array.isArray(node['arguments']) ? node['arguments'].filter(isNode) : [];
  return given.flatMap((first, i) => {
    const second = given[i + 1];
    const isPlain = second !== undefined && [first, second].every(({ type }) => !/Spread|Function/.test(type));
    if (!isPlain || source(first) === source(second)) return [];
    return [{ kind: 'arguments', start: first.start, end: second.end, to: `${source(second)}, ${source(first)}` }];
  });
}

function method(node: Node, source: (part: unknown) => string): readonly Change[] {
  const callee = node['callee'];
  if (!isNode(callee) || callee.type !== 'MemberExpression' || !isNode(callee['property'])) return [];
  const name = source(callee['property']);
  const { start, end } = callee['property'];
  const other = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  return [
    ...(other === undefined ? [] : [{ kind: 'method', start, end, to: other }]),
    ...(OPTIONAL_CALLS.includes(name)
      ? [{ kind: 'call', start: node.start, end: node.end, to: source(callee['object']) }]
      : []),
  ];
}

/** Leaves out each element of a list of several, with the comma beside it. */
function dropped(kind: string, parts: unknown, { start }: Node, text: string): readonly Change[] {
  const all = Array.isArray(parts) ? parts.filter(isNode) : [];
  if (all.length < 2) return [];
  return all
    .map((part, i) => {
      const next = all[i + 1];
      const before = all[i - 1];
      if (next !== undefined) return { kind, start: part.start, end: next.start, to: '' };
      return { kind, start: before?.end ?? start, end: part.end, to: '' };
    })
    .filter((change) => !text.slice(change.start, change.end).includes('\n'));
}

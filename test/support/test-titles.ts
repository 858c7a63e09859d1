/** Reads the titles of tests out of their source, without running them. */
import { parseAst } from 'vitest/node';

/** The functions that make a test or a group of tests. */
const MAKERS: ReadonlySet<string> = new Set(['test', 'it', 'describe', 'describeUnless']);

/** Properties and options of a maker with which its tests never run, or pass if they fail. */
const NEVER_HOLDS: ReadonlySet<string> = new Set(['skip', 'todo', 'fails']);

/** A node of ESTree: https://github.com/estree/estree. */
type Node = Readonly<Record<string, unknown>> & { readonly type: string };

/**
 * Returns what the titles of the tests in a TypeScript source consist of: the strings of each title and, since these may be
 * a part of it, those of the table of `test.each`, in variables too. Comments, and tests that never run or that pass if they
 * fail (`test.skip`, `test.todo`, `test.fails`, alone or around them), are left out.
 */
export function titlesOf(source: string): readonly string[] {
  const program: unknown = parseAst(source, { lang: 'ts' });
  const variables = variablesOf(program);
  return titlesBelow(program).flatMap((title) => stringsBelow(title, variables));
}

/** The expressions below a node that make titles. */
function titlesBelow(node: unknown): readonly unknown[] {
  if (!isNode(node)) return childrenOf(node).flatMap(titlesBelow);
  const call = node.type === 'CallExpression' ? makerOf(node) : undefined;
  if (call === undefined) return childrenOf(node).flatMap(titlesBelow);
  const args = Array.isArray(node['arguments']) ? node['arguments'] : [];
  if (call.properties.some((name) => NEVER_HOLDS.has(name)) || args.some(isNeverHolding)) return [];
  const isGroupWithObstacle = call.name === 'describeUnless';
  const title: unknown = args[isGroupWithObstacle ? 1 : 0];
  return [title, ...call.tables, ...args.flatMap(titlesBelow)];
}

interface Maker {
  readonly name: string;
  /** `skip` and `each` for `test.skip.each(table)(…)`. */
  readonly properties: readonly string[];
  /** The arguments of `each` and `for`. */
  readonly tables: readonly unknown[];
}

/** The maker that a call calls: `test`, `describe.each(table)`. Undefined if it calls something else, or makes no test yet. */
function makerOf({ callee }: Node): Maker | undefined {
  if (!isNode(callee)) return undefined;
  if (callee.type === 'Identifier') {
    const name = String(callee['name']);
    return MAKERS.has(name) ? { name, properties: [], tables: [] } : undefined;
  }
  if (callee.type === 'MemberExpression') {
    const { property, object } = callee;
    const name = isNode(property) ? String(property['name']) : '';
    const maker = makerOf({ type: 'CallExpression', callee: object });
    return maker && { ...maker, properties: [...maker.properties, name] };
  }
  if (callee.type !== 'CallExpression') return undefined;
  const maker = makerOf(callee);
  return maker && { ...maker, tables: childrenOf(callee['arguments']) };
}

/** Whether an argument is an object of options with which the test never runs: `{ skip: true }`. */
function isNeverHolding(argument: unknown): boolean {
  if (!isNode(argument) || argument.type !== 'ObjectExpression') return false;
  return childrenOf(argument['properties']).some(
    (each) => isNode(each) && isNode(each['key']) && NEVER_HOLDS.has(String(each['key']['name'])),
  );
}

/** The strings below a node, and below the values of the variables that it contains. */
function stringsBelow(node: unknown, variables: ReadonlyMap<string, unknown>): readonly string[] {
  if (!isNode(node)) return childrenOf(node).flatMap((child) => stringsBelow(child, variables));
  if (node.type === 'Identifier') {
    const name = String(node['name']);
    const others = new Map([...variables].filter(([other]) => other !== name));
    return variables.has(name) ? stringsBelow(variables.get(name), others) : [];
  }
  if (node.type === 'TemplateElement') return isRecord(node['value']) ? [String(node['value']['cooked'])] : [];
  if (typeof node['value'] === 'string') return [node['value']];
  return childrenOf(node).flatMap((child) => stringsBelow(child, variables));
}

/** The variables of a module, in functions too: their initial values, or what a `for…of` iterates over. */
function variablesOf(node: unknown): ReadonlyMap<string, unknown> {
  const below = childrenOf(node).flatMap((child) => [...variablesOf(child)]);
  if (!isNode(node)) return new Map(below);
  if (node.type === 'VariableDeclarator' && node['init'] !== null) {
    return new Map([...below, ...namesIn(node['id']).map((name) => [name, node['init']] as const)]);
  }
  if (node.type !== 'ForOfStatement') return new Map(below);
  return new Map([...below, ...namesIn(node['left']).map((name) => [name, node['right']] as const)]);
}

function namesIn(pattern: unknown): readonly string[] {
  if (isNode(pattern) && pattern.type === 'Identifier') return [String(pattern['name'])];
  return childrenOf(pattern).flatMap(namesIn);
}

function childrenOf(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node;
  return isNode(node) ? Object.values(node).filter((value) => typeof value === 'object') : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isNode(value: unknown): value is Node {
  return isRecord(value) && typeof value['type'] === 'string' && !isType(value['type']);
}

/** Whether a node of TypeScript is a type, which has no titles. */
const isType = (type: string) => /^TS(?!AsExpression|NonNullExpression|SatisfiesExpression)/.test(type);

/** Returns the titles of the steps of a shell script: `step "TITLE"` on a line of its own. */
export function stepsOf(script: string): readonly string[] {
  return [...script.matchAll(/^\s*step "(.*)"$/gm)].map(([, title = '']) => title);
}

/**
 * Writes the tables of options in docs/: `npm run generate:options`. A page has a table between two comments, of which
 * the first names the functions: `<!-- options of spawn, run -->` and `<!-- end of options -->`. With `beside spawn`
 * after the names, the options that mean the same for spawn are named without a description.
 *
 * Names, their order, the functions that take them and the reasons of those that refuse them are those of
 * lib/sandbox/options/table.ts. Types and descriptions are those of the functions' option types.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Checker, Symbol as CompilerSymbol, Project } from 'typescript/unstable/sync';
import { type FunctionName, isOfNode, optionsOf, reasonsAgainst } from '../lib/sandbox/options/table.js';
import { withProject } from '../test/support/docstrings.js';

const root = join(import.meta.dirname, '..');

/** The file and the name of each function's option type. */
const TYPES = {
  spawn: ['sandbox/options/types', 'SpawnOptions'],
  spawnSync: ['sandbox/spawn-sync', 'SpawnSyncOptions'],
  run: ['sandbox/run', 'RunOptions'],
  execve: ['sandbox/options/types', 'ProgramOptions'],
  fork: ['sandbox/child/start-node', 'ForkOptions'],
  record: ['record/record', 'RecordOptions'],
  harden: ['sandbox/harden', 'HardenOptions'],
  listen: ['agent/agent', 'ListenOptions'],
  compile: ['sandbox/options/types', 'CompileOptions'],
  probe: ['sandbox/options/types', 'HostOptions'],
  assertDenied: ['testing/assertions', 'DenialOptions'],
} as const satisfies Partial<Record<FunctionName, readonly [file: string, type: string]>>;

type TypedFunction = keyof typeof TYPES;

interface OptionText {
  readonly type: string;
  readonly description: string;
  /** Empty for none. */
  readonly default: string;
  /** Whether the declaration is one of Node's types. */
  readonly isOfNodesTypes: boolean;
}

/** The options of each function's type, by function and name. */
export type OptionTypes = ReadonlyMap<string, ReadonlyMap<string, OptionText>>;

/** Reads the option types with the TypeScript compiler. */
export function readOptionTypes(): OptionTypes {
  return withProject(join(root, 'tsconfig.json'), (project) => {
    const functions = Object.entries(TYPES);
    const profile = optionsIn(project, 'sandbox/plan/resolve-sources', 'ProfileOption');
    return new Map(
      functions.map(([name, [file, type]]) => {
        const takesProfile = optionsOf(asFunction(name)).includes('profile');
        return [name, new Map([...(takesProfile ? profile : []), ...optionsIn(project, file, type)])] as const;
      }),
    );
  });
}

function optionsIn({ program, checker }: Project, file: string, name: string): ReadonlyMap<string, OptionText> {
  const source = program.getSourceFile(join(root, 'lib', `${file}.ts`));
  const module = source && checker.getSymbolAtLocation(source);
  const type = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  if (type === undefined) throw new Error(`lib/${file}.ts has no type ${name}`);
  const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(type));
  return new Map(properties.map((property) => [property.name, optionText(checker, property)]));
}

function optionText(checker: Checker, property: CompilerSymbol): OptionText {
  const text = checker.getDocumentationCommentOfSymbol(property).replaceAll('\n', ' ');
  const [, description = '', preset = ''] = /^(.*?)(?: ?Default:? (.*)\.)?$/s.exec(text) ?? [];
  const isOfNodesTypes = property.declarations[0]?.path.includes('/node_modules/') ?? false;
  return { type: typeText(property), description, default: preset, isOfNodesTypes };
}

/** The type as it is declared, without undefined. */
function typeText({ declarations }: CompilerSymbol): string {
  const declaration = declarations[0]?.resolve()?.getText() ?? '';
  const [, type = ''] = /\??: (.*?);?$/s.exec(declaration) ?? [];
  return type.replaceAll(/\s+/g, ' ').replace(/ ?\| undefined$/, '');
}

/** Returns a page with its tables of options up to date. */
export function withOptionTables(page: string, types: OptionTypes): string {
  return page.replaceAll(
    /(<!-- options of ([\w, ]+?)( beside spawn)? -->\n).*?(<!-- end of options -->)/gs,
    (_, begin: string, names: string, beside: string | undefined, end: string) =>
      `${begin}${optionTables(names.split(', ').map(asFunction), beside !== undefined, types)}\n${end}`,
  );
}

function asFunction(name: string): TypedFunction {
  if (!Object.hasOwn(TYPES, name)) throw new Error(`${name} has no type of options`);
  return name as TypedFunction;
}

function optionTables(functions: readonly TypedFunction[], isBesideSpawn: boolean, types: OptionTypes): string {
  const names = optionsOf('spawn')
    .concat(functions.flatMap(optionsOf))
    .filter((name, i, all) => all.indexOf(name) === i && functions.some((by) => optionsOf(by).includes(name)));
  const shared = isBesideSpawn ? names.filter((name) => functions.every((by) => isLikeSpawns(by, name, types))) : [];
  const described = names.filter((name) => !shared.includes(name));
  const ours = described.filter((name) => !isOfNode(name)).flatMap((name) => rows(name, functions, types));
  const node = described.filter(isOfNode).flatMap((name) => rows(name, functions, types));
  const refused = functions.flatMap((by) => [...reasonsAgainst(by)].filter(() => functions.length === 1));
  return [
    ...(shared.length === 0 ? [] : [`As for [\`spawn\`](spawn.md#options): ${shared.map(code).join(', ')}.`]),
    ...(ours.length === 0 ? [] : [table(['option', 'type', 'default', 'meaning'], ours)]),
    ...(node.length === 0 ? [] : [table(["option of Node's", 'type', 'default', 'meaning'], node)]),
    ...(refused.length === 0
      ? []
      : [
          table(
            ['not taken', 'why'],
            refused.map(([name, why]) => [code(name), escaped(why)]),
          ),
        ]),
  ].join('\n\n');
}

/** Whether spawn takes the option too, and with the same meaning. */
function isLikeSpawns(by: TypedFunction, name: string, types: OptionTypes): boolean {
  const [option, spawns] = [types.get(by)?.get(name), types.get('spawn')?.get(name)];
  if (!optionsOf('spawn').includes(name)) return false;
  if (option === undefined || option.isOfNodesTypes) return true;
  return option.description === spawns?.description && option.default === spawns.default;
}

/** The rows of an option: one for each meaning that it has in these functions. */
function rows(name: string, functions: readonly TypedFunction[], types: OptionTypes): readonly (readonly string[])[] {
  const meanings = new Map<string, TypedFunction[]>();
  for (const by of functions.filter((each) => optionsOf(each).includes(name))) {
    const key = JSON.stringify(types.get(by)?.get(name));
    meanings.set(key, [...(meanings.get(key) ?? []), by]);
  }
  return [...meanings.values()].map((takers) => {
    const text = takers.map((by) => types.get(by)?.get(name)).find((each) => each !== undefined);
    if (text === undefined || text.description === '') throw new Error(`${name} of ${takers[0]} has no docstring`);
    const preset = /^(true|false)$/.test(text.default) ? code(text.default) : text.default;
    const meaning = [...onlyFor(takers, functions), linked(text.description)].join(' ');
    return [code(name), code(text.type), preset, meaning].map(escaped);
  });
}

/** A sentence about who takes an option, if not all functions do. */
function onlyFor(takers: readonly TypedFunction[], functions: readonly TypedFunction[]): readonly string[] {
  const others = functions.filter((by) => !takers.includes(by));
  if (others.length === 0) return [];
  return [others.length === 1 ? `Not for ${others.map(code).join()}.` : `For ${takers.map(code).join(' and ')} only.`];
}

/** Turns names of pages, which may be followed by a heading's anchor, into links. */
function linked(text: string): string {
  return text.replaceAll(/docs\/([\w-]+)\.md(#[\w-]+)?/g, (_, page: string, anchor = '') => {
    return `[${page}](${page}.md${anchor})`;
  });
}

const code = (text: string) => `\`${text}\``;

/** A bar would begin a new cell. */
const escaped = (text: string) => text.replaceAll('|', '\\|');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const types = readOptionTypes();
  for (const name of readdirSync(join(root, 'docs')).filter((each) => each.endsWith('.md'))) {
    const file = join(root, 'docs', name);
    const page = readFileSync(file, 'utf8');
    const updated = withOptionTables(page, types);
    if (updated !== page) writeFileSync(file, updated);
  }
}

/**
 * The tables of options, which scripts/generate/reference/api-page.ts writes into the API reference.
 *
 * Names, their order, the functions that take them and the reasons of those that refuse them are those of
 * lib/sandbox/options/table.ts. Types and descriptions are those of the functions' option types.
 */
import { join } from 'node:path';
import type { Checker, Symbol as CompilerSymbol, Project } from 'typescript/unstable/sync';
import { type FunctionName, isOfNode, optionsOf, reasonsAgainst } from '../../../lib/sandbox/options/table.js';
import { withProject } from '../../../test/support/docstrings.js';
import { code, table, wrapped } from './markdown.js';

const root = join(import.meta.dirname, '../../..');

/** The file and the name of each function's option type. */
export const OPTION_TYPES = {
  spawn: ['sandbox/options/types', 'SpawnOptions'],
  spawnSync: ['sandbox/spawn-sync', 'SpawnSyncOptions'],
  run: ['sandbox/run', 'RunOptions'],
  execve: ['sandbox/options/types', 'ProgramOptions'],
  fork: ['sandbox/fork', 'ForkOptions'],
  record: ['record/record', 'RecordOptions'],
  harden: ['sandbox/harden', 'HardenOptions'],
  listen: ['agent/agent', 'ListenOptions'],
  compile: ['sandbox/options/types', 'CompileOptions'],
  probe: ['testing/probe', 'ProbeOptions'],
  assertDenied: ['testing/assertions', 'DenialOptions'],
} as const satisfies Partial<Record<FunctionName, readonly [file: string, type: string]>>;

type TypedFunction = keyof typeof OPTION_TYPES;

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
    const functions = Object.entries(OPTION_TYPES);
    const profile = optionsIn(project, 'sandbox/plan/resolve-sources', 'ProfileOption');
    return new Map(
      functions.map(([name, [file, type]]) => {
        const takesProfile = optionsOf(name as FunctionName).includes('profile');
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

/**
 * Returns the table of a function's options. Those that mean the same for `spawn` are named without a description, after a
 * link to its table. The tables of Node's options and of refused options follow.
 */
export function optionTables(by: TypedFunction, types: OptionTypes, spawnsTable: string): string {
  const names = optionsOf(by);
  const shared = by === 'spawn' || by === 'harden' ? [] : names.filter((name) => isLikeSpawns(by, name, types));
  const described = names.filter((name) => !shared.includes(name));
  const ours = described.filter((name) => !isOfNode(name)).map((name) => row(name, by, types));
  const node = described.filter(isOfNode).map((name) => row(name, by, types));
  const refused = [...reasonsAgainst(by)].map(([name, why]) => [code([name]), why]);
  return [
    ...(ours.length === 0 ? [] : [table(['option', 'type', 'default', 'meaning'], ours)]),
    ...(node.length === 0 ? [] : [table(["option of Node's", 'type', 'default', 'meaning'], node)]),
    ...(shared.length === 0
      ? []
      : [wrapped(`As for [\`spawn\`](${spawnsTable}): ${shared.map((name) => code([name])).join(', ')}.`)]),
    ...(refused.length === 0 ? [] : [table(['not taken', 'why'], refused)]),
  ].join('\n\n');
}

/** Whether spawn takes the option too, and with the same meaning. */
function isLikeSpawns(by: TypedFunction, name: string, types: OptionTypes): boolean {
  const [option, spawns] = [types.get(by)?.get(name), types.get('spawn')?.get(name)];
  if (!optionsOf('spawn').includes(name)) return false;
  if (option === undefined || option.isOfNodesTypes) return true;
  return option.description === spawns?.description && option.default === spawns.default;
}

function row(name: string, by: TypedFunction, types: OptionTypes): readonly string[] {
  const text = types.get(by)?.get(name);
  if (text === undefined || text.description === '') throw new Error(`${name} of ${by} has no docstring`);
  const preset = /^(true|false)$/.test(text.default) ? code([text.default]) : text.default;
  return [code([name]), code([text.type]), preset, text.description];
}

/**
 * Merges the declarations of modules, as tsc writes them, into one file, for scripts/build/types.mjs: installing a package
 * takes longer with each file. Contains only what the entries export, and what that refers to.
 *
 * A merged file has one scope, so a name must be declared by one module only. What cannot be merged is an error.
 */
import { dirname, join } from 'node:path';

/** The begin of a statement, or of a comment before one. Other lines are indented, begin with a bracket, or are comments in a type. */
const STATEMENT = /^(?=(?:\/\*\*(?:[^*]|\*(?!\/))*\*\/\s*)*(?:import|export|declare|interface|type|class|abstract)\b)/m;

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:const|function|class|interface|type|enum|namespace) ([\w$]+)/;
const IMPORT = /^(import|export) (type )?(?:\{([^}]*)\}|\* as (\w+)) from '([^']+)';\n$/;

/**
 * Returns the text of a file that declares all that these entries export.
 *
 * @param entries - Names of modules, all of whose exports are re-exports.
 * @param textOf - Returns the declarations of a module by its name, a path without extension.
 */
export function mergeTypes(entries, textOf) {
  const modules = new Map();
  const owners = new Map();
  const externals = new Map();
  for (const entry of entries)
    for (const [name, { exported }] of moduleOf(entry).bindings) if (exported) keep(entry, name);
  const statements = [];
  for (const [module, { declarations }] of modules)
    for (const [name, texts] of declarations) if (owners.get(name) === module) statements.push(...texts);
  for (const [module, { kept, declarations }] of modules)
    for (const name of kept) for (const text of declarations.get(name)) checkGlobals(module, text);
  return [...[...externals].map(importOf).sort(), ...statements, 'export {};\n'].join('');

  function moduleOf(module) {
    if (!modules.has(module)) modules.set(module, parse(module, textOf(module)));
    return modules.get(module);
  }

  /** Keeps what a name means in a module, and all that this refers to. */
  function keep(module, name) {
    const { bindings, kept } = moduleOf(module);
    const from = bindings.get(name);
    if (from?.path.startsWith('.')) {
      if (from.name !== name) throw new Error(`${module}.ts renames ${from.name}: rename it where it is declared`);
      keep(join(dirname(module), from.path.replace(/\.js$/, '')), name);
    } else if (from !== undefined) {
      claim(name, `${from.path} (${from.name})`);
      externals.set(name, { ...from, isType: from.isType && externals.get(name)?.isType !== false });
    } else if (!kept.has(name)) {
      claim(name, module);
      keepDeclaration(module, name);
    }
  }

  function keepDeclaration(module, name) {
    const { declarations, bindings, kept } = moduleOf(module);
    kept.add(name);
    const texts = declarations.get(name);
    if (texts === undefined) throw new Error(`${module}.ts has no declaration of ${name} that can be merged`);
    const words = new Set(texts.flatMap((text) => codeOf(text).match(/[\w$]+/g)));
    for (const word of words) if (declarations.has(word) || bindings.has(word)) keep(module, word);
  }

  function claim(name, owner) {
    const other = owners.get(name) ?? owner;
    if (other !== owner) throw new Error(`${name} is declared by ${other} and by ${owner}: rename one`);
    owners.set(name, owner);
  }

  /** Throws if a name that is global in a module would mean another module's declaration. */
  function checkGlobals(module, text) {
    const { declarations, bindings } = moduleOf(module);
    for (const [word] of codeOf(text).matchAll(/\b[A-Z][\w$]*|(?<=\btypeof )[\w$]+/g))
      if (owners.has(word) && !declarations.has(word) && !bindings.has(word))
        throw new Error(`${word} in ${module}.ts would be that of ${owners.get(word)}: rename one`);
  }
}

/** Returns the statements that declare each name of a module, and from where it has the others. */
function parse(module, text) {
  if (/\bimport\(/.test(codeOf(text))) throw new Error(`${module}.d.ts has import(…): import the type in ${module}.ts`);
  const declarations = new Map();
  const bindings = new Map();
  let comment = '';
  for (const part of text.split(STATEMENT)) {
    const isComment = part.startsWith('/**');
    const [, declared] = DECLARATION.exec(part) ?? [];
    const imported = bindingsOf(part);
    if (imported !== undefined) for (const [local, binding] of imported) bindings.set(local, binding);
    else if (declared !== undefined)
      declarations.set(declared, [...(declarations.get(declared) ?? []), comment + part]);
    else if (!isComment && !/^(export \{\};)?\s*$/.test(part)) throw new Error(`${module}.d.ts: cannot merge ${part}`);
    comment = isComment ? part : ''; // One that another comment follows describes the module.
  }
  return { declarations, bindings, kept: new Set() };
}

/** Returns the local names that an import or a re-export declares, and what each means. */
function bindingsOf(statement) {
  const [, kind, type, names, namespace, path] = IMPORT.exec(statement) ?? [];
  if (path === undefined) return undefined;
  const common = { path, exported: kind === 'export' };
  if (namespace !== undefined) return [[namespace, { ...common, name: '*', isType: type !== undefined }]];
  const parts = [...names.matchAll(/(type )?([\w$]+)(?: as ([\w$]+))?/g)];
  return parts.map(([, each, name, local = name]) => [
    local,
    { ...common, name, isType: (type ?? each) !== undefined },
  ]);
}

function importOf([local, { name, path, isType }]) {
  const type = isType ? 'type ' : '';
  if (name === '*') return `import ${type}* as ${local} from '${path}';\n`;
  return `import ${type}{ ${name === local ? name : `${name} as ${local}`} } from '${path}';\n`;
}

/** Returns a text without its comments and strings. */
const codeOf = (text) => text.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*|'[^'\n]*'|"[^"\n]*"/gs, ' ');

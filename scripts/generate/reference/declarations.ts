/** Reads the exports of the package with their signatures, docstrings and members, for the API reference. */
import { join } from 'node:path';
import {
  isClassDeclaration,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  type Node,
  type TypeAliasDeclaration,
} from 'typescript/unstable/ast';
import { type Checker, type Symbol as CompilerSymbol, type Project, SymbolFlags } from 'typescript/unstable/sync';
import { withProject } from '../../../test/support/docstrings.js';
import { packageRoot } from '../../../test/support/scripts.js';

/** A docstring: its text, and its tags. */
export interface Docstring {
  readonly description: string;
  /** Name and description of each `@param`. */
  readonly params: readonly (readonly [name: string, text: string])[];
  readonly returns: string;
  /** The class and the condition of each `@throws`. */
  readonly throws: readonly (readonly [error: string, text: string])[];
  readonly examples: readonly string[];
}

/** A member of a class, an interface or an object type. */
export interface Member {
  readonly name: string;
  /** `name?: type` or `name(parameters): type`, one for each overload. */
  readonly signatures: readonly string[];
  readonly kind: 'constructor' | 'static' | 'property' | 'method';
  readonly docstring: Docstring;
}

/** An export of an entry point. */
export interface Export {
  readonly name: string;
  /** Its entry point, such as `seccomp/testing`. */
  readonly from: string;
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'constant';
  readonly signatures: readonly string[];
  readonly docstring: Docstring;
  readonly members: readonly Member[];
  /** What a class or an interface extends, as it is written; empty for nothing. */
  readonly base: string;
  /** The interface that a class implements; empty for none. */
  readonly implemented: string;
  /** The alternatives of a union that have a docstring of their own. */
  readonly cases: readonly (readonly [text: string, description: string])[];
}

/** The modules of lib/ with the public exports, by entry point. */
const ENTRIES = { seccomp: 'index', 'seccomp/testing': 'testing/index' };

/** Reads all exports. */
export function readExports(): readonly Export[] {
  return withProject(join(packageRoot, 'tsconfig.json'), (project) => {
    const entries = Object.entries(ENTRIES).map(
      ([from, module]) => [from, exportsOf(project, `lib/${module}.ts`)] as const,
    );
    const names = new Set(entries.flatMap(([, exported]) => exported.map(({ name }) => name)));
    return entries.flatMap(([from, exported]) =>
      exported.map((each) => readExport(project.checker, from, declaredBy(project.checker, each), names)),
    );
  });
}

function exportsOf({ program, checker }: Project, file: string): readonly CompilerSymbol[] {
  const source = program.getSourceFile(join(packageRoot, file));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is not a module of the project`);
  return checker.getExportsOfModule(module);
}

function declaredBy(checker: Checker, symbol: CompilerSymbol): CompilerSymbol {
  return (symbol.flags & SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
}

function readExport(checker: Checker, from: string, symbol: CompilerSymbol, exported: ReadonlySet<string>): Export {
  const nodes = nodesOf(symbol);
  const [first] = nodes;
  if (first === undefined) throw new Error(`${symbol.name} has no declaration`);
  const common = {
    name: symbol.name,
    from,
    docstring: docstringOf(checker, symbol),
    members: [],
    base: '',
    implemented: '',
    cases: [],
  };
  if (isFunctionDeclaration(first)) return { ...common, kind: 'function', signatures: signaturesOf(nodes) };
  if (isTypeAliasDeclaration(first)) {
    const members = isObject(first.type.getText()) ? membersOf(checker, symbol, exported) : [];
    const parts = [first, ...partsOf(first)];
    const signatures = parts.map((part) => `type ${textFrom(part, part.name)}`);
    return { ...common, kind: 'type', signatures, members, cases: parts.flatMap(casesOf) };
  }
  if (isClassDeclaration(first) || isInterfaceDeclaration(first)) {
    const kind = isClassDeclaration(first) ? 'class' : 'interface';
    const clauses = (first.heritageClauses ?? []).map((clause) => oneLine(clause.getText()));
    const after = (word: string) => clauses.find((each) => each.startsWith(word))?.slice(word.length + 1) ?? '';
    const [implemented = ''] = /^\w+/.exec(after('implements')) ?? [];
    const members = membersOf(checker, symbol, exported).filter(
      ({ docstring }) => implemented === '' || docstring.description !== '',
    );
    return { ...common, kind, signatures: [], members, base: after('extends'), implemented };
  }
  if (!isVariableDeclaration(first)) throw new Error(`${symbol.name} is of no known kind`);
  const type = first.type === undefined ? '' : `: ${oneLine(first.type.getText())}`;
  return { ...common, kind: 'constant', signatures: [`const ${symbol.name}${type}`] };
}

function isObject(type: string): boolean {
  return type.startsWith('{') && !/\}\s*[|&]/.test(type);
}

/** Types that are not exported, but shown with the exported types that are made of them. */
const PARTS = ['NamedAddress', 'ComparisonOperator'];

function partsOf(declaration: TypeAliasDeclaration): readonly TypeAliasDeclaration[] {
  return declaration
    .getSourceFile()
    .statements.filter(isTypeAliasDeclaration)
    .filter(({ name }) => PARTS.includes(name.getText()) && declaration.getText().includes(name.getText()))
    .filter((each) => each !== declaration);
}

/** The alternatives of a union with their comments. */
function casesOf(declaration: Node): readonly (readonly [string, string])[] {
  const cases = declaration.getText().matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*\|\s*('[^']*'|\{.*?\})/gs);
  return [...cases].map(([, comment = '', text = '']) => [oneLine(text), comment.replaceAll(/\s+\*?\s*/g, ' ').trim()]);
}

function nodesOf(symbol: CompilerSymbol): readonly Node[] {
  return symbol.declarations.flatMap((handle) => handle.resolve() ?? []);
}

/** The signatures of a function or method: its overloads, or else its only declaration without the body. */
function signaturesOf(nodes: readonly Node[]): readonly string[] {
  const functions = nodes.filter(
    (node) => isFunctionDeclaration(node) || isMethodDeclaration(node) || isConstructorDeclaration(node),
  );
  const overloads = functions.filter(({ body }) => body === undefined);
  return (overloads.length > 0 ? overloads : functions).map((node) => {
    const end = node.body?.getStart() ?? node.end;
    const start = isConstructorDeclaration(node) || node.name === undefined ? node.getStart() : node.name.getStart();
    const text = node.getSourceFile().text.slice(start, end);
    return oneLine(text).replace(/;$/, '');
  });
}

/** Whether a docstring stands before a declaration: the compiler also returns that of a base class. */
function hasDocstring(node: Node): boolean {
  return node.getSourceFile().text.slice(node.pos, node.getStart()).includes('/**');
}

/** The text of a declaration from one of its parts on. */
function textFrom(declaration: Node, part: Node): string {
  return oneLine(declaration.getSourceFile().text.slice(part.getStart(), declaration.end)).replace(/;$/, '');
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([([<]) | (?=[)\]>])|,(?= [)\]])/g, '$1')
    .trim();
}

/** The public members of a class, interface or object type, with those of base types that are not exported. */
function membersOf(checker: Checker, symbol: CompilerSymbol, exported: ReadonlySet<string>): readonly Member[] {
  const own = [...symbol.getExports().values(), ...symbol.getMembers().values()];
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const inherited = checker.getPropertiesOfType(type).filter((each) => {
    const isOurs =
      each.declarations[0]?.path.includes('/lib/') && !each.declarations[0].path.includes('/node_modules/');
    return isOurs && !symbol.getMembers().has(each.escapedName) && !exported.has(each.getParent()?.name ?? '');
  });
  return [...own, ...inherited]
    .filter((each) => !/#|^prototype$|^__call$|^__promisify__$/.test(each.name))
    .filter((each) => (each.flags & SymbolFlags.TypeParameter) === 0)
    .flatMap((each) => readMember(checker, each));
}

function readMember(checker: Checker, symbol: CompilerSymbol): readonly Member[] {
  const nodes = nodesOf(symbol);
  const [node] = nodes;
  const tags = checker.getJsDocTagsOfSymbol(symbol).map(({ name }) => name);
  const isHidden = tags.includes('internal') || /^(?:private|protected)\b/.test(node?.getText() ?? '');
  if (node === undefined || isHidden) return [];
  const docstring = docstringOf(checker, symbol);
  if (docstring.description !== '' && !nodes.some(hasDocstring)) return []; // Node's documentation describes it.
  if (isConstructorDeclaration(node) && !nodes.some(hasDocstring)) return []; // Other functions call it.
  const name = symbol.name.replace(/^__@(\w+?)(?:@\d+)?$/, '[Symbol.$1]').replace('__constructor', 'constructor');
  const isStatic = /^(?:[\w ]* )?static\b/.test(node.getText());
  if (isMethodDeclaration(node) || isConstructorDeclaration(node)) {
    const kind = isConstructorDeclaration(node) ? 'constructor' : isStatic ? 'static' : 'method';
    return [{ name, signatures: signaturesOf(nodes), kind, docstring }];
  }
  if (isMethodSignatureDeclaration(node))
    return [{ name, signatures: [textFrom(node, node.name)], kind: 'method', docstring }];
  const kind = isStatic ? 'static' : 'property';
  return [{ name, signatures: [propertyText(checker, symbol, node)], kind, docstring }];
}

function propertyText(checker: Checker, symbol: CompilerSymbol, node: Node): string {
  const isKnown = isPropertyDeclaration(node) || isPropertySignatureDeclaration(node) || isGetAccessorDeclaration(node);
  if (isKnown && node.type !== undefined) {
    const mark = !isGetAccessorDeclaration(node) && node.postfixToken !== undefined ? '?' : '';
    return `${node.name.getText()}${mark}: ${oneLine(node.type.getText()).replace(/ ?\| undefined$/, '')}`;
  }
  const type = checker.getTypeOfSymbol(symbol);
  const mark = (symbol.flags & SymbolFlags.Optional) === 0 ? '' : '?';
  const text = type === undefined ? 'unknown' : checker.typeToString(type);
  return `${symbol.name}${mark}: ${text.replace(/ ?\| undefined$/, '')}`;
}

function docstringOf(checker: Checker, symbol: CompilerSymbol): Docstring {
  const tags = checker.getJsDocTagsOfSymbol(symbol);
  const texts = (name: string) => tags.flatMap((tag) => (tag.name === name ? [tag.text ?? ''] : []));
  return {
    description: checker.getDocumentationCommentOfSymbol(symbol).replaceAll(/\{@link (\w+)\}/g, '`$1`'),
    params: texts('param').map((text) => split(text, /^(\w+)\s+(?:- )?(.*)$/s)),
    returns: texts('returns').join(' ').replaceAll(/\s+/g, ' '),
    throws: texts('throws').map((text) => split(text, /^\{([\w |]+)\} (.*)$/s)),
    examples: texts('example'),
  };
}

function split(text: string, pattern: RegExp): readonly [string, string] {
  const [, first, second] = pattern.exec(text) ?? [];
  if (first === undefined || second === undefined) throw new Error(`cannot read this tag of a docstring: ${text}`);
  return [first, second.replaceAll(/\s+/g, ' ').replaceAll(/\{@link (\w+)\}/g, '`$1`')];
}

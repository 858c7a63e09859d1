/** The docstrings of the public API, read by the TypeScript compiler. */
import { join } from 'node:path';
import { API, type Checker, type Symbol as CompilerSymbol, type Project, SymbolFlags } from 'typescript/unstable/sync';
import { packageRoot } from './root.js';

/** An exported declaration, or a member of an exported class or interface. */
export interface Documented {
  /** `spawn`, `Profile.allow`. */
  readonly name: string;
  /** Whether it is an exported function or class. */
  readonly isFunctionOrClass: boolean;
  /** The code below each `@example`. */
  readonly examples: readonly string[];
}

/** What the package's entry points export. */
export function publicDeclarations(): readonly Documented[] {
  return withProject(join(packageRoot, 'tsconfig.json'), (project) =>
    ['lib/index.ts', 'lib/testing/index.ts'].flatMap((entry) => declarationsOf(project, join(packageRoot, entry))),
  );
}

/** Opens a project of the compiler for the time of one action. */
export function withProject<Result>(configFile: string, action: (project: Project) => Result): Result {
  const compiler = new API({ cwd: packageRoot });
  try {
    using snapshot = compiler.updateSnapshot({ openProjects: [configFile] });
    const project = snapshot.getProject(configFile);
    if (project === undefined) throw new Error(`the compiler cannot open ${configFile}`);
    return action(project);
  } finally {
    compiler.close();
  }
}

function declarationsOf({ program, checker }: Project, entry: string): readonly Documented[] {
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entry} is not a module of the project`);
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const isAlias = (exported.flags & SymbolFlags.Alias) !== 0;
    return withMembers(checker, exported.name, isAlias ? checker.getAliasedSymbol(exported) : exported);
  });
}

function withMembers(checker: Checker, name: string, symbol: CompilerSymbol): readonly Documented[] {
  const members = (symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface)) === 0 ? [] : membersOf(symbol);
  return [
    documented(checker, name, symbol),
    ...members.map((member) => documented(checker, `${name}.${member.name}`, member)),
  ];
}

function membersOf(symbol: CompilerSymbol): readonly CompilerSymbol[] {
  return [...symbol.getMembers().values(), ...symbol.getExports().values()];
}

function documented(checker: Checker, name: string, symbol: CompilerSymbol): Documented {
  const tags = checker.getJsDocTagsOfSymbol(symbol).filter((tag) => tag.name === 'example');
  return {
    name,
    isFunctionOrClass: (symbol.flags & (SymbolFlags.Function | SymbolFlags.Class)) !== 0,
    examples: tags.map((tag) => tag.text ?? ''),
  };
}

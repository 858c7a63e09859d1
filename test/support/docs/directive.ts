/** The directive of a code block, an HTML comment in the line before it: `<!-- test: exit 126; needs bwrap -->`. */

export interface Directive {
  /** The expected exit status, or the signal that ends the program. */
  readonly exit: number | NodeJS.Signals;
  /** Commands without which the block is skipped. */
  readonly needs: readonly string[];
  /** Files of test/docs/files/ that are copied to the page's folder first. */
  readonly files: readonly string[];
  /** Packages of test/libraries or of this package's devDependencies that are linked first. */
  readonly packages: readonly string[];
  /** Whether the named file is written and not run. */
  readonly isOnlyWritten: boolean;
  /** The output after which the next block starts, while this program goes on until the end of the page. */
  readonly backgroundUntil: string | undefined;
  /** Whether an ordinary user runs the block. */
  readonly isAsUser: boolean;
  readonly needsRoot: boolean;
  /** Why the block is not run. */
  readonly notRun: string | undefined;
}

export const NO_DIRECTIVE: Directive = {
  exit: 0,
  needs: [],
  files: [],
  packages: [],
  isOnlyWritten: false,
  backgroundUntil: undefined,
  isAsUser: false,
  needsRoot: false,
  notRun: undefined,
};

/** Returns the text of a directive, or undefined for another comment. */
export function directiveTextOf(comment: string): string | undefined {
  return /^<!--\s*test:(.*)-->\s*$/s.exec(comment)?.[1]?.trim();
}

/** Reads the text of a directive. Throws an Error that names an unknown part. */
export function parseDirective(text: string): Directive {
  return Object.assign({ ...NO_DIRECTIVE }, ...partsOf(text).map(parsePart)) as Directive;
}

/** The parts between semicolons. The reason of `not run` may contain a semicolon, and ends the directive. */
function partsOf(text: string): readonly string[] {
  const [, before = text, reason] = /^(.*?)(?:^|;)\s*(not run\b.*)$/s.exec(text) ?? [];
  const parts = before.split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((part) => part.trim());
  return [...parts.filter((part) => part !== ''), ...(reason === undefined ? [] : [reason])];
}

function parsePart(part: string): Partial<Directive> {
  const [word = ''] = part.split(/\s/);
  const rest = part.slice(word.length).trim();
  const words = rest.split(/\s+/).filter((name) => name !== '');
  switch (word) {
    case 'exit':
      if (/^\d+$/.test(rest)) return { exit: Number(rest) };
      if (/^SIG[A-Z0-9]+$/.test(rest)) return { exit: rest as NodeJS.Signals };
      break;
    case 'needs':
    case 'files':
    case 'packages':
      if (words.length > 0) return { [word]: words };
      break;
    case 'write':
      if (rest === 'only') return { isOnlyWritten: true };
      break;
    case 'background': {
      const [, output] = /^until "(.+)"$/.exec(rest) ?? [];
      if (output !== undefined) return { backgroundUntil: output };
      break;
    }
    case 'as':
      if (rest === 'user') return { isAsUser: true };
      break;
    case 'linux':
      if (rest === 'root') return { needsRoot: true };
      break;
    case 'not': {
      const [, reason] = /^run:\s*(\S.*)$/s.exec(rest) ?? [];
      if (reason === undefined) throw new Error('a block that is not run needs a reason: `not run: REASON`');
      return { notRun: reason };
    }
  }
  throw new Error(`unknown directive \`${part}\``);
}

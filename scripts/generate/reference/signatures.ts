/** Signatures of exports, laid out for the API reference. */
import type { Export } from './declarations.js';

/** The length from which a signature has a line for each parameter, and from which a list of names is cut. */
const LINE = 110;
const LONGEST = 700;

/** What is shown for a base class that is not exported. */
const BASES: ReadonlyMap<string, string> = new Map([
  ['Base', 'ChildProcess'],
  ['Builder<Profile>', ''],
]);

/** Whether a member is called, rather than read. */
export function isCall(signatures: readonly string[]): boolean {
  return signatures.some((each) => /^\w+(?:<[^>]*>)?\(/.test(each));
}

/** Returns the block with an export's signatures; none for an interface, whose properties are a table. */
export function signatureOf({ kind, name, signatures, base }: Export): readonly string[] {
  if (kind === 'interface') return [];
  const known = BASES.get(base) ?? base;
  const texts = kind === 'class' ? [`class ${name}${known === '' ? '' : ` extends ${known}`}`] : simplified(signatures);
  return [`\`\`\`text\n${texts.map(laidOut).join('\n')}\n\`\`\``];
}

/** Returns overloads without the type parameters by which results follow from options, each once. */
export function simplified(signatures: readonly string[]): readonly string[] {
  const short = signatures.map((each) =>
    withoutDefaults(each)
      .replace(/^(\w+)<(?:const )?Given extends .*? = undefined>\(/, '$1(')
      .replace(/ & (?:Partial<)?(?:Stdio|Encoding)Option<Given>>?/, '')
      .replace(/ProcessWithStdio<.*>$/, 'SandboxedProcess')
      .replace(/(RunResult|SpawnSyncResult)<OutputIn<.*?>>/, '$1'),
  );
  return [...new Set(short)].filter((each) => {
    const withOptional = each.replace(', options: ', ', options?: ');
    return withOptional === each || !short.includes(withOptional);
  });
}

/** Shows a parameter with a default value as optional, and leaves out one that only exists to refuse a value. */
export function withoutDefaults(signature: string): string {
  return signature
    .replaceAll(/(\w+) = ''/g, '$1?: string')
    .replaceAll(/(\w+): ([^,=()]+) = (?:\{\}|\[\]|'[^']*'|\w+\(\))/g, '$1?: $2')
    .replace(/(?:, )?options\?: undefined/, '');
}

/** Breaks a long signature between its parameters or alternatives, and cuts a long list of names. */
function laidOut(signature: string): string {
  const alternatives = signature.replace(' = | ', ' = ').split(' | ');
  if (signature.length > LONGEST && alternatives.length > 50)
    return `${alternatives.slice(0, 6).join(' | ')} | … // ${alternatives.length} names`;
  if (signature.includes(' extends ')) return signature.replaceAll(/ ([?:]) /g, '\n  $1 ');
  if (signature.includes(' & ')) return signature.replaceAll(/ (?=& |\| \{)/g, '\n  ');
  if (signature.startsWith('type ')) return brokenAt(' | ', alternatives);
  const [, head = '', parameters = '', tail = ''] = /^(\w+)\((.*)\)(: [^()]*)$/.exec(signature) ?? [];
  if (signature.length <= LINE || parameters === '') return signature;
  const parts = parameters.split(/, (?=\w+\??:)/).map((part) => `  ${part},`);
  return [`${head}(`, ...parts, `)${tail}`].join('\n');
}

/** Joins parts to lines that are not too long. */
function brokenAt(separator: string, parts: readonly string[]): string {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(part);
    else if (last.length + separator.length + part.length > LINE || part.startsWith('{'))
      lines.push(`  ${separator.trim()} ${part}`);
    else lines[lines.length - 1] = last + separator + part;
  }
  return lines.join('\n');
}

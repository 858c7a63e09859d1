/** Helpers that write Markdown, for the generators of docs/reference/. */

/** The width at which prose is wrapped. */
const WIDTH = 130;

/** Returns names as code, separated by spaces. */
export function code(names: readonly string[]): string {
  return names.map((name) => (name.includes('`') ? `\`\` ${name} \`\`` : `\`${name}\``)).join(' ');
}

/** Returns a table. Bars in cells are escaped, since a bar begins a new cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** Wraps a paragraph. Lines after the first are indented, for an item of a list. */
export function wrapped(text: string, indent = ''): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH)
      lines.push(last === undefined ? word : indent + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

/** Returns the anchor that GitHub gives to a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Wraps the paragraphs of a text; tables, lists and code stay as they are. */
export function paragraphs(text: string): string {
  return text
    .split(/(^(?:<!--[^\n]*-->\n)?```.*?^```$)/gms)
    .map((part, i) => (i % 2 === 1 ? part : part.split('\n\n').map(paragraph).join('\n\n')))
    .join('');
}

function paragraph(text: string): string {
  if (/^\s*$|^\|/.test(text)) return text;
  return text
    .split(/\n(?=- )/)
    .map((part) => wrapped(part, part.startsWith('- ') ? '  ' : ''))
    .join('\n');
}

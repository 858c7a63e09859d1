/** The flags of `seccomp run` that grant paths, to be pasted into a shell. */

/** Paths by the list that grants them. */
type PathLists = Readonly<Partial<Record<string, readonly string[]>>>;

/** `--read /etc/hosts`, `--read '/a b'` */
export function pathFlags(lists: PathLists): readonly string[] {
  return Object.entries(lists).flatMap(([list, paths = []]) => paths.map((path) => `--${list} ${inShell(path)}`));
}

/** A word of a shell. Control characters, which could look like other messages, are escaped as bash and zsh read them. */
function inShell(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (/^\P{Cc}*$/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replace(/[\\'\p{Cc}]/gu, (each) =>
    each < ' ' || each > '~' ? `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}` : `\\${each}`,
  );
  return `$'${escaped}'`;
}

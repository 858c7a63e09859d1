/** Writes docs/groups.md, the table of syscall groups: `npm run generate:groups`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { groupNames, syscallGroup } from '../lib/syscalls/groups.js';

/** Returns the text of docs/groups.md. */
export function groupsPage(): string {
  const rows = groupNames().flatMap((name) => {
    const group = syscallGroup(name);
    return group ? [`| \`${name}\` | ${group.purpose} | ${group.syscalls.join(' ')} |`] : [];
  });
  return [
    '# Groups of syscalls',
    '',
    'The [builder](builder.md) takes these wherever it takes a syscall. A group has the syscalls of every ABI; where one',
    'lacks a name, that name is left out. Source: the manual of man-pages 6.9, section 2; a name that systemd 257 has too',
    'means what it means there, but for the differences that `test/syscalls/groups.test.ts` lists with their reasons.',
    '',
    'A group is a convenience for the author, settled when the profile is built: the profile itself names syscalls.',
    '',
    'Written by `npm run generate:groups` from `lib/syscalls/group-definitions.ts`.',
    '',
    '| group | purpose | syscalls |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/groups.md', import.meta.url), groupsPage());
}

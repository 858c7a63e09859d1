/** The section of docs/reference/built-in-tables.md on the groups of syscalls. */
import { groupNames, syscallGroup } from '../../../lib/syscalls/groups.js';
import { table, wrapped } from './markdown.js';

/** Returns the text of the section. */
export function groupsSection(): string {
  const rows = groupNames().flatMap((name) => {
    const group = syscallGroup(name);
    return group ? [[`\`${name}\``, group.purpose, group.syscalls.join(' ')]] : [];
  });
  return `## Groups of syscalls

${wrapped(`A group is a name for syscalls that belong together, such as \`@network\`. The methods that
[build profiles](building-profiles.md) accept a group wherever they accept a syscall, and so do the functions of
\`seccomp/testing\`. This program denies a group and shows its syscalls:`)}

\`\`\`js
import { Profile, run, syscallGroup } from 'seccomp';

const profile = Profile.denylist().deny('@reboot');
await run('true', [], profile);
console.log(syscallGroup('@reboot').syscalls);
\`\`\`

\`\`\`text
[ 'kexec_file_load', 'kexec_load', 'reboot' ]
\`\`\`

${wrapped(`A group contains the syscalls of all ABIs; a name has no effect on an ABI that lacks it. The profile that is built contains the
syscalls, not the group. Source: section 2 of man-pages 6.9. A group that systemd 257 also has means the same as there, except for
the differences that \`test/syscalls/groups.test.ts\` of the repository lists with reasons.`)}

${table(['group', 'purpose', 'syscalls'], rows)}
`;
}

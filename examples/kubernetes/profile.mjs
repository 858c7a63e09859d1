// Writes server.json, the profile of the container. A runtime starts programs without an exec gate, so the profile has
// to allow execve.
import { writeFileSync } from 'node:fs';
import { loadProfile, stringify } from 'seccomp';

writeFileSync('server.json', stringify(loadProfile('node')));

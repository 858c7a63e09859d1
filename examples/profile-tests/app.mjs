// The program that the profile is for: prints the SHA-256 of a file.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const hash = createHash('sha256');
for await (const part of createReadStream(process.argv[2])) hash.update(part);
console.log(hash.digest('hex'));

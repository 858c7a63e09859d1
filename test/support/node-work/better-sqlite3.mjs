// better-sqlite3 from npm: a database in a file, with a write-ahead log that is shared memory.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { library } from './library.mjs';

const Database = library('better-sqlite3');
const folder = mkdtempSync(join(tmpdir(), 'seccomp-sqlite-'));
try {
  const database = new Database(join(folder, 'data.db'));
  database.pragma('journal_mode = WAL');
  database.exec('CREATE TABLE numbers (number INTEGER)');
  const insert = database.prepare('INSERT INTO numbers VALUES (?)');
  database.transaction(() => {
    for (const number of [1, 2, 3]) insert.run(number);
  })();
  assert.equal(database.prepare('SELECT sum(number) AS sum FROM numbers').get().sum, 6);
  await database.backup(join(folder, 'backup.db'));
  database.exec('VACUUM');
  database.close();
} finally {
  rmSync(folder, { recursive: true });
}

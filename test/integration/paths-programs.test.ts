/** Programs that most machines have, each with the paths that it needs. Others are in test/extended/. */
import {
  type ProgramUnderPaths,
  SECRET,
  testPrograms,
  testRecordedPrograms,
  URL_OF_SERVER,
} from '../support/programs-under-paths.js';

const AUTHOR = ['-c', 'user.name=name', '-c', 'user.email=name@example.com'] as const;

const PROGRAMS: Readonly<Record<string, ProgramUnderPaths>> = {
  git: {
    needs: ['git'],
    home: { '.gitconfig': '[user]\n\tname = name\n' },
    // If git finds settings that it can't read, it ends.
    env: { GIT_CONFIG_GLOBAL: '/dev/null' },
    files: { 'file.txt': 'text\n' },
    paths: { read: ['@system'], write: ['.'] },
    steps: [
      ['git', 'init', '-q'],
      ['git', 'add', 'file.txt'],
      ['git', ...AUTHOR, 'commit', '-qm', 'first commit'],
      ['git', 'log', '--format=%s %an'],
    ],
    prints: /^first commit name\n$/,
    show: (file) => ['git', 'diff', '--no-index', '/dev/null', file],
    denied: /Permission denied/,
  },
  python3: {
    needs: ['python3'],
    files: { 'script.py': 'import json, sys\nprint(json.dumps(open(sys.argv[1]).read()))\n', 'in.txt': 'input' },
    paths: { read: ['@system', '.'] },
    steps: [['python3', 'script.py', 'in.txt']],
    prints: /^"input"\n$/,
    show: (file) => ['python3', 'script.py', file],
    denied: /PermissionError: \[Errno 13\] Permission denied: '.*secret'/,
  },
  'node --test': {
    needs: [],
    files: {
      'file.test.mjs': `import assert from 'node:assert';\nimport { test } from 'node:test';
test('adds', () => assert.equal(1 + 1, 2));\n`,
      'read.mjs': `import { readFileSync } from 'node:fs';\nconsole.log(readFileSync(process.argv[2], 'utf8'));\n`,
    },
    paths: { read: ['@system', '@node', '.'] },
    steps: [[process.execPath, '--test', '--test-reporter=tap', 'file.test.mjs']],
    prints: /^# pass 1$/m,
    show: (file) => [process.execPath, 'read.mjs', file],
    denied: /EACCES: permission denied, open '.*secret'/,
  },
  gcc: {
    needs: ['gcc'],
    files: { 'hello.c': '#include <stdio.h>\nint main(void) { puts("compiled"); }\n' },
    paths: { read: ['@system'], write: ['.'], execute: ['.'] },
    steps: [['gcc', '-O2', '-o', 'hello', 'hello.c'], ['./hello']],
    prints: /^compiled\n$/,
    show: (file) => ['gcc', '-E', '-x', 'c', file],
    denied: /fatal error: .*secret: Permission denied/,
  },
  ImageMagick: {
    needs: ['magick'],
    paths: { read: ['@system'], write: ['.'] },
    steps: [
      ['magick', '-size', '64x64', 'gradient:red-blue', 'in.png'],
      ['magick', 'in.png', '-resize', '50%', 'out.jpg'],
      ['magick', 'identify', '-format', '%wx%h', 'out.jpg'],
    ],
    prints: /^32x32$/,
    show: (file) => ['magick', '-size', `${SECRET.length}x1`, '-depth', '8', `gray:${file}`, 'gray:-'],
    denied: /unable to open image '.*secret': Permission denied/,
  },
  sqlite3: {
    needs: ['sqlite3'],
    paths: { read: ['@system'], write: ['.'] },
    steps: [['sqlite3', 'data.db', 'create table t(a); insert into t values (40 + 2); select a from t']],
    prints: /^42\n$/,
    show: (file) => ['sqlite3', ':memory:', 'create table t(a)', `.import ${file} t`, 'select a from t'],
    denied: /cannot open .*secret/,
  },
  curl: {
    needs: ['curl'],
    paths: { read: ['@system'], write: ['.'] },
    home: { '.curlrc': 'user = name:password\n' },
    steps: [
      ['curl', '-q', '-sS', '-o', 'answer.txt', URL_OF_SERVER],
      ['cat', 'answer.txt'],
    ],
    prints: /^answer$/,
    show: (file) => ['curl', '-q', '-sS', `file://${file}`],
    denied: /curl: \(37\) Could(?:n't| not) open file .*secret/,
  },
};

testPrograms(PROGRAMS);
testRecordedPrograms(PROGRAMS);

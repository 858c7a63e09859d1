/** Programs that few machines have or that take long, each with the paths that it needs. */
import { type ProgramUnderPaths, testPrograms, testRecordedPrograms } from '../support/programs-under-paths.js';

const manifest = (name: string, more: object) => JSON.stringify({ name, version: '1.0.0', ...more });

const PROGRAMS: Readonly<Record<string, ProgramUnderPaths>> = {
  'npm install': {
    needs: ['npm'],
    home: { '.npmrc': '//registry.example.com/:_authToken=token\n' },
    env: { npm_config_cache: './cache', npm_config_userconfig: '/dev/null', npm_config_update_notifier: 'false' },
    files: {
      'package.json': manifest('tree', { dependencies: { local: 'file:./local' } }),
      'local/package.json': manifest('local', { dependencies: { inner: 'file:../inner' } }),
      'inner/package.json': manifest('inner', { scripts: { postinstall: 'cat "$FILE"' } }),
    },
    paths: { read: ['@system', '@node'], write: ['.'] },
    steps: [
      ['npm', 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts'],
      ['npm', 'ls', '--all', '--parseable'],
    ],
    prints: /inner$/m,
    show: (file) => ['env', `FILE=${file}`, 'npm', 'rebuild', '--foreground-scripts'],
    denied: /cat: .*secret'?: Permission denied/,
  },
  ffmpeg: {
    needs: ['ffmpeg'],
    paths: { read: ['@system'], write: ['.'] },
    steps: [
      ['ffmpeg', '-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=1', 'tone.wav'],
      ['ffmpeg', '-nostdin', '-v', 'error', '-i', 'tone.wav', 'tone.mp3'],
      ['ffprobe', '-v', 'error', '-show_entries', 'format=format_name', '-of', 'csv=p=0', 'tone.mp3'],
    ],
    prints: /^mp3\n$/,
    show: (file) => ['ffmpeg', '-nostdin', '-v', 'error', '-f', 'u8', '-ac', '1', '-i', file, '-f', 'u8', '-'],
    denied: /Permission denied\n.*secret/,
  },
  java: {
    needs: ['java', 'javac'],
    files: {
      'Show.java': `import java.nio.file.*;
class Show { public static void main(String[] a) throws Exception { System.out.println(Files.readString(Path.of(a[0]))); } }\n`,
      'in.txt': 'input',
    },
    paths: { read: ['@system', '.'] },
    steps: [['java', 'Show.java', 'in.txt']],
    prints: /^input\n$/,
    show: (file) => ['java', 'Show.java', file],
    denied: /java\.nio\.file\.AccessDeniedException: .*secret/,
  },
};

testPrograms(PROGRAMS);
testRecordedPrograms(PROGRAMS);

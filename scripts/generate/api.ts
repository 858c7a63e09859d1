/**
 * Writes the reports of the public API into test/package/api/: `npm run generate -- api`. A change of the API is reviewed as
 * a change of these files. There is a report of the types of each entry point, and one of the names that exist at run time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderOf } from '../pinned.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is used here of @microsoft/api-extractor, one of the packages of test/libraries. */
interface ApiExtractor {
  readonly CompilerState: { create(config: unknown, options: object): unknown };
  readonly Extractor: { invoke(config: unknown, options: object): void };
  readonly ExtractorConfig: { prepare(options: object): unknown };
}

export const REPORTS = join(root, 'test/package/api');

/** The declarations of dist/, by the name of their report. */
export const DECLARATIONS = {
  'seccomp.api.md': 'dist/index.d.cts',
  'seccomp-testing.api.md': 'dist/testing/index.d.cts',
};

/** The entry points that export values. The others of package.json only have an effect. */
const ENTRY_POINTS = ['seccomp', 'seccomp/testing'];

/** Returns the reports of dist/, which must be built, by their names. Needs the packages of test/libraries. */
export function reports(): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-api-'));
  const library = createRequire(join(folderOf('test/libraries'), 'package.json'));
  const { CompilerState, Extractor, ExtractorConfig }: ApiExtractor = library('@microsoft/api-extractor');
  const files = Object.values(DECLARATIONS);
  const quiet = { default: { logLevel: 'none' } };
  const settings = { module: 'nodenext', target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'] };
  const compilerOptions = { ...settings, strict: true, skipLibCheck: true };
  const configOf = (reportFileName: string, declarations: string) =>
    ExtractorConfig.prepare({
      configObjectFullPath: join(root, 'api-extractor.json'), // Need not exist.
      packageJsonFullPath: join(root, 'package.json'),
      configObject: {
        projectFolder: root,
        newlineKind: 'lf',
        mainEntryPointFilePath: join(root, declarations),
        compiler: { overrideTsconfig: { compilerOptions, files } },
        apiReport: { enabled: true, reportFileName, reportFolder: folder, reportTempFolder: folder },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
      },
    });
  try {
    const configs = Object.entries(DECLARATIONS).map(([name, file]) => configOf(name, file));
    const compilerState = CompilerState.create(configs[0], {});
    for (const config of configs)
      Extractor.invoke(config, { localBuild: true, messageCallback: silence, compilerState });
    return new Map(Object.keys(DECLARATIONS).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Keeps the extractor from printing its messages. */
function silence(message: { handled: boolean }): void {
  message.handled = true;
}

/** Returns the text of names.json for dist/, which must be built. */
export async function namesAtRunTime(): Promise<string> {
  const require = createRequire(import.meta.url);
  const entries = ENTRY_POINTS.map(async (name) => {
    const imported: object = await import(name);
    return [name, { import: Object.keys(imported).sort(), require: Object.keys(require(name)).sort() }];
  });
  return `${JSON.stringify(Object.fromEntries(await Promise.all(entries)), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(REPORTS, { recursive: true });
  for (const [name, report] of reports()) writeFileSync(join(REPORTS, name), report);
  writeFileSync(join(REPORTS, 'names.json'), await namesAtRunTime());
}

/**
 * Writes the reports of the public API into test/package/api/: `npm run generate:api`. A change of the API is reviewed as
 * a change of these files. There is a report of the types of each entry point, and one of the names that exist at run time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel, type ExtractorMessage } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('..', import.meta.url));
export const REPORTS = join(root, 'test/package/api');

/** The declarations of dist/, by the name of their report. */
const DECLARATIONS = { 'seccomp.api.md': 'dist/index.d.cts', 'seccomp-testing.api.md': 'dist/testing/index.d.cts' };

/** The entry points that export values. The others of package.json only have an effect. */
const ENTRY_POINTS = ['seccomp', 'seccomp/testing'];

/** Returns the texts of the reports, by file name. They describe dist/, so it must be built first. */
export async function reports(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map(Object.entries(DECLARATIONS).map(([name, file]) => [name, reportOf(file)]));
  return texts.set('names.json', `${JSON.stringify(await namesAtRunTime(), null, 2)}\n`);
}

function reportOf(declarations: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-api-'));
  const quiet = { default: { logLevel: ExtractorLogLevel.None } };
  const settings = { module: 'nodenext', target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'] };
  const compilerOptions = { ...settings, strict: true, skipLibCheck: true };
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, 'api-extractor.json'), // Need not exist.
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      newlineKind: 'lf',
      mainEntryPointFilePath: join(root, declarations),
      compiler: { overrideTsconfig: { compilerOptions, files: [declarations] } },
      apiReport: { enabled: true, reportFileName: 'report', reportFolder: folder, reportTempFolder: folder },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
    },
  });
  try {
    Extractor.invoke(config, { localBuild: true, messageCallback: silence });
    return readFileSync(join(folder, 'report.api.md'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Keeps the extractor from printing its messages. */
function silence(message: ExtractorMessage): void {
  message.handled = true;
}

async function namesAtRunTime() {
  const require = createRequire(import.meta.url);
  const entries = ENTRY_POINTS.map(async (name) => {
    const imported: object = await import(name);
    return [name, { import: Object.keys(imported).sort(), require: Object.keys(require(name)).sort() }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(REPORTS, { recursive: true });
  for (const [name, text] of await reports()) writeFileSync(join(REPORTS, name), text);
}

/** Finds the links of Markdown pages that lead nowhere, in a checkout or in an unpacked package. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { memoize } from '../../../lib/util/memo.js';
import { isRelative, type Page, readPage } from './links.js';

/** A page by its text, which is read once: the pages of the package are those of the checkout without comments. */
const pageOf = memoize(readPage);

const pageAt = memoize((file: string): Page => pageOf(readFileSync(file, 'utf8').replaceAll(/^<!-- .* -->\n/gm, '')));

/** The problems of the links of these pages, which are relative paths in a folder. */
export function problemsOf(root: string, pages: readonly string[]): readonly string[] {
  const problemOf = (path: string, url: string) => problemOfTarget(root, targetOf(path, url));
  return pages.flatMap((path) =>
    pageAt(join(root, path)).links.flatMap((url) => {
      const problem = isRelative(url) ? problemOf(path, url) : problemOfAddress(url);
      return problem === undefined ? [] : [`${path}: ${url}: ${problem}`];
    }),
  );
}

/** The path and the anchor to which a link of a page leads. */
function targetOf(page: string, url: string): Target {
  const [path = '', anchor] = decodeURI(url).split('#');
  return { path: path === '' ? page : posix.join(posix.dirname(page), path), anchor };
}

interface Target {
  readonly path: string;
  readonly anchor: string | undefined;
}

function problemOfTarget(root: string, { path, anchor }: Target): string | undefined {
  if (path.startsWith('..')) return 'leads out of the folder';
  if (!existsSync(join(root, path))) return `there is no ${path}`;
  if (anchor === undefined) return undefined;
  if (!path.endsWith('.md') || statSync(join(root, path)).isDirectory())
    return `${path} is not a page, and has no anchors`;
  return pageAt(join(root, path)).anchors.has(anchor) ? undefined : `${path} has no heading #${anchor}`;
}

/** Web addresses are not fetched: tests do not depend on a network. */
function problemOfAddress(url: string): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL';
  const { protocol } = new URL(url);
  return protocol === 'https:' || protocol === 'mailto:' ? undefined : 'does not use https';
}

/** A path such as `docs/troubleshooting.md#exit-status-126` in a source file or message, if it leads nowhere. */
export function problemsOfMentions(root: string, text: string): readonly string[] {
  const mentions = text.matchAll(/(?<![\w/.-])docs\/[\w/-]+\.(?:md|svg)(?:#[\w-]+)?/g);
  return [...new Set([...mentions].map(([mention]) => mention))].flatMap((mention) => {
    const problem = problemOfTarget(root, targetOf('README.md', mention));
    return problem === undefined ? [] : [`${mention}: ${problem}`];
  });
}

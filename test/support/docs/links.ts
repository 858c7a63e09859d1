/** The links of Markdown pages, and the anchors of their headings as GitHub makes them. */
import GithubSlugger from 'github-slugger';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';

export interface Page {
  readonly links: readonly string[];
  /** The anchors of its headings: a repeated one ends in its number. */
  readonly anchors: ReadonlySet<string>;
}

/** Reads a page's links and headings. */
export function readPage(text: string): Page {
  const links: string[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  const visit = (node: Nodes) => {
    if (node.type === 'heading') anchors.add(slugger.slug(textOf(node, { includeHtml: false })));
    if (node.type === 'html')
      for (const [, id = ''] of node.value.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id);
    links.push(...urlsOf(node));
    if ('children' in node) node.children.forEach(visit);
  };
  visit(fromMarkdown(text));
  return { links, anchors };
}

function urlsOf(node: Nodes): readonly string[] {
  if (node.type === 'link' || node.type === 'image' || node.type === 'definition') return [node.url];
  if (node.type !== 'html') return [];
  return [...node.value.matchAll(/\b(?:href|src|srcset)="([^"\s]+)/g)].map(([, url = '']) => url);
}

export const isRelative = (url: string) => !/^[a-z][a-z+.-]*:/i.test(url);

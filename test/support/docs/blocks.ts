/** The code blocks of a page of the documentation, each with what it is for. */
import type { Code, Nodes, Parent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';
import { type Directive, directiveTextOf, NO_DIRECTIVE, parseDirective } from './directive.js';

export interface Block {
  /** The line of its fence, or of the misplaced directive. */
  readonly line: number;
  readonly language: string;
  /** The name of the file that the block is written to. */
  readonly name: string | undefined;
  readonly code: string;
  readonly directive: Directive;
  /** What it must print. */
  readonly expected: string | undefined;
  /** Why the block breaks the rules for code blocks. */
  readonly problem: string | undefined;
}

/** Languages of programs that run: ES modules, CommonJS, TypeScript and bash. */
const PROGRAMS: readonly string[] = ['js', 'cjs', 'ts', 'sh'];

/** Languages of which a block needs no name. */
const UNNAMED: readonly string[] = [...PROGRAMS, 'json', 'yaml', 'text'];

/** Whether the block is a copy of a file of the repository. */
export function isExample({ name }: Pick<Block, 'name'>): boolean {
  return name?.startsWith('examples/') === true;
}

/** Whether the block is run. A shell script with a name is only written. */
export function isRun({ language, name, directive }: Pick<Block, 'language' | 'name' | 'directive'>): boolean {
  if (directive.isOnlyWritten || directive.notRun !== undefined || isExample({ name })) return false;
  return PROGRAMS.includes(language) && (language !== 'sh' || name === undefined);
}

/** Returns the code blocks of a page in order, without those that are the expected output of another. */
export function blocksOf(page: string): readonly Block[] {
  const lines = page.split('\n');
  const blocks: Block[] = [];
  const visit = (parent: Parent) => {
    for (const [index, node] of parent.children.entries()) {
      if (node.type === 'code' && !isOutput(parent, index)) blocks.push(readBlock(parent, index, lines));
      if (node.type === 'html' && directiveTextOf(node.value) !== undefined && !isDirectlyBefore(parent, index))
        blocks.push(broken(lineOf(node), 'the line after this directive is not the fence of a code block'));
      if ('children' in node) visit(node);
    }
  };
  visit(fromMarkdown(page));
  return blocks;
}

function readBlock(parent: Parent, index: number, lines: readonly string[]): Block {
  const node = parent.children[index] as Code;
  const line = lineOf(node);
  const [name, ...others] = (node.meta ?? '').split(/\s+/).filter((word) => word !== '');
  if (!/^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*(?:```|~~~)/.test(lines[line - 1] ?? ''))
    return broken(line, 'an indented code block has no language: fence it');
  if (node.lang == null) return broken(line, 'a code block needs a language; `text` for a figure');
  if (others.length > 0) return broken(line, `unknown words after the file name: ${others.join(' ')}`);
  if (name === undefined && !UNNAMED.includes(node.lang))
    return broken(line, `a ${node.lang} block needs a file name; only ${UNNAMED.join(', ')} may have none`);
  try {
    const directive = directiveBefore(parent, index);
    const block = { line, language: node.lang, name, code: `${node.value}\n`, directive };
    const expected = isRun(block) ? outputAfter(parent, index) : undefined;
    return { ...block, expected, problem: problemOf(block) };
  } catch (error) {
    return broken(line, (error as Error).message);
  }
}

/** The parts of a directive that mean nothing for a block that is not run. */
function problemOf(block: Omit<Block, 'expected' | 'problem'>): string | undefined {
  const { exit, backgroundUntil, isAsUser, isOnlyWritten } = block.directive;
  if (isOnlyWritten && block.name === undefined) return '`write only` needs a file name';
  if (isRun(block)) return undefined;
  if (exit !== 0 || backgroundUntil !== undefined || isAsUser)
    return 'the block is not run: `exit`, `background` and `as user` mean nothing for it';
  return undefined;
}

function broken(line: number, problem: string): Block {
  const nothing = { language: '', name: undefined, code: '', directive: NO_DIRECTIVE, expected: undefined };
  return { line, ...nothing, problem };
}

function directiveBefore(parent: Parent, index: number): Directive {
  const before = parent.children[index - 1];
  if (before?.type !== 'html' || !isDirectlyBefore(parent, index - 1)) return NO_DIRECTIVE;
  const text = directiveTextOf(before.value);
  return text === undefined ? NO_DIRECTIVE : parseDirective(text);
}

/** Whether the line after a node is the fence of a code block. */
function isDirectlyBefore(parent: Parent, index: number): boolean {
  const [node, next] = parent.children.slice(index, index + 2);
  return next?.type === 'code' && next.position?.start.line === (node?.position?.end.line ?? 0) + 1;
}

/** The text of the block with the output of another. */
function outputAfter(parent: Parent, index: number): string | undefined {
  const [next, second] = parent.children.slice(index + 1, index + 3);
  if (isText(next)) return next.value;
  return isIntroduction(next) && isText(second) ? second.value : undefined;
}

/** Whether a code block is the expected output of the program before it. */
function isOutput(parent: Parent, index: number): boolean {
  if (!isText(parent.children[index])) return false;
  const program = index - (isIntroduction(parent.children[index - 1]) ? 2 : 1);
  const node = parent.children[program];
  if (node?.type !== 'code') return false;
  const { language, name, directive, problem } = readProgram(parent, program);
  return problem === undefined && isRun({ language, name, directive });
}

/** Reads a block for what it is, without its output. */
function readProgram(parent: Parent, index: number): Pick<Block, 'language' | 'name' | 'directive' | 'problem'> {
  const { lang, meta } = parent.children[index] as Code;
  const named = { language: lang ?? '', name: meta?.trim().split(/\s+/)[0] };
  try {
    return { ...named, directive: directiveBefore(parent, index), problem: undefined };
  } catch (error) {
    return { ...named, directive: NO_DIRECTIVE, problem: (error as Error).message };
  }
}

const isText = (node: Nodes | undefined): node is Code => node?.type === 'code' && node.lang === 'text';

const isIntroduction = (node: Nodes | undefined) => node?.type === 'paragraph' && textOf(node).trimEnd().endsWith(':');

const lineOf = (node: Nodes) => node.position?.start.line ?? 0;

/** JSON text with places: values for checking, and where in the text each one stands. */
import { type AnyNode, parse, type ValueNode } from '@humanwhocodes/momoa';
import type { Finding } from './document.js';

/** A place in the text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ParsedText {
  /** The value: numbers are exact, as bigints above 2⁵³. */
  readonly value: unknown;
  /** What JSON allows and a profile does not: fractions, negative numbers, keys given twice. */
  readonly findings: readonly Finding[];
  /** Where the value at a path of keys stands, or the nearest thing around it that exists. */
  placeOf(keys: Finding['keys']): Place;
}

/** Text that is not JSON. */
export class JsonSyntaxError extends Error {
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

/** How deep documents may nest; a profile needs 6. It keeps the parser from running out of stack. */
const DEEPEST = 64;

/**
 * Parses JSON text.
 * @throws JsonSyntaxError with the place of the first mistake.
 */
export function parseJson(text: string): ParsedText {
  const root = parseText(text);
  const findings: Finding[] = [];
  const value = toValue(root, text, [], findings);
  return { value, findings, placeOf: (keys) => placeOf(root, keys) };
}

function parseText(text: string): ValueNode {
  refuseDepth(text);
  try {
    return parse(text, { mode: 'json', ranges: true }).body;
  } catch (error) {
    if (error instanceof Error && 'line' in error && 'column' in error) {
      const place = { line: Number(error.line), column: Number(error.column) };
      throw new JsonSyntaxError(error.message.replace(/ \(\d+:\d+\)$/, '').replace(/\.$/, ''), place);
    }
    throw error;
  }
}

/** Counts brackets outside strings. */
function refuseDepth(text: string): void {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth--;
    if (depth > DEEPEST) throw new JsonSyntaxError(`nested more than ${DEEPEST} deep`, placeAt(text, index));
  }
}

function placeAt(text: string, index: number): Place {
  const before = text.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** No key of a profile; valibot drops them unseen. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function toValue(node: ValueNode, text: string, keys: readonly (string | number)[], findings: Finding[]): unknown {
  switch (node.type) {
    case 'Object': {
      const entries = node.members.map(({ name, value }): [string, unknown] => {
        const key = keyOf(name);
        return [key, toValue(value, text, [...keys, key], findings)];
      });
      const seen = new Set<string>();
      for (const [key] of entries) {
        if (RESERVED.has(key)) findings.push({ keys: [...keys, key], message: `unknown key ${JSON.stringify(key)}` });
        if (seen.has(key))
          findings.push({ keys: [...keys, key], message: `the key ${JSON.stringify(key)} stands here twice` });
        seen.add(key);
      }
      return Object.fromEntries(entries);
    }
    case 'Array':
      return node.elements.map(({ value }, i) => toValue(value, text, [...keys, i], findings));
    case 'Number': {
      const literal = text.slice(...(node.range ?? [0, 0]));
      if (!/^\d+$/.test(literal)) {
        findings.push({
          keys,
          message: `${literal} must be an unsigned whole number, without sign, fraction or exponent`,
        });
        return 0;
      }
      const exact = BigInt(literal);
      return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact;
    }
    case 'String':
    case 'Boolean':
      return node.value;
    default:
      return null;
  }
}

function keyOf(node: AnyNode): string {
  return node.type === 'String' ? node.value : '';
}

function placeOf(root: ValueNode, keys: Finding['keys']): Place {
  let node: ValueNode = root;
  let place: Place = root.loc.start;
  for (const key of keys) {
    if (node.type === 'Object') {
      const member = node.members.findLast(({ name }) => keyOf(name) === key);
      if (member === undefined) break;
      place = member.loc.start;
      node = member.value;
    } else if (node.type === 'Array') {
      const element = node.elements[Number(key)];
      if (element === undefined) break;
      node = element.value;
      place = node.loc.start;
    } else break;
  }
  return place;
}

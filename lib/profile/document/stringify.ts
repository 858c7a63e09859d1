/** Writes a document as Docker's JSON, with every number exact. */
import { recordFor } from '../../util/own-data.js';
import { jsonText } from '../json/write.js';
import { DOCUMENT, type FieldTable, type Kind, type Struct } from './fields.js';
import type { CheckedDocument, ProfileDocument, WrittenFields } from './types.js';

/** Returns the JSON text of a document. */
export function documentText(document: CheckedDocument): string {
  return `${jsonText(toProfileDocument(document))}\n`;
}

/** Returns a document in the form that people write. Numbers above 2⁵³ − 1 are bigints. */
export function toProfileDocument(document: CheckedDocument): ProfileDocument {
  return writtenFields(DOCUMENT, document);
}

function writtenFields<Of extends FieldTable>({ kept }: Struct<Of>, checked: object): WrittenFields<Of> {
  const output = recordFor(kept);
  const values = new Map<string, unknown>(Object.entries(checked));
  for (const [name, { kind, omitsEmpty }] of kept) {
    const value = values.get(name);
    const isOmitted = omitsEmpty && Array.isArray(value) && value.length === 0;
    output[name] = value === undefined || isOmitted ? undefined : writtenValue(kind, value);
  }
  return output as WrittenFields<Of>; // Each field has the form that its kind is written in.
}

function writtenValue(kind: Kind, value: unknown): unknown {
  switch (kind.type) {
    case 'kernel-version':
      return value === '0.0' ? '' : value; // Docker reads an empty version as 0.0, and refuses `0.0`.
    case 'uint64':
      return typeof value === 'bigint' ? toNumber(value) : value;
    case 'list':
      return Array.isArray(value) ? value.map((item) => writtenValue(kind.of, item)) : value;
    case 'struct':
      return typeof value === 'object' && value !== null ? writtenFields(kind, value) : value;
    default:
      return value;
  }
}

/** A number, or a bigint where a number would not be exact. */
export function toNumber(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

// Edits that take the ground from a finding, where there are some that need no guess.
import type { Finding, SchemaType } from '../api';
import { avro } from './avro';
import { jsonSchema } from './json-schema';
import { protobuf } from './protobuf';

export interface Mend { label: string; text: string }

/** Above this nothing is offered: looking for it would take longer than anybody waits. */
const LARGE = 256 << 10;

/** `old` is the text of the version that the finding is against, where it is at hand. */
export function mends(finding: Finding, text: string, type: SchemaType, old: string | null): Mend[] {
  if (finding.note || text.length > LARGE || (old?.length ?? 0) > LARGE) return [];
  const found = type === 'AVRO' ? avro(finding, text, old) : type === 'JSON' ? jsonSchema(finding, text, old) : protobuf(finding, text, old);
  return found.filter((mend) => mend.text !== text);
}

// From findings to places in the text being edited. `mend/` has the edits that mend them.
import type { Finding, SchemaType } from './api';
import type { Mark } from './editor/index';

/** The offset of a line and a column; columns count characters. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let left = line - 1; left > 0; left--) {
    const at = text.indexOf('\n', start);
    if (at < 0) return text.length;
    start = at + 1;
  }
  let offset = start;
  for (let left = column - 1; left > 0 && offset < text.length && text[offset] !== '\n'; left--) offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1;
  return offset;
}

/** Where the value or word at an offset ends: what is underlined. */
function endOf(text: string, from: number): number {
  const c = text[from];
  if (c === '"') {
    for (let at = from + 1; at < text.length; at++) {
      if (text[at] === '\\') at++;
      else if (text[at] === '"') return at + 1;
    }
    return text.length;
  }
  if (c === '{' || c === '[') {
    const close = closeOf(text, from) + 1;
    // the whole of it, unless that is most of the text
    return close - from <= 400 ? close : lineEnd(text, from);
  }
  const word = /^[\w.]+/.exec(text.slice(from, from + 200));
  return word ? lineEnd(text, from) : Math.min(from + 1, text.length);
}

const lineEnd = (text: string, from: number) => { const at = text.indexOf('\n', from); return at < 0 ? text.length : at; };

/** The bracket that closes the one at an offset. */
function closeOf(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '"') { for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++; }
    else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') { depth--; if (depth === 0) return at; }
  }
  return text.length - 1;
}

/** Positions that messages of refused schemas have in them. */
const NAMED = /line:? (\d+),? column:? (\d+)/i;
const PROTO = /(?:at|in) .*?:?(\d+):(\d+)/;

/** What is underlined for something that is said about a place. */
export function spanAt(text: string, from: number): { from: number; to: number } {
  const isRoot = text.slice(0, from).trim() === '' && /[{[]/.test(text[from] ?? '');
  const to = isRoot ? from + 1 : Math.max(endOf(text, from), from + 1);
  return { from, to: Math.min(to, text.length) };
}

/** `at` says where a line and a column are, where `text` is not laid out as the registry has it. */
export function markOf(finding: Finding, text: string, type: SchemaType, apply: { label: string; run: () => void }[] = [], at = (line: number, column: number) => offsetOf(text, line, column)): Mark | null {
  let from = 0;
  if (finding.new?.line !== undefined) from = at(finding.new.line, finding.new.column ?? 1);
  else {
    const said = NAMED.exec(finding.message) ?? (type === 'PROTOBUF' ? PROTO.exec(finding.message) : null);
    if (said) from = at(Number(said[1]), Number(said[2]));
    // a remark about the whole stands beside the text, and under no part of it
    else if (finding.rule !== '') return null;
  }
  return {
    ...spanAt(text, from), severity: finding.note ? 'info' : 'error',
    message: finding.explanation || finding.message, why: finding.rule ? `${finding.rule}${finding.oldVersion ? `, against version ${finding.oldVersion}` : ''}` : undefined,
    fix: finding.remedy || undefined, example: finding.counterExample,
    apply,
  };
}

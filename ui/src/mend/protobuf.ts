// Edits that mend a Protobuf file. Findings name elements by their path (`#/Order/Line/2`) and places by lines.
import type { Finding } from '../api';
import { offsetOf } from '../editor-help';
import type { Mend } from './index';

const FIELD = /^((?:(?:optional|required|repeated)\s+)?)(map\s*<[^>]*>|[\w.]+)(\s+)(\w+)(\s*=\s*)(\d+)/;

/** The text with comments and strings blanked out: what braces and names are looked for in. */
function bare(text: string): string {
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (found) => found.replace(/[^\n]/g, ' '));
}

/** Where the brace that opens at an offset is closed. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    else if (code[at] === '}' && --depth === 0) return at;
  }
  return -1;
}

/** What begins at a line and a column, up to its semicolon or closing brace. */
function statement(text: string, place: { line?: number; column?: number } | undefined): { from: number; text: string } | null {
  if (place?.line === undefined) return null;
  const from = offsetOf(text, place.line, place.column ?? 1);
  const code = bare(text);
  const [semicolon, brace] = [code.indexOf(';', from), code.indexOf('{', from)];
  const end = brace >= 0 && (semicolon < 0 || brace < semicolon) && !/=/.test(code.slice(from, brace)) ? closing(code, brace) : semicolon;
  return end < 0 ? null : { from, text: text.slice(from, end + 1) };
}

/** The block of nested messages, enums and oneofs: after its opening brace, and its closing one. */
function block(text: string, names: string[]): { from: number; to: number } | null {
  const code = bare(text);
  let [from, to] = [0, code.length];
  for (const name of names) {
    const found = new RegExp(`\\b(?:message|enum|oneof)\\s+${name.replace(/\W/g, '')}\\s*\\{`).exec(code.slice(from, to));
    if (!found) return null;
    const open = from + found.index + found[0].length - 1;
    const close = closing(code, open);
    if (close < 0) return null;
    [from, to] = [open + 1, close];
  }
  return { from, to };
}

/** A line of its own before the end of a block, indented as its lines are. */
function into(text: string, at: { from: number; to: number }, lines: string[]): string {
  const indent = /\n([ \t]+)\S/.exec(text.slice(at.from, at.to))?.[1] ?? '  ';
  const head = text.slice(0, at.to).trimEnd();
  const outer = /[ \t]*$/.exec(text.slice(0, at.to))?.[0] ?? '';
  return `${head}\n${lines.map((line) => indent + line).join('\n')}\n${outer}${text.slice(at.to)}`;
}

/** A number that no field and no reserved range of a message has. */
function freeNumber(text: string, at: { from: number; to: number }): number {
  const numbers = [...bare(text).slice(at.from, at.to).matchAll(/(?:=|\breserved\b[^;]*?|\bto\b|,)\s*(\d+)/g)].map((found) => Number(found[1]));
  const next = Math.max(0, ...numbers) + 1;
  return next >= 19000 && next <= 19999 ? 20000 : next;
}

export function protobuf(finding: Finding, text: string, old: string | null): Mend[] {
  const segments = finding.path.replace(/^#\//, '').split('/').filter(Boolean);
  const names = segments.slice(0, -1);
  const number = Number(segments.at(-1));
  const own = statement(text, finding.new);
  const was = old === null ? null : statement(old, finding.old);
  const mends: Mend[] = [];
  const offer = (label: string, next: string | null | undefined) => { if (next && next !== text) mends.push({ label, text: next }); };
  const instead = (from: number, length: number, next: string) => text.slice(0, from) + next + text.slice(from + length);
  const [field, oldField] = [own && FIELD.exec(own.text), was && FIELD.exec(was.text)];
  const { rule } = finding;
  if (/^FIELD_(SCALAR_KIND|KIND|NAMED_TYPE|NUMERIC_LABEL)_CHANGED$|^FIELD_SAME_(TYPE|CARDINALITY)$|^FIELD_WIRE_/.test(rule) && own && field) {
    if (oldField) {
      const [label, type] = [oldField[1] ?? '', oldField[2] ?? ''];
      offer(`Put ${(label + type).trim()} back`, instead(own.from, (field[1] ?? '').length + (field[2] ?? '').length, label + type));
    }
    const at = block(text, names);
    if (at && Number.isInteger(number)) {
      const free = freeNumber(text, at);
      const renumbered = instead(own.from, field[0].length, field[0].replace(/\d+$/, String(free)));
      // the field may stand in a oneof, which reserves nothing
      const message = block(renumbered, names) ?? at;
      const isOneof = /\boneof\s+\w+\s*\{$/.test(bare(text).slice(0, at.from));
      const around = isOneof ? block(renumbered, names.slice(0, -1)) : message;
      if (around) offer(`Give it the number ${free}, and reserve ${number}`, into(renumbered, around, [`reserved ${number};`]));
    }
  } else if (/^FIELD_SAME_(NAME|JSON_NAME)$/.test(rule) && own && field && oldField) {
    offer(`Put the name ${oldField[4]} back`, instead(own.from, field[0].length, `${field[1]}${field[2]}${field[3]}${oldField[4]}${field[5]}${field[6]}`));
  } else if (rule === 'REQUIRED_FIELD_ADDED' && own && /^required\s/.test(own.text)) {
    offer('Make it optional', instead(own.from, 'required'.length, 'optional'));
  } else if (rule === 'PACKAGE_CHANGED' && own && was) {
    offer(`Put ${was.text.replace(/;$/, '')} back`, instead(own.from, own.text.length, was.text));
  } else if (/^(FIELD|ENUM_VALUE)_NO_DELETE/.test(rule)) {
    const at = block(text, names);
    const name = finding.old?.pointer.split('.').at(-1) ?? '';
    if (at && Number.isInteger(number)) {
      if (rule.includes('UNLESS')) {
        const free = name && !new RegExp(`\\b${name.replace(/\W/g, '')}\\b`).test(bare(text).slice(at.from, at.to));
        offer(free ? `Reserve ${number} and ${name}` : `Reserve ${number}`, into(text, at, free ? [`reserved ${number};`, `reserved "${name}";`] : [`reserved ${number};`]));
      }
      if (was) offer(`Put ${name} back`, into(text, at, [was.text]));
    }
  } else if (rule === 'ONEOF_FIELD_REMOVED' && was) {
    const at = block(text, names);
    if (at) offer(`Put ${finding.old?.pointer.split('.').at(-1) ?? 'it'} back`, into(text, at, [was.text]));
  } else if (rule === 'MESSAGE_REMOVED' && was) {
    const name = segments.at(-1) ?? '';
    const at = names.length > 0 ? block(text, names) : null;
    if (names.length === 0) offer(`Put the message ${name} back`, `${text.trimEnd()}\n\n${was.text}\n`);
    else if (at) offer(`Put the message ${name} back`, into(text, at, [was.text]));
  }
  return mends;
}

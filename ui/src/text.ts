// Schema texts as people read them, and times, and names.
import type { SchemaType } from './api';

/** JSON laid out in lines, token by token: numbers and keys stay as they are written. `map` takes offsets of the old text to the new one. */
export function layOut(text: string): { text: string; map: (offset: number) => number } {
  const from: number[] = [];
  const to: number[] = [];
  const out: string[] = [];
  let length = 0;
  let depth = 0;
  const put = (part: string) => { out.push(part); length += part.length; };
  const newline = () => put(`\n${'  '.repeat(Math.min(depth, 60))}`);
  let at = 0;
  const isSpace = (c: string) => c === ' ' || c === '\n' || c === '\r' || c === '\t';
  const next = () => { while (at < text.length && isSpace(text[at] as string)) at++; };
  next();
  while (at < text.length) {
    const start = at;
    const c = text[at] as string;
    from.push(start);
    to.push(length);
    if (c === '"') {
      at++;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
      at++;
      put(text.slice(start, at));
    } else if (c === '{' || c === '[') {
      at++;
      put(c);
      next();
      const close = c === '{' ? '}' : ']';
      if (text[at] === close) { put(close); at++; } else { depth++; newline(); }
    } else if (c === '}' || c === ']') {
      at++;
      depth = Math.max(0, depth - 1);
      newline();
      to[to.length - 1] = length;
      put(c);
    } else if (c === ',') {
      at++;
      put(c);
      newline();
    } else if (c === ':') {
      at++;
      put(': ');
    } else {
      while (at < text.length && !isSpace(text[at] as string) && !'{}[],:"'.includes(text[at] as string)) at++;
      if (at === start) at++;
      put(text.slice(start, at));
    }
    next();
  }
  const map = (offset: number) => {
    let low = 0;
    let high = from.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((from[middle] as number) <= offset) low = middle + 1; else high = middle;
    }
    const token = low - 1;
    return token < 0 ? 0 : (to[token] as number) + (offset - (from[token] as number));
  };
  return { text: out.join(''), map };
}

/** How much of a text is laid out and coloured at once. */
export const LARGE = 512 * 1024;

/** The text as it is shown, and where its lines and columns are there. */
export function shown(text: string, type: SchemaType | undefined): { text: string; at: (line: number, column: number) => number } {
  const isJson = type !== 'PROTOBUF';
  const laid = isJson && text.length <= LARGE * 8 && !text.includes('\n') ? layOut(text) : { text, map: (offset: number) => offset };
  const lines = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.push(at + 1);
  return {
    text: laid.text,
    at: (line, column) => {
      const start = lines[line - 1] ?? text.length;
      // columns count characters, and not the halves of those that take two
      let offset = start;
      for (let left = column - 1; left > 0 && offset < text.length; left--) offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1;
      return laid.map(offset);
    },
  };
}

export const lineOf = (text: string, offset: number) => {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
};

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
export const time = (value: number | string | undefined) => {
  if (value === undefined) return '';
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? '' : absolute.format(date);
};

const numbers = new Intl.NumberFormat('en');
export const count = (value: number | undefined) => (value === undefined ? '' : numbers.format(value));
export const bytes = (value: number) => (value < 1024 ? `${value} B` : value < 1 << 20 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / (1 << 20)).toFixed(1)} MiB`);
export const plural = (value: number, one: string, more = `${one}s`) => `${count(value)} ${value === 1 ? one : more}`;

/** What can't be seen, or turns the direction of what follows: written out, so that names are what they look like. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
export const visible = (text: string) => text.replace(UNSEEN, (c) => `⟨U+${(c.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}⟩`);

/** A subject's context (`.` for the default one) and its name in it. */
export function parts(subject: string): { context: string; name: string } {
  const found = /^:(\.[^:]*|\*):?/.exec(subject);
  return found ? { context: found[1] as string, name: subject.slice(found[0].length) } : { context: '.', name: subject };
}
export const typeOf = (type: SchemaType | undefined): SchemaType => type ?? 'AVRO';
export const typeName = (type: SchemaType | undefined) => ({ AVRO: 'Avro', JSON: 'JSON Schema', PROTOBUF: 'Protobuf' })[typeOf(type)];

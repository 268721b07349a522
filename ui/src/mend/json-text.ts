// JSON as it is written: where each value stands, and edits that leave the rest as it is.

export interface Member { key: string; from: number; value: Node }
export interface Node { from: number; to: number; members?: Member[]; items?: Node[] }

/** Deeper than this nothing is mended. */
const DEPTH = 200;

/** The values of a text with their places; `null` where it is no JSON. */
export function read(text: string): Node | null {
  let at = 0;
  const space = () => { while (at < text.length && ' \n\r\t'.includes(text[at] as string)) at++; };
  const string = (): boolean => {
    if (text[at] !== '"') return false;
    for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    return at++ < text.length;
  };
  const value = (depth: number): Node | null => {
    space();
    const from = at;
    if (depth > DEPTH || at >= text.length) return null;
    const open = text[at];
    if (open === '{' || open === '[') {
      at++;
      const node: Node = { from, to: from, ...(open === '{' ? { members: [] } : { items: [] }) };
      for (let first = true; ; first = false) {
        space();
        if (text[at] === (open === '{' ? '}' : ']')) { node.to = ++at; return node; }
        if (!first) { if (text[at] !== ',') return null; at++; space(); }
        const start = at;
        let key = '';
        if (node.members) {
          if (!string()) return null;
          try { key = JSON.parse(text.slice(start, at)); } catch { return null; }
          space();
          if (text[at] !== ':') return null;
          at++;
        }
        const inner = value(depth + 1);
        if (!inner) return null;
        node.members?.push({ key, from: start, value: inner });
        node.items?.push(inner);
      }
    }
    if (open === '"') return string() ? { from, to: at } : null;
    while (at < text.length && !' \n\r\t,]}'.includes(text[at] as string)) at++;
    return at > from ? { from, to: at } : null;
  };
  return value(0);
}

export const member = (node: Node | null | undefined, key: string) => node?.members?.find((own) => own.key === key)?.value ?? null;

/** The value that a JSON pointer leads to. */
export function resolve(root: Node | null, pointer: string): Node | null {
  let node = root;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replace(/~1/g, '/').replace(/~0/g, '~');
    node = node?.items ? node.items[Number(key)] ?? null : member(node, key);
  }
  return node;
}

export const parent = (pointer: string) => pointer.slice(0, Math.max(pointer.lastIndexOf('/'), 0));
export const last = (pointer: string) => pointer.slice(pointer.lastIndexOf('/') + 1).replace(/~1/g, '/').replace(/~0/g, '~');
export const raw = (text: string, node: Node) => text.slice(node.from, node.to);
export const replace = (text: string, node: Node, next: string) => text.slice(0, node.from) + next + text.slice(node.to);

/** Takes out the n-th of what a container holds, with the comma that belongs to it. */
function takeOut(text: string, starts: number[], ends: number[], at: number): string {
  const [start, end] = [starts[at] as number, ends[at] as number];
  if (at + 1 < starts.length) return text.slice(0, start) + text.slice(starts[at + 1] as number);
  return at > 0 ? text.slice(0, ends[at - 1] as number) + text.slice(end) : text.slice(0, start).trimEnd() + text.slice(end).trimStart();
}

export function withoutMember(text: string, object: Node, key: string): string | null {
  const members = object.members ?? [];
  const at = members.findIndex((own) => own.key === key);
  return at < 0 ? null : takeOut(text, members.map((own) => own.from), members.map((own) => own.value.to), at);
}

export const withoutItem = (text: string, array: Node, at: number) => takeOut(text, (array.items ?? []).map((own) => own.from), (array.items ?? []).map((own) => own.to), at);

/** Puts something behind the last of what a container holds, on a line of its own where that one has one. */
function append(text: string, container: Node, starts: number[], end: number | undefined, added: string): string {
  const first = starts[starts.length - 1];
  if (first === undefined || end === undefined) return `${text.slice(0, container.from + 1)}${added}${text.slice(container.to - 1)}`;
  const before = starts.length > 1 ? text.lastIndexOf(',', first) + 1 : container.from + 1;
  const gap = /^\s*$/.test(text.slice(before, first)) ? text.slice(before, first) : ' ';
  return `${text.slice(0, end)},${gap || ' '}${added}${text.slice(end)}`;
}

export const withItem = (text: string, array: Node, added: string) => append(text, array, (array.items ?? []).map((own) => own.from), array.items?.at(-1)?.to, added);
export const withMember = (text: string, object: Node, key: string, value: string) => append(text, object, (object.members ?? []).map((own) => own.from), object.members?.at(-1)?.value.to, `${JSON.stringify(key)}: ${value}`);

/** What a value is, whatever its layout. */
export function same(text: string, node: Node | null): string {
  if (!node) return '';
  try { return JSON.stringify(JSON.parse(raw(text, node))); } catch { return raw(text, node); }
}

export const parsed = (text: string, node: Node | null): unknown => { if (!node) return undefined; try { return JSON.parse(raw(text, node)); } catch { return undefined; } };

// Edits that mend an Avro schema. Findings name places by JSON pointers, in the new text and in the old one.
import type { Finding } from '../api';
import { type Node, last, member, parent, parsed, raw, read, replace, resolve, same, withItem, withMember, withoutItem, withoutMember } from './json-text';
import type { Mend } from './index';

/** A value that a type takes as its default. */
function defaultFor(type: unknown): unknown {
  if (Array.isArray(type)) return defaultFor(type[0]);
  if (typeof type === 'object' && type !== null) {
    const inner = type as { type?: unknown; symbols?: unknown[] };
    if (inner.type === 'array') return [];
    if (inner.type === 'map') return {};
    if (inner.type === 'enum') return inner.symbols?.[0];
    if (inner.type === 'record' || inner.type === 'fixed') return undefined;
    return defaultFor(inner.type);
  }
  const values: Record<string, unknown> = { null: null, boolean: false, int: 0, long: 0, float: 0, double: 0, bytes: '', string: '' };
  return values[String(type)];
}

const isField = (pointer: string | undefined) => pointer !== undefined && /\/fields\/\d+$/.test(pointer);
const nameOf = (text: string, field: Node | null) => String(parsed(text, member(field, 'name')) ?? '');

export function avro(finding: Finding, text: string, old: string | null): Mend[] {
  const root = read(text);
  const before = old === null ? null : read(old);
  const [newPointer, oldPointer] = [finding.new?.pointer, finding.old?.pointer];
  const own = root && newPointer !== undefined ? resolve(root, newPointer) : null;
  const was = before && oldPointer !== undefined ? resolve(before, oldPointer) : null;
  if (!root || !own || newPointer === undefined) return [];
  const mends: Mend[] = [];
  const offer = (label: string, next: string | null) => { if (next !== null) mends.push({ label, text: next }); };
  switch (finding.rule) {
    case 'READER_FIELD_MISSING_DEFAULT_VALUE':
      if (isField(newPointer) && !isField(oldPointer)) {
        const value = defaultFor(parsed(text, member(own, 'type')));
        if (value !== undefined && !member(own, 'default')) offer(`Add the default ${JSON.stringify(value)}`, withMember(text, own, 'default', JSON.stringify(value)));
        // a field that is gone, of the same type, may be the same under another name
        const kept = new Set((resolve(root, parent(newPointer))?.items ?? []).map((field) => nameOf(text, field)));
        const gone = old === null ? [] : (member(was, 'fields')?.items ?? []).filter((field) => !kept.has(nameOf(old, field)) && same(old, member(field, 'type')) === same(text, member(own, 'type')));
        if (old !== null && gone.length === 1 && !member(own, 'aliases')) {
          const name = nameOf(old, gone[0] as Node);
          offer(`It was called ${name}: add the alias`, withMember(text, own, 'aliases', JSON.stringify([name])));
        }
      } else if (old !== null && was && isField(oldPointer)) {
        const fields = member(own, 'fields');
        if (fields) offer(`Put the field ${nameOf(old, was)} back`, withItem(text, fields, raw(old, was)));
      }
      break;
    case 'MISSING_ENUM_SYMBOLS': {
      const [now, then] = [parsed(text, own), old === null ? undefined : parsed(old, was)];
      if (!Array.isArray(now) || !Array.isArray(then)) break;
      const missing = then.filter((symbol) => !now.includes(symbol));
      const extra = now.flatMap((symbol, at) => (then.includes(symbol) ? [] : [at]));
      if (finding.message.includes('The new schema is missing')) {
        if (missing.length > 0) offer(`Put ${missing.join(', ')} back`, missing.reduce<string | null>((next, symbol) => { const array = next === null ? null : resolve(read(next), newPointer); return array && next !== null ? withItem(next, array, JSON.stringify(symbol)) : null; }, text));
      } else if (extra.length > 0) {
        offer(`Leave out ${extra.map((at) => now[at]).join(', ')}`, extra.reverse().reduce<string | null>((next, at) => { const array = next === null ? null : resolve(read(next), newPointer); return array && next !== null ? withoutItem(next, array, at) : null; }, text));
      }
      break;
    }
    case 'FIXED_SIZE_MISMATCH':
      if (old !== null && was) offer(`Put the size back to ${raw(old, was)}`, replace(text, own, raw(old, was)));
      break;
    case 'NAME_MISMATCH': {
      if (old === null || !was || last(newPointer) !== 'name') break;
      const type = resolve(root, parent(newPointer));
      const aliases = member(type, 'aliases');
      if (finding.remedy?.startsWith('Add ') && type) offer(`Add the alias ${parsed(old, was)}`, aliases ? withItem(text, aliases, raw(old, was)) : withMember(text, type, 'aliases', `[${raw(old, was)}]`));
      offer(`Put the name ${parsed(old, was)} back`, replace(text, own, raw(old, was)));
      break;
    }
    case 'MISSING_UNION_BRANCH':
      if (old !== null && was && own.items && parent(oldPointer ?? '') === newPointer) {
        const name = nameOf(old, was);
        // a type is declared once in a text
        if (!name || !text.includes(JSON.stringify(name))) offer(`Put ${name || raw(old, was).slice(0, 30)} back into the union`, withItem(text, own, raw(old, was)));
      } else if (/\/\d+$/.test(newPointer)) {
        const union = resolve(root, parent(newPointer));
        if (union?.items && union.items.length > 1) offer('Leave it out of the union', withoutItem(text, union, Number(last(newPointer))));
      }
      break;
    case 'TYPE_MISMATCH': {
      if (old === null || !was) break;
      const [type, oldType] = isField(newPointer) && isField(oldPointer) ? [member(own, 'type'), member(was, 'type')] : [own, was];
      const name = oldType?.members ? nameOf(old, oldType) : '';
      if (!type || !oldType || (name && text.includes(JSON.stringify(name)))) break;
      let next: string | null = replace(text, type, raw(old, oldType));
      // a default of the other type would not do
      if (isField(newPointer)) {
        const field: Node | null = resolve(read(next), newPointer);
        const [value, oldValue] = [member(field, 'default'), member(was, 'default')];
        if (field && value) next = oldValue ? replace(next, value, raw(old, oldValue)) : withoutMember(next, field, 'default');
      }
      const shown = same(old, oldType);
      offer(`Put the type ${shown.length > 40 ? 'that was there' : shown.replace(/^"|"$/g, '')} back`, next);
      break;
    }
  }
  return mends;
}

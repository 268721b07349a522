// Edits that mend a JSON Schema.
import type { Finding } from '../api';
import { last, member, parent, parsed, raw, read, replace, resolve, withItem, withMember, withoutItem, withoutMember } from './json-text';
import type { Mend } from './index';

export function jsonSchema(finding: Finding, text: string, old: string | null): Mend[] {
  const root = read(text);
  const before = old === null ? null : read(old);
  const [newPointer, oldPointer] = [finding.new?.pointer, finding.old?.pointer];
  if (!root || newPointer === undefined) return [];
  const own = resolve(root, newPointer);
  const was = before && oldPointer !== undefined ? resolve(before, oldPointer) : null;
  if (!own) return [];
  const holder = resolve(root, parent(newPointer));
  const keyword = last(newPointer);
  const one = (label: string, next: string | null): Mend[] => (next === null ? [] : [{ label, text: next }]);

  /** The object without a name among what it requires. */
  const optional = (object: string, name: string): string | null => {
    const schema = resolve(root, object);
    const required = member(schema, 'required');
    const at = (required?.items ?? []).findIndex((item) => parsed(text, item) === name);
    if (!schema || !required || at < 0) return null;
    // older drafts allow no empty list
    return required.items?.length === 1 ? withoutMember(text, schema, 'required') : withoutItem(text, required, at);
  };

  const { rule } = finding;
  if (rule === 'REQUIRED_ATTRIBUTE_ADDED') {
    const name = last(finding.path);
    return one(`Make ${name} optional`, optional(parent(newPointer), name));
  }
  if (/^REQUIRED_PROPERTY_.*ADDED/.test(rule) || rule === 'OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL') {
    const mends = one(`Make ${keyword} optional`, optional(parent(parent(newPointer)), keyword));
    if (rule.includes('TO_OPEN_CONTENT_MODEL') && own.members && own.members.length > 0) {
      const next = mends[0]?.text ?? text;
      const value = resolve(read(next), newPointer);
      if (value) return one(mends[0] ? `Make ${keyword} optional, with any value` : `Take any value for ${keyword}`, replace(next, value, '{}'));
    }
    return mends;
  }
  if (/^ENUM_ARRAY_/.test(rule)) {
    const [now, then] = [parsed(text, own), old === null ? undefined : parsed(old, was)];
    if (!Array.isArray(now) || !Array.isArray(then)) return [];
    const has = new Set(now.map((value) => JSON.stringify(value)));
    const missing = then.map((value) => JSON.stringify(value)).filter((value) => !has.has(value));
    let next = text;
    for (const value of missing) {
      const array = resolve(read(next), newPointer);
      if (!array) return [];
      next = withItem(next, array, value);
    }
    return missing.length > 0 ? one(`Put ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ' …' : ''} back`, next) : [];
  }
  if (rule === 'TYPE_CHANGED' || rule === 'TYPE_NARROWED') {
    const [type, oldType] = [member(own, 'type'), member(was, 'type')];
    if (old === null || !type || !oldType) return [];
    return one(`Put the type ${raw(old, oldType).replace(/"/g, '')} back`, replace(text, type, raw(old, oldType)));
  }
  if (/^PROPERTY_REMOVED_/.test(rule)) {
    if (old === null || !was || oldPointer === undefined || !own.members) return [];
    return one(`Put ${last(oldPointer)} back`, withMember(text, own, last(oldPointer), raw(old, was)));
  }
  // a keyword: put back to what it was, or left out where it was not there
  if (/_(ADDED|REMOVED|NARROWED|DECREASED|INCREASED|CHANGED|EXPANDED|EXTENDED)$/.test(rule) && holder?.members && /^[a-zA-Z]+$/.test(keyword) && finding.path.endsWith(keyword)) {
    if (was && old !== null && oldPointer !== undefined && last(oldPointer) === keyword) {
      const value = raw(old, was);
      return one(value.length > 40 ? `Put ${keyword} back` : `Put ${keyword} back to ${value}`, replace(text, own, value));
    }
    if (was && oldPointer === parent(newPointer) && !member(was, keyword)) return one(`Leave ${keyword} out`, withoutMember(text, holder, keyword));
  }
  return [];
}

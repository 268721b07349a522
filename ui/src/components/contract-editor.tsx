// Metadata, tags and rules as they are edited: what comes out is what the API takes.
import type { Metadata, Rule, RuleSet } from '../api';
import { Field, Select } from './basic';

type Group = 'migrationRules' | 'domainRules' | 'encodingRules';
const GROUPS: [Group, string][] = [['domainRules', 'Domain'], ['migrationRules', 'Migration'], ['encodingRules', 'Encoding']];
const MODES: Record<Group, string[]> = {
  domainRules: ['WRITE', 'READ', 'WRITEREAD'], encodingRules: ['WRITE', 'READ', 'WRITEREAD'], migrationRules: ['UPGRADE', 'DOWNGRADE', 'UPDOWN'],
};
const TYPES = ['CEL', 'CEL_FIELD', 'JSONATA', 'ENCRYPT', 'ENCRYPT_PAYLOAD'];

/** A row while it is edited: names may be empty or double for a while. */
export interface Draft {
  properties: { key: string; value: string; sensitive: boolean }[];
  tags: { path: string; tags: string }[];
  rules: { group: Group; rule: Rule; tags: string; params: string }[];
}

const paramsText = (params?: Record<string, string>) => Object.entries(params ?? {}).map(([key, value]) => `${key}=${value}`).join('\n');
const list = (text: string) => text.split(',').map((one) => one.trim()).filter(Boolean);

export function draftOf(metadata?: Metadata | null, ruleSet?: RuleSet | null): Draft {
  const sensitive = new Set(metadata?.sensitive ?? []);
  return {
    properties: Object.entries(metadata?.properties ?? {}).map(([key, value]) => ({ key, value, sensitive: sensitive.has(key) })),
    tags: Object.entries(metadata?.tags ?? {}).map(([path, tags]) => ({ path, tags: tags.join(', ') })),
    rules: GROUPS.flatMap(([group]) => (ruleSet?.[group] ?? []).map((rule) => ({ group, rule, tags: (rule.tags ?? []).join(', '), params: paramsText(rule.params) }))),
  };
}

/** What is absent is left out, for a schema with empty metadata is another one than a schema without. */
export function metadataOf(draft: Draft): Metadata | undefined {
  const out: Metadata = {};
  const tags = draft.tags.filter((row) => row.path.trim() && list(row.tags).length > 0);
  if (tags.length > 0) out.tags = Object.fromEntries(tags.map((row) => [row.path.trim(), list(row.tags)]));
  const properties = draft.properties.filter((row) => row.key.trim());
  if (properties.length > 0) out.properties = Object.fromEntries(properties.map((row) => [row.key.trim(), row.value]));
  const sensitive = properties.filter((row) => row.sensitive).map((row) => row.key.trim());
  if (sensitive.length > 0) out.sensitive = sensitive;
  return Object.keys(out).length > 0 ? out : undefined;
}

function ruleOf({ rule, tags, params }: Draft['rules'][number]): Rule {
  const out: Rule = { ...rule, name: rule.name.trim() };
  for (const key of ['doc', 'expr', 'onSuccess', 'onFailure'] as const) if (!out[key]) delete out[key];
  delete out.tags;
  delete out.params;
  if (!out.disabled) delete out.disabled;
  if (list(tags).length > 0) out.tags = list(tags);
  const pairs = params.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => { const at = line.indexOf('='); return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]; });
  if (pairs.length > 0) out.params = Object.fromEntries(pairs);
  return out;
}

export function ruleSetOf(draft: Draft): RuleSet | undefined {
  const out: RuleSet = {};
  for (const [group] of GROUPS) {
    const rules = draft.rules.filter((row) => row.group === group && row.rule.name.trim()).map(ruleOf);
    if (rules.length > 0) out[group] = rules;
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

const replaced = <T,>(rows: T[], at: number, next: T) => rows.map((row, own) => (own === at ? next : row));
const without = <T,>(rows: T[], at: number) => rows.filter((_, own) => own !== at);

export function ContractEditor({ draft, onChange, parts = ['metadata', 'rules'], disabled }: { draft: Draft; onChange: (next: Draft) => void; parts?: ('metadata' | 'rules')[]; disabled?: boolean }) {
  const { properties, tags, rules } = draft;
  const set = (next: Partial<Draft>) => onChange({ ...draft, ...next });
  return (
    <fieldset class="plain-set" disabled={disabled}>
      {parts.includes('metadata') && (
        <>
          <h3>Properties</h3>
          {properties.map((row, at) => (
            <div class="row-fields" key={at}>
              <input value={row.key} aria-label="Property" placeholder="owner" spellcheck={false} onInput={(event) => set({ properties: replaced(properties, at, { ...row, key: event.currentTarget.value }) })} />
              <input class="grow" value={row.value} aria-label={`Value of ${row.key || 'the property'}`} type={(row.sensitive ? 'password' : 'text') as 'text'} autocomplete="off" spellcheck={false} onInput={(event) => set({ properties: replaced(properties, at, { ...row, value: event.currentTarget.value }) })} />
              <label class="check"><input type="checkbox" checked={row.sensitive} onChange={(event) => set({ properties: replaced(properties, at, { ...row, sensitive: event.currentTarget.checked }) })} /> sensitive</label>
              <button type="button" class="quiet" aria-label={`Remove the property ${row.key}`} onClick={() => set({ properties: without(properties, at) })}>✕</button>
            </div>
          ))}
          <button type="button" class="small" onClick={() => set({ properties: [...properties, { key: '', value: '', sensitive: false }] })}>Add a property</button>
          <h3>Tags</h3>
          {tags.map((row, at) => (
            <div class="row-fields" key={at}>
              <input class="grow mono" value={row.path} aria-label="Path" placeholder="com.acme.Order.customerId" spellcheck={false} onInput={(event) => set({ tags: replaced(tags, at, { ...row, path: event.currentTarget.value }) })} />
              <input value={row.tags} aria-label={`Tags of ${row.path || 'the path'}, with commas`} placeholder="PII, GDPR" spellcheck={false} onInput={(event) => set({ tags: replaced(tags, at, { ...row, tags: event.currentTarget.value }) })} />
              <button type="button" class="quiet" aria-label={`Remove the tags of ${row.path}`} onClick={() => set({ tags: without(tags, at) })}>✕</button>
            </div>
          ))}
          <button type="button" class="small" onClick={() => set({ tags: [...tags, { path: '', tags: '' }] })}>Add tags</button>
        </>
      )}
      {parts.includes('rules') && (
        <>
          <h3>Rules</h3>
          {rules.map((row, at) => {
            const edit = (next: Partial<Rule>) => set({ rules: replaced(rules, at, { ...row, rule: { ...row.rule, ...next } }) });
            const { rule } = row;
            return (
              <div class="rule-edit" key={at} role="group" aria-label={`Rule ${rule.name || at + 1}`}>
                <div class="row-fields">
                  <Field label="Name"><input value={rule.name} spellcheck={false} onInput={(event) => edit({ name: event.currentTarget.value })} /></Field>
                  <Field label="Of"><Select value={row.group} options={GROUPS} onChange={(group) => set({ rules: replaced(rules, at, { ...row, group, rule: { ...rule, mode: MODES[group].includes(rule.mode) ? rule.mode : MODES[group][0] as string } }) })} /></Field>
                  <Field label="Kind"><Select value={rule.kind} options={['CONDITION', 'TRANSFORM']} onChange={(kind) => edit({ kind })} /></Field>
                  <Field label="Mode"><Select value={rule.mode} options={MODES[row.group].includes(rule.mode) ? MODES[row.group] : [...MODES[row.group], rule.mode]} onChange={(mode) => edit({ mode })} /></Field>
                  <Field label="Type"><input value={rule.type} list="rule-types" spellcheck={false} onInput={(event) => edit({ type: event.currentTarget.value })} /></Field>
                </div>
                <Field label="Expression"><textarea class="mono" rows={2} value={rule.expr ?? ''} spellcheck={false} onInput={(event) => edit({ expr: event.currentTarget.value })} /></Field>
                <div class="row-fields">
                  <Field label="For fields with these tags"><input value={row.tags} placeholder="PII" spellcheck={false} onInput={(event) => set({ rules: replaced(rules, at, { ...row, tags: event.currentTarget.value }) })} /></Field>
                  <Field label="On success"><input value={rule.onSuccess ?? ''} placeholder="NONE" spellcheck={false} onInput={(event) => edit({ onSuccess: event.currentTarget.value })} /></Field>
                  <Field label="On failure"><input value={rule.onFailure ?? ''} placeholder="ERROR" spellcheck={false} onInput={(event) => edit({ onFailure: event.currentTarget.value })} /></Field>
                  <label class="check"><input type="checkbox" checked={rule.disabled ?? false} onChange={(event) => edit({ disabled: event.currentTarget.checked })} /> off</label>
                </div>
                <div class="row-fields">
                  <Field label="Parameters, one a line"><textarea class="mono" rows={1} value={row.params} placeholder="encrypt.kek.name=orders" spellcheck={false} onInput={(event) => set({ rules: replaced(rules, at, { ...row, params: event.currentTarget.value }) })} /></Field>
                  <Field label="Description"><input value={rule.doc ?? ''} onInput={(event) => edit({ doc: event.currentTarget.value })} /></Field>
                  <button type="button" class="quiet danger-text" onClick={() => set({ rules: without(rules, at) })}>Remove the rule</button>
                </div>
              </div>
            );
          })}
          <datalist id="rule-types">{TYPES.map((type) => <option key={type} value={type} />)}</datalist>
          <button type="button" class="small" onClick={() => set({ rules: [...rules, { group: 'domainRules', rule: { name: '', kind: 'CONDITION', mode: 'WRITE', type: 'CEL' }, tags: '', params: '' }] })}>Add a rule</button>
        </>
      )}
    </fieldset>
  );
}

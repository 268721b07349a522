// Metadata, tags and rules of a version.
import type { Rule, Version } from '../api';
import { DataList, Section, T } from './basic';

export function Contract({ version }: { version: Version }) {
  const { metadata, ruleSet } = version;
  const sensitive = new Set(metadata?.sensitive ?? []);
  const properties = Object.entries(metadata?.properties ?? {});
  const tags = Object.entries(metadata?.tags ?? {});
  const rules: [string, Rule[]][] = [['Migration', ruleSet?.migrationRules ?? []], ['Domain', ruleSet?.domainRules ?? []], ['Encoding', ruleSet?.encodingRules ?? []]];
  const some = rules.filter(([, list]) => list.length > 0);
  if (properties.length === 0 && tags.length === 0 && some.length === 0) return null;
  return (
    <>
      {(properties.length > 0 || tags.length > 0) && (
        <Section title="Metadata">
          {properties.length > 0 && <DataList items={properties.map(([key, value]) => [<T class="mono">{key}</T>, sensitive.has(key) ? <span class="dim">hidden (sensitive)</span> : <T class="wrap">{value}</T>])} />}
          {tags.length > 0 && <DataList items={tags.map(([path, names]) => [<T class="mono">{path}</T>, <>{names.map((name) => <span class="tag" key={name}><T>{name}</T></span>)}</>])} />}
        </Section>
      )}
      {some.length > 0 && (
        <Section title="Rules">
          <div class="scroll"><table class="compact">
            <thead><tr><th>Name</th><th>Kind</th><th>Type</th><th>What</th></tr></thead>
            <tbody>
              {some.flatMap(([kind, list]) => list.map((rule) => (
                <tr key={`${kind} ${rule.name}`}>
                  <td><T>{rule.name}</T>{rule.disabled && <span class="tag">off</span>}</td>
                  <td class="dim">{kind.toLowerCase()} · {rule.mode?.toLowerCase()}</td>
                  <td>{rule.type}</td>
                  <td class="wrap">{rule.doc && <p><T>{rule.doc}</T></p>}{rule.expr && <code class="wrap"><T>{rule.expr}</T></code>}{rule.tags?.map((tag) => <span class="tag" key={tag}><T>{tag}</T></span>)}</td>
                </tr>
              )))}
            </tbody>
          </table></div>
        </Section>
      )}
    </>
  );
}

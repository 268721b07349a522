// What differs beside the texts: references, metadata, and rules one by one.
import type { ComponentChildren } from 'preact';
import type { Rule, RuleSet } from '../api';
import { T } from './basic';

export interface BesideChange { what: string; from?: string; to?: string }
type Kind = 'added' | 'removed' | 'changed';
interface Fact { label: string; from?: string; to?: string }
interface Line { kind: Kind; noun: string; name: string; facts: Fact[]; said?: string }

const SIGN: Record<Kind, string> = { added: '+', removed: '−', changed: '~' };
const GROUPS: [keyof RuleSet, string][] = [['domainRules', 'domain rule'], ['migrationRules', 'migration rule'], ['encodingRules', 'encoding rule']];
/** What a rule says, in the order in which it is read. */
const LABELS: Record<string, string> = { kind: 'kind', mode: 'mode', type: 'type', tags: 'for tags', expr: 'expression', params: 'parameters', onSuccess: 'on success', onFailure: 'on failure', doc: 'description', disabled: 'off' };

const kindOf = (from?: string, to?: string): Kind => (from === undefined ? 'added' : to === undefined ? 'removed' : 'changed');

function text(key: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (key === 'disabled') return value === true ? 'yes' : undefined;
  if (Array.isArray(value)) return value.length > 0 ? value.map(String).join(', ') : undefined;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([name, own]) => `${name}=${own}`);
    return pairs.length > 0 ? pairs.join(', ') : undefined;
  }
  return String(value);
}

function factsOf(from: Rule | undefined, to: Rule | undefined): Fact[] {
  const [old, next] = [from, to].map((rule) => (rule ?? {}) as unknown as Record<string, unknown>) as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(LABELS), ...Object.keys(old), ...Object.keys(next)])].filter((key) => key !== 'name');
  return keys.flatMap((key): Fact[] => {
    const [a, b] = [text(key, old[key]), text(key, next[key])];
    return a === b ? [] : [{ label: LABELS[key] ?? key, from: a, to: b }];
  });
}

function read(json: string | undefined): RuleSet | null {
  if (json === undefined) return {};
  try { return JSON.parse(json) as RuleSet; } catch { return null; }
}

/** Rules are known by their names: one with another name is another rule. */
function ruleLines({ what, from, to }: BesideChange): Line[] {
  const [old, next] = [read(from), read(to)];
  if (!old || !next) return [{ kind: kindOf(from, to), noun: '', name: what, facts: [{ label: '', from, to }] }];
  const lines = GROUPS.flatMap(([group, noun]) => {
    const sides = [old[group] ?? [], next[group] ?? []].map((rules) => new Map(rules.map((rule) => [rule.name, rule])));
    const [before, after] = sides as [Map<string, Rule>, Map<string, Rule>];
    const own = [...new Set([...before.keys(), ...after.keys()])].flatMap((name): Line[] => {
      const [a, b] = [before.get(name), after.get(name)];
      const facts = factsOf(a, b);
      if (a && b) return facts.length > 0 ? [{ kind: 'changed', noun, name, facts }] : [];
      return [{ kind: a ? 'removed' : 'added', noun, name, facts }];
    });
    const order = (rules: Map<string, Rule>, other: Map<string, Rule>) => [...rules.keys()].filter((name) => other.has(name)).join('\n');
    if (order(before, after) !== order(after, before)) own.push({ kind: 'changed', noun: `${noun}s`, name: '', facts: [], said: 'run in another order' });
    return own;
  });
  return lines.length > 0 ? lines : [{ kind: kindOf(from, to), noun: '', name: 'rules', facts: [], said: from === undefined ? 'an empty set' : to === undefined ? 'no set any more' : 'written differently' }];
}

function tagLine(name: string, { from, to }: BesideChange): Line {
  const [old, next] = [from, to].map((list) => (list ? list.split(', ') : [])) as [string[], string[]];
  const gone = old.filter((tag) => !next.includes(tag));
  const come = next.filter((tag) => !old.includes(tag));
  return { kind: kindOf(from, to), noun: 'tags of', name, facts: [{ label: '', from: gone.join(', ') || undefined, to: come.join(', ') || undefined }] };
}

export function besideLines(beside: BesideChange[]): Line[] {
  const shown = new Map(beside.map((own) => [own.what, kindOf(own.from, own.to)]));
  return beside.flatMap((own): Line[] => {
    const at = own.what.indexOf(' ');
    const [place, name] = at < 0 ? [own.what, ''] : [own.what.slice(0, at), own.what.slice(at + 1)];
    const kind = kindOf(own.from, own.to);
    switch (place) {
      case 'ruleSet': return ruleLines(own);
      case 'references': return [{ kind, noun: 'reference', name, facts: [{ label: '', from: own.from, to: own.to }] }];
      case 'metadata.tags': return [tagLine(name, own)];
      case 'metadata.properties': return [{ kind, noun: 'property', name, facts: [{ label: '', from: own.from, to: own.to }] }];
      // with a property that comes or goes its value says so
      case 'metadata.sensitive': return shown.get(`metadata.properties ${name}`) === kind ? [] : [{ kind, noun: 'property', name, facts: [], said: kind === 'added' ? 'is sensitive now' : 'is not sensitive any more' }];
      default: return [{ kind, noun: '', name: own.what, facts: [{ label: '', from: own.from, to: own.to }] }];
    }
  });
}

function Values({ kind, from, to }: { kind: Kind; from?: string; to?: string }): ComponentChildren {
  // what is new or gone as a whole needs no arrow
  if (kind === 'added' && from === undefined) return <T class="mono to">{to}</T>;
  if (kind === 'removed' && to === undefined) return <T class="mono from">{from}</T>;
  return <>{from !== undefined && <T class="mono from">{from}</T>}{from !== undefined && to !== undefined && <span class="dim"> → </span>}{to !== undefined && <T class="mono to">{to}</T>}</>;
}

export function Beside({ beside }: { beside: BesideChange[] }) {
  const lines = besideLines(beside);
  if (lines.length === 0) return null;
  return (
    <ul class="changes" aria-label="Changes beside the text">
      {lines.map((line, at) => {
        const only = line.facts.length === 1 && line.facts[0]?.label === '' ? line.facts[0] : undefined;
        return (
          <li key={at} class={line.kind}>
            <span class="sign" aria-hidden="true">{SIGN[line.kind]}</span>
            <div class="wrap">
              <span class="dim">{line.noun}</span> {line.name && <T class="mono name">{line.name}</T>} {line.said ?? (!only && <span>{line.kind}</span>)}
              {only && <> <span class="sr">{line.kind}</span> <Values kind={line.kind} {...only} /></>}
              {!only && line.facts.length > 0 && (
                <dl class="facts-list">{line.facts.map((fact) => <div key={fact.label}><dt>{fact.label}</dt><dd><Values kind={line.kind} {...fact} /></dd></div>)}</dl>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

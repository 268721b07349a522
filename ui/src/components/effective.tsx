// What is effective for a subject, where each value comes from, and what it means.
import { type Config, enc, json } from '../api';
import { parts } from '../text';
import { useLoad } from './hooks';

export const LEVELS = ['BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE', 'NONE'] as const;
export const MEANING: Record<string, string> = {
  BACKWARD: 'New consumers can read what the latest version wrote: upgrade consumers first.',
  BACKWARD_TRANSITIVE: 'New consumers can read what every version wrote.',
  FORWARD: 'Consumers of the latest version can read what the new one writes: upgrade producers first.',
  FORWARD_TRANSITIVE: 'Consumers of every version can read what the new one writes.',
  FULL: 'Both ways with the latest version: upgrade in any order.',
  FULL_TRANSITIVE: 'Both ways with every version.',
  NONE: 'Nothing is checked.',
};
export const MODES: Record<string, string> = {
  READWRITE: 'Schemas can be read and registered.',
  READONLY: 'Schemas can be read; nothing new is registered.',
  READONLY_OVERRIDE: 'As READONLY, for all subjects, whatever their own mode is.',
  IMPORT: 'Schemas are stored under the ids and versions that are given, without checks.',
  FORWARD: 'Reads and writes are forwarded.',
};
const NAMES: Record<string, string> = {
  compatibilityLevel: 'Compatibility', normalize: 'Normalize', validateFields: 'Validate fields', validateNewSchemas: 'Validate new schemas', validateRules: 'Validate rules',
  compatibilityPolicy: 'JSON policy', protobufPolicy: 'Protobuf policy', compatibilityGroup: 'Group', alias: 'Alias of', aliasForDeks: 'Alias for keys',
  defaultMetadata: 'Default metadata', overrideMetadata: 'Forced metadata', defaultRuleSet: 'Default rules', overrideRuleSet: 'Forced rules',
};
export const settingName = (key: string) => NAMES[key] ?? key;

interface Layers { own: Config | null; context: Config | null; registry: Config | null; mode: { mode: string; from: string } | null }

async function layers(subject: string, signal: AbortSignal): Promise<Layers> {
  const { context } = parts(subject);
  const ask = <T,>(path: string) => json<T>(path, { signal }).catch(() => null);
  const [own, ofContext, registry, ownMode, mode] = await Promise.all([
    ask<Config>(`config/${enc(subject)}`), context === '.' ? null : ask<Config>(`config/${enc(`:${context}:`)}`), ask<Config>('config'),
    ask<{ mode: string }>(`mode/${enc(subject)}`), ask<{ mode: string }>(`mode/${enc(subject)}?defaultToGlobal=true`),
  ]);
  return { own, context: ofContext, registry, mode: mode && { mode: mode.mode, from: ownMode ? 'this subject' : 'inherited' } };
}

function show(value: unknown) {
  return typeof value === 'object' ? <code class="wrap">{JSON.stringify(value)}</code> : String(value);
}

export function EffectiveSettings({ subject, effective }: { subject: string; effective: Config | null }) {
  const found = useLoad((signal) => layers(subject, signal), [subject]);
  if (!effective) return null;
  const { own, context, registry, mode } = found.value ?? { own: null, context: null, registry: null, mode: null };
  const origin = (key: string) => (own && key in own ? 'this subject' : context && key in context ? 'its context' : registry && key in registry ? 'the registry' : 'the server');
  const level = effective.compatibilityLevel ?? '';
  return (
    <>
      <table class="compact">
        <thead><tr><th>Setting</th><th>Value</th><th>From</th></tr></thead>
        <tbody>
          {Object.entries(effective).map(([key, value]) => <tr key={key}><td>{settingName(key)}</td><td>{show(value)}</td><td class="dim">{origin(key)}</td></tr>)}
          {mode && <tr><td>Mode</td><td>{mode.mode}</td><td class="dim">{mode.from}</td></tr>}
        </tbody>
      </table>
      {MEANING[level] && <p class="dim small">{MEANING[level]}</p>}
    </>
  );
}

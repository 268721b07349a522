import { useEffect, useState } from 'preact/hooks';
import { type Config, type Metadata, type RuleSet, ApiError, enc, json, request } from '../api';
import { Busy, ConfirmByName, Failure, Field, Page, Section, Select } from '../components/basic';
import { LEVELS, MEANING, MODES, settingName } from '../components/effective';
import { type Draft, ContractEditor, draftOf, metadataOf, ruleSetOf } from '../components/contract-editor';
import { useLoad, useSettled } from '../components/hooks';
import { SubjectInput } from '../components/subject-input';
import { WouldHaveRefused, WouldHaveRefusedWidely } from '../components/would';
import { refine, route, subjectLink } from '../router';
import { may } from '../session';

type Kind = 'registry' | 'context' | 'subject';
const SWITCHES = ['normalize', 'validateFields', 'validateNewSchemas', 'validateRules'] as const;
const CHOICES: Record<string, string[]> = { compatibilityPolicy: ['STRICT', 'LENIENT', 'LOGICAL'], protobufPolicy: ['DEFAULT', 'WIRE', 'WIRE_JSON', 'FILE', 'COMPILED'] };
const CONTRACTS = [['default', 'Defaults of new versions'], ['override', 'What every new version gets']] as const;
const TEXTS = ['compatibilityGroup', 'alias', 'aliasForDeks'] as const;

const absent = <T,>(error: unknown): T | null => { if (error instanceof ApiError && error.status === 404) return null; throw error; };

const dotted = (name: string) => (name.startsWith('.') ? name : `.${name}`);

/** The name under which config and mode of a scope are asked for. */
const target = (kind: Kind, name: string) => (kind === 'registry' ? '' : kind === 'context' ? `/${enc(`:${dotted(name)}:`)}` : `/${enc(name)}`);

export function SettingsPage() {
  const { query: asked } = route.value;
  const scope = asked.get('scope') ?? '';
  const ofContext = /^:(\.[^:]*):$/.exec(scope);
  const kind: Kind = (asked.get('kind') as Kind | null) ?? (scope === '' ? 'registry' : ofContext ? 'context' : 'subject');
  const [name, setName] = useState(ofContext ? (ofContext[1] as string) : scope);
  const settled = useSettled(name.trim(), 300);
  const at = target(kind, settled);
  useEffect(() => { refine({ kind: kind === 'registry' ? '' : kind, scope: settled && (kind === 'context' ? `:${dotted(settled)}:` : settled) }); }, [kind, settled]);
  const isReady = kind === 'registry' || settled !== '';
  const own = useLoad<Config | null>((signal) => (isReady ? json<Config>(`config${at}`, { signal }).catch((error) => absent<Config>(error)) : Promise.resolve(null)), [at, isReady]);
  const effective = useLoad<Config | null>((signal) => (isReady && kind !== 'registry' ? json<Config>(`config${at}?defaultToGlobal=true`, { signal }) : Promise.resolve(null)), [at, isReady]);
  const mode = useLoad<{ own: string | null; effective: string } | null>(async (signal) => {
    if (!isReady) return null;
    const set = await json<{ mode: string }>(`mode${at}`, { signal }).catch((error) => absent<{ mode: string }>(error));
    const all = kind === 'registry' ? set : await json<{ mode: string }>(`mode${at}?defaultToGlobal=true`, { signal });
    return { own: kind === 'registry' ? null : set?.mode ?? null, effective: all?.mode ?? 'READWRITE' };
  }, [at, isReady]);
  const [edited, setEdited] = useState<Record<string, string>>({});
  const [wanted, setWanted] = useState('');
  const [importing, setImporting] = useState(false);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState('');
  useEffect(() => { setEdited({}); setDone(''); setError(null); setWanted(''); }, [at]);
  const [contracts, setContracts] = useState<Partial<Record<'default' | 'override', Draft>>>({});
  useEffect(() => { setContracts({}); }, [own.value]);
  const contract = (of: 'default' | 'override') => contracts[of] ?? draftOf(own.value?.[`${of}Metadata`] as Metadata | undefined, own.value?.[`${of}RuleSet`] as RuleSet | undefined);
  const reload = () => { own.reload(); effective.reload(); mode.reload(); setEdited({}); setWanted(''); };
  const value = (key: string) => edited[key] ?? (own.value?.[key] === undefined ? '' : String(own.value[key]));
  const inherited = (key: string) => (kind === 'registry' ? 'the server’s' : String(effective.value?.[key] ?? 'the server’s default'));
  const edit = (key: string, next: string) => { setDone(''); setEdited({ ...edited, [key]: next }); };
  const act = async (work: () => Promise<unknown>, said: string) => {
    setError(null);
    setDone('');
    try { await work(); setDone(said); reload(); } catch (failed) { setError(failed); }
  };
  const save = () => act(async () => {
    const body: Record<string, unknown> = {};
    for (const [key, text] of Object.entries(edited)) {
      const key_ = key === 'compatibilityLevel' ? 'compatibility' : key;
      body[key_] = text === '' ? null : (SWITCHES as readonly string[]).includes(key) ? text === 'true' : text;
    }
    for (const [of, draft] of Object.entries(contracts)) {
      body[`${of}Metadata`] = metadataOf(draft) ?? null;
      body[`${of}RuleSet`] = ruleSetOf(draft) ?? null;
    }
    await request(`config${at}`, { method: 'PUT', body, reason });
  }, 'The settings are changed.');
  const putMode = (why: string) => request(`mode${at}`, { method: 'PUT', body: { mode: wanted }, reason: why });
  const level = value('compatibilityLevel') || String(effective.value?.compatibilityLevel ?? '');
  const scopeName = kind === 'registry' ? 'the registry' : kind === 'context' ? dotted(settled) : settled;
  const writes = kind === 'registry' ? may('GLOBAL_COMPATIBILITY_WRITE') : may('SUBJECT_COMPATIBILITY_WRITE', kind === 'context' ? `:${dotted(settled)}:` : settled);
  return (
    <Page title="Settings" lead="What is set for the registry holds for a context, and what is set for a context for its subjects, unless they have their own.">
      <div class="filters wrap-fields">
        <Field label="Of"><Select<Kind> value={kind} options={[['registry', 'the registry'], ['context', 'a context'], ['subject', 'a subject']]} onChange={(next) => { refine({ kind: next, scope: '' }); setName(''); }} /></Field>
        {kind !== 'registry' && <Field label={kind === 'context' ? 'Context' : 'Subject'}>{kind === 'context' ? <input value={name} spellcheck={false} placeholder=".staging" onInput={(event) => setName(event.currentTarget.value)} /> : <SubjectInput value={name} onInput={setName} />}</Field>}
        {kind === 'subject' && settled && <a class="button" href={subjectLink(settled)}>To the subject</a>}
      </div>
      <Failure error={own.error ?? mode.error ?? error} />
      {done && <p class="notice good" role="status">{done}</p>}
      {!isReady ? null : own.loading && !own.value && mode.loading ? <Busy /> : (
        <div class="columns">
          <Section title="Config" actions={own.value && kind !== 'registry' && writes ? <button type="button" class="quiet danger-text" onClick={() => act(() => request(`config${at}`, { method: 'DELETE', reason }), 'Its own settings are gone; what is set above holds.')}>Remove its own</button> : undefined}>
            {kind !== 'registry' && !own.value && !own.loading && <p class="dim">It has no settings of its own.</p>}
            <div class="form">
              <Field label="Compatibility" hint={MEANING[level]}><Select value={value('compatibilityLevel')} disabled={!writes} options={[['', `inherited (${inherited('compatibilityLevel')})`], ...LEVELS]} onChange={(next) => edit('compatibilityLevel', next)} /></Field>
              {SWITCHES.map((key) => <Field key={key} label={settingName(key)}><Select value={value(key)} disabled={!writes} options={[['', `inherited (${inherited(key)})`], 'true', 'false']} onChange={(next) => edit(key, next)} /></Field>)}
              {Object.entries(CHOICES).map(([key, options]) => <Field key={key} label={settingName(key)}><Select value={value(key)} disabled={!writes} options={[['', `inherited (${inherited(key)})`], ...options]} onChange={(next) => edit(key, next)} /></Field>)}
              {TEXTS.map((key) => <Field key={key} label={settingName(key)}><input value={value(key)} disabled={!writes} spellcheck={false} onInput={(event) => edit(key, event.currentTarget.value)} /></Field>)}
            </div>
            {CONTRACTS.map(([of, title]) => (
              <details key={of} open={Boolean(own.value?.[`${of}Metadata`] ?? own.value?.[`${of}RuleSet`] ?? contracts[of])}>
                <summary>{title}: metadata, tags and rules</summary>
                <ContractEditor draft={contract(of)} disabled={!writes} onChange={(next) => { setDone(''); setContracts({ ...contracts, [of]: next }); }} />
              </details>
            ))}
            {kind === 'subject' && settled && edited.compatibilityLevel && <WouldHaveRefused subject={settled} level={edited.compatibilityLevel} />}
            {kind !== 'subject' && edited.compatibilityLevel && <WouldHaveRefusedWidely context={kind === 'context' ? dotted(settled) : undefined} level={edited.compatibilityLevel} />}
            <div class="bar">
              <input class="reason" value={reason} aria-label="Reason for the change" placeholder="Reason (optional)" onInput={(event) => setReason(event.currentTarget.value)} />
              <button type="button" class="primary" disabled={(Object.keys(edited).length === 0 && Object.keys(contracts).length === 0) || !writes} onClick={save}>Save</button>
            </div>
            <p class="dim small">A change holds for versions registered from now on. Versions that exist are not checked again.</p>
          </Section>
          <Section title="Mode" actions={mode.value?.own && writes ? <button type="button" class="quiet danger-text" onClick={() => act(() => request(`mode${at}`, { method: 'DELETE', reason }), 'Its own mode is gone.')}>Remove its own</button> : undefined}>
            {mode.value && <p><strong>{mode.value.effective}</strong> <span class="dim">{kind !== 'registry' && (mode.value.own ? 'set here' : 'inherited')}</span></p>}
            {mode.value && <p class="dim small">{MODES[mode.value.effective]}</p>}
            <Field label="Change to" hint={wanted ? MODES[wanted] : undefined}><Select value={wanted} disabled={!writes} options={[['', 'choose'], ...Object.keys(MODES).filter((own_) => own_ !== 'FORWARD')]} onChange={setWanted} /></Field>
            {wanted === 'IMPORT' && <p class="notice bad small">IMPORT removes what is soft-deleted there, and stores whatever comes without checks. The registry refuses where schemas are active.</p>}
            <div class="bar"><button type="button" disabled={!wanted || !writes} onClick={() => (wanted === 'IMPORT' ? setImporting(true) : act(() => putMode(reason), `The mode is ${wanted}.`))}>Change mode</button></div>
          </Section>
        </div>
      )}
      <ConfirmByName title={`IMPORT in ${scopeName}`} verb="Change" name={scopeName} open={importing} onClose={() => setImporting(false)} onConfirm={async (why) => {
        await putMode(why);
        setDone('The mode is IMPORT.');
        reload();
      }}>
        <p>What is soft-deleted in {scopeName} is removed for good. From then on schemas are stored under the ids and versions that are given, without checks. The registry refuses where schemas are active.</p>
      </ConfirmByName>
    </Page>
  );
}

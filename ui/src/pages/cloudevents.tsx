import { useState } from 'preact/hooks';
import { json, query, request } from '../api';
import { Busy, ConfirmByName, DataList, Dialog, Empty, Failure, Field, Page, Section, T, Verdict } from '../components/basic';
import { useLoad } from '../components/hooks';
import { SubjectInput } from '../components/subject-input';
import { versionLink } from '../router';
import { may } from '../session';

interface Resolution { [key: string]: unknown; resolved_by?: string; subject?: string; version?: number; id?: number; guid?: string; status?: string }
interface Alias { uri: string; subject?: string; version?: number | string; guid?: string; origin?: string }
interface Binding { type?: string; pattern?: string; subject: string; version?: number | string; require_dataschema?: boolean; origin?: string }

const LABELS: Record<string, string> = { subject: 'Subject', version: 'Version', id: 'Id', guid: 'Guid', schemaType: 'Format', immutable: 'Never changes', url: 'Document', deleted: 'Deleted' };

export function CloudEventsPage() {
  const [uri, setUri] = useState('');
  const [found, setFound] = useState<Resolution | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [adding, setAdding] = useState<'alias' | 'type' | null>(null);
  const aliases = useLoad((signal) => json<{ aliases?: Alias[] } | Alias[]>('cloudevents/aliases', { signal }), []);
  const types = useLoad((signal) => json<{ types?: Binding[] } | Binding[]>('cloudevents/types', { signal }), []);
  const listOf = <T,>(value: unknown): T[] => {
    if (Array.isArray(value)) return value as T[];
    const inner = value && typeof value === 'object' ? Object.values(value).find(Array.isArray) : undefined;
    return (inner ?? []) as T[];
  };
  const resolve = async (event: Event) => {
    event.preventDefault();
    setError(null);
    setFound(null);
    try { setFound(await json<Resolution>(`cloudevents/resolve${query({ dataschema: uri.trim() })}`, { accept: 'application/json' })); } catch (failed) { setError(failed); }
  };
  const [removing, setRemoving] = useState<{ kind: 'alias' | 'type'; key: string; means: string } | null>(null);
  const remove = async (reason: string) => {
    if (!removing) return;
    const { kind, key } = removing;
    await request(kind === 'alias' ? `cloudevents/aliases${query({ uri: key })}` : `cloudevents/types/${encodeURIComponent(key)}`, { method: 'DELETE', reason });
    aliases.reload();
    types.reload();
  };
  const writes = may('SUBJECT_WRITE');
  const hasOrigin = listOf<Alias>(aliases.value).some((alias) => alias.origin);
  return (
    <Page title="CloudEvents" lead="Which schema an event means: what its dataschema names, and which schema the events of a type have.">
      <Section title="Resolve a dataschema">
        <form class="filters" onSubmit={resolve}>
          <input class="grow" value={uri} aria-label="dataschema" placeholder="https://registry.example.com/schemas/ids/42" spellcheck={false} onInput={(event) => setUri(event.currentTarget.value)} />
          <button type="submit" class="primary" disabled={!uri.trim()}>Resolve</button>
        </form>
        <Failure error={error} />
        {found && (
          <>
            <p role="status"><Verdict ok>{found.resolved_by ? <>Answered by the rule <code>{found.resolved_by}</code></> : 'Resolved'}</Verdict></p>
            <DataList items={Object.entries(found).filter(([key, value]) => key !== 'resolved_by' && typeof value !== 'object').map(([key, value]) => [LABELS[key] ?? key, key === 'subject' && found.version !== undefined ? <a href={versionLink(String(value), found.version)}><T>{String(value)}</T></a> : <T class="wrap">{String(value)}</T>])} />
            <details><summary>As the API gives it</summary><pre class="raw" tabIndex={0}>{JSON.stringify(found, null, 2)}</pre></details>
          </>
        )}
      </Section>
      <Section title="Aliases" actions={writes ? <button type="button" onClick={() => setAdding('alias')}>Add</button> : undefined}>
        <Failure error={aliases.error} />
        {aliases.loading && !aliases.value && <Busy />}
        {aliases.value && listOf<Alias>(aliases.value).length === 0 && <Empty title="No URI has an alias."><p>An alias lets a URI that producers send already stand for a version here.</p></Empty>}
        {listOf<Alias>(aliases.value).length > 0 && (
          <div class="scroll"><table class="stacked"><thead><tr><th>URI</th><th>Stands for</th>{hasOrigin && <th>Origin</th>}<th><span class="sr">Actions</span></th></tr></thead><tbody>
            {listOf<Alias>(aliases.value).map((alias) => (
              <tr key={alias.uri}><td class="wrap"><T class="mono">{alias.uri}</T></td><td>{alias.subject ? <a href={versionLink(alias.subject, alias.version ?? 'latest')}><T>{alias.subject}</T> {String(alias.version ?? 'latest')}</a> : <span class="mono">{alias.guid}</span>}</td>{hasOrigin && <td class="dim">{alias.origin ?? ''}</td>}
                <td class="row-actions">{writes && alias.origin !== 'configuration' && <button type="button" class="quiet danger-text" onClick={() => setRemoving({ kind: 'alias', key: alias.uri, means: alias.subject ? `${alias.subject} ${alias.version ?? 'latest'}` : alias.guid ?? '' })}>Remove</button>}</td></tr>
            ))}
          </tbody></table></div>
        )}
      </Section>
      <Section title="Event types" actions={writes ? <button type="button" onClick={() => setAdding('type')}>Add</button> : undefined}>
        <Failure error={types.error} />
        {types.value && listOf<Binding>(types.value).length === 0 && <Empty title="No event type is bound."><p>Bound to a subject, events of a type are judged by its schema though they name none.</p></Empty>}
        {listOf<Binding>(types.value).length > 0 && (
          <div class="scroll"><table class="stacked"><thead><tr><th>Type</th><th>Schema</th><th>Must name it</th><th><span class="sr">Actions</span></th></tr></thead><tbody>
            {listOf<Binding>(types.value).map((binding) => {
              const pattern = binding.type ?? binding.pattern ?? '';
              return <tr key={pattern}><td class="wrap"><T class="mono">{pattern}</T></td><td><a href={versionLink(binding.subject, binding.version ?? 'latest')}><T>{binding.subject}</T> {String(binding.version ?? 'latest')}</a></td><td class="dim"><span class="phone-only">must name its schema: </span>{binding.require_dataschema ? 'yes' : 'no'}</td>
                <td class="row-actions">{writes && binding.origin !== 'configuration' && <button type="button" class="quiet danger-text" onClick={() => setRemoving({ kind: 'type', key: pattern, means: `${binding.subject} ${binding.version ?? 'latest'}` })}>Remove</button>}</td></tr>;
            })}
          </tbody></table></div>
        )}
      </Section>
      <ConfirmByName title={removing?.kind === 'type' ? 'Remove an event type' : 'Remove an alias'} verb="Remove" name={removing?.key ?? ''} open={removing !== null} onClose={() => setRemoving(null)} onConfirm={remove}>
        <p>{removing?.kind === 'type'
          ? <>Events of this type that name no schema are not judged by <T>{removing.means}</T> any more.</>
          : <>The URI does not stand for <T>{removing?.means}</T> any more: events that name it may have no schema.</>}</p>
      </ConfirmByName>
      <Adding kind={adding} onClose={() => setAdding(null)} onDone={() => { setAdding(null); aliases.reload(); types.reload(); }} />
    </Page>
  );
}

function Adding({ kind, onClose, onDone }: { kind: 'alias' | 'type' | null; onClose: () => void; onDone: () => void }) {
  const [key, setKey] = useState('');
  const [subject, setSubject] = useState('');
  const [version, setVersion] = useState('latest');
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setError(null);
    const target = { subject, version: /^\d+$/.test(version) ? Number(version) : version };
    try {
      if (kind === 'alias') await request('cloudevents/aliases', { method: 'PUT', body: { uri: key, ...target }, type: 'application/json', accept: 'application/json' });
      else await request(`cloudevents/types/${encodeURIComponent(key)}`, { method: 'PUT', body: target, type: 'application/json', accept: 'application/json' });
      setKey('');
      onDone();
    } catch (failed) { setError(failed); }
  };
  return (
    <Dialog title={kind === 'type' ? 'Bind an event type' : 'Add an alias'} open={kind !== null} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label={kind === 'type' ? 'Type' : 'URI'} hint={kind === 'type' ? 'A * stands for any characters' : undefined}><input value={key} required spellcheck={false} onInput={(event) => setKey(event.currentTarget.value)} /></Field>
        <Field label="Subject"><SubjectInput value={subject} required onInput={setSubject} /></Field>
        <Field label="Version"><input value={version} spellcheck={false} onInput={(event) => setVersion(event.currentTarget.value)} /></Field>
        <Failure error={error} />
        <div class="actions"><button type="submit" class="primary">Save</button><button type="button" onClick={onClose}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

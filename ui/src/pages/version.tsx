import { useMemo, useState } from 'preact/hooks';
import { type Version, address, enc, json, query, request } from '../api';
import { Busy, ConfirmByName, Copy, DataList, Failure, Page, Section, SubjectName, T, Type } from '../components/basic';
import { Code } from '../components/code';
import { Contract } from '../components/contract';
import { Graph } from '../components/graph';
import { useLoad } from '../components/hooks';
import { Consequences } from '../components/referrers';
import { restore } from '../components/restore';
import { type Outline, Tree } from '../components/tree';
import { UsageSection } from '../components/usage';
import { go, href, subjectLink, versionLink } from '../router';
import { may } from '../session';
import { bytes, shown, time, typeOf } from '../text';

export function VersionPage({ subject, version }: { subject: string; version: string }) {
  const found = useLoad((signal) => json<Version>(`subjects/${enc(subject)}/versions/${enc(version)}?deleted=true`, { signal }), [subject, version]);
  const number = found.value?.version;
  const outline = useLoad<Outline | null>((signal) => (number === undefined ? Promise.resolve(null) : json<Outline>(`accordant/v1/outline${query({ subject, version: number })}`, { signal })), [subject, number]);
  const versions = useLoad((signal) => json<number[]>(`subjects/${enc(subject)}/versions?deleted=true`, { signal }).catch(() => []), [subject]);
  const neighbours = [versions.value?.filter((own) => number !== undefined && own < number).at(-1), versions.value?.find((own) => number !== undefined && own > number)] as const;
  const [goTo, setGoTo] = useState<{ offset: number } | null>(null);
  const [deleting, setDeleting] = useState<'softly' | 'for good' | null>(null);
  const [refused, setRefused] = useState<unknown>(null);
  const schema = found.value;
  const text = useMemo(() => (schema ? shown(schema.schema, schema.schemaType) : null), [schema]);
  const type = typeOf(schema?.schemaType);
  const name = schema ? `${subject.replace(/[^\w.-]+/g, '_')}-v${schema.version}.${type === 'PROTOBUF' ? 'proto' : type === 'AVRO' ? 'avsc' : 'json'}` : '';
  const save = (content: Blob, as: string) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(content);
    link.download = as;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const download = () => { if (schema) save(new Blob([schema.schema], { type: 'text/plain' }), name); };
  /** With all that it refers to, in one document; of Protobuf a descriptor set. */
  const downloadBundled = async () => {
    if (!schema) return;
    try {
      const answer = await request(`cloudevents/subjects/${enc(subject)}/versions/${schema.version}?references=bundled`, { accept: '*/*' });
      save(await answer.blob(), name.replace(/\.(\w+)$/, type === 'PROTOBUF' ? '-bundled.desc' : '-bundled.$1'));
    } catch (failed) {
      setRefused(failed);
    }
  };
  const bringBack = async () => {
    if (!schema) return;
    setRefused(null);
    try {
      const next = await restore({ ...schema, subject });
      go(next === undefined ? ['subjects', subject] : ['subjects', subject, 'versions', next]);
    } catch (failed) {
      setRefused(failed);
    }
  };
  const curl = schema ? `curl '${address(`subjects/${enc(subject)}/versions/${schema.version}`).replace(/'/g, '%27')}'` : '';
  return (
    <Page title={<><a href={subjectLink(subject)}><SubjectName subject={subject} plain /></a> <span class="dim">version {number ?? version}</span></>}
      lead={schema && <><Type type={schema.schemaType} /> {schema.deleted && <span class="tag bad">deleted</span>} id {schema.id} · {bytes(new Blob([schema.schema]).size)}{schema.ts ? ` · ${time(schema.ts)}` : ''}{neighbours[0] !== undefined && <> · <a class="in-text nowrap" href={versionLink(subject, neighbours[0])}>← version {neighbours[0]}</a></>}{neighbours[1] !== undefined && <> · <a class="in-text nowrap" href={versionLink(subject, neighbours[1])}>version {neighbours[1]} →</a></>}</>}
      actions={schema && <>
        {neighbours[0] !== undefined && <a class="button"href={href(['compare'], { subject, to: schema.version })}>What changed</a>}
        {may('SUBJECT_WRITE', subject) && (schema.deleted
          ? <button type="button" onClick={bringBack}>Restore</button>
          : <a class="button" href={href(['edit'], { subject, from: schema.version })}>Edit a copy</a>)}
        <a class="button" href={href(['try'], { subject, version: schema.version })}>Try data</a>
        {may('SUBJECT_DELETE', subject) && <button type="button" class="quiet danger-text" onClick={() => setDeleting(schema.deleted ? 'for good' : 'softly')}>{schema.deleted ? 'Delete for good' : 'Delete'}</button>}
      </>}>
      <Failure error={refused} />
      {found.error ? <Failure error={found.error} /> : !schema && <Busy />}
      {schema && text && (
        <>
          <div class="columns wide-left">
            <Section title="Text" actions={<span class="actions">
              <Copy text={schema.schema} label="Copy" /><Copy text={curl} label="Copy as curl" />
              <Copy text={address(`cloudevents/subjects/${enc(subject)}/versions/${schema.version}`)} label="Copy dataschema URL" />
              <button type="button" class="quiet" onClick={download}>Download</button>
              {(schema.references?.length ?? 0) > 0 && <button type="button" class="quiet" onClick={downloadBundled}>Download bundled</button>}
            </span>}>
              <Code text={text.text} type={type} label={`Text of ${subject} version ${schema.version}`} goTo={goTo} tall />
            </Section>
            <Section title="Fields">
              <Failure error={outline.error} />
              {outline.value && <Tree outline={outline.value} onChoose={(line, column) => setGoTo({ offset: text.at(line, column) })} />}
            </Section>
          </div>
          <div class="columns">
            <div>
              <Section title="Names"><DataList items={[
                ['Id', <><span class="mono">{schema.id}</span> <Copy text={String(schema.id)} /></>],
                ...(schema.guid ? [['Guid', <><span class="mono wrap">{schema.guid}</span> <Copy text={schema.guid} /></>] as [string, preact.ComponentChildren]] : []),
                ...(schema.references?.length ? [['References', <ul class="plain">{schema.references.map((reference) => <li key={reference.name}><T class="mono">{reference.name}</T> <span class="dim">is</span> <a href={href(['subjects', reference.subject, 'versions', reference.version])}><T>{reference.subject}</T> v{reference.version}</a></li>)}</ul>] as [string, preact.ComponentChildren]] : []),
              ]} /></Section>
              <Contract version={schema} />
              <UsageSection subject={subject} version={schema.version} />
            </div>
            <Section title="References"><Graph subject={subject} version={schema.version} /></Section>
          </div>
        </>
      )}
      <ConfirmByName title={deleting === 'for good' ? 'Delete for good' : 'Delete version'} verb={deleting === 'for good' ? 'Delete for good' : 'Delete'} name={`${subject} ${number ?? ''}`} open={deleting !== null} onClose={() => setDeleting(null)} onConfirm={async (reason) => {
        await request(`subjects/${enc(subject)}/versions/${number}${deleting === 'for good' ? '?permanent=true' : ''}`, { method: 'DELETE', reason });
        go(['subjects', subject]);
      }}>
        {deleting === 'for good'
          ? <p>Version {number} is removed. If nothing else holds its id, that stands for nothing any more: data that was written with it can no longer be read.</p>
          : <p>Version {number} will be soft-deleted: it is compared with no longer, and its id is still answered.</p>}
        {number !== undefined && <Consequences subject={subject} versions={[number]} />}
      </ConfirmByName>
    </Page>
  );
}

// Who reads which version, and who could not read what is written with a new one.
import { type Finding, json, query } from '../api';
import { versionLink } from '../router';
import { plural, time } from '../text';
import { Busy, Empty, Failure, Section, T, Verdict } from './basic';
import { Findings } from './findings';
import { useLoad } from './hooks';

interface Client { principal?: string; clientId?: string; userAgent?: string; reads: number; firstReadAt: string; lastReadAt: string }
export interface Used { version: number; id: number; deleted: boolean; reads: number; firstReadAt: string; lastReadAt: string; clients: Client[] }
export interface Usage { isRecorded: boolean; since?: string; versions: Used[]; isWhole: boolean }
export interface Impact { isRecorded: boolean; since?: string; versions: (Used & { canRead: boolean; findings: Finding[] })[]; isWhole: boolean }

/** Clients of a version that are shown at once. */
const SHOWN = 20;

function Clients({ clients, label }: { clients: Client[]; label: string }) {
  const named = clients.some((client) => client.principal);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}><table class="compact">
      <thead><tr>{named && <th>Who</th>}<th>Client</th><th class="num">Uses</th><th>Last</th></tr></thead>
      <tbody>
        {clients.slice(0, SHOWN).map((client, at) => (
          <tr key={at}>
            {named && <td><T>{client.principal ?? '–'}</T></td>}
            <td class="wrap">{client.clientId && <><T>{client.clientId}</T> </>}<T class="dim">{client.userAgent ?? (client.clientId ? '' : 'says nothing of itself')}</T></td>
            <td class="num">{client.reads.toLocaleString('en')}</td>
            <td class="dim nowrap">{time(client.lastReadAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>{clients.length > SHOWN && <p class="dim small">and {clients.length - SHOWN} more</p>}</div>
  );
}

function Since({ usage }: { usage: { isRecorded: boolean; since?: string } }) {
  if (!usage.isRecorded) return <p class="dim small">Reads are not counted now (the setting <code>usage</code>).</p>;
  return usage.since ? <p class="dim small">Counted since {time(usage.since)}.</p> : null;
}

/** Of a subject, or of one of its versions. */
export function UsageSection({ subject, version }: { subject: string; version?: number }) {
  const usage = useLoad((signal) => json<Usage>(`accordant/v1/usage${query({ subject, version })}`, { signal }), [subject, version]);
  const value = usage.value;
  return (
    <Section title="Who uses it" id="usage">
      <Failure error={usage.error} />
      {!value && !usage.error && <Busy />}
      {value && value.versions.length === 0 && (
        <Empty title={value.isRecorded ? 'Nobody uses it.' : 'Nothing is known of who uses it.'}>
          <p>{value.isRecorded ? <>No client has read, looked up or registered {version === undefined ? 'any of its versions' : 'this version'}{value.since ? ` since ${time(value.since)}` : ''}. Who looks at these pages is not counted.</> : 'Use is not counted (the setting usage).'}</p>
        </Empty>
      )}
      {value?.versions.map((used) => (
        <details key={used.version} open={version !== undefined || value.versions.length <= 3}>
          <summary>
            {version === undefined && <>Version {used.version}</>}
            {used.deleted && <span class="tag bad">deleted</span>}{' '}
            <span class="dim">{plural(used.clients.length, 'client')}, {plural(used.reads, 'use')}, last {time(used.lastReadAt)}</span>
          </summary>
          <Clients clients={used.clients} label={`Clients of version ${used.version}`} />
          {version === undefined && <p class="small"><a href={versionLink(subject, used.version)}>See version {used.version}</a></p>}
        </details>
      ))}
      {value && !value.isWhole && <p class="dim small">There are more clients than are listed.</p>}
      {value && value.versions.length > 0 && <Since usage={value} />}
    </Section>
  );
}

/** What the versions in use make of a new one. */
export function ImpactSection({ subject, impact }: { subject: string; impact: Impact }) {
  const hurt = impact.versions.filter((own) => !own.canRead);
  return (
    <Section title="Who uses the versions that exist">
      {impact.versions.length === 0 && <p class="dim">{impact.isRecorded ? 'No version is in use.' : 'Use is not counted (the setting usage).'}</p>}
      {impact.versions.length > 0 && <p>{hurt.length === 0 ? <Verdict ok>Every version in use can read what is written with this one.</Verdict> : <Verdict ok={false}>{plural(hurt.length, 'version')} in use could not read what is written with this one.</Verdict>}</p>}
      <ul class="plain" aria-label="Versions in use">
        {impact.versions.slice(0, 20).map((own) => (
          <li key={own.version}>
            <a class="in-text" href={versionLink(subject, own.version)}>Version {own.version}</a> <span class="dim">{plural(own.clients.length, 'client')}: {names(own.clients)}</span>
            {!own.canRead && <details><summary class="small">{plural(own.findings.length, 'finding')}</summary><Findings findings={own.findings} /></details>}
          </li>
        ))}
      </ul>
      {impact.versions.length > 20 && <p class="dim small">and {impact.versions.length - 20} more versions</p>}
    </Section>
  );
}

function names(clients: Client[]) {
  const said = clients.slice(0, 3).map((client) => client.principal && client.principal !== 'anonymous' ? client.principal : client.clientId ?? client.userAgent ?? 'unnamed');
  return <T>{`${said.join(', ')}${clients.length > 3 ? ' …' : ''}`}</T>;
}

// The frame around every page.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { json } from './api';
import { Dialog, Failure, Field, Select } from './components/basic';
import { Palette } from './components/palette';
import { href, route, step } from './router';
import { type Theme, applyTheme, chooseContext, context, beginSession, loadIdentity, logOut, may, provider, showCertificate, theme, wantsLogin, whoami } from './session';
import { basic } from './api';
import { AuditPage } from './pages/audit';
import { CloudEventsPage } from './pages/cloudevents';
import { ComparePage } from './pages/compare';
import { DeletedPage } from './pages/deleted';
import { EditorPage } from './pages/editor';
import { HealthPage } from './pages/health';
import { SearchPage } from './pages/search';
import { SettingsPage } from './pages/settings';
import { SubjectPage } from './pages/subject';
import { SubjectsPage } from './pages/subjects';
import { TryPage } from './pages/try';
import { VersionPage } from './pages/version';

export interface Place { path: string; name: string; needs?: string }
export const PLACES: Place[] = [
  { path: 'subjects', name: 'Subjects' },
  { path: 'search', name: 'Search' },
  { path: 'compare', name: 'Compare' },
  { path: 'edit', name: 'Edit', needs: 'SUBJECT_WRITE' },
  { path: 'try', name: 'Try data' },
  { path: 'cloudevents', name: 'CloudEvents' },
  { path: 'deleted', name: 'Deleted' },
  { path: 'settings', name: 'Settings' },
  { path: 'audit', name: 'Audit', needs: 'AUDIT_READ' },
  { path: 'health', name: 'Health' },
];

function Current() {
  const { path } = route.value;
  const [first, subject, third, version] = path;
  switch (first) {
    case undefined: return <SubjectsPage />;
    case 'subjects':
      if (subject === undefined) return <SubjectsPage />;
      if (third === 'versions' && version !== undefined) return <VersionPage key={`${subject} ${version}`} subject={subject} version={version} />;
      return <SubjectPage key={subject} subject={subject} />;
    case 'search': return <SearchPage />;
    case 'compare': return <ComparePage />;
    case 'edit': return <EditorPage />;
    case 'try': return <TryPage />;
    case 'cloudevents': return <CloudEventsPage />;
    case 'deleted': return <DeletedPage />;
    case 'settings': return <SettingsPage />;
    case 'audit': return <AuditPage />;
    case 'health': return <HealthPage />;
    default: return <main id="main"><h1>No such page</h1><p><a href="#/subjects">To the subjects</a></p></main>;
  }
}

function Contexts() {
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => { json<string[]>('contexts').then(setNames, () => {}); }, [whoami.value]);
  const options: [string, string][] = [['', 'All contexts'], ...names.map((name): [string, string] => [name, name === '.' ? 'default' : name])];
  if (context.value && !names.includes(context.value)) options.push([context.value, context.value]);
  return <Select label="Context" value={context.value} options={options} onChange={chooseContext} />;
}

function Login() {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [token, setToken] = useState('');
  const [kind, setKind] = useState<'password' | 'token' | 'certificate'>('password');
  const [error, setError] = useState<unknown>(null);
  const [issuer, setIssuer] = useState<string | null>(null);
  useEffect(() => { if (wantsLogin.value) provider().then(setIssuer, () => {}); }, [wantsLogin.value]);
  const submit = async (event: Event) => {
    event.preventDefault();
    setError(null);
    try {
      await (kind === 'certificate' ? showCertificate() : beginSession(kind === 'password' ? basic(user, password) : `Bearer ${token.trim()}`));
      setPassword('');
      setToken('');
      location.reload();
    } catch (failed) { setError(failed); }
  };
  return (
    <Dialog title="Log in" open={wantsLogin.value} onClose={() => { wantsLogin.value = false; }}>
      <form class="stack" onSubmit={submit}>
        {issuer && <p><a class="button primary" href={`login?to=${encodeURIComponent(location.hash || '#/')}`}>Sign in with {host(issuer)}</a></p>}
        <p class="dim">This registry wants to know who asks. What you type in is sent once; the browser keeps a session instead of it, for all its tabs.</p>
        <Field label="With"><Select value={kind} options={[['password', 'Name and password'], ['token', 'Token'], ...(location.protocol === 'https:' ? [['certificate', 'Certificate of this browser'] as const] : [])]} onChange={setKind} /></Field>
        {kind === 'password' ? (
          <>
            <Field label="Name"><input value={user} autocomplete="username" onInput={(event) => setUser(event.currentTarget.value)} /></Field>
            <Field label="Password"><input type="password" value={password} autocomplete="current-password" onInput={(event) => setPassword(event.currentTarget.value)} /></Field>
          </>
        ) : kind === 'token' && <Field label="Token"><input type="password" value={token} autocomplete="off" onInput={(event) => setToken(event.currentTarget.value)} /></Field>}
        <Failure error={error} />
        <div class="actions"><button class="primary" type="submit">Log in</button></div>
      </form>
    </Dialog>
  );
}

const host = (url: string) => { try { return new URL(url).host; } catch { return url; } };

function Identity() {
  const who = whoami.value;
  if (who?.unrestricted && who.principal === 'anonymous') return null;
  if (!who || who.principal === 'anonymous') return <button type="button" class="quiet" onClick={() => { wantsLogin.value = true; }}>Log in</button>;
  return <span class="identity"><span class="dim">{who.principal}</span> <button type="button" class="quiet" onClick={logOut}>Log out</button></span>;
}

function App() {
  const [menu, setMenu] = useState(false);
  const first = useRef(true);
  const { path } = route.value;
  const here = path[0] ?? 'subjects';
  useEffect(() => {
    setMenu(false);
    document.title = `${path[1] ?? PLACES.find((place) => place.path === here)?.name ?? ''} · Accordant`;
    if (first.current) { first.current = false; return; }
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [path.join('/')]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>To the content</a>
      <header class="top">
        <button type="button" class="quiet menu" aria-expanded={menu} aria-controls="nav" aria-label="Menu" onClick={() => setMenu(!menu)}>☰</button>
        <a class="brand" href="#/subjects"><img src="icon.svg" alt="" width="20" height="20" />Accordant</a>
        <Contexts />
        <Palette places={PLACES.filter((place) => !place.needs || may(place.needs))} />
        <span class="grow" />
        <Select<Theme> label="Colours" value={theme.value} options={[['system', 'Auto'], ['light', 'Light'], ['dark', 'Dark']]} onChange={applyTheme} />
        <Identity />
      </header>
      <nav id="nav" class={menu ? 'open' : ''} aria-label="Pages">
        {PLACES.filter((place) => !place.needs || may(place.needs)).map((place) => (
          <a key={place.path} href={href([place.path])} aria-current={place.path === here ? 'page' : undefined}>{place.name}</a>
        ))}
      </nav>
      <Current key={step.value} />
      <Login />
    </>
  );
}

loadIdentity();
render(<App />, document.getElementById('app') as HTMLElement);

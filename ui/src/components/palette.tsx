// Everywhere in a few keys: pages, subjects, and whatever search finds.
import { useEffect, useState } from 'preact/hooks';
import { json, login, query } from '../api';
import { type Query, go, href, route, versionLink } from '../router';
import { type Theme, applyTheme, context, logOut, may, theme } from '../session';
import type { FoundPage } from '../pages/search';
import { Dialog, SubjectName, T } from './basic';
import { useLoad, useSettled } from './hooks';

interface Place { path: string; name: string }
interface Command { name: string; run: () => void }

/** What can be done from here. */
function commands(): Command[] {
  const { path } = route.value;
  const subject = path[0] === 'subjects' ? path[1] : undefined;
  const to = (place: string, query: Query = {}) => () => go([place], query);
  const all: (Command | false)[] = [
    ...(subject === undefined ? [] : [
      may('SUBJECT_WRITE', subject) && { name: `Next version of ${subject}`, run: to('edit', { subject }) },
      { name: `Compare versions of ${subject}`, run: to('compare', { subject }) },
      { name: `Try data for ${subject}`, run: to('try', { subject }) },
      { name: `Settings of ${subject}`, run: to('settings', { scope: subject }) },
      may('AUDIT_READ') && { name: `Audit of ${subject}`, run: to('audit', { subject }) },
    ]),
    may('SUBJECT_WRITE') && { name: 'New subject', run: to('edit') },
    ...THEMES.filter(([own]) => own !== theme.value).map(([own, name]) => ({ name, run: () => applyTheme(own) })),
    login.kind !== null && { name: 'Log out', run: () => void logOut() },
  ];
  return all.filter((own) => own !== false);
}

const THEMES: [Theme, string][] = [['light', 'Light colours'], ['dark', 'Dark colours'], ['system', 'Colours of the system']];

export function Palette({ places }: { places: Place[] }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && (event.target.closest('input, textarea, select') || event.target.shadowRoot);
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') { event.preventDefault(); setOpen(true); }
      else if (event.key === '/' && !typing) { event.preventDefault(); setOpen(true); }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <button type="button" class="find" onClick={() => setOpen(true)}><span>Find anything</span><kbd>Ctrl K</kbd></button>
      <Dialog title="Find anything" open={open} onClose={() => setOpen(false)} wide>
        <Finder places={places} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Finder({ places, onDone }: { places: Place[]; onDone: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const settled = useSettled(text.trim(), 30, true);
  const found = useLoad((signal) => (settled
    ? json<FoundPage>(`accordant/v1/search${query({ q: settled, limit: 8, context: context.value })}`, { signal })
    : Promise.resolve<FoundPage>({ results: [] })), [settled]);
  const named = places.filter((place) => place.name.toLowerCase().includes(text.trim().toLowerCase()));
  const [doable] = useState(commands);
  const lower = text.trim().toLowerCase();
  const visit = (link: string) => () => { location.hash = link; };
  const items = [
    ...(found.value?.results ?? []).map((result) => ({
      key: `${result.subject} ${result.version}`, run: visit(versionLink(result.subject, result.version)),
      show: <><SubjectName subject={result.subject} plain /><span class="dim small">{result.matched}{result.matches[0] ? ` · ${result.matches[0].name}` : ''}</span></>,
    })),
    ...doable.filter((own) => own.name.toLowerCase().includes(lower)).map((own) => ({ key: `> ${own.name}`, run: own.run, show: <><T class="name">{own.name}</T><span class="dim small">command</span></> })),
    ...named.map((place) => ({ key: place.path, run: visit(href([place.path])), show: <><span>{place.name}</span><span class="dim small">page</span></> })),
    ...(text.trim() ? [{ key: 'search', run: visit(href(['search'], { q: text.trim() })), show: <><span>Search for “<T>{text.trim()}</T>”</span><span class="dim small">everything</span></> }] : []),
  ];
  const at = Math.min(chosen, items.length - 1);
  // what is chosen by keys stays in sight
  useEffect(() => { document.getElementById(`found-${at}`)?.scrollIntoView({ block: 'nearest' }); }, [at]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') { event.preventDefault(); setChosen(Math.min(at + 1, items.length - 1)); }
    if (event.key === 'ArrowUp') { event.preventDefault(); setChosen(Math.max(at - 1, 0)); }
    if (event.key === 'Enter') { event.preventDefault(); const item = items[at]; if (item) { onDone(); item.run(); } }
  };
  return (
    <div class="stack">
      <input value={text} role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant={items[at] ? `found-${at}` : undefined} aria-label="What to find"
        placeholder="A subject, a field, a word, an id" spellcheck={false} autocomplete="off"
        onInput={(event) => { setText(event.currentTarget.value); setChosen(0); }} onKeyDown={onKey} />
      <ul id="found" role="listbox" aria-label="Found" class="palette">
        {items.map((item, index) => (
          <li key={item.key} id={`found-${index}`} role="option" aria-selected={index === at} class={index === at ? 'chosen' : ''}
            onMouseMove={() => setChosen(index)} onClick={() => { onDone(); item.run(); }}>{item.show}</li>
        ))}
      </ul>
    </div>
  );
}

// Everywhere in a few keys: pages, subjects, and whatever search finds.
import { useEffect, useState } from 'preact/hooks';
import { json, query } from '../api';
import { href, versionLink } from '../router';
import { context } from '../session';
import type { FoundPage } from '../pages/search';
import { Dialog, SubjectName, T } from './basic';
import { useLoad, useSettled } from './hooks';

interface Place { path: string; name: string }

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
  const items = [
    ...(found.value?.results ?? []).map((result) => ({
      key: `${result.subject} ${result.version}`, link: versionLink(result.subject, result.version),
      show: <><SubjectName subject={result.subject} plain /><span class="dim small">{result.matched}{result.matches[0] ? ` · ${result.matches[0].name}` : ''}</span></>,
    })),
    ...named.map((place) => ({ key: place.path, link: href([place.path]), show: <><span>{place.name}</span><span class="dim small">page</span></> })),
    ...(text.trim() ? [{ key: 'search', link: href(['search'], { q: text.trim() }), show: <><span>Search for “<T>{text.trim()}</T>”</span><span class="dim small">everything</span></> }] : []),
  ];
  const at = Math.min(chosen, items.length - 1);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') { event.preventDefault(); setChosen(Math.min(at + 1, items.length - 1)); }
    if (event.key === 'ArrowUp') { event.preventDefault(); setChosen(Math.max(at - 1, 0)); }
    if (event.key === 'Enter') { event.preventDefault(); const item = items[at]; if (item) { location.hash = item.link; onDone(); } }
  };
  return (
    <div class="stack">
      <input value={text} role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant={items[at] ? `found-${at}` : undefined} aria-label="What to find"
        placeholder="A subject, a field, a word, an id" spellcheck={false} autocomplete="off"
        onInput={(event) => { setText(event.currentTarget.value); setChosen(0); }} onKeyDown={onKey} />
      <ul id="found" role="listbox" aria-label="Found" class="palette">
        {items.map((item, index) => (
          <li key={item.key} id={`found-${index}`} role="option" aria-selected={index === at} class={index === at ? 'chosen' : ''}
            onMouseMove={() => setChosen(index)} onClick={() => { location.hash = item.link; onDone(); }}>{item.show}</li>
        ))}
      </ul>
    </div>
  );
}

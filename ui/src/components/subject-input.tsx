// The name of a subject, with those that begin like what is typed.
import { useId } from 'preact/hooks';
import { json, query } from '../api';
import { useLoad, useSettled } from './hooks';

const SHOWN = 12;

interface Props { value: string; onInput: (value: string) => void; id?: string; 'aria-describedby'?: string; label?: string; placeholder?: string; required?: boolean }

export function SubjectInput({ value, onInput, id, 'aria-describedby': said, label, placeholder = 'orders-value', required }: Props) {
  const list = useId();
  const typed = useSettled(value.trim(), 150);
  const found = useLoad((signal) => (typed
    ? json<string[]>(`subjects${query({ subjectPrefix: typed.startsWith(':') ? typed : `:*:${typed}`, limit: SHOWN })}`, { signal }).catch(() => [])
    : Promise.resolve([])), [typed]);
  // what is there already needs no proposal
  const names = (found.value ?? []).filter((name) => name !== typed);
  return (
    <>
      <input id={id} aria-describedby={said} aria-label={label} list={list} value={value} required={required} spellcheck={false} autocomplete="off" placeholder={placeholder} onInput={(event) => onInput(event.currentTarget.value)} />
      <datalist id={list}>{names.map((name) => <option key={name} value={name} />)}</datalist>
    </>
  );
}

// Small parts that pages are made of.
import { type ComponentChildren, type VNode, cloneElement } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError, type SchemaType } from '../api';
import { parts, typeName, visible } from '../text';
import { subjectLink } from '../router';

export function Page({ title, actions, children, lead }: { title: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; lead?: ComponentChildren }) {
  return (
    <main id="main" tabIndex={-1}>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

export function Section({ title, actions, children, id }: { title: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; id?: string }) {
  return (
    <section class="section" id={id}>
      <header class="section-head"><h2>{title}</h2>{actions}</header>
      {children}
    </section>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><p class="empty-title">{title}</p>{children}</div>;
}

/** What went wrong, in the server's words. */
export function Failure({ error }: { error: unknown }) {
  if (!error) return null;
  const known = error instanceof ApiError;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div class="notice bad" role="alert">
      <p class="wrap">{message}</p>
      {known && error.code > 0 && <p class="dim small">{error.status}{error.code !== error.status ? ` · error_code ${error.code}` : ''}</p>}
    </div>
  );
}

export const Type = ({ type }: { type: SchemaType | undefined }) => <span class={`type ${(type ?? 'AVRO').toLowerCase()}`}>{typeName(type)}</span>;

/** Text of others: shown as it is, in its own direction, with what can't be seen written out. */
export function T({ children, class: name }: { children: ComponentChildren; class?: string }) {
  const show = (child: ComponentChildren) => (typeof child === 'string' ? visible(child) : child);
  return <bdi class={name}>{Array.isArray(children) ? children.map(show) : show(children)}</bdi>;
}

/** A subject's name, whatever it is made of: shown as text, each in its own direction. */
export function SubjectName({ subject, plain }: { subject: string; plain?: boolean }) {
  const { context, name } = parts(subject);
  const text = <>{context !== '.' && <span class="context">{visible(context)}</span>}{context !== '.' && ' '}<bdi class="name">{visible(name) || '(empty)'}</bdi></>;
  return plain ? <span class="subject">{text}</span> : <a class="subject" href={subjectLink(subject)}>{text}</a>;
}

export function Copy({ text, label = 'Copy' }: { text: string | (() => string | Promise<string>); label?: string }) {
  const [done, setDone] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    const value = typeof text === 'string' ? text : await text();
    await writeClipboard(value);
    setDone(true);
    timer.current = window.setTimeout(() => setDone(false), 1500);
  };
  return <button type="button" class="quiet" onClick={copy}><span aria-live="polite">{done ? 'Copied' : label}</span></button>;
}

async function writeClipboard(text: string) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // plain HTTP has no clipboard of that kind
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'offscreen';
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
}

/** One control with its label, and what is to be known about it. */
export function Field({ label, children, hint }: { label: string; children: VNode<{ id?: string; 'aria-describedby'?: string }>; hint?: ComponentChildren }) {
  const id = useId();
  const said = hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label class="label" for={id}>{label}</label>
      {cloneElement(children, { id, 'aria-describedby': said })}
      {hint && <span class="hint" id={said}>{hint}</span>}
    </div>
  );
}

export function Select<T extends string>({ value, options, onChange, label, disabled, id, 'aria-describedby': said }: { id?: string; 'aria-describedby'?: string; value: T; options: readonly (T | readonly [T, string])[]; onChange: (value: T) => void; label?: string; disabled?: boolean }) {
  return (
    <select id={id} aria-describedby={said} value={value} aria-label={label} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value as T)}>
      {options.map((option) => {
        const [key, text] = typeof option === 'string' ? [option, option] : option;
        return <option key={key} value={key}>{text}</option>;
      })}
    </select>
  );
}

export function Dialog({ title, open, onClose, children, wide }: { title: string; open: boolean; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    if (open && !dialog.open) {
      dialog.showModal();
      // the browser takes what can be reached first, which is the button that closes
      dialog.querySelector<HTMLElement>('input, textarea')?.focus();
    }
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={element} class={wide ? 'wide' : ''} aria-label={title} onClose={onClose} onClick={(event) => { if (event.target === element.current) onClose(); }}>
      {open && <div class="dialog-body"><div class="dialog-head"><h2>{title}</h2><button type="button" class="quiet" aria-label="Close" onClick={onClose}>✕</button></div>{children}</div>}
    </dialog>
  );
}

/** Asks for the name of what will be gone, and says what will happen. */
export function ConfirmByName({ title, name, open, onClose, onConfirm, children, verb }: { title: string; name: string; open: boolean; onClose: () => void; onConfirm: (reason: string) => Promise<void>; children: ComponentChildren; verb: string }) {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try { await onConfirm(reason); setTyped(''); onClose(); } catch (failed) { setError(failed); } finally { setBusy(false); }
  };
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <form onSubmit={submit} class="stack">
        {children}
        <Field label={`Type the name to ${verb.toLowerCase()}`}><input value={typed} placeholder={name} autocomplete="off" spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} /></Field>
        <Field label="Reason (for the audit, optional)"><input value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></Field>
        <Failure error={error} />
        <div class="actions"><button type="submit" class="danger" disabled={typed !== name || busy}>{verb}</button><button type="button" onClick={onClose}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

export const Busy = ({ what = 'Loading' }: { what?: string }) => <p class="busy" role="status">{what} …</p>;

export function Verdict({ ok, children }: { ok: boolean; children: ComponentChildren }) {
  return <span class={`verdict ${ok ? 'good' : 'bad'}`}><span aria-hidden="true">{ok ? '✓' : '✕'}</span> {children}</span>;
}

export function DataList({ items }: { items: [ComponentChildren, ComponentChildren][] }) {
  return <dl class="data">{items.map(([key, value], at) => <div key={at}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>;
}

import type { Reference } from '../api';

/** What a schema refers to, to be edited. */
export function References({ references, onChange }: { references: Reference[]; onChange: (next: Reference[]) => void }) {
  const edit = (at: number, change: Partial<Reference>) => onChange(references.map((one, index) => (index === at ? { ...one, ...change } : one)));
  return (
    <details class="references" open={references.length > 0}>
      <summary>References{references.length > 0 ? ` (${references.length})` : ''}</summary>
      {references.map((one, at) => (
        <div class="reference" key={at}>
          <input aria-label="Name in the schema" placeholder="name in the schema" value={one.name} spellcheck={false} onInput={(event) => edit(at, { name: event.currentTarget.value })} />
          <input aria-label="Subject" placeholder="subject" value={one.subject} spellcheck={false} onInput={(event) => edit(at, { subject: event.currentTarget.value })} />
          <input aria-label="Version" type="number" min="1" value={one.version} onInput={(event) => edit(at, { version: Number(event.currentTarget.value) || 1 })} />
          <button type="button" class="quiet" aria-label="Remove reference" onClick={() => onChange(references.filter((_, index) => index !== at))}>✕</button>
        </div>
      ))}
      <button type="button" class="quiet" onClick={() => onChange([...references, { name: '', subject: '', version: 1 }])}>Add a reference</button>
    </details>
  );
}

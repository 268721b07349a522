// Bringing back what is soft-deleted: its schema is registered again, under its id and with the next number.
import { type Version, enc, json } from '../api';

/** The number under which it is there again, where the server says so. */
export async function restore({ subject, schema, schemaType, references, metadata, ruleSet }: Version): Promise<number | undefined> {
  const body = { schema, schemaType, references, metadata, ruleSet };
  const { version } = await json<{ version?: number }>(`subjects/${enc(subject)}/versions`, { method: 'POST', body, reason: 'restored on the web pages' });
  return version;
}

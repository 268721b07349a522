// What somebody does who works with the pages all day: by keys alone, back and forth, and with things that go wrong.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VIEWS, accessible, open, settled } from './browser.mjs';
import { call, start, temporaryFolder } from './server.mjs';
import { world } from './world.mjs';

const own = world(VIEWS.dark);

const record = (...fields) => JSON.stringify({ type: 'record', name: 'R', namespace: 'a', fields });
const post = (subject, body) => call(own.server.url, 'POST', `subjects/${encodeURIComponent(subject)}/versions`, body);
const typeInEditor = async (page, text) => {
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
};

/** Goes on with the Tab key until what has the focus has a role and a name; what is passed must be seen. */
async function tabTo(page, role, name) {
  const wanted = page.getByRole(role, { name, exact: true }).first();
  await wanted.waitFor();
  for (let presses = 0; presses < 120; presses++) {
    if (await wanted.evaluate((element) => element === document.activeElement || element.contains(document.activeElement))) return wanted;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no ${role} “${name}” is reached by the Tab key`);
}

test('a subject is found, compared, edited and registered by keys alone', async () => {
  const { page, to } = own.tab;
  const first = { name: 'id', type: 'string' };
  await post('by-keys', { schema: record(first) });
  await post('by-keys', { schema: record(first, { name: 'n', type: 'int', default: 0 }) });
  await to('#/subjects?prefix=by-keys');
  await page.getByText('v2').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'What to find' }).waitFor();
  await page.keyboard.type('by-keys');
  await page.getByRole('option', { name: /by-keys/ }).first().waitFor();
  await accessible(page, 'the palette in dark');
  await page.keyboard.press('Enter');
  await page.waitForURL(/subjects\/by-keys\/versions\/2$/);
  await tabTo(page, 'link', 'What changed');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/compare/);
  const level = await tabTo(page, 'button', /^FORWARD/);
  const ring = await level.evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.equal(ring, 'solid', 'the focus is seen');
  await page.keyboard.press('Enter');
  await page.getByText('What FORWARD says').waitFor();
  // the palette knows what can be done here
  await page.goBack();
  await page.waitForURL(/versions\/2$/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('next version');
  await page.getByRole('option', { name: /Next version of by-keys/ }).waitFor();
  for (let presses = 0; presses < 20 && await page.locator('.palette .chosen').innerText().then((text) => !text.startsWith('Next version')); presses++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('Compatible under BACKWARD').waitFor();
  for (let presses = 0; presses < 60 && !await page.evaluate(() => Boolean(document.activeElement?.shadowRoot?.activeElement)); presses++) await page.keyboard.press('Tab');
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(record(first, { name: 'n', type: 'int', default: 0 }, { name: 'm', type: 'int', default: 1 }));
  await page.getByText('Changes from version 2').waitFor();
  // out of the editor, where Tab indents
  await page.keyboard.press('Escape');
  await tabTo(page, 'button', 'Register');
  await page.keyboard.press('Enter');
  await page.getByText(/Registered with id \d+/).waitFor();
  await to('#/subjects?prefix=by-keys');
  await page.getByText('v3').waitFor();
});

test('a subject is deleted and restored by keys alone', async () => {
  const { page, to } = own.tab;
  await post('gone-by-keys', { schema: '"int"' });
  await to('#/subjects/gone-by-keys');
  await tabTo(page, 'button', 'Delete');
  await page.keyboard.press('Enter');
  const confirm = page.getByRole('dialog', { name: 'Delete' });
  await confirm.getByText('Nothing refers to it.').waitFor();
  await accessible(page, 'the question before a deletion, in dark');
  // the field has the focus already
  await page.keyboard.type('gone-by-keys');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/deleted/);
  const row = page.getByRole('row', { name: /gone-by-keys/ });
  await row.waitFor();
  for (let presses = 0; presses < 120 && !await row.evaluate((element) => element.contains(document.activeElement) && document.activeElement.textContent === 'Restore'); presses++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('gone-by-keys is back').waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(await call(own.server.url, 'GET', 'subjects/gone-by-keys/versions'), [2]);
});

test('rules and metadata are compared one by one', async () => {
  const { page, to } = own.tab;
  const rule = (name, more) => ({ name, kind: 'CONDITION', mode: 'WRITE', type: 'CEL', expr: 'true', ...more });
  const schema = record({ name: 'n', type: 'int' });
  await call(own.server.url, 'PUT', 'config/ruled', { compatibility: 'NONE' });
  await post('ruled', { schema, metadata: { properties: { owner: 'team-a', tier: 'gold' }, tags: { 'a.R.n': ['PII', 'OLD'] } }, ruleSet: { domainRules: [rule('changes'), rule('goes'), rule('stays')] } });
  await post('ruled', { schema: record({ name: 'm', type: 'string' }), metadata: { properties: { owner: 'team-b', key: 's3cret' }, sensitive: ['key'], tags: { 'a.R.n': ['PII', 'NEW'] } }, ruleSet: { domainRules: [rule('changes', { mode: 'WRITEREAD', expr: 'message.n > 0' }), rule('stays'), rule('comes', { tags: ['PII'], params: { a: 'b' } })] } });
  await to('#/compare?subject=ruled');
  const beside = page.getByLabel('Changes beside the text').locator(':scope > li');
  await beside.first().waitFor();
  const lines = (await beside.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  assert.deepEqual(lines.sort(), [
    '+ domain rule comes added kind CONDITION mode WRITE type CEL for tags PII expression true parameters a=b',
    '+ property key added (sensitive)',
    '~ domain rule changes changed mode WRITE → WRITEREAD expression true → message.n > 0',
    '~ property owner changed team-a → team-b',
    '~ tags of a.R.n changed OLD → NEW',
    '− domain rule goes removed kind CONDITION mode WRITE type CEL expression true',
    '− property tier removed gold',
  ].sort());
  await accessible(page, 'a comparison of rules, in dark');
  // a finding leads to its line, where it is underlined
  const shadow = (selector) => page.waitForFunction((wanted) => document.querySelector('.compare .code-host')?.shadowRoot?.querySelector(wanted), selector);
  await shadow('.cm-lintRange-error');
  await page.locator('.findings').getByRole('button', { name: /^line \d+$/ }).first().click();
  await shadow('.cm-merge-b.cm-focused');
});

test('a finding in lines that are folded away unfolds them, on a phone as well', async () => {
  const many = Array.from({ length: 20 }, (_, at) => ({ name: `f${at}`, type: 'int' }));
  await call(own.server.url, 'PUT', 'config/folded', { compatibility: 'NONE' });
  for (const fields of [[...many, { name: 'last', type: 'int' }], many]) await post('folded', { schema: record(...fields) });
  for (const view of [VIEWS.dark, VIEWS.phone]) {
    const { page, to, faults, close } = await open(own.browser, own.server.url, view);
    await to('#/compare?subject=folded');
    const texts = (selector) => page.evaluate((wanted) => [...document.querySelector('.compare .code-host')?.shadowRoot?.querySelectorAll(wanted) ?? []].map((found) => found.textContent), selector);
    for (let tries = 0; tries < 100 && (await texts('.cm-collapsedLines')).length === 0; tries++) await page.waitForTimeout(50);
    assert.ok((await texts('.cm-collapsedLines')).length > 0, 'lines that are alike are folded away');
    await page.getByRole('button', { name: /^FORWARD/ }).click();
    await page.getByText('What FORWARD says').waitFor();
    await page.locator('.findings').getByRole('button', { name: 'line 1', exact: true }).click();
    for (let tries = 0; tries < 100 && (await texts('.cm-collapsedLines')).length > 0; tries++) await page.waitForTimeout(50);
    assert.deepEqual(await texts('.cm-collapsedLines'), []);
    assert.deepEqual(faults, []);
    await close();
  }
});

test('what is typed into the editor is there again after a look elsewhere and after a reload', async () => {
  const { page, to } = own.tab;
  await post('drafted', { schema: record({ name: 'a', type: 'int' }) });
  await to('#/edit?subject=drafted');
  await page.getByText('Compatible under BACKWARD').waitFor();
  await typeInEditor(page, record({ name: 'a', type: 'int' }, { name: 'typed', type: 'int', default: 0 }));
  await page.getByText('Changes from version 1').waitFor();
  await to('#/subjects/drafted');
  await to('#/edit?subject=drafted');
  const shows = (text) => page.waitForFunction((wanted) => document.querySelector('.code-host')?.shadowRoot?.querySelector('.cm-content')?.textContent.includes(wanted), text);
  await page.getByText('What you had typed here is back.').waitFor();
  await shows('typed');
  await accessible(page, 'a draft, in dark');
  await page.reload();
  await shows('typed');
  // another subject has nothing of it
  await to('#/edit?subject=orders-key');
  await page.getByText('Compatible under BACKWARD').waitFor();
  assert.equal(await page.getByText('What you had typed here is back.').count(), 0);
  await to('#/edit?subject=drafted');
  await page.getByRole('button', { name: 'Start over from version 1' }).click();
  await page.waitForFunction(() => !document.querySelector('.code-host').shadowRoot.querySelector('.cm-content').textContent.includes('typed'));
  await to('#/subjects');
  await to('#/edit?subject=drafted');
  await page.getByText('Compatible under BACKWARD').waitFor();
  assert.equal(await page.getByText('What you had typed here is back.').count(), 0);
  // what is sensitive is kept by the page alone
  await page.getByRole('button', { name: 'Add a property' }).click();
  await page.getByLabel('Property', { exact: true }).fill('key');
  await page.getByLabel('Value of key').fill('s3cret');
  const kept = () => page.evaluate(() => JSON.stringify({ ...sessionStorage }).includes('s3cret'));
  await page.getByRole('checkbox', { name: 'sensitive' }).check();
  for (let tries = 0; tries < 50 && await kept(); tries++) await page.waitForTimeout(50);
  assert.equal(await kept(), false);
});

test('a deletion says who refers to what goes, and one version is restored or deleted for good', async () => {
  const { page, to } = own.tab;
  await to('#/subjects/money/versions/1');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const asked = page.getByRole('dialog', { name: 'Delete version' });
  await asked.getByLabel('Referred to by').getByText('payments-value').waitFor();
  await page.keyboard.press('Escape');
  await call(own.server.url, 'PUT', 'config/versions-gone', { compatibility: 'NONE' });
  for (const name of ['a', 'b', 'c']) await post('versions-gone', { schema: record({ name, type: 'int' }) });
  await call(own.server.url, 'GET', 'subjects/versions-gone/versions/1', undefined, { 'x-registry-client-id': 'billing' });
  for (const version of [1, 2]) await call(own.server.url, 'DELETE', `subjects/versions-gone/versions/${version}`);
  await to('#/subjects/versions-gone/versions/2');
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.waitForURL(/versions\/4$/);
  await page.getByRole('treeitem', { name: /^b/ }).waitFor();
  await to('#/subjects/versions-gone/versions/1');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  const final = page.getByRole('dialog', { name: 'Delete for good' });
  await final.getByText(/1 client has used it/).waitFor();
  await final.getByLabel('Type the name to delete for good').fill('versions-gone 1');
  await final.getByRole('button', { name: 'Delete for good' }).click();
  await page.waitForURL(/#\/subjects\/versions-gone$/);
  assert.deepEqual(await call(own.server.url, 'GET', 'subjects/versions-gone/versions?deleted=true'), [3, 4]);
  // from one version to the next
  await to('#/subjects/versions-gone/versions/3');
  await page.getByRole('link', { name: 'version 4 →' }).click();
  await page.waitForURL(/versions\/4$/);
});

test('all that is soft-deleted is listed, and leads to where it is restored', async () => {
  const { page, to } = own.tab;
  const names = Array.from({ length: 55 }, (_, at) => `:.bin:gone-${String(at).padStart(2, '0')}`);
  for (const name of names) await post(name, { schema: '"int"' });
  for (const name of names) await call(own.server.url, 'DELETE', `subjects/${encodeURIComponent(name)}`);
  await to('#/deleted?context=.bin');
  const rows = page.locator('tbody tr');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 55);
  await page.getByRole('link', { name: '.bin gone-54' }).click();
  await page.getByRole('link', { name: 'Restore it, or delete it for good' }).click();
  await rows.first().getByRole('button', { name: 'Restore' }).click();
  await page.getByText(':.bin:gone-00 is back').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50 && document.activeElement?.id === 'main');
});

test('the context of a list is in its address', async () => {
  const { page, to } = own.tab;
  await to('#/subjects');
  await page.getByLabel('Context').selectOption('.staging');
  await page.waitForURL(/context=\.staging/);
  // whoever gets the address sees the same, whatever was chosen before
  const other = await open(own.browser, own.server.url);
  await other.to(new URL(page.url()).hash);
  await other.page.waitForFunction(() => document.querySelectorAll('.long-row a').length === 1);
  assert.equal(await other.page.getByLabel('Context').inputValue(), '.staging');
  await other.page.getByLabel('Context').selectOption('');
  await other.page.waitForFunction(() => !location.hash.includes('context') && document.querySelectorAll('.long-row a').length > 1);
  assert.deepEqual(other.faults, []);
  await other.close();
});

test('a filter that little fits is followed back by itself, says how far, and stops', async () => {
  const { page, to } = own.tab;
  const asked = [];
  let hold = null;
  const found = (at) => ({ subject: `rare-${at}`, version: 1, id: at, guid: '00000000-0000-0000-0000-000000000000', schemaType: 'PROTOBUF', deleted: false, registeredAt: '2026-01-01T00:00:00Z', matched: 'filter', matchingVersions: 1, matches: [] });
  await page.route('**/accordant/v1/search?*', async (request) => {
    const at = Number(new URL(request.request().url()).searchParams.get('after') ?? 0);
    asked.push(at);
    if (at === 4) await new Promise((go) => { hold = go; });
    const last = at === 9;
    await request.fulfill({ json: { results: at % 3 === 2 ? [found(at)] : [], ...(last ? {} : { after: String(at + 1) }) } }).catch(() => {});
  });
  await to('#/search?type=PROTOBUF').catch(() => {});
  await page.getByRole('link', { name: 'rare-2' }).waitFor();
  await page.getByText('Looking further back: 1 subject found in up to 40,000 versions so far').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('1 subject found in up to 40,000 versions.').waitFor();
  hold();
  const before = asked.length;
  await page.getByRole('button', { name: 'Look further back' }).click();
  for (let tries = 0; tries < 100 && asked.length === before; tries++) await page.waitForTimeout(50);
  hold();
  await page.getByRole('link', { name: 'rare-8' }).waitFor();
  await page.waitForFunction(() => !document.body.textContent.includes('Looking further back'));
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]);
  // who leaves ends it
  asked.length = 0;
  await page.getByLabel('Format').selectOption('JSON');
  for (let tries = 0; tries < 100 && !asked.includes(4); tries++) await page.waitForTimeout(50);
  await page.goto(`${own.server.url}ui/#/health`);
  await page.getByText('Ready: the database answers').waitFor();
  hold();
  await settled(page);
  assert.ok(!asked.includes(5), `${asked}`);
});

test('a level for all says what it would have refused, and IMPORT asks for the name', async () => {
  const { page, to } = own.tab;
  await call(own.server.url, 'PUT', 'config/%3A.wide%3A', { compatibility: 'NONE' });
  for (const subject of [':.wide:breaks', ':.wide:own', ':.wide:fits']) {
    for (const name of ['a', 'b']) await post(subject, { schema: record({ name, type: 'int', ...(subject.endsWith('fits') ? { default: 0 } : {}) }) });
  }
  await call(own.server.url, 'PUT', 'config/%3A.wide%3Aown', { compatibility: 'FORWARD' });
  await to('#/settings?scope=%3A.wide%3A');
  await page.getByLabel('Compatibility').selectOption('BACKWARD');
  await page.getByRole('button', { name: 'See what BACKWARD would have refused' }).click();
  await page.getByText('1 of the latest changes of 2 subjects would have been refused under BACKWARD:').waitFor();
  await page.getByText('1 subject has a level of its own').waitFor();
  await page.getByRole('link', { name: ':.wide:breaks version 1 to 2' }).waitFor();
  await accessible(page, 'settings of a context, in dark');
  await to('#/settings?scope=no-such-subject');
  await page.getByLabel('Change to').selectOption('IMPORT');
  await page.getByRole('button', { name: 'Change mode' }).click();
  const confirm = page.getByRole('dialog', { name: 'IMPORT in no-such-subject' });
  await confirm.getByText('removed for good').waitFor();
  assert.ok(await confirm.getByRole('button', { name: 'Change' }).isDisabled());
  await confirm.getByLabel('Type the name to change').fill('no-such-subject');
  await confirm.getByRole('button', { name: 'Change' }).click();
  await page.getByText('The mode is IMPORT.').waitFor();
  assert.equal((await call(own.server.url, 'GET', 'mode/no-such-subject')).mode, 'IMPORT');
});

test('an entry of the audit shows what it was before and after', async () => {
  const { page, to } = own.tab;
  await call(own.server.url, 'PUT', 'config/audited', { compatibility: 'FULL' });
  await call(own.server.url, 'PUT', 'config/audited', { compatibility: 'NONE' });
  await to('#/audit?subject=audited');
  await page.getByRole('button', { name: /^more of entry/ }).first().click();
  const more = page.locator('pre.raw');
  await more.getByText('"before"').waitFor();
  assert.match(await more.innerText(), /FULL[\s\S]*NONE/);
  await accessible(page, 'an entry of the audit, in dark');
});

test('names of subjects are proposed while one types', async () => {
  const { page, to } = own.tab;
  await to('#/compare');
  await page.getByLabel('Subject', { exact: true }).pressSequentially('order');
  await page.waitForFunction(() => [...document.querySelectorAll('datalist option')].some((option) => option.value === ':.staging:orders-value'));
});

test('what one may do with one subject is not offered with another', async () => {
  const folder = temporaryFolder();
  const binary = resolve(process.env.ACCORDANT ?? join(import.meta.dirname, '../../target/debug/accordant'));
  for (const name of ['admin', 'carol']) execFileSync(binary, ['passwd', join(folder, 'users'), name], { input: 'wonderland\n' });
  writeFileSync(join(folder, 'access.toml'), '[[allow]]\nprincipals = ["user:admin"]\nroles = ["admin"]\nsubjects = ["*"]\n[[allow]]\nprincipals = ["user:carol"]\noperations = ["SUBJECT_READ", "GLOBAL_READ"]\nsubjects = ["*"]\n[[allow]]\nprincipals = ["user:carol"]\noperations = ["SUBJECT_WRITE", "SUBJECT_DELETE"]\nsubjects = ["team-*", ":.lab:*"]\n[[deny]]\nprincipals = ["user:carol"]\noperations = ["SUBJECT_DELETE"]\nsubjects = ["team-*-value"]\n');
  const guarded = await start({ 'users-file': join(folder, 'users'), 'access-file': join(folder, 'access.toml') });
  const admin = { authorization: `Basic ${Buffer.from('admin:wonderland').toString('base64')}` };
  try {
    for (const subject of ['team-a-value', 'team-b', 'other', ':.lab:x']) await call(guarded.url, 'POST', `subjects/${encodeURIComponent(subject)}/versions`, { schema: '"int"' }, admin);
    const { page, to, close } = await open(own.browser, guarded.url);
    await to('#/subjects');
    const dialog = page.getByRole('dialog', { name: 'Log in' });
    await dialog.getByLabel('Name', { exact: true }).fill('carol');
    await dialog.getByLabel('Password').fill('wonderland');
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('user:carol').waitFor();
    const offered = async (subject) => {
      await to(`#/subjects/${encodeURIComponent(subject)}`);
      await page.getByText('Version 1', { exact: true }).waitFor();
      return [await page.getByRole('link', { name: 'Next version' }).count(), await page.getByRole('button', { name: 'Delete', exact: true }).count()];
    };
    assert.deepEqual([await offered('team-a-value'), await offered('team-b'), await offered('other'), await offered(':.lab:x')], [[1, 0], [1, 1], [0, 0], [1, 1]]);
    await to('#/edit?subject=other');
    assert.ok(await page.getByRole('button', { name: 'Register' }).isDisabled());
    await close();
  } finally { await guarded.stop(); }
});

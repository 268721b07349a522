// What people do on the pages, each time against a real registry.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, open, settled } from './browser.mjs';
import { call, start, temporaryFolder } from './server.mjs';
import { world } from './world.mjs';

const own = world();

test('the list of subjects is narrowed by prefix and context, and the address says so', async () => {
  const { page, to } = own.tab;
  await to('#/subjects');
  await page.getByLabel('Name begins with').fill('orders');
  await page.waitForURL(/prefix=orders/);
  // in all contexts
  await page.waitForFunction(() => document.querySelectorAll('.long-row a').length === 3);
  await page.getByLabel('Context').selectOption('.staging');
  await page.waitForFunction(() => document.querySelectorAll('.long-row a').length === 1);
  await page.getByLabel('Name begins with').fill('nothing like that');
  await page.getByText('No subject begins like that.').waitFor();
});

test('the palette finds a field, and goes there by keys alone', async () => {
  const { page, to } = own.tab;
  await to('#/subjects');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'What to find' }).waitFor();
  // what is typed goes into the field
  await page.keyboard.type('customerid');
  await page.getByRole('option', { name: /orders-value.*customerId/ }).first().waitFor();
  await accessible(page, 'the palette');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/versions/);
  await page.getByRole('treeitem', { name: /customerId/ }).waitFor();
});

test('a field in the tree leads to its line in the text', async () => {
  const { page, to } = own.tab;
  await to('#/subjects/orders-value/versions/3');
  await page.getByRole('treeitem', { name: /^placedAt/ }).click();
  // the first line is the active one until the click has done its work
  await page.waitForFunction(() => Number(document.querySelector('.code-host').shadowRoot?.querySelector('.cm-activeLineGutter')?.textContent) > 20);
});

test('the tree is walked with the keys', async () => {
  const { page, to } = own.tab;
  await to('#/subjects/orders-value/versions/3');
  await page.getByRole('treeitem').first().focus();
  const expanded = (value) => page.waitForFunction((wanted) => document.activeElement?.getAttribute('aria-expanded') === wanted, value);
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
  await expanded('false');
  await page.keyboard.press('ArrowRight');
  await expanded('true');
});

test('two versions are compared, and each level explains itself', async () => {
  const { page, to } = own.tab;
  await to('#/compare?subject=orders-value&from=3&to=1');
  await page.getByRole('button', { name: /FORWARD/ }).click();
  await page.getByText('What FORWARD says').waitFor();
  await page.locator('.changes li.removed').first().waitFor();
  await page.waitForFunction(() => document.querySelector('.compare .code-host')?.shadowRoot?.querySelector('.cm-changedLine'));
});

test('a subject is deleted only by its name, restored, deleted again and removed for good', async () => {
  const { page, to } = own.tab;
  await call(own.server.url, 'POST', 'subjects/short-lived/versions', { schema: '"int"' });
  await to('#/subjects/short-lived');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const confirm = page.getByRole('dialog', { name: 'Delete' });
  await accessible(page, 'the question before a deletion');
  assert.ok(await confirm.getByRole('button', { name: 'Delete', exact: true }).isDisabled());
  await confirm.getByLabel('Type the name to delete').fill('short-lived');
  await confirm.getByLabel(/Reason/).fill('no longer needed');
  await confirm.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL(/#\/deleted/);
  const row = page.getByRole('row', { name: /short-lived/ });
  await row.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('short-lived is back').waitFor();
  assert.deepEqual(await call(own.server.url, 'GET', 'subjects/short-lived/versions'), [2]);
  await call(own.server.url, 'DELETE', 'subjects/short-lived');
  await to('#/subjects');
  await to('#/deleted');
  await page.getByRole('row', { name: /short-lived/ }).getByRole('button', { name: 'Delete for good' }).click();
  const final = page.getByRole('dialog', { name: 'Delete for good' });
  await final.getByLabel('Type the name to delete for good').fill('short-lived');
  await final.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('short-lived is gone for good.').waitFor();
  const { entries } = await call(own.server.url, 'GET', 'accordant/v1/audit?subject=short-lived&order=desc');
  assert.equal(entries.filter((entry) => entry.reason === 'no longer needed').length, 1);
});

test('a refusal is shown in the words of the server', async () => {
  const { page, to } = own.tab;
  await to('#/subjects/money');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const confirm = page.getByRole('dialog', { name: 'Delete' });
  await confirm.getByLabel('Type the name to delete').fill('money');
  await confirm.getByRole('button', { name: 'Delete', exact: true }).click();
  await confirm.getByRole('alert').getByText(/reference/i).waitFor();
  await confirm.getByText('error_code 42206').waitFor();
});

test('settings of a subject are set and taken back, and say where they come from', async () => {
  const { page, to } = own.tab;
  await to('#/settings?scope=carts-value');
  await page.getByText('It has no settings of its own.').waitFor();
  await page.getByLabel('Compatibility').selectOption('FULL');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The settings are changed.').waitFor();
  await to('#/subjects/carts-value');
  await page.getByRole('row', { name: /Compatibility FULL this subject/ }).waitFor();
  await to('#/settings?scope=carts-value');
  await page.getByRole('button', { name: 'Remove its own' }).first().click();
  await page.getByText('Its own settings are gone').waitFor();
});

test('a level says what it would have refused before it is set', async () => {
  const { page, to } = own.tab;
  const schema = (name) => JSON.stringify({ type: 'record', name: 'R', fields: [{ name, type: 'int' }] });
  await call(own.server.url, 'PUT', 'config/loose', { compatibility: 'NONE' });
  for (const name of ['a', 'b']) await call(own.server.url, 'POST', 'subjects/loose/versions', { schema: schema(name) });
  await to('#/settings?scope=loose');
  await page.getByLabel('Compatibility').selectOption('FULL');
  await page.getByText('1 of the last 1 changes would have been refused under FULL').waitFor();
  await page.getByRole('link', { name: 'version 1 to 2' }).waitFor();
});

test('a long list is whole to its end', async () => {
  const { page, to } = own.tab;
  const names = Array.from({ length: 450 }, (_, at) => `many-${String(at).padStart(4, '0')}`);
  for (let at = 0; at < names.length; at += 25) {
    await Promise.all(names.slice(at, at + 25).map((name) => call(own.server.url, 'POST', `subjects/${name}/versions`, { schema: '"int"' })));
  }
  await to('#/subjects?prefix=many-');
  await page.waitForFunction((name) => {
    const frame = document.querySelector('.long-frame');
    frame.scrollTop = frame.scrollHeight;
    return frame.textContent.includes(name);
  }, 'many-0449', { polling: 200 });
  const shown = await page.locator('.long-row a').allInnerTexts();
  const at = names.indexOf(shown[0]);
  assert.deepEqual(shown, names.slice(at), 'no row is missing');
});

test('a mode is changed, and registration says so', async () => {
  const { page, to } = own.tab;
  await to('#/settings?scope=prices-value');
  await page.getByLabel('Change to').selectOption('READONLY');
  await page.getByRole('button', { name: 'Change mode' }).click();
  await page.getByText('The mode is READONLY.').waitFor();
  await to('#/edit?subject=prices-value');
  const text = page.locator('.code-host .cm-content');
  await text.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('{"type":"record","name":"Prices","namespace":"com.acme.shop","fields":[{"name":"id","type":"string"}]}');
  await page.getByText(/Compatible under/).waitFor();
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByRole('alert').getByText(/read-only|READONLY/i).waitFor();
});

test('data is judged, and what is wrong is named', async () => {
  const { page, to } = own.tab;
  await to('#/try?subject=customers-value');
  await page.getByText('✓ Valid').waitFor();
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('{"id": 5, "address": {}}');
  await page.getByText('Not valid').waitFor();
  await page.getByText('/id', { exact: false }).first().waitFor();
  // underlined where it stands, which is also where a click leads
  const underlined = () => page.evaluate(() => [...document.querySelector('.code-host').shadowRoot.querySelectorAll('.cm-lintRange-error')].map((mark) => mark.textContent).join(' '));
  for (let tries = 0; tries < 100 && !/5.*\{\}/.test(await underlined()); tries++) await page.waitForTimeout(50);
  assert.match(await underlined(), /^5.*\{\}/);
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('{\n  "id": "1",\n  "email": 7\n}');
  await page.locator('.findings').getByRole('button', { name: 'line 3' }).click();
  await page.waitForFunction(() => document.querySelector('.code-host').shadowRoot.querySelector('.cm-activeLine')?.textContent.includes('email'));
});

test('a schema with what it refers to is downloaded as one document', async () => {
  const { page, to } = own.tab;
  const inner = { type: 'record', name: 'Inner', namespace: 'b', fields: [{ name: 'a', type: 'int' }] };
  await call(own.server.url, 'POST', 'subjects/bundle-inner/versions', { schema: JSON.stringify(inner) });
  const outer = JSON.stringify({ type: 'record', name: 'Outer', namespace: 'b', fields: [{ name: 'of', type: 'Inner' }] });
  await call(own.server.url, 'POST', 'subjects/bundle-value/versions', { schema: outer, references: [{ name: 'b.Inner', subject: 'bundle-inner', version: 1 }] });
  await to('#/subjects/bundle-value/versions/1');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download bundled' }).click()]);
  assert.equal(file.suggestedFilename(), 'bundle-value-v1-bundled.avsc');
  assert.deepEqual(JSON.parse(readFileSync(await file.path(), 'utf8')).fields[0].type.fields, inner.fields);
});

test('data is made up that fits, for each form in which it is tried', async () => {
  const { page, to } = own.tab;
  const record = JSON.stringify({ type: 'record', name: 'Made', fields: [{ name: 'id', type: 'long' }, { name: 'note', type: ['null', 'string'], default: null }] });
  const ruleSet = { domainRules: [{ name: 'small', kind: 'CONDITION', mode: 'WRITE', type: 'CEL', expr: 'message.id < 0 && message.id > 0' }] };
  await call(own.server.url, 'POST', 'subjects/made-value/versions', { schema: record, ruleSet });
  await to('#/try?subject=made-value');
  const text = page.locator('.code-host .cm-content');
  const begun = await text.innerText();
  await page.getByRole('button', { name: 'Make up data' }).click();
  await page.waitForFunction((before) => document.querySelector('.code-host').shadowRoot.querySelector('.cm-content').innerText !== before, begun);
  // the schema accepts whatever is made up, the rule nothing
  await page.getByText('rule.failed').first().waitFor();
  await page.getByLabel('Run the rules of its data contract').uncheck();
  await page.getByText('✓ Valid').waitFor();
  await page.getByLabel('What is pasted').selectOption('bytes');
  await page.getByRole('button', { name: 'Make up data' }).click();
  await page.getByText('✓ Decoded').waitFor();
});

test('bytes of a record are decoded', async () => {
  const { page, to } = own.tab;
  const schema = '{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"note","type":"string"}]}';
  const { id } = await call(own.server.url, 'POST', 'subjects/decoded-value/versions', { schema });
  const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, id]), Buffer.from([10]), Buffer.from([2, 0x78])]);
  await to('#/try');
  await page.getByLabel('What is pasted').selectOption('bytes');
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.insertText(bytes.toString('base64'));
  await page.getByText('"note": "x"').waitFor();
  await page.getByRole('link', { name: 'decoded-value v1' }).waitFor();
});

test('a dataschema is resolved, and aliases are kept', async () => {
  const { page, to } = own.tab;
  await to('#/cloudevents');
  await page.getByLabel('dataschema').fill('https://acme.example/schemas/order');
  await page.getByRole('button', { name: 'Resolve' }).click();
  await page.getByText('alias', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Add' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add an alias' });
  await dialog.getByLabel('URI').fill('https://acme.example/schemas/cart');
  await dialog.getByLabel('Subject').fill('carts-value');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row', { name: /schemas\/cart/ });
  await row.getByRole('button', { name: 'Remove' }).click();
  // what will happen is said, and the name asked for
  const confirm = page.getByRole('dialog', { name: 'Remove an alias' });
  await confirm.getByText('does not stand for').waitFor();
  await accessible(page, 'the question before an alias goes');
  await confirm.getByLabel('Type the name to remove').fill('https://acme.example/schemas/cart');
  await confirm.getByRole('button', { name: 'Remove' }).click();
  await row.waitFor({ state: 'detached' });
});

test('the audit is narrowed', async () => {
  const { page, to } = own.tab;
  await to('#/audit');
  await page.getByLabel('What', { exact: true }).selectOption('config.set');
  await page.getByText('payments are read for ten years').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('tbody tr')].every((row) => row.textContent.includes('config.set')));
});

test('below a prefix everything works as well', async () => {
  const target = new URL(own.server.url);
  const proxy = createServer((request, response) => {
    if (!request.url.startsWith('/deep/registry/')) { response.writeHead(404).end(); return; }
    fetch(new URL(request.url.slice('/deep/registry'.length), target), { method: request.method, headers: { 'user-agent': 'test', accept: request.headers.accept ?? '*/*' }, redirect: 'manual' })
      .then(async (answer) => {
        const headers = Object.fromEntries([...answer.headers].filter(([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name)));
        response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
      }, () => response.writeHead(502).end());
  });
  await new Promise((ready) => proxy.listen(0, '127.0.0.1', ready));
  const url = `http://localhost:${proxy.address().port}/deep/registry/`;
  const { page, faults, close } = await open(own.browser, url);
  await page.goto(`${url}ui`);
  await settled(page);
  await page.getByText('customers-value').click();
  await page.getByText('Version 1', { exact: true }).waitFor();
  assert.deepEqual(faults, []);
  await close();
  proxy.close();
});

test('versions are found by their level and by when they were registered, without a word', async () => {
  const { page, to, faults, close } = await open(own.browser, own.server.url);
  await to('#/search');
  await page.getByLabel('Compatibility').selectOption('FULL_TRANSITIVE');
  const results = page.getByLabel('Results');
  await results.getByText('payments-value').waitFor();
  assert.equal(await results.getByText('orders-value').count(), 0);
  assert.match(page.url(), /compatibility=FULL_TRANSITIVE/);
  await page.getByLabel('Compatibility').selectOption('');
  await page.getByLabel('Format').selectOption('JSON');
  const today = new Date().toISOString().slice(0, 10);
  await page.getByLabel('registered from').fill(today);
  await page.getByLabel('to', { exact: true }).fill(today);
  await results.getByText('customers-value').waitFor();
  await page.getByLabel('Registered by').fill('user:nobody');
  await page.getByText('Nothing is like that.').waitFor();
  await page.getByLabel('Registered by').fill('anonymous');
  await results.getByText('customers-value').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('what every new version gets is set on the page of settings', async () => {
  await call(own.server.url, 'PUT', 'config/with-defaults', { compatibility: 'FULL' });
  const { page, to, faults, close } = await open(own.browser, own.server.url);
  await to('#/settings?scope=with-defaults');
  await page.getByText('Defaults of new versions: metadata, tags and rules').click();
  await page.getByRole('button', { name: 'Add a property' }).first().click();
  await page.getByLabel('Property', { exact: true }).fill('owner');
  await page.getByLabel('Value of owner').fill('team-a');
  await page.getByText('What every new version gets: metadata, tags and rules').click();
  await page.getByRole('button', { name: 'Add a rule' }).last().click();
  await page.getByLabel('Name', { exact: true }).fill('nothing');
  await page.getByLabel('Expression').fill('true');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The settings are changed.').waitFor();
  const config = await call(own.server.url, 'GET', 'config/with-defaults');
  assert.deepEqual([config.defaultMetadata.properties, config.overrideRuleSet.domainRules[0].name, config.compatibilityLevel], [{ owner: 'team-a' }, 'nothing', 'FULL']);
  await call(own.server.url, 'POST', 'subjects/with-defaults/versions', { schema: '"int"' });
  assert.equal((await call(own.server.url, 'GET', 'subjects/with-defaults/versions/1')).metadata.properties.owner, 'team-a');
  await page.getByRole('button', { name: 'Remove the property owner' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The settings are changed.').waitFor();
  assert.equal((await call(own.server.url, 'GET', 'config/with-defaults')).defaultMetadata?.properties, undefined);
  assert.deepEqual(faults, []);
  await close();
});

test('with logins the registry asks who it is, and offers what one may do', async () => {
  const folder = temporaryFolder();
  // alice and bob, each with the password "wonderland"
  const { execFileSync } = await import('node:child_process');
  const { resolve } = await import('node:path');
  const binary = resolve(process.env.ACCORDANT ?? join(import.meta.dirname, '../../target/debug/accordant'));
  for (const name of ['alice', 'bob']) execFileSync(binary, ['passwd', join(folder, 'users'), name], { input: 'wonderland\n' });
  writeFileSync(join(folder, 'access.toml'), '[[allow]]\nprincipals = ["user:alice"]\nroles = ["admin"]\nsubjects = ["*"]\n[[allow]]\nprincipals = ["user:bob"]\noperations = ["SUBJECT_READ"]\nsubjects = ["public-*"]\n[[allow]]\nprincipals = ["user:bob"]\noperations = ["GLOBAL_READ"]\nsubjects = ["*"]\n');
  const guarded = await start({ 'users-file': join(folder, 'users'), 'access-file': join(folder, 'access.toml') });
  const as = (name) => ({ authorization: `Basic ${Buffer.from(`${name}:wonderland`).toString('base64')}` });
  try {
    for (const subject of ['public-value', 'secret-value']) await call(guarded.url, 'POST', `subjects/${subject}/versions`, { schema: '"int"' }, as('alice'));
    const { page, to, close } = await open(own.browser, guarded.url);
    await to('#/subjects');
    const dialog = page.getByRole('dialog', { name: 'Log in' });
    await dialog.waitFor();
    await accessible(page, 'the login');
    await dialog.getByLabel('Name', { exact: true }).fill('bob');
    await dialog.getByLabel('Password').fill('wrong');
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Password').fill('wonderland');
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('user:bob').waitFor();
    await page.getByText('public-value').waitFor();
    assert.equal(await page.getByText('secret-value').count(), 0);
    assert.equal(await page.getByRole('link', { name: 'New subject' }).count(), 0);
    assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0);
    // nothing of the password is where scripts could find it
    const kept = () => page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.match(await kept(), /accordant-signed-in=1/);
    assert.doesNotMatch(await kept(), /wonderland|Basic|Ym9iOn|accordant-session/);
    const cookies = await page.context().cookies();
    const session = cookies.find(({ name }) => name === 'accordant-session');
    assert.deepEqual([session.httpOnly, session.sameSite, session.path, session.value.includes('wonderland')], [true, 'Strict', '/', false]);
    // another tab has it as well
    const other = await page.context().newPage();
    await other.goto(`${guarded.url}ui/#/subjects`);
    await other.getByText('user:bob').waitFor();
    await other.close();
    await page.getByRole('button', { name: 'Log out' }).click();
    await dialog.waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    // who may write does, with the session alone
    await dialog.getByLabel('Name', { exact: true }).fill('alice');
    await dialog.getByLabel('Password').fill('wonderland');
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('user:alice').waitFor();
    await to('#/settings?scope=public-value');
    await page.getByLabel('Compatibility').selectOption('FULL');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The settings are changed.').waitFor();
    assert.equal((await call(guarded.url, 'GET', 'config/public-value', undefined, as('alice'))).compatibilityLevel, 'FULL');
    // a page of another port of the same host is of the same site, and yet gets nowhere
    const elsewhere = createServer((_, response) => { response.writeHead(200, { 'content-type': 'text/html' }); response.end('<p>elsewhere</p>'); });
    await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
    const foreign = await page.context().newPage();
    await foreign.goto(`http://localhost:${elsewhere.address().port}/`);
    await foreign.evaluate((url) => fetch(`${url}subjects/public-value`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).catch(() => {}), guarded.url);
    await foreign.evaluate((url) => new Promise((done) => {
      const form = Object.assign(document.createElement('form'), { method: 'POST', action: `${url}subjects/public-value/versions`, target: 'there', enctype: 'text/plain' });
      form.append(Object.assign(document.createElement('input'), { name: '{"schema":"\\"long\\"","x":"', value: '"}' }));
      const frame = Object.assign(document.createElement('iframe'), { name: 'there' });
      document.body.append(frame, form);
      form.submit();
      setTimeout(done, 1000);
    }), guarded.url);
    assert.deepEqual(await call(guarded.url, 'GET', 'subjects/public-value/versions', undefined, as('alice')), [1]);
    await foreign.close();
    elsewhere.close();
    // a password that is set anew ends what was begun with the one before
    writeFileSync(join(folder, 'users'), '');
    for (const name of ['alice', 'bob']) execFileSync(binary, ['passwd', join(folder, 'users'), name], { input: 'looking-glass\n' });
    const ask = () => page.evaluate(async (url) => (await fetch(`${url}accordant/v1/whoami`, { headers: { 'accordant-session': '1' } })).status, guarded.url);
    for (let tries = 0; tries < 100 && await ask() !== 401; tries++) await page.waitForTimeout(200);
    assert.equal(await ask(), 401);
    await page.reload();
    await dialog.waitFor();
    await page.waitForFunction(() => document.cookie === '');
    assert.deepEqual(await page.context().cookies(), []);
    await close();
  } finally { await guarded.stop(); }
});

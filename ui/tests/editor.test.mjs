// A change is refused, understood and mended without leaving the editor: once for each format.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, open } from './browser.mjs';
import { call, start } from './server.mjs';

let server, browser;
before(async () => {
  server = await start();
  browser = await launch();
  if (process.env.UI_PICTURES) mkdirSync(process.env.UI_PICTURES, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const record = (...fields) => JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }, ...fields] }, null, 2);
const PLAYS = [
  {
    format: 'Avro', schemaType: 'AVRO', first: record(), rule: 'READER_FIELD_MISSING_DEFAULT_VALUE',
    breaks: record({ name: 'total', type: 'long' }), button: 'Add the default 0',
  },
  {
    format: 'JSON Schema', schemaType: 'JSON', rule: 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL',
    first: '{"type":"object","additionalProperties":false,"properties":{"id":{"type":"string"}}}',
    breaks: '{\n  "type": "object",\n  "additionalProperties": false,\n  "properties": { "id": { "type": "string" }, "total": { "type": "integer" } },\n  "required": ["total"]\n}',
    button: 'Make total optional',
  },
  {
    format: 'Protobuf', schemaType: 'PROTOBUF', rule: 'FIELD_SCALAR_KIND_CHANGED',
    first: 'syntax = "proto3";\n\nmessage Order {\n  string id = 1;\n  int32 total = 2;\n}\n',
    breaks: 'syntax = "proto3";\n\nmessage Order {\n  string id = 1;\n  string total = 2;\n}\n',
    button: 'Give it the number 3, and reserve 2',
  },
];

for (const { format, schemaType, first, breaks, button, rule } of PLAYS) {
  test(`a refused change of ${format} is understood and mended`, async () => {
    const subject = `play-${schemaType.toLowerCase()}`;
    await call(server.url, 'POST', `subjects/${subject}/versions`, { schema: first, schemaType });
    const { page, to, faults, close } = await open(browser, server.url);
    await to(`#/edit?subject=${subject}`);
    await page.getByText('Compatible under BACKWARD').waitFor();
    const type = async (text) => {
      await page.locator('.code-host .cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(text);
    };
    await type(breaks);
    await page.getByText('Refused under BACKWARD').waitFor();
    await page.getByText(rule).first().waitFor();
    // a squiggle where it is, and why
    const squiggle = page.locator('.code-host .cm-lintRange-error').first();
    await squiggle.waitFor();
    await squiggle.hover();
    const said = page.locator('.code-host .cm-tooltip-lint');
    await said.getByText(rule).waitFor();
    assert.match(await said.innerText(), /Fix/);
    if (process.env.UI_PICTURES) await page.screenshot({ path: join(process.env.UI_PICTURES, `refused-${schemaType.toLowerCase()}.png`) });
    await page.mouse.move(4, 4);
    await said.waitFor({ state: 'detached' });
    const finding = page.locator('.findings .breach').first();
    await finding.getByRole('button', { name: /^line \d+$/ }).click();
    // registering it all the same is refused by the server, which is shown
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('alert').getByText(/incompatible/i).waitFor();
    if (button) await finding.getByRole('button', { name: button }).click();
    else await type(mended);
    await page.getByText('Compatible under BACKWARD').waitFor();
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText(/Registered with id \d+/).waitFor();
    assert.deepEqual(await call(server.url, 'GET', `subjects/${subject}/versions`), [1, 2]);
    assert.deepEqual(faults, []);
    await close();
  });
}

test('a text that is no schema is underlined where it ends to be one', async () => {
  const { page, to, close } = await open(browser, server.url);
  await to('#/edit?subject=unreadable');
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('{\n  "type": "record",\n  "nam');
  await page.getByText('Not a valid schema').waitFor();
  await page.locator('.notice.bad').first().waitFor();
  await close();
});

test('another level is looked at without being set', async () => {
  const { page, to, close } = await open(browser, server.url);
  await call(server.url, 'POST', 'subjects/simulated/versions', { schema: record({ name: 'gone', type: 'int' }) });
  await to('#/edit?subject=simulated');
  await page.getByText('Compatible under BACKWARD').waitFor();
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(record());
  await page.getByText('field', { exact: false }).first().waitFor();
  await page.getByLabel('Show what breaks under').selectOption('FORWARD');
  await page.getByText('Under FORWARD').waitFor();
  await page.getByText('READER_FIELD_MISSING_DEFAULT_VALUE').first().waitFor();
  await close();
});

test('a transitive level is looked at over all versions', async () => {
  const { page, to, faults, close } = await open(browser, server.url);
  for (const fields of [[{ name: 'n', type: 'string', default: '' }], [], []]) await call(server.url, 'POST', 'subjects/transitive/versions', { schema: record(...fields) });
  await to('#/edit?subject=transitive');
  await page.getByText('Compatible under BACKWARD').waitFor();
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(record({ name: 'n', type: 'int', default: 0 }));
  await page.getByText('Changes from version 2').waitFor();
  await page.getByText('Nothing breaks.').waitFor();
  // the latest version has no such field, the first one had another
  await page.getByLabel('Show what breaks under').selectOption('BACKWARD_TRANSITIVE');
  const findings = page.locator('.findings');
  await findings.getByText('TYPE_MISMATCH').waitFor();
  await findings.getByText('against version 1').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

const json = (properties, more = {}) => JSON.stringify({ type: 'object', properties, ...more }, null, 2);
const proto = (body, before = '') => `syntax = "proto3";\n\n${before}message Order {\n${body}}\n`;
const FIXES = [
  { what: 'an alias', schemaType: 'AVRO', first: record({ name: 'amount', type: 'long' }), breaks: record({ name: 'total', type: 'long' }), button: 'It was called amount: add the alias' },
  { what: 'symbols', schemaType: 'AVRO', first: record({ name: 's', type: { type: 'enum', name: 'S', symbols: ['A', 'B', 'C'] } }), breaks: record({ name: 's', type: { type: 'enum', name: 'S', symbols: ['A'] } }), button: 'Put B, C back' },
  { what: 'a type', schemaType: 'AVRO', first: record({ name: 'n', type: 'string' }), breaks: record({ name: 'n', type: 'int', default: 0 }), button: 'Put the type string back' },
  { what: 'a branch', schemaType: 'AVRO', first: record({ name: 'n', type: ['null', 'string'] }), breaks: record({ name: 'n', type: ['null', 'int'] }), button: 'Put "string" back into the union' },
  { what: 'a size', schemaType: 'AVRO', first: record({ name: 'f', type: { type: 'fixed', name: 'F', size: 4 } }), breaks: record({ name: 'f', type: { type: 'fixed', name: 'F', size: 8 } }), button: 'Put the size back to 4' },
  { what: 'a name', schemaType: 'AVRO', first: record(), breaks: record().replace('Order', 'Purchase'), button: 'Add the alias Order' },
  { what: 'a field that old readers want', schemaType: 'AVRO', level: 'FORWARD', first: record({ name: 'total', type: 'long' }), breaks: record(), button: 'Put the field total back' },
  { what: 'symbols that old readers do not know', schemaType: 'AVRO', level: 'FORWARD', first: record({ name: 's', type: { type: 'enum', name: 'S', symbols: ['A'] } }), breaks: record({ name: 's', type: { type: 'enum', name: 'S', symbols: ['A', 'B'] } }), button: 'Leave out B' },
  { what: 'what is required', schemaType: 'JSON', first: json({ id: { type: 'string' }, n: { type: 'integer' } }, { required: ['id'] }), breaks: json({ id: { type: 'string' }, n: { type: 'integer' } }, { required: ['id', 'n'] }), button: 'Make n optional' },
  { what: 'values', schemaType: 'JSON', first: json({ s: { enum: ['a', 'b', 'c'] } }), breaks: json({ s: { enum: ['a'] } }), button: 'Put "b", "c" back' },
  { what: 'a type', schemaType: 'JSON', first: json({ n: { type: 'number' } }), breaks: json({ n: { type: 'integer' } }), button: 'Put the type number back' },
  { what: 'a bound', schemaType: 'JSON', first: json({ s: { type: 'string', maxLength: 10 } }), breaks: json({ s: { type: 'string', maxLength: 5 } }), button: 'Put maxLength back to 10' },
  { what: 'a new bound', schemaType: 'JSON', first: json({ s: { type: 'string' } }), breaks: json({ s: { type: 'string', minLength: 5 } }), button: 'Leave minLength out' },
  { what: 'a property', schemaType: 'JSON', first: json({ a: { type: 'string' }, b: { type: 'string' } }, { additionalProperties: false }), breaks: json({ a: { type: 'string' } }, { additionalProperties: false }), button: 'Put b back' },
  { what: 'an open object', schemaType: 'JSON', first: json({ a: { type: 'string' } }), breaks: json({ a: { type: 'string' } }, { additionalProperties: false }), button: 'Leave additionalProperties out' },
  { what: 'a type', schemaType: 'PROTOBUF', first: proto('  int32 n = 1;\n'), breaks: proto('  repeated string n = 1;\n'), button: 'Put int32 back' },
  { what: 'a message', schemaType: 'PROTOBUF', first: proto('  int32 n = 1;\n', 'message Line {\n  int32 x = 1;\n}\n\n'), breaks: proto('  int32 n = 1;\n'), button: 'Put the message Line back' },
  { what: 'a member of a oneof', schemaType: 'PROTOBUF', first: proto('  oneof by {\n    string a = 1;\n    string b = 2;\n  }\n'), breaks: proto('  oneof by {\n    string a = 1;\n  }\n'), button: 'Put b back' },
  { what: 'a package', schemaType: 'PROTOBUF', first: proto('  int32 n = 1;\n', 'package a.b;\n\n'), breaks: proto('  int32 n = 1;\n', 'package a.c;\n\n'), button: 'Put package a.b back' },
  { what: 'a number that is not reserved', schemaType: 'PROTOBUF', config: { protobufPolicy: 'WIRE_JSON' }, first: proto('  int32 n = 1;\n  int32 gone = 2;\n'), breaks: proto('  int32 n = 1;\n'), button: 'Reserve 2 and gone' },
  { what: 'a name', schemaType: 'PROTOBUF', config: { protobufPolicy: 'WIRE_JSON' }, first: proto('  int32 n = 1;\n'), breaks: proto('  int32 m = 1;\n'), button: 'Put the name n back' },
];

test('one click mends what can be mended without a guess, in each format', async (t) => {
  const { page, to, faults, close } = await open(browser, server.url);
  for (const [at, { what, schemaType, first, breaks, button, level = 'BACKWARD', config = {} }] of FIXES.entries()) {
    await t.test(`${schemaType}: ${what}`, async () => {
      const subject = `fix-${at}`;
      await call(server.url, 'PUT', `config/${subject}`, { compatibility: level, ...config });
      await call(server.url, 'POST', `subjects/${subject}/versions`, { schema: first, schemaType });
      await to('#/subjects');
      await to(`#/edit?subject=${subject}`);
      await page.getByText(`Compatible under ${level}`).waitFor();
      await page.locator('.code-host .cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(breaks);
      await page.getByText(`Refused under ${level}`).waitFor();
      await page.locator('.findings').getByRole('button', { name: button, exact: true }).first().click();
      await page.getByText(`Compatible under ${level}`).waitFor();
    });
  }
  assert.deepEqual(faults, []);
  await close();
});

test('metadata, tags and rules of the next version are edited, checked and registered', async () => {
  const subject = 'contract-edited';
  await call(server.url, 'POST', `subjects/${subject}/versions`, { schema: record(), metadata: { properties: { owner: 'team-a' } } });
  const { page, to, faults, close } = await open(browser, server.url);
  await to(`#/edit?subject=${subject}`);
  await page.getByText('Compatible under BACKWARD').waitFor();
  await page.getByLabel('Value of owner').fill('team-b');
  await page.getByRole('button', { name: 'Add a property' }).click();
  await page.getByLabel('Property', { exact: true }).last().fill('apiKey');
  await page.getByLabel('Value of apiKey').fill('s3cret');
  await page.getByRole('checkbox', { name: 'sensitive' }).last().check();
  await page.getByRole('button', { name: 'Add tags' }).click();
  await page.getByLabel('Path', { exact: true }).fill('Order.id');
  await page.getByLabel('Tags of Order.id, with commas').fill('PII, GDPR');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Name', { exact: true }).fill('hasId');
  await page.getByLabel('Expression').fill("message.id != ''");
  await page.getByLabel('On failure').fill('ERROR');
  const beside = page.getByLabel('Changes beside the text');
  await beside.getByText('team-b').waitFor();
  await beside.getByText('(sensitive)').waitFor();
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText(/Registered with id \d+/).waitFor();
  const version = await call(server.url, 'GET', `subjects/${subject}/versions/2`);
  assert.deepEqual(version.metadata, { tags: { 'Order.id': ['GDPR', 'PII'] }, properties: { apiKey: 's3cret', owner: 'team-b' }, sensitive: ['apiKey'] });
  assert.equal(version.ruleSet.domainRules[0].expr, "message.id != ''");
  // a rule that the server does not take is refused while it is typed
  await to('#/subjects');
  await call(server.url, 'PUT', `config/${subject}`, { validateRules: true });
  await to(`#/edit?subject=${subject}`);
  await page.getByLabel('Expression').fill('message.nothing > 1');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByRole('alert').first().waitFor();
  await page.getByLabel('Expression').fill("message.id != ''");
  await page.getByRole('checkbox', { name: 'off', exact: true }).check();
  await page.getByRole('button', { name: 'Remove the property owner' }).click();
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText('See version 3').waitFor();
  const third = await call(server.url, 'GET', `subjects/${subject}/versions/3`);
  assert.deepEqual([third.ruleSet.domainRules[0].disabled, third.metadata.properties], [true, { apiKey: 's3cret' }]);
  // without rules it would have those of the latest version, and that is said
  await page.getByRole('button', { name: 'Remove the rule' }).click();
  await page.getByText('To do without them, keep them and switch them off.').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('the editor says which versions in use could not read what is written', async () => {
  const subject = 'in-use';
  await call(server.url, 'PUT', `config/${subject}`, { compatibility: 'NONE' });
  await call(server.url, 'POST', `subjects/${subject}/versions`, { schema: record({ name: 'total', type: 'long' }) });
  await call(server.url, 'GET', `subjects/${subject}/versions/1`, undefined, { 'x-registry-client-id': 'billing' });
  const { page, to, close } = await open(browser, server.url);
  await to(`#/edit?subject=${subject}`);
  await page.getByText('Every version in use can read what is written with this one.').waitFor();
  await page.locator('.code-host .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(record());
  await page.getByText('1 version in use could not read what is written with this one.').waitFor();
  await page.getByLabel('Versions in use').getByText('billing').waitFor();
  if (process.env.UI_PICTURES) await page.screenshot({ path: join(process.env.UI_PICTURES, 'impact.png'), fullPage: true });
  await to(`#/subjects/${subject}`);
  await page.locator('#usage').getByText('billing').waitFor();
  await close();
});

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
    mended: '{\n  "type": "object",\n  "additionalProperties": false,\n  "properties": { "id": { "type": "string" }, "total": { "type": "integer" } }\n}',
  },
  {
    format: 'Protobuf', schemaType: 'PROTOBUF', rule: 'FIELD_SCALAR_KIND_CHANGED',
    first: 'syntax = "proto3";\n\nmessage Order {\n  string id = 1;\n  int32 total = 2;\n}\n',
    breaks: 'syntax = "proto3";\n\nmessage Order {\n  string id = 1;\n  string total = 2;\n}\n',
    mended: 'syntax = "proto3";\n\nmessage Order {\n  string id = 1;\n  int32 total = 2;\n  string total_text = 3;\n}\n',
  },
];

for (const { format, schemaType, first, breaks, mended, button, rule } of PLAYS) {
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

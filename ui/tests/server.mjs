// A registry to be looked at, with something of everything in it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BINARY = resolve(process.env.ACCORDANT ?? join(import.meta.dirname, '../../target/debug/accordant'));

/** A database of its own in a cluster of Postgres, of which `url` names another. */
function freshDatabase(url) {
  const name = `ui_${process.pid}_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
  const psql = process.env.PSQL ?? 'psql';
  execFileSync(psql, ['-q', url, '-c', `CREATE DATABASE ${name}`]);
  return url.replace(/\/[^/]*$/, `/${name}`);
}

/** A folder that is gone when the tests are over. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'accordant-ui-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a registry of its own on a free port; `settings` are flags without dashes. */
export async function start(settings = {}) {
  const folder = temporaryFolder();
  const database = process.env.UI_DATABASES ? freshDatabase(process.env.UI_DATABASES) : `sqlite://${join(folder, 'registry.db')}`;
  const flags = Object.entries({ listen: '127.0.0.1:0', database, 'log-level': 'info', ...settings }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const process_ = spawn(BINARY, ['serve', ...flags], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const url = await new Promise((found, failed) => {
    const read = (piece) => {
      log += piece;
      const address = /(\d+\.\d+\.\d+\.\d+):(\d+)/.exec(log.split('\n').filter((line) => /listening/i.test(line)).join('\n'));
      if (address) found(`http://localhost:${address[2]}/`);
    };
    process_.stdout.on('data', read);
    process_.stderr.on('data', read);
    process_.on('exit', () => failed(new Error(`the server has stopped:\n${log}`)));
    setTimeout(() => failed(new Error(`the server does not listen:\n${log}`)), 60_000).unref();
  });
  const stop = async () => {
    process_.removeAllListeners('exit');
    const gone = new Promise((done) => process_.on('exit', done));
    process_.kill('SIGTERM');
    await gone;
  };
  return { url, stop, log: () => log };
}

export async function call(url, method, path, body, headers = {}) {
  const response = await fetch(new URL(path, url), {
    method, headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

const order = (fields, doc = 'What a customer has ordered.') => JSON.stringify({
  type: 'record', name: 'Order', namespace: 'com.acme.shop', doc,
  fields: [
    { name: 'orderId', type: 'string', doc: 'Given by the shop; never changes.' },
    { name: 'customerId', type: { type: 'string', logicalType: 'uuid' }, 'confluent:tags': ['PII'] },
    { name: 'placedAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'lines', type: { type: 'array', items: { type: 'record', name: 'Line', fields: [{ name: 'sku', type: 'string' }, { name: 'quantity', type: 'int', default: 1 }] } } },
    ...fields,
  ],
});
const STATUS = { type: 'enum', name: 'Status', symbols: ['NEW', 'PAID', 'SHIPPED'], default: 'NEW' };
export const PAYMENT = 'syntax = "proto3";\n\npackage acme.payments;\n\nimport "money.proto";\n\n// What has been paid.\nmessage Payment {\n  string payment_id = 1;\n  acme.Money amount = 2;\n  oneof method {\n    string card = 3;\n    string iban = 4;\n  }\n  repeated string tags = 5;\n}\n';
export const MONEY = 'syntax = "proto3";\n\npackage acme;\n\nmessage Money {\n  string currency = 1;\n  int64 units = 2;\n}\n';
export const CUSTOMER = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'https://acme.example/customer.json', title: 'Customer', type: 'object', properties: { id: { type: 'string', description: 'The number on the card' }, email: { type: 'string', format: 'email' }, address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' }, zip: { type: 'string', maxLength: 10 } }, required: ['city'] } }, required: ['id'] };

/** Names and texts that try to be more than text. */
export const HOSTILE = '<img src=x onerror=alert(1)> "\'&amp; \u202Eevil\u202C';

export async function seed(url) {
  const post = (subject, body) => call(url, 'POST', `subjects/${encodeURIComponent(subject)}/versions`, body, { 'x-change-reason': 'CHG-4711: the shop goes live' });
  const metadata = { properties: { owner: 'team-orders', 'data-class': 'internal', apiKey: 's3cret' }, sensitive: ['apiKey'], tags: { 'com.acme.shop.Order.customerId': ['PII', 'GDPR'] } };
  const ruleSet = { domainRules: [{ name: 'checkQuantity', kind: 'CONDITION', type: 'CEL', mode: 'WRITE', doc: 'Nobody orders nothing.', expr: 'message.lines.all(l, l.quantity > 0)', onFailure: 'ERROR' }] };
  await post('orders-value', { schema: order([]) });
  await post('orders-value', { schema: order([{ name: 'status', type: STATUS, default: 'NEW' }]), metadata });
  await post('orders-value', { schema: order([{ name: 'status', type: STATUS, default: 'NEW' }, { name: 'note', type: ['null', 'string'], default: null, doc: 'What the customer wants us to know.' }], 'An order, as the shop has taken it.'), metadata, ruleSet });
  await post('orders-key', { schema: '"string"' });
  await post('money', { schema: MONEY, schemaType: 'PROTOBUF' });
  await post('payments-value', { schema: PAYMENT, schemaType: 'PROTOBUF', references: [{ name: 'money.proto', subject: 'money', version: 1 }] });
  await post('refunds-value', { schema: PAYMENT.replace('Payment', 'Refund').replace('acme.payments', 'acme.refunds'), schemaType: 'PROTOBUF', references: [{ name: 'money.proto', subject: 'money', version: 1 }] });
  await post('customers-value', { schema: JSON.stringify(CUSTOMER), schemaType: 'JSON' });
  await post(':.staging:orders-value', { schema: order([]) });
  await post('retired-value', { schema: '{"type":"record","name":"Retired","fields":[{"name":"a","type":"int"}]}' });
  await call(url, 'DELETE', 'subjects/retired-value');
  for (const [version, client, agent] of [[3, 'billing', 'Apache-Kafka-Java/21'], [3, 'shipping', 'confluent-kafka-python/2.6'], [2, 'reports', 'Apache-Kafka-Java/17'], [1, 'archive', 'node-schema-registry/5.6']]) {
    await call(url, 'GET', `subjects/orders-value/versions/${version}`, undefined, { 'x-registry-client-id': client, 'user-agent': agent });
  }
  await call(url, 'PUT', 'config/payments-value', { compatibility: 'FULL_TRANSITIVE' }, { 'x-change-reason': 'payments are read for ten years' });
  await call(url, 'PUT', 'config/customers-value', { compatibility: 'FULL' });
  await call(url, 'PUT', 'cloudevents/aliases', { uri: 'https://acme.example/schemas/order', subject: 'orders-value', version: 'latest' }, { 'content-type': 'application/json' });
  await call(url, 'PUT', 'cloudevents/types/com.acme.order.*', { subject: 'orders-value', version: 'latest' }, { 'content-type': 'application/json' });
  for (const name of ['invoices', 'shipments', 'returns', 'inventory', 'prices', 'carts', 'sessions', 'clicks', 'reviews', 'suppliers', 'warehouses', 'stock-moves']) {
    await post(`${name}-value`, { schema: JSON.stringify({ type: 'record', name: name.replace(/(^|-)(\w)/g, (_, _1, c) => c.toUpperCase()), namespace: 'com.acme.shop', fields: [{ name: 'id', type: 'string' }, { name: 'at', type: 'long' }] }) });
  }
}

/** The same for what tries to be more than text. */
export async function seedHostile(url) {
  const post = (subject, body) => call(url, 'POST', `subjects/${encodeURIComponent(subject)}/versions`, body);
  await post(HOSTILE, { schema: JSON.stringify({ type: 'record', name: 'Evil', doc: HOSTILE, fields: [{ name: 'x', type: 'string', doc: '</script><script>alert(1)</script>' }] }), metadata: { properties: { owner: HOSTILE } } });
}

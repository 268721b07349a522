// The community client of kafkajs.
const assert = require("node:assert");
const { randomUUID } = require("node:crypto");
const test = require("node:test");
const { SchemaRegistry, SchemaType } = require("@kafkajs/confluent-schema-registry");

const fresh = () => new SchemaRegistry({ host: process.env.SCHEMA_REGISTRY_URL });
const subject = () => "k" + randomUUID();

test("avro: register, encode, decode through a fresh client, evolve", async () => {
  const name = subject();
  const registry = fresh();
  const schema = { type: "record", name: "Order", namespace: "shop", fields: [{ name: "id", type: "long" }] };
  const { id } = await registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(schema) }, { subject: name });
  const bytes = await registry.encode(id, { id: 3 });
  assert.strictEqual(bytes.readInt32BE(1), id);
  assert.deepStrictEqual({ ...(await fresh().decode(bytes)) }, { id: 3 });
  assert.strictEqual(await fresh().getLatestSchemaId(name), id);
  assert.strictEqual(await fresh().getRegistryId(name, 1), id);
  schema.fields.push({ name: "note", type: "string", default: "-" });
  const next = await registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(schema) }, { subject: name });
  assert.notStrictEqual(next.id, id);
  schema.fields.push({ name: "price", type: "double" });
  await assert.rejects(registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(schema) }, { subject: name }), /incompatible/);
});

test("json schema and protobuf: register, encode, decode", async () => {
  const json = { type: "object", properties: { id: { type: "integer" } } };
  const registry = fresh();
  const one = await registry.register({ type: SchemaType.JSON, schema: JSON.stringify(json) }, { subject: subject() });
  assert.deepStrictEqual(await fresh().decode(await registry.encode(one.id, { id: 1 })), { id: 1 });
  const proto = 'syntax = "proto3";\npackage shop;\nmessage Order { int32 id = 1; }';
  const two = await registry.register({ type: SchemaType.PROTOBUF, schema: proto }, { subject: subject() });
  assert.strictEqual((await fresh().decode(await registry.encode(two.id, { id: 4 }))).id, 4);
});

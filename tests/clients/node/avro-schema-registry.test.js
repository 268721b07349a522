// The community client avro-schema-registry.
const assert = require("node:assert");
const { randomUUID } = require("node:crypto");
const test = require("node:test");

const fresh = () => require("avro-schema-registry")(process.env.SCHEMA_REGISTRY_URL);
const subject = () => "a" + randomUUID();
const order = { type: "record", name: "Order", namespace: "shop", fields: [{ name: "id", type: "long" }] };

test("messages carry the id and are read by a fresh client", async () => {
  const topic = subject();
  const bytes = await fresh().encodeMessage(topic, order, { id: 5 });
  assert.strictEqual(bytes.readUInt8(0), 0);
  assert.deepStrictEqual({ ...(await fresh().decode(bytes)) }, { id: 5 });
  const key = await fresh().encodeKey(topic, { type: "string" }, "k");
  assert.strictEqual(await fresh().decode(key), "k");
  const decoded = await fresh().decodeMessage(bytes);
  assert.deepStrictEqual({ ...decoded }, { id: 5 });
});

test("a subject's latest schema encodes too", async () => {
  const topic = subject();
  await fresh().encodeMessage(topic, order, { id: 5 });
  const bytes = await fresh().encodeMessageByTopicName(`${topic}-value`, { id: 6 });
  assert.deepStrictEqual({ ...(await fresh().decode(bytes)) }, { id: 6 });
});

test("ids can be had without encoding", async () => {
  const client = fresh();
  const topic = subject();
  const bytes = await client.encodeMessage(topic, order, { id: 5 });
  const byId = await client.encodeById(bytes.readInt32BE(1), { id: 7 });
  assert.deepStrictEqual({ ...(await fresh().decode(byId)) }, { id: 7 });
});

test("an incompatible schema is refused", async () => {
  const topic = subject();
  await fresh().encodeMessage(topic, order, { id: 5 });
  const broken = { ...order, fields: [...order.fields, { name: "price", type: "double" }] };
  await assert.rejects(fresh().encodeMessage(topic, broken, { id: 5, price: 1 }), /incompatible/);
});

// The official Node.js client: Avro, JSON Schema and Protobuf.
const assert = require("node:assert");
const { randomUUID } = require("node:crypto");
const test = require("node:test");
const registry = require("@confluentinc/schemaregistry");

const fresh = () => new registry.SchemaRegistryClient({ baseURLs: [process.env.SCHEMA_REGISTRY_URL] });
const topic = () => "n" + randomUUID().slice(0, 13);
const value = registry.SerdeType.VALUE;
const order = { type: "record", name: "Order", fields: [{ name: "id", type: "long" }] };
const wider = { ...order, fields: [...order.fields, { name: "note", type: "string", default: "" }] };
const broken = { ...order, fields: [...order.fields, { name: "price", type: "double" }] };
const avro = (schema) => ({ schemaType: "AVRO", schema: JSON.stringify(schema) });

test("avro: bytes written with an old schema are read with the new one", async () => {
  const name = topic();
  const client = fresh();
  const id = await client.register(`${name}-value`, avro(order), false);
  const serializer = new registry.AvroSerializer(client, value, { useLatestVersion: true });
  const bytes = await serializer.serialize(name, { id: 7 });
  assert.strictEqual(bytes.readUInt8(0), 0);
  assert.strictEqual(bytes.readInt32BE(1), id);
  assert.deepStrictEqual({ ...(await new registry.AvroDeserializer(fresh(), value, {}).deserialize(name, bytes)) }, { id: 7 });
  await client.register(`${name}-value`, avro(wider), false);
  const reader = new registry.AvroDeserializer(fresh(), value, { useLatestVersion: true });
  assert.deepStrictEqual({ ...(await reader.deserialize(name, bytes)) }, { id: 7, note: "" });
});

test("avro: an incompatible schema is refused", async () => {
  const name = topic();
  const client = fresh();
  await client.register(name, avro(order), false);
  await assert.rejects(client.register(name, avro(broken), false), (error) => {
    assert.strictEqual(error.status, 409);
    assert.strictEqual(error.errorCode, 40901);
    return true;
  });
  assert.strictEqual(await client.testSubjectCompatibility(name, avro(wider)), true);
  assert.strictEqual(await client.testSubjectCompatibility(name, avro(broken)), false);
});

test("json schema: round trip", async () => {
  const name = topic();
  const client = fresh();
  const schema = { type: "object", title: "Order", properties: { id: { type: "integer" } }, required: ["id"] };
  await client.register(`${name}-value`, { schemaType: "JSON", schema: JSON.stringify(schema) }, false);
  const serializer = new registry.JsonSerializer(client, value, { useLatestVersion: true, validate: true });
  const bytes = await serializer.serialize(name, { id: 1 });
  assert.deepStrictEqual(await new registry.JsonDeserializer(fresh(), value, {}).deserialize(name, bytes), { id: 1 });
  await assert.rejects(serializer.serialize(name, { id: "one" }));
});

test("protobuf: round trip", async () => {
  const { createFileRegistry, create } = require("@bufbuild/protobuf");
  const { FileDescriptorProtoSchema, FieldDescriptorProto_Type: Type, FieldDescriptorProto_Label: Label } = require("@bufbuild/protobuf/wkt");
  const name = topic();
  const file = create(FileDescriptorProtoSchema, {
    name: `${name}.proto`,
    package: name,
    syntax: "proto3",
    messageType: [{ name: "Order", field: [{ name: "id", number: 1, type: Type.INT32, label: Label.OPTIONAL, jsonName: "id" }] }],
  });
  const types = createFileRegistry(file, () => undefined);
  const message = types.getMessage(`${name}.Order`);
  const serializer = new registry.ProtobufSerializer(fresh(), value, { autoRegisterSchemas: true });
  serializer.registry.add(message);
  const bytes = await serializer.serialize(name, create(message, { id: 5 }));
  const read = await new registry.ProtobufDeserializer(fresh(), value, {}).deserialize(name, bytes);
  assert.strictEqual(read.id, 5);
});

test("the client's other calls", async () => {
  const name = topic();
  const client = fresh();
  const id = await client.register(name, avro(order), false);
  const latest = await client.getLatestSchemaMetadata(name);
  assert.deepStrictEqual([latest.id, latest.version, latest.subject], [id, 1, name]);
  assert.strictEqual((await client.getBySubjectAndId(name, id)).schema, JSON.stringify(order));
  assert.strictEqual((await fresh().getByGuid(latest.guid)).schema, JSON.stringify(order));
  assert.strictEqual(await fresh().getId(name, avro(order), false), id);
  assert.strictEqual(await fresh().getVersion(name, avro(order), false), 1);
  assert.deepStrictEqual(await client.getAllVersions(name), [1]);
  assert.ok((await client.getAllSubjects()).includes(name));
  await client.updateCompatibility(name, registry.Compatibility.FULL);
  assert.strictEqual(await client.getCompatibility(name), "FULL");
  assert.deepStrictEqual(await client.deleteSubject(name, false), [1]);
  assert.deepStrictEqual(await client.deleteSubject(name, true), [1]);
});

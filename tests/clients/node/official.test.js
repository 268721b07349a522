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

test("the rest of the client's calls", async () => {
  const name = topic();
  const client = fresh();
  const full = await client.registerFullResponse(name, avro(order), false);
  assert.ok(full.guid);
  assert.strictEqual((await fresh().getIdFullResponse(name, avro(order), false)).id, full.id);
  await client.register(name, avro(wider), true);
  assert.strictEqual((await fresh().getSchemaMetadata(name, 1, false)).id, full.id);
  assert.strictEqual(await client.testCompatibility(name, 1, avro(broken)), false);
  await client.updateConfig(name, { compatibility: registry.Compatibility.FULL, normalize: true });
  assert.strictEqual((await fresh().getConfig(name)).normalize, true);
  const before = await client.getDefaultCompatibility();
  await client.updateDefaultCompatibility(registry.Compatibility.NONE);
  assert.strictEqual((await fresh().getDefaultConfig()).compatibilityLevel, "NONE");
  await client.updateDefaultConfig({ compatibility: before });
  assert.strictEqual(await fresh().getDefaultCompatibility(), before);
  assert.strictEqual(await client.deleteSubjectVersion(name, 1, false), 1);
  assert.strictEqual(await client.deleteSubjectVersion(name, 1, true), 1);
  const other = topic();
  await client.register(other, { ...avro(order), metadata: { properties: { owner: other } } }, false);
  assert.strictEqual((await client.getLatestWithMetadata(other, { owner: other }, false)).version, 1);
});

test("references are resolved", async () => {
  const name = topic();
  const client = fresh();
  await client.register(`${name}-inner`, avro({ ...order, name: `Inner_${name.replaceAll("-", "_")}` }), false);
  const inner = `Inner_${name.replaceAll("-", "_")}`;
  const outer = { type: "record", name: "Outer", fields: [{ name: "i", type: inner }] };
  const references = [{ name: inner, subject: `${name}-inner`, version: 1 }];
  await client.register(`${name}-value`, { ...avro(outer), references }, false);
  const serializer = new registry.AvroSerializer(fresh(), value, { useLatestVersion: true });
  const bytes = await serializer.serialize(name, { i: { id: 7 } });
  const read = await new registry.AvroDeserializer(fresh(), value, {}).deserialize(name, bytes);
  assert.strictEqual(read.i.id, 7);
});

test("the guid travels in a header", async () => {
  const name = topic();
  const headers = {};
  await fresh().register(`${name}-value`, avro(order), false);
  const serializer = new registry.AvroSerializer(fresh(), value, { useLatestVersion: true, schemaIdSerializer: registry.HeaderSchemaIdSerializer });
  const bytes = await serializer.serialize(name, { id: 3 }, headers);
  assert.deepStrictEqual([...bytes], [6]);
  const reader = new registry.AvroDeserializer(fresh(), value, {});
  assert.deepStrictEqual({ ...(await reader.deserialize(name, bytes, headers)) }, { id: 3 });
});

test("a topic's association names the subject", async () => {
  const name = topic();
  const client = fresh();
  const shared = `shared-${name}`;
  const id = await client.register(shared, avro(order), false);
  const resource = { resourceName: name, resourceNamespace: "lkc-js", resourceId: `id-${name}`, resourceType: "topic" };
  const weak = { subject: shared, associationType: "value", lifecycle: "WEAK" };
  const created = await client.createAssociation({ ...resource, associations: [weak] });
  assert.strictEqual(created.associations[0].subject, shared);
  assert.strictEqual((await client.getAssociationsByResourceName(name, "lkc-js", "topic", ["value"], null, 0, -1)).length, 1);
  const bytes = await new registry.AvroSerializer(fresh(), value, { useLatestVersion: true }).serialize(name, { id: 7 });
  assert.strictEqual(bytes.readInt32BE(1), id);
  assert.deepStrictEqual({ ...(await new registry.AvroDeserializer(fresh(), value, {}).deserialize(name, bytes)) }, { id: 7 });
  await client.deleteAssociations(`id-${name}`, "topic", ["value"], false);
  assert.deepStrictEqual(await client.getAssociationsByResourceName(name, "-", "topic", ["value"], null, 0, -1), []);
});

test("a strong association brings its schema and takes it along", async () => {
  const name = topic();
  const client = fresh();
  const resource = { resourceName: name, resourceNamespace: "lkc-js", resourceId: `id-${name}`, resourceType: "topic" };
  const strong = { associationType: "value", schema: avro(order) };
  const created = await client.createAssociation({ ...resource, associations: [strong] });
  assert.strictEqual(created.associations[0].subject, `:.lkc-js:${name}-value`);
  const bytes = await new registry.AvroSerializer(fresh(), value, { useLatestVersion: true }).serialize(name, { id: 7 });
  assert.deepStrictEqual({ ...(await new registry.AvroDeserializer(fresh(), value, {}).deserialize(name, bytes)) }, { id: 7 });
  await assert.rejects(client.deleteAssociations(`id-${name}`, "topic", null, false), (error) => error.errorCode === 40908);
  await client.deleteAssociations(`id-${name}`, "topic", null, true);
  await assert.rejects(client.getAllVersions(`:.lkc-js:${name}-value`), (error) => error.errorCode === 40401);
});

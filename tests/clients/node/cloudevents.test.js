// Events that the JavaScript SDK makes, hostile but valid, judged by the registry.
const assert = require("node:assert");
const http = require("node:http");
const test = require("node:test");
const { CloudEvent, HTTP, Kafka } = require("cloudevents");

const HOSTILE = ["plain", "Euro € 😀", '50% "off" \\ %20 %', "a\u00a0b", "x".repeat(8000)];
const event = (subject, more) =>
  new CloudEvent({ id: "a%20b", source: "/a?c#d", type: "com.example.t", subject, extension1: subject, data: { a: 1 }, ...more });

// Header values go out as the bytes of UTF-8, unencoded: what the SDK leaves to whoever sends them.
const post = (path, headers, body) =>
  new Promise((resolve, reject) => {
    const raw = Object.entries(headers)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Buffer.from(String(value), "utf8").toString("latin1")]);
    const options = { method: "POST", headers: Object.fromEntries(raw) };
    const request = http.request(new URL(path, process.env.SCHEMA_REGISTRY_URL), options, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, report: JSON.parse(Buffer.concat(chunks)) }));
    });
    request.on("error", reject);
    // a string would be joined to the head, and both sent as UTF-8
    request.end(Buffer.from(body));
  });

const codes = (issues) => [...new Set(issues.map((issue) => issue.code))];

test("structured: no remark", async () => {
  for (const subject of HOSTILE) {
    const message = HTTP.structured(event(subject));
    const { status, report } = await post("/cloudevents/validate?mode=strict&schema=ignore", message.headers, message.body);
    assert.deepStrictEqual([status, report.errors, report.warnings], [200, [], []], JSON.stringify(report));
    assert.strictEqual(report.event.subject, subject);
  }
});

test("binary: headers that are not encoded are read, with a warning", async () => {
  for (const subject of HOSTILE) {
    // to be read as they are: a percent sign before two digits can't be told from an encoded one
    if (subject.includes("%20")) continue;
    const message = HTTP.binary(event(subject, { id: "1" }));
    const { status, report } = await post("/cloudevents/validate?schema=ignore", message.headers, message.body);
    assert.deepStrictEqual([status, report.errors], [200, []], JSON.stringify(report));
    assert.strictEqual(report.event.subject, subject);
    const sloppy = /[^\x21-\x7e]/.test(subject);
    assert.deepStrictEqual(codes(report.warnings), sloppy ? ["header.encoding"] : []);
  }
});

test("batch", async () => {
  const body = JSON.stringify(HOSTILE.map((subject) => event(subject)));
  const headers = { "content-type": "application/cloudevents-batch+json" };
  const { status, report } = await post("/cloudevents/validate?mode=strict&schema=ignore", headers, body);
  assert.deepStrictEqual([status, report.valid], [200, true], JSON.stringify(report).slice(0, 500));
  assert.deepStrictEqual(report.events.map((one) => one.event.subject), HOSTILE);
});

test("kafka: binary says its content type twice, structured has no remark", async () => {
  for (const subject of HOSTILE) {
    for (const [make, warned] of [[Kafka.binary, ["attribute.forbidden"]], [Kafka.structured, []]]) {
      const message = make(event(subject, { datacontenttype: "application/json" }));
      const value = typeof message.value === "string" ? message.value : JSON.stringify(message.value);
      const headers = Object.entries(message.headers).filter(([, header]) => header !== undefined);
      const record = { headers: headers.map(([key, header]) => ({ key, value: String(header) })), value };
      const sent = await post("/cloudevents/validate/kafka?schema=ignore", { "content-type": "application/json" }, JSON.stringify(record));
      assert.deepStrictEqual([sent.status, sent.report.errors], [200, []], JSON.stringify(sent.report));
      assert.deepStrictEqual(codes(sent.report.warnings), warned);
      assert.strictEqual(sent.report.event.subject, subject);
    }
  }
});

//! What is sent: schemas and requests.

use std::fmt::Write;

use serde_json::{Value, json};

/// Media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A record of `fields` fields that is unlike all others with another `mark`, and with all of them compatible in both directions when
/// `name` is the same: the marked field has a default.
pub fn schema(name: &str, fields: usize, mark: u64) -> Value {
    const TYPES: [&str; 4] = ["string", "long", "double", "boolean"];
    let mut all: Vec<Value> =
        (1..fields).map(|at| json!({ "name": format!("field_{at}"), "type": TYPES[at % TYPES.len()] })).collect();
    all.push(json!({ "name": format!("added_{mark}"), "type": ["null", "string"], "default": null }));
    json!({ "type": "record", "name": name, "namespace": "bench", "fields": all })
}

/// The body that registers or checks a schema.
pub fn submission(schema: &Value) -> String {
    json!({ "schema": schema.to_string() }).to_string()
}

/// Writes a GET, as serializers send it.
pub fn get(into: &mut String, path: std::fmt::Arguments<'_>) {
    request(into, "GET", path, None);
}

/// Writes a GET of a document that the client has a copy of.
pub fn revalidate(into: &mut String, path: std::fmt::Arguments<'_>, tag: &str) {
    into.clear();
    // writing to a string does not fail
    let _ = write!(into, "GET {path} HTTP/1.1\r\nhost: localhost\r\nif-none-match: {tag}\r\n\r\n");
}

/// Writes a POST with a body.
pub fn post(into: &mut String, path: std::fmt::Arguments<'_>, body: &str) {
    request(into, "POST", path, Some(body));
}

/// Writes a PUT with a body.
pub fn put(into: &mut String, path: std::fmt::Arguments<'_>, body: &str) {
    request(into, "PUT", path, Some(body));
}

/// A JSON Schema of 30 properties, and a document of some 1,024 bytes that it takes.
pub fn event_schema() -> (Value, String) {
    let mut properties = serde_json::Map::new();
    let mut data = serde_json::Map::new();
    for at in 0..30 {
        let (schema, value) = match at % 3 {
            0 => (
                json!({ "type": "string", "maxLength": 100 }),
                json!(format!("the value of property number {at}, as long as most")),
            ),
            1 => (json!({ "type": "integer", "minimum": 0 }), json!(at * 1_000)),
            _ => (json!({ "type": "array", "items": { "type": "number" } }), json!([at, 1.5])),
        };
        properties.insert(format!("property_{at}"), schema);
        data.insert(format!("property_{at}"), value);
    }
    let schema = json!({ "type": "object", "properties": properties, "required": ["property_0"], "additionalProperties": false });
    (schema, Value::Object(data).to_string())
}

/// Writes a CloudEvent in binary mode that is to be validated.
pub fn event(into: &mut String, dataschema: &str, data: &str) {
    into.clear();
    // writing to a string does not fail
    let _ = write!(
        into,
        "POST /cloudevents/validate HTTP/1.1\r\nhost: localhost\r\nce-specversion: 1.0\r\nce-id: 9f9b2c\r\nce-source: /bench\r\n\
         ce-type: com.example.bench\r\nce-time: 2026-05-07T10:15:00Z\r\nce-dataschema: {dataschema}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{data}",
        data.len()
    );
}

fn request(into: &mut String, method: &str, path: std::fmt::Arguments<'_>, body: Option<&str>) {
    into.clear();
    // writing to a string does not fail
    let _ = write!(into, "{method} {path} HTTP/1.1\r\nhost: localhost\r\naccept: {MEDIA_TYPE}, application/json\r\n");
    if let Some(body) = body {
        let _ = write!(into, "content-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    } else {
        into.push_str("\r\n");
    }
}

/// Small random numbers, the same in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

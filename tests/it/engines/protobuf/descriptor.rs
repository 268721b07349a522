//! Descriptors: taken as schemas, given as `format=serialized`, and compared with those of a compiler.

use accordant::schema::Format as _;
use accordant::schema::ParseMode;
use accordant::schema::protobuf::Schema;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::{options, proto3, read, read_with, reference, refused};

/// Files in memory.
struct Memory(Vec<(String, String)>);

impl FileResolver for Memory {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|(own, _)| own == name) {
            Some((_, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// What the compiler makes of a file, or why it does not.
pub(super) fn compiled(text: &str) -> Result<FileDescriptorProto, String> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Memory(vec![("root.proto".to_owned(), text.to_owned())]));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(false).include_source_info(false);
    compiler.open_file("root.proto").map_err(|error| error.to_string())?;
    Ok(compiler.file_descriptor_set().file.remove(0))
}

/// Our descriptor.
pub(super) fn serialized(schema: &Schema) -> FileDescriptorProto {
    let text = schema.formatted("SERIALIZED").expect("known").expect("never fails");
    FileDescriptorProto::decode(STANDARD.decode(text).expect("base64").as_slice()).expect("a descriptor")
}

fn field(found: &FieldDescriptorProto, oneofs: &[String]) -> String {
    let oneof = found.oneof_index.and_then(|at| oneofs.get(usize::try_from(at).expect("small")));
    format!(
        "{:?} {} {:?} {:?} {:?} {:?} {oneof:?} {:?} {:?} {:?}",
        found.number,
        found.name(),
        found.label,
        found.r#type,
        found.type_name,
        found.default_value,
        found.proto3_optional,
        found.options,
        found.extendee
    )
}

fn shape_of_enum(found: &EnumDescriptorProto) -> String {
    format!("enum {} {:?} {:?} {:?} {:?}", found.name(), found.value, found.options, found.reserved_range, found.reserved_name)
}

fn shape_of_message(found: &DescriptorProto) -> String {
    let oneofs: Vec<String> = found.oneof_decl.iter().map(|oneof| oneof.name().to_owned()).collect();
    let mut fields: Vec<String> = found.field.iter().map(|one| field(one, &oneofs)).collect();
    fields.sort();
    let extensions: Vec<String> = found.extension.iter().map(|one| field(one, &[])).collect();
    // The order of what maps and groups declare is nobody's business.
    let mut nested: Vec<String> = found.nested_type.iter().map(shape_of_message).collect();
    nested.sort();
    let enums: Vec<String> = found.enum_type.iter().map(shape_of_enum).collect();
    format!(
        "message {} {fields:#?} {extensions:#?} {nested:#?} {enums:#?} {:?} {:?} {:?} {:?}",
        found.name(),
        found.options,
        found.extension_range,
        found.reserved_range,
        found.reserved_name
    )
}

/// A descriptor without what both sides may do differently: the file's name, orders, and JSON names nobody stated.
pub(super) fn shape(file: &FileDescriptorProto) -> String {
    let messages: Vec<String> = file.message_type.iter().map(shape_of_message).collect();
    let enums: Vec<String> = file.enum_type.iter().map(shape_of_enum).collect();
    let extensions: Vec<String> = file.extension.iter().map(|one| field(one, &[])).collect();
    let services: Vec<String> = file
        .service
        .iter()
        .map(|service| {
            let methods: Vec<_> = service
                .method
                .iter()
                .map(|method| {
                    let streams = (method.client_streaming(), method.server_streaming());
                    format!("{} {} {} {streams:?} {:?}", method.name(), method.input_type(), method.output_type(), method.options)
                })
                .collect();
            format!("{} {methods:?} {:?}", service.name(), service.options)
        })
        .collect();
    format!("{:?} {messages:#?} {enums:#?} {extensions:#?} {services:#?} {:?} {:?}", file.package, file.options, file.dependency)
}

#[test]
fn descriptors_say_what_those_of_protox_say() {
    let texts = [
        "syntax = \"proto3\"; package p.q; message A { int32 foo_bar = 1; optional string s = 2; repeated A list = 3; map<string, E> map_of = 4; \
         oneof o { bool b = 5; N n = 6; } message N { reserved 4, 6 to 9; reserved \"x\"; } } enum E { option allow_alias = true; Z = 0; Y = 0; \
         reserved -5 to -3, 100 to max; } service S { option deprecated = true; rpc R (A) returns (stream .p.q.A) { option idempotency_level = \
         IDEMPOTENT; } }",
        "package p; message A { required int32 a = 1 [default = -5]; optional bytes b = 2 [default = \"a\\001\\377\\\"\"]; optional double d = 3 \
         [default = inf]; optional group G = 4 { optional E e = 1 [default = Y]; } extensions 100 to 199; extensions 500; repeated int32 p = 5 \
         [packed = true, deprecated = true]; optional string s = 6 [default = \"x\\\"y\"]; } enum E { Z = 3; Y = 1; } extend A { optional A a = 100; }",
        "import \"google/protobuf/timestamp.proto\"; import public \"google/protobuf/any.proto\"; option java_package = \"j\"; option optimize_for = \
         CODE_SIZE; option java_multiple_files = true; message A { optional google.protobuf.Timestamp t = 1; extend A { optional int32 x = 7; } \
         extensions 7 to 8; }",
    ];
    for text in texts {
        assert_eq!(shape(&serialized(&read(text))), shape(&compiled(text).expect(text)), "{text}");
    }
}

#[test]
fn both_forms_of_a_schema_are_one_schema() {
    let text = "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; package p; option java_package = \"j\"; message A { int32 foo_bar = 1 \
                [deprecated = true]; optional string s = 2; map<string, E> map_of = 4; oneof o { bool b = 5; N n = 6; } message N { reserved 4; } \
                google.protobuf.Timestamp t = 7 [json_name = \"when\"]; } enum E { Z = 0; Y = 1; } service S { rpc R (A) returns (A); }";
    let from_text = read(text);
    let sent = STANDARD.encode(compiled(text).expect("compiles").encode_to_vec());
    let from_bytes = read(&sent);
    assert_eq!(from_bytes.normalized(), from_text.normalized());
    assert_eq!(from_bytes.name(), from_text.name());
    let reread = read(&from_text.formatted("serialized").expect("known").expect("never fails"));
    assert_eq!(reread.normalized(), from_text.normalized());
}

#[test]
fn options_survive_both_ways() {
    let text = proto3(
        "import \"confluent/meta.proto\"; import \"google/protobuf/descriptor.proto\"; package p;\
         message M { int32 i = 1; repeated string r = 2; M m = 3; map<string, double> f = 4; E e = 5; bytes b = 6; sint64 z = 7; }\
         enum E { Z = 0; Y = 1; }\
         extend google.protobuf.FieldOptions { M mo = 50001; repeated E many = 50002; fixed32 word = 50003; }\
         message A { option (confluent.message_meta) = { doc: 'd', params: [{ key: 'k', value: 'v' }], tags: ['t', 'u'] };\
         string s = 1 [(mo) = { i: -1, r: ['a', 'b'], m: { e: Y }, f: { key: 'x', value: 1.5 }, b: '\\377', z: -3 }, (many) = Z, (many) = Y,\
         (word) = 7, debug_redact = true, targets = TARGET_TYPE_FILE]; }",
    );
    let schema = read(&text);
    let again = read(&schema.formatted("serialized").expect("known").expect("never fails"));
    assert_eq!(again.normalized(), schema.normalized());
}

#[test]
fn options_of_references_are_named() {
    let other = reference(
        "o.proto",
        "o",
        1,
        "import \"google/protobuf/descriptor.proto\"; package o; message M { optional string s = 1; } \
         extend google.protobuf.MessageOptions { optional M m = 50100; }",
    );
    let text = "import \"o.proto\"; message A { option (o.m).s = 'x'; }";
    let schema = read_with(text, std::slice::from_ref(&other));
    let bytes = schema.formatted("serialized").expect("known").expect("never fails");
    assert_eq!(read_with(&bytes, &[other]).normalized(), schema.normalized());
    assert_eq!(read(&bytes).canonical(), "\nimport \"o.proto\";\n\nmessage A {}\n", "nobody can name it");
}

#[test]
fn editions_survive_both_ways() {
    for text in [
        "edition = \"2023\";\n\noption features.field_presence = IMPLICIT;\n\nmessage A {\n  string s = 1;\n}\n",
        "edition = \"2024\";\n\nexport message A {\n  reserved x;\n\n  A a = 1 [features.message_encoding = DELIMITED];\n\n  local enum E {\n    Z = 0;\n  }\n}\n",
    ] {
        let schema = read(text);
        assert_eq!(schema.canonical(), text);
        let again = read(&schema.formatted("serialized").expect("known").expect("never fails"));
        assert_eq!(again.normalized(), schema.normalized(), "{text}");
    }
}

fn descriptor(change: impl FnOnce(&mut FileDescriptorProto)) -> String {
    let mut file = FileDescriptorProto {
        name: Some("x.proto".to_owned()),
        message_type: vec![DescriptorProto { name: Some("A".to_owned()), ..DescriptorProto::default() }],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    };
    change(&mut file);
    STANDARD.encode(file.encode_to_vec())
}

#[test]
fn bytes_that_are_no_file_are_refused() {
    read(&descriptor(|_| {}));
    assert!(refused(&descriptor(|file| file.syntax = Some("proto9".to_owned()))).message.ends_with("unexpected syntax: proto9"));
    let hostile = descriptor(|file| file.message_type[0].name = Some("A {} message B".to_owned()));
    assert!(refused(&hostile).message.ends_with("can't be written as the text of a .proto file"));
    let quiet = descriptor(|file| file.message_type.clear());
    assert!(refused(&quiet).message.contains("unexpected label: "), "bytes that say nothing are no schema");
    for text in
        ["AAAA", "hello", "aGVsbG8gd29ybGQ=", &format!(" {}", descriptor(|_| {})), &descriptor(|_| {}).replace('A', "\nA")]
    {
        assert!(refused(text).message.starts_with("Could not parse Protobuf - Syntax error in :"), "{text}");
    }
    let number = descriptor(|file| {
        file.message_type[0].field.push(FieldDescriptorProto {
            name: Some("f".to_owned()),
            number: Some(1),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::Int32.into()),
            ..FieldDescriptorProto::default()
        });
    });
    assert_eq!(read(&number).canonical(), "syntax = \"proto3\";\n\nmessage A {\n  int32 f = 1;\n}\n");
}

#[test]
fn deep_descriptors_are_refused() {
    let nest = |levels: usize| {
        let mut message = DescriptorProto { name: Some("A".to_owned()), ..DescriptorProto::default() };
        for _ in 1..levels {
            message = DescriptorProto { name: Some("A".to_owned()), nested_type: vec![message], ..DescriptorProto::default() };
        }
        descriptor(|file| file.message_type = vec![message])
    };
    assert_eq!(read(&nest(64)).name().as_deref(), Some("A"));
    let error = refused(&nest(65));
    // what is not taken for a descriptor is read as text
    assert!(error.message.starts_with("Could not parse Protobuf - Syntax error in :1:1: unexpected label: "), "{error}");
    let stored = Schema::parse(&nest(190), &[], &options(ParseMode::Stored)).expect("stored");
    assert_eq!(stored.name().as_deref(), Some("A"));
}

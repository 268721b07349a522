//! Where schemas come from, and what can be wrong with them.

use super::{BROKEN, OLD, SMALLER, folder, refused, run, run_with};

#[test]
fn either_side_may_be_standard_input() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    let new = run_with(files.path(), "check - --against old.avsc", BROKEN, &[]);
    assert_eq!((new.code, new.verdict()), (1, "stdin is not compatible with old.avsc under BACKWARD: 1 finding"));
    assert!(new.out.contains("--> stdin:7:5 (new)"), "{}", new.out);
    let old = run_with(files.path(), "check new.avsc --against -", OLD, &[]);
    assert_eq!((old.code, old.verdict()), (1, "new.avsc is not compatible with stdin under BACKWARD: 1 finding"));
    refused(&run(files.path(), "check - --against -"), "standard input can be one schema only");
}

#[test]
fn the_format_comes_from_the_extension_or_from_the_flag() {
    let files = folder(&[("old", OLD), ("new", SMALLER), ("old.json", OLD), ("new.json", SMALLER)]);
    refused(
        &run(files.path(), "check new --against old"),
        "new: the name does not tell the format: --type avro, protobuf or json",
    );
    assert_eq!(run(files.path(), "check new --against old --type avro").code, 0);
    let forward = run(files.path(), "check new.json --against-dir . --type AVRO --level FORWARD");
    assert_eq!(forward.code, 1, "{}", forward.out);
}

#[test]
fn a_folder_without_earlier_versions_is_no_verdict() {
    let files = folder(&[("a/new.avsc", OLD), ("b/new.proto", "")]);
    refused(&run(files.path(), "check a/new.avsc --against-dir a"), "a: no AVRO schemas in this folder to compare with");
    refused(&run(files.path(), "check a/new.avsc --against-dir b"), "b: no AVRO schemas in this folder to compare with");
    assert_eq!(run(files.path(), "check a/new.avsc --against-dir c").code, 2);
}

#[test]
fn what_can_not_be_read_is_one_line_with_its_place() {
    let files = folder(&[
        ("ok.avsc", OLD),
        ("torn.avsc", "{\n  \"type\": \"record\",\n  oops\n"),
        (
            "wrong.avsc",
            "{\n  \"type\": \"record\",\n  \"name\": \"A\",\n  \"fields\": [{\"name\": \"x\", \"type\": \"nope\"}]\n}\n",
        ),
        ("torn.proto", "syntax = \"proto3\";\nmessage {\n"),
        ("torn.json", "{\n  \"type\": }"),
        ("empty.avsc", "  \n"),
    ]);
    for (arguments, place) in [
        ("check torn.avsc --against ok.avsc", "torn.avsc:3:3: "),
        ("check ok.avsc --against torn.avsc", "torn.avsc:3:3: "),
        ("check wrong.avsc --against ok.avsc", "wrong.avsc:4:"),
        ("check torn.proto --against torn.proto", "torn.proto:2:"),
        ("check torn.json --against torn.json", "torn.json:2:"),
        ("check empty.avsc --against ok.avsc", "empty.avsc: the schema is empty"),
        ("check gone.avsc --against ok.avsc", "gone.avsc: can't be read: "),
        ("check ok.avsc", "nothing to compare with: "),
        ("check ok.avsc --against ok.avsc --reference x", "reference 'x': expected NAME=PATH"),
    ] {
        let run = run(files.path(), arguments);
        assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{arguments}: {}", run.err);
        assert!(run.err.starts_with(&format!("accordant: {place}")), "{arguments}: {}", run.err);
    }
    let told = run(files.path(), "check torn.avsc --against ok.avsc --format github");
    assert_eq!(told.code, 2);
    assert!(told.out.starts_with("::error file=torn.avsc,line=3,col=3,title=accordant%3A no verdict::"), "{}", told.out);
}

#[test]
fn avro_references_may_come_in_any_order() {
    let new = r#"{"type": "record", "name": "A", "fields": [{"name": "b", "type": "shop.B"}]}"#;
    let b = r#"{"type": "record", "name": "B", "namespace": "shop", "fields": [{"name": "c", "type": "C"}]}"#;
    let c = r#"{"type": "enum", "name": "C", "namespace": "shop", "symbols": ["X"]}"#;
    let files = folder(&[("a.avsc", new), ("b.avsc", b), ("c.avsc", c), ("d.avsc", &c.replace('X', "Y"))]);
    let given = "--reference shop.B=b.avsc --reference shop.C=c.avsc";
    assert_eq!(run(files.path(), &format!("check a.avsc --against a.avsc {given}")).code, 0);
    let other = "--against-reference shop.B=b.avsc --against-reference shop.C=d.avsc";
    let changed = run(files.path(), &format!("check a.avsc --against a.avsc {given} {other}"));
    assert_eq!(changed.code, 1);
    assert!(changed.out.starts_with("error[MISSING_ENUM_SYMBOLS]"), "{}", changed.out);
    let missing = run(files.path(), "check a.avsc --against a.avsc --reference shop.B=b.avsc");
    refused(&missing, "b.avsc:1:87: Undefined schema: shop.C");
}

#[test]
fn imports_are_found_below_the_proto_path() {
    let order = "syntax = \"proto3\";\nimport \"shop/money.proto\";\nimport \"google/protobuf/timestamp.proto\";\n\
                 message Order {\n  shop.Money total = 1;\n  google.protobuf.Timestamp at = 2;\n}\n";
    let money = "syntax = \"proto3\";\npackage shop;\nimport public \"shop/unit.proto\";\nmessage Money {\n  Unit unit = 1;\n}\n";
    let unit = "syntax = \"proto3\";\npackage shop;\nmessage Unit {\n  int64 n = 1;\n}\n";
    let files = folder(&[
        ("order.proto", order),
        ("one/shop/money.proto", money),
        ("two/shop/unit.proto", unit),
        ("old/shop/unit.proto", &unit.replace("int64", "string")),
    ]);
    let found = run(files.path(), "check order.proto --against order.proto --proto-path one --proto-path two");
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    let named = "--reference shop/money.proto=one/shop/money.proto --reference shop/unit.proto=two/shop/unit.proto";
    assert_eq!(run(files.path(), &format!("check order.proto --against order.proto {named}")).code, 0);
    let changed = "check order.proto --against order.proto --proto-path one --proto-path two --against-proto-path one --against-proto-path old";
    let changed = run(files.path(), changed);
    assert_eq!(changed.code, 1, "{}{}", changed.out, changed.err);
    let missing = run(files.path(), "check order.proto --against order.proto");
    let hint = "(import not found: shop/money.proto; see --proto-path and --reference)";
    refused(&missing, &format!("order.proto:5:3: Could not resolve type: shop.Money {hint}"));
}

#[test]
fn json_schemas_refer_by_name() {
    let new = r#"{"type": "object", "properties": {"a": {"$ref": "a.json"}}}"#;
    let files =
        folder(&[("new.json", new), ("parts/a.json", r#"{"type": "string"}"#), ("parts/b.json", r#"{"type": "integer"}"#)]);
    let arguments = "check new.json --against new.json --reference a.json=parts/a.json";
    assert_eq!(run(files.path(), arguments).code, 0);
    assert_eq!(run(files.path(), &format!("{arguments} --against-reference a.json=parts/b.json")).code, 1);
    assert_eq!(run(files.path(), "check new.json --against new.json").code, 2);
}

#[test]
fn a_descriptor_is_shown_as_the_text_it_stands_for() {
    let old = "syntax = \"proto3\";\nmessage M {\n  int32 a = 1;\n}\n";
    // FileDescriptorProto: name "m.proto", message M with string a = 1, syntax proto3
    let new = "CgdtLnByb3RvIgwKAU0SBwoBYRgBKAliBnByb3RvMw==";
    let files = folder(&[("old.proto", old), ("new.proto", new)]);
    let shown = run(files.path(), "check new.proto --against old.proto");
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    assert!(shown.out.contains("--> new.proto:4:3 (new)\n   4 |   string a = 1;\n"), "{}", shown.out);
}

#[test]
fn files_may_be_in_any_encoding_of_unicode() {
    let proto = "syntax = \"proto3\";\nmessage M { string a = 1; } // ä\n";
    for (name, text) in [("s.avsc", OLD), ("s.proto", proto), ("s.json", r#"{"title":"ä"}"#)] {
        let files = folder(&[(name, text)]);
        let path = files.path().join(format!("new-{name}"));
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        for bytes in [format!("\u{feff}{text}").into_bytes(), utf16, utf32] {
            std::fs::write(&path, bytes).unwrap();
            let same = run(files.path(), &format!("check new-{name} --against {name} --level FULL"));
            assert_eq!((same.code, same.err.as_str()), (0, ""), "{name}: {}", same.out);
        }
    }
    let files = folder(&[("old.avsc", OLD)]);
    std::fs::write(files.path().join("new.avsc"), b"\"string\xff\"").unwrap();
    refused(&run(files.path(), "check new.avsc --against old.avsc"), "new.avsc: can't be read: the text is not UTF-8");
}

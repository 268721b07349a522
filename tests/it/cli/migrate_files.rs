//! What other registries keep in binary files, read by `accordant import` and `digest`: written here from what is known of the formats.

use std::hash::Hasher as _;
use std::io::Write as _;

use serde_json::{Value, json};
use twox_hash::XxHash3_64;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::check::{Run, folder, run_with};
use crate::support::app::{Database, TestApp, record};

fn ask(files: &tempfile::TempDir, arguments: &str) -> Run {
    tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]))
}

// --- Avro's binary encoding

fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(u8::try_from(rest & 0x7F).unwrap() | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap());
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    long(out, i64::try_from(value.len()).unwrap());
    out.extend_from_slice(value);
}

fn optional(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(value) => {
            long(out, 0);
            bytes(out, value);
        }
        None => long(out, 1),
    }
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
}

/// A backup of version 3: the file that says what there is, and that of the records, with a checkpoint at the last one.
fn karapace(records: &[(&str, Option<&str>)]) -> (Vec<u8>, Vec<u8>) {
    let (mut data, mut sum) = (Vec::new(), XxHash3_64::with_seed(0));
    for (at, (key, value)) in records.iter().enumerate() {
        let mut body = Vec::new();
        optional(&mut body, Some(key.as_bytes()));
        optional(&mut body, value.map(str::as_bytes));
        long(&mut body, 1);
        bytes(&mut body, b"header");
        bytes(&mut body, b"value");
        long(&mut body, 0);
        long(&mut body, i64::try_from(at).unwrap());
        long(&mut body, 1_700_000_000_000);
        let checkpoint = sum.finish().to_be_bytes();
        optional(&mut body, Some(&checkpoint[..]).filter(|_| at + 1 == records.len()));
        let whole = framed(&body);
        sum.write(&whole);
        data.extend(whole);
    }
    let count = i64::try_from(records.len()).unwrap();
    let mut body = Vec::new();
    long(&mut body, 3);
    for text in ["karapace", "5.0.3"] {
        bytes(&mut body, text.as_bytes());
    }
    for number in [1, 2, count] {
        long(&mut body, number);
    }
    bytes(&mut body, b"_schemas");
    long(&mut body, 1);
    for number in [1, 1] {
        long(&mut body, number);
    }
    long(&mut body, 1);
    bytes(&mut body, b"cleanup.policy");
    bytes(&mut body, b"compact");
    long(&mut body, 0);
    long(&mut body, 1);
    bytes(&mut body, b"_schemas:0.data");
    long(&mut body, 0);
    bytes(&mut body, &sum.finish().to_be_bytes());
    for number in [count, 0, count, 0] {
        long(&mut body, number);
    }
    long(&mut body, 1);
    ([b"/V3\n".to_vec(), framed(&body)].concat(), data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_karapace_backup_of_version_3_is_read_and_its_checksums_are_held() {
    let app = TestApp::new(Database::Sqlite).await;
    let (metadata, data) = karapace(&[
        (
            r#"{"keytype":"SCHEMA","subject":"a","version":1,"magic":1}"#,
            Some(r#"{"subject":"a","version":1,"id":7,"schema":"\"int\"","deleted":false}"#),
        ),
        (
            r#"{"keytype":"SCHEMA","subject":"b","version":1,"magic":1}"#,
            Some(r#"{"subject":"b","version":1,"id":8,"schema":"\"long\"","deleted":false}"#),
        ),
        (r#"{"keytype":"CONFIG","subject":"a","magic":0}"#, Some(r#"{"subject":"a","compatibilityLevel":"FULL"}"#)),
        (r#"{"keytype":"SCHEMA","subject":"b","version":1,"magic":1}"#, Some("")),
    ]);
    let files = folder(&[]);
    let write = |name: &str, bytes: &[u8]| std::fs::write(files.path().join(name), bytes).unwrap();
    write("_schemas.metadata", &metadata);
    write("_schemas:0.data", &data);
    let read = ask(&files, &format!("import _schemas.metadata --to http://{}", app.address));
    assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
    assert_eq!(app.get("/subjects?deleted=true").await.ok(), json!(["a"]));
    assert_eq!(app.get("/subjects/a/versions/1").await.ok()["id"], 7);
    let mut flipped = data.clone();
    let at = flipped.len() / 2;
    flipped[at] ^= 1;
    let longer = [data.as_slice(), b"x"].concat();
    for (bytes, why) in [
        (&flipped[..], "_schemas:0.data: "),
        (&data[..data.len() - 1], "it ends too early"),
        (&longer, "there is more behind the last record"),
    ] {
        write("_schemas:0.data", bytes);
        let refused = ask(&files, "digest --file _schemas.metadata");
        assert!(refused.code == 2 && refused.err.contains(why), "{why}: {}", refused.err);
    }
    write("_schemas.metadata", &metadata[..metadata.len() - 2]);
    let refused = ask(&files, "digest --file _schemas.metadata");
    assert!(refused.code == 2 && refused.err.contains("is no backup of Karapace: it ends too early"), "{}", refused.err);
}

fn zip(entries: &[(&str, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_apicurio_are_read_with_the_ids_that_clients_know() {
    let content = |id: i64, hash: &str, kind: Option<&str>, references: Option<Value>| {
        let mut one =
            json!({ "contentId": id, "contentHash": hash, "serializedReferences": references.map(|all| all.to_string()) });
        one["artifactType"] = json!(kind);
        one.to_string()
    };
    let version = |global: i64, group: Option<&str>, artifact: &str, order: (&str, i64), state: &str, content: i64| {
        let (key, place) = order;
        let mut one = json!({ "globalId": global, "groupId": group, "artifactId": artifact, "version": format!("{place}.0"), "state": state, "contentId": content });
        one[key] = json!(place);
        if key == "versionId" {
            one["artifactType"] = json!("AVRO");
        }
        one.to_string()
    };
    let order_text = r#"{"type":"record","name":"Order","fields":[{"name":"total","type":"Money"}]}"#;
    let reference = json!([{ "groupId": "pay", "artifactId": "money", "version": "1.0", "name": "Money" }]);
    let three = zip(&[
        ("manifest-1.Manifest.json", json!({ "exportVersion": "3.0" }).to_string()),
        ("content/m.Content.json", content(3, "m", Some("AVRO"), None)),
        ("content/m.Content.data", record("Money", &["units"])),
        ("content/o.Content.json", content(4, "o", Some("AVRO"), Some(reference))),
        ("content/o.Content.data", order_text.to_owned()),
        ("content/w.Content.json", content(5, "w", Some("WSDL"), None)),
        ("content/w.Content.data", "<x/>".to_owned()),
        (
            "groups/pay/artifacts/money/MetaData.Artifact.json",
            json!({ "groupId": "pay", "artifactId": "money", "artifactType": "AVRO" }).to_string(),
        ),
        (
            "groups/pay/artifacts/money/versions/1.ArtifactVersion.json",
            version(11, Some("pay"), "money", ("versionOrder", 1), "ENABLED", 3),
        ),
        (
            "groups/default/artifacts/order/versions/2.ArtifactVersion.json",
            version(12, None, "order", ("versionOrder", 2), "DISABLED", 4),
        ),
        (
            "groups/default/artifacts/order/versions/3.ArtifactVersion.json",
            version(13, None, "order", ("versionOrder", 3), "DRAFT", 4),
        ),
        (
            "groups/default/artifacts/web/versions/1.ArtifactVersion.json",
            version(14, None, "web", ("versionOrder", 1), "ENABLED", 5),
        ),
        (
            "groups/default/artifacts/order/rules/C.ArtifactRule.json",
            json!({ "groupId": null, "artifactId": "order", "type": "COMPATIBILITY", "configuration": "FULL" }).to_string(),
        ),
        ("rules/C.GlobalRule.json", json!({ "ruleType": "COMPATIBILITY", "configuration": "NONE" }).to_string()),
    ]);
    let two = zip(&[
        ("content/m.Content.json", content(3, "m", None, None)),
        ("content/m.Content.data", "\"int\"".to_owned()),
        (
            "groups/default/artifacts/a/versions/1.ArtifactVersion.json",
            version(9, Some("default"), "a", ("versionId", 1), "ENABLED", 3),
        ),
    ]);
    let files = folder(&[]);
    std::fs::write(files.path().join("three.zip"), three).unwrap();
    std::fs::write(files.path().join("two.zip"), two).unwrap();
    let app = TestApp::new(Database::Sqlite).await;
    let asked = ask(&files, "digest --file three.zip");
    assert!(asked.code == 2 && asked.err.contains("--ids content"), "{}", asked.err);
    let read = ask(&files, &format!("import three.zip --ids content --to http://{}", app.address));
    assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
    for what in ["order version 3: it is a draft", "web version 1: it is of the type WSDL"] {
        assert!(read.err.contains(what), "{}", read.err);
    }
    assert_eq!(app.get("/subjects/:.pay:money/versions/1").await.ok()["id"], 3);
    let order = app.get("/subjects/order/versions/2?deleted=true").await.ok();
    assert_eq!((&order["id"], &order["references"][0]["subject"]), (&json!(4), &json!(":.pay:money")));
    assert_eq!(app.get("/subjects/order/versions").await.status, 404, "it is disabled there");
    assert_eq!(app.get("/config/order").await.ok()["compatibilityLevel"], "FULL");
    let other = TestApp::new(Database::Sqlite).await;
    let read = ask(&files, &format!("import two.zip --ids global --to http://{}", other.address));
    assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
    assert_eq!(other.get("/subjects/a/versions/1").await.ok()["id"], 9);
    std::fs::write(files.path().join("broken.zip"), b"PK\x03\x04nothing").unwrap();
    let refused = ask(&files, "digest --file broken.zip --ids content");
    assert!(refused.code == 2 && refused.err.contains("is no zip"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_are_compressed_as_their_names_say() {
    let app = TestApp::new(Database::Sqlite).await;
    app.register("a", &record("A", &["a"])).await;
    let files = folder(&[]);
    let mut digests = Vec::new();
    for name in ["all.jsonl", "all.jsonl.gz", "all.jsonl.zst"] {
        assert_eq!(ask(&files, &format!("export --from http://{} --output {name}", app.address)).code, 0);
        let read = ask(&files, &format!("digest --json --file {name}"));
        assert_eq!(read.code, 0, "{}", read.err);
        digests.push(read.json());
    }
    assert!(digests.windows(2).all(|two| two[0] == two[1]), "{digests:?}");
    let packed = std::fs::read(files.path().join("all.jsonl.zst")).unwrap();
    assert!(packed.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]));
    std::fs::write(files.path().join("cut.zst"), &packed[..packed.len() / 2]).unwrap();
    let refused = ask(&files, "digest --file cut.zst");
    assert!(refused.code == 2 && refused.err.contains("can't be decompressed"), "{}", refused.err);
}

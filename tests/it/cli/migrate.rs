//! `accordant migrate` and `digest`, between servers and with what is no registry of ours.

use serde_json::{Value, json};

use super::check::{Run, folder, run_with};
use crate::on_both;
use crate::support::app::{Database, Fresh, Setup, TestApp, record};

fn url(app: &TestApp) -> String {
    format!("http://{}", app.address)
}

fn ask(arguments: &str) -> Run {
    let files = folder(&[]);
    tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]))
}

fn migrate(from: &TestApp, to: &TestApp, more: &str) -> Run {
    ask(&format!("migrate --from {} --to {} {more}", url(from), url(to)))
}

fn digest(app: &TestApp) -> Value {
    ask(&format!("digest --json --registry {}", url(app))).json()
}

/// Contexts, gaps, deletions, references of three formats across contexts, metadata, rules, configs and modes.
async fn fill(app: &TestApp) {
    app.register("z-money", &record("Money", &["units"])).await;
    app.register_as(
        "a-order",
        "AVRO",
        r#"{"type":"record","name":"Order","fields":[{"name":"total","type":"Money"}]}"#,
        &[("Money", "z-money", 1)],
    )
    .await;
    app.register_as(":.x:item", "PROTOBUF", "syntax = \"proto3\"; message Item { string sku = 1; }", &[]).await;
    app.register_as(
        "cart",
        "PROTOBUF",
        "syntax = \"proto3\"; import \"item.proto\"; message Cart { repeated Item items = 1; }",
        &[("item.proto", ":.x:item", 1)],
    )
    .await;
    app.register_as("name", "JSON", r#"{"type":"string"}"#, &[]).await;
    app.register_as(
        "person",
        "JSON",
        r#"{"type":"object","properties":{"name":{"$ref":"name.json"}}}"#,
        &[("name.json", "name", 1)],
    )
    .await;
    app.put("/config/gaps", &json!({ "compatibility": "NONE", "normalize": true })).await.ok();
    for fields in [&["a"][..], &["b"], &["c"], &["d"]] {
        app.register("gaps", &record("Gaps", fields)).await;
    }
    for (path, times) in [("/subjects/gaps/versions/1", 2), ("/subjects/gaps/versions/3", 1), ("/subjects/name/versions/1", 0)] {
        for time in 0..times {
            let permanent = if time == 1 { "?permanent=true" } else { "" };
            app.delete(&format!("{path}{permanent}")).await.ok();
        }
    }
    // metadata without anything in it counts in the guid
    app.post("/subjects/gone/versions", &json!({ "schema": record("Gone", &["a"]), "metadata": {} })).await.ok();
    app.delete("/subjects/gone").await.ok();
    let contract = json!({
        "schema": record("Contract", &["a"]),
        "metadata": { "properties": { "owner": "team" }, "tags": { "Contract.a": ["PII"] } },
        "ruleSet": { "domainRules": [{ "name": "r", "kind": "CONDITION", "type": "CEL", "mode": "WRITE", "expr": "message.a > 0" }] },
    });
    app.post("/subjects/contract/versions", &contract).await.ok();
    app.put("/config/:.x:", &json!({ "compatibility": "FULL" })).await.ok();
    app.put("/config", &json!({ "compatibility": "BACKWARD_TRANSITIVE" })).await.ok();
    app.put("/mode/gaps", &json!({ "mode": "READONLY" })).await.ok();
}

const KEKS: &str = "/dek-registry/v1/keks";

/// Two KEKs, one of them deleted; DEKs of all algorithms, in contexts, with versions, deleted, and behind an alias.
async fn fill_keys(app: &TestApp) {
    let kek = json!({ "name": "one", "kmsType": "aws-kms", "kmsKeyId": "arn:aws:kms:x", "kmsProps": { "b": "2", "a": "1" }, "doc": "d" });
    app.post(KEKS, &kek).await.ok();
    app.post(KEKS, &json!({ "name": "gone", "kmsType": "local", "kmsKeyId": "x", "deleted": true })).await.ok();
    for (subject, algorithm, version, deleted) in [
        ("a", "AES256_GCM", 1, false),
        ("a", "AES256_GCM", 3, true),
        (":.x:a", "AES256_SIV", 1, false),
        ("b", "AES128_GCM", 2, false),
    ] {
        let dek = json!({ "subject": subject, "algorithm": algorithm, "version": version, "deleted": deleted, "encryptedKeyMaterial": "d3JhcHBlZA==" });
        app.post(&format!("{KEKS}/one/deks"), &dek).await.ok();
    }
    let dek = json!({ "subject": "b", "deleted": true, "encryptedKeyMaterial": "Z29uZQ==" });
    app.post(&format!("{KEKS}/gone/deks"), &dek).await.ok();
}

/// As releases wrote it whose digests were made of whole versions.
const OLD_BUNDLE: &str = r#"{"kind":"accordant-bundle","format":2,"source":"sqlite://x.db","keys":true,"clusterId":"bd5325f0-7d43-40b2-a326-4a69e3c0283f"}
{"context":{"name":".","highestId":102}}
{"version":{"subject":"old","version":1,"id":101,"guid":"ef524ea1-b91e-7317-3d93-8ade36c1db32","schemaType":"AVRO","schema":"\"int\""}}
{"version":{"subject":"old","version":3,"id":102,"guid":"e1dd9a1e-f98b-451b-5369-0370b393966b","deleted":true,"schemaType":"AVRO","schema":"\"long\""}}
{"config":{"scope":"","config":{"compatibility":"BACKWARD"}}}
{"end":{"versions":2,"configs":1,"modes":0,"keks":0,"deks":0,"digest":"48407e873684e7512c903559ebb217472f2a3970bb2f9920d1facc36cc79f272"}}
"#;

on_both! {
    async fn bundles_of_older_releases_are_read(db) {
        let files = folder(&[("old.jsonl", OLD_BUNDLE), ("changed.jsonl", &OLD_BUNDLE.replace("long", "string"))]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        let target = Fresh::new(db).await;
        let done = ask(&format!("import old.jsonl --database {}", target.url));
        assert!(done.code == 0 && done.out.ends_with("equal\n"), "{}{}", done.out, done.err);
        assert_eq!(ask("digest --json --file old.jsonl").json(), ask(&format!("digest --json --database {}", target.url)).json());
        let refused = ask("digest --file changed.jsonl");
        assert!(refused.code == 2 && refused.err.contains("not what its digest was made of"), "{}", refused.err);
    }

    async fn versions_are_copied_after_what_they_refer_to_whatever_their_names_are(db) {
        let (from, target) = (TestApp::new(db).await, Fresh::new(db).await);
        // each refers to one whose name comes later
        from.register("z", &record("Z", &["a"])).await;
        for (name, before) in [("y", "Z"), ("x", "Y"), ("w", "X")] {
            let own = name.to_uppercase();
            let text = format!(r#"{{"type":"record","name":"{own}","fields":[{{"name":"n","type":"{before}"}}]}}"#);
            from.register_as(name, "AVRO", &text, &[(before, &before.to_lowercase(), 1)]).await;
        }
        from.delete("/subjects/w").await.ok();
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        assert_eq!(ask(&format!("export --database {} --output all.jsonl", from.database_url())).code, 0);
        let bundle = std::fs::read_to_string(files.path().join("all.jsonl")).unwrap();
        let place = |text: &str, name: &str| text.find(&format!(r#""subject":"{name}","version":1,"id""#)).unwrap();
        assert!(place(&bundle, "w") < place(&bundle, "z"), "{bundle}");
        let done = ask(&format!("import all.jsonl --database {}", target.url));
        assert!(done.code == 0 && done.out.ends_with("equal\n"), "{}{}", done.out, done.err);
        // whoever reads the topic does not wait for what comes later
        assert_eq!(ask(&format!("export --database {} --format schemas-topic --output topic.txt", target.url)).code, 0);
        let topic = std::fs::read_to_string(files.path().join("topic.txt")).unwrap();
        assert!(["z", "y", "x", "w"].map(|name| place(&topic, name)).is_sorted(), "{topic}");
        // out of the order that the format has
        let mut lines: Vec<&str> = bundle.lines().collect();
        let versions: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with(r#"{"version""#)).collect();
        lines.swap(versions[0], versions[1]);
        std::fs::write(files.path().join("odd.jsonl"), lines.join("\n")).unwrap();
        let refused = ask("digest --file odd.jsonl");
        assert!(refused.code == 2 && refused.err.contains("in the order of their subjects"), "{}", refused.err);
    }

    async fn everything_is_copied_and_both_have_one_digest(db) {
        let (from, to, third) = (TestApp::new(db).await, TestApp::new(db).await, TestApp::new(Database::Sqlite).await);
        fill(&from).await;
        let dry = migrate(&from, &to, "--dry-run");
        assert_eq!((dry.code, dry.out.as_str()), (0, "to copy: 11 versions, 2 deletions, 4 settings\n"), "{}", dry.err);
        assert_eq!(to.get("/subjects?deleted=true").await.ok(), json!([]));
        let done = migrate(&from, &to, "--json");
        let report = done.json();
        assert_eq!((done.code, &report["equal"], &report["differences"]), (0, &json!(true), &json!([])), "{}", done.err);
        assert_eq!(digest(&from), digest(&to));
        assert_eq!((&report["source"]["versions"], &report["source"]["deletedVersions"]), (&json!(11), &json!(2)));
        for path in ["/mode", "/subjects/gaps/versions", "/subjects/gaps/versions?deleted=true", "/subjects/contract/versions/1/schema"] {
            assert_eq!(from.get(path).await.text, to.get(path).await.text, "{path}");
        }
        // ids go on where they were
        let id = to.register("new", &record("New", &["a"])).await;
        assert_eq!(id, from.register("new", &record("New", &["a"])).await);
        // again there is nothing to do; on to a third it is the same
        let again = migrate(&from, &to, "");
        assert!(again.code == 0 && again.err.contains("copied: 0 versions, 0 deletions, 0 settings"), "{}{}", again.out, again.err);
        assert_eq!(migrate(&to, &third, "").code, 0);
        assert_eq!(digest(&third), digest(&from));
    }

    async fn files_and_back_are_the_same_registry(db) {
        let (from, to, third) = (TestApp::new(db).await, TestApp::new(db).await, TestApp::new(Database::Sqlite).await);
        fill(&from).await;
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        let written = ask(&format!("export --from {} --output all.jsonl.gz", url(&from)));
        assert_eq!(written.code, 0, "{}", written.err);
        let read = ask(&format!("import all.jsonl.gz --to {}", url(&to)));
        assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
        ask(&format!("export --from {} --output topic.txt --format schemas-topic", url(&to)));
        let read = ask(&format!("import topic.txt --to {}", url(&third)));
        assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
        assert_eq!((digest(&to), digest(&third)), (digest(&from), digest(&from)));
        assert_eq!(ask("digest --json --file topic.txt").json(), digest(&from));
        // a bundle that was cut or changed is refused
        ask(&format!("export --from {} --output all.jsonl", url(&from)));
        let text = std::fs::read_to_string(files.path().join("all.jsonl")).unwrap();
        for (name, text, why) in [
            ("cut", text.lines().take(5).collect::<Vec<_>>().join("\n"), "it was cut"),
            ("changed", text.replacen("Money", "Honey", 1), "not what its digest was made of"),
        ] {
            std::fs::write(files.path().join(name), text).unwrap();
            let refused = ask(&format!("import {name} --to {}", url(&to)));
            assert!(refused.code == 2 && refused.err.contains(why), "{}", refused.err);
        }
    }

    async fn wrapped_keys_travel_with_versions_deletions_and_algorithms(db) {
        let (from, to, third) = (TestApp::new(db).await, TestApp::new(db).await, TestApp::new(Database::Sqlite).await);
        from.register("a", &record("A", &["a"])).await;
        fill_keys(&from).await;
        // a registry that has one of them otherwise, and what the source does not have
        let kek = json!({ "name": "one", "kmsType": "aws-kms", "kmsKeyId": "arn:aws:kms:x", "kmsProps": { "a": "z" } });
        to.post(KEKS, &kek).await.ok();
        to.post(&format!("{KEKS}/one/deks/a"), &json!({ "encryptedKeyMaterial": "b3RoZXI=" })).await.ok();
        to.post(&format!("{KEKS}/one/deks/more"), &json!({ "encryptedKeyMaterial": "bW9yZQ==" })).await.ok();
        let done = migrate(&from, &to, "");
        assert!(done.code == 1 && done.out.contains("DEK 1 of more (AES256_GCM) under one: dek: the source does not have it\n"), "{}{}", done.out, done.err);
        let done = migrate(&from, &to, "--mirror");
        assert!(done.code == 0 && done.out.ends_with("equal\n") && done.out.contains("2 KEKs, 5 DEKs"), "{}{}", done.out, done.err);
        assert_eq!(digest(&from), digest(&to));
        let again = migrate(&from, &to, "");
        assert!(again.code == 0 && again.err.contains("copied: 0 versions, 0 deletions, 0 settings\n"), "{}", again.err);
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        assert_eq!(ask(&format!("export --from {} --output all.jsonl", url(&to))).code, 0);
        let text = std::fs::read_to_string(files.path().join("all.jsonl")).unwrap();
        assert!(text.contains("d3JhcHBlZA==") && text.contains(r#""ts":"#) && text.starts_with(r#"{"kind":"accordant-bundle","format":3,"#), "{text}");
        // as the topics of Confluent's registry say it
        for (format, file) in [("schemas-topic", "schemas.txt"), ("dek-registry-topic", "keys.txt")] {
            assert_eq!(ask(&format!("export --from {} --output {file} --format {format}", url(&to))).code, 0);
        }
        let read = ask(&format!("import schemas.txt keys.txt --to {}", url(&third)));
        assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
        assert_eq!(ask("digest --json --file all.jsonl").json(), digest(&third));
        // an older bundle says nothing of keys: those that are there stay
        let old = OLD_BUNDLE.replace(r#""format":2"#, r#""format":1"#);
        std::fs::write(files.path().join("old.jsonl"), old).unwrap();
        let read = ask(&format!("import old.jsonl --to {} --prefix old --mirror", url(&third)));
        assert!(read.code == 0 && read.out.ends_with("equal\n"), "{}{}", read.out, read.err);
        assert_eq!(third.get(&format!("{KEKS}?deleted=true")).await.ok(), json!(["gone", "one"]));
        // twice the same, and what there is not, is refused
        for (line, why) in [(text.lines().nth(1).unwrap().to_owned(), "is there twice"), (r#"{"version":{"subject":"x","version":1,"color":"red"}}"#.to_owned(), "a member color")] {
            std::fs::write(files.path().join("odd.jsonl"), text.replacen('\n', &format!("\n{line}\n"), 1)).unwrap();
            let refused = ask("digest --file odd.jsonl");
            assert!(refused.code == 2 && refused.err.contains(why), "{}", refused.err);
        }
    }

    async fn a_database_is_read_and_written_without_a_server(db) {
        let from = TestApp::new(db).await;
        fill(&from).await;
        fill_keys(&from).await;
        // wrapped by a KMS that nobody has here: a server could not even show it
        from.post(KEKS, &json!({ "name": "shared", "kmsType": "nowhere", "kmsKeyId": "k", "shared": true })).await.ok();
        from.put("/mode", &json!({ "mode": "IMPORT" })).await;
        from.put("/mode?force=true", &json!({ "mode": "IMPORT" })).await.ok();
        from.post(&format!("{KEKS}/shared/deks"), &json!({ "subject": "s", "encryptedKeyMaterial": "c2hhcmVk" })).await.ok();
        from.put("/mode", &json!({ "mode": "READWRITE" })).await.ok();
        from.put("/config/person", &json!({ "normalize": true })).await.ok();
        from.put("/config/nobody", &json!({ "alias": "person" })).await.ok();
        from.put("/mode/nobody", &json!({ "mode": "READONLY" })).await.ok();
        // an id that stands for nothing any more
        from.register("last", &record("Last", &["a"])).await;
        for query in ["", "?permanent=true"] {
            from.delete(&format!("/subjects/last{query}")).await.ok();
        }
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        let source = from.database_url().to_owned();
        // while a server works with it
        let read = ask(&format!("digest --json --database {source}"));
        assert_eq!(read.code, 0, "{}", read.err);
        let read = read.json();
        assert_eq!((&read["versions"], &read["keks"], &read["deks"]), (&json!(11), &json!(3), &json!(6)));
        assert_eq!(ask(&format!("export --database {source} --output all.jsonl.gz")).code, 0);
        let target = Fresh::new(db).await;
        let written = ask(&format!("import all.jsonl.gz --database {}", target.url));
        assert!(written.code == 0 && written.out.ends_with("equal\n"), "{}{}", written.out, written.err);
        assert_eq!(ask(&format!("digest --json --database {}", target.url)).json(), read);
        let other = Fresh::new(Database::Sqlite).await;
        let moved = ask(&format!("migrate --from {source} --database {}", other.url));
        assert!(moved.code == 0 && moved.out.ends_with("equal\n"), "{}{}", moved.out, moved.err);
        // through the API of a server, too: the file names what nobody lists
        let third = TestApp::new(Database::Sqlite).await;
        let through = ask(&format!("import all.jsonl.gz --to {}", url(&third)));
        assert!(through.code == 0 && through.out.ends_with("equal\n") || through.out.contains("DEK 1 of s (AES256_GCM) under shared"), "{}{}", through.out, through.err);
        assert_eq!(third.get("/config/nobody").await.ok()["alias"], "person");
        // what was handed out is handed out no more
        let next = from.register("next", &record("Next", &["a"])).await;
        let target = TestApp::over(target.open_again().await, Setup::default()).await;
        assert_eq!(target.register("next", &record("Next", &["a"])).await, next);
        assert_eq!(target.get("/mode").await.ok(), json!({ "mode": "READWRITE" }));
        if source.starts_with("sqlite") {
            let refused = ask(&format!("import all.jsonl.gz --database {source}"));
            assert!(refused.code == 2 && refused.err.contains("a server works with it"), "{}", refused.err);
        }
        let missing = ask("digest --database sqlite://nothing.db");
        assert!(missing.code == 2 && missing.err.contains("there is no registry in the database"), "{}", missing.err);
        for arguments in ["--cutover", "--follow 1"] {
            let refused = ask(&format!("migrate --from {source} --to {} {arguments}", url(&target)));
            assert!(refused.code == 2 && refused.err.contains("as it is at one moment"), "{}", refused.err);
        }
    }

    async fn what_was_backed_up_is_restored(db) {
        let from = TestApp::new(db).await;
        fill(&from).await;
        fill_keys(&from).await;
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        std::fs::create_dir(files.path().join("copies")).unwrap();
        std::fs::write(files.path().join("copies/accordant-notes.db"), "").unwrap();
        let list = || {
            let names = std::fs::read_dir(files.path().join("copies")).unwrap();
            let mut names: Vec<String> = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        let source = from.database_url().to_owned();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let done = ask(&format!("backup copies --keep 2 --database {source}"));
            assert_eq!(done.code, 0, "{}", done.err);
            seen = list();
        }
        assert_eq!((seen.len(), seen[2].as_str()), (3, "accordant-notes.db"), "{seen:?}");
        let copy = format!("copies/{}", seen[1]);
        let id = |url: &str| ask(&format!("export --output - --database {url}")).out.lines().next().unwrap().to_owned();
        let cluster = |line: &str| serde_json::from_str::<Value>(line).unwrap()["clusterId"].as_str().unwrap().to_owned();
        let (same, new) = (Fresh::new(db).await, Fresh::new(db).await);
        for (target, more) in [(&same, ""), (&new, "--new-cluster-id")] {
            let done = ask(&format!("restore {copy} --database {} {more}", target.url));
            assert!(done.code == 0 && done.out.ends_with("equal\n"), "{}{}", done.out, done.err);
            assert_eq!(cluster(&id(&source)) == cluster(&id(&target.url)), more.is_empty());
        }
        let refused = ask(&format!("restore {copy} --database {}", same.url));
        assert!(refused.code == 2 && refused.err.contains("is not empty; --replace"), "{}", refused.err);
        let done = ask(&format!("restore {copy} --replace --database {}", same.url));
        assert!(done.code == 0 && done.out.ends_with("equal\n"), "{}{}", done.out, done.err);
        if source.starts_with("sqlite") {
            let used = ask(&format!("restore {copy} --replace --database {source}"));
            assert!(used.code == 6 && used.err.contains("in use"), "{}{}", used.code, used.err);
        } else {
            let used = ask(&format!("restore {copy} --replace --database {source}"));
            assert!(used.code == 6 && used.err.contains("in use"), "{}{}", used.code, used.err);
            let old = ask(&format!("backup {copy} --database {source}"));
            assert!(old.code == 2 && old.err.contains("exists already"), "{}", old.err);
        }
        let served = TestApp::over(same.open_again().await, Setup::default()).await;
        assert_eq!(digest(&served), digest(&from));
        assert_eq!(served.register("new", &record("New", &["a"])).await, from.register("new", &record("New", &["a"])).await);
    }

    async fn a_subject_with_an_alias_keeps_versions_of_its_own(db) {
        let (from, to, third) = (TestApp::new(db).await, TestApp::new(db).await, TestApp::new(db).await);
        from.register("target", &record("Target", &["a"])).await;
        from.put("/config/own", &json!({ "compatibility": "NONE" })).await.ok();
        from.register("own", &record("Own", &["a"])).await;
        for fields in [&["b"][..], &["c"]] {
            from.register("own", &record("Own", fields)).await;
        }
        from.delete("/subjects/own/versions/2").await.ok();
        let alias = json!({ "compatibility": "NONE", "alias": "target" });
        from.put("/config/own", &alias).await.ok();
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        let truth = |app: &TestApp| ask(&format!("digest --json --database {}", app.database_url())).json();
        assert_eq!(ask(&format!("export --database {} --output all.jsonl", from.database_url())).code, 0);
        let fresh = Fresh::new(db).await;
        // the first time the subject has no alias in the target yet; the second time it has
        for round in 0..3 {
            for done in [
                migrate(&from, &to, ""),
                ask(&format!("import all.jsonl --to {}", url(&third))),
                ask(&format!("import all.jsonl --database {}", fresh.url)),
            ] {
                assert!(done.code == 0 && done.out.ends_with("equal\n"), "{round}: {}{}", done.out, done.err);
                assert!(round == 0 || done.err.contains("copied: 0 versions, 0 deletions, 0 settings"), "{round}: {}", done.err);
            }
        }
        let read = truth(&from);
        assert_eq!((&read["versions"], &read["deletedVersions"]), (&json!(4), &json!(1)));
        assert_eq!(ask(&format!("digest --json --database {}", fresh.url)).json(), read);
        for (app, name) in [(&to, "migrate"), (&third, "import")] {
            assert_eq!(truth(app), read, "{name}");
            assert_eq!(digest(app), read, "{name}");
            // what came behind the alias is copied, and deleted, behind the alias
            app.put("/mode", &json!({ "mode": "READWRITE" })).await.ok();
        }
        from.delete("/config/own").await.ok();
        from.put("/config/own", &json!({ "compatibility": "NONE" })).await.ok();
        from.register("own", &record("Own", &["d"])).await;
        from.delete("/subjects/own/versions/3").await.ok();
        from.put("/config/own", &alias).await.ok();
        let done = migrate(&from, &to, "");
        assert!(done.code == 0 && done.out.ends_with("equal\n") && done.err.contains("copied: 1 versions, 1 deletions, 1 settings"), "{}{}", done.out, done.err);
        assert_eq!(truth(&to), truth(&from));
        assert_eq!(to.get("/subjects/target/versions?deleted=true").await.ok(), json!([1]));
    }

    async fn many_versions_at_once_are_as_if_each_was_registered(db) {
        let from = TestApp::new(db).await;
        fill(&from).await;
        for name in ["Case", "case", ":.x:Case"] {
            from.register(name, &record("Case", &["letters"])).await;
        }
        // soft-deleted, and one refers to the other
        from.register("old-name", &record("OldName", &["a"])).await;
        from.register_as("older", "AVRO", r#"{"type":"record","name":"Older","fields":[{"name":"n","type":"OldName"}]}"#, &[("OldName", "old-name", 1)]).await;
        for subject in ["older", "old-name"] {
            from.delete(&format!("/subjects/{subject}")).await.ok();
        }
        let files = folder(&[]);
        let ask = |arguments: &str| tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]));
        assert_eq!(ask(&format!("export --database {} --output all.jsonl", from.database_url())).code, 0);
        let (one_by_one, at_once) = (Fresh::new(db).await, Fresh::new(db).await);
        // a pace is for requests: with one, each version is registered by itself
        for (target, more) in [(&one_by_one, "--rate 100000"), (&at_once, "")] {
            let done = ask(&format!("import all.jsonl --database {} {more}", target.url));
            assert!(done.code == 0 && done.out.ends_with("equal\n"), "{}{}", done.out, done.err);
        }
        let one_by_one = TestApp::over(one_by_one.open_again().await, Setup::default()).await;
        let at_once = TestApp::over(at_once.open_again().await, Setup::default()).await;
        let times = regex::Regex::new(r#""(ts|createdat|modifiedat|registered)":("[^"]*"|[0-9]+)"#).unwrap();
        for path in [
            "/subjects?subjectPrefix=:*:", "/subjects?subjectPrefix=:*:&deletedOnly=true", "/contexts", "/subjects/gaps/versions?deletedAsNegative=true",
            "/accordant/v1/search?query=letters", "/accordant/v1/search?query=sku", "/accordant/v1/search?query=gaps", "/accordant/v1/references?subject=cart&version=1",
            "/subjects/:.x:item/versions/1/referencedby", "/schemas/ids/1/subjects", "/cloudevents/subjects/Case/versions/1",
        ] {
            let (one, other) = (one_by_one.get(path).await, at_once.get(path).await);
            let without_times = |text: &str| times.replace_all(text, "").into_owned();
            assert_eq!((one.status, without_times(&one.text)), (other.status, without_times(&other.text)), "{path}");
        }
        let noted = async |app: &TestApp| {
            let entries = app.get("/accordant/v1/audit?limit=1000").await.ok();
            let mut noted: Vec<String> = Vec::new();
            for entry in entries["entries"].as_array().unwrap() {
                let operation = entry["operation"].as_str().unwrap();
                if operation.starts_with("schema.") {
                    noted.push(json!([operation, entry["actor"], entry["context"], entry["subject"], entry["version"], entry["id"], entry["guidAfter"]]).to_string());
                }
            }
            noted.sort();
            noted
        };
        let recorded = noted(&one_by_one).await;
        assert!(recorded.len() > 15, "{recorded:?}");
        assert_eq!(noted(&at_once).await, recorded);
        // ids go on where they were, and so do versions
        let more = record("Case", &[]);
        assert_eq!(one_by_one.register("Case", &more).await, at_once.register("Case", &more).await);
        assert_eq!(at_once.get("/subjects/Case/versions").await.ok(), json!([1, 2]));
    }

    async fn a_target_gets_its_mode_back(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register("a", &record("A", &["a"])).await;
        to.put("/mode", &json!({ "mode": "READONLY" })).await.ok();
        assert_eq!(migrate(&from, &to, "").code, 0);
        assert_eq!(to.get("/mode").await.ok(), json!({ "mode": "READONLY" }));
    }

    async fn differences_are_named(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register("a", &record("A", &["a"])).await;
        from.register("b", &record("B", &["a"])).await;
        to.register("b", &record("B", &["other"])).await;
        to.register("c", &record("C", &["a"])).await;
        to.put("/config/b", &json!({ "compatibility": "NONE" })).await.ok();
        let report = migrate(&from, &to, "--verify --json");
        let what: Vec<(&str, &str)> = report.json()["differences"].as_array().unwrap().iter().map(|one| (one["scope"].as_str().unwrap().to_owned(), one["what"].as_str().unwrap().to_owned())).map(|(scope, what)| (&*scope.leak(), &*what.leak())).collect();
        assert_eq!((report.code, what), (1, vec![("a", "version"), ("b", "id"), ("b", "schema"), ("b", "guid"), ("c", "version"), ("b", "config")]));
        let human = migrate(&from, &to, "--verify");
        assert!(human.out.contains("a version 1: version: the target does not have it\n") && human.out.ends_with("6 differences\n"), "{}", human.out);
        // an id that stands for something else already ends it
        let refused = migrate(&from, &to, "");
        assert!(refused.code == 2 && refused.err.contains("a version 1: "), "{} {}", refused.code, refused.err);
    }

    async fn at_the_cutover_the_source_is_closed_and_the_target_opened(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        fill(&from).await;
        let done = migrate(&from, &to, "--cutover");
        assert!(done.code == 0 && done.err.contains("nobody could write for"), "{}{}", done.out, done.err);
        assert_eq!((from.get("/mode").await.ok(), to.get("/mode").await.ok()), (json!({ "mode": "READONLY" }), json!({ "mode": "READWRITE" })));
        assert_eq!(digest(&from), digest(&to));
        to.register(":.x:more", &record("More", &["a"])).await;
        let removed = migrate(&from, &to, "--mirror");
        assert!(removed.code == 0 && removed.err.contains("1 removals"), "{}{}", removed.out, removed.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_a_copy_is_told_what_is_left() {
    let (from, to) = (TestApp::new(Database::Sqlite).await, TestApp::new(Database::Sqlite).await);
    from.register("a", &record("A", &["a"])).await;
    let files = folder(&[]);
    let mut command = crate::support::process::command(files.path());
    let arguments = ["migrate", "--from", &url(&from), "--to", &url(&to), "--follow", "600"];
    let child = command.args(arguments).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let copied = async || to.get("/subjects/a/versions/1").await.status == 200;
    for _ in 0..600 {
        if copied().await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(copied().await);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    let done = tokio::task::block_in_place(|| child.wait_with_output()).unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.code() == Some(2) && said.contains(&format!("stopped; {} may be left in mode IMPORT", url(&to))),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_registry_is_told_of() {
    let app = TestApp::new(Database::Sqlite).await;
    for (from, to, message) in [
        ("http://127.0.0.1:9".to_owned(), url(&app), "can't connect"),
        (url(&app), url(&app), "both are the same registry"),
        ("nowhere".to_owned(), url(&app), "there is no [env.nowhere]"),
    ] {
        let run = ask(&format!("migrate --from {from} --to {to}"));
        assert!(run.code == 2 && run.err.contains(message), "{}", run.err);
    }
}

/// What the topic says, as each of the tools that dump it writes it.
const RECORDS: [(&str, &str); 15] = [
    (r#"{"keytype":"NOOP","magic":0}"#, "null"),
    (
        r#"{"keytype":"SCHEMA","subject":"a","version":1,"magic":1}"#,
        r#"{"subject":"a","version":1,"id":1,"schema":"\"int\"","deleted":false}"#,
    ),
    (
        r#"{"keytype":"SCHEMA","subject":"a","version":2,"magic":1}"#,
        r#"{"subject":"a","version":2,"id":2,"schema":"\"long\"","deleted":false}"#,
    ),
    (
        r#"{"keytype":"SCHEMA","subject":"b","version":1,"magic":1}"#,
        r#"{"subject":"b","version":1,"id":2,"schema":"\"string\"","deleted":false}"#,
    ),
    (
        r#"{"keytype":"SCHEMA","subject":"c","version":1,"magic":1}"#,
        r#"{"subject":"c","version":1,"id":3,"schemaType":"JSON","schema":"{}","deleted":false}"#,
    ),
    (
        r#"{"keytype":"SCHEMA","subject":"c","version":1,"magic":1}"#,
        r#"{"subject":"c","version":1,"id":3,"schemaType":"JSON","schema":"{}","deleted":true}"#,
    ),
    (r#"{"keytype":"DELETE_SUBJECT","subject":"a","magic":0}"#, r#"{"subject":"a","version":1}"#),
    (
        r#"{"keytype":"SCHEMA","subject":"d","version":1,"magic":1}"#,
        r#"{"subject":"d","version":1,"id":4,"schema":"\"bytes\"","deleted":true}"#,
    ),
    (r#"{"keytype":"SCHEMA","subject":"d","version":1,"magic":1}"#, "null"),
    (r#"{"keytype":"CONFIG","subject":"a","magic":0}"#, r#"{"subject":"a","compatibilityLevel":"FULL"}"#),
    (r#"{"keytype":"CONFIG","subject":"c","magic":0}"#, r#"{"subject":"c","normalize":true,"compatibilityLevel":null}"#),
    (r#"{"keytype":"CONFIG","magic":0}"#, r#"{"compatibilityLevel":"NONE"}"#),
    (r#"{"keytype":"MODE","subject":":.m:","magic":0}"#, r#"{"subject":":.m:","mode":"READONLY"}"#),
    (
        r#"{"keytype":"SCHEMA","subject":"blank","version":1,"magic":1}"#,
        r#"{"subject":"blank","version":1,"id":9,"schemaType":"PROTOBUF","schema":"","deleted":false}"#,
    ),
    (r#"{"keytype":"ASSOC","resourceName":"r"}"#, "{}"),
];

#[tokio::test(flavor = "multi_thread")]
async fn dumps_of_the_topic_are_read_in_every_form() {
    let lines =
        |of: &dyn Fn(&str, &str) -> String| RECORDS.iter().map(|(key, value)| of(key, value)).collect::<Vec<_>>().join("\n");
    let console = lines(&|key, value| format!("{key}\t{value}"));
    let kcat = |key: &str, value: &str| {
        let payload = if value == "null" { Value::Null } else { json!(value) };
        json!({ "topic": "_schemas", "partition": 0, "offset": 1, "key": key, "payload": payload }).to_string()
    };
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
    let hex_or_null = |text: &str| if text == "null" { text.to_owned() } else { hex(text) };
    let forms = [
        ("console4.txt", format!("Option --property is deprecated and will be removed.\n{console}")),
        ("console.txt", console),
        ("kcat.jsonl", lines(&kcat)),
        ("karapace1.json", Value::from(RECORDS.iter().map(|(key, value)| json!([key, value])).collect::<Vec<_>>()).to_string()),
        ("karapace2.log", format!("/V2\n{}", lines(&|key, value| format!("{}\t{}", hex(key), hex_or_null(value))))),
    ];
    for (name, text) in forms {
        let files = folder(&[(name, &text)]);
        let app = TestApp::new(Database::Sqlite).await;
        let run = tokio::task::block_in_place(|| run_with(files.path(), &format!("import {name} --to {}", url(&app)), "", &[]));
        assert!(run.code == 0 && run.out.ends_with("equal\n"), "{name}: {}{}", run.out, run.err);
        assert!(run.err.contains("left out: b version 1: its id 2 stands for another schema\n"), "{name}: {}", run.err);
        assert!(run.err.contains("left out: a record of the kind ASSOC\n"), "{name}: {}", run.err);
        assert!(run.err.contains("left out: blank version 1: it has no text\n"), "{name}: {}", run.err);
        assert_eq!(app.get("/config/c").await.ok(), json!({ "compatibilityLevel": "BACKWARD", "normalize": true }), "{name}");
        assert_eq!(app.get("/subjects").await.ok(), json!(["a"]), "{name}");
        assert_eq!(app.get("/subjects?deleted=true").await.ok(), json!(["a", "c"]), "{name}");
        assert_eq!(app.get("/subjects/a/versions").await.ok(), json!([2]), "{name}");
        assert_eq!(app.get("/config/a").await.ok()["compatibilityLevel"], "FULL", "{name}");
        assert_eq!(app.get("/config").await.ok()["compatibilityLevel"], "NONE", "{name}");
    }
    let files = folder(&[
        (
            "axonops.json",
            r#"{"schemas":[{"id":7,"subject":"a","version":3,"schemaType":"AVRO","schema":"\"int\"","references":[]}]}"#,
        ),
        ("empty", ""),
        ("other", "x"),
        ("three", "/V3\n"),
    ]);
    let app = TestApp::new(Database::Sqlite).await;
    let ask = |name: &str| {
        tokio::task::block_in_place(|| run_with(files.path(), &format!("import {name} --to {}", url(&app)), "", &[]))
    };
    assert_eq!(ask("axonops.json").code, 0);
    assert_eq!(app.get("/subjects/a/versions/3").await.ok()["id"], 7);
    for (name, why) in [
        ("empty", "has nothing that a registry says"),
        ("other", "line 1: neither JSON nor KEY<TAB>VALUE"),
        ("three", "is no backup of Karapace: it ends too early"),
    ] {
        let run = ask(name);
        assert!(run.code == 2 && run.err.contains(why), "{name}: {}", run.err);
    }
}

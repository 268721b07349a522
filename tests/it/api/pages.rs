//! Pages of lists: whatever is asked for, a page is the part of the whole list that it says.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{TestApp, lenient};

async fn list(app: &TestApp, target: &str) -> Vec<Value> {
    app.get(target).await.ok().as_array().unwrap().clone()
}

/// Each page of a list, beside the whole.
async fn all_pages(app: &TestApp, target: &str) -> Vec<Value> {
    let whole = list(app, target).await;
    let sign = if target.contains('?') { '&' } else { '?' };
    for limit in [1, 2, 5, 100] {
        for offset in 0..whole.len() + 2 {
            let page = list(app, &format!("{target}{sign}offset={offset}&limit={limit}")).await;
            let wanted: Vec<_> = whole.iter().skip(offset).take(limit).cloned().collect();
            assert_eq!(page, wanted, "{target}, {limit} from {offset}");
        }
    }
    whole
}

fn subjects_of(versions: &[Value]) -> Vec<String> {
    versions.iter().map(|one| format!("{} {}", one["subject"].as_str().unwrap(), one["version"])).collect()
}

async fn filled(app: &TestApp) {
    let subjects =
        ["a", "ab", "b", ":.x:a", ":.x:ab", ":.xy:c", "b\u{D7FF}", "b\u{E000}c", "b\u{10FFFF}", "gone", "mixed", "purged"];
    for (i, subject) in subjects.iter().enumerate() {
        let encoded = percent_encoding::utf8_percent_encode(subject, percent_encoding::NON_ALPHANUMERIC).to_string();
        for version in 0..=i % 3 {
            app.register(&encoded, &lenient("R", &["a", "b", "c"][..=version])).await;
        }
    }
    for target in ["/subjects/mixed/versions/1", "/subjects/gone", "/subjects/purged", "/subjects/purged?permanent=true"] {
        app.delete(target).await.ok();
    }
}

on_both! {
    async fn a_page_of_subjects_is_a_part_of_the_whole_list(db) {
        let app = TestApp::new(db).await;
        filled(&app).await;
        let live = [":.x:a", ":.x:ab", ":.xy:c", "a", "ab", "b", "b\u{D7FF}", "b\u{E000}c", "b\u{10FFFF}", "mixed"];
        assert_eq!(all_pages(&app, "/subjects").await, live);
        let mut also = live.to_vec();
        also.insert(9, "gone");
        assert_eq!(all_pages(&app, "/subjects?deleted=true").await, also);
        for (query, names) in [
            ("deletedOnly=true", vec!["gone"]),
            ("subjectPrefix=:*:a", vec![":.x:a", ":.x:ab", "a", "ab"]),
            ("subjectPrefix=a", vec!["a", "ab"]),
            ("subjectPrefix=", live[3..].to_vec()),
            ("subjectPrefix=:.x:", vec![":.x:a", ":.x:ab"]),
            ("subjectPrefix=:.x:ab", vec![":.x:ab"]),
            ("subjectPrefix=:.x", vec![":.x:a", ":.x:ab", ":.xy:c"]),
            ("subjectPrefix=b%ED%9F%BF", vec!["b\u{D7FF}"]),
            ("subjectPrefix=b%F4%8F%BF%BF", vec!["b\u{10FFFF}"]),
            ("subjectPrefix=:.none:", vec![]),
            ("subjectPrefix=gone", vec![]),
            ("subjectPrefix=gone&deleted=true", vec!["gone"]),
        ] {
            assert_eq!(all_pages(&app, &format!("/subjects?{query}")).await, names, "{query}");
        }
    }

    async fn a_page_of_versions_is_a_part_of_the_whole_list(db) {
        let app = TestApp::new(db).await;
        filled(&app).await;
        let live = ["a 1", "ab 1", "ab 2", "b 1", "b 2", "b 3", "b\u{D7FF} 1", "b\u{E000}c 1", "b\u{E000}c 2", "b\u{10FFFF} 1", "b\u{10FFFF} 2", "b\u{10FFFF} 3", "mixed 2"];
        assert_eq!(subjects_of(&all_pages(&app, "/schemas").await), live);
        assert_eq!(
            subjects_of(&all_pages(&app, "/schemas?latestOnly=true").await),
            ["a 1", "ab 2", "b 3", "b\u{D7FF} 1", "b\u{E000}c 2", "b\u{10FFFF} 3", "mixed 2"]
        );
        assert_eq!(subjects_of(&all_pages(&app, "/schemas?subjectPrefix=gone&deleted=true").await), ["gone 1"]);
        assert_eq!(subjects_of(&all_pages(&app, "/schemas?subjectPrefix=:.x").await), [":.x:a 1", ":.x:ab 1", ":.x:ab 2", ":.xy:c 1", ":.xy:c 2", ":.xy:c 3"]);
        assert_eq!(all_pages(&app, "/schemas?subjectPrefix=:*:&deleted=true").await.len(), 21);
        assert_eq!(all_pages(&app, "/schemas?subjectPrefix=:*:&deleted=true&latestOnly=true").await.len(), 11);
        app.put("/config/ab", &json!({ "alias": "b" })).await.ok();
        assert_eq!(subjects_of(&all_pages(&app, "/schemas?subjectPrefix=a&aliases=true").await), ["a 1", "ab 1", "ab 2", "b 1", "b 2", "b 3"]);
    }

    async fn a_subject_is_listed_while_it_has_versions(db) {
        let app = TestApp::new(db).await;
        let listed = async |query: &str| list(&app, &format!("/subjects{query}")).await;
        for field in ["a", "b"] {
            app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
            app.register("s", &lenient("R", &[field])).await;
        }
        app.delete("/subjects/s/versions/1").await.ok();
        assert_eq!(listed("").await, ["s"]);
        app.delete("/subjects/s/versions/2").await.ok();
        assert_eq!((listed("").await, listed("?deleted=true").await), (vec![], vec![json!("s")]));
        app.register("s", &lenient("R", &["a"])).await;
        assert_eq!((listed("").await, listed("?deletedOnly=true").await), (vec![json!("s")], vec![]));
        app.delete("/subjects/s").await.ok();
        app.delete("/subjects/s?permanent=true").await.ok();
        assert_eq!(listed("?deleted=true").await, Vec::<Value>::new());
        app.register("s", &lenient("R", &["a"])).await;
        assert_eq!(listed("").await, ["s"]);
    }
}

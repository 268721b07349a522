//! `kill -9` while registrations are written: each that was acknowledged has one entry, and the chain is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::cli::audit;
use crate::on_both;
use crate::support::app::{Fresh, lenient};
use crate::support::process::{Process, exchange};

const CLIENTS: usize = 6;

/// Guid by subject and version, as acknowledged.
type Acknowledged = Arc<Mutex<BTreeMap<(String, i64), String>>>;

fn storm(address: &str, round: usize, client: usize, acknowledged: &Acknowledged) {
    for i in 0.. {
        let subject = format!("s{}", (client + i) % 3);
        let text = lenient("R", &[&format!("r{round}_c{client}_{i}")]);
        match exchange(address, "POST", &format!("/subjects/{subject}/versions"), &json!({ "schema": text }).to_string()) {
            Ok((200, answer)) => {
                let answer: Value = serde_json::from_str(&answer).unwrap();
                let key = (subject, answer["version"].as_i64().unwrap());
                acknowledged.lock().unwrap().insert(key, answer["guid"].as_str().unwrap().to_owned());
            }
            Ok((status, text)) => panic!("{status}: {text}"),
            Err(_) => return,
        }
    }
}

fn entries(address: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (status, page) = exchange(address, "GET", &format!("/accordant/v1/audit?limit=1000&after={after}"), "").unwrap();
        assert_eq!(status, 200, "{page}");
        let page: Value = serde_json::from_str(&page).unwrap();
        all.extend(page["entries"].as_array().unwrap().iter().cloned());
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => return all,
        }
    }
}

fn rounds(folder: &Path, url: &str) {
    let acknowledged = Acknowledged::default();
    let mut checkpoints = String::new();
    for round in 0..3 {
        let process = Process::start(folder, &["--database", url]);
        let workers: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (address, acknowledged) = (process.address.clone(), Arc::clone(&acknowledged));
                std::thread::spawn(move || storm(&address, round, client, &acknowledged))
            })
            .collect();
        while acknowledged.lock().unwrap().len() < 20 * (round + 1) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // also in the midst of it
        let (code, text) = audit(folder, &["verify", "--database", url]);
        assert_eq!(code, 0, "{text}");
        process.kill();
        for worker in workers {
            worker.join().unwrap();
        }
        let process = Process::start(folder, &["--database", url]);
        let found = entries(&process.address);
        let positions: Vec<i64> = found.iter().map(|entry| entry["position"].as_i64().unwrap()).collect();
        assert_eq!(positions, (1..=i64::try_from(found.len()).unwrap()).collect::<Vec<_>>());
        let mut seen = BTreeSet::new();
        for entry in &found {
            let key = (entry["subject"].as_str().unwrap().to_owned(), entry["version"].as_i64().unwrap());
            assert!(seen.insert(key.clone()), "{key:?} has two entries");
            if let Some(guid) = acknowledged.lock().unwrap().get(&key) {
                assert_eq!(entry["guidAfter"], guid.as_str());
            }
        }
        for key in acknowledged.lock().unwrap().keys() {
            assert!(seen.contains(key), "{key:?} was acknowledged and has no entry");
        }
        process.stop();
        checkpoints.push_str(&audit(folder, &["checkpoint", "--database", url]).1);
        std::fs::write(folder.join("checkpoints"), &checkpoints).unwrap();
        let (code, text) = audit(folder, &["verify", "--database", url, "--checkpoint", "checkpoints"]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(&format!("is whole: entries 1 to {}", found.len())), "{text}");
    }
    assert!(acknowledged.lock().unwrap().len() >= 60);
}

on_both! {
    async fn acknowledged_writes_have_one_entry_after_a_kill(db) {
        let fresh = Fresh::new(db).await;
        let directory = tempfile::tempdir().unwrap();
        let (folder, url) = (directory.path().to_owned(), fresh.url.clone());
        tokio::task::spawn_blocking(move || rounds(&folder, &url)).await.unwrap();
        drop(fresh);
    }
}

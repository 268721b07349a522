//! `kill -9` during a storm of registrations: what was acknowledged is there, ids are unique, versions have no holes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Fresh, lenient};
use crate::support::process::{Process, exchange};

const CLIENTS: usize = 8;
const SUBJECTS: usize = 3;

/// (subject, text) -> (id, version) as acknowledged.
type Acknowledged = Arc<Mutex<BTreeMap<(String, String), (i64, i64)>>>;

fn storm(address: &str, round: usize, client: usize, acknowledged: &Acknowledged) {
    for i in 0.. {
        let subject = format!("s{}", i % SUBJECTS);
        let text = lenient("R", &[&format!("r{round}_c{client}_{i}")]);
        let body = json!({ "schema": text }).to_string();
        match exchange(address, "POST", &format!("/subjects/{subject}/versions"), &body) {
            Ok((200, answer)) => {
                let answer: Value = serde_json::from_str(&answer).unwrap();
                let pair = (answer["id"].as_i64().unwrap(), answer["version"].as_i64().unwrap());
                acknowledged.lock().unwrap().insert((subject, text), pair);
            }
            Ok((status, text)) => panic!("{status}: {text}"),
            Err(_) => return,
        }
    }
}

fn verify(address: &str, acknowledged: &BTreeMap<(String, String), (i64, i64)>) {
    let mut ids = BTreeSet::new();
    for ((subject, text), (id, version)) in acknowledged {
        assert!(ids.insert(*id), "id {id} was given twice");
        let (status, answer) = exchange(address, "GET", &format!("/subjects/{subject}/versions/{version}"), "").unwrap();
        assert_eq!(status, 200, "an acknowledged version is gone: {subject} {version}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((answer["id"].as_i64(), answer["schema"].as_str()), (Some(*id), Some(text.as_str())));
    }
    for subject in (0..SUBJECTS).map(|s| format!("s{s}")) {
        let (status, answer) = exchange(address, "GET", &format!("/subjects/{subject}/versions"), "").unwrap();
        if status == 200 {
            let versions: Vec<i64> = serde_json::from_str(&answer).unwrap();
            let whole: Vec<i64> = (1..=i64::try_from(versions.len()).unwrap()).collect();
            assert_eq!(versions, whole, "{subject} has holes or doubles");
        }
    }
}

on_both! {
    async fn acknowledged_registrations_survive_a_kill(db) {
        let fresh = Fresh::new(db).await;
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().to_owned();
        let url = fresh.url.clone();
        let rounds = tokio::task::spawn_blocking(move || {
            let acknowledged = Acknowledged::default();
            for round in 0..3 {
                let process = Process::start(&folder, &["--database", &url]);
                let workers: Vec<_> = (0..CLIENTS)
                    .map(|client| {
                        let (address, acknowledged) = (process.address.clone(), Arc::clone(&acknowledged));
                        std::thread::spawn(move || storm(&address, round, client, &acknowledged))
                    })
                    .collect();
                // the storm is under way, however fast the machine is; it goes on while the process dies
                while acknowledged.lock().unwrap().len() < 20 * (round + 1) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                process.kill();
                for worker in workers {
                    worker.join().unwrap();
                }
                let process = Process::start(&folder, &["--database", &url]);
                verify(&process.address, &acknowledged.lock().unwrap());
                process.stop();
            }
            acknowledged.lock().unwrap().len()
        });
        assert!(rounds.await.unwrap() >= 60);
        drop(fresh);
    }
}

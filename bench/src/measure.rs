//! The measurements, in the order in which they run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::load::{self, Client};
use crate::plan::{self, Random, schema, submission};
use crate::process::{Place, Server, flush_seconds};
use crate::report::{Target, median, range, row, table};

/// How long and how often.
pub struct Effort {
    pub rounds: usize,
    window: Duration,
    pub commit_rounds: usize,
    commit_window: Duration,
    warm_up: Duration,
    stored: u64,
    starts: usize,
    single: usize,
}

/// All of it.
pub const FULL: Effort = Effort {
    rounds: 7,
    window: Duration::from_millis(1500),
    commit_rounds: 5,
    commit_window: Duration::from_millis(2000),
    warm_up: Duration::from_millis(300),
    stored: 100_000,
    starts: 9,
    single: 25,
};

/// To see roughly where things stand.
pub const QUICK: Effort = Effort {
    rounds: 3,
    window: Duration::from_millis(500),
    commit_rounds: 3,
    commit_window: Duration::from_millis(700),
    warm_up: Duration::from_millis(150),
    stored: 20_000,
    starts: 5,
    single: 9,
};

/// Schemas that are read, registered again and checked.
pub const KNOWN: u64 = 1000;
/// Fields of these, which makes an answer by id some 600 bytes.
pub const FIELDS: usize = 8;
/// Connections of the comparisons with the bare server.
pub const CONNECTIONS: usize = 64;
/// Versions of each subject where many schemas are stored.
const VERSIONS_EACH: u64 = 10;
/// The long history: its versions, and the fields of each.
const HISTORY: u64 = 1000;
const HISTORY_FIELDS: usize = 20;

/// Runs everything, or one part, and prints as it goes.
pub fn run(registry: &Path, work: &Path, effort: &Effort, part: Option<&str>) -> Result<()> {
    const PARTS: [&str; 6] = ["requests", "logins", "commits", "audit", "history", "process"];
    if let Some(part) = part.filter(|part| !PARTS.contains(part)) {
        bail!("--only={part}: one of {}", PARTS.join(", "));
    }
    let is_wanted = |name: &str| part.is_none_or(|part| part == name);
    let started = Instant::now();
    let bench = Bench { registry: registry.to_owned(), work: work.to_owned(), effort };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        if is_wanted("requests") {
            bench.requests().await?;
        }
        if is_wanted("logins") {
            bench.logins().await?;
        }
        if is_wanted("commits") {
            bench.commits().await?;
        }
        if is_wanted("audit") {
            bench.audit().await?;
        }
        if is_wanted("history") {
            bench.history().await?;
        }
        if is_wanted("process") {
            bench.process().await?;
        }
        anyhow::Ok(())
    })?;
    println!("\nThe run took {:.0} s.", started.elapsed().as_secs_f64());
    Ok(())
}

pub struct Bench<'a> {
    pub registry: PathBuf,
    pub work: PathBuf,
    pub effort: &'a Effort,
}

/// A request by number.
pub type Write = std::rc::Rc<dyn Fn(u64, &mut String)>;

pub struct Case {
    pub name: &'static str,
    pub write: Write,
    pub target: Target,
}

/// A schema's document, and the tag of a copy.
struct Document {
    guid: String,
    tag: String,
}

/// Under which URL the registry of the requests is reached, as far as it knows.
const PUBLIC_URL: &str = "http://registry.example";
/// An alias of version 1 of the subject `event`.
const ALIAS: &str = "https://schemas.example.com/event-v1.json";

/// A schema for events: a document that it takes, and the URIs under which events name it.
struct EventSchema {
    data: String,
    by_guid: String,
    by_alias: String,
    by_version: String,
}

pub fn subject(number: u64) -> String {
    format!("known-{number}-value")
}

pub fn record(number: u64) -> String {
    format!("Record{number}")
}

/// Reads, repeated registrations and checks, which are compared with the bare server.
fn cases(documents: Vec<Document>, events: EventSchema) -> Vec<Case> {
    let random = || std::cell::RefCell::new(Random::new(7));
    let bodies = |mark| (0..KNOWN).map(|n| submission(&schema(&record(n), FIELDS, mark))).collect::<Vec<_>>();
    let (by_id, latest, again, check, known_document) = (random(), random(), random(), random(), random());
    let (schema_by_guid, numbered, versions, config, look_up) = (random(), random(), random(), random(), random());
    let (known, changed) = (bodies(0), bodies(1));
    let sought = known.clone();
    let guids: Vec<String> = documents.iter().map(|document| document.guid.clone()).collect();
    let event = |name, uri: String, ratio| {
        let data = events.data.clone();
        Case { name, write: std::rc::Rc::new(move |_, into| plan::event(into, &uri, &data)), target: Target::AtLeast(ratio) }
    };
    let by_guid = event("validation of an event, `dataschema` by guid", events.by_guid, 0.5);
    let by_alias = event("validation of an event, `dataschema` by alias", events.by_alias, 0.15);
    let by_version = event("validation of an event, `dataschema` by version", events.by_version, 0.15);
    vec![
        Case {
            name: "schema by id",
            write: std::rc::Rc::new(move |_, into| {
                plan::get(into, format_args!("/schemas/ids/{}", by_id.borrow_mut().below(KNOWN) + 1));
            }),
            target: Target::AtLeast(0.95),
        },
        Case {
            name: "document by guid that the client has (304)",
            write: std::rc::Rc::new(move |_, into| {
                let document = &documents[known_document.borrow_mut().below(documents.len() as u64) as usize];
                plan::revalidate(into, format_args!("/cloudevents/schemas/guids/{}", document.guid), &document.tag);
            }),
            target: Target::AtLeast(0.95),
        },
        Case {
            name: "schema by guid",
            write: std::rc::Rc::new(move |_, into| {
                plan::get(into, format_args!("/schemas/guids/{}", guids[schema_by_guid.borrow_mut().below(KNOWN) as usize]));
            }),
            target: Target::AtLeast(0.95),
        },
        Case {
            name: "latest version",
            write: std::rc::Rc::new(move |_, into| {
                let number = latest.borrow_mut().below(KNOWN);
                plan::get(into, format_args!("/subjects/{}/versions/latest", subject(number)));
            }),
            target: Target::AtLeast(0.8),
        },
        Case {
            name: "version by number",
            write: std::rc::Rc::new(move |_, into| {
                plan::get(into, format_args!("/subjects/{}/versions/1", subject(numbered.borrow_mut().below(KNOWN))));
            }),
            target: Target::AtLeast(0.8),
        },
        Case {
            name: "versions of a subject",
            write: std::rc::Rc::new(move |_, into| {
                plan::get(into, format_args!("/subjects/{}/versions", subject(versions.borrow_mut().below(KNOWN))));
            }),
            target: Target::AtLeast(0.7),
        },
        Case {
            name: "config of a subject",
            write: std::rc::Rc::new(move |_, into| {
                let subject = subject(config.borrow_mut().below(KNOWN));
                plan::get(into, format_args!("/config/{subject}?defaultToGlobal=true"));
            }),
            target: Target::AtLeast(0.7),
        },
        Case {
            name: "look-up of a schema",
            write: std::rc::Rc::new(move |_, into| {
                let number = look_up.borrow_mut().below(KNOWN);
                plan::post(into, format_args!("/subjects/{}", subject(number)), &sought[number as usize]);
            }),
            target: Target::AtLeast(0.5),
        },
        Case {
            name: "registration of a known schema",
            write: std::rc::Rc::new(move |_, into| {
                let number = again.borrow_mut().below(KNOWN);
                plan::post(into, format_args!("/subjects/{}/versions", subject(number)), &known[number as usize]);
            }),
            target: Target::AtLeast(0.5),
        },
        Case {
            name: "compatibility check with the latest version",
            write: std::rc::Rc::new(move |_, into| {
                let number = check.borrow_mut().below(KNOWN);
                let path = format!("/compatibility/subjects/{}/versions/latest", subject(number));
                plan::post(into, format_args!("{path}"), &changed[number as usize]);
            }),
            target: Target::AtLeast(0.35),
        },
        by_guid,
        by_alias,
        by_version,
    ]
}

impl Bench<'_> {
    pub fn start(&self, database: &str, place: Place, more: &[&str]) -> Result<Server> {
        Server::registry(&self.registry, &self.work.join(database), place, more)
    }

    /// Requests for each CPU second of the server, beside the bare server.
    async fn requests(&self) -> Result<()> {
        let effort = self.effort;
        let server = self.start(
            "requests.db",
            Place::FirstCore,
            &["--public-url", PUBLIC_URL, "--cloudevents-alias", &format!("{ALIAS} event 1")],
        )?;
        load::counted(&server.address, CONNECTIONS, KNOWN, |n, into| {
            plan::post(into, format_args!("/subjects/{}/versions", subject(n)), &submission(&schema(&record(n), FIELDS, 0)));
        })
        .await?;
        let cases = cases(self.documents(&server).await?, self.event_schema(&server).await?);
        let mut bare = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            let mut request = String::new();
            (case.write)(0, &mut request);
            let mut client = Client::connect(&server.address).await?;
            let body = client.send(&request).await.context(case.name)?;
            let file = self.work.join(format!("body-{at}"));
            std::fs::write(&file, body)?;
            bare.push((Server::bare(&file, Place::FirstCore)?, body.len()));
            // fill the caches
            let write = std::rc::Rc::clone(&case.write);
            load::counted(&server.address, CONNECTIONS, 5 * KNOWN, move |n, into| write(n, into)).await?;
        }
        let mut seen = vec![(Vec::new(), Vec::new()); cases.len()];
        for round in 0..effort.rounds {
            for ((case, (bare, _)), seen) in cases.iter().zip(&bare).zip(&mut seen) {
                // either goes first every other time
                if round % 2 == 0 {
                    seen.0.push(self.per_cpu_second(&server, case).await?);
                    seen.1.push(self.per_cpu_second(bare, case).await?);
                } else {
                    seen.1.push(self.per_cpu_second(bare, case).await?);
                    seen.0.push(self.per_cpu_second(&server, case).await?);
                }
            }
        }
        table(
            "Requests per CPU second of the server, beside a bare axum server that returns the same bytes",
            &["Request", "Body of the answer", "Accordant", "Bare server", "Ratio", "Rounds from, to"],
        );
        for ((case, (_, bytes)), (ours, theirs)) in cases.iter().zip(&bare).zip(&seen) {
            let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
            let (low, high) = range(&ratios);
            let ratio = median(&ratios);
            let cells = [
                case.name.to_owned(),
                format!("{bytes} bytes"),
                format!("{:.0}", median(ours)),
                format!("{:.0}", median(theirs)),
                format!("{ratio:.2}"),
                format!("{low:.2}, {high:.2}"),
            ];
            row(&cells, ratio, case.target, "");
        }
        server.stop()
    }

    /// Registers the schema of events.
    async fn event_schema(&self, server: &Server) -> Result<EventSchema> {
        let (schema, data) = plan::event_schema();
        let mut client = Client::connect(&server.address).await?;
        let mut request = String::new();
        let body = serde_json::json!({ "schemaType": "JSON", "schema": schema.to_string() }).to_string();
        plan::post(&mut request, format_args!("/subjects/event/versions"), &body);
        let registered: serde_json::Value = serde_json::from_slice(client.send(&request).await?)?;
        let guid = registered["guid"].as_str().context("a schema without a guid")?;
        Ok(EventSchema {
            data,
            by_guid: format!("{PUBLIC_URL}/cloudevents/schemas/guids/{guid}"),
            by_alias: ALIAS.to_owned(),
            by_version: format!("{PUBLIC_URL}/subjects/event/versions/1"),
        })
    }

    /// The documents of the known schemas, with their tags.
    async fn documents(&self, server: &Server) -> Result<Vec<Document>> {
        let mut client = Client::connect(&server.address).await?;
        let mut request = String::new();
        let mut documents = Vec::new();
        for id in 1..=KNOWN {
            plan::get(&mut request, format_args!("/cloudevents/schemas/ids/{id}?details"));
            let details: serde_json::Value = serde_json::from_slice(client.send(&request).await?)?;
            let guid = details["guid"].as_str().context("a schema without a guid")?.to_owned();
            plan::revalidate(&mut request, format_args!("/cloudevents/schemas/guids/{guid}"), "\"\"");
            let tag = client.tag(&request).await?;
            documents.push(Document { guid, tag });
        }
        Ok(documents)
    }

    async fn per_cpu_second(&self, server: &Server, case: &Case) -> Result<f64> {
        self.per_cpu_second_at(server, &server.address, case).await
    }

    /// Answers for each CPU second of a server, over one of its addresses.
    pub async fn per_cpu_second_at(&self, server: &Server, address: &str, case: &Case) -> Result<f64> {
        let mut times = Vec::new();
        let write = std::rc::Rc::clone(&case.write);
        let span = (self.effort.warm_up, self.effort.window);
        let window = load::timed(
            address,
            CONNECTIONS,
            span,
            move |n, into| write(n, into),
            async || {
                times.push(server.cpu_seconds()?);
                Ok(())
            },
        )
        .await
        .context(case.name)?;
        let [before, after] = times[..] else { anyhow::bail!("a window has two ends") };
        ensure!(after > before, "{}: the server used no time", case.name);
        Ok(window.requests as f64 / (after - before))
    }

    /// Registrations of new schemas with and without group commit.
    async fn commits(&self) -> Result<()> {
        const CONNECTIONS: [usize; 3] = [1, 16, 100];
        let effort = self.effort;
        let grouped = self.start("grouped.db", Place::Anywhere, &[])?;
        let single = self.start("single.db", Place::Anywhere, &["--sqlite-max-batch", "1"])?;
        let next = std::rc::Rc::new(std::cell::Cell::new(0));
        let mut flushes = Vec::new();
        // for each number of connections: grouped and single throughput, their ratio, registrations per flush, milliseconds of CPU
        let mut seen = vec![[const { Vec::new() }; 5]; CONNECTIONS.len()];
        for round in 0..effort.commit_rounds {
            flushes.push(flush_seconds(&self.work.join("flush"))?);
            for (connections, seen) in CONNECTIONS.iter().zip(&mut seen) {
                let (ours, theirs);
                if round % 2 == 0 {
                    ours = self.registrations(&grouped, *connections, &next).await?;
                    theirs = self.registrations(&single, *connections, &next).await?;
                } else {
                    theirs = self.registrations(&single, *connections, &next).await?;
                    ours = self.registrations(&grouped, *connections, &next).await?;
                }
                let values =
                    [ours.per_second, theirs.per_second, ours.per_second / theirs.per_second, ours.per_flush, ours.cpu_ms];
                seen.iter_mut().zip(values).for_each(|(all, value)| all.push(value));
            }
        }
        table(
            "Registration of new schemas, each under a subject of its own, durable (synchronous=FULL)",
            &["Connections", "Per second", "One commit each, per second", "CPU each", "Registrations per flush"],
        );
        for (connections, seen) in CONNECTIONS.iter().zip(&seen) {
            let target = match connections {
                16 => Target::AtLeast(5.0),
                100 => Target::AtLeast(10.0),
                _ => Target::None,
            };
            let [ours, theirs, _, per_flush, cpu] = seen.each_ref().map(|values| median(values));
            let cells = [
                connections.to_string(),
                format!("{ours:.0}"),
                format!("{theirs:.0}"),
                format!("{cpu:.2} ms"),
                format!("{per_flush:.1}"),
            ];
            row(&cells, per_flush, target, "");
        }
        table("Throughput of group commit over one commit per registration", &["Connections", "Ratio", "Rounds from, to"]);
        for (connections, [_, _, ratios, ..]) in CONNECTIONS.iter().zip(&seen) {
            let (ratio, (low, high)) = (median(ratios), range(ratios));
            let target = if *connections == 1 { Target::None } else { Target::AtLeast(2.0) };
            row(&[connections.to_string(), format!("{ratio:.2}"), format!("{low:.2}, {high:.2}")], ratio, target, "");
        }
        let (low, high) = range(&flushes);
        println!(
            "\nFlushing one overwritten page of 4 KiB (`fdatasync`) took {:.2} ms at the same time (rounds from {:.2} to {:.2} ms).",
            median(&flushes) * 1e3,
            low * 1e3,
            high * 1e3
        );
        grouped.stop()?;
        single.stop()
    }

    pub async fn registrations(
        &self,
        server: &Server,
        connections: usize,
        next: &std::rc::Rc<std::cell::Cell<u64>>,
    ) -> Result<Registrations> {
        let mut ends = Vec::new();
        let mut asking = Client::connect(&server.address).await?;
        let next = std::rc::Rc::clone(next);
        let write = move |_, into: &mut String| {
            let number = next.replace(next.get() + 1);
            let body = submission(&schema(&record(number), FIELDS, 0));
            plan::post(into, format_args!("/subjects/new-{number}-value/versions"), &body);
        };
        let span = (self.effort.warm_up, self.effort.commit_window);
        let window = load::timed(&server.address, connections, span, write, async || {
            let (writes, flushes) = batches(&mut asking).await?;
            ends.push([writes, flushes, server.cpu_seconds()?]);
            Ok(())
        })
        .await?;
        let [before, after] = ends[..] else { anyhow::bail!("a window has two ends") };
        let [writes, flushes, cpu] = [after[0] - before[0], after[1] - before[1], after[2] - before[2]];
        ensure!(flushes > 0.0, "nothing was committed");
        Ok(Registrations {
            per_second: window.requests as f64 / window.seconds,
            per_flush: writes / flushes,
            cpu_ms: cpu * 1e3 / window.requests as f64,
        })
    }

    /// One more version of a subject with a long history, each of which it is compared with.
    async fn history(&self) -> Result<()> {
        let server = self.start("history.db", Place::Anywhere, &[])?;
        let version = |mark| submission(&schema("Long", HISTORY_FIELDS, mark));
        let mut client = Client::connect(&server.address).await?;
        let mut request = String::new();
        plan::put(&mut request, format_args!("/config/long-value"), r#"{"compatibility":"NONE"}"#);
        client.send(&request).await?;
        load::counted(&server.address, 1, HISTORY, move |mark, into| {
            plan::post(into, format_args!("/subjects/long-value/versions"), &version(mark));
        })
        .await?;
        plan::put(&mut request, format_args!("/config/long-value"), r#"{"compatibility":"BACKWARD_TRANSITIVE"}"#);
        client.send(&request).await?;
        let mut cold = Vec::new();
        let mut warm = Vec::new();
        let mut cpu = Vec::new();
        for mark in 0..=self.effort.single as u64 {
            plan::post(&mut request, format_args!("/subjects/long-value/versions"), &version(HISTORY + mark));
            let used = server.cpu_seconds()?;
            let sent = Instant::now();
            client.send(&request).await?;
            let elapsed = sent.elapsed().as_secs_f64() * 1e3;
            if mark == 0 {
                cold.push(elapsed)
            } else {
                warm.push(elapsed)
            }
            cpu.push((server.cpu_seconds()? - used) * 1e3);
        }
        table(
            &format!("Registration of a schema of {HISTORY_FIELDS} fields against {HISTORY} versions, BACKWARD_TRANSITIVE"),
            &["", "Latency, median", "Fastest, slowest"],
        );
        let (low, high) = range(&warm);
        let cells = ["cache warm".to_owned(), format!("{:.1} ms", median(&warm)), format!("{low:.1} ms, {high:.1} ms")];
        row(&cells, median(&warm), Target::Below(50.0), " ms");
        row(&["the first one".to_owned(), format!("{:.1} ms", cold[0]), String::new()], cold[0], Target::None, "");
        println!("\nOf the server's CPU time each took {:.0} ms on average.", cpu.iter().sum::<f64>() / cpu.len() as f64);
        server.stop()
    }

    /// Time from the start of the process to its first 200, and memory.
    async fn process(&self) -> Result<()> {
        let stored = self.effort.stored;
        let mut empty = Vec::new();
        let mut created = Vec::new();
        for at in 0..self.effort.starts {
            let name = format!("empty-{at}.db");
            let server = self.start(&name, Place::Anywhere, &[])?;
            created.push(server.first_answer.as_secs_f64() * 1e3);
            server.stop()?;
            let server = self.start(&name, Place::Anywhere, &[])?;
            empty.push(server.first_answer.as_secs_f64() * 1e3);
            server.stop()?;
        }
        let server = self.start("stored.db", Place::Anywhere, &[])?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle = server.resident_mb()?;
        let filling = load::counted(&server.address, 100, stored, move |n, into| {
            let body = submission(&schema("Event", FIELDS, n));
            plan::post(into, format_args!("/subjects/stored-{}-value/versions", n % (stored / VERSIONS_EACH)), &body);
        })
        .await?;
        let after = server.resident_mb()?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let rested = server.resident_mb()?;
        server.stop()?;
        let mut full = Vec::new();
        let mut idle_full = Vec::new();
        for _ in 0..self.effort.starts {
            let server = self.start("stored.db", Place::Anywhere, &[])?;
            full.push(server.first_answer.as_secs_f64() * 1e3);
            idle_full.push(server.resident_mb()?);
            server.stop()?;
        }
        table("From the start of the process to its first 200", &["Database", "Median", "Fastest, slowest"]);
        let registered = filling.requests;
        let stored_name = format!("{registered} schemas stored");
        for (name, times) in [("none yet, is created", &created), ("empty", &empty), (&stored_name, &full)] {
            let (low, high) = range(times);
            let cells = [name.to_owned(), format!("{:.1} ms", median(times)), format!("{low:.1} ms, {high:.1} ms")];
            row(&cells, median(times), Target::Below(100.0), " ms");
        }
        table("Resident memory", &["", "MB"]);
        row(&["idle after the start, empty database".to_owned(), format!("{idle:.1}")], idle, Target::Below(40.0), " MB");
        let idle_full = median(&idle_full);
        row(&[format!("after the start, {stored_name}"), format!("{idle_full:.1}")], idle_full, Target::Below(40.0), " MB");
        row(&[format!("right after {registered} registrations"), format!("{after:.1}")], after, Target::Below(100.0), " MB");
        row(&["two seconds later".to_owned(), format!("{rested:.1}")], rested, Target::None, "");
        println!(
            "\nThe {registered} registrations, {VERSIONS_EACH} versions for each subject over 100 connections, took {:.1} s.",
            filling.seconds
        );
        if registered < stored {
            println!("{stored} were wanted, but that was as long as they may take: the targets above are for all of them.");
        }
        Ok(())
    }
}

pub struct Registrations {
    pub per_second: f64,
    pub per_flush: f64,
    pub cpu_ms: f64,
}

/// Writes and commits so far, as the registry counts them.
async fn batches(client: &mut Client) -> Result<(f64, f64)> {
    let mut request = String::new();
    // as the generator sends requests, so that the answer comes uncompressed
    plan::get(&mut request, format_args!("/metrics"));
    let text = String::from_utf8(client.send(&request.replace("accept: ", "x-accept: ")).await?.to_vec())?;
    let value = |name: &str| -> f64 {
        text.lines().find_map(|line| line.strip_prefix(name)).and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
    };
    Ok((value("accordant_commit_batch_sum "), value("accordant_commit_batch_count ")))
}

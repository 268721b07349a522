//! Bytes as an event in every encoding: read without harm, and reported on.
#![no_main]

use accordant::cloudevents::{
    EventSettings, Issues, Judgement, KafkaRecord, Strictness, EventVerdict, batch_report, parse_batch, parse_headers, parse_record,
    parse_structured, read_records, report,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let settings = EventSettings::default();
    let text = std::str::from_utf8(bytes).ok();
    let verdict = |envelope| EventVerdict { envelope, schema: None, judgement: Judgement::default() };
    for strictness in [Strictness::Default, Strictness::Strict, Strictness::Lenient] {
        let _ = report(verdict(parse_structured(bytes, &settings)), text, strictness);
    }
    if let Ok(events) = parse_batch(bytes, &settings) {
        let _ = batch_report(events.into_iter().map(verdict).collect(), Issues::default(), text, Strictness::Default);
    }
    if let Ok((records, _)) = read_records(bytes) {
        for record in records {
            let _ = report(verdict(parse_record(record, &settings)), None, Strictness::Default);
        }
    }
    // lines are headers; an empty one ends them
    let (head, body) = bytes.windows(2).position(|pair| pair == b"\n\n").map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + 2..]));
    let pairs: Vec<(&[u8], &[u8])> = head
        .split(|byte| *byte == b'\n')
        .map(|line| line.iter().position(|byte| *byte == b':').map_or((line, &b""[..]), |at| (&line[..at], &line[at + 1..])))
        .collect();
    let _ = report(verdict(parse_headers(&pairs, body.to_vec(), &settings)), text, Strictness::Default);
    let headers = pairs.iter().map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), Some(value.to_vec()))).collect();
    let _ = parse_record(KafkaRecord { headers, value: Some(body.to_vec()) }, &settings);
});

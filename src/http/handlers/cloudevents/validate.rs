//! `/cloudevents/validate`: is this an event, and is its data what its schema says (cloudevents 4.3)?

use axum::http::{HeaderMap, StatusCode, header};

use crate::cloudevents::{
    ContentMode, Envelope, EventVerdict, Issues, KafkaRecord, RenderedReport, Strictness, batch_report, content_mode,
    parse_batch, parse_headers_unread, parse_record, parse_structured, read_records, report,
};
use crate::http::error::ApiError;
use crate::http::links::guid_path;
use crate::http::reply::{Answer, Reply};
use crate::http::request::Request;
use crate::http::state::HttpSettings;
use crate::registry::{EventJudging, SchemaUse, in_proportion};
use crate::types::{Subject, VersionSelector};

/// The largest body of an event or a batch, and the setting that moves it.
pub(in crate::http) fn http_limit(settings: &HttpSettings, headers: &HeaderMap) -> (usize, &'static str) {
    match content_mode(content_type(headers)) {
        Some(ContentMode::Batched) => (settings.events.limits.batch_bytes, "event-max-batch-bytes"),
        _ => (settings.events.limits.event_bytes, "event-max-bytes"),
    }
}

/// The same for records: base64 and names make them longer than what is in them.
pub(in crate::http) fn kafka_limit(settings: &HttpSettings, _: &HeaderMap) -> (usize, &'static str) {
    (settings.events.limits.batch_bytes.saturating_mul(2), "event-max-batch-bytes")
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

struct Parameters {
    strictness: Strictness,
    judging: EventJudging,
    always_200: bool,
}

impl Parameters {
    fn read(request: &Request) -> Result<Self, ApiError> {
        let wrong = |name: &str, wanted: &str| {
            let value: String = request.query(name).unwrap_or("").chars().take(100).collect();
            ApiError::bad_request(format!("{name}: '{value}' is not one of {wanted}"))
        };
        let strictness = match request.query("mode") {
            None => Strictness::Default,
            Some(word) => Strictness::parse(word).ok_or_else(|| wrong("mode", "default, strict, lenient"))?,
        };
        let schema = match request.query("schema") {
            None | Some("optional") => SchemaUse::Optional,
            Some("required") => SchemaUse::Required,
            Some("ignore") => SchemaUse::Ignore,
            Some(_) => return Err(wrong("schema", "required, optional, ignore")),
        };
        let formats = match request.query("formats") {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(wrong("formats", "true, false")),
        };
        let decode = match request.query("decode") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("decode", "true, false")),
        };
        let rules = match request.query("rules") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("rules", "true, false")),
        };
        let always_200 = match request.query("status") {
            None => false,
            Some("always-200") => true,
            Some(_) => return Err(wrong("status", "always-200")),
        };
        let version = match (request.query("subject"), request.query("version")) {
            (None, None) => None,
            (None, Some(_)) => return Err(ApiError::bad_request("version needs a subject")),
            (Some(subject), version) => {
                let version = version.unwrap_or("latest");
                let selector =
                    VersionSelector::parse(version).ok_or_else(|| wrong("version", "the numbers of versions, latest"))?;
                Some((Subject::parse_in(request.base_context(), subject), selector))
            }
        };
        let time_limit = request.state.settings.event_time_limit;
        let (context, rights) = (request.context.clone(), request.shared_rights());
        Ok(Self {
            strictness,
            judging: EventJudging { schema, version, formats, rules, decode, context, rights, time_limit },
            always_200,
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last line of handlers")]
    fn answer(&self, report: RenderedReport) -> Answer {
        let status = if report.valid || self.always_200 { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        Ok(Reply::JsonRegardlessOfAccept(status, report.json.into()))
    }
}

pub(in crate::http) async fn http(request: Request) -> Answer {
    let parameters = Parameters::read(&request)?;
    let settings = request.state.settings.events;
    let types = || request.headers().get_all(header::CONTENT_TYPE).iter().filter_map(|value| value.to_str().ok());
    let mut modes = types().map(|text| content_mode(Some(text)));
    let binary = Some(ContentMode::Binary);
    let mode = modes.next().unwrap_or(binary);
    if types().nth(1).is_some() && (mode != binary || modes.any(|mode| mode != binary)) {
        return Err(ApiError::bad_request("more than one Content-Type, and one of them is a CloudEvents media type"));
    }
    let text = || std::str::from_utf8(&request.body).ok();
    let (registry, size) = (request.registry(), request.body.len());
    let envelope = match mode {
        None => {
            return Err(ApiError::unsupported_event_format(content_type(request.headers()).unwrap_or("")));
        }
        Some(ContentMode::Batched) => {
            let mut own = Issues::default();
            let read = registry.read_events(size, || parse_batch(&request.body, &settings)).await?;
            let envelopes = read.unwrap_or_else(|issue| {
                own.push(*issue);
                Vec::new()
            });
            return answer_batch(&request, &parameters, envelopes, own, text()).await;
        }
        Some(ContentMode::Structured) => registry.read_events(size, || parse_structured(&request.body, &settings)).await?,
        Some(ContentMode::Binary) => {
            let mut headers = Vec::with_capacity(request.headers().len());
            headers.extend(request.headers().iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())));
            parse_headers_unread(&headers, request.body.clone(), &settings)
        }
    };
    let verdict = registry.judge_event(envelope, &parameters.judging).await?;
    answer_one(&request, &parameters, verdict, text)
}

fn locate_schema(request: &Request, verdict: &mut EventVerdict) {
    if let Some(facts) = &mut verdict.schema {
        facts.url = facts.guid.map(|guid| request.state.settings.links.url(&guid_path(guid)));
    }
}

fn count(request: &Request, parameters: &Parameters, verdict: &EventVerdict) {
    let issues = &verdict.envelope.issues;
    request.state.metrics.event(issues.pass(parameters.strictness), issues.list().iter().map(|issue| &issue.code));
}

/// Places count in `text`, which is looked at only if there is something to say.
fn answer_one<'t>(
    request: &Request,
    parameters: &Parameters,
    mut verdict: EventVerdict,
    text: impl FnOnce() -> Option<&'t str>,
) -> Answer {
    locate_schema(request, &mut verdict);
    count(request, parameters, &verdict);
    let text = if verdict.envelope.issues.list().is_empty() { None } else { text() };
    let size = text.map_or(0, str::len) + verdict.judgement.decoded.as_ref().map_or(0, String::len);
    in_proportion(size, || parameters.answer(report(verdict, text, parameters.strictness)))
}

/// `own` is what is wrong with the batch itself.
async fn answer_batch(
    request: &Request,
    parameters: &Parameters,
    envelopes: Vec<Envelope>,
    own: Issues,
    text: Option<&str>,
) -> Answer {
    let mut verdicts = request.registry().judge_events(envelopes, &parameters.judging).await?;
    for verdict in &mut verdicts {
        locate_schema(request, verdict);
        count(request, parameters, verdict);
    }
    in_proportion(request.body.len(), || parameters.answer(batch_report(verdicts, own, text, parameters.strictness)))
}

pub(in crate::http) async fn kafka(request: Request) -> Answer {
    let parameters = Parameters::read(&request)?;
    let settings = request.state.settings.events;
    let (registry, size) = (request.registry(), request.body.len());
    let (records, is_list) = registry.read_events(size, || read_records(&request.body)).await?.map_err(ApiError::bad_request)?;
    if records.len() > settings.limits.batch_events {
        return Err(ApiError::too_many_records(records.len(), settings.limits.batch_events));
    }
    if let ([record], false) = (records.as_slice(), is_list)
        && let Some(content_type) = record.content_type()
        && content_mode(Some(content_type)).is_none()
    {
        return Err(ApiError::unsupported_event_format(content_type));
    }
    let parse = || records.into_iter().map(|record: KafkaRecord| parse_record(record, &settings)).collect();
    let mut envelopes: Vec<Envelope> = registry.read_events(size, parse).await?;
    if is_list {
        return answer_batch(&request, &parameters, envelopes, Issues::default(), None).await;
    }
    let envelope = envelopes.pop().ok_or_else(|| ApiError::bad_request("no record"))?;
    let verdict = registry.judge_event(envelope, &parameters.judging).await?;
    answer_one(&request, &parameters, verdict, || None)
}

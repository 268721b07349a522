//! HTTP calls to a KMS: so many at once, so long, answers so large.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::KmsError;
use crate::trace;

/// Calls at once; further ones wait.
const CALLS: usize = 32;
/// Largest answer.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// What a KMS answered.
pub(super) struct KmsAnswer {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Where a KMS is asked.
pub(super) struct KmsEndpoint {
    http: reqwest::Client,
    time_limit: Duration,
    calls: Semaphore,
}

impl KmsEndpoint {
    /// `is_https` says whether certificates are needed.
    pub(super) fn new(time_limit: Duration, is_https: bool) -> Result<Self, String> {
        let builder = ClientBuilder::new()
            .timeout(time_limit)
            .redirect(Policy::none())
            .user_agent(concat!("accordant/", env!("CARGO_PKG_VERSION")));
        let builder = if is_https { builder } else { builder.tls_certs_only([]) };
        let http = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { http, time_limit, calls: Semaphore::new(CALLS) })
    }

    /// Posts a body. What the KMS answered, whatever its status.
    pub(super) async fn post(&self, url: Url, headers: HeaderMap, body: Bytes) -> Result<KmsAnswer, KmsError> {
        let call = async {
            let _turn = self.calls.acquire().await.map_err(|_| failed("closed"))?;
            let request = self.http.post(url).headers(headers).body(body);
            let request = trace::headers().into_iter().fold(request, |request, (name, value)| request.header(name, value));
            let mut response = request.send().await.map_err(|error| failed(&cause(&error)))?;
            let status = response.status().as_u16();
            // large enough from the start: no copy is left where it grew
            let mut body = Zeroizing::new(Vec::with_capacity(MAX_ANSWER_BYTES));
            while let Some(chunk) = response.chunk().await.map_err(|error| failed(&cause(&error)))? {
                if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                    return Err(failed("its answer is too large"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(KmsAnswer { status, body })
        };
        let late = |_| failed(&format!("no answer within {} s", self.time_limit.as_secs_f64()));
        tokio::time::timeout(self.time_limit, call).await.map_err(late)?
    }
}

fn failed(why: &str) -> KmsError {
    KmsError::Failed(format!("the KMS can't be asked: {why}"))
}

/// The innermost reason, which never has the URL in it.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::eq(cause, error) { "the exchange failed".to_owned() } else { cause.to_string() }
}

/// What others say, for a message: so much of it, on one line.
pub(super) fn quoted(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

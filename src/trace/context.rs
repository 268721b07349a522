//! `traceparent` and `tracestate`, as <https://www.w3.org/TR/trace-context/> has them.

use std::sync::Arc;

use super::{TRACEPARENT, TRACESTATE};

/// Longest `tracestate` that is passed on; W3C wants at least 512.
const MAX_STATE_BYTES: usize = 512;
/// `VERSION-TRACE-SPAN-FLAGS`, each in hexadecimal digits.
const PARENT_CHARS: usize = 55;

/// A place in a trace: its id, that of a span, and whether the span is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub is_sampled: bool,
    /// `tracestate`, passed on as it came.
    pub state: Option<Arc<str>>,
}

/// How many of the traces that begin here are recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling(f64);

impl Sampling {
    /// A share from 0 to 1.
    pub fn new(ratio: f64) -> Option<Self> {
        (0.0..=1.0).contains(&ratio).then_some(Self(ratio))
    }

    /// Whether a trace is. All processes with the same share decide the same, for the id decides: its last seven bytes, which W3C wants to
    /// be random.
    #[expect(clippy::cast_precision_loss, reason = "shares are not that fine")]
    pub fn takes(self, trace_id: &[u8; 16]) -> bool {
        const RANDOM_BITS: u32 = 56;
        let random = u64::from_be_bytes(last_half(trace_id)) & ((1 << RANDOM_BITS) - 1);
        (random as f64) < self.0 * ((1_u64 << RANDOM_BITS) as f64)
    }
}

impl std::fmt::Display for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TraceContext {
    /// Reads the headers of a request; `None` where `traceparent` is not as it should be, which then counts as not there.
    pub fn read<'h>(parent: &str, states: impl Iterator<Item = &'h str>) -> Option<Self> {
        let (fixed, rest) = (parent.get(..PARENT_CHARS)?, parent.get(PARENT_CHARS..)?);
        let mut parts = fixed.split('-');
        let [version] = hex(parts.next()?)?;
        let (trace_id, span_id, [flags]) = (hex(parts.next()?)?, hex(parts.next()?)?, hex(parts.next()?)?);
        // later versions may say more behind the flags
        let is_known =
            version == 0 && rest.is_empty() || (1..0xff).contains(&version) && (rest.is_empty() || rest.starts_with('-'));
        if !is_known || trace_id == [0; 16] || span_id == [0; 8] {
            return None;
        }
        Some(Self { trace_id, span_id, is_sampled: flags & 1 == 1, state: state(states) })
    }

    /// The beginning of a trace.
    pub fn fresh() -> Self {
        Self { trace_id: uuid::Uuid::new_v4().into_bytes(), span_id: fresh_span(), is_sampled: false, state: None }
    }

    /// The same trace with a span of our own.
    pub fn with_fresh_span(&self) -> Self {
        Self { span_id: fresh_span(), ..self.clone() }
    }

    /// The id of the trace, as logs and headers have it.
    pub fn shown_id(&self) -> String {
        text(&self.trace_id)
    }

    /// The headers of a request that is made for it.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let flags = u8::from(self.is_sampled);
        let mut headers = vec![(TRACEPARENT, format!("00-{}-{}-{flags:02x}", text(&self.trace_id), text(&self.span_id)))];
        headers.extend(self.state.as_deref().map(|state| (TRACESTATE, state.to_owned())));
        headers
    }
}

/// All headers of that name are one list; one that is too long or unreadable is left out whole.
fn state<'h>(states: impl Iterator<Item = &'h str>) -> Option<Arc<str>> {
    let mut list = String::new();
    for part in states.map(str::trim).filter(|part| !part.is_empty()) {
        if list.len() + 1 + part.len() > MAX_STATE_BYTES {
            return None;
        }
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(part);
    }
    (!list.is_empty()).then(|| list.into())
}

/// Lower-case hexadecimal digits, exactly as many as it takes.
fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // a String takes everything
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The second half of a UUID has two bits that are fixed, one of them set: it is never zero.
fn fresh_span() -> [u8; 8] {
    last_half(uuid::Uuid::new_v4().as_bytes())
}

fn last_half(bytes: &[u8; 16]) -> [u8; 8] {
    let mut half = [0; 8];
    half.iter_mut().zip(bytes.iter().skip(8)).for_each(|(to, from)| *to = *from);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(parent: &str) -> Option<TraceContext> {
        TraceContext::read(parent, std::iter::empty())
    }

    #[test]
    fn what_is_read_is_written_again() {
        let context = TraceContext::read(PARENT, ["a=1", " b=2 "].into_iter()).unwrap();
        assert!(context.is_sampled);
        assert_eq!(context.shown_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.headers(), [(TRACEPARENT, PARENT.to_owned()), (TRACESTATE, "a=1,b=2".to_owned())]);
        let unsampled = PARENT.replace("-01", "-00");
        assert_eq!(read(&unsampled).unwrap().headers(), [(TRACEPARENT, unsampled)]);
    }

    #[test]
    fn what_is_no_traceparent_counts_as_not_there() {
        for parent in [
            "",
            "00",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(read(parent), None, "{parent}");
        }
        assert!(read(&format!("01{}-more", PARENT.get(2..).unwrap())).is_some());
    }

    #[test]
    fn a_state_that_is_too_long_is_left_out_whole() {
        let long = "x".repeat(300);
        assert_eq!(state([long.as_str(), long.as_str()].into_iter()), None);
        assert_eq!(state([long.as_str()].into_iter()).as_deref(), Some(long.as_str()));
    }

    #[test]
    fn a_share_of_the_traces_is_taken() {
        let takes =
            |ratio: f64| (0..1000).filter(|_| Sampling::new(ratio).unwrap().takes(&TraceContext::fresh().trace_id)).count();
        assert_eq!((takes(0.0), takes(1.0)), (0, 1000));
        assert!((300..700).contains(&takes(0.5)));
        assert!(Sampling::new(1.1).is_none() && Sampling::new(f64::NAN).is_none());
    }
}

//! The cookies of signing in. That of a sign-in on its way is sent back when the provider sends the browser here; those of a session never
//! to a request that another site causes. Scripts see neither; beside them is one that says that there is a session, and nothing else.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const PENDING: &str = "accordant-sign-in";
const SESSION: &str = "accordant-session";
/// What scripts may see.
const SIGNED_IN: &str = "accordant-signed-in";
/// Seconds for a sign-in.
const PENDING_AGE: i64 = 600;
/// Bytes of one cookie that every browser keeps, and how many of them a token may take.
const PIECE: usize = 3_800;
const PIECES: usize = 4;
/// Longest place to go on to, in bytes.
const MAX_PLACE: usize = 512;
/// Parts of a sign-in on its way, with a character between that none of them has.
const SEPARATOR: char = '~';

/// What binds the steps of a sign-in together.
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// Where the pages go on.
    pub(super) to: String,
}

#[derive(Debug, Clone)]
pub(super) struct Cookies {
    path: String,
    is_secure: bool,
}

/// The values that cookies of a name have.
fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(move |pair| {
        let (own, value) = pair.trim().split_once('=')?;
        (own == name).then_some(value)
    })
}

/// The value of a cookie; of two with one name nobody knows which is meant.
fn value<'h>(headers: &'h HeaderMap, name: &'h str) -> Option<&'h str> {
    let mut found = values(headers, name);
    found.next().filter(|_| found.next().is_none())
}

fn piece_name(at: usize) -> String {
    if at == 0 { SESSION.to_owned() } else { format!("{SESSION}-{at}") }
}

/// The token of a session, put together.
pub(super) fn session(headers: &HeaderMap) -> Option<String> {
    let mut token = value(headers, SESSION)?.to_owned();
    for at in 1..PIECES {
        let Some(piece) = value(headers, &piece_name(at)).map(str::to_owned) else { break };
        token.push_str(&piece);
    }
    (!token.is_empty()).then_some(token)
}

impl Cookies {
    pub(super) fn new(public_url: &str) -> Self {
        let after_scheme = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("", |at| after_scheme.get(at..).unwrap_or_default());
        Self { path: format!("{}/", path.trim_end_matches('/')), is_secure: public_url.starts_with("https://") }
    }

    /// Those of pages whose browser has them below a [path](is_path).
    pub(super) fn below(path: &str, is_secure: bool) -> Self {
        Self { path: path.to_owned(), is_secure }
    }

    fn set(&self, headers: &mut HeaderMap, name: &str, value: &str, age: i64, rest: &str) {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path={}; Max-Age={age}{secure}{rest}", self.path);
        if let Ok(mut text) = HeaderValue::try_from(text) {
            text.set_sensitive(true);
            headers.append(header::SET_COOKIE, text);
        }
    }

    /// Lax, for the provider's page leads here.
    pub(super) fn keep_pending(&self, headers: &mut HeaderMap, pending: &Pending) {
        let Pending { state, nonce, verifier, to } = pending;
        let to = URL_SAFE_NO_PAD.encode(to);
        let value = [state, nonce, verifier, &to].map(String::as_str).join(&SEPARATOR.to_string());
        self.set(headers, PENDING, &value, PENDING_AGE, "; HttpOnly; SameSite=Lax");
    }

    pub(super) fn forget_pending(&self, headers: &mut HeaderMap) {
        self.set(headers, PENDING, "", 0, "; HttpOnly; SameSite=Lax");
    }

    pub(super) fn pending(headers: &HeaderMap) -> Option<Pending> {
        let mut parts = value(headers, PENDING)?.split(SEPARATOR);
        let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let (state, nonce, verifier) = (next()?, next()?, next()?);
        let to = URL_SAFE_NO_PAD.decode(parts.next().unwrap_or_default()).ok()?;
        let to = String::from_utf8(to).ok().filter(|to| to.is_empty() || is_place(to))?;
        Some(Pending { state, nonce, verifier, to })
    }

    /// Keeps the token for so many seconds; false where no browser would.
    pub(super) fn keep_session(&self, headers: &mut HeaderMap, token: &str, life: i64) -> bool {
        if token.len() > PIECE * PIECES || !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
            return false;
        }
        let mut rest = token;
        for at in 0..PIECES {
            let (piece, behind) = rest.split_at(rest.len().min(PIECE));
            // one that a longer token has left behind would be taken for the rest of this one
            let age = if piece.is_empty() { 0 } else { life };
            self.set(headers, &piece_name(at), piece, age, "; HttpOnly; SameSite=Strict");
            rest = behind;
        }
        self.set(headers, SIGNED_IN, "1", life, "; SameSite=Strict");
        true
    }

    pub(super) fn forget_session(&self, headers: &mut HeaderMap) {
        for at in 0..PIECES {
            self.set(headers, &piece_name(at), "", 0, "; HttpOnly; SameSite=Strict");
        }
        self.set(headers, SIGNED_IN, "", 0, "; SameSite=Strict");
    }
}

/// A path that a cookie may be for: from a slash to a slash, with nothing in it that would end it.
pub(super) fn is_path(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,=:@".contains(&b);
    text.len() <= MAX_PLACE && text.starts_with('/') && text.ends_with('/') && text.bytes().all(is_plain)
}

/// A place of the pages, as their addresses name it: a fragment, so it leads nowhere else.
pub(super) fn is_place(text: &str) -> bool {
    text.len() <= MAX_PLACE
        && text
            .strip_prefix("#/")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'#')))
}

#[cfg(test)]
mod tests {
    use super::{is_path, is_place};

    #[test]
    fn a_path_of_a_cookie_says_nothing_else() {
        for path in ["/", "/prefix/", "/a/b%20c/"] {
            assert!(is_path(path), "{path}");
        }
        for path in [
            "",
            "prefix/",
            "/prefix",
            "/; Domain=evil.example; Path=/",
            "/a b/",
            "/\r\nset-cookie: x/",
            &format!("/{}/", "x".repeat(600)),
        ] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn a_place_to_go_on_to_is_one_of_these_pages() {
        for place in ["#/subjects", "#/subjects/a%2Fb?x=1&y=2", "#/"] {
            assert!(is_place(place), "{place}");
        }
        for place in [
            "",
            "//evil.example",
            "https://evil.example",
            "#",
            "/\\evil",
            "#/a\r\nset-cookie: x",
            "#/<script>",
            &format!("#/{}", "x".repeat(600)),
        ] {
            assert!(!is_place(place), "{place}");
        }
    }
}

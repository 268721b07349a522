//! Signatures of requests to AWS, version 4.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, Tag, sign};

use super::Secret;
use crate::types::hex;

/// What a request is signed with.
#[derive(Debug, Clone)]
pub struct AwsCredentials {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
}

/// A request as far as it is signed. Headers in lower case and in the order of their names.
pub(super) struct Signed<'r> {
    pub(super) method: &'static str,
    pub(super) path: &'r str,
    /// In canonical form.
    pub(super) query: &'r str,
    pub(super) headers: &'r [(&'static str, String)],
    pub(super) body: &'r [u8],
    pub(super) region: &'r str,
    pub(super) service: &'static str,
}

fn hmac(key: &[u8], text: &str) -> Tag {
    sign(&Key::new(HMAC_SHA256, key), text.as_bytes())
}

/// A time in milliseconds since 1970 as `20150830T123600Z`.
pub(super) fn timestamp(millis: i64) -> String {
    let seconds = millis.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // years that begin in March, in eras of 400: the day of a leap year comes last
    let day = days + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{date:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// The header `Authorization`; `at` is that of `x-amz-date`.
pub(super) fn authorization(request: &Signed<'_>, credentials: &AwsCredentials, at: &str) -> String {
    let date = at.split('T').next().unwrap_or_default();
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let headers = headers.concat();
    let body = hex(digest(&SHA256, request.body).as_ref());
    let canonical = format!("{}\n{}\n{}\n{headers}\n{names}\n{body}", request.method, request.path, request.query);
    let scope = format!("{date}/{}/{}/aws4_request", request.region, request.service);
    let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
    let secret = zeroize::Zeroizing::new(format!("AWS4{}", credentials.secret_access_key.expose()));
    let key = [date, request.region, request.service, "aws4_request"]
        .iter()
        .fold(zeroize::Zeroizing::new(secret.as_bytes().to_vec()), |key, part| {
            zeroize::Zeroizing::new(hmac(&key, part).as_ref().to_vec())
        });
    let signature = hex(hmac(&key, &to_sign).as_ref());
    format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", credentials.access_key_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's documentation of the signature.
    #[test]
    fn the_documented_example_gets_the_documented_signature() {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
            ("host", "iam.amazonaws.com".to_owned()),
            ("x-amz-date", "20150830T123600Z".to_owned()),
        ];
        let request = Signed {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &headers,
            body: b"",
            region: "us-east-1",
            service: "iam",
        };
        let credentials = AwsCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: None,
        };
        assert_eq!(
            authorization(&request, &credentials, "20150830T123600Z"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn times_are_written_as_aws_wants_them() {
        for (millis, text) in [
            (0, "19700101T000000Z"),
            (1_440_938_160_000, "20150830T123600Z"),
            (951_827_696_789, "20000229T123456Z"),
            (4_107_542_399_999, "21000228T235959Z"),
            (4_107_542_400_000, "21000301T000000Z"),
        ] {
            assert_eq!(timestamp(millis), text);
        }
    }
}

//! The meta-schemas of the five dialects, built in.

use std::sync::OnceLock;

use referencing::meta as texts;

use crate::schema::json::{self, ReadOptions, Value};

/// Prints a built-in document.
type PrintDocument = fn() -> String;

/// Address and text of every built-in document.
pub(crate) const ALL: &[(&str, PrintDocument)] = &[
    ("http://json-schema.org/draft-04/schema", || texts::DRAFT4.to_string()),
    ("http://json-schema.org/draft-06/schema", || texts::DRAFT6.to_string()),
    ("http://json-schema.org/draft-07/schema", || texts::DRAFT7.to_string()),
    ("https://json-schema.org/draft/2019-09/schema", || texts::DRAFT201909.to_string()),
    ("https://json-schema.org/draft/2019-09/meta/applicator", || texts::DRAFT201909_APPLICATOR.to_string()),
    ("https://json-schema.org/draft/2019-09/meta/content", || texts::DRAFT201909_CONTENT.to_string()),
    ("https://json-schema.org/draft/2019-09/meta/core", || texts::DRAFT201909_CORE.to_string()),
    ("https://json-schema.org/draft/2019-09/meta/format", || texts::DRAFT201909_FORMAT.to_string()),
    ("https://json-schema.org/draft/2019-09/meta/meta-data", || texts::DRAFT201909_META_DATA.to_string()),
    ("https://json-schema.org/draft/2019-09/meta/validation", || texts::DRAFT201909_VALIDATION.to_string()),
    ("https://json-schema.org/draft/2020-12/schema", || texts::DRAFT202012.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/core", || texts::DRAFT202012_CORE.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/applicator", || texts::DRAFT202012_APPLICATOR.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/unevaluated", || texts::DRAFT202012_UNEVALUATED.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/validation", || texts::DRAFT202012_VALIDATION.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/meta-data", || texts::DRAFT202012_META_DATA.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/format-annotation", || texts::DRAFT202012_FORMAT_ANNOTATION.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/format-assertion", || texts::DRAFT202012_FORMAT_ASSERTION.to_string()),
    ("https://json-schema.org/draft/2020-12/meta/content", || texts::DRAFT202012_CONTENT.to_string()),
];

/// A built-in document by its place in [`ALL`], read once.
pub(crate) fn value(at: usize) -> Result<&'static Value, String> {
    static VALUES: [OnceLock<Result<Value, String>>; ALL.len()] = [const { OnceLock::new() }; ALL.len()];
    let (Some(value), Some((_, text))) = (VALUES.get(at), ALL.get(at)) else { return Err("no such document".to_owned()) };
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: usize::MAX };
    value.get_or_init(|| json::read(&text(), options).map_err(|error| error.to_string())).as_ref().map_err(Clone::clone)
}

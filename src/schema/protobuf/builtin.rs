//! Files that can be imported without a reference (protobuf 1.3). The list is Confluent's, with
//! `google/type/localized_text.proto` added.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::model::File;
use super::parse;

/// Import path and text.
const TEXTS: &[(&str, &str)] = &[
    ("confluent/meta.proto", include_str!("builtin/confluent/meta.proto")),
    ("confluent/type/decimal.proto", include_str!("builtin/confluent/type/decimal.proto")),
    ("confluent/type/variant.proto", include_str!("builtin/confluent/type/variant.proto")),
    ("google/protobuf/any.proto", include_str!("builtin/google/protobuf/any.proto")),
    ("google/protobuf/api.proto", include_str!("builtin/google/protobuf/api.proto")),
    ("google/protobuf/descriptor.proto", include_str!("builtin/google/protobuf/descriptor.proto")),
    ("google/protobuf/duration.proto", include_str!("builtin/google/protobuf/duration.proto")),
    ("google/protobuf/empty.proto", include_str!("builtin/google/protobuf/empty.proto")),
    ("google/protobuf/field_mask.proto", include_str!("builtin/google/protobuf/field_mask.proto")),
    ("google/protobuf/source_context.proto", include_str!("builtin/google/protobuf/source_context.proto")),
    ("google/protobuf/struct.proto", include_str!("builtin/google/protobuf/struct.proto")),
    ("google/protobuf/timestamp.proto", include_str!("builtin/google/protobuf/timestamp.proto")),
    ("google/protobuf/type.proto", include_str!("builtin/google/protobuf/type.proto")),
    ("google/protobuf/wrappers.proto", include_str!("builtin/google/protobuf/wrappers.proto")),
    ("google/type/calendar_period.proto", include_str!("builtin/google/type/calendar_period.proto")),
    ("google/type/color.proto", include_str!("builtin/google/type/color.proto")),
    ("google/type/date.proto", include_str!("builtin/google/type/date.proto")),
    ("google/type/datetime.proto", include_str!("builtin/google/type/datetime.proto")),
    ("google/type/dayofweek.proto", include_str!("builtin/google/type/dayofweek.proto")),
    ("google/type/decimal.proto", include_str!("builtin/google/type/decimal.proto")),
    ("google/type/expr.proto", include_str!("builtin/google/type/expr.proto")),
    ("google/type/fraction.proto", include_str!("builtin/google/type/fraction.proto")),
    ("google/type/interval.proto", include_str!("builtin/google/type/interval.proto")),
    ("google/type/latlng.proto", include_str!("builtin/google/type/latlng.proto")),
    ("google/type/localized_text.proto", include_str!("builtin/google/type/localized_text.proto")),
    ("google/type/money.proto", include_str!("builtin/google/type/money.proto")),
    ("google/type/month.proto", include_str!("builtin/google/type/month.proto")),
    ("google/type/phone_number.proto", include_str!("builtin/google/type/phone_number.proto")),
    ("google/type/postal_address.proto", include_str!("builtin/google/type/postal_address.proto")),
    ("google/type/quaternion.proto", include_str!("builtin/google/type/quaternion.proto")),
    ("google/type/timeofday.proto", include_str!("builtin/google/type/timeofday.proto")),
];

/// More than the nesting of these texts.
const DEPTH: usize = 16;

#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) path: &'static str,
    pub(crate) file: File,
}

/// All built-in files, parsed when first asked for. The order is that of their paths.
pub(crate) fn all() -> &'static [Builtin] {
    static FILES: OnceLock<Vec<Builtin>> = OnceLock::new();
    FILES.get_or_init(|| {
        // a test holds that each of them can be read
        let read = |&(path, text)| parse::parse(text, DEPTH).ok().map(|file| Builtin { path, file });
        TEXTS.iter().filter_map(read).collect()
    })
}

/// The place of a built-in file in [`all`].
pub(crate) fn find(path: &str) -> Option<usize> {
    static PLACES: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    PLACES.get_or_init(|| all().iter().enumerate().map(|(at, builtin)| (builtin.path, at)).collect()).get(path).copied()
}

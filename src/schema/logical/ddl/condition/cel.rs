//! Types of CEL, and what its operators and functions take: Confluent has each expression checked before it is stored.

use crate::schema::logical::model::{NamedTypes, Type, TypeKind};

#[derive(Debug, Clone, Default)]
pub(super) enum Cel<'s> {
    /// Anything.
    #[default]
    Dyn,
    Null,
    Bool,
    Int,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    Decimal,
    Variant,
    List(Box<Cel<'s>>),
    Map(Box<(Cel<'s>, Cel<'s>)>),
    Struct(&'s Type, &'s NamedTypes),
}

impl<'s> Cel<'s> {
    pub(super) fn of(ty: &'s Type, named: &'s NamedTypes) -> Self {
        match &ty.kind {
            // the body of a named type is never a name
            TypeKind::Named(name) => match named.get(name) {
                Some(body) if !matches!(body.kind, TypeKind::Named(_)) => Self::of(body, named),
                _ => Self::Dyn,
            },
            TypeKind::Boolean => Self::Bool,
            TypeKind::Tinyint | TypeKind::Smallint | TypeKind::Int | TypeKind::Bigint => Self::Int,
            TypeKind::Float | TypeKind::Double => Self::Double,
            TypeKind::Decimal { .. } => Self::Decimal,
            TypeKind::Char(_) | TypeKind::Varchar(_) => Self::String,
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => Self::Bytes,
            TypeKind::Date | TypeKind::Time(_) | TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => Self::Timestamp,
            TypeKind::Array(element) | TypeKind::Multiset(element) => Self::List(Box::new(Self::of(element, named))),
            TypeKind::Map(pair) => Self::Map(Box::new((Self::of(&pair.0, named), Self::of(&pair.1, named)))),
            TypeKind::Struct(_) => Self::Struct(ty, named),
            TypeKind::Enum(_) | TypeKind::Union(_) | TypeKind::Variant => Self::Dyn,
        }
    }

    /// As messages of CEL write it.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Dyn => "dyn".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Double => "double".to_owned(),
            Self::String => "string".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Timestamp => "google.protobuf.Timestamp".to_owned(),
            Self::Duration => "google.protobuf.Duration".to_owned(),
            Self::Decimal => "confluent.type.Decimal".to_owned(),
            Self::Variant => "confluent.type.Variant".to_owned(),
            Self::List(element) => format!("list({})", element.word()),
            Self::Map(pair) => format!("map({}, {})", pair.0.word(), pair.1.word()),
            Self::Struct(..) => "struct".to_owned(),
        }
    }

    /// The type of values that are of both types; `None` where there are none.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        use Cel::{Bool, Bytes, Decimal, Double, Duration, Dyn, Int, List, Map, Null, String, Struct, Timestamp, Variant};
        match (self, other) {
            (Dyn, _) | (_, Dyn) => Some(Dyn),
            (Null, Null | Struct(..) | Timestamp | Duration | Decimal | Variant) => Some(other.clone()),
            (Struct(..) | Timestamp | Duration | Decimal | Variant, Null)
            | (Bool, Bool)
            | (Int, Int)
            | (Double, Double)
            | (String, String)
            | (Bytes, Bytes)
            | (Timestamp, Timestamp)
            | (Duration, Duration)
            | (Decimal, Decimal)
            | (Variant, Variant) => Some(self.clone()),
            (List(one), List(other)) => one.and(other).map(|element| List(Box::new(element))),
            (Map(one), Map(other)) => Some(Map(Box::new((one.0.and(&other.0)?, one.1.and(&other.1)?)))),
            (Struct(one, _), Struct(other, _)) if std::ptr::eq(*one, *other) => Some(self.clone()),
            _ => None,
        }
    }

    pub(super) fn is(&self, wanted: &Self) -> bool {
        self.and(wanted).is_some()
    }

    /// The type of a field; `None` where there is no such field.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Dyn => Some(Self::Dyn),
            Self::Map(pair) => Some(pair.1.clone()),
            Self::Struct(ty, named) => match &ty.kind {
                TypeKind::Struct(fields) => {
                    fields.iter().find(|field| field.name == name).map(|field| Self::of(&field.ty, named))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What a macro's variable is within a value of this type; `None` where macros can't go through it.
    pub(super) fn item(&self) -> Option<Self> {
        match self {
            Self::Dyn => Some(Self::Dyn),
            Self::List(element) => Some((**element).clone()),
            Self::Map(pair) => Some(pair.0.clone()),
            _ => None,
        }
    }

    fn is_any_of(&self, types: &[Self]) -> bool {
        types.iter().any(|ty| self.is(ty))
    }
}

/// What a function or operator gives for arguments of these types; `None` where it doesn't take them.
pub(super) fn call<'s>(name: &str, arguments: &[Cel<'s>]) -> Option<Cel<'s>> {
    use Cel::{Bool, Bytes, Decimal, Double, Duration, Dyn, Int, List, Map, String, Timestamp, Variant};
    let one = arguments.first().unwrap_or(&Dyn);
    let two = arguments.get(1).unwrap_or(&Dyn);
    let is = |wanted: &[Cel<'_>]| arguments.iter().zip(wanted).all(|(own, wanted)| own.is(wanted));
    let same = || one.and(two).map(|_| Bool);
    let when = |fits: bool, result: Cel<'s>| fits.then_some(result);
    match name {
        "_||_" | "_&&_" | "!_" => when(is(&[Bool, Bool]), Bool),
        "_==_" | "_!=_" => same(),
        "_<_" | "_<=_" | "_>_" | "_>=_" => {
            same().filter(|_| one.is_any_of(&[Bool, Int, Double, String, Bytes, Timestamp, Duration]))
        }
        "@in" => match two {
            Dyn => Some(Bool),
            List(element) => when(one.is(element), Bool),
            Map(pair) => when(one.is(&pair.0), Bool),
            _ => None,
        },
        "_+_" | "_-_" => {
            let (is_time, is_plus) = (one.is(&Timestamp) || two.is(&Timestamp), name == "_+_");
            match (one, two) {
                (Dyn, _) | (_, Dyn) => Some(Dyn),
                (Timestamp, Duration) => Some(Timestamp),
                (Duration, Timestamp) if is_plus => Some(Timestamp),
                (Timestamp, Timestamp) if !is_plus => Some(Duration),
                (Int, Int) | (Double, Double) | (Duration, Duration) => Some(one.clone()),
                (String, String) | (Bytes, Bytes) | (List(_), List(_)) if is_plus && !is_time => one.and(two),
                _ => None,
            }
        }
        "_*_" | "_/_" => one.and(two).filter(|both| both.is_any_of(&[Int, Double])),
        "_%_" => when(is(&[Int, Int]), if matches!((one, two), (Dyn, Dyn)) { Dyn } else { Int }),
        "dyn" => Some(Dyn),
        "size" => when(one.is_any_of(&[String, Bytes]) || one.item().is_some(), Int),
        "startsWith" | "endsWith" | "contains" | "matches" => when(is(&[String, String]), Bool),
        "isEmail" | "isHostname" | "isIpv4" | "isIpv6" | "isUri" | "isUriRef" | "isUuid" => when(is(&[String]), Bool),
        "upperAscii" | "lowerAscii" | "trim" => when(is(&[String]), String),
        "replace" => when(is(&[String, String, String]), String),
        "substring" => when(is(&[String, Int, Int]), String),
        "indexOf" => when(is(&[String, String]), Int),
        "-_" | "math.abs" | "math.sign" => when(one.is_any_of(&[Int, Double]), one.clone()),
        "math.floor" | "math.ceil" | "math.round" | "math.trunc" => when(is(&[Double]), Double),
        "math.sqrt" => when(one.is_any_of(&[Int, Double]), Double),
        "math.greatest" | "math.least" => one.and(two).filter(|both| both.is_any_of(&[Int, Double])),
        "int" => when(one.is_any_of(&[Int, Double, String, Timestamp]), Int),
        "double" => when(one.is_any_of(&[Int, Double, String, Decimal]), Double),
        "string" => when(one.is_any_of(&[Bool, Int, Double, String, Bytes, Timestamp, Duration, Decimal]), String),
        "bool" => when(one.is_any_of(&[Bool, String]), Bool),
        "bytes" => when(one.is_any_of(&[Bytes, String]), Bytes),
        "timestamp.of" => Some(Timestamp),
        "getFullYear" | "getMonth" | "getDate" => when(is(&[Timestamp]), Int),
        "getHours" | "getMinutes" | "getSeconds" => when(one.is_any_of(&[Timestamp, Duration]), Int),
        "decimal" => Some(Decimal),
        "decimals.eq" | "decimals.lt" | "decimals.le" | "decimals.gt" | "decimals.ge" => when(is(&[Decimal, Decimal]), Bool),
        "decimals.sign" => when(is(&[Decimal]), Int),
        "decimals.round" | "decimals.trunc" => when(is(&[Decimal, Int]), Decimal),
        name if name.starts_with("decimals.") => when(is(&[Decimal, Decimal]), Decimal),
        "variants.parseJson" | "variants.tryParseJson" => when(is(&[String]), Variant),
        "variants.type" | "variants.toJson" => when(is(&[Variant]), String),
        "variants.isNull" => when(is(&[Variant]), Bool),
        "variants.path" => when(is(&[Variant, String]), Variant),
        "variants.as" | "variants.tryAs" => when(is(&[Variant, String]), Dyn),
        _ => None,
    }
}

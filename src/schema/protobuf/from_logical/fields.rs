//! Messages and their fields.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::meta::MetaOptions;
use super::{Context, NO_DESCRIPTOR, check_identifier, enumeration, error, nested, simple_name};
use crate::schema::logical::conversion::Depth;
use crate::schema::logical::default_value::DefaultValue;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{FIELD_NUMBER, Field, MAX_LENGTH, Params, Type, TypeKind, UnionBranch};
use crate::schema::logical_json::own_params;
use crate::schema::meter;

type Result<T> = std::result::Result<T, ConversionError>;

/// The text of a declaration.
pub(super) type Written = String;

/// A message that the conversion makes up: names of fields, their types, and whether each may be absent.
fn made_up(context: &mut Context<'_>, name: &str, fields: &[(&str, &Type, bool)], depth: Depth) -> Result<Written> {
    let depth = depth.inner().enter("Protobuf")?;
    check_identifier(name)?;
    let mut writer = MessageWriter {
        context,
        messages: Vec::new(),
        enums: Vec::new(),
        numbers: Numbers::from_one(),
        names: HashSet::new(),
        depth,
    };
    let mut out = format!("message {name} {{\n");
    for (name, ty, nullable) in fields {
        if let TypeKind::Union(branches) = &ty.kind {
            out.push_str(&writer.oneof(name, branches)?);
        } else {
            let number = writer.numbers.number(&Params::new(), name)?;
            writer.declare(name)?;
            out.push_str(&writer.field(ty, *nullable, name, None, number)?.write()?);
        }
    }
    writer.end(out, None)
}

/// Writes a message. `full`: its name among the named types, if it is one.
pub(super) fn message(
    context: &mut Context<'_>,
    name: &str,
    fields: &[Field],
    meta: &MetaOptions,
    full: Option<&str>,
    depth: Depth,
) -> Result<Written> {
    let depth = depth.inner().enter("Protobuf")?;
    check_identifier(name)?;
    let mut writer = MessageWriter {
        context,
        messages: Vec::new(),
        enums: Vec::new(),
        numbers: Numbers::of(fields, name)?,
        names: HashSet::new(),
        depth,
    };
    let mut out = format!("message {name} {{\n");
    if let Some(option) = meta.option("confluent.message_meta") {
        out.extend(["option ", &option, ";\n"]);
    }
    for field in fields {
        out.push_str(&writer.member(field)?);
    }
    writer.end(out, full)
}

/// The numbers of a message's fields: those that are declared, and around them those that count up.
struct Numbers {
    declared: HashSet<i32>,
    next: i32,
}

fn declared_number(params: &Params, owner: &str) -> Result<Option<i32>> {
    let Some((_, text)) = params.iter().find(|(name, _)| name == FIELD_NUMBER) else { return Ok(None) };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => error(format!("'{owner}' has a non-numeric {FIELD_NUMBER} param: '{text}'")),
    }
}

impl Numbers {
    fn from_one() -> Self {
        Self { declared: HashSet::new(), next: 1 }
    }

    fn of(fields: &[Field], message: &str) -> Result<Self> {
        let mut declared = HashSet::new();
        let mut add = |params: &Params, owner: &str| match declared_number(params, owner)? {
            Some(number) if !declared.insert(number) => error(format!("Duplicate {FIELD_NUMBER} {number} in struct '{message}'")),
            _ => Ok(()),
        };
        for field in fields {
            match &field.ty.kind {
                TypeKind::Union(branches) => branches.iter().try_for_each(|branch| add(&branch.params, &branch.name))?,
                _ => add(&field.notes.params, &field.name)?,
            }
        }
        Ok(Self { declared, next: 1 })
    }

    fn number(&mut self, params: &Params, owner: &str) -> Result<i32> {
        if let Some(number) = declared_number(params, owner)? {
            return Ok(number);
        }
        while self.declared.contains(&self.next) {
            self.next += 1;
        }
        self.next += 1;
        Ok(self.next - 1)
    }
}

/// A field in the making.
struct Proto {
    label: &'static str,
    ty: String,
    name: String,
    number: i32,
    meta: MetaOptions,
}

impl Proto {
    fn new(name: &str, number: i32, doc: Option<&String>) -> Self {
        let meta = MetaOptions::described(doc, &Params::new());
        Self { label: "", ty: String::new(), name: name.to_owned(), number, meta }
    }

    fn write(&self) -> Result<String> {
        check_identifier(&self.name)?;
        if self.number <= 0 {
            return error(NO_DESCRIPTOR);
        }
        let option = self.meta.option("confluent.field_meta");
        let options = option.map_or_else(String::new, |option| format!(" [{option}]"));
        Ok(format!("{}{} {} = {}{options};\n", self.label, self.ty, self.name, self.number))
    }
}

/// The name of what a field needs: `foo_bar` and `Row` make `FooBarRow`.
fn type_name(field: &str, suffix: &str) -> String {
    let capital = |word: &str, rest: &dyn Fn(&str) -> String| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), rest(chars.as_str())))
    };
    let name = if field.contains('_') {
        field.split('_').map(|word| capital(word, &str::to_ascii_lowercase)).collect()
    } else {
        capital(field, &str::to_owned)
    };
    format!("{name}{suffix}")
}

fn is_repeated(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Array(_) | TypeKind::Map(_) | TypeKind::Multiset(_))
}

/// What a list, a choice or an element is put into.
const WRAPPER_FIELD: &str = "value";

struct MessageWriter<'w, 'l> {
    context: &'w mut Context<'l>,
    /// What fields need, declared within the message.
    messages: Vec<Written>,
    enums: Vec<Written>,
    numbers: Numbers,
    /// What is declared in the message: a field, a choice and a type can't have the same name.
    names: HashSet<String>,
    depth: Depth,
}

impl MessageWriter<'_, '_> {
    fn declare(&mut self, name: &str) -> Result<()> {
        if self.names.insert(name.to_owned()) { Ok(()) } else { error(NO_DESCRIPTOR) }
    }

    /// The end of a message: what its fields need, and what is declared within it.
    fn end(mut self, mut out: String, full: Option<&str>) -> Result<Written> {
        for own in full.map(|full| self.context.nested_names(full)).unwrap_or_default() {
            self.declare(simple_name(own))?;
        }
        let Self { context, messages, enums, depth, .. } = self;
        let (own_messages, own_enums) = full.map_or_else(|| Ok(Default::default()), |full| nested(context, full, depth))?;
        for declaration in messages.into_iter().chain(own_messages).chain(enums).chain(own_enums) {
            meter::charge_for(declaration.len() / 8)?;
            out.push_str(&declaration);
        }
        out.push_str("}\n");
        Ok(out)
    }

    fn oneof(&mut self, name: &str, branches: &[UnionBranch]) -> Result<String> {
        check_identifier(name)?;
        self.declare(name)?;
        let mut out = format!("oneof {name} {{\n");
        for branch in branches {
            let number = self.numbers.number(&branch.params, &branch.name)?;
            let (ty, doc) = (&branch.ty, branch.doc.as_ref());
            let mut proto = if is_repeated(&ty.kind) {
                self.wrapped(ty, false, &branch.name, doc, number, "RepeatedWrapper")?
            } else {
                self.field(ty, ty.nullable, &branch.name, doc, number)?
            };
            for (name, value) in own_params(&branch.params) {
                proto.meta.conversion_param(&name, value);
            }
            proto.label = "";
            self.declare(&branch.name)?;
            out.push_str(&proto.write()?);
        }
        out.push_str("}\n");
        Ok(out)
    }

    fn member(&mut self, field: &Field) -> Result<String> {
        if let TypeKind::Union(branches) = &field.ty.kind {
            return self.oneof(&field.name, branches);
        }
        let number = self.numbers.number(&field.notes.params, &field.name)?;
        let mut proto = self.field(&field.ty, field.ty.nullable, &field.name, field.notes.doc.as_ref(), number)?;
        proto.meta.add(&field.notes, &own_params(&field.notes.params));
        if let Some(default) = field.default.as_ref().filter(|default| !field.derived_default && **default != DefaultValue::Null)
        {
            proto.meta.conversion_param("logical.default", default_text(&field.ty.kind, default)?);
        }
        self.declare(&field.name)?;
        proto.write()
    }

    fn field(&mut self, ty: &Type, nullable: bool, name: &str, doc: Option<&String>, number: i32) -> Result<Proto> {
        meter::charge(20)?;
        let mut proto = Proto::new(name, number, doc);
        if nullable {
            proto.label = "optional ";
        }
        let is_message = matches!(
            ty.kind,
            TypeKind::Decimal { .. }
                | TypeKind::Date
                | TypeKind::Time(_)
                | TypeKind::Timestamp(_)
                | TypeKind::TimestampLtz(_)
                | TypeKind::Variant
                | TypeKind::Struct(_)
        );
        if !nullable && is_message {
            proto.meta.conversion_param("flink.notNull", "true");
        }
        match &ty.kind {
            TypeKind::Boolean => proto.ty.push_str("bool"),
            TypeKind::Tinyint | TypeKind::Smallint => {
                proto.ty.push_str("int32");
                let word = if ty.kind == TypeKind::Tinyint { "int8" } else { "int16" };
                proto.meta.conversion_param("connect.type", word);
            }
            TypeKind::Int => proto.ty.push_str("int32"),
            TypeKind::Bigint => proto.ty.push_str("int64"),
            TypeKind::Float => proto.ty.push_str("float"),
            TypeKind::Double => proto.ty.push_str("double"),
            TypeKind::Char(n) | TypeKind::Binary(n) => {
                proto.ty.push_str(if matches!(ty.kind, TypeKind::Char(_)) { "string" } else { "bytes" });
                if *n > 0 {
                    proto.meta.conversion_param("flink.minLength", n.to_string());
                }
                if *n > 0 || *n != MAX_LENGTH {
                    proto.meta.conversion_param("flink.maxLength", n.to_string());
                }
            }
            TypeKind::Varchar(n) | TypeKind::Varbinary(n) => {
                proto.ty.push_str(if matches!(ty.kind, TypeKind::Varchar(_)) { "string" } else { "bytes" });
                if *n != MAX_LENGTH {
                    proto.meta.conversion_param("flink.maxLength", n.to_string());
                }
            }
            TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => {
                if *p != 9 {
                    proto.meta.conversion_param("flink.precision", p.to_string());
                }
                if matches!(ty.kind, TypeKind::Timestamp(_)) {
                    proto.meta.conversion_param("flink.type", "timestamp");
                }
                self.imported(&mut proto, "google.protobuf.Timestamp", "google/protobuf/timestamp.proto");
            }
            TypeKind::Date => self.imported(&mut proto, "google.type.Date", "google/type/date.proto"),
            TypeKind::Time(p) => {
                if *p != 9 {
                    proto.meta.conversion_param("flink.precision", p.to_string());
                }
                self.imported(&mut proto, "google.type.TimeOfDay", "google/type/timeofday.proto");
            }
            TypeKind::Decimal { precision, scale } => {
                proto.meta.conversion_param("precision", precision.to_string());
                proto.meta.conversion_param("scale", scale.to_string());
                self.imported(&mut proto, "confluent.type.Decimal", "confluent/type/decimal.proto");
            }
            TypeKind::Variant => self.imported(&mut proto, "confluent.type.Variant", "confluent/type/variant.proto"),
            TypeKind::Named(full) => proto.ty = self.named(full)?,
            TypeKind::Struct(fields) => {
                proto.ty = type_name(name, "Row");
                self.declare(&proto.ty)?;
                let written = message(self.context, &proto.ty, fields, &MetaOptions::of(&ty.notes), None, self.depth)?;
                self.messages.push(written);
            }
            TypeKind::Enum(values) => {
                proto.ty = type_name(name, "Enum");
                self.declare(&proto.ty)?;
                self.enums.push(enumeration(&proto.ty, values, &MetaOptions::of(&ty.notes))?);
            }
            TypeKind::Array(_) | TypeKind::Map(_) if nullable => {
                return self.wrapped(ty, false, name, doc, number, "RepeatedWrapper");
            }
            TypeKind::Array(element) => return self.repeated(element, name, doc, number),
            TypeKind::Map(pair) => return self.map(&pair.0, &pair.1, name, doc, number),
            TypeKind::Multiset(element) => {
                let mut proto = if nullable {
                    self.wrapped(ty, false, name, doc, number, "RepeatedWrapper")?
                } else {
                    self.map(element, &Type::COUNT, name, doc, number)?
                };
                proto.meta.conversion_param("flink.type", "multiset");
                return Ok(proto);
            }
            TypeKind::Union(_) => return self.wrapped(ty, nullable, name, doc, number, "OneofWrapper"),
        }
        Ok(proto)
    }

    fn imported(&mut self, proto: &mut Proto, ty: &str, path: &str) {
        proto.ty = format!(".{ty}");
        self.context.imports.insert(path.to_owned());
    }

    fn named(&mut self, full: &str) -> Result<String> {
        if self.context.logical.named.contains(full) && !self.context.logical.external.contains(full) {
            return Ok(full.to_owned());
        }
        let Some((import, _)) = self.context.external.get(full).cloned() else {
            return error(format!("Unknown named type reference: {full}"));
        };
        self.context.imports.insert(import);
        Ok(format!(".{full}"))
    }

    /// A message around what can't stand here by itself. `nullable`: whether the value may be absent where the message is there.
    fn wrapped(
        &mut self,
        ty: &Type,
        nullable: bool,
        name: &str,
        doc: Option<&String>,
        number: i32,
        suffix: &str,
    ) -> Result<Proto> {
        let mut proto = Proto::new(name, number, doc);
        proto.ty = type_name(name, suffix);
        proto.meta.conversion_param("flink.wrapped", "true");
        self.declare(&proto.ty)?;
        let written = made_up(self.context, &proto.ty, &[(WRAPPER_FIELD, ty, nullable)], self.depth)?;
        self.messages.push(written);
        Ok(proto)
    }

    fn repeated(&mut self, element: &Type, name: &str, doc: Option<&String>, number: i32) -> Result<Proto> {
        let is_wrapped = is_repeated(&element.kind) || element.nullable || matches!(element.kind, TypeKind::Union(_));
        let mut proto = if is_wrapped {
            self.wrapped(element, element.nullable, name, doc, number, "ElementWrapper")?
        } else {
            self.field(element, element.nullable, name, doc, number)?
        };
        proto.label = "repeated ";
        Ok(proto)
    }

    fn map(&mut self, key: &Type, value: &Type, name: &str, doc: Option<&String>, number: i32) -> Result<Proto> {
        let mut proto = Proto::new(name, number, doc);
        proto.ty = type_name(name, "Entry");
        let fields = [("key", key, key.nullable), ("value", value, value.nullable)];
        self.declare(&proto.ty)?;
        let written = made_up(self.context, &proto.ty, &fields, self.depth)?;
        self.messages.push(written);
        proto.label = "repeated ";
        Ok(proto)
    }
}

fn default_text(kind: &TypeKind, value: &DefaultValue) -> Result<String> {
    match value {
        DefaultValue::Bytes(bytes) => Ok(STANDARD.encode(bytes)),
        DefaultValue::List(_) | DefaultValue::Map(_) => {
            error(format!("Default values are not supported for type: {}", kind.word()))
        }
        other => Ok(other.text()),
    }
}

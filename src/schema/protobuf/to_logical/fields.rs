use super::meta::Meta;
use super::{Converter, Scoped, declaration, enum_type, error, scalars};
use crate::schema::logical::conversion::Depth;
use crate::schema::logical::default_value::DefaultValue;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{self, FIELD_NUMBER, Params, Type, TypeKind, set_param};
use crate::schema::protobuf::model::{Body, Field, FieldType, Label};
use crate::schema::protobuf::symbol_table::{DeclaringFile, TypeDeclaration};

pub(super) fn set_number(params: &mut Params, number: i32) {
    set_param(params, FIELD_NUMBER, number.to_string());
}

/// Key and value of the message that stands for the entries of a map: by its name and its members.
fn is_entry(name: &str, body: &Body) -> bool {
    let has = |wanted: &str| body.fields.iter().any(|field| &*field.name == wanted);
    let has_key = has("key") || body.oneofs.iter().any(|oneof| &*oneof.name == "key");
    name.ends_with("Entry") && body.fields.len() + body.oneofs.len() == 2 && has_key && has("value")
}

fn simple_name(full: &str) -> &str {
    full.rsplit_once('.').map_or(full, |(_, name)| name)
}

impl<'a> Converter<'a> {
    pub(super) fn field(
        &mut self,
        message: Scoped<'_>,
        field: &Field,
        numbered: bool,
        depth: Depth,
    ) -> Result<model::Field, ConversionError> {
        let meta = Meta::of_field(&field.options);
        self.path.push(field.name.to_string());
        let ty = self.field_type(message, field, false, &meta, depth)?;
        self.path.pop();
        let mut default = match meta.param("logical.default") {
            Some(text) => Some(scalars::of_text(&ty.kind, text)?),
            None => field.default.as_ref().and_then(|value| scalars::native_default(&field.kind, value)),
        };
        // a repeated field that is absent reads as an empty one
        let mut derived_default = false;
        if default.is_none() && !ty.nullable {
            default = match &ty.kind {
                TypeKind::Map(_) | TypeKind::Multiset(_) => Some(DefaultValue::Map(Vec::new())),
                TypeKind::Array(_) => Some(DefaultValue::List(Vec::new())),
                _ => None,
            };
            derived_default = default.is_some();
        }
        let mut notes = meta.annotations();
        if numbered {
            set_number(&mut notes.params, field.number);
        }
        let at = (message.origin == DeclaringFile::Own).then_some(field.at);
        Ok(model::Field { name: field.name.to_string(), ty, default, derived_default, notes, at })
    }

    pub(super) fn field_type(
        &mut self,
        message: Scoped<'_>,
        field: &Field,
        in_oneof: bool,
        meta: &Meta,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        let depth = depth.enter("Protobuf")?;
        let not_null = meta.param("flink.notNull").map(|text| text.eq_ignore_ascii_case("true"));
        let name = match &field.kind {
            FieldType::Map(pair) => {
                let nullable = not_null.is_some_and(|not_null| !not_null);
                return self.map(message, pair, meta, nullable, depth);
            }
            FieldType::Named(name) => name,
        };
        let is_message = scalars::is_named(name) && declaration(&self.symbols, name, message.full)?.1.body().is_some();
        let repeated = field.label == Some(Label::Repeated);
        let nullable = not_null.map_or(is_message && !repeated, |not_null| !not_null);
        if !repeated {
            let optional = field.label == Some(Label::Optional) && !in_oneof;
            return self.single(message, field, name, optional || nullable, meta, depth);
        }
        if is_message && let Some(entry) = self.entry(name, message.full)? {
            return self.entry_map(&entry, meta, nullable, depth);
        }
        let is_wrapped = meta.param("flink.wrapped").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let element = if is_wrapped {
            self.wrapped(name, message.full, depth)?
        } else {
            // the label is the list's
            self.single(message, field, name, false, meta, depth)?
        };
        Ok(TypeKind::Array(Box::new(element)).of(nullable))
    }

    /// A field that holds one value.
    fn single(
        &mut self,
        message: Scoped<'_>,
        field: &Field,
        name: &str,
        nullable: bool,
        meta: &Meta,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        if let Some(kind) = scalars::scalar(name, meta)? {
            return Ok(kind.of(nullable));
        }
        let (full, node, origin) = declaration(&self.symbols, name, message.full)?;
        let full = full.to_owned();
        let is_external = matches!(origin, DeclaringFile::Reference(at) if self.external.contains(&at));
        let body = match node {
            TypeDeclaration::Enum(found) => {
                if is_external && !self.named.contains(&full) {
                    self.named.put(&full, enum_type(found, false)?);
                }
                if self.named.contains(&full) {
                    return Ok(Type::named(&full, nullable));
                }
                return enum_type(found, nullable);
            }
            TypeDeclaration::Message(found) => &found.body,
            TypeDeclaration::Group(_) => return error("Unknown Protobuf schema type GROUP"),
        };
        if let Some(kind) = scalars::well_known(&full, meta)? {
            return Ok(kind.of(nullable));
        }
        if let Some(kind) = scalars::wrapped(&full) {
            return Ok(kind.of(true));
        }
        let inner = Scoped { full: &full, body, origin };
        if is_external && !self.named.contains(&full) {
            self.named.put(&full, TypeKind::Struct(Vec::new()).of(true));
            let converted = self.message(inner, false, depth.of_named())?;
            self.named.put(&full, converted);
        }
        if self.named.contains(&full) {
            return Ok(Type::named(&full, nullable));
        }
        if self.under_way.contains(&full) {
            let path = self.path.join(".");
            return error(format!("Cyclic schemas are not supported.\nFound a cycle in the field: {path}"));
        }
        self.under_way.push(full.clone());
        let is_wrapped = field.label != Some(Label::Repeated)
            && meta.param("flink.wrapped").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let result = if is_wrapped {
            self.payload(inner, depth).map(|ty| Type { nullable: true, ..ty })
        } else {
            self.message(inner, nullable, depth)
        };
        self.under_way.pop();
        result
    }

    /// What the only member of a wrapper holds.
    fn wrapped(&mut self, name: &str, scope: &str, depth: Depth) -> Result<Type, ConversionError> {
        let (full, node, origin) = declaration(&self.symbols, name, scope)?;
        let full = full.to_owned();
        let Some(body) = node.body() else { return error("Unknown Protobuf schema type ENUM") };
        self.payload(Scoped { full: &full, body, origin }, depth)
    }

    fn payload(&mut self, wrapper: Scoped<'_>, depth: Depth) -> Result<Type, ConversionError> {
        if let Some(value) = wrapper.body.fields.iter().find(|field| &*field.name == "value") {
            return self.field_type(wrapper, value, false, &Meta::of_field(&value.options), depth);
        }
        if let Some(oneof) = wrapper.body.oneofs.iter().find(|oneof| &*oneof.name == "value") {
            return self.oneof(wrapper, oneof, !super::is_sequential(wrapper.body), depth);
        }
        error(format!("flink.wrapped wrapper missing 'value' payload: {}", wrapper.full))
    }

    /// The message of a repeated field, if it stands for the entries of a map.
    fn entry(&self, name: &str, scope: &str) -> Result<Option<MapEntry<'a>>, ConversionError> {
        let (full, node, origin) = declaration(&self.symbols, name, scope)?;
        let body = match node {
            TypeDeclaration::Message(found) if is_entry(simple_name(full), &found.body) => &found.body,
            _ => return Ok(None),
        };
        Ok(Some(MapEntry { full: full.to_owned(), body, origin }))
    }

    fn entry_map(&mut self, entry: &MapEntry<'_>, meta: &Meta, nullable: bool, depth: Depth) -> Result<Type, ConversionError> {
        let scoped = Scoped { full: &entry.full, body: entry.body, origin: entry.origin };
        let converted = self.message(scoped, false, depth)?;
        let TypeKind::Struct(members) = converted.kind else { return error("a map's entry is no message") };
        let (mut key, mut value) = (None, None);
        for member in members {
            match member.name.as_str() {
                "key" => key = Some(member.ty),
                "value" => value = Some(member.ty),
                _ => {}
            }
        }
        match (key, value) {
            (Some(key), Some(value)) => Self::map_of(key, value, meta, nullable),
            _ => error("a map's entry has no key or no value"),
        }
    }

    /// `map<K, V>`: in proto2 key and value count as optional.
    fn map(
        &mut self,
        message: Scoped<'_>,
        pair: &(FieldType, FieldType),
        meta: &Meta,
        nullable: bool,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        let label = self.syntax.is_proto2(message.origin).then_some(Label::Optional);
        let mut part = |kind: &FieldType, name: &str, number| {
            let field = Field {
                label,
                kind: kind.clone(),
                name: name.into(),
                number,
                at: 0,
                options: Vec::new(),
                default: None,
                json_name: None,
            };
            self.path.push(name.to_owned());
            let ty = self.field_type(message, &field, false, &Meta::default(), depth.inner());
            self.path.pop();
            ty
        };
        let key = part(&pair.0, "key", 1)?;
        let value = part(&pair.1, "value", 2)?;
        Self::map_of(key, value, meta, nullable)
    }

    fn map_of(key: Type, value: Type, meta: &Meta, nullable: bool) -> Result<Type, ConversionError> {
        let kind = if meta.param("flink.type") == Some("multiset") {
            crate::schema::logical::conversion::multiset(key, &value)?
        } else {
            TypeKind::Map(Box::new((key, value)))
        };
        Ok(kind.of(nullable))
    }
}

struct MapEntry<'a> {
    full: String,
    body: &'a Body,
    origin: DeclaringFile,
}

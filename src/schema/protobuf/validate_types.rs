//! What every new file must satisfy: all types that it needs are there (protobuf 1.5).
//!
//! Option names, numbers, duplicates and imports are only checked by `validate_fields`.

use super::fault::{Checked, Fault, fault, unresolved};
use super::model::{Body, Extend, Field, FieldType, File, Offset, is_map_key, is_scalar, join};
use super::symbol_table::SymbolTable;
use crate::schema::format::Stage;

pub(super) fn validate(file: &File, symbols: &SymbolTable<'_>) -> Checked {
    let passes = [ValidationPass::MapKeys, ValidationPass::Types, ValidationPass::MapValues];
    passes.into_iter().try_for_each(|pass| TypeValidator { symbols, pass }.file(file))
}

/// What is looked for, in this order. The types of the values of maps come last, for Confluent doesn't look for them at all: what it
/// refuses is refused with its reason.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValidationPass {
    MapKeys,
    Types,
    MapValues,
}

struct TypeValidator<'a> {
    symbols: &'a SymbolTable<'a>,
    pass: ValidationPass,
}

impl TypeValidator<'_> {
    fn file(&self, file: &File) -> Checked {
        let package = file.package.as_deref().unwrap_or("");
        for message in &file.messages {
            self.body(&message.body, &join(package, &message.name))?;
        }
        for extend in &file.extends {
            self.extend(extend, package)?;
        }
        for service in &file.services {
            for rpc in &service.rpcs {
                self.kind(&rpc.request.kind, package, rpc.at)?;
                self.kind(&rpc.response.kind, package, rpc.at)?;
            }
        }
        Ok(())
    }

    /// In the order of a normalized text, in which Confluent goes through the fields: it tells the first one that it can't make.
    fn body(&self, body: &Body, scope: &str) -> Checked {
        let mut fields: Vec<(bool, &Field)> = body.fields.iter().map(|field| (false, field)).collect();
        fields.extend(body.oneofs.iter().flat_map(|oneof| &oneof.fields).map(|field| (true, field)));
        fields.sort_by_key(|(in_oneof, field)| (*in_oneof, field.number));
        for (_, field) in fields {
            self.kind(&field.kind, scope, field.at)?;
        }
        for group in body.all_groups() {
            self.body(&group.body, &join(scope, &group.name))?;
        }
        for extend in &body.extends {
            self.extend(extend, scope)?;
        }
        for message in &body.messages {
            self.body(&message.body, &join(scope, &message.name))?;
        }
        Ok(())
    }

    fn extend(&self, extend: &Extend, scope: &str) -> Checked {
        if self.pass == ValidationPass::Types && self.symbols.resolve(&extend.name, scope).is_none() {
            return Err(Fault { stage: Stage::Resolve, message: unresolved(&extend.name), at: extend.at });
        }
        for field in &extend.fields {
            self.kind(&field.kind, scope, field.at)?;
        }
        for group in &extend.groups {
            self.body(&group.body, &join(scope, &group.name))?;
        }
        Ok(())
    }

    fn kind(&self, kind: &FieldType, scope: &str, at: Offset) -> Checked {
        match kind {
            FieldType::Named(name) if self.pass == ValidationPass::Types => self.name(name, scope, at),
            FieldType::Named(_) => Ok(()),
            FieldType::Map(pair) => {
                if self.pass == ValidationPass::MapKeys {
                    map_key(&pair.0, at)?;
                }
                match &pair.1 {
                    FieldType::Named(name) if self.pass == ValidationPass::MapValues => self.name(name, scope, at),
                    FieldType::Named(_) => Ok(()),
                    map @ FieldType::Map(_) => self.kind(map, scope, at),
                }
            }
        }
    }

    fn name(&self, name: &str, scope: &str, at: Offset) -> Checked {
        if is_scalar(name) || self.symbols.resolve(name, scope).is_some() {
            return Ok(());
        }
        Err(Fault { stage: Stage::Resolve, message: unresolved(name), at })
    }
}

fn map_key(key: &FieldType, at: Offset) -> Checked {
    let refused = match key {
        FieldType::Named(name) => !is_map_key(name),
        FieldType::Map(_) => true,
    };
    if refused {
        return Err(fault(at, format!("map key must be non-byte, non-floating point scalar: {}", key.text())));
    }
    Ok(())
}

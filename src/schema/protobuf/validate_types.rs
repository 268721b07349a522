//! What every new file must satisfy: all types that it needs are there (protobuf 1.5).
//!
//! Option names, numbers, duplicates and imports are only checked by `validate_fields`.

use super::fault::{Checked, Fault, fault, unresolved};
use super::model::{Body, Extend, Field, FieldType, File, Offset, is_map_key, is_scalar, join};
use super::symbol_table::SymbolTable;
use crate::schema::format::Stage;

pub(super) fn validate(file: &File, symbols: &SymbolTable<'_>) -> Checked {
    // Map keys come first: Confluent refuses them earlier than anything else.
    each_field(file, &mut |field, _| map_keys(&field.kind, field.at))?;
    let validator = Validator { symbols };
    let package = file.package.as_deref().unwrap_or("");
    for message in &file.messages {
        validator.body(&message.body, &join(package, &message.name))?;
    }
    for extend in &file.extends {
        validator.extend(extend, package)?;
    }
    for service in &file.services {
        for rpc in &service.rpcs {
            validator.kind(&rpc.request.kind, package, rpc.at)?;
            validator.kind(&rpc.response.kind, package, rpc.at)?;
        }
    }
    Ok(())
}

/// Calls for every field of a file, with the scope its type is looked up in.
fn each_field(file: &File, call: &mut impl FnMut(&Field, &str) -> Checked) -> Checked {
    let package = file.package.as_deref().unwrap_or("");
    for message in &file.messages {
        fields_of(&message.body, &join(package, &message.name), call)?;
    }
    file.extends.iter().try_for_each(|extend| fields_of_extend(extend, package, call))
}

fn fields_of(body: &Body, scope: &str, call: &mut impl FnMut(&Field, &str) -> Checked) -> Checked {
    for field in body.all_fields() {
        call(field, scope)?;
    }
    for group in body.all_groups() {
        fields_of(&group.body, &join(scope, &group.name), call)?;
    }
    for extend in &body.extends {
        fields_of_extend(extend, scope, call)?;
    }
    for message in &body.messages {
        fields_of(&message.body, &join(scope, &message.name), call)?;
    }
    Ok(())
}

fn fields_of_extend(extend: &Extend, scope: &str, call: &mut impl FnMut(&Field, &str) -> Checked) -> Checked {
    extend.fields.iter().try_for_each(|field| call(field, scope))?;
    extend.groups.iter().try_for_each(|group| fields_of(&group.body, &join(scope, &group.name), call))
}

fn map_keys(kind: &FieldType, at: Offset) -> Checked {
    let FieldType::Map(pair) = kind else { return Ok(()) };
    let refused = match &pair.0 {
        FieldType::Named(name) => !is_map_key(name),
        FieldType::Map(_) => true,
    };
    if refused {
        let message = format!("map key must be non-byte, non-floating point scalar: {}", pair.0.text());
        return Err(fault(at, message));
    }
    map_keys(&pair.1, at)
}

struct Validator<'a> {
    symbols: &'a SymbolTable<'a>,
}

impl Validator<'_> {
    /// In the order of a normalized text, in which Confluent resolves names: it tells the first one that it can't.
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
        if self.symbols.resolve(&extend.name, scope).is_none() {
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
            FieldType::Named(name) => self.name(name, scope, at),
            FieldType::Map(pair) => {
                self.kind(&pair.0, scope, at)?;
                self.kind(&pair.1, scope, at)
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

//! What a new file must satisfy before it is stored: every type it needs is there (protobuf 1.5).
//!
//! Option names, numbers, duplicates and import lists are not looked at; that is `strict`'s business.

use super::names::{Names, is_scalar, join};
use super::tree::{Body, Extend, Field, File, Offset, Type};

/// A fault and where it is.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) at: Offset,
}

type Checked = Result<(), Fault>;

/// Finds the first fault.
pub(super) fn validate(file: &File, names: &Names<'_>) -> Checked {
    // Map keys come first: the original can't even build its model of a file with a wrong one.
    each_field(file, &mut |field, _| map_keys(&field.kind, field.at))?;
    let validator = Validator { names };
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

fn map_keys(kind: &Type, at: Offset) -> Checked {
    let Type::Map(pair) = kind else { return Ok(()) };
    let refused = match &pair.0 {
        Type::Named(name) => !is_map_key(name),
        Type::Map(_) => true,
    };
    if refused {
        let message = format!("map key must be non-byte, non-floating point scalar: {}", pair.0.text());
        return Err(Fault { message, at });
    }
    map_keys(&pair.1, at)
}

/// True for the types that may be the key of a map.
pub(super) fn is_map_key(name: &str) -> bool {
    is_scalar(name) && !matches!(name, "float" | "double" | "bytes")
}

struct Validator<'a> {
    names: &'a Names<'a>,
}

impl Validator<'_> {
    fn body(&self, body: &Body, scope: &str) -> Checked {
        for field in body.all_fields() {
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
        if self.names.resolve(&extend.name, scope).is_none() {
            return Err(Fault { message: unresolved(&extend.name), at: extend.at });
        }
        for field in &extend.fields {
            self.kind(&field.kind, scope, field.at)?;
        }
        for group in &extend.groups {
            self.body(&group.body, &join(scope, &group.name))?;
        }
        Ok(())
    }

    fn kind(&self, kind: &Type, scope: &str, at: Offset) -> Checked {
        match kind {
            Type::Named(name) => self.name(name, scope, at),
            Type::Map(pair) => {
                self.kind(&pair.0, scope, at)?;
                self.kind(&pair.1, scope, at)
            }
        }
    }

    fn name(&self, name: &str, scope: &str, at: Offset) -> Checked {
        if is_scalar(name) || self.names.resolve(name, scope).is_some() {
            return Ok(());
        }
        Err(Fault { message: unresolved(name), at })
    }
}

/// The message for a name that means nothing.
pub(super) fn unresolved(name: &str) -> String {
    format!("Could not resolve type: {name}")
}

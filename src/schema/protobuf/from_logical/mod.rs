//! From a logical type to a Protobuf file.
//!
//! Protobuf has no lists of lists, no lists that may be absent, no choice within a choice. Where a type needs one of these, a message
//! with the one field `value` stands around it, and the field that has it says so (`flink.wrapped`). `fields` writes the fields of a
//! message, `meta` the options.

mod fields;
mod meta;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use self::fields::{Written, message};
use self::meta::{MetaOptions, quoted};
use super::MAX_TEXT_DEPTH;
use super::model::{Body, Enum, File, join};
use crate::schema::format::ResolvedReference;
use crate::schema::logical::conversion::Depth;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{EnumValue, LogicalType, Type, TypeKind};
use crate::schema::meter;

type Result<T> = std::result::Result<T, ConversionError>;

/// What is said of a file that is none.
pub(super) const NO_DESCRIPTOR: &str = "Failed to translate the provided schema to a Protobuf descriptor";

/// What becomes of a logical type.
pub(super) enum Converted {
    /// The file is another's, and stays as it is.
    Known(String),
    New {
        /// A file that compiles.
        complete: String,
        /// The same without the import of Confluent's options, which Confluent leaves out.
        text: String,
    },
}

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(ConversionError::new(message))
}

fn simple_name(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, simple)| simple)
}

/// What the writers of all messages know.
pub(super) struct Context<'l> {
    pub(super) logical: &'l LogicalType,
    /// The imports that declare the types of other files, and whether these are enums.
    pub(super) external: HashMap<String, (String, bool)>,
    /// Each type with those that are declared within it.
    nested: HashMap<&'l str, Vec<&'l str>>,
    pub(super) imports: BTreeSet<String>,
}

impl<'l> Context<'l> {
    /// The full names of the types that are declared within one.
    fn nested_names(&self, full: &str) -> Vec<&'l str> {
        self.nested.get(full).cloned().unwrap_or_default()
    }
}

/// `name` names what has no name of its own.
pub(super) fn from_logical(logical: &LogicalType, name: &str, references: &[ResolvedReference]) -> Result<Converted> {
    if !logical.imports.is_empty() {
        let names: Vec<&str> = logical.imports.iter().map(|(name, _)| name.as_str()).collect();
        return error(format!(
            "Cannot emit to Proto: LogicalType carries JSON-specific synthetic external imports [{}]. Re-construct the LT against \
             Proto-compatible externals.",
            names.join(", ")
        ));
    }
    let root = match first_of_all(logical) {
        Some(first) => Type::named(first, false),
        None => logical.root.clone(),
    };
    let package = logical.namespace.as_ref().map_or_else(String::new, |namespace| format!("package {namespace};\n"));
    if let TypeKind::Named(full) = &root.kind
        && !logical.named.contains(full)
        && references.iter().any(|reference| reference.name == **full)
    {
        let text = format!("syntax = \"proto3\";\n{package}import public {};\n", quoted(full));
        return Ok(Converted::Known(text));
    }
    let (mut name, mut body, mut own_name) = (name, &root, None);
    if let TypeKind::Named(full) = &root.kind
        && let Some(named) = logical.named.get(full).filter(|named| matches!(named.kind, TypeKind::Struct(_)))
    {
        (name, body, own_name) = (simple_name(full), named, Some(&**full));
    }
    if let Some(text) = wrapper(&body.kind) {
        check_wrapped(logical, body, references)?;
        return Ok(Converted::Known(text));
    }
    check_namespaces(logical)?;
    check_simple_names(logical, own_name, name)?;
    let mut context = Context { logical, external: external(references)?, nested: HashMap::new(), imports: BTreeSet::new() };
    for (inner, _) in logical.named.iter() {
        if let Some(parent) = logical.named.parent_of(inner) {
            context.nested.entry(parent).or_default().push(inner);
        }
    }
    let TypeKind::Struct(fields) = &body.kind else {
        return error(format!("Top-level schema must be STRUCT, got {}", body.kind.word()));
    };
    let mut declarations = message(&mut context, name, fields, &MetaOptions::of(&body.notes), own_name, Depth::default())?;
    for (full, named) in logical.named.iter() {
        if Some(full) == own_name || logical.named.parent_of(full).is_some() {
            continue;
        }
        let written = declaration(&mut context, full, named, false, Depth::default())?;
        declarations.push('\n');
        declarations.push_str(&written);
    }
    let mut imports = String::new();
    for path in &context.imports {
        imports.extend(["import ", &quoted(path), ";\n"]);
    }
    meter::reserve(declarations.len())?;
    let start = format!("syntax = \"proto3\";\n{package}");
    Ok(Converted::New {
        complete: format!("{start}import \"confluent/meta.proto\";\n{imports}{declarations}"),
        text: format!("{start}{imports}{declarations}"),
    })
}

/// The first of several roots: a file has them all, one behind the other.
fn first_of_all(logical: &LogicalType) -> Option<&str> {
    let TypeKind::Union(branches) = &logical.root.kind else { return None };
    let local = |ty: &Type| matches!(&ty.kind, TypeKind::Named(name) if logical.named.contains(name));
    let all = !logical.root.nullable && branches.iter().all(|branch| local(&branch.ty));
    match branches.first().map(|branch| &branch.ty.kind) {
        Some(TypeKind::Named(name)) if all => Some(name),
        _ => None,
    }
}

/// The file of the message that holds a value of this type alone.
fn wrapper(kind: &TypeKind) -> Option<String> {
    let is_wrapped = matches!(
        kind,
        TypeKind::Boolean
            | TypeKind::Tinyint
            | TypeKind::Smallint
            | TypeKind::Int
            | TypeKind::Bigint
            | TypeKind::Float
            | TypeKind::Double
            | TypeKind::Varchar(_)
            | TypeKind::Varbinary(_)
    );
    let options = |options: &[(&str, &str)]| -> String {
        options.iter().flat_map(|(name, value)| ["option ", name, " = ", value, ";\n"]).collect()
    };
    if *kind == TypeKind::Variant {
        let options = options(&[
            ("java_package", "\"io.confluent.protobuf.type\""),
            ("java_outer_classname", "\"VariantProto\""),
            ("java_multiple_files", "true"),
        ]);
        let message = "message Variant {\n  bytes metadata = 1;\n  bytes value = 2;\n}\n";
        return Some(format!("syntax = \"proto3\";\npackage confluent.type;\n{options}{message}"));
    }
    let types = [
        ("Double", "double"),
        ("Float", "float"),
        ("Int64", "int64"),
        ("UInt64", "uint64"),
        ("Int32", "int32"),
        ("UInt32", "uint32"),
        ("Bool", "bool"),
        ("String", "string"),
        ("Bytes", "bytes"),
    ];
    let options = options(&[
        ("java_package", "\"com.google.protobuf\""),
        ("java_outer_classname", "\"WrappersProto\""),
        ("java_multiple_files", "true"),
        ("go_package", "\"google.golang.org/protobuf/types/known/wrapperspb\""),
        ("cc_enable_arenas", "true"),
        ("objc_class_prefix", "\"GPB\""),
        ("csharp_namespace", "\"Google.Protobuf.WellKnownTypes\""),
    ]);
    let message = |(name, ty): (&str, &str)| format!("message {name}Value {{\n  {ty} value = 1 [json_name = \"value\"];\n}}\n");
    let messages: String = types.into_iter().map(message).collect();
    is_wrapped.then(|| format!("syntax = \"proto3\";\npackage google.protobuf;\n{options}{messages}"))
}

/// A file that is not ours can't say anything about the type, nor declare others.
fn check_wrapped(logical: &LogicalType, root: &Type, references: &[ResolvedReference]) -> Result<()> {
    let refuse = |what: &str| {
        error(format!("{what} not supported on a wrapped root (type {}). Wrap the value in a STRUCT instead.", root.kind.word()))
    };
    if logical.named.iter().next().is_some() {
        return refuse("Local namedTypes are");
    }
    if !references.is_empty() {
        return refuse("External references are");
    }
    Ok(())
}

fn check_namespaces(logical: &LogicalType) -> Result<()> {
    let expected = logical.namespace.as_deref().unwrap_or("");
    for (name, _) in logical.named.iter() {
        if logical.named.parent_of(name).is_some() {
            continue;
        }
        let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        if namespace != expected {
            let shown = |namespace: &str| if namespace.is_empty() { "<none>".to_owned() } else { namespace.to_owned() };
            return error(format!(
                "Proto requires all named types to share the file's package, but '{name}' is in namespace '{}' while the file's package \
                 is '{}'. Either align the namespaces, or split cross-namespace types into separate schemas referenced as externals.",
                shown(namespace),
                shown(expected)
            ));
        }
    }
    Ok(())
}

fn check_simple_names(logical: &LogicalType, own_name: Option<&str>, root: &str) -> Result<()> {
    let mut by_name: BTreeMap<usize, (&str, Vec<&str>)> = BTreeMap::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (full, _) in logical.named.iter() {
        if Some(full) == own_name || logical.named.parent_of(full).is_some() {
            continue;
        }
        let next = places.len();
        let place = *places.entry(simple_name(full)).or_insert(next);
        by_name.entry(place).or_insert_with(|| (simple_name(full), Vec::new())).1.push(full);
    }
    if let Some((_, names)) = places.get(root).and_then(|place| by_name.get(place)) {
        let first = names.first().unwrap_or(&"");
        return error(format!("Named type '{first}' has the same simple name '{root}' as the root message."));
    }
    match by_name.values().find(|(_, names)| names.len() > 1) {
        Some((simple, names)) => error(format!(
            "Named types share the simple name '{simple}': [{}]. Proto requires unique simple names at file level.",
            names.join(", ")
        )),
        None => Ok(()),
    }
}

/// The types that references declare.
fn external(references: &[ResolvedReference]) -> Result<HashMap<String, (String, bool)>> {
    fn add_enums(out: &mut HashSet<String>, scope: &str, enums: &[Enum]) {
        out.extend(enums.iter().map(|own| join(scope, &own.name).to_string()));
    }
    fn add_body(out: &mut HashSet<String>, scope: &str, body: &Body) {
        add_enums(out, scope, &body.enums);
        for message in &body.messages {
            add_body(out, &join(scope, &message.name), &message.body);
        }
    }
    let mut external = HashMap::new();
    for reference in references {
        let file: File =
            super::parse::parse(&reference.text, MAX_TEXT_DEPTH).map_err(|error| ConversionError::new(error.message))?;
        let package = file.package.as_deref().unwrap_or("");
        let mut enums = HashSet::new();
        add_enums(&mut enums, package, &file.enums);
        for message in &file.messages {
            add_body(&mut enums, &join(package, &message.name), &message.body);
        }
        let names = file.message_names().into_iter().map(|name| (name, false)).chain(enums.into_iter().map(|name| (name, true)));
        for (name, is_enum) in names {
            meter::charge(1)?;
            if external.insert(name.clone(), (reference.name.clone(), is_enum)).is_some() {
                return error(format!("Duplicate named type: {name}"));
            }
        }
    }
    Ok(external)
}

/// A named type, where it is declared. `marked`: within another, where only a mark tells it from what the conversion made up.
fn declaration(context: &mut Context<'_>, full: &str, body: &Type, nested: bool, depth: Depth) -> Result<Written> {
    let depth = depth.enter("Protobuf")?;
    let mut meta = MetaOptions::of(&body.notes);
    match &body.kind {
        TypeKind::Struct(fields) => {
            if nested && !context.logical.named.is_cyclic(full) {
                meta.param("logical.named", "true");
            }
            message(context, simple_name(full), fields, &meta, Some(full), depth)
        }
        TypeKind::Enum(values) => {
            if nested {
                meta.param("logical.named", "true");
            }
            enumeration(simple_name(full), values, &meta)
        }
        other => {
            let what = if nested { "nested" } else { "named" };
            error(format!("Unsupported {what} type kind for proto: {} ({full})", other.word()))
        }
    }
}

/// The types that are declared within one.
fn nested(context: &mut Context<'_>, full: &str, depth: Depth) -> Result<(Vec<Written>, Vec<Written>)> {
    let (mut messages, mut enums) = (Vec::new(), Vec::new());
    for name in context.nested_names(full) {
        let Some(body) = context.logical.named.get(name) else { continue };
        let written = declaration(context, name, body, true, depth.inner())?;
        if matches!(body.kind, TypeKind::Enum(_)) { enums.push(written) } else { messages.push(written) }
    }
    Ok((messages, enums))
}

fn check_identifier(name: &str) -> Result<()> {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') { Ok(()) } else { error(NO_DESCRIPTOR) }
}

fn enumeration(name: &str, values: &[EnumValue], meta: &MetaOptions) -> Result<Written> {
    check_identifier(name)?;
    let mut out = format!("enum {name} {{\n");
    if let Some(option) = meta.option("confluent.enum_meta") {
        out.extend(["option ", &option, ";\n"]);
    }
    for (number, value) in values.iter().enumerate() {
        check_identifier(&value.symbol)?;
        let option = MetaOptions::described(value.doc.as_ref(), &value.params).option("confluent.enum_value_meta");
        let options = option.map_or_else(String::new, |option| format!(" [{option}]"));
        // a String takes everything
        let _ = writeln!(out, "{} = {number}{options};", value.symbol);
    }
    out.push_str("}\n");
    Ok(out)
}

//! From a text to the logical type that it declares.

use std::collections::HashSet;

use super::condition::{ConditionScope, to_cel};
use super::literal::{default_value, fault};
use super::names::identifier;
use super::parser::parse;
use super::token::TokenStream;
use super::tree::SyntaxNode;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{
    Constraint, EnumValue, Field, LogicalAnnotations, LogicalType, MAX_LENGTH, MAX_TYPE_DEPTH, NO_PARAM, NameKind, NamedTypes,
    Params, Type, TypeKind, UnionBranch, check_name, set_param,
};
use crate::schema::meter;

type Result<T> = std::result::Result<T, ConversionError>;

/// The digits of a decimal that declares none.
const DEFAULT_DECIMAL_PRECISION: i32 = 10;
/// The length of a string that declares none.
const DEFAULT_LENGTH: i32 = 1;
const DEFAULT_TIME_PRECISION: i32 = 0;
const DEFAULT_TIMESTAMP_PRECISION: i32 = 6;

/// Reads a text. Must run where the stack is deep.
///
/// # Errors
/// The text is not of this language, or declares nothing that is a type.
pub fn read(text: &str) -> Result<LogicalType> {
    let mut tokens = TokenStream::new(text)?;
    let script = parse(&mut tokens)?;
    let mut reader = DdlReader { tokens, namespace: None, imports: Vec::new(), named: NamedTypes::default() };
    reader.script(&script)
}

pub(super) struct DdlReader<'t> {
    tokens: TokenStream<'t>,
    namespace: Option<String>,
    /// Where types that other schemas declare come from.
    imports: Vec<(String, String)>,
    pub(super) named: NamedTypes,
}

impl DdlReader<'_> {
    fn script(&mut self, script: &SyntaxNode<'_>) -> Result<LogicalType> {
        if let Some(name) = script.child("namespace").and_then(|namespace| namespace.child("qualified_name")) {
            self.namespace = Some(qualified_name(name));
        }
        for using in script.all("using") {
            self.using(using)?;
        }
        // all names before all bodies: a type may refer to those that come later
        for declaration in script.all("declaration") {
            self.announce(declaration)?;
        }
        for declaration in script.all("declaration") {
            self.declare(declaration)?;
        }
        let root = match script.child("root").and_then(|root| root.child("type")) {
            Some(root) => self.root(root)?,
            None => self.inferred_root()?,
        };
        let external = self.external(&root);
        self.check_imports(&external)?;
        let (named, imports) = (std::mem::take(&mut self.named), std::mem::take(&mut self.imports));
        Ok(LogicalType { namespace: self.namespace.take(), root, named, external, imports })
    }

    fn using(&mut self, using: &SyntaxNode<'_>) -> Result<()> {
        let name = using.child("qualified_name").map(qualified_name).unwrap_or_default();
        if self.imports.iter().any(|(own, _)| *own == name) {
            return fault(format!("Duplicate USING TYPE: {name} (each alias FQN may be declared at most once)"));
        }
        meter::charge_for(self.imports.len())?;
        let uri = using.child("string_literal").map(SyntaxNode::unquoted).unwrap_or_default();
        if uri.trim_matches(|c: char| c <= ' ').is_empty() {
            return fault(format!("USING TYPE {name} FOR clause must be a non-empty URI"));
        }
        self.imports.push((name, uri));
        Ok(())
    }

    fn announce(&mut self, declaration: &SyntaxNode<'_>) -> Result<()> {
        let name = self.declared_name(declaration)?;
        if self.named.contains(&name) {
            return fault(format!("Duplicate named type: {name}"));
        }
        if let Some(ancestor) = self.named.parent_of(&name) {
            let parent = name.rsplit_once('.').map_or("", |(parent, _)| parent);
            if ancestor != parent {
                return fault(format!(
                    "Nested type '{name}' has no immediate parent. Found ancestor '{ancestor}' but missing '{parent}'. Declare \
                     '{parent}' first."
                ));
            }
        }
        let kind = if declaration.has("struct_body") { TypeKind::Struct(Vec::new()) } else { TypeKind::Enum(Vec::new()) };
        self.named.put(&name, kind.of(true));
        Ok(())
    }

    fn declare(&mut self, declaration: &SyntaxNode<'_>) -> Result<()> {
        let name = self.declared_name(declaration)?;
        let mut body = match (declaration.child("struct_body"), declaration.child("enum_body")) {
            (Some(body), _) => self.struct_body(body)?,
            (_, Some(body)) => enum_body(body)?.of(true),
            _ => return Ok(()),
        };
        let notes = annotations(declaration);
        body.notes = LogicalAnnotations { constraints: std::mem::take(&mut body.notes.constraints), ..notes };
        self.named.put(&name, body);
        Ok(())
    }

    fn root(&mut self, node: &SyntaxNode<'_>) -> Result<Type> {
        let root = self.ty(node, 0)?;
        if let TypeKind::Named(name) = &root.kind
            && let Some(parent) = self.named.parent_of(name)
        {
            let mut top = parent;
            while let Some(parent) = self.named.parent_of(top) {
                top = parent;
            }
            return fault(format!("Cannot register nested type '{name}' as the root; register '{top}' instead."));
        }
        Ok(root)
    }

    /// The type that no other refers to; the union of all such types.
    fn inferred_root(&self) -> Result<Type> {
        let local: Vec<(&str, &Type)> = self.named.iter().collect();
        if local.is_empty() {
            return fault(
                "No type to register. Add a 'STRUCT <name> (...)' or 'ENUM <name> (...)' declaration (which the script will \
                 auto-register) or a trailing 'TYPE <typeExpr>' statement.",
            );
        }
        let roots = super::roots::roots(&local)?;
        match roots.as_slice() {
            [] => fault(format!(
                "Cannot infer the type to register: dependency cycle among defined types: {}. Add an explicit trailing 'TYPE <name>' \
                 statement.",
                super::roots::cycle(&local)?.join(" -> ")
            )),
            [only] => Ok(Type::named(only, false)),
            _ => {
                let branch = |name: &&str| UnionBranch {
                    name: name.rsplit_once('.').map_or(*name, |(_, simple)| simple).to_owned(),
                    ty: Type::named(name, false),
                    doc: None,
                    params: Vec::new(),
                    at: None,
                };
                Ok(TypeKind::union_of(roots.iter().map(branch).collect())?.of(false))
            }
        }
    }

    /// The names that are referred to and declared nowhere.
    fn external(&self, root: &Type) -> HashSet<String> {
        let mut found = Vec::new();
        root.references(&mut found);
        for (_, body) in self.named.iter() {
            body.references(&mut found);
        }
        found.into_iter().filter(|name| !self.named.contains(name)).map(str::to_owned).collect()
    }

    fn check_imports(&self, external: &HashSet<String>) -> Result<()> {
        let list = |wrong: &dyn Fn(&String) -> bool| {
            let names: Vec<&str> =
                self.imports.iter().map(|(name, _)| name).filter(|name| wrong(name)).map(String::as_str).collect();
            (!names.is_empty()).then(|| format!("[{}]", names.join(", ")))
        };
        if let Some(names) = list(&|name| self.named.contains(name)) {
            return fault(format!(
                "USING TYPE declared for name(s) that are also locally declared as STRUCT/ENUM — a USING TYPE attaches a URI to an \
                 external reference, so it must not collide with a local declaration: {names}"
            ));
        }
        if let Some(names) = list(&|name| !external.contains(name)) {
            return fault(format!(
                "USING TYPE declared for name(s) that aren't referenced by any local type or by the root — externals are inferred \
                 from usage, so an unused USING TYPE has no effect: {names}"
            ));
        }
        Ok(())
    }

    fn struct_body(&mut self, body: &SyntaxNode<'_>) -> Result<Type> {
        let mut fields = Vec::new();
        for field in body.all("member").filter_map(|member| member.child("field")) {
            fields.push(self.field(field, 0)?);
        }
        let mut constraints = Vec::new();
        let scope = ConditionScope::table(&fields, &self.named);
        for check in body.all("member").filter_map(|member| member.child("table_constraint")?.child("check")) {
            constraints.push(self.constraint(check, &scope)?);
        }
        let mut ty = TypeKind::struct_of(fields)?.of(true);
        ty.notes.constraints = constraints;
        Ok(ty)
    }

    fn field(&mut self, node: &SyntaxNode<'_>, depth: usize) -> Result<Field> {
        let name = node.child("field_name").and_then(|name| name.child("identifier")).map(identifier).unwrap_or_default();
        check_name(NameKind::Field, &name)?;
        let ty = match node.child("type") {
            Some(ty) => self.ty(ty, depth + 1)?,
            None => return fault("a field has no type"),
        };
        let default = node.child("default").and_then(|default| default.child("literal"));
        let default = default.map(|literal| default_value(literal, &ty.kind)).transpose()?;
        let mut notes = annotations(node);
        let scope = ConditionScope::column(&name, &ty, &self.named);
        for check in node.all("column_constraint").filter_map(|constraint| constraint.child("check")) {
            notes.constraints.push(self.constraint(check, &scope)?);
        }
        Ok(Field { name, ty, default, derived_default: false, notes, at: None })
    }

    fn constraint(&self, check: &SyntaxNode<'_>, scope: &ConditionScope<'_>) -> Result<Constraint> {
        let Some(condition) = check.child("condition") else { return fault("a constraint has no condition") };
        let range = condition.range();
        let sql = self.tokens.slice(range.start, range.end).to_owned();
        let expr = to_cel(condition, scope, self.tokens.whole())?;
        meter::reserve(sql.len() + expr.len())?;
        let name = check.child("identifier").map(identifier);
        let doc = check.child("message").and_then(|message| message.child("string_literal")).map(SyntaxNode::unquoted);
        Ok(Constraint { name, doc, expr, sql })
    }

    fn ty(&mut self, node: &SyntaxNode<'_>, depth: usize) -> Result<Type> {
        if depth > MAX_TYPE_DEPTH {
            return fault(format!("Schema type nesting depth exceeds the maximum of {MAX_TYPE_DEPTH}"));
        }
        meter::charge(20)?;
        let mut ty: Option<Type> = None;
        let mut around = depth;
        for child in node.children() {
            let inner = |reader: &mut Self| match node.child("type") {
                Some(inner) => reader.ty(inner, depth + 1),
                None => fault("a list has no type of elements"),
            };
            let kind = match child.name() {
                "nullability" => {
                    if let Some(ty) = ty.as_mut().filter(|_| child.has("NOT")) {
                        ty.nullable = false;
                    }
                    continue;
                }
                "primitive" => primitive(child)?,
                "variant" => TypeKind::Variant,
                "struct_type" => {
                    let fields = child.all("field").map(|field| self.field(field, depth)).collect::<Result<_>>()?;
                    TypeKind::struct_of(fields)?
                }
                "union" => {
                    let branches = child.all("branch").map(|branch| self.branch(branch, depth)).collect::<Result<_>>()?;
                    TypeKind::union_of(branches)?
                }
                "map" => {
                    let mut types = child.all("type");
                    let (Some(key), Some(value)) = (types.next(), types.next()) else { return fault("a map has no types") };
                    TypeKind::Map(Box::new((self.ty(key, depth + 1)?, self.ty(value, depth + 1)?)))
                }
                "qualified_name" => TypeKind::Named(self.referred_name(&qualified_name(child))?.into()),
                name @ ("ARRAY" | "MULTISET") => {
                    let element = match ty.take() {
                        Some(before) => before,
                        None => inner(self)?,
                    };
                    around += 1;
                    if around > MAX_TYPE_DEPTH {
                        return fault(format!("Schema type nesting depth exceeds the maximum of {MAX_TYPE_DEPTH}"));
                    }
                    if name == "ARRAY" { TypeKind::Array(Box::new(element)) } else { TypeKind::Multiset(Box::new(element)) }
                }
                _ => continue,
            };
            ty = Some(kind.of(true));
        }
        ty.ok_or_else(|| ConversionError::new("a type is missing"))
    }

    fn branch(&mut self, node: &SyntaxNode<'_>, depth: usize) -> Result<UnionBranch> {
        let name = node.child("identifier").map(identifier).unwrap_or_default();
        check_name(NameKind::UnionBranch, &name)?;
        let ty = match node.child("type") {
            Some(ty) => self.ty(ty, depth + 1)?,
            None => return fault("a branch has no type"),
        };
        let notes = annotations(node);
        Ok(UnionBranch { name, ty, doc: notes.doc, params: notes.params, at: None })
    }

    fn declared_name(&self, declaration: &SyntaxNode<'_>) -> Result<String> {
        let name = declaration.child("qualified_name").map(qualified_name).unwrap_or_default();
        self.in_namespace(name)
    }

    /// A name without dots is one of the namespace, and so is one within a type that is declared here.
    fn in_namespace(&self, name: String) -> Result<String> {
        let Some(namespace) = self.namespace.as_deref().filter(|namespace| !namespace.is_empty()) else { return Ok(name) };
        if name.contains('.') && !self.is_within_local(&name, namespace)? {
            return Ok(name);
        }
        let is_full = name.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('.'));
        Ok(if is_full { name } else { format!("{namespace}.{name}") })
    }

    fn referred_name(&self, name: &str) -> Result<String> {
        self.in_namespace(name.to_owned())
    }

    fn is_within_local(&self, name: &str, namespace: &str) -> Result<bool> {
        let mut rest = name;
        while let Some((outer, _)) = rest.rsplit_once('.').filter(|(outer, _)| !outer.is_empty()) {
            meter::charge_for(outer.len() / 16 + 1)?;
            if self.named.contains(outer) || self.named.contains(&format!("{namespace}.{outer}")) {
                return Ok(true);
            }
            rest = outer;
        }
        Ok(false)
    }
}

/// Comment, tags and parameters.
fn annotations(node: &SyntaxNode<'_>) -> LogicalAnnotations {
    let doc = node.child("comment").and_then(|comment| comment.child("string_literal")).map(SyntaxNode::unquoted);
    let tags = node.child("tags").map(|tags| tags.all("string_literal").map(SyntaxNode::unquoted).collect()).unwrap_or_default();
    let mut params = Params::new();
    for property in node.child("with").into_iter().flat_map(|with| with.all("property")) {
        let mut literals = property.all("string_literal").map(SyntaxNode::unquoted);
        if let (Some(name), Some(value)) = (literals.next(), literals.next()) {
            set_param(&mut params, &name, value);
        }
    }
    LogicalAnnotations { doc, tags, params, constraints: Vec::new() }
}

fn enum_body(body: &SyntaxNode<'_>) -> Result<TypeKind> {
    let mut values = Vec::new();
    for value in body.all("enum_value") {
        let symbol = value.child("string_literal").map(SyntaxNode::unquoted).unwrap_or_default();
        check_name(NameKind::EnumSymbol, &symbol)?;
        let notes = annotations(value);
        values.push(EnumValue { symbol, doc: notes.doc, params: notes.params });
    }
    TypeKind::enum_of(values)
}

fn qualified_name(node: &SyntaxNode<'_>) -> String {
    let parts: Vec<String> = node.all("identifier").map(identifier).collect();
    parts.join(".")
}

fn primitive(node: &SyntaxNode<'_>) -> Result<TypeKind> {
    let mut numbers = Vec::new();
    for number in node.all("int_literal") {
        let text = number.text();
        let read = text.parse::<i32>().map_err(|_| ConversionError::new(format!("For input string: \"{text}\"")))?;
        numbers.push(read);
    }
    let first = |default: i32| numbers.first().copied().filter(|first| *first != NO_PARAM).unwrap_or(default);
    let word = node.children().first().map_or("", SyntaxNode::name);
    Ok(match word {
        "BOOLEAN" => TypeKind::Boolean,
        "TINYINT" => TypeKind::Tinyint,
        "SMALLINT" => TypeKind::Smallint,
        "INTEGER" | "INT" => TypeKind::Int,
        "BIGINT" => TypeKind::Bigint,
        "FLOAT" | "REAL" => TypeKind::Float,
        "DOUBLE" => TypeKind::Double,
        "CHARACTER" if node.has("VARYING") => TypeKind::Varchar(first(DEFAULT_LENGTH)),
        "VARCHAR" => TypeKind::Varchar(first(DEFAULT_LENGTH)),
        "STRING" => TypeKind::Varchar(MAX_LENGTH),
        "CHARACTER" | "CHAR" => TypeKind::Char(first(DEFAULT_LENGTH)),
        "BINARY" if node.has("VARYING") => TypeKind::Varbinary(first(DEFAULT_LENGTH)),
        "BINARY" => TypeKind::Binary(first(DEFAULT_LENGTH)),
        "VARBINARY" => TypeKind::Varbinary(first(DEFAULT_LENGTH)),
        "BYTES" => TypeKind::Varbinary(MAX_LENGTH),
        "DATE" => TypeKind::Date,
        "TIME" => TypeKind::of_precision(TypeKind::Time, first(DEFAULT_TIME_PRECISION))?,
        "TIMESTAMP" if !node.has("LOCAL") => TypeKind::of_precision(TypeKind::Timestamp, first(DEFAULT_TIMESTAMP_PRECISION))?,
        "TIMESTAMP" | "TIMESTAMP_LTZ" => TypeKind::of_precision(TypeKind::TimestampLtz, first(DEFAULT_TIMESTAMP_PRECISION))?,
        _ => {
            TypeKind::Decimal { precision: first(DEFAULT_DECIMAL_PRECISION), scale: numbers.get(1).copied().unwrap_or(NO_PARAM) }
        }
    })
}

//! JSON values.

use std::collections::HashMap;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Byte offset of the first character.
    pub offset: u32,
    pub kind: JsonKind,
}

/// As words: the types of JSON.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum JsonKind {
    Null,
    #[strum(serialize = "boolean")]
    Bool(bool),
    /// A number as written.
    Number(Box<str>),
    /// A string, unescaped.
    String(Box<str>),
    Array(Vec<Value>),
    Object(Object),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key, unescaped.
    pub key: Box<str>,
    /// Byte offset of the key's opening quote.
    pub key_offset: u32,
    pub value: Value,
}

/// Members in the order written.
#[derive(Debug, Clone, Default)]
pub struct Object {
    pub(super) members: Vec<Member>,
    #[expect(clippy::box_collection, reason = "few objects have one, and every value is as large as an object")]
    pub(super) index: Option<Box<HashMap<Box<str>, usize>>>,
}

/// From this many members on an object keeps a hash index; comparing fewer keys one by one is quicker.
const INDEX_FROM: usize = 12;

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}
impl Eq for Object {}

impl Object {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|m| &m.value)
    }

    pub fn member(&self, key: &str) -> Option<&Member> {
        self.find(key).and_then(|i| self.members.get(i))
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn find(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.members.iter().position(|m| &*m.key == key),
        }
    }

    /// The members in the order written.
    pub fn into_members(self) -> Vec<Member> {
        self.members
    }

    /// Adds a member; an existing key keeps its place and takes the new value.
    pub fn insert(&mut self, member: Member) {
        self.put(member);
    }

    /// As `insert`; gives back the key if it was there already.
    pub(super) fn put(&mut self, member: Member) -> Option<&str> {
        if let Some(at) = self.find(&member.key) {
            let old = self.members.get_mut(at)?;
            old.value = member.value;
            old.key_offset = member.key_offset;
            return Some(&old.key);
        }
        if let Some(index) = &mut self.index {
            index.insert(member.key.clone(), self.members.len());
        }
        self.members.push(member);
        if self.index.is_none() && self.members.len() >= INDEX_FROM {
            self.index = Some(Box::new(self.members.iter().enumerate().map(|(i, m)| (m.key.clone(), i)).collect()));
        }
        None
    }
}

impl Value {
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::String(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object> {
        match &self.kind {
            JsonKind::Object(o) => Some(o),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match &self.kind {
            JsonKind::Array(a) => Some(a),
            _ => None,
        }
    }

    /// The number's text, if it is one.
    pub fn as_number(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::Number(n) => Some(n),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            JsonKind::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Bytes held, found without recursion.
    pub fn weight(&self) -> usize {
        // what an allocator spends on a piece beside its bytes
        const PIECE: usize = 16;
        let mut bytes = size_of::<Self>();
        let mut rest = vec![self];
        while let Some(value) = rest.pop() {
            match &value.kind {
                JsonKind::Null | JsonKind::Bool(_) => {}
                JsonKind::Number(text) | JsonKind::String(text) => bytes += text.len() + PIECE,
                JsonKind::Array(items) => {
                    bytes += items.capacity() * size_of::<Self>() + PIECE;
                    rest.extend(items);
                }
                JsonKind::Object(object) => {
                    bytes += object.members.capacity() * size_of::<Member>() + PIECE;
                    for member in &object.members {
                        let key = member.key.len() + PIECE;
                        // an index holds the key once more
                        bytes += if object.index.is_some() { key * 2 + 32 } else { key };
                        rest.push(&member.value);
                    }
                }
            }
        }
        bytes
    }
}

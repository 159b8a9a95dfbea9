//! Reads JSON values and names every wrong field: where it is, as a JSON pointer, and what is wrong with it,
//! in Vietnamese. What kind of error it is comes from serde's own calls, never from its sentences.

use std::any::type_name;
use std::collections::HashMap;
use std::fmt::{self, Display};

use chrono::NaiveDate;
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde_json::Value;

use crate::domain::text::is_no_day;

/// What is said of a name that is none of those that may stand there; then those.
pub(crate) const ONE_OF: &str = "phải là một trong";

/// What is said of a field that is not there.
pub(crate) const MISSING: &str = "thiếu trường này";

/// A wrong field: JSON pointer and reason.
pub(crate) type WrongField = (String, String);

/// What is wrong, up to a number.
pub(crate) struct Found {
    pub(crate) wrong: Vec<WrongField>,
    /// How many are looked for.
    most: usize,
    /// How long a list may be that is looked through.
    longest: usize,
}

impl Found {
    /// Looks for `most` wrong fields and for no more, and through no list longer than `longest`.
    pub(crate) const fn up_to(most: usize, longest: usize) -> Self {
        Self {
            wrong: Vec::new(),
            most,
            longest,
        }
    }

    /// Looks for all.
    pub(crate) const fn all() -> Self {
        Self::up_to(usize::MAX, usize::MAX)
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.wrong.len() >= self.most
    }

    /// Whether a field, or something it is part of, has been named.
    pub(crate) fn names(&self, pointer: &str) -> bool {
        let mut named = self.wrong.iter().map(|(named, _)| named);
        named.any(|named| {
            let rest = pointer.strip_prefix(named.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Reads a value. What is wrong is named and left out; where it has to be there, the example's takes its
/// place, so that the rest is read all the same. Each wrong field costs one more reading of the value, or two.
/// `None` if that does not help, or if enough has been found.
pub(crate) fn read<T: DeserializeOwned>(
    mut value: Value,
    example: &Value,
    found: &mut Found,
) -> Option<T> {
    let mut mended: HashMap<Vec<Step>, Mend> = HashMap::new();
    loop {
        let mut wrong = match T::deserialize(Reader(&value)) {
            Ok(read) => return Some(read),
            Err(wrong) => wrong,
        };
        wrong.path.reverse();
        if let Some(length) = too_long(&value, &wrong.path, found.longest) {
            wrong.path.truncate(length);
            wrong.reason = Reason::TooLong(found.longest);
        }
        let Wrong { path, reason } = wrong;
        let before = mended.get(&path).copied();
        let pointer = pointer(&path);
        if before.is_none() {
            if found.names(&pointer) {
                // The example is wrong as well.
                return None;
            }
            found.wrong.push((pointer, reason.to_string()));
            if found.is_full() {
                return None;
            }
        }
        let Some(mend) = Mend::next(before, &reason, path.last()) else {
            // Nothing can stand there: what it is a part of is left out as a whole, if that has not been tried.
            let (_, parent) = path.split_last()?;
            if parent.is_empty() || mended.contains_key(parent) {
                return None;
            }
            Mend::LeftOut.put(&mut value, parent, example);
            mended.insert(parent.to_vec(), Mend::LeftOut);
            continue;
        };
        mend.put(&mut value, &path, example);
        mended.insert(path, mend);
    }
}

/// What is done about a wrong field so that the rest can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mend {
    LeftOut,
    Emptied,
    Replaced,
}

impl Mend {
    fn next(before: Option<Self>, reason: &Reason, last: Option<&Step>) -> Option<Self> {
        match (before, reason, last) {
            (Some(Self::LeftOut), ..) | (None, Reason::Missing, _) => Some(Self::Replaced),
            (Some(_), ..) => None,
            (None, Reason::TooLong(_), _) => Some(Self::Emptied),
            (None, _, Some(Step::Field(_))) => Some(Self::LeftOut),
            (None, ..) => Some(Self::Replaced),
        }
    }

    fn put(self, value: &mut Value, path: &[Step], example: &Value) {
        let Some((last, parents)) = path.split_last() else {
            *value = example.clone();
            return;
        };
        let parent = parents.iter().try_fold(value, |value, step| match step {
            Step::Field(name) => value.get_mut(name),
            Step::Element(index) => value.get_mut(*index),
        });
        let given = path.iter().try_fold(example, |example, step| match step {
            Step::Field(name) => example.get(name),
            Step::Element(_) => example.get(0),
        });
        let new = match self {
            Self::LeftOut => None,
            Self::Emptied => Some(Value::Array(Vec::new())),
            Self::Replaced => Some(given.cloned().unwrap_or_default()),
        };
        match (parent, last, new) {
            (Some(Value::Object(fields)), Step::Field(name), Some(new)) => {
                fields.insert(name.clone(), new);
            }
            (Some(Value::Object(fields)), Step::Field(name), None) => {
                fields.remove(name);
            }
            (Some(Value::Array(items)), Step::Element(index), Some(new)) => {
                if let Some(item) = items.get_mut(*index) {
                    *item = new;
                }
            }
            _ => {}
        }
    }
}

/// How much of a path leads to the first list on it that is too long to be looked through.
fn too_long(value: &Value, path: &[Step], longest: usize) -> Option<usize> {
    let mut value = value;
    for (depth, step) in path.iter().enumerate() {
        value = match step {
            Step::Field(name) => value.get(name)?,
            Step::Element(_) if value.as_array().is_some_and(|all| all.len() > longest) => {
                return Some(depth);
            }
            Step::Element(index) => value.get(*index)?,
        };
    }
    None
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Field(String),
    Element(usize),
}

fn pointer(path: &[Step]) -> String {
    let steps = path.iter().map(|step| match step {
        Step::Field(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
        Step::Element(index) => format!("/{index}"),
    });
    steps.collect()
}

#[derive(Debug)]
enum Reason {
    Missing,
    Unknown,
    OneOf(&'static [&'static str]),
    /// Something else is needed; what, is said by whoever asked for it.
    Other(Option<&'static str>),
    TooLong(usize),
    /// A type of our own says it, in Vietnamese.
    Said(String),
}

impl Display for Reason {
    /// Without the value: it may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(MISSING),
            Self::Unknown => f.write_str("trường lạ"),
            Self::OneOf(names) => write!(f, "{ONE_OF}: {}", names.join(", ")),
            Self::Other(needed) => write!(f, "cần {}", needed.unwrap_or("giá trị khác")),
            Self::TooLong(longest) => write!(f, "dài quá {longest} phần tử"),
            Self::Said(text) => f.write_str(text),
        }
    }
}

/// What is wrong, and where: the innermost step first, until it is read out.
#[derive(Debug)]
struct Wrong {
    path: Vec<Step>,
    reason: Reason,
}

impl Wrong {
    const fn here(reason: Reason) -> Self {
        Self {
            path: Vec::new(),
            reason,
        }
    }

    fn at(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    /// Says what the value itself should have been, unless it is known better.
    fn needing(mut self, needed: &'static str) -> Self {
        if self.path.is_empty() && matches!(self.reason, Reason::Other(None)) {
            self.reason = Reason::Other(Some(needed));
        }
        self
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: Display>(text: T) -> Self {
        Self::here(Reason::Said(text.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::here(Reason::Other(None))
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::here(Reason::Other(None))
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::here(Reason::Other(None))
    }

    fn unknown_variant(_: &str, names: &'static [&'static str]) -> Self {
        Self::here(Reason::OneOf(names))
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Self {
        Self::here(Reason::Unknown).at(Step::Field(name.to_owned()))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::here(Reason::Missing).at(Step::Field(name.to_owned()))
    }
}

/// What a type of a library reads from a text; its own words would be English.
fn needed_for<T>() -> Option<&'static str> {
    (type_name::<T>() == type_name::<NaiveDate>()).then_some("ngày, ví dụ 2021-09-14")
}

struct Reader<'de>(&'de Value);

macro_rules! asked_for {
    ($($ask:ident: $needed:literal;)+) => {
        $(
            fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
                self.deserialize_any(visitor).map_err(|wrong| wrong.needing($needed))
            }
        )+
    };
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Array(items) => {
                let mut elements = Elements {
                    items: items.iter(),
                    next: 0,
                };
                let read = visitor.visit_seq(&mut elements)?;
                match elements.items.len() {
                    0 => Ok(read),
                    _ => Err(Wrong::here(Reason::Other(None))),
                }
            }
            Value::Object(fields) => visitor.visit_map(Fields {
                fields: fields.iter(),
                value: None,
            }),
        }
    }

    asked_for! {
        deserialize_bool: "true hoặc false";
        deserialize_u8: "số nguyên từ 0 đến 255";
        deserialize_u16: "số nguyên từ 0 đến 65.535";
        deserialize_u32: "số nguyên từ 0 đến 4 tỷ";
        deserialize_u64: "số nguyên không âm";
        deserialize_i8: "số nguyên";
        deserialize_i16: "số nguyên";
        deserialize_i32: "số nguyên";
        deserialize_i64: "số nguyên";
        deserialize_f32: "số";
        deserialize_f64: "số";
        deserialize_char: "một ký tự";
        deserialize_string: "chuỗi ký tự";
        deserialize_seq: "danh sách";
        deserialize_map: "đối tượng JSON";
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let value = self.0;
        let read = self.deserialize_any(visitor);
        read.map_err(|wrong| match needed_for::<V::Value>() {
            Some(_) if value.as_str().is_some_and(is_no_day) => {
                Wrong::here(Reason::Said("không có ngày này".to_owned()))
            }
            Some(needed) => Wrong::here(Reason::Other(Some(needed))),
            None => wrong.needing("chuỗi ký tự"),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    /// Only of variants that are names: bodies have no others.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => Err(Wrong::here(Reason::OneOf(names))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct identifier ignored_any
    }
}

struct Elements<'de> {
    items: std::slice::Iter<'de, Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        let read = seed.deserialize(Reader(item)).map(Some);
        read.map_err(|wrong| wrong.at(Step::Element(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Fields<'de> {
    fields: serde_json::map::Iter<'de>,
    /// Of the field whose name was read last.
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.value = Some((name, value));
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, value) = self.value.take().unwrap_or(("", &Value::Null));
        let read = seed.deserialize(Reader(value));
        read.map_err(|wrong| wrong.at(Step::Field(name.to_owned())))
    }
}

//! Query parameters, with every wrong one named at once.

use actix_web::{FromRequest, HttpRequest, dev};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::web::body::in_vietnamese;
use crate::web::problem::{FieldError, Kind, Problem};

/// Parameters that can be read. Every field must read from a text, and be optional: `check` names
/// what is missing.
pub trait Parameters: DeserializeOwned + 'static {
    /// The names of the parameters.
    const NAMES: &'static [&'static str];

    /// Whether other names are ignored instead of being wrong: where others write the address.
    const OPEN: bool = false;

    /// What is missing, or wrong beyond the form.
    fn check(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// The query of a request.
pub struct Params<T>(pub T);

impl<T: Parameters> FromRequest for Params<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        std::future::ready(read(request.query_string()).map(Self))
    }
}

fn read<T: Parameters>(query: &str) -> Result<T, Problem> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| Problem::new(Kind::NotUtf8, "tham số không phải UTF-8"))?;
    let mut wrong = Vec::new();
    let mut fields = Map::new();
    for (name, text) in pairs {
        // Decoding puts this in the place of what is no UTF-8.
        if text.contains('\u{fffd}') {
            return Err(Problem::new(
                Kind::NotUtf8,
                format!("{name} không phải UTF-8"),
            ));
        }
        if !T::NAMES.contains(&name.as_str()) {
            if T::OPEN {
                continue;
            }
            let known = T::NAMES.join(", ");
            let detail = format!("không có tham số này; các tham số: {known}");
            wrong.push(FieldError::new(name, detail));
        } else if text.contains('\0') {
            wrong.push(FieldError::new(name, "chứa ký tự U+0000"));
        } else if fields.contains_key(&name) {
            wrong.push(FieldError::new(name, "tham số lặp lại"));
        } else {
            let one = Value::Object(Map::from_iter([(
                name.clone(),
                Value::String(text.clone()),
            )]));
            match T::deserialize(&one) {
                Ok(_) => {
                    fields.insert(name, Value::String(text));
                }
                Err(error) => {
                    // Its place counts as taken, so that nothing says it is missing.
                    fields.insert(name.clone(), Value::Null);
                    wrong.push(FieldError::new(name, in_vietnamese(&error.to_string())));
                }
            }
        }
    }
    let unreadable: Vec<String> = fields
        .iter()
        .filter(|(_, value)| value.is_null())
        .map(|(name, _)| name.clone())
        .collect();
    let value = T::deserialize(Value::Object(fields))
        .map_err(|error| Problem::invalid_field("query", in_vietnamese(&error.to_string())))?;
    let more = value.check().into_iter();
    wrong.extend(more.filter(|error| !unreadable.contains(&error.field)));
    if wrong.is_empty() {
        Ok(value)
    } else {
        Err(Problem::invalid(wrong))
    }
}

/// Names the parameters that have to be there and are not.
pub fn missing<const N: usize>(needed: [(&str, &Option<String>); N]) -> Vec<FieldError> {
    let missing = needed.into_iter().filter(|(_, value)| value.is_none());
    missing
        .map(|(field, _)| FieldError::new(field, "thiếu tham số này"))
        .collect()
}

/// Reads what is a number or a truth from its text: `#[serde(default, deserialize_with = "…")]`.
pub fn from_text<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: std::str::FromStr + Expected,
    D: serde::Deserializer<'de>,
{
    use serde::{Deserialize, de::Error};

    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let read = text.parse().map(Some);
    read.map_err(|_| D::Error::custom(format!("cần {}", T::NEEDED)))
}

/// What a text must be to be read.
pub trait Expected {
    const NEEDED: &'static str;
}

impl Expected for u32 {
    const NEEDED: &'static str = "số nguyên không âm";
}

impl Expected for u64 {
    const NEEDED: &'static str = "số nguyên không âm";
}

impl Expected for bool {
    const NEEDED: &'static str = "true hoặc false";
}

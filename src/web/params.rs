//! Query parameters, with every wrong one named at once.

use actix_web::{FromRequest, HttpRequest, dev};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::domain::text::{clean, read_date};
use crate::web::problem::{FieldError, Kind, MOST_ERRORS, Problem};
use crate::wrong_fields::{self, Found};

/// What is said of a parameter that there is not; then those that there are.
pub(crate) const NO_SUCH: &str = "không có tham số này";

/// Parameters that can be read. Every field must read from a text, and be optional: `check` names
/// what is missing.
pub trait Parameters: DeserializeOwned + 'static {
    /// The names of the parameters.
    const NAMES: &'static [&'static str];

    /// Those of them of which there may be several: repeated, or with commas between. They read as lists.
    const MANY: &'static [&'static str] = &[];

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
        let read = || {
            let mut query = Query::read(request.query_string(), &[T::NAMES], T::MANY, T::OPEN)?;
            let value = query.take();
            query.done(value.map(Self))
        };
        std::future::ready(read())
    }
}

/// The parameters of a query, while they are read.
pub(crate) struct Query {
    /// Names as they came.
    order: Vec<String>,
    fields: Map<String, Value>,
    /// What cannot be read.
    wrong: Vec<FieldError>,
    /// What can be read and is wrong all the same.
    more: Vec<FieldError>,
}

impl Query {
    /// Takes a query apart; other names than those `known` are wrong, or ignored where it is `open`. Of what is among
    /// the `many` there may be several.
    ///
    /// # Errors
    /// If it is no UTF-8.
    pub(crate) fn read(
        query: &str,
        known: &[&[&str]],
        many: &[&str],
        open: bool,
    ) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
            .map_err(|_| Problem::new(Kind::NotUtf8, "tham số không phải UTF-8"))?;
        let known = known.concat();
        let order = pairs.iter().map(|(name, _)| name.clone()).collect();
        let mut wrong = Vec::new();
        let mut fields = Map::new();
        for (name, text) in pairs {
            if wrong.len() >= MOST_ERRORS {
                break;
            }
            // Decoding puts this in the place of what is no UTF-8.
            if text.contains('\u{fffd}') {
                let detail = format!("{name} không phải UTF-8");
                return Err(Problem::new(Kind::NotUtf8, detail));
            }
            if !known.contains(&name.as_str()) {
                if !open {
                    let known = known.join(", ");
                    let detail = format!("{NO_SUCH}; các tham số: {known}");
                    wrong.push(FieldError::new(name, detail));
                }
            } else if text.contains('\0') {
                wrong.push(FieldError::new(name, "chứa ký tự U+0000"));
            } else if many.contains(&name.as_str()) {
                let held = fields.entry(name.as_str()).or_insert_with(|| json!([]));
                if let Value::Array(held) = held
                    && !add(held, &clean(&text))
                {
                    let detail = format!("tối đa {MOST_VALUES} giá trị");
                    wrong.push(FieldError::new(name, detail));
                }
            } else if fields.contains_key(&name) {
                wrong.push(FieldError::new(name, "tham số lặp lại"));
            } else {
                if name.contains("password") {
                    // Every letter of it counts.
                    fields.insert(name, Value::String(text));
                    continue;
                }
                let text = clean(&text).into_owned();
                // A day as it is written here: nothing else reads as one. A moment is no day.
                let day = Some(text.trim()).filter(|text| text.chars().count() <= LONGEST_DAY);
                let day = day.and_then(read_date);
                let text = day.map_or(text, |day| day.to_string());
                fields.insert(name, Value::String(text));
            }
        }
        Ok(Self {
            order,
            fields,
            wrong,
            more: Vec::new(),
        })
    }

    /// The parameters of these names; what is wrong with them is kept for [`Self::done`].
    pub(crate) fn take<T: Parameters>(&mut self) -> Option<T> {
        let own = T::NAMES
            .iter()
            .filter_map(|name| self.fields.remove_entry(*name));
        let own = Value::Object(own.collect());
        let mut found = Found::all();
        let read: Option<T> = wrong_fields::read(own, &Value::Null, &mut found);
        let found = found.wrong.into_iter().map(|(pointer, reason)| {
            // Of several it is the parameter that is named.
            let name = pointer.split('/').nth(1).unwrap_or_default();
            FieldError::new(name, reason)
        });
        self.wrong.extend(found);
        let more = read.as_ref().map(Parameters::check).unwrap_or_default();
        let named = |field: &str| self.wrong.iter().any(|wrong| wrong.field == field);
        let more: Vec<_> = more
            .into_iter()
            .filter(|more| !named(&more.field))
            .collect();
        self.more.extend(more);
        read
    }

    /// For what else is found to be wrong.
    pub(crate) const fn more(&mut self) -> &mut Vec<FieldError> {
        &mut self.more
    }

    /// What was read, or everything that is wrong.
    ///
    /// # Errors
    /// If anything is.
    pub(crate) fn done<T>(mut self, read: Option<T>) -> Result<T, Problem> {
        let place = |wrong: &FieldError| {
            let mut order = self.order.iter();
            order
                .position(|name| *name == wrong.field)
                .unwrap_or(usize::MAX)
        };
        self.wrong.sort_by_cached_key(place);
        self.wrong.append(&mut self.more);
        match read {
            Some(read) if self.wrong.is_empty() => Ok(read),
            _ => Err(Problem::invalid(self.wrong)),
        }
    }
}

/// How many values there may be of one parameter: as many walks along an index there are at most.
const MOST_VALUES: usize = 20;
/// Of a day with its year: `2026-11-28`.
const LONGEST_DAY: usize = 10;

/// Adds what stands between commas, each once; not if there are too many.
fn add(held: &mut Vec<Value>, text: &str) -> bool {
    for part in text.split(',').map(str::trim) {
        let part = Value::String(part.to_owned());
        if !held.contains(&part) {
            if held.len() >= MOST_VALUES {
                return false;
            }
            held.push(part);
        }
    }
    true
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

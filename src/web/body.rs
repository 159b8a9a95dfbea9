//! Bodies: JSON in UTF-8, of a bounded size, with every wrong field named at once.

use std::borrow::Cow;
use std::fmt;

use actix_web::{FromRequest, HttpRequest, dev, web};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::text::clean;
use crate::web::access::state;
use crate::web::openapi;
use crate::web::problem::{FieldError, Kind, MOST_ERRORS, Problem};
use crate::wrong_fields::{self, Found};

/// The most bytes of an ordinary body.
pub const ORDINARY: usize = 256 * 1024;

/// The most bytes that are read on the server's own threads: what takes longer goes to others.
const AT_ONCE: usize = 8 * 1024;

/// No list of a body may be longer; some may be shorter.
const LONGEST_LIST: usize = 1000;

/// A body that can be read.
pub trait Readable: DeserializeOwned + ToSchema + Send + 'static {
    /// The most bytes.
    const LIMIT: usize = ORDINARY;

    /// The most values (texts, numbers, lists, objects): to name what is wrong with many is dear.
    const VALUES: usize = 20_000;

    /// The list, as a JSON pointer, whose elements each say what is wrong with them ([`Apart`]).
    const APART: Option<&'static str> = None;

    /// What is wrong beyond the form, as JSON pointers.
    fn check(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// An element of a list that is read by itself: it may be wrong in any way, and the others are read all the same. What is
/// wrong are JSON pointers into it, with the reason.
pub struct Apart<T>(pub Result<T, Vec<FieldError>>);

impl<'de, T: Readable> Deserialize<'de> for Apart<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Once { mut value, twice } = Once::deserialize(deserializer)?;
        clean_texts(&mut value);
        let mut wrong = Vec::new();
        zero_bytes(&value, "", &mut wrong);
        if wrong.is_empty() && !twice {
            let mut first = Found::up_to(1, LONGEST_LIST);
            if let Some(read) = wrong_fields::read(value.clone(), &Value::Null, &mut first) {
                return Ok(Self(Ok(read)));
            }
        }
        name_wrong::<T>(value, &mut wrong);
        if wrong.is_empty() {
            wrong.push(FieldError::new("", TWICE));
        }
        Ok(Self(Err(wrong)))
    }
}

/// A value, and whether a field of it comes twice: one would take the other's place unseen.
struct Once {
    value: Value,
    twice: bool,
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl From<Value> for Once {
    fn from(value: Value) -> Self {
        Self {
            value,
            twice: false,
        }
    }
}

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Once, E> {
        Ok(Value::from(truth).into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Once, E> {
        Ok(Value::from(number).into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Once, E> {
        Ok(Value::from(number).into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Once, E> {
        Ok(Value::from(number).into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Once, E> {
        Ok(Value::from(text).into())
    }

    fn visit_string<E>(self, text: String) -> Result<Once, E> {
        Ok(Value::from(text).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Once, A::Error> {
        let (mut items, mut any) = (Vec::new(), false);
        while let Some(Once { value, twice }) = seq.next_element()? {
            items.push(value);
            any |= twice;
        }
        Ok(Once {
            value: Value::Array(items),
            twice: any,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let (mut fields, mut any) = (serde_json::Map::new(), false);
        while let Some((name, Once { value, twice })) = map.next_entry::<String, Once>()? {
            any |= twice | fields.insert(name, value).is_some();
        }
        Ok(Once {
            value: Value::Object(fields),
            twice: any,
        })
    }
}

const TWICE: &str = "có trường lặp lại";

/// A body as it was read.
pub struct Body<T> {
    pub value: T,
    /// SHA-256 of its bytes, by which an Idempotency-Key knows it again.
    pub hash: Vec<u8>,
}

impl<T: Readable> FromRequest for Body<T> {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let kind = ensure_json(request);
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            kind?;
            let state = state(&request)?;
            let (bytes, share) = state.intake.read(&request, payload, T::LIMIT).await?;
            let small = bytes.len() <= AT_ONCE;
            let read = move || {
                let _counted = share;
                let value = read(&bytes)?;
                let hash = hash(&bytes);
                Ok(Self { value, hash })
            };
            match small {
                true => read(),
                false => web::block(read).await?,
            }
        })
    }
}

/// By which a form knows what was shown with it: the hash in hexadecimal.
pub(crate) fn fingerprint(shown: &str) -> String {
    data_encoding::HEXLOWER.encode(&hash(shown.as_bytes()))
}

/// By which an Idempotency-Key knows a body again.
pub(crate) fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Only JSON, and only in UTF-8.
///
/// # Errors
/// If the request says that its body is something else.
pub fn ensure_json(request: &HttpRequest) -> Result<(), Problem> {
    let unsupported = || {
        Problem::new(
            Kind::UnsupportedMediaType,
            "nội dung phải là application/json",
        )
    };
    let value = request
        .headers()
        .get("content-type")
        .ok_or_else(unsupported)?;
    let mime: actix_web::mime::Mime = value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(unsupported)?;
    let json = mime.type_() == "application"
        && (mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"));
    let utf8 = mime
        .get_param("charset")
        .is_none_or(|charset| charset == "utf-8");
    if json && utf8 {
        Ok(())
    } else {
        Err(unsupported())
    }
}

/// Reads a body.
///
/// # Errors
/// If it is no JSON, or has wrong fields.
pub fn read<T: Readable>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("byte thứ {} không thuộc UTF-8", error.valid_up_to() + 1);
        Problem::new(Kind::NotUtf8, detail)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    ensure_small(text, T::VALUES)?;
    let text = &*cleaned(text);
    let read = serde_json::from_str::<T>(text);
    let mut wrong = Vec::new();
    // A zero byte is JSON, but no text that PostgreSQL keeps, nor one that anybody types.
    if read.is_err() || text.contains("\\u0000") {
        let value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
        wrong = wrong_fields::<T>(value, read.is_err());
    }
    match read {
        Ok(value) if wrong.is_empty() => {
            let wrong = value.check();
            match wrong.is_empty() {
                true => Ok(value),
                false => Err(Problem::invalid(wrong)),
            }
        }
        _ => Err(Problem::invalid(wrong)),
    }
}

/// The JSON with every text as it is kept ([`clean`]), but for passwords, of which every byte counts. What is no JSON stays
/// as it is, to be told so.
fn cleaned(text: &str) -> Cow<'_, str> {
    let escaped = text.contains("\\u");
    if !escaped && matches!(clean(text), Cow::Borrowed(_)) {
        return Cow::Borrowed(text);
    }
    match serde_json::from_str::<Once>(text) {
        Ok(Once {
            mut value,
            twice: false,
        }) => {
            clean_texts(&mut value);
            Cow::Owned(value.to_string())
        }
        // Of a field that comes twice a value keeps one only: whoever reads the text finds it.
        _ => Cow::Borrowed(text),
    }
}

fn clean_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = clean(text) {
                *text = clean;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean_texts),
        Value::Object(fields) => {
            let fields = fields.iter_mut();
            let fields = fields.filter(|(name, _)| !name.contains("password"));
            fields.for_each(|(_, value)| clean_texts(value));
        }
        _ => {}
    }
}

fn no_json(error: &serde_json::Error) -> Problem {
    let place = format!("dòng {}, ký tự {}", error.line(), error.column());
    let reason = match error.classify() {
        serde_json::error::Category::Eof => "nội dung kết thúc giữa chừng",
        _ => "không đúng cú pháp JSON",
    };
    Problem::new(Kind::InvalidJson, format!("{place}: {reason}"))
}

/// The most levels of a JSON text; serde_json reads no more.
const DEEPEST: usize = 127;

/// Counts the values of a JSON text and its levels, before anything is made of them: a value of two
/// bytes takes fifty in memory. Whether it is JSON is not looked at.
fn ensure_small(text: &str, most: usize) -> Result<(), Problem> {
    let (mut values, mut depth, mut quoted, mut escaped) = (1, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b',' => values += 1,
            b'[' | b'{' => (values, depth) = (values + 1, depth + 1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            let detail = format!("lồng quá {DEEPEST} cấp");
            return Err(Problem::new(Kind::TooDeep, detail));
        }
        if values > most {
            let detail = format!("nội dung có quá {most} giá trị");
            return Err(Problem::new(Kind::TooLarge, detail));
        }
    }
    Ok(())
}

/// What is wrong with a body that cannot be taken, up to [`MOST_ERRORS`].
fn wrong_fields<T: Readable>(value: Value, unreadable: bool) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    zero_bytes(&value, "", &mut wrong);
    if let Some(list) = T::APART {
        let within = |field: &str| {
            let rest = field.strip_prefix(list);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        wrong.retain(|wrong| !within(&wrong.field));
    }
    if unreadable {
        name_wrong::<T>(value, &mut wrong);
    }
    if unreadable && wrong.is_empty() {
        // What a JSON value does not show.
        wrong.push(FieldError::new("", TWICE));
    }
    wrong
}

/// Names every wrong field, and what is wrong beyond the form as far as it can be read.
fn name_wrong<T: Readable>(value: Value, wrong: &mut Vec<FieldError>) {
    let mut found = Found::up_to(MOST_ERRORS, LONGEST_LIST);
    let read = wrong_fields::read::<T>(value, &openapi::example_of_body::<T>(), &mut found);
    let more = read.map(|value| value.check()).unwrap_or_default();
    let known = |field: &str| wrong.iter().any(|known| known.field == field);
    let more = more
        .into_iter()
        .filter(|error| !found.names(&error.field) && !known(&error.field));
    let more: Vec<_> = more.collect();
    let found = found.wrong.into_iter();
    wrong.extend(found.map(|(pointer, reason)| FieldError::new(pointer, reason)));
    wrong.extend(more);
}

fn zero_bytes(value: &Value, pointer: &str, wrong: &mut Vec<FieldError>) {
    match value {
        _ if wrong.len() >= MOST_ERRORS => {}
        Value::String(text) if text.contains('\0') => {
            wrong.push(FieldError::new(pointer, "chứa ký tự U+0000"));
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                zero_bytes(item, &format!("{pointer}/{i}"), wrong);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                zero_bytes(value, &format!("{pointer}/{name}"), wrong);
            }
        }
        _ => {}
    }
}

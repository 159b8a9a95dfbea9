//! Lists in pages: which page is asked for, and what a page looks like.

use std::borrow::Cow;

use actix_web::{FromRequest, HttpRequest, dev};
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::web::params::{Parameters, Query, from_text};
use crate::web::problem::{FieldError, Problem};

/// The most rows of a page.
pub(crate) const MOST_ROWS: u32 = 200;

/// How many they are if nobody says.
const ROWS: u32 = 50;

/// Parameters of every list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Giá trị next của trang trước.
    #[serde(default)]
    after: Option<String>,
    /// Số dòng, 1 đến 200.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<u32>)]
    limit: Option<u32>,
}

impl Parameters for PageParams {
    const NAMES: &'static [&'static str] = &["after", "limit"];
}

/// Which page is asked for: `P` is where a page goes on.
pub struct Wanted<P> {
    pub after: Option<P>,
    pub limit: u32,
}

impl<P: Serialize + DeserializeOwned> Wanted<P> {
    /// Reads `after` and `limit`; `prefix` stands before their names where they are named as wrong.
    pub fn read(
        after: Option<&str>,
        limit: Option<u32>,
        prefix: &str,
        wrong: &mut Vec<FieldError>,
    ) -> Self {
        if limit.is_some_and(|limit| !(1..=MOST_ROWS).contains(&limit)) {
            let detail = format!("phải từ 1 đến {MOST_ROWS}");
            wrong.push(FieldError::new(format!("{prefix}limit"), detail));
        }
        let place = after.map(place);
        if matches!(place, Some(None)) {
            let detail = "không phải giá trị next của trang trước";
            wrong.push(FieldError::new(format!("{prefix}after"), detail));
        }
        Self {
            after: place.flatten(),
            limit: limit.unwrap_or(ROWS),
        }
    }

    /// How many rows to look for: one more than the page has says whether there is a next one.
    pub const fn and_one(&self) -> u32 {
        self.limit + 1
    }

    /// The page, of rows of which there may be one too many.
    pub fn page<T>(&self, mut rows: Vec<T>, place: impl FnOnce(&T) -> P) -> Page<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| more).map(place);
        Page::new(rows, next.as_ref())
    }
}

/// Where a list goes on, as a text that callers pass back and do not look into.
pub(crate) fn cursor(place: &impl Serialize) -> String {
    BASE64URL_NOPAD.encode(&serde_json::to_vec(place).unwrap_or_default())
}

/// Reads a cursor back; `None` if it is none of ours.
fn place<P: DeserializeOwned>(cursor: &str) -> Option<P> {
    let json = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    // No text of ours has a zero byte, and PostgreSQL takes none.
    let zero = json.windows(6).any(|part| part == b"\\u0000");
    (!zero).then(|| serde_json::from_slice(&json).ok())?
}

/// The query of a list: what is wanted of it, and which page.
pub struct ListQuery<F, P> {
    pub filter: F,
    pub page: Wanted<P>,
}

impl<F: Parameters, P: Serialize + DeserializeOwned> ListQuery<F, P> {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// Every wrong parameter at once.
    pub(crate) fn read(query: &str) -> Result<Self, Problem> {
        let known = [F::NAMES, PageParams::NAMES];
        let mut query = Query::read(query, &known, F::MANY, false)?;
        let (filter, page) = (query.take::<F>(), query.take::<PageParams>());
        let page = page.map(|PageParams { after, limit }| {
            Wanted::read(after.as_deref(), limit, "", query.more())
        });
        query.done(filter.zip(page).map(|(filter, page)| Self { filter, page }))
    }
}

impl<F: Parameters, P: Serialize + DeserializeOwned> FromRequest for ListQuery<F, P> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        std::future::ready(Self::read(request.query_string()))
    }
}

/// For lists of which nothing but a page can be asked.
#[derive(Deserialize)]
pub struct Everything {}

impl IntoParams for Everything {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

impl Parameters for Everything {
    const NAMES: &'static [&'static str] = &[];
}

/// For lists of what belongs to a unit.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfUnit {
    /// Mã đơn vị; mặc định là đơn vị của người gọi, cùng các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    pub unit: Option<String>,
}

impl Parameters for OfUnit {
    const NAMES: &'static [&'static str] = &["unit"];
}

/// What stands on the pages of a list.
pub trait Row: ToSchema {
    /// What the document calls a page of them.
    const PAGE: &'static str;
}

/// A page of a list.
#[derive(Serialize)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    pub fn new(items: Vec<T>, next: Option<&impl Serialize>) -> Self {
        Self {
            items,
            next: next.map(cursor),
        }
    }

    /// The page with something else in its place for all its rows.
    pub fn try_map<U, E>(
        self,
        views: impl FnOnce(Vec<T>) -> Result<Vec<U>, E>,
    ) -> Result<Page<U>, E> {
        Ok(Page {
            items: views(self.items)?,
            next: self.next,
        })
    }

    /// Its rows, and where the next page begins.
    pub fn into_parts(self) -> (Vec<T>, Option<String>) {
        (self.items, self.next)
    }

    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(view).collect(),
            next: self.next,
        }
    }
}

impl<T: Row> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
            .description(Some(
                "For `after`; absent at the end. A page may be short, even empty, and have one.",
            ));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("A page of a list."))
            .property("items", items)
            .required("items")
            .property("next", next)
            .into()
    }
}

impl<T: Row> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        T::PAGE.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

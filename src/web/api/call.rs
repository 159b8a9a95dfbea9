//! A request as a handler takes it: the server's state, who asks, and what the address names.

use std::sync::Arc;

use actix_web::{FromRequest, HttpRequest, dev, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::acts::access::Caller;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::Store;
use crate::web::access::{Client, Staff, state};
use crate::web::api::page::{Page, Wanted};
use crate::web::problem::Problem;
use crate::web::{State, with_store};

/// Who asks.
pub trait Who: Send + Sync + Sized + 'static {
    /// # Errors
    /// If the request does not say.
    fn of(request: &HttpRequest) -> Result<Self, Problem>;
}

/// A member of staff, as they were when they were let in.
impl Who for Caller {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let staff = Staff::extract(request).into_inner()?;
        Ok(Self::clone(&staff))
    }
}

/// Somebody without an account, known by their address.
impl Who for Client {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Self::of(request)
    }
}

/// Somebody of whom nothing is asked.
pub struct Anybody;

impl Who for Anybody {
    fn of(_: &HttpRequest) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// A request: of a member of staff, if nothing else is said.
pub struct Call<W = Caller> {
    pub(crate) state: web::Data<State>,
    pub by: Arc<W>,
    request: HttpRequest,
}

impl<W: Who> FromRequest for Call<W> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let read = || {
            Ok(Self {
                state: state(request)?,
                by: Arc::new(W::of(request)?),
                request: request.clone(),
            })
        };
        std::future::ready(read())
    }
}

impl<W: Who> Call<W> {
    pub const fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// What the address names, in the order of its parameters.
    ///
    /// # Errors
    /// If it cannot be read: there is no such thing.
    pub fn named<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let path = web::Path::<T>::extract(&self.request).into_inner();
        let path = path.map_err(|_| Problem::not_found("không có địa chỉ này"))?;
        Ok(path.into_inner())
    }

    /// Where we are, as whoever asks has called us: `https://motcua.example`.
    pub(crate) fn origin(&self) -> String {
        let connection = self.request.connection_info();
        format!("{}://{}", connection.scheme(), connection.host())
    }

    /// The id that the address names.
    ///
    /// # Errors
    /// If it is none; `missing` says that there is no such thing.
    pub fn id<T>(&self, of: fn(Uuid) -> T, missing: &str) -> Result<T, Problem> {
        let id = Uuid::parse_str(&self.named::<String>()?);
        id.map(of).map_err(|_| Problem::not_found(missing))
    }

    /// Works on the store for whoever asks, at the moment at which their turn has come.
    ///
    /// # Errors
    /// Those of the work; if the store cannot be reached, or not in time.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, &W, Moment) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let by = Arc::clone(&self.by);
        let work = move |store: &Store| work(store, &by, crate::clock::now());
        with_store(&self.state, work).await
    }
}

impl Call {
    /// A page of what lies within the caller's unit and what is under it: `read` takes the unit, where the page goes on,
    /// how many rows there may be, and the moment.
    ///
    /// # Errors
    /// Those of `read`; if the store cannot be reached, or not in time.
    pub async fn page<T, P>(
        &self,
        page: Wanted<P>,
        read: impl FnOnce(&Store, UnitId, Option<P>, u32, Moment) -> Result<Vec<T>, Error>
        + Send
        + 'static,
        place: impl FnOnce(&T) -> P,
    ) -> Result<Page<T>, Problem>
    where
        T: Send + 'static,
        P: Copy + Serialize + DeserializeOwned + Send + 'static,
    {
        let (after, limit) = (page.after, page.and_one());
        let found = self.run(move |store, by, now| Ok(read(store, by.unit, after, limit, now)?));
        Ok(page.page(found.await?, place))
    }
}

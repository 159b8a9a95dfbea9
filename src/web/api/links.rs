//! `/api/v1/dossiers/{dossier}/links`: dossiers that belong together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::dossier::LinkKind;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::Store;
use crate::views::links::Linked;
use crate::views::list::{Named, StaffName};
use crate::web::api::answers::{Done, Many, Reply, done, fresh};
use crate::web::api::call::Call;
use crate::web::api::check_length;
use crate::web::api::dossiers::resolve;
use crate::web::body::{Body, Readable};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::{acts, views};

/// A dossier with which another one is linked.
#[derive(Serialize, ToSchema)]
pub struct LinkView {
    kind: LinkKind,
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: String,
    procedure: Named,
    #[schema(example = "Đang xử lý")]
    status_name: &'static str,
    linked_at: Moment,
    linked_by: Option<StaffName>,
}

impl From<Linked> for LinkView {
    fn from(linked: Linked) -> Self {
        Self {
            kind: linked.kind,
            case_number: linked.case_number,
            procedure: linked.procedure,
            status_name: linked.status_name,
            linked_at: linked.linked_at,
            linked_by: linked.linked_by,
        }
    }
}

pub async fn list(call: Call) -> Reply<Many<LinkView>> {
    let named = call.named::<String>()?;
    let found = call.run(move |store, by, _| {
        let id = resolve(store, &named)?;
        Ok(views::links::of(store, id, &by.reader())?)
    });
    let found = found.await?.into_iter().map(LinkView::from);
    Ok(fresh(Many(found.collect())))
}

/// With which dossier another one is to be linked, and how.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Mã hồ sơ kia (hoặc định danh).
    #[schema(example = "H37.20.01-210301-0001")]
    dossier: String,
    kind: LinkKind,
}

impl Readable for NewLink {
    const LIMIT: usize = 8 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/dossier", &self.dossier, 60, &mut wrong);
        wrong
    }
}

pub async fn link(call: Call, body: Body<NewLink>) -> Result<Done, Problem> {
    let named = call.named::<String>()?;
    put(&call, named, body.value).await.map(done)
}

/// The other one, if there is one: whose dossier the first is comes before that.
fn other(store: &Store, text: &str) -> Result<Option<DossierId>, Problem> {
    match resolve(store, text) {
        Ok(id) => Ok(Some(id)),
        Err(problem) if problem.kind() == Kind::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Links the dossier of that name, as whoever asks.
pub(crate) async fn put(call: &Call, named: String, new: NewLink) -> Result<(), Problem> {
    call.run(move |store, by, now| {
        let id = resolve(store, &named)?;
        let with = other(store, new.dossier.trim())?;
        Ok(acts::links::link(store, id, with, new.kind, by.proof, now)?)
    })
    .await
}

pub async fn unlink(call: Call) -> Result<Done, Problem> {
    let (named, other) = call.named::<(String, String)>()?;
    take(&call, named, other).await.map(done)
}

/// Takes the link between two dossiers away, as whoever asks.
pub(crate) async fn take(call: &Call, named: String, other: String) -> Result<(), Problem> {
    call.run(move |store, by, _| {
        let (id, with) = (resolve(store, &named)?, self::other(store, &other)?);
        Ok(acts::links::unlink(store, id, with, by.proof)?)
    })
    .await
}

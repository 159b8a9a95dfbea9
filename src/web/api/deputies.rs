//! `/api/v1/deputies`: who does the steps of whom, as supervisors keep it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::DeputyId;
use crate::domain::moment::Moment;
use crate::store::Store;
use crate::views::deputies::NamedDeputy;
use crate::views::list::StaffName;
use crate::web::api::answers::{Created, Done, Reply, done, fresh};
use crate::web::api::call::Call;
use crate::web::api::page::{Everything, ListQuery, Page, Row};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::problem::{FieldError, Problem};
use crate::{acts, views};

/// That somebody stands in for somebody else.
#[derive(Serialize, ToSchema)]
pub struct DeputyView {
    id: DeputyId,
    /// Who is away.
    principal: StaffName,
    /// Who does their steps.
    deputy: StaffName,
    /// First and last day.
    #[schema(example = "2026-12-01")]
    from: NaiveDate,
    #[schema(example = "2026-12-05")]
    to: NaiveDate,
    named_by: StaffName,
    named_at: Moment,
    /// Taken back before the last day.
    ended_at: Option<Moment>,
}

impl From<NamedDeputy> for DeputyView {
    fn from(named: NamedDeputy) -> Self {
        Self {
            id: named.deputy.id,
            principal: named.principal,
            deputy: named.stands_in,
            from: named.deputy.from,
            to: named.deputy.to,
            named_by: named.named_by,
            named_at: named.deputy.named_at,
            ended_at: named.deputy.ended_at,
        }
    }
}

impl Row for DeputyView {
    const PAGE: &'static str = "DeputyPage";
}

/// A page of them.
pub type DeputyPage = Page<DeputyView>;

pub async fn list(call: Call, query: ListQuery<Everything, DeputyId>) -> Reply<DeputyPage> {
    let read =
        |store: &Store, unit, before, limit, _| views::deputies::within(store, unit, before, limit);
    let page = call.page(query.page, read, |named| named.deputy.id);
    Ok(fresh(page.await?.map(DeputyView::from)))
}

/// Who is to stand in for whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeputy {
    /// Tên đăng nhập của người vắng mặt.
    #[schema(example = "h37.20.01.supervisor")]
    principal: String,
    /// Tên đăng nhập của người làm thay.
    #[schema(example = "h37.20.01.officer")]
    deputy: String,
    /// Ngày đầu.
    #[schema(example = "2026-12-01")]
    #[serde(deserialize_with = "crate::domain::day::day")]
    from: NaiveDate,
    /// Ngày cuối, kể cả ngày này.
    #[schema(example = "2026-12-05")]
    #[serde(deserialize_with = "crate::domain::day::day")]
    to: NaiveDate,
}

impl Readable for NewDeputy {
    const LIMIT: usize = 8 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let named = [("/principal", &self.principal), ("/deputy", &self.deputy)];
        let missing = named.into_iter().filter(|(_, name)| name.trim().is_empty());
        let missing = missing.map(|(field, _)| FieldError::new(field, "để trống"));
        missing.collect()
    }
}

pub async fn name(call: Call, key: IdempotencyKey, body: Body<NewDeputy>) -> Created<DeputyView> {
    let (made, before) = make(&call, body.value, key, body.hash).await?;
    Ok(fresh(made).replayed(before))
}

/// Names somebody; whether that had been done before.
pub(crate) async fn make(
    call: &Call,
    new: NewDeputy,
    key: IdempotencyKey,
    hash: Vec<u8>,
) -> Result<(DeputyView, bool), Problem> {
    let key = key.of_staff("deputies", &call.by, hash);
    let new = acts::deputies::NewDeputy {
        principal: new.principal,
        deputy: new.deputy,
        from: new.from,
        to: new.to,
    };
    let made =
        call.run(move |store, by, now| Ok(acts::deputies::name(store, new, by.proof, key, now)?));
    let made = made.await?;
    Ok((DeputyView::from(made.value), made.before))
}

pub async fn end(call: Call) -> Result<Done, Problem> {
    let id = call.id(DeputyId, "không có việc làm thay này")?;
    call.run(move |store, by, now| Ok(acts::deputies::end(store, id, by.proof, now)?))
        .await
        .map(done)
}

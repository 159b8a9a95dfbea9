//! `/api/v1/alarms` and `/api/v1/set-aside`: what an administrator of the whole office has to look at.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{AlarmId, DossierId};
use crate::domain::moment::Moment;
use crate::store::alarms::Alarm;
use crate::store::set_aside::{Entry, Work};
use crate::web::api::answers::{Done, Reply, done, shown};
use crate::web::api::call::Call;
use crate::web::problem::Problem;
use crate::{acts, views};

/// More than anybody reads: the newest are shown.
const MOST: u32 = 500;

/// Something to look at.
#[derive(Serialize, ToSchema)]
pub struct AlarmView {
    id: AlarmId,
    /// `damaged`, `given_up`, `delivery`, `clock`, `proxy`, `payment`.
    #[schema(example = "delivery")]
    kind: &'static str,
    /// What kind of trouble it is, in Vietnamese.
    #[schema(example = "Không gửi được")]
    title: &'static str,
    /// What of it: a kind of message with its webhook, a work with its dossier.
    #[schema(example = "email")]
    subject: String,
    /// In Vietnamese, without personal data.
    detail: String,
    raised_at: Moment,
}

impl From<Alarm> for AlarmView {
    fn from(alarm: Alarm) -> Self {
        Self {
            id: alarm.id,
            kind: alarm.kind.as_str(),
            title: alarm.kind.title(),
            subject: alarm.subject,
            detail: alarm.detail,
            raised_at: alarm.raised_at,
        }
    }
}

/// Everything that is open.
#[derive(Serialize, ToSchema)]
pub struct Alarms {
    items: Vec<AlarmView>,
}

pub async fn list(call: Call) -> Reply<Alarms> {
    let list = call.run(|store, by, _| Ok(views::alarms::list_alarms(store, by.unit, MOST)?));
    let items = list.await?.into_iter().map(AlarmView::from).collect();
    Ok(shown(Alarms { items }))
}

pub async fn close(call: Call) -> Result<Done, Problem> {
    let id = call.id(AlarmId, "không có cảnh báo này")?;
    call.run(move |store, by, _| Ok(acts::alarms::acknowledge(store, by.proof, id)?))
        .await
        .map(done)
}

/// A dossier that a work passes over.
#[derive(Serialize, ToSchema)]
pub struct SetAsideView {
    /// `overdue`, `recompute`, `successor`, `announce`.
    #[schema(example = "overdue")]
    work: &'static str,
    dossier: DossierId,
    /// Absent where the dossier itself is gone.
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: Option<String>,
    /// What is wrong with its data, without personal data.
    error: String,
    since: Moment,
    /// When it was tried last.
    last_at: Moment,
    tries: u32,
    /// When somebody decided to leave it alone.
    dismissed_at: Option<Moment>,
}

impl From<Entry> for SetAsideView {
    fn from(entry: Entry) -> Self {
        Self {
            work: entry.work.as_str(),
            dossier: entry.dossier,
            case_number: entry.case_number,
            error: entry.error,
            since: entry.since,
            last_at: entry.last_at,
            tries: entry.tries,
            dismissed_at: entry.dismissed_at,
        }
    }
}

/// Everything that is set aside.
#[derive(Serialize, ToSchema)]
pub struct SetAside {
    items: Vec<SetAsideView>,
}

pub async fn set_aside(call: Call) -> Reply<SetAside> {
    let entries = call.run(|store, by, _| Ok(views::alarms::list_set_aside(store, by.unit, MOST)?));
    let items = entries.await?.into_iter().map(SetAsideView::from);
    Ok(shown(SetAside {
        items: items.collect(),
    }))
}

fn place(call: &Call) -> Result<(Work, DossierId), Problem> {
    let (work, dossier) = call.named::<(String, String)>()?;
    let missing = || Problem::not_found("hồ sơ này không được để riêng trong việc này");
    let work = work.parse().map_err(|()| missing())?;
    let id = uuid::Uuid::parse_str(&dossier).map_err(|_| missing())?;
    Ok((work, DossierId(id)))
}

pub async fn retry(call: Call) -> Result<Done, Problem> {
    let (work, dossier) = place(&call)?;
    call.run(move |store, by, _| {
        Ok(acts::alarms::retry_set_aside(
            store, by.proof, work, dossier,
        )?)
    })
    .await
    .map(done)
}

pub async fn dismiss(call: Call) -> Result<Done, Problem> {
    let (work, dossier) = place(&call)?;
    call.run(move |store, by, now| Ok(acts::alarms::dismiss(store, by.proof, work, dossier, now)?))
        .await
        .map(done)
}

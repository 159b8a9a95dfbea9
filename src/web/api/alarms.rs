//! `/api/v1/alarms` and `/api/v1/set-aside`: what an administrator of the whole office has to look at.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{AlarmId, DossierId};
use crate::domain::moment::Moment;
use crate::store::alarms::Alarm;
use crate::store::set_aside::{Entry, Work};
use crate::web::access::Staff;
use crate::web::problem::Problem;
use crate::web::{State, with_store};
use crate::{acts, views};

/// More than anybody reads: the newest are shown.
const MOST: u32 = 500;

/// Something to look at.
#[derive(Serialize, ToSchema)]
pub struct AlarmView {
    id: AlarmId,
    /// `damaged`, `given_up`, `delivery`, `clock`, `proxy`.
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

/// Cảnh báo đang mở, mới nhất trước; chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    get, path = "/api/v1/alarms", tag = "Quản trị",
    responses((status = 200, description = "Các cảnh báo đang mở", body = Alarms)),
)]
pub async fn list(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let alarms = with_store(&state, move |store| {
        views::alarms::list_alarms(store, reach, MOST)
    })
    .await?;
    Ok(HttpResponse::Ok().json(Alarms {
        items: alarms.into_iter().map(AlarmView::from).collect(),
    }))
}

/// Đóng một cảnh báo đã xem; nếu sự cố còn thì cảnh báo mở lại. Chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    post, path = "/api/v1/alarms/{alarm}/close", tag = "Quản trị",
    params(("alarm" = String, Path, description = "Định danh của cảnh báo")),
    responses((status = 204, description = "Đã đóng")),
)]
pub async fn close(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let by = staff.proof;
    let id = uuid::Uuid::parse_str(&path).map(AlarmId);
    let id = id.map_err(|_| Problem::not_found("không có cảnh báo này"))?;
    with_store(&state, move |store| {
        acts::alarms::acknowledge(store, by, id)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
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

/// Hồ sơ có dữ liệu hỏng mà hệ thống để riêng khi làm việc nền; chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    get, path = "/api/v1/set-aside", tag = "Quản trị",
    responses((status = 200, description = "Các hồ sơ được để riêng", body = SetAside)),
)]
pub async fn set_aside(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let entries = with_store(&state, move |store| {
        views::alarms::list_set_aside(store, reach, MOST)
    })
    .await?;
    Ok(HttpResponse::Ok().json(SetAside {
        items: entries.into_iter().map(SetAsideView::from).collect(),
    }))
}

fn place(path: &(String, String)) -> Result<(Work, DossierId), Problem> {
    let missing = || Problem::not_found("hồ sơ này không được để riêng trong việc này");
    let work = path.0.parse().map_err(|()| missing())?;
    let id = uuid::Uuid::parse_str(&path.1).map_err(|_| missing())?;
    Ok((work, DossierId(id)))
}

/// Làm lại việc nền với một hồ sơ được để riêng; chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    post, path = "/api/v1/set-aside/{work}/{set_aside}/retry", tag = "Quản trị",
    params(
        ("work" = String, Path, description = "overdue, recompute, successor, announce"),
        ("set_aside" = String, Path, description = "Định danh của hồ sơ"),
    ),
    responses((status = 204, description = "Sẽ làm lại")),
)]
pub async fn retry(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (by, (work, dossier)) = (staff.proof, place(&path)?);
    with_store(&state, move |store| {
        acts::alarms::retry_set_aside(store, by, work, dossier)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Để yên một hồ sơ: không làm việc nền này với nó nữa, tin đang chờ của nó không báo cho ai. Chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    post, path = "/api/v1/set-aside/{work}/{set_aside}/dismiss", tag = "Quản trị",
    params(
        ("work" = String, Path, description = "overdue, recompute, successor, announce"),
        ("set_aside" = String, Path, description = "Định danh của hồ sơ"),
    ),
    responses((status = 204, description = "Đã để yên")),
)]
pub async fn dismiss(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (by, (work, dossier)) = (staff.proof, place(&path)?);
    with_store(&state, move |store| {
        acts::alarms::dismiss(store, by, work, dossier, crate::clock::now())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

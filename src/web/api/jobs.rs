//! `/api/v1/jobs`: work that goes on after the request that asked for it, and how far it has come.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::JobId;
use crate::domain::job::{Kind, State as Standing};
use crate::domain::moment::Moment;
use crate::render;
use crate::store::jobs::{self, Job};
use crate::store::{Conn, Store, StoreError, users};
use crate::views::list::StaffName;
use crate::web::api::answers::{Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::page::{Everything, ListQuery, Page, Row};
use crate::web::problem::Problem;

/// A job.
#[derive(Serialize, ToSchema)]
pub struct JobView {
    pub(crate) id: JobId,
    pub(crate) kind: Kind,
    #[schema(example = "Tính lại ngày hẹn trả")]
    pub(crate) kind_name: &'static str,
    pub(crate) state: Standing,
    #[schema(example = "Đang chạy")]
    pub(crate) state_name: &'static str,
    /// Dossiers that were looked at.
    #[schema(example = 1200)]
    pub(crate) done: u64,
    /// Dossiers to be looked at; 0 before it has begun.
    #[schema(example = 5000)]
    pub(crate) total: u64,
    /// Dossiers that have changed.
    #[schema(example = 37)]
    pub(crate) changed: u64,
    pub(crate) created_at: Moment,
    /// Who asked; absent for imports and what the program does by itself.
    pub(crate) created_by: Option<StaffName>,
    pub(crate) started_at: Option<Moment>,
    pub(crate) finished_at: Option<Moment>,
    /// Why the last try broke off; it is tried again from where it was.
    pub(crate) error: Option<String>,
}

fn views(conn: &mut Conn, all: Vec<Job>) -> Result<Vec<JobView>, StoreError> {
    let staff = users::names(conn, all.iter().filter_map(|job| job.created_by))?;
    let now = crate::clock::now();
    let views = all.into_iter().map(|job| {
        let state = job.state(now);
        JobView {
            id: job.id,
            kind: job.kind,
            kind_name: render::words::job(job.kind),
            state,
            state_name: render::words::job_state(state),
            done: job.done,
            total: job.total,
            changed: job.changed,
            created_at: job.created_at,
            created_by: job.created_by.and_then(|id| StaffName::of(&staff, id)),
            started_at: job.started_at,
            finished_at: job.finished_at,
            error: job.error,
        }
    });
    Ok(views.collect())
}

/// Where to see how far a job has come.
pub(crate) fn address(id: JobId) -> String {
    format!("/api/v1/jobs/{id}")
}

/// A job as it stands now.
pub(crate) fn view(store: &Store, id: JobId) -> Result<JobView, Problem> {
    let found = store.read(|conn| {
        let job = jobs::find(conn, id)?;
        views(conn, Vec::from_iter(job))
    })?;
    let missing = || Problem::not_found("không có công việc này");
    found.into_iter().next().ok_or_else(missing)
}

/// The newest of all jobs.
pub(crate) fn newest(store: &Store, most: u32) -> Result<Vec<JobView>, Problem> {
    let found = store.read(|conn| {
        let found = jobs::list(conn, None, most)?;
        views(conn, found)
    });
    Ok(found?)
}

impl Row for JobView {
    const PAGE: &'static str = "JobPage";
}

/// A page of jobs.
pub type JobPage = Page<JobView>;

pub async fn list(call: Call, query: ListQuery<Everything, JobId>) -> Reply<JobPage> {
    let page = call.run(move |store, _, _| {
        let page = store.read(|conn| {
            let found = jobs::list(conn, query.page.after, query.page.and_one())?;
            let page = query.page.page(found, |job| job.id);
            page.try_map(|found| views(conn, found))
        });
        Ok(page?)
    });
    page.await.map(fresh)
}

pub async fn show(call: Call) -> Reply<JobView> {
    let id = call.id(JobId, "không có công việc này")?;
    call.run(move |store, _, _| view(store, id))
        .await
        .map(fresh)
}

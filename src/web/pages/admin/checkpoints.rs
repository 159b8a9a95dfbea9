//! `/quan-tri/diem-chot`: the signed checkpoints of the log, to be kept elsewhere, and how one holds the database
//! against them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use askama::Template;

use crate::acts;
use crate::domain::moment::Moment;
use crate::render::words;
use crate::store::log::{self, GivenOut};
use crate::web::api::call::Call;
use crate::web::pages::forms::Fields;
use crate::web::pages::{Frame, page, see_other};
use crate::web::problem::Problem;

const PATH: &str = "/quan-tri/diem-chot";
const BELOW: &str = "truoc";

/// How many a page has.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "admin/checkpoints.html")]
struct CheckpointsPage {
    frame: Frame,
    rows: Vec<GivenOut>,
    next: Option<String>,
    /// By which everybody knows the signature.
    key: String,
    done: bool,
}

impl CheckpointsPage {
    fn moment(at: &Moment) -> String {
        words::moment(*at)
    }

    fn size(size: &u64) -> String {
        words::number(i64::try_from(*size).unwrap_or(i64::MAX))
    }
}

/// What it is called where it is kept.
fn file_name(size: u64) -> String {
    format!("diem-chot-{size}.txt")
}

/// `GET /quan-tri/diem-chot`: newest first.
pub async fn list(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    super::only_for_all(&call).await?;
    let below = typed.get(BELOW).parse().ok();
    let rows = call.run(move |store, _, _| {
        let limit = u32::try_from(ROWS).unwrap_or(u32::MAX) + 1;
        Ok(store.read(|conn| log::newest_checkpoints(conn, below, limit))?)
    });
    let mut rows = rows.await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more);
    let next = last.map(|last| format!("{PATH}?{BELOW}={}", last.size));
    let shown = CheckpointsPage {
        frame: Frame::of(&call.by, super::PATH),
        rows,
        next,
        key: call.state.log_key.public().to_string(),
        done: typed.get("xong") == "1",
    };
    page(StatusCode::OK, &shown)
}

/// `POST /quan-tri/diem-chot`: one of the log as it is, unless there is one of the last minutes.
pub async fn sign(call: Call) -> Result<HttpResponse, Problem> {
    super::only_for_all(&call).await?;
    let key = call.state.log_key.clone();
    call.run(move |store, _, now| Ok(acts::checkpoint::checkpoint(store, &key, now)?))
        .await?;
    Ok(see_other(&format!("{PATH}?xong=1")).finish())
}

/// `GET /quan-tri/diem-chot/{checkpoint}`: the note, as it was signed.
pub async fn download(call: Call) -> Result<HttpResponse, Problem> {
    super::only_for_all(&call).await?;
    let missing = || Problem::not_found("không có điểm chốt này");
    let size: u64 = call.named::<String>()?.parse().map_err(|_| missing())?;
    let found = call.run(move |store, _, _| Ok(store.read(|conn| log::checkpoint_of(conn, size))?));
    let found = found.await?.ok_or_else(missing)?;
    let file = format!("attachment; filename=\"{}\"", file_name(size));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, file))
        .body(found.note))
}

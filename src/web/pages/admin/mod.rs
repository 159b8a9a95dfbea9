//! `/quan-tri`: what an administrator keeps, and what has to be looked at.

pub(crate) mod accounts;
pub(crate) mod calendar;
pub(crate) mod checkpoints;
pub(crate) mod new_unit;
pub(crate) mod payments;
pub(crate) mod privacy;
pub(crate) mod procedures;
pub(crate) mod readings;
pub(crate) mod succession;
pub(crate) mod text_blocks;
pub(crate) mod units;
mod version_form;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::render::words;
use crate::store::Store;
use crate::store::outbox::{Standing, Which};
use crate::store::set_aside::Entry;
use crate::views;
use crate::views::list::named_unit;
use crate::views::reach::ensure_whole;
use crate::web::api::call::Call;
use crate::web::api::jobs::JobView;
use crate::web::api::outbox::MessageView;
use crate::web::api::{alarms, jobs, outbox};
use crate::web::pages::{Frame, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/quan-tri";

/// The most rows of each table: who has more to look at begins with these.
const MOST: u32 = 50;

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    frame: Frame,
    unit: String,
    /// What only administrators of the whole office see to.
    whole: Option<Whole>,
}

struct Whole {
    alarms: Vec<crate::store::alarms::Alarm>,
    set_aside: Vec<Entry>,
    given_up: Vec<MessageView>,
    jobs: Vec<JobView>,
}

impl OverviewPage {
    fn moment(moment: &Moment) -> String {
        words::moment(*moment)
    }
}

/// Whether that is the whole office.
fn is_whole(store: &Store, reach: UnitId) -> Result<bool, Problem> {
    Ok(ensure_whole(store.reference()?.units(), reach).is_ok())
}

/// Whether whoever asks sees to the whole office.
async fn sees_to_all(call: &Call) -> Result<bool, Problem> {
    call.run(|store, by, _| is_whole(store, by.unit)).await
}

/// Nobody is given a form whose sending is refused.
async fn only_for_all(call: &Call) -> Result<(), Problem> {
    match sees_to_all(call).await? {
        true => Ok(()),
        false => {
            let detail = "Việc này của quản trị viên cấp tỉnh, người trông coi cả hệ thống; đơn vị của bạn chỉ xem.";
            Err(Problem::new(Kind::Forbidden, detail))
        }
    }
}

/// `GET /quan-tri`.
pub async fn show(call: Call) -> Result<HttpResponse, Problem> {
    let (unit, whole) = call
        .run(|store, by, _| {
            let unit = named_unit(&*store.reference()?, by.unit).name;
            if !is_whole(store, by.unit)? {
                return Ok((unit, None));
            }
            let given_up = Which {
                standing: Some(Standing::GivenUp),
                kind: None,
                recipient: None,
            };
            let messages =
                views::outbox::list_messages(store, by.unit, &given_up, None, MOST)?.into_iter();
            let whole = Whole {
                alarms: views::alarms::list_alarms(store, by.unit, MOST)?,
                set_aside: views::alarms::list_set_aside(store, by.unit, MOST)?,
                given_up: messages.map(MessageView::from).collect(),
                jobs: jobs::newest(store, MOST)?,
            };
            Ok((unit, Some(whole)))
        })
        .await?;
    let shown = OverviewPage {
        frame: Frame::of(&call.by, PATH),
        unit,
        whole,
    };
    page(StatusCode::OK, &shown)
}

/// `POST /quan-tri/canh-bao/{alarm}/dong`.
pub async fn close_alarm(call: Call) -> Result<HttpResponse, Problem> {
    alarms::close(call).await?;
    Ok(see_other(PATH).finish())
}

/// `POST /quan-tri/tin-gui/{message}/gui-lai`.
pub async fn send_again(call: Call) -> Result<HttpResponse, Problem> {
    outbox::retry(call).await?;
    Ok(see_other(PATH).finish())
}

/// `POST /quan-tri/de-rieng/{work}/{set_aside}/lam-lai`.
pub async fn try_again(call: Call) -> Result<HttpResponse, Problem> {
    alarms::retry(call).await?;
    Ok(see_other(PATH).finish())
}

/// `POST /quan-tri/de-rieng/{work}/{set_aside}/de-yen`.
pub async fn leave_alone(call: Call) -> Result<HttpResponse, Problem> {
    alarms::dismiss(call).await?;
    Ok(see_other(PATH).finish())
}

//! `/ho-so`: the lists of the desk with their filters, and the search.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::json;

use crate::domain::dossier::{Channel, Status};
use crate::domain::role::Permission;
use crate::render::words;
use crate::views::list::{ListItem, named_unit};
use crate::web::api::call::Call;
use crate::web::api::lists::{self, DossierQuery, Search};
use crate::web::body;
use crate::web::pages::dossier::{Sign, signs};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::receive::or_dash;
use crate::web::pages::{Frame, home, page, see_other};
use crate::web::problem::{Kind, Problem};

const PATH: &str = "/ho-so";

/// The lists: as the query names them, and as people do.
const LISTS: &[(&str, &str)] = &[
    ("list=open", "Đang xử lý"),
    ("list=open&mine=true", "Giao cho tôi"),
    ("list=registered", "Mới đăng ký"),
    ("list=near_due", "Sắp đến hạn"),
    ("list=overdue", "Quá hạn"),
    ("list=all", "Tất cả"),
];

struct Tab {
    address: String,
    word: &'static str,
    here: bool,
}

#[derive(Template)]
#[template(path = "dossiers.html")]
struct DossiersPage {
    frame: Frame,
    /// The name of the list.
    title: &'static str,
    unit: String,
    tabs: Vec<Tab>,
    form: FormPart,
    /// Something is filtered.
    filtered: bool,
    list: String,
    mine: bool,
    rows: Vec<Row>,
    /// The address of the next page.
    next: Option<String>,
    /// The address of the first page, if this is another one.
    first: Option<String>,
    /// What was searched for.
    searched: Option<String>,
}

struct Row {
    item: ListItem,
    due: String,
    appointment: Option<String>,
    signs: Vec<Sign>,
}

impl From<ListItem> for Row {
    fn from(item: ListItem) -> Self {
        Self {
            due: or_dash(item.due_at),
            appointment: item.appointment_at.map(words::moment),
            signs: signs(
                item.overdue,
                item.status.is_waiting(),
                item.appointment_at,
                false,
            ),
            item,
        }
    }
}

/// The filters, with what was typed.
fn filters(typed: &Fields) -> FormPart {
    let any = Choice::new("", "Tất cả");
    let mut statuses = vec![any.clone()];
    let all = Status::ALL.into_iter();
    statuses.extend(all.map(|status| {
        let name = serde_json::to_value(status).unwrap_or_default();
        Choice::new(name.as_str().unwrap_or_default(), words::status(status))
    }));
    let mut channels = vec![any];
    let all = Channel::ALL.into_iter();
    channels.extend(all.map(|channel| Choice::new(channel.as_str(), words::channel(channel))));
    FormPart::new(vec![
        Field::choice("status", "Trạng thái", statuses),
        Field::text("procedure", "Mã thủ tục").most(60).required(),
        Field::text("unit", "Mã đơn vị").most(40).required(),
        Field::choice("channel", "Hình thức nộp", channels),
        Field::date("received_from", "Tiếp nhận từ ngày").required(),
        Field::date("received_to", "Đến hết ngày").required(),
        Field::date("due_from", "Hẹn trả từ ngày").required(),
        Field::date("due_to", "Hẹn trả đến hết ngày").required(),
    ])
    .typed(typed)
}

fn tabs(typed: &Fields) -> (Vec<Tab>, &'static str) {
    let (list, mine) = (typed.get("list"), typed.get("mine") == "true");
    let named = format!("list={list}{}", if mine { "&mine=true" } else { "" });
    let kept = typed.query_without(&["list", "mine", "after", "within_days"]);
    let mut title = "Hồ sơ";
    let tabs = LISTS.iter().map(|(query, word)| {
        let here = *query == named;
        if here {
            title = word;
        }
        let kept = match kept.is_empty() {
            true => String::new(),
            false => format!("&{kept}"),
        };
        Tab {
            address: format!("{PATH}?{query}{kept}"),
            word,
            here,
        }
    });
    (tabs.collect(), title)
}

/// `GET /ho-so`.
pub async fn show(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    if !call.by.may(Permission::ReadDossiers) {
        return Ok(see_other(home(&call.by)).finish());
    }
    if typed.get("list").is_empty() {
        typed.set("list", "open");
    }
    let query = DossierQuery::read(&typed.query_without(&[]));
    let listed = match query {
        Ok(query) => {
            call.run(move |store, by, now| lists::listed(store, query, by, now))
                .await
        }
        Err(problem) => Err(problem),
    };
    let mut form = filters(&typed);
    let mut status = StatusCode::OK;
    let (items, next) = match listed {
        Ok(listed) => listed.into_parts(),
        Err(problem) => match problem.kind() {
            Kind::InvalidRequest | Kind::Forbidden => {
                status = problem.status_code();
                form = match problem.kind() {
                    Kind::Forbidden => form.wrong("unit", problem.detail()),
                    _ => form.refused(&problem),
                };
                (Vec::new(), None)
            }
            _ => return Err(problem),
        },
    };
    let here = typed.query_without(&["after"]);
    let next = next.map(|next| {
        let after = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
        format!("{PATH}?{here}&{after}")
    });
    let first = (!typed.get("after").is_empty()).then(|| format!("{PATH}?{here}"));
    let (tabs, title) = tabs(&typed);
    let shown = DossiersPage {
        frame: Frame::of(&call.by, PATH).wrong(!form.errors.is_empty()),
        title,
        unit: unit(&call).await?,
        tabs,
        filtered: form.fields.iter().any(|field| !field.value.is_empty()),
        form,
        list: typed.get("list").to_owned(),
        mine: typed.get("mine") == "true",
        rows: items.into_iter().map(Row::from).collect(),
        next,
        first,
        searched: None,
    };
    page(status, &shown)
}

async fn unit(call: &Call) -> Result<String, Problem> {
    call.run(|store, by, _| Ok(named_unit(&*store.reference()?, by.unit).name))
        .await
}

/// `POST /ho-so/tim`: what somebody brings along: a case number, a phone or identity number, a name. What identifies
/// a person never stands in an address.
pub async fn search(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let text = typed.get("text").trim().to_owned();
    let body = json!({"text": text}).to_string().into_bytes();
    let mut form = filters(&Fields::default());
    let mut status = StatusCode::OK;
    let found = match body::read::<Search>(&body) {
        Ok(search) => {
            call.run(move |store, by, now| lists::found(store, &search, by, now))
                .await?
                .into_parts()
                .0
        }
        Err(problem) => {
            status = problem.status_code();
            form = form.refused(&problem);
            Vec::new()
        }
    };
    // The only one is the one that was meant.
    if let [one] = &*found {
        return Ok(see_other(&format!("/ho-so/{}", one.case_number)).finish());
    }
    let mut fields = Fields::default();
    fields.set("list", "none");
    let (tabs, _) = tabs(&fields);
    let shown = DossiersPage {
        frame: Frame::of(&call.by, PATH).wrong(!form.errors.is_empty()),
        title: "Kết quả tìm",
        unit: unit(&call).await?,
        tabs,
        filtered: false,
        form,
        list: "open".to_owned(),
        mine: false,
        rows: found.into_iter().map(Row::from).collect(),
        next: None,
        first: None,
        searched: Some(text),
    };
    page(status, &shown)
}

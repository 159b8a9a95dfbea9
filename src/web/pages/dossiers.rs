//! `/ho-so`: the lists of the desk with their filters, and the search.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::dossier::{Channel, Status};
use crate::domain::role::Permission;
use crate::render::words;
use crate::views::list::{ListItem, named_unit};
use crate::views::saved_lists::{Kept, NamedList};
use crate::views::seen::{self, New};
use crate::web::api::call::Call;
use crate::web::api::lists::{self, DossierQuery, Search};
use crate::web::api::page::cursor;
use crate::web::api::saved_lists::{self, NewSavedList};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::carried::{CARRIED, Carried};
use crate::web::pages::dossier::{Sign, signs};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::named::in_codes;
use crate::web::pages::receive::or_dash;
use crate::web::pages::{Frame, home, page, see_other};
use crate::web::problem::{Kind, Problem};
use crate::{acts, views};

const PATH: &str = "/ho-so";
/// Where a search goes on.
const AFTER: &str = "after";

/// The page's own parameters, which are no part of a list: what was done, all of it ticked.
const SAID: &str = "bao";
const TICKED: &str = "chon";
const KEY: &str = "khoa";

/// The most colleagues that are filtered by with ticks; where there are more, their names are typed.
const MOST_COLLEAGUES: usize = 30;

/// A list under the name that people give it.
struct Named {
    list: &'static str,
    mine: bool,
    statuses: &'static [Status],
    word: &'static str,
}

const fn all_of(list: &'static str, word: &'static str) -> Named {
    some_of(list, &[], word)
}

const fn some_of(list: &'static str, statuses: &'static [Status], word: &'static str) -> Named {
    Named {
        list,
        mine: false,
        statuses,
        word,
    }
}

const LISTS: &[Named] = &[
    all_of("open", "Đang xử lý"),
    Named {
        list: "open",
        mine: true,
        statuses: &[],
        word: "Giao cho tôi",
    },
    some_of(
        "open",
        &[Status::SupplementRequested, Status::PaymentRequested],
        "Chờ bổ sung, nộp tiền",
    ),
    all_of("registered", "Mới đăng ký"),
    all_of("near_due", "Sắp đến hạn"),
    all_of("overdue", "Quá hạn"),
    some_of("all", &[Status::Done], "Chờ trả kết quả"),
    all_of("all", "Tất cả"),
];

struct Tab {
    address: String,
    word: &'static str,
    here: bool,
}

/// A column that there may be beside the number.
struct Column {
    key: &'static str,
    word: &'static str,
    /// Shown to whoever has not chosen.
    usual: bool,
}

const STATUS: &str = "status";

const COLUMNS: &[Column] = &[
    Column::usual("applicant", "Người nộp"),
    Column::usual("procedure", "Thủ tục"),
    Column::usual(STATUS, "Trạng thái"),
    Column::usual("due", "Hẹn trả"),
    Column::usual("assignee", "Người xử lý"),
    Column::other("unit", "Đơn vị giải quyết"),
    Column::other("holder", "Đang ở"),
    Column::other("received", "Tiếp nhận"),
    Column::other("channel", "Hình thức nộp"),
];

impl Column {
    const fn usual(key: &'static str, word: &'static str) -> Self {
        Self {
            key,
            word,
            usual: true,
        }
    }

    const fn other(key: &'static str, word: &'static str) -> Self {
        Self {
            key,
            word,
            usual: false,
        }
    }
}

/// How many rows a page may have, the usual number first.
const ROWS: [u32; 3] = [50, 20, 100];

/// How somebody wants lists shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shown {
    columns: Vec<String>,
    rows: u32,
}

impl Shown {
    fn usual() -> Self {
        let usual = COLUMNS.iter().filter(|column| column.usual);
        Self {
            columns: usual.map(|column| column.key.to_owned()).collect(),
            rows: ROWS[0],
        }
    }

    fn of(kept: &Kept) -> Self {
        let chosen = kept.shown.as_deref();
        let chosen: Option<Self> = chosen.and_then(|json| serde_json::from_str(json).ok());
        let chosen = chosen.filter(|chosen| ROWS.contains(&chosen.rows));
        chosen.unwrap_or_else(Self::usual)
    }

    /// In their own order, whatever was ticked first.
    fn columns(&self) -> Vec<&'static Column> {
        // The status has the signs with it, and is always there.
        let chosen = |column: &&Column| {
            column.key == STATUS || self.columns.iter().any(|key| key == column.key)
        };
        COLUMNS.iter().filter(chosen).collect()
    }

    fn form(&self) -> FormPart {
        let columns = COLUMNS
            .iter()
            .filter(|column| column.key != STATUS)
            .map(|column| Choice::new(column.key, column.word));
        let mut columns = Field::ticks("columns", "Cột", columns.collect());
        columns.values.clone_from(&self.columns);
        let rows = ROWS.iter().map(|rows| Choice::new(rows, rows.to_string()));
        let rows = Field::choice("rows", "Số dòng mỗi trang", rows.collect()).value(self.rows);
        FormPart::new(vec![columns, rows])
    }
}

/// A list that is kept, as a link.
struct Link {
    address: String,
    list: NamedList,
    here: bool,
    /// It may be taken away.
    own: bool,
}

#[derive(Template)]
#[template(path = "dossiers.html")]
struct DossiersPage {
    frame: Frame,
    /// The name of the list.
    title: String,
    unit: String,
    tabs: Vec<Tab>,
    kept: Vec<Link>,
    form: FormPart,
    /// Something is filtered.
    filtered: bool,
    list: String,
    mine: bool,
    /// What is asked of the list, from its beginning.
    asked: String,
    columns: Vec<&'static Column>,
    standing_in: Vec<(String, String, String)>,
    naming: FormPart,
    shown: FormPart,
    may_share: bool,
    may_hand_over: bool,
    /// Something may be done with what is ticked.
    may_tick: bool,
    rows: Vec<Row>,
    /// Where what is searched for goes on: no address holds what was typed.
    more: Option<String>,
    /// All of the page are ticked.
    all_ticked: bool,
    /// The address of this page with all ticked.
    tick_all: String,
    /// The address of the next page.
    next: Option<String>,
    /// The address of the first page, if this is another one.
    first: Option<String>,
    /// What was searched for.
    searched: Option<String>,
    /// Of the form that keeps the list.
    key: String,
    /// What there is to say: done, and not.
    said: Option<&'static str>,
    refused: Option<&'static str>,
}

struct Row {
    item: ListItem,
    due: String,
    received: String,
    appointment: Option<String>,
    signs: Vec<Sign>,
    /// Its page, with the list that it is opened from.
    address: String,
}

impl Row {
    fn new(item: ListItem, new: Option<New>, carried: &str) -> Self {
        let mut signs = signs(
            item.overdue,
            item.status.is_waiting(),
            item.appointment_at,
            false,
        );
        signs.extend(new.map(Sign::of_new));
        Self {
            due: or_dash(item.due_at),
            received: or_dash(item.received_at),
            appointment: item.appointment_at.map(words::moment),
            signs,
            address: format!("{PATH}/{}{carried}", item.case_number),
            item,
        }
    }

    fn channel(&self) -> &'static str {
        words::channel(self.item.channel)
    }
}

/// A status as the query names it.
fn name_of(status: Status) -> String {
    let name = serde_json::to_value(status).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

/// The filters, with what was typed. Officers are chosen from where they are few.
fn filters(typed: &Fields, colleagues: Option<Vec<Choice>>) -> FormPart {
    let any = Choice::new("", "Tất cả");
    let statuses = Status::ALL.into_iter();
    let statuses = statuses.map(|status| Choice::new(name_of(status), words::status(status)));
    let mut channels = vec![any];
    let all = Channel::ALL.into_iter();
    channels.extend(all.map(|channel| Choice::new(channel.as_str(), words::channel(channel))));
    let several = "Nhiều mã thì cách nhau bằng dấu phẩy.";
    let mut fields = vec![
        Field::ticks("status", "Trạng thái", statuses.collect()),
        Field::text("procedure", "Mã hoặc tên thủ tục")
            .required()
            .hint(several),
        Field::text("unit", "Mã hoặc tên đơn vị")
            .required()
            .hint(several),
        Field::choice("channel", "Hình thức nộp", channels),
        Field::date("received_from", "Tiếp nhận từ ngày").required(),
        Field::date("received_to", "Đến hết ngày").required(),
        Field::date("due_from", "Hẹn trả từ ngày").required(),
        Field::date("due_to", "Hẹn trả đến hết ngày").required(),
    ];
    if typed.get("mine") != "true" {
        fields.push(match colleagues {
            Some(colleagues) => Field::ticks("assignee", "Người xử lý", colleagues),
            None => Field::text("assignee", "Tên đăng nhập người xử lý")
                .required()
                .hint("Nhiều người thì cách nhau bằng dấu phẩy."),
        });
    }
    // Repeated or with commas between: one is ticked, the other is typed.
    let mut shown = typed.clone();
    for field in &fields {
        if matches!(
            field.name.as_str(),
            "status" | "procedure" | "unit" | "assignee"
        ) {
            let all = typed.all(&field.name).join(",");
            let all = all.split(',').map(str::trim).filter(|one| !one.is_empty());
            let all: Vec<_> = all.map(str::to_owned).collect();
            match field.kind {
                "ticks" => shown.put(&field.name, all),
                _ => shown.set(&field.name, all.join(", ")),
            }
        }
    }
    FormPart::new(fields).typed(&shown)
}

/// What is asked of a list: without where it goes on, and without what is the page's own.
fn asked(typed: &Fields) -> String {
    typed.query_without(&["after", "limit", SAID, TICKED])
}

fn tabs(typed: &Fields) -> (Vec<Tab>, Option<&'static str>) {
    let statuses = typed.all("status").join(",");
    let statuses: HashSet<_> = statuses.split(',').filter(|one| !one.is_empty()).collect();
    let names =
        |named: &Named| -> Vec<String> { named.statuses.iter().copied().map(name_of).collect() };
    let mine = typed.get("mine") == "true";
    let fits = |named: &Named| named.list == typed.get("list") && named.mine == mine;
    // That one with just these statuses, or else the whole one.
    let exactly = |named: &&Named| {
        let own = names(named);
        fits(named)
            && own.len() == statuses.len()
            && own.iter().all(|one| statuses.contains(one.as_str()))
    };
    let whole = |named: &&Named| fits(named) && named.statuses.is_empty();
    let mut all = LISTS.iter();
    let here = all.find(exactly).or_else(|| LISTS.iter().find(whole));
    let tabs = LISTS.iter().map(|named| {
        let mut fields = typed.clone();
        fields.set("list", named.list);
        fields.set("mine", if named.mine { "true" } else { "" });
        if named.mine {
            fields.set("assignee", "");
        }
        let preset = |named: &Named| !named.statuses.is_empty();
        if preset(named) || here.is_some_and(preset) {
            fields.put("status", names(named));
        }
        let kept = fields.query_without(&["after", "limit", "within_days", SAID, TICKED]);
        Tab {
            address: format!("{PATH}?{kept}"),
            word: named.word,
            here: here.is_some_and(|here| std::ptr::eq(here, named)),
        }
    });
    (tabs.collect(), here.map(|named| named.word))
}

fn link(list: NamedList, here: &str, may_share: bool) -> Link {
    let query = serde_urlencoded::to_string(&list.asked).unwrap_or_default();
    Link {
        address: format!("{PATH}?{query}"),
        here: query == here,
        own: list.by.is_none() || may_share,
        list,
    }
}

/// What the page says of what was done a moment ago: well, or not.
fn said(typed: &Fields) -> (Option<&'static str>, Option<&'static str>) {
    match typed.get(SAID) {
        "het" => (Some("Đã hết danh sách."), None),
        "luu" => (Some("Đã lưu danh sách."), None),
        "xoa" => (Some("Đã xóa danh sách đã lưu."), None),
        "hien-thi" => (Some("Đã ghi cách hiển thị."), None),
        "chua-chon" => (None, Some("Chưa chọn hồ sơ nào.")),
        "qua-nhieu" => (None, Some("Mỗi lần chọn tối đa 100 hồ sơ.")),
        _ => (None, None),
    }
}

/// What every page of lists has beside its rows.
struct Around {
    /// For whom whoever looks stands in: a name, until when, and their list.
    standing_in: Vec<(String, String, String)>,
    unit: String,
    kept: Kept,
    colleagues: Option<Vec<Choice>>,
}

async fn around(call: &Call) -> Result<Around, Problem> {
    call.run(|store, by, now| {
        let standing_in = views::deputies::standing_in(store, by.user, now.date())?;
        let standing_in = standing_in.into_iter().map(|one| {
            let list = [("list", "open"), ("assignee", &one.principal.username)];
            let list = serde_urlencoded::to_string(list).unwrap_or_default();
            let until = words::date(one.deputy.to);
            (one.principal.full_name, until, format!("{PATH}?{list}"))
        });
        let colleagues = views::staff::few(store, by.unit, MOST_COLLEAGUES)?;
        let colleagues = colleagues.map(|staff| {
            let staff = staff.into_iter();
            staff
                .filter(|user| user.role.may(Permission::HandOver))
                .map(|user| Choice::new(user.username, user.full_name))
                .collect()
        });
        Ok(Around {
            standing_in: standing_in.collect(),
            unit: named_unit(&*store.reference()?, by.unit).name,
            kept: views::saved_lists::of(store, &by.reader())?,
            colleagues,
        })
    })
    .await
}

/// What a list has on one page.
#[derive(Default)]
struct Found {
    items: Vec<ListItem>,
    new: Vec<Option<New>>,
    next: Option<String>,
}

impl Found {
    fn rows(self, asked: &str) -> Vec<Row> {
        let carried = Carried::of(asked).query();
        let mut new = self.new.into_iter();
        let items = self.items.into_iter();
        items
            .map(|item| Row::new(item, new.next().flatten(), &carried))
            .collect()
    }
}

/// `GET /ho-so`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    listed(call, typed, naming()).await
}

/// Under what name the list is to be kept.
fn naming() -> FormPart {
    FormPart::new(vec![
        Field::text("name", "Lưu danh sách này với tên").required(),
    ])
}

async fn listed(call: Call, mut typed: Fields, naming: FormPart) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, "unit", "procedure").await?;
    if !call.by.may(Permission::ReadDossiers) {
        return Ok(see_other(home(&call.by)).finish());
    }
    if typed.get("list").is_empty() {
        typed.set("list", "open");
    }
    let Around {
        standing_in,
        unit,
        kept,
        colleagues,
    } = around(&call).await?;
    let shown = Shown::of(&kept);
    let mut fields = typed.clone();
    if typed.typed("limit").is_none() {
        fields.set("limit", shown.rows.to_string());
    }
    let listed = match DossierQuery::read(&fields.query_without(&[SAID, TICKED])) {
        Ok(query) => {
            call.run(move |store, by, now| {
                let listing = lists::listing(store, query, by, now)?;
                Ok(Found {
                    new: seen::of(store, &listing.items, by.user, now)?,
                    items: listing.items,
                    next: listing.next.as_ref().map(cursor),
                })
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    let mut form = filters(&typed, colleagues);
    let mut status = match naming.errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::BAD_REQUEST,
    };
    let found = match listed {
        Ok(found) => found,
        Err(problem) => match problem.kind() {
            Kind::InvalidRequest | Kind::Forbidden => {
                status = problem.status_code();
                form = match problem.kind() {
                    Kind::Forbidden => form.wrong("unit", problem.detail()),
                    _ => form.refused(&problem),
                };
                Found::default()
            }
            _ => return Err(problem),
        },
    };
    form.errors.extend(naming.errors.iter().cloned());
    let here = asked(&typed);
    let pages = typed.query_without(&["after", SAID, TICKED]);
    let next = found.next.as_ref().map(|next| {
        let after = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
        format!("{PATH}?{pages}&{after}")
    });
    let first = (!typed.get("after").is_empty()).then(|| format!("{PATH}?{pages}"));
    let (tabs, title) = tabs(&typed);
    let may_share = call.by.may(Permission::ShareLists);
    let kept = kept.lists.into_iter();
    let kept: Vec<_> = kept.map(|list| link(list, &here, may_share)).collect();
    let named = kept.iter().find(|link| link.here);
    let title = named.map_or_else(
        || title.unwrap_or("Hồ sơ").to_owned(),
        |link| link.list.name.clone(),
    );
    let (said, refused) = said(&typed);
    let shown = DossiersPage {
        frame: Frame::of(&call.by, PATH).wrong(!form.errors.is_empty() || refused.is_some()),
        title,
        unit,
        tabs,
        kept,
        filtered: form.fields.iter().any(|field| !field.value.is_empty()),
        standing_in,
        naming,
        form,
        list: typed.get("list").to_owned(),
        mine: typed.get("mine") == "true",
        columns: shown.columns(),
        shown: shown.form(),
        may_share,
        may_hand_over: call.by.may(Permission::HandOver),
        may_tick: call.by.may(Permission::Annotate),
        rows: found.rows(&here),
        more: None,
        all_ticked: typed.get(TICKED) == "het",
        tick_all: format!(
            "{PATH}?{}&{TICKED}=het",
            typed.query_without(&[SAID, TICKED])
        ),
        asked: here,
        next,
        first,
        searched: None,
        key: uuid::Uuid::new_v4().simple().to_string(),
        said,
        refused,
    };
    page(status, &shown)
}

/// `POST /ho-so/tim`: what somebody brings along: a case number, a phone or identity number, a name. What identifies
/// a person never stands in an address.
pub async fn search(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let text = typed.get("text").trim().to_owned();
    let mut body = json!({"text": text});
    if let Some(after) = typed.typed(AFTER) {
        body[AFTER] = json!(after);
    }
    let body = body.to_string().into_bytes();
    let mut form = FormPart::default();
    let mut status = StatusCode::OK;
    let found = match body::read::<Search>(&body) {
        Ok(search) => {
            call.run(move |store, by, now| {
                let (items, next) = lists::found(store, &search, by, now)?.into_parts();
                Ok(Found {
                    new: seen::of(store, &items, by.user, now)?,
                    items,
                    next,
                })
            })
            .await?
        }
        Err(problem) => {
            status = problem.status_code();
            form = form.refused(&problem);
            Found::default()
        }
    };
    // The only one is the one that was meant.
    if let ([one], None, None) = (&*found.items, &found.next, typed.typed(AFTER)) {
        return Ok(see_other(&format!("/ho-so/{}", one.case_number)).finish());
    }
    let Around {
        standing_in,
        unit,
        kept,
        ..
    } = around(&call).await?;
    let mut fields = Fields::default();
    fields.set("list", "none");
    let (tabs, _) = tabs(&fields);
    let shown = Shown::of(&kept);
    let may_share = call.by.may(Permission::ShareLists);
    let kept = kept.lists.into_iter();
    let kept = kept.map(|list| link(list, "none", may_share));
    let shown = DossiersPage {
        frame: Frame::of(&call.by, PATH).wrong(!form.errors.is_empty()),
        title: "Kết quả tìm".to_owned(),
        unit,
        tabs,
        kept: kept.collect(),
        filtered: false,
        standing_in,
        naming: FormPart::default(),
        form,
        list: "open".to_owned(),
        mine: false,
        asked: String::new(),
        columns: shown.columns(),
        shown: shown.form(),
        may_share,
        may_hand_over: call.by.may(Permission::HandOver),
        may_tick: call.by.may(Permission::Annotate),
        more: found.next.clone(),
        rows: found.rows(""),
        all_ticked: false,
        tick_all: String::new(),
        next: None,
        first: None,
        searched: Some(text),
        key: String::new(),
        said: None,
        refused: None,
    };
    page(status, &shown)
}

/// The list that a form was sent from, and that something is to be said there.
pub(crate) fn back(typed: &Fields, said: &str) -> String {
    let list = Fields::read(typed.get(CARRIED)).unwrap_or_default();
    let mut list = Fields::read(&asked(&list)).unwrap_or_default();
    if list.get("list").is_empty() {
        list.set("list", "open");
    }
    list.set(SAID, said);
    format!("{PATH}?{}", list.query_without(&[]))
}

/// `POST /ho-so/hien-thi`: how lists are shown from now on.
pub async fn keep_shown(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let rows = typed.get("rows").parse().ok();
    let chosen = Shown {
        columns: typed.all("columns"),
        rows: rows.filter(|rows| ROWS.contains(rows)).unwrap_or(ROWS[0]),
    };
    let known = chosen.columns().into_iter();
    let chosen = Shown {
        columns: known.map(|column| column.key.to_owned()).collect(),
        ..chosen
    };
    let json = json!(chosen).to_string();
    call.run(move |store, by, _| Ok(acts::saved_lists::show(store, json, by.proof)?))
        .await?;
    Ok(see_other(&back(&typed, "hien-thi")).finish())
}

/// `POST /ho-so/danh-sach`: a list is kept under a name.
pub async fn keep(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    kept(call, &typed, false).await
}

/// `POST /ho-so/danh-sach/chia-se`: for the staff of the unit too.
pub async fn share(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    kept(call, &typed, true).await
}

async fn kept(call: Call, typed: &Fields, share: bool) -> Result<HttpResponse, Problem> {
    let list = Fields::read(typed.get(CARRIED)).unwrap_or_default();
    let new = json!({"name": typed.get("name"), "query": asked(&list)});
    let new = new.to_string().into_bytes();
    // What shows nothing but an error is not worth a name.
    let mut tried = Fields::read(&asked(&list)).unwrap_or_default();
    in_codes(&call, &mut tried, "unit", "procedure").await?;
    if let Err(problem) = DossierQuery::read(&tried.query_without(&[]))
        && problem.kind() == Kind::InvalidRequest
    {
        return listed(call, list, naming().typed(typed)).await;
    }
    let kept = match body::read::<NewSavedList>(&new) {
        Ok(list) => {
            // Under a name there is one: a second click keeps nothing more.
            let key = IdempotencyKey::of_form(typed.get(KEY));
            saved_lists::put_in(&call, key, list, share, body::hash(&new)).await
        }
        Err(problem) => Err(problem),
    };
    match kept {
        Ok(_) => Ok(see_other(&back(typed, "luu")).finish()),
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            let list = Fields::read(&asked(&list)).unwrap_or_default();
            listed(call, list, naming().typed(typed).refused(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /ho-so/danh-sach/{list}/xoa`: it is kept no more.
pub async fn remove(call: Call) -> Result<HttpResponse, Problem> {
    saved_lists::take_out(&call).await?;
    Ok(see_other(&back(&Fields::default(), "xoa")).finish())
}

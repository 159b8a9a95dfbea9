//! `/api/v1/dossiers` as lists, and the search.

use actix_web::HttpRequest;
use chrono::{Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::acts::access::Caller;
use crate::domain::dossier::{Channel, Status};
use crate::domain::identity::Identity;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::unit::Level;
use crate::render::{self, Format};
use crate::store::Store;
use crate::store::lists::{Order, Within};
use crate::views;
use crate::views::list::{Concern, ListItem, ListRequest, Listing};
use crate::views::search::{Place as SearchPlace, SearchFor};
use crate::web::api::answers::{Answer, Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::check_length;
use crate::web::api::formats::{accepted, file_of, wrong_format};
use crate::web::api::page::{ListQuery, MOST_ROWS, Page, Row, Wanted};
use crate::web::body::{Body, Readable};
use crate::web::params::{Parameters, from_text};
use crate::web::problem::{FieldError, Kind, Problem};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Mọi hồ sơ, mới nhất trước.
    All,
    /// Nộp trực tuyến, chờ tiếp nhận, mới nhất trước.
    Registered,
    /// Đang xử lý, theo hạn trả.
    Open,
    /// Đang xử lý và sắp đến hạn, theo hạn trả.
    NearDue,
    /// Đang xử lý và đã quá hạn, quá hạn lâu nhất trước.
    Overdue,
    /// Đã kết thúc (xong, rút, dừng) sau hạn trả, mới nhất trước.
    ClosedLate,
}

/// Parameters of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Danh sách nào; mặc định là mọi hồ sơ.
    #[serde(default)]
    #[param(inline)]
    list: Option<List>,
    /// Với near_due: đến hạn trong bao nhiêu ngày làm việc sau hôm nay; mặc định 3.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<u32>)]
    within_days: Option<u32>,
    /// Mã đơn vị trong phạm vi của mình: chỉ đơn vị đó và các đơn vị trực thuộc. Như trạng thái, thủ tục và người xử lý:
    /// lặp lại tham số hoặc cách nhau bởi dấu phẩy, tối đa 20.
    #[serde(default)]
    #[param(style = Form, explode, example = json!(["H37.20.01"]))]
    unit: Vec<String>,
    /// Một trong các trạng thái.
    #[serde(default)]
    #[param(style = Form, explode)]
    status: Vec<Status>,
    /// Mã thủ tục, một trong số đó.
    #[serde(default)]
    #[param(style = Form, explode, example = json!(["2.000815"]))]
    procedure: Vec<String>,
    /// Lĩnh vực.
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    channel: Option<Channel>,
    /// Tiếp nhận từ ngày (hoặc đăng ký, khi chưa tiếp nhận).
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    received_from: Option<NaiveDate>,
    /// Đến hết ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    received_to: Option<NaiveDate>,
    /// Hạn trả từ ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    due_from: Option<NaiveDate>,
    /// Đến hết ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    due_to: Option<NaiveDate>,
    /// Chỉ hồ sơ giao cho mình.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<bool>)]
    mine: Option<bool>,
    /// Tên đăng nhập: chỉ hồ sơ giao cho một trong những người đó, kể cả khi tài khoản đã khóa.
    #[serde(default)]
    #[param(style = Form, explode, example = json!(["h37.20.01.officer"]))]
    assignee: Vec<String>,
    /// Chỉ hồ sơ chưa giao cho ai.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<bool>)]
    unassigned: Option<bool>,
    /// Kết thúc từ ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    closed_from: Option<NaiveDate>,
    /// Đến hết ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    closed_to: Option<NaiveDate>,
    /// json (một trang), hoặc cả danh sách (tối đa 5.000 hồ sơ) thành tệp: xlsx, csv-people cho bảng tính, csv cho
    /// chương trình, text; không có thì theo tiêu đề Accept.
    #[serde(default)]
    #[param(example = "json")]
    format: Option<String>,
}

impl Filter {
    /// What is asked for by name; `Some(None)` if nothing is, `None` if it is none of ours.
    fn format(&self) -> Option<Option<Format>> {
        match self.format.as_deref() {
            None => Some(None),
            Some(format) => format.parse().ok().map(Some),
        }
    }
}

impl List {
    const fn title(self) -> &'static str {
        match self {
            Self::All => "Danh sách hồ sơ",
            Self::Registered => "Hồ sơ nộp trực tuyến chờ tiếp nhận",
            Self::Open => "Hồ sơ đang xử lý",
            Self::NearDue => "Hồ sơ sắp đến hạn",
            Self::Overdue => "Hồ sơ đang xử lý đã quá hạn",
            Self::ClosedLate => "Hồ sơ đã giải quyết quá hạn",
        }
    }
}

/// The most dossiers of a list that is saved as a file.
const MOST_IN_FILE: usize = 5000;

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &[
        "list",
        "within_days",
        "unit",
        "status",
        "procedure",
        "field",
        "level",
        "channel",
        "received_from",
        "received_to",
        "due_from",
        "due_to",
        "mine",
        "assignee",
        "unassigned",
        "closed_from",
        "closed_to",
        "format",
    ];
    const MANY: &'static [&'static str] = &["unit", "status", "procedure", "assignee"];

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if self.within_days.is_some_and(|days| days > 3650) {
            wrong.push(FieldError::new("within_days", "tối đa 3.650"));
        }
        if self.within_days.is_some() && self.list != Some(List::NearDue) {
            let detail = "chỉ dùng với list=near_due";
            wrong.push(FieldError::new("within_days", detail));
        }
        let ways = [
            self.mine == Some(true),
            !self.assignee.is_empty(),
            self.unassigned == Some(true),
        ];
        if ways.into_iter().filter(|given| *given).count() > 1 {
            let detail = "chỉ dùng một trong mine, assignee, unassigned";
            wrong.push(FieldError::new("assignee", detail));
        }
        for (name, from, to) in [
            ("received_to", self.received_from, self.received_to),
            ("due_to", self.due_from, self.due_to),
            ("closed_to", self.closed_from, self.closed_to),
        ] {
            if from.zip(to).is_some_and(|(from, to)| to < from) {
                wrong.push(FieldError::new(name, "trước ngày bắt đầu"));
            }
        }
        if self.format().is_none() {
            wrong.push(wrong_format());
        }
        wrong
    }
}

/// From midnight to midnight.
fn span(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Within {
    let midnight = |day| Moment::at(day, NaiveTime::MIN);
    let after = |day: NaiveDate| day.checked_add_days(Days::new(1));
    Within {
        from: from.map(midnight),
        before: to.and_then(after).map(midnight),
    }
}

impl Row for ListItem {
    const PAGE: &'static str = "DossierPage";
}

/// A page of dossiers.
pub type DossierPage = Page<ListItem>;

/// The query of a list of dossiers.
pub type DossierQuery = ListQuery<Filter, (Moment, DossierId)>;

pub async fn list(call: Call, request: HttpRequest, query: DossierQuery) -> Reply<DossierPage> {
    let format = query.filter.format().flatten();
    let format = format.unwrap_or_else(|| accepted(request.headers()));
    if format == Format::Json {
        let listing = call.run(move |store, by, now| listed(store, query, by, now));
        return listing.await.map(fresh);
    }
    let kind = query.filter.list.unwrap_or(List::All);
    let made = call.run(move |store, by, now| {
        let mut request = wanted(store, query, by, now)?;
        request.limit = MOST_ROWS as usize;
        let mut items = Vec::new();
        let more = loop {
            let listing = views::list::list(store, &request)?;
            items.extend(listing.items);
            match listing.next {
                None => break false,
                Some(_) if items.len() >= MOST_IN_FILE => break true,
                next => request.after = next,
            }
        };
        let sheet = views::list_sheet::sheet(kind.title(), &items, now, more);
        let bytes = render::of_sheet(&sheet, format);
        let bytes = bytes.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
        Ok((now.date(), bytes.unwrap_or_default()))
    });
    let (day, bytes) = made.await?;
    Ok(Answer::of(file_of(format, &format!("ho-so-{day}"), bytes)).fresh())
}

/// The page of a list that a member of staff asks for.
pub(crate) fn listed(
    store: &Store,
    query: DossierQuery,
    by: &Caller,
    now: Moment,
) -> Result<DossierPage, Problem> {
    let listing = listing(store, query, by, now)?;
    Ok(Page::new(listing.items, listing.next.as_ref()))
}

/// Where a dossier stands now in the list that is asked for, if there.
pub(crate) fn place(
    store: &Store,
    query: DossierQuery,
    id: DossierId,
    by: &Caller,
    now: Moment,
) -> Result<Option<(Moment, DossierId)>, Problem> {
    let order = wanted(store, query, by, now)?.order;
    Ok(views::list::place(store, order, id)?)
}

/// The same as the view has it.
pub(crate) fn listing(
    store: &Store,
    query: DossierQuery,
    by: &Caller,
    now: Moment,
) -> Result<Listing, Problem> {
    Ok(views::list::list(store, &wanted(store, query, by, now)?)?)
}

/// The list that is asked for.
fn wanted(
    store: &Store,
    query: DossierQuery,
    by: &Caller,
    now: Moment,
) -> Result<ListRequest, Problem> {
    let ListQuery { filter, page } = query;
    let order = match filter.list.unwrap_or(List::All) {
        List::All => Order::Entered,
        List::Registered => Order::Registered,
        List::Open => Order::Due,
        List::NearDue => {
            let days = filter.within_days.unwrap_or(3);
            views::list::near_due(store, by.unit, now, days)?
        }
        List::Overdue => Order::Overdue { now },
        List::ClosedLate => Order::ClosedLate,
    };
    let mut assignees = Vec::with_capacity(filter.assignee.len());
    for username in &filter.assignee {
        assignees.push(views::assignees::named(store, username)?);
    }
    if filter.mine == Some(true) {
        assignees.push(by.user);
    }
    Ok(ListRequest {
        reach: by.unit,
        order,
        units: filter.unit,
        concern: Concern::Any,
        statuses: filter.status,
        procedures: filter.procedure,
        field: filter.field,
        level: filter.level,
        channel: filter.channel,
        assignees,
        unassigned: filter.unassigned.unwrap_or(false),
        closed: span(filter.closed_from, filter.closed_to),
        entered: span(filter.received_from, filter.received_to),
        due: span(filter.due_from, filter.due_to),
        after: page.after,
        limit: page.limit as usize,
        now,
    })
}

/// SearchBy what is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchBy {
    CaseNumber,
    Phone,
    Identity,
    Name,
}

/// A search. In a body: what identifies a person never stands in an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "nguyen thi anh", "by": "name", "after": null, "limit": 50}))]
pub struct Search {
    /// Mã hồ sơ (hoặc phần cuối: ngày và số thứ tự), số điện thoại, số định danh, hoặc họ tên (không phân biệt dấu; các chữ
    /// liền nhau bất kỳ của họ tên, hoặc họ và tên không có chữ lót; chữ cuối có thể gõ chưa hết).
    #[schema(example = "nguyen thi anh")]
    text: String,
    /// Mặc định: đoán theo dạng của text.
    #[serde(default)]
    by: Option<SearchBy>,
    /// Giá trị next của trang trước.
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

impl Search {
    fn page(&self, wrong: &mut Vec<FieldError>) -> Wanted<SearchPlace> {
        Wanted::read(self.after.as_deref(), self.limit, "/", wrong)
    }

    fn wanted(&self, wrong: &mut Vec<FieldError>) -> Vec<SearchFor> {
        let text = self.text.trim();
        let (found, detail) = match self.by {
            None => (SearchFor::guess(text), "cần mã hồ sơ, số hoặc họ tên"),
            Some(SearchBy::CaseNumber) => (SearchFor::number(text), "không phải mã hồ sơ"),
            Some(SearchBy::Phone) => (SearchFor::phone(text), "không phải số điện thoại"),
            Some(SearchBy::Identity) => {
                let identity = Identity::person(text).or_else(|_| Identity::organisation(text));
                let identity = identity.map(SearchFor::Identity);
                (Vec::from_iter(identity.ok()), "không phải số định danh")
            }
            Some(SearchBy::Name) => (Vec::from_iter(SearchFor::name(text)), "không phải họ tên"),
        };
        if found.is_empty() {
            wrong.push(FieldError::new("/text", detail));
        }
        found
    }
}

impl Readable for Search {
    const LIMIT: usize = 8 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/text", &self.text, 200, &mut wrong);
        self.page(&mut wrong);
        self.wanted(&mut wrong);
        wrong
    }
}

pub async fn search(call: Call, body: Body<Search>) -> Reply<DossierPage> {
    let found = call.run(move |store, by, now| found(store, &body.value, by, now));
    found.await.map(fresh)
}

/// The page that a search finds for a member of staff.
pub(crate) fn found(
    store: &Store,
    search: &Search,
    by: &Caller,
    now: Moment,
) -> Result<DossierPage, Problem> {
    let wanted = search.wanted(&mut Vec::new());
    let Wanted { after, limit } = search.page(&mut Vec::new());
    let found = views::search::search(store, &wanted, by.unit, after, limit as usize, now)?;
    Ok(Page::new(found.items, found.next.as_ref()))
}

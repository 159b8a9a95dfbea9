//! `/quan-tri/don-vi`: the units of the office, and who goes on with the work of those that end.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

use crate::domain::office_hours::{OfficeHours, Session};
use crate::domain::unit::Level;
use crate::domain::unit::finding::fits;
use crate::error::Error;
use crate::render::words;
use crate::views;
use crate::web::api::call::Call;
use crate::web::api::units::{self, UnitChange, UnitView};
use crate::web::body;
use crate::web::headers::IfMatch;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, TAG, form_tag};
use crate::web::pages::{Frame, drafts, page};
use crate::web::problem::{FieldError, Kind, Problem};

/// That a day in the past is meant.
const PAST: &str = "da-qua";
/// That other appointments are meant: how many.
const MOVES: &str = "doi-hen";
/// How many of them are named.
const MOVES_NAMED: usize = 10;
/// That another unit above is meant.
const MOVED: &str = "doi-cap-tren";

/// The most units on a page: whoever looks for another one types a part of its name.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "admin/units.html")]
struct UnitsPage {
    frame: Frame,
    searched: String,
    rows: Vec<UnitView>,
    /// There are more than are shown.
    more: bool,
    done: bool,
}

impl UnitsPage {
    fn date(date: &NaiveDate) -> String {
        words::date(*date)
    }

    fn level(level: &Level) -> &'static str {
        words::level(*level)
    }
}

#[derive(Template)]
#[template(path = "admin/unit.html")]
struct UnitPage {
    frame: Frame,
    unit: UnitView,
    form: FormPart,
    changed: bool,
    done: Option<&'static str>,
}

/// `GET /quan-tri/don-vi`.
pub async fn list(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let searched = typed.get("q").trim().to_owned();
    let wanted = searched.clone();
    let rows = call.run(move |store, by, _| {
        let reference = store.reference()?;
        let units = reference.units();
        let all = units.all().into_iter().filter(|unit| {
            let above = unit.parent.and_then(|id| units.get(id));
            let above = above.map_or("", |above| above.name.as_str());
            units.is_under(unit.id, by.unit)
                && fits(&wanted, &[unit.name.as_str(), &unit.code, above])
        });
        let views = all.map(|unit| UnitView::new(unit, units));
        Ok(views.take(MOST + 1).collect::<Vec<_>>())
    });
    let mut rows = rows.await?;
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    let shown = UnitsPage {
        frame: Frame::of(&call.by, super::PATH),
        searched,
        rows,
        more,
        done: typed.get("xong") == "1",
    };
    page(StatusCode::OK, &shown)
}

fn form(unit: &UnitView) -> FormPart {
    let yes_no = vec![
        Choice::new("false", "Không"),
        Choice::new("true", "Có: thời hạn của một số thủ tục dài hơn"),
    ];
    let ends = unit.valid_to.map(|day| day.to_string()).unwrap_or_default();
    let mut all = vec![
        Field::text("name", "Tên").required().value(&unit.name),
        Field::text("parent", "Mã đơn vị cấp trên")
            .value(unit.parent.as_deref().unwrap_or_default()),
        Field::text("address", "Địa chỉ bộ phận một cửa")
            .hint("In trên giấy tờ, trong thư và trang tra cứu.")
            .value(unit.address.as_deref().unwrap_or_default()),
        Field::text("phone", "Điện thoại bộ phận một cửa")
            .hint("Nhiều số cách nhau bằng dấu phẩy.")
            .value(unit.phone.as_deref().unwrap_or_default()),
        Field::choice("mountain", "Miền núi, vùng sâu, vùng xa", yes_no).value(unit.mountain),
        Field::date("valid_to", "Ngày hoạt động cuối cùng")
            .hint("Xóa đi để bỏ việc kết thúc chưa đến ngày, cùng với kế thừa đã ghi.")
            .value(ends),
        Field::text("successor", "Mã đơn vị kế thừa")
            .hint("Bắt buộc khi đơn vị kết thúc mà còn hồ sơ chưa xong hoặc chưa trả.")
            .value(unit.successor.as_deref().unwrap_or_default()),
    ];
    if unit.valid_from > crate::clock::now().date() {
        let from = Field::date("valid_from", "Hoạt động từ ngày").required();
        all.insert(2, from.value(unit.valid_from));
    }
    all.extend(office_hours(unit.office_hours.as_ref()));
    all.push(Field::tag(unit));
    FormPart::new(all).remembering()
}

/// The sessions of a working day, and of a Saturday on which dossiers are taken in.
pub(super) const HOURS: &str = "hours";
const SATURDAY: &str = "saturday";

/// The fields of a unit's own hours; none where it has those of seasons, which a form cannot show.
pub(super) fn office_hours(own: Option<&OfficeHours>) -> Vec<Field> {
    if own.is_some_and(|own| !own.seasons.is_empty()) {
        return Vec::new();
    }
    let said =
        |of: fn(&OfficeHours) -> &[Session]| own.map_or_else(String::new, |own| said(of(own)));
    let usual = "Ví dụ 07:30-11:30, 13:30-17:00. Để trống cả hai: giờ chung. Hạn trả của hồ sơ đang mở được tính lại.";
    vec![
        Field::text(HOURS, "Giờ làm việc riêng")
            .hint(usual)
            .value(said(|own| &own.weekday))
            .nowhere(),
        Field::text(SATURDAY, "Giờ nhận hồ sơ thứ Bảy")
            .hint("Chỉ khi có giờ làm việc riêng.")
            .value(said(|own| &own.saturday))
            .nowhere(),
    ]
}

fn said(sessions: &[Session]) -> String {
    let all = sessions.iter().map(|session| {
        let (open, close) = (session.open.format("%H:%M"), session.close.format("%H:%M"));
        format!("{open}-{close}")
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Puts the hours that were typed to what is sent, if they are others than before.
///
/// # Errors
/// Why they cannot be read.
pub(super) fn with_hours(
    body: &mut Value,
    own: Option<&OfficeHours>,
    typed: &Fields,
) -> Result<(), String> {
    if typed.find(HOURS).is_none() {
        return Ok(());
    }
    let read = |name: &str| -> Result<Vec<Session>, String> {
        let text = typed.get(name).replace(['–', '—'], "-");
        let parts = text.split([',', ';']).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty()).map(|part| {
            let time = |text: &str| {
                let text = text.trim().replace(['h', 'g', 'H'], ":");
                let text = text.trim_end_matches(':');
                let whole = match text.contains(':') {
                    true => text.to_owned(),
                    false => format!("{text}:00"),
                };
                NaiveTime::parse_from_str(&whole, "%H:%M").ok()
            };
            let (open, close) = part.split_once('-')?;
            Some(Session {
                open: time(open)?,
                close: time(close)?,
            })
        });
        let unread = || "giờ ghi như 07:30-11:30, 13:30-17:00".to_owned();
        parts.map(|part| part.ok_or_else(unread)).collect()
    };
    let (weekday, saturday) = (read(HOURS)?, read(SATURDAY)?);
    if weekday.is_empty() && !saturday.is_empty() {
        return Err("ghi cả giờ của ngày làm việc".to_owned());
    }
    let same = own.map_or(weekday.is_empty(), |own| {
        (&own.weekday, &own.saturday) == (&weekday, &saturday)
    });
    if same {
        return Ok(());
    }
    body["office_hours"] = match weekday.is_empty() {
        true => json!(null),
        false => json!(OfficeHours {
            weekday,
            saturday,
            ..own.cloned().unwrap_or_default()
        }),
    };
    Ok(())
}

/// Hours that nobody has, in the place of what could not be read: all else that is wrong is named with them.
pub(super) fn no_hours() -> Value {
    json!(OfficeHours {
        weekday: Vec::new(),
        ..OfficeHours::default()
    })
}

/// What is wrong with the hours at their field: that they were `unread`, or make none.
pub(super) fn at_hours(problem: Problem, unread: Option<String>) -> Problem {
    let is_of_hours = |field: &str| field.starts_with("/office_hours");
    if !problem
        .errors()
        .iter()
        .any(|error| is_of_hours(&error.field))
    {
        return problem;
    }
    let errors = problem
        .errors()
        .iter()
        .map(|error| match is_of_hours(&error.field) {
            true => FieldError::new(HOURS, unread.as_ref().unwrap_or(&error.detail)),
            false => error.clone(),
        });
    Problem::invalid(errors.collect())
}

/// The field that asks whether other hours are meant, with the appointments that they move; `None` if they move none, or
/// that was said of as many.
async fn appointments_moved(
    call: &Call,
    unit: &UnitView,
    body: &Value,
    said: &str,
) -> Result<Option<Field>, Problem> {
    let Some(hours) = body.get("office_hours").cloned() else {
        return Ok(None);
    };
    let code = unit.code.clone();
    let moves = call.run(move |store, _, now| {
        let reference = store.reference()?;
        let unit = reference.units().by_code(&code).map(|unit| unit.id);
        let own: Option<OfficeHours> = serde_json::from_value(hours).unwrap_or_default();
        let hours = own.as_ref().unwrap_or(store.default_hours());
        match unit {
            // What makes no hours is named by whoever puts them.
            Some(unit) if hours.check().is_ok() && reference.calendar().is_some() => Ok(Some(
                views::calendar::with_hours(store, unit, hours, MOVES_NAMED, now)?,
            )),
            _ => Ok(None),
        }
    });
    let Some(moves) = moves.await?.filter(|moves| moves.moved > 0) else {
        return Ok(None);
    };
    let count = moves.moved.to_string();
    if said == count {
        return Ok(None);
    }
    let named = moves.dossiers.iter().map(|one| {
        let (old, new) = (words::moment(one.due_at), words::moment(one.new_due_at));
        format!("{}: {old} thành {new}", one.case_number)
    });
    let named = named.collect::<Vec<_>>().join("; ");
    let sure = format!(
        "{count} hồ sơ đang mở đổi hẹn trả, người nộp được báo: {named}{}",
        if moves.moved > moves.dossiers.len() {
            "; …"
        } else {
            ""
        }
    );
    let sure = vec![Choice::new(&count, sure)];
    Ok(Some(
        Field::ticks(MOVES, "Xác nhận đổi giờ", sure).nowhere(),
    ))
}

/// Where the form of a unit is sent to.
fn place(unit: &UnitView) -> String {
    format!("/quan-tri/don-vi/{}", unit.code)
}

async fn named(call: &Call) -> Result<UnitView, Problem> {
    let code = call.named::<String>()?;
    call.run(move |store, by, _| {
        let view = units::view(store, &code)?;
        let reference = store.reference()?;
        let units = reference.units();
        let own = units.by_code(&view.code);
        match own.is_some_and(|unit| units.is_under(unit.id, by.unit)) {
            true => Ok(view),
            false => Err(Problem::from(Error::NOT_YOURS_TO_KEEP)),
        }
    })
    .await
}

fn answer(
    call: &Call,
    status: StatusCode,
    unit: UnitView,
    form: FormPart,
    changed: bool,
    done: Option<&'static str>,
) -> Result<HttpResponse, Problem> {
    let shown = UnitPage {
        frame: Frame::of(&call.by, super::PATH).wrong(changed || !form.errors.is_empty()),
        unit,
        form,
        changed,
        done,
    };
    page(status, &shown)
}

/// `GET /quan-tri/don-vi/{unit}`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let done = match typed.get("xong") {
        "them" => Some("Đã thêm đơn vị."),
        "ke-thua" => Some("Đã ghi kế thừa."),
        "nhan-su" => Some("Đã chuyển nhân sự."),
        _ => None,
    };
    let unit = named(&call).await?;
    let given = drafts::given(&call, &typed, &place(&unit)).await?;
    let form = given.over(form(&unit));
    answer(&call, StatusCode::OK, unit, form, false, done)
}

/// `POST /quan-tri/don-vi/{unit}`.
pub async fn change(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let unit = named(&call).await?;
    let fresh = form(&unit);
    let mut form = drafts::again(fresh.clone().typed(&typed), &typed, &place(&unit));
    let mut body = form.body();
    body["mountain"] = json!(typed.get("mountain") == "true");
    if let Err(reason) = with_hours(&mut body, unit.office_hours.as_ref(), &typed) {
        form = form.wrong(HOURS, reason);
    }
    let ends = unit.valid_to.map(|day| day.to_string());
    // A unit is under another one, and who goes on with it is not undone by an empty field.
    // But an end that has not come yet is taken back whole.
    let today = crate::clock::now().date();
    let taken_back =
        typed.typed("valid_to").is_none() && unit.valid_to.is_some_and(|last| last >= today);
    if taken_back && typed.typed("successor").is_none() {
        body.as_object_mut().map(|body| body.remove("successor"));
    }
    let successor = unit.successor.clone().filter(|_| !taken_back);
    let known = [
        ("parent", &unit.parent, false),
        ("successor", &successor, false),
        ("address", &unit.address, true),
        ("phone", &unit.phone, true),
        ("valid_to", &ends, true),
    ];
    for (name, was, may_be_emptied) in known {
        let was = was.as_deref().unwrap_or_default();
        match typed.typed(name) {
            // What was there and was not touched is no change.
            text if text.unwrap_or_default().trim() == was => {
                body.as_object_mut().map(|body| body.remove(name));
            }
            None if may_be_emptied => body[name] = json!(null),
            None if name == "successor" => {
                let why =
                    "đơn vị đã dừng hoạt động, hồ sơ đã chuyển sang đơn vị kế thừa: không bỏ được"
                        .to_owned();
                form = form.wrong(name, why);
            }
            None => form = form.wrong(name, "không để trống được".to_owned()),
            Some(_) => {}
        }
    }
    // What has gone on since would lie with a unit that was not there any more.
    let ends_on = typed.day("valid_to").flatten();
    let ends_before =
        ends_on.is_some_and(|day| day < crate::clock::now().date() && Some(day) != unit.valid_to);
    if ends_before && typed.get(PAST) != "1" {
        let reason = "ngày đã qua: đánh dấu ở dưới nếu đúng";
        form = form.wrong("valid_to", reason.to_owned());
        let sure =
            "Đơn vị kết thúc từ một ngày đã qua; hồ sơ chưa xong chuyển ngay cho đơn vị kế thừa";
        let sure = vec![Choice::new("1", sure)];
        form.fields.push(Field::ticks(PAST, "Xác nhận", sure));
    }
    // Counts follow the tree, also those of periods that are over.
    let moves = body.get("parent").is_some();
    if moves && typed.get(MOVED) != "1" {
        let reason = "đánh dấu ở dưới nếu đúng";
        form = form.wrong("parent", reason.to_owned());
        let sure = "Số liệu của đơn vị cấp trên cũ và mới đổi theo ngay, cả các kỳ đã qua; người của đơn vị cấp trên mới \
                    xem được hồ sơ của đơn vị này";
        let sure = vec![Choice::new("1", sure)];
        form.fields
            .push(Field::ticks(MOVED, "Xác nhận đổi cấp trên", sure));
    }
    if !form.errors.is_empty() {
        return answer(&call, StatusCode::BAD_REQUEST, unit, form, false, None);
    }
    if let Some(sure) = appointments_moved(&call, &unit, &body, typed.get(MOVES)).await? {
        form = form.wrong(HOURS, "đánh dấu ở dưới nếu đúng".to_owned());
        form.fields.push(sure);
        return answer(&call, StatusCode::BAD_REQUEST, unit, form, false, None);
    }
    let changed = match body::read::<UnitChange>(body.to_string().as_bytes()) {
        Ok(new) => {
            let seen = IfMatch::of_form(typed.get(TAG));
            units::alter(&call, unit.code.clone(), new, seen).await
        }
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => drafts::taken(&call, &typed, "/quan-tri/don-vi?xong=1").await,
        Err(problem) if problem.kind() == Kind::Changed => {
            if let Some(done) =
                drafts::taken_before(&call, &typed, "/quan-tri/don-vi?xong=1").await?
            {
                return Ok(done);
            }
            let form = form.renewed(TAG, form_tag(&unit)).beside(&fresh);
            answer(&call, problem.status_code(), unit, form, true, None)
        }
        Err(problem) if matches!(problem.kind(), Kind::InvalidRequest | Kind::Refused) => {
            let problem = at_hours(problem, None);
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), unit, form, false, None)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

//! `/quan-tri/don-vi/{unit}/ke-thua` and `…/nhan-su`: who goes on with the work of a unit, and where its people go. What
//! moves is shown before it is confirmed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use chrono::NaiveDate;
use serde_json::json;

use crate::acts;
use crate::acts::staff_move::{self, Mover, StaffMove};
use crate::acts::units::NewUnit;
use crate::error::Error;
use crate::render::words;
use crate::views::list::Named;
use crate::views::succession::{self, Moves, Wanted};
use crate::web::api::call::Call;
use crate::web::api::units::{self, UnitChange, UnitView};
use crate::web::body;
use crate::web::headers::{IdempotencyKey, IfMatch};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, TAG, form_tag};
use crate::web::pages::{Frame, drafts, page};
use crate::web::problem::{FieldError, Kind, Problem};

const ON: &str = "on";
const SUCCESSOR: &str = "successor";
const PARTS: &str = "parts";
const NEW_CODE: &str = "new_code";
const NEW_NAME: &str = "new_name";
const STEP: &str = "step";
const CONFIRM: &str = "confirm";
const SEEN: &str = "seen";
const KEY: &str = "key";
const TO: &str = "to";
const ONLY: &str = "only";

/// The most units that take a part.
const MOST_PARTS: usize = 50;

#[derive(Template)]
#[template(path = "admin/succession.html")]
struct SuccessionPage {
    frame: Frame,
    unit: UnitView,
    form: FormPart,
    /// What is shown before it is confirmed.
    plan: Option<Plan>,
    changed: bool,
}

struct Plan {
    from: String,
    moves: Moves,
    /// Code and name of whoever goes on with it.
    to: String,
    /// It is made for that.
    is_new: bool,
    last_day: String,
}

impl SuccessionPage {
    fn date(day: &NaiveDate) -> String {
        words::date(*day)
    }
}

impl Plan {
    fn names(units: &[Named]) -> String {
        let names = units
            .iter()
            .map(|unit| format!("{} ({})", unit.name, unit.code));
        names.collect::<Vec<_>>().join("; ")
    }
}

async fn named(call: &Call) -> Result<UnitView, Problem> {
    let code = call.named::<String>()?;
    call.run(move |store, _, _| units::view(store, &code)).await
}

/// What is asked for.
struct Asked {
    on: NaiveDate,
    /// Of a unit that is made for it: code and name.
    new: Option<(String, String)>,
    to: Option<String>,
    parts: Vec<String>,
}

impl Asked {
    fn read(typed: &Fields, unit: &UnitView) -> Result<Self, Problem> {
        let mut wrong = Vec::new();
        let text = |name: &str| typed.typed(name).map(str::to_owned);
        let on = typed.day(ON);
        match on {
            Some(Some(_)) => {}
            Some(None) => wrong.push(FieldError::new(ON, "không phải ngày")),
            None => wrong.push(FieldError::new(ON, "chưa có ngày")),
        }
        let on = on.flatten();
        let (to, code, name) = (text(SUCCESSOR), text(NEW_CODE), text(NEW_NAME));
        let new = match (&to, code, name) {
            (None, Some(code), Some(name)) => Some((code.to_uppercase(), name)),
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let reason = "chọn một: đơn vị đã có, hoặc đơn vị mới";
                wrong.push(FieldError::new(SUCCESSOR, reason));
                None
            }
            (None, None, None) => {
                wrong.push(FieldError::new(SUCCESSOR, "chưa có đơn vị kế thừa"));
                None
            }
            (None, Some(_), None) => {
                wrong.push(FieldError::new(NEW_NAME, "chưa có tên đơn vị mới"));
                None
            }
            (None, None, Some(_)) => {
                wrong.push(FieldError::new(NEW_CODE, "chưa có mã đơn vị mới"));
                None
            }
            (Some(_), None, None) => None,
        };
        let parts = typed.get(PARTS).split([',', ';', ' ', '\n', '\r']);
        let parts = parts.map(str::trim).filter(|code| !code.is_empty());
        let parts: Vec<_> = parts.map(str::to_uppercase).collect();
        if parts.len() > MOST_PARTS {
            let reason = format!("quá {MOST_PARTS} đơn vị");
            wrong.push(FieldError::new(PARTS, reason));
        }
        if let Some((code, _)) = &new
            && *code == unit.code
        {
            wrong.push(FieldError::new(NEW_CODE, "phải là mã khác"));
        }
        match (on, wrong.is_empty()) {
            (Some(on), true) => Ok(Self {
                on,
                new,
                to: to.map(|code| code.to_uppercase()),
                parts,
            }),
            _ => Err(Problem::invalid(wrong)),
        }
    }

    fn wanted(&self, unit: &UnitView) -> Wanted {
        Wanted {
            from: unit.code.clone(),
            on: self.on,
            to: self.to.clone(),
            parts: self.parts.clone(),
        }
    }

    /// Code of whoever goes on with it.
    fn heir(&self) -> String {
        let new = self.new.as_ref().map(|(code, _)| code);
        self.to.as_ref().or(new).cloned().unwrap_or_default()
    }
}

fn form(unit: &UnitView) -> FormPart {
    let parts = "Khi đơn vị được chia: mã các đơn vị nhận một phần, cách nhau bằng dấu phẩy. Hồ sơ của phần đó do lãnh \
                 đạo chuyển từng hồ sơ; còn lại về đơn vị kế thừa.";
    let new = "Khi đơn vị đổi mã, hoặc nhập vào một đơn vị chưa có: đơn vị mới được lập từ ngày đó, cùng cấp và cùng cấp \
               trên. Chỉ đổi tên thì sửa tên ở trang trước.";
    FormPart::new(vec![
        Field::date(ON, "Kể từ ngày")
            .required()
            .hint("Ngày đầu tiên của đơn vị kế thừa; đơn vị này hoạt động đến hết ngày trước đó."),
        Field::text(SUCCESSOR, "Mã đơn vị kế thừa đã có")
            .hint("Trong phạm vi bạn quản trị; về một đơn vị ngoài phạm vi đó thì quản trị viên cấp trên ghi."),
        Field::text(NEW_CODE, "Hoặc mã đơn vị mới").hint(new),
        Field::text(NEW_NAME, "Tên đơn vị mới"),
        Field::text(PARTS, "Đơn vị nhận một phần").hint(parts),
        Field::hidden(SEEN, ""),
        Field::hidden(KEY, uuid::Uuid::new_v4().simple()),
        Field::tag(unit),
    ])
}

fn answer(
    call: &Call,
    status: StatusCode,
    unit: UnitView,
    form: FormPart,
    plan: Option<Plan>,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let shown = SuccessionPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        unit,
        form,
        plan,
        changed,
    };
    page(status, &shown)
}

/// Where the form is, and where it is sent to.
fn place(unit: &UnitView) -> String {
    format!("/quan-tri/don-vi/{}/ke-thua", unit.code)
}

/// Where the form of a move is, and where it is sent to.
fn place_of_staff(unit: &UnitView) -> String {
    format!("/quan-tri/don-vi/{}/nhan-su", unit.code)
}

/// Whether the form is shown again, with what is wrong.
fn is_of_the_form(problem: &Problem) -> bool {
    matches!(
        problem.kind(),
        Kind::InvalidRequest | Kind::Refused | Kind::Forbidden
    )
}

/// `GET /quan-tri/don-vi/{unit}/ke-thua`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let unit = named(&call).await?;
    let given = drafts::given(&call, &typed, &place(&unit)).await?;
    let form = given.over(form(&unit));
    answer(&call, StatusCode::OK, unit, form, None, false)
}

/// `POST /quan-tri/don-vi/{unit}/ke-thua`: shows what moves, then says that it does.
pub async fn change(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let unit = named(&call).await?;
    let form = drafts::again(form(&unit).typed(&typed), &typed, &place(&unit));
    let asked = match Asked::read(&typed, &unit) {
        Ok(asked) => asked,
        Err(problem) => {
            let form = form.refused(&problem);
            return answer(&call, problem.status_code(), unit, form, None, false);
        }
    };
    let wanted = asked.wanted(&unit);
    let moves =
        call.run(move |store, by, now| Ok(succession::preview(store, &wanted, by.unit, now)?));
    let moves = match moves.await {
        Ok(moves) => moves,
        Err(problem) if is_of_the_form(&problem) => {
            let form = form.refused(&problem);
            return answer(&call, problem.status_code(), unit, form, None, false);
        }
        Err(problem) => return Err(drafts::keep(&call, &typed, problem).await),
    };
    let seen = format!(
        "{} {} {:?} {:?}",
        asked.on,
        asked.heir(),
        asked.new,
        asked.parts
    );
    let seen = body::fingerprint(&seen);
    let confirmed = typed.get(STEP) == CONFIRM && typed.get(SEEN) == seen;
    if !confirmed {
        let last = asked.on.pred_opt().unwrap_or(asked.on);
        let plan = Plan {
            from: words::date(asked.on),
            to: match (&moves.to, &asked.new) {
                (Some(to), _) => format!("{} ({})", to.name, to.code),
                (None, Some((code, name))) => format!("{name} ({code})"),
                (None, None) => String::new(),
            },
            is_new: asked.new.is_some(),
            last_day: words::date(last),
            moves,
        };
        let form = form.renewed(SEEN, seen);
        return answer(&call, StatusCode::OK, unit, form, Some(plan), false);
    }
    let shown = format!("/quan-tri/don-vi/{}?xong=ke-thua", unit.code);
    match confirm(&call, &unit, &asked, &typed).await {
        Ok(()) => drafts::taken(&call, &typed, &shown).await,
        Err(problem) if problem.kind() == Kind::Changed => {
            if let Some(done) = drafts::taken_before(&call, &typed, &shown).await? {
                return Ok(done);
            }
            let form = form.renewed(TAG, form_tag(&unit));
            answer(&call, problem.status_code(), unit, form, None, true)
        }
        Err(problem) if is_of_the_form(&problem) => {
            // As the form calls them.
            let name = |field: &str| match field {
                "/valid_to" => ON.to_owned(),
                "/code" => NEW_CODE.to_owned(),
                "/name" => NEW_NAME.to_owned(),
                other => other.to_owned(),
            };
            let errors = problem.errors().iter();
            let errors = errors.map(|error| FieldError::new(name(&error.field), &error.detail));
            let own = match problem.errors().is_empty() {
                true => None,
                false => Some(Problem::invalid(errors.collect())),
            };
            let form = form.refused(own.as_ref().unwrap_or(&problem));
            answer(&call, problem.status_code(), unit, form, None, false)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// Makes the new unit, if there is to be one, and ends the old one. Tried again, the new one is made once.
async fn confirm(
    call: &Call,
    unit: &UnitView,
    asked: &Asked,
    typed: &Fields,
) -> Result<(), Problem> {
    let seen = IfMatch::of_form(typed.get(TAG));
    if let Some((code, name)) = &asked.new {
        let hash = body::hash(format!("{code} {name} {}", asked.on).as_bytes());
        let key = IdempotencyKey::of_form(typed.get(KEY)).of_staff("units", &call.by, hash);
        let (old, code, name, on) = (unit.code.clone(), code.clone(), name.clone(), asked.on);
        let made = call.run(move |store, by, _| {
            let reference = store.reference()?;
            let units = reference.units();
            let old = units.by_code(&old).ok_or(Error::NO_UNIT)?;
            let parent = old.parent.and_then(|parent| units.get(parent));
            let new = NewUnit {
                code,
                level: old.level,
                kind: old.kind,
                name,
                parent: parent.map_or_else(String::new, |parent| parent.code.clone()),
                statistical_code: None,
                valid_from: on,
                valid_to: None,
                office_hours: old.office_hours.clone(),
                mountain: old.mountain,
                address: old.address.clone(),
                phone: old.phone.clone(),
            };
            acts::units::create_unit(store, new, by.proof, key)?;
            Ok(())
        });
        made.await?;
    }
    let last = asked.on.pred_opt().unwrap_or(asked.on);
    let change = json!({"valid_to": last, "successor": asked.heir(), "parts": asked.parts});
    let change = body::read::<UnitChange>(change.to_string().as_bytes())?;
    units::alter(call, unit.code.clone(), change, seen).await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "admin/unit_staff.html")]
struct StaffPage {
    frame: Frame,
    unit: UnitView,
    form: FormPart,
    /// Who would move.
    movers: Option<Vec<Mover>>,
}

impl StaffPage {
    fn role(mover: &Mover) -> &'static str {
        words::role(mover.user.role)
    }
}

/// The form of a move: to which unit, and who.
async fn staff_form(call: &Call, unit: &UnitView) -> Result<FormPart, Problem> {
    let code = unit.code.clone();
    let staff = call.run(move |store, by, _| {
        let reference = store.reference()?;
        let units = reference.units();
        let own = units.by_code(&code).ok_or(Error::NO_UNIT)?;
        if !units.is_under(own.id, by.unit) {
            return Err(Error::NOT_YOURS_TO_KEEP.into());
        }
        let all = store.read(|conn| crate::store::users::of_units(conn, &[own.id], true))?;
        let others = all.into_iter().filter(|user| user.id != by.user);
        Ok(others.collect::<Vec<_>>())
    });
    let staff = staff.await?;
    let choices = staff.iter().map(|user| {
        let label = format!(
            "{} ({}, {})",
            user.full_name,
            user.username,
            words::role(user.role)
        );
        Choice::new(&user.username, label)
    });
    let only = Field::ticks(ONLY, "Những người chuyển", choices.collect());
    Ok(FormPart::new(vec![
        Field::text(TO, "Mã đơn vị chuyển đến")
            .required()
            .value(unit.successor.as_deref().unwrap_or_default()),
        only.hint("Không chọn ai: mọi người đang làm việc của đơn vị."),
        Field::hidden(SEEN, ""),
    ]))
}

fn staff_answer(
    call: &Call,
    status: StatusCode,
    unit: UnitView,
    form: FormPart,
    movers: Option<Vec<Mover>>,
) -> Result<HttpResponse, Problem> {
    let shown = StaffPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        unit,
        form,
        movers,
    };
    page(status, &shown)
}

/// `GET /quan-tri/don-vi/{unit}/nhan-su`.
pub async fn ask_staff(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let unit = named(&call).await?;
    let given = drafts::given(&call, &typed, &place_of_staff(&unit)).await?;
    let form = given.over(staff_form(&call, &unit).await?);
    staff_answer(&call, StatusCode::OK, unit, form, None)
}

/// `POST /quan-tri/don-vi/{unit}/nhan-su`: shows who moves and what leaves their hands, then moves them.
pub async fn move_staff(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let unit = named(&call).await?;
    let form = staff_form(&call, &unit).await?.typed(&typed);
    let form = drafts::again(form, &typed, &place_of_staff(&unit));
    let only = typed.all(ONLY);
    let wanted = StaffMove {
        from: unit.code.clone(),
        to: typed.get(TO).trim().to_uppercase(),
        only: (!only.is_empty()).then_some(only),
    };
    let previewed = wanted.clone();
    let movers = call.run(move |store, by, now| {
        let (own, reach) = (by.username.as_str(), by.unit);
        Ok(staff_move::preview(store, &previewed, reach, own, now)?)
    });
    let movers = match movers.await {
        Ok(movers) => movers,
        Err(problem) if is_of_the_form(&problem) => {
            let (status, form) = (problem.status_code(), form.refused(&problem));
            return staff_answer(&call, status, unit, form, None);
        }
        Err(problem) => return Err(drafts::keep(&call, &typed, problem).await),
    };
    let names: Vec<_> = movers.iter().map(|mover| &mover.user.username).collect();
    let seen = body::fingerprint(&format!("{} {names:?}", wanted.to));
    if typed.get(STEP) != CONFIRM || typed.get(SEEN) != seen || movers.is_empty() {
        let form = form.renewed(SEEN, seen);
        return staff_answer(&call, StatusCode::OK, unit, form, Some(movers));
    }
    let moved =
        call.run(move |store, by, now| Ok(staff_move::move_staff(store, wanted, by.proof, now)?));
    match moved.await {
        Ok(_) => {
            let shown = format!("/quan-tri/don-vi/{}?xong=nhan-su", unit.code);
            drafts::taken(&call, &typed, &shown).await
        }
        Err(problem) if is_of_the_form(&problem) => {
            let (status, form) = (problem.status_code(), form.refused(&problem));
            staff_answer(&call, status, unit, form, None)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

//! `/ho-so/nhieu`: what is done to all dossiers that were ticked in a list: given to somebody, noted, printed. Each goes
//! by itself: what cannot be done to one is said of it, and what was typed stays for another try.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::acts::access::Caller;
use crate::acts::many::MOST;
use crate::domain::norms::FormKind;
use crate::domain::role::Permission;
use crate::render::words;
use crate::store::Store;
use crate::store::idempotency::Once;
use crate::views::assignees::Colleague;
use crate::views::dossier::DossierView;
use crate::web::api::call::Call;
use crate::web::api::dossiers::{assignee, intent, key, resolve};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::carried::CARRIED;
use crate::web::pages::dossiers::back;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, Wrong};
use crate::web::pages::{Frame, drafts, page, papers, see_other};
use crate::web::problem::{Kind, Problem};
use crate::{acts, views};

pub(crate) const PATH: &str = "/ho-so/nhieu";

pub(crate) const WHAT: &str = "viec";
const DOSSIER: &str = "dossier";
/// A dossier with the version in which it was shown.
pub(crate) const ROW: &str = "row";
/// Another try is another one.
const TRY: &str = "lan";

/// What may be done to many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    HandOver,
    Note,
}

impl What {
    fn read(text: &str) -> Option<Self> {
        match text {
            "giao" => Some(Self::HandOver),
            "ghi-chu" => Some(Self::Note),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::HandOver => "giao",
            Self::Note => "ghi-chu",
        }
    }

    const fn button(self) -> &'static str {
        match self {
            Self::HandOver => "Giao",
            Self::Note => "Ghi",
        }
    }

    fn title(self, count: usize) -> String {
        match self {
            Self::HandOver => format!("Giao {count} hồ sơ cho người khác"),
            Self::Note => format!("Ghi chú vào {count} hồ sơ"),
        }
    }

    /// `3 hồ sơ đã giao`.
    const fn done(self) -> &'static str {
        match self {
            Self::HandOver => "đã giao",
            Self::Note => "đã ghi chú",
        }
    }
}

/// A ticked dossier as it is now.
struct Row {
    number: String,
    version: u32,
    applicant: String,
    procedure: String,
    status: &'static str,
    assignee: Option<String>,
    /// It is to be done to this one: not where a draft says so.
    chosen: bool,
    /// It is another one since the draft was kept.
    changed: bool,
}

impl From<DossierView> for Row {
    fn from(view: DossierView) -> Self {
        Self {
            number: view.case_number.to_string(),
            version: view.version,
            applicant: view.applicant.name,
            procedure: view.procedure.name,
            status: view.status_name,
            assignee: view.assignee.map(|staff| staff.full_name),
            chosen: true,
            changed: false,
        }
    }
}

#[derive(Template)]
#[template(path = "many.html")]
struct ManyPage {
    frame: Frame,
    title: String,
    what: &'static str,
    button: &'static str,
    form: FormPart,
    rows: Vec<Row>,
    carried: String,
    back: String,
    /// What was done a moment ago: the numbers, and in words.
    done: Vec<String>,
    done_word: &'static str,
    /// What was not, and why.
    failed: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "papers.html")]
struct PapersPage {
    frame: Frame,
    title: &'static str,
    sheets: Vec<String>,
    without: Vec<String>,
    back: String,
}

/// The address of the list that they were ticked in.
fn list_of(typed: &Fields) -> String {
    let list = back(typed, "");
    list.trim_end_matches(['&', '?']).to_owned()
}

/// Those of the numbers that there are and that are within reach, as they are now.
fn rows(store: &Store, numbers: &[String], call: &Caller) -> Result<Vec<Row>, Problem> {
    let now = crate::clock::now();
    let mut rows = Vec::with_capacity(numbers.len());
    for number in numbers {
        let id = resolve(store, number)?;
        let view = views::dossier::view(store, id, Some(&call.reader()), Some(call.unit), now)?;
        rows.push(Row::from(view));
    }
    Ok(rows)
}

fn fields(what: What, colleagues: Vec<Colleague>) -> FormPart {
    let mut fields = match what {
        What::HandOver => {
            let mut choices = vec![Choice::new("", "Chọn người nhận")];
            let known = colleagues.into_iter();
            choices.extend(known.map(|one| Choice::new(&one.staff.username, one.name())));
            let hint = "Ghi vào diễn biến của từng hồ sơ. Hồ sơ mới tiếp nhận được chuyển sang bước kế tiếp.";
            vec![
                Field::choice("assignee", "Giao cho", choices),
                Field::area("reason", "Lý do").required().hint(hint),
            ]
        }
        What::Note => {
            let hint = "Chỉ cán bộ trong phạm vi hồ sơ đọc được; không in ra giấy. Không ghi số định danh.";
            vec![Field::area("note", "Ghi chú nội bộ").required().hint(hint)]
        }
    };
    fields[0].focus = true;
    fields.push(Field::hidden(TRY, uuid::Uuid::new_v4().simple()));
    FormPart::new(fields)
}

/// To whom those numbers may be given.
async fn colleagues(call: &Call, numbers: &[String]) -> Result<Vec<Colleague>, Problem> {
    let numbers = numbers.to_vec();
    call.run(move |store, by, _| {
        let mut units = Vec::with_capacity(numbers.len());
        for number in &numbers {
            let Some((reference, standing)) = store.standing(&key(number)?)? else {
                continue;
            };
            let of = [standing.unit, standing.holder];
            let known = reference.units();
            if of.iter().any(|unit| known.is_under(*unit, by.unit)) {
                units.push(of);
            }
        }
        match units.is_empty() {
            true => Ok(views::assignees::offered(
                store,
                &[by.unit],
                Permission::HandOver,
            )?),
            false => Ok(views::assignees::offered_for_all(store, &units)?),
        }
    })
    .await
}

/// A dossier that was chosen, and the version in which it was shown.
pub(crate) struct Chosen {
    pub number: String,
    pub seen: u32,
}

impl Chosen {
    /// As it stands in a form.
    pub(crate) fn value(number: &str, version: u32) -> String {
        format!("{number}:{version}")
    }

    pub(crate) fn number(value: &str) -> &str {
        value.rsplit_once(':').map_or(value, |(number, _)| number)
    }

    /// All that were chosen under that name, each once.
    pub(crate) fn all(typed: &Fields, name: &str) -> Vec<Self> {
        let rows = ticked(typed, name).into_iter().map(|row| {
            let (number, version) = row.rsplit_once(':').unwrap_or((&row, ""));
            Self {
                number: number.to_owned(),
                seen: version.parse().unwrap_or(u32::MAX),
            }
        });
        rows.collect()
    }
}

/// The ticked numbers, each once.
fn ticked(typed: &Fields, name: &str) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for number in typed.all(name) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// What the address of this page says of a form with that in it: the dossiers, and the list that they are from.
pub(crate) fn ticked_in(typed: &[(String, String)]) -> Vec<(&str, &str)> {
    let is_named = |number: &str| {
        let mut named = typed.iter();
        named.any(|(name, value)| name == DOSSIER && value == number)
    };
    let said = typed
        .iter()
        .filter_map(|(name, value)| match name.as_str() {
            ROW if is_named(Chosen::number(value)) => None,
            ROW => Some((DOSSIER, Chosen::number(value))),
            DOSSIER | CARRIED => Some((&**name, &**value)),
            _ => None,
        });
    said.collect()
}

/// `GET /ho-so/nhieu`: what is to be done is asked for; papers are shown, to be printed.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let numbers = ticked(&typed, DOSSIER);
    if numbers.is_empty() {
        return Ok(see_other(&back(&typed, "chua-chon")).finish());
    }
    if numbers.len() > MOST {
        return Ok(see_other(&back(&typed, "qua-nhieu")).finish());
    }
    let what = match typed.get(WHAT) {
        "giay-tiep-nhan" => {
            return print(&call, &typed, FormKind::Receipt, "Giấy tiếp nhận", numbers).await;
        }
        "phieu-kiem-soat" => {
            return print(&call, &typed, FormKind::Control, "Phiếu kiểm soát", numbers).await;
        }
        what => What::read(what).ok_or_else(|| Problem::not_found("không có việc này"))?,
    };
    let given = drafts::given(&call, &typed, PATH).await?;
    let kept = given.typed().map(|typed| Chosen::all(typed, ROW));
    let form = given.over(fields(what, colleagues(&call, &numbers).await?));
    let shown = call.run(move |store, by, _| rows(store, &numbers, by));
    let mut shown = shown.await?;
    if let Some(kept) = kept {
        for row in &mut shown {
            let kept = kept.iter().find(|one| one.number == row.number);
            row.chosen = kept.is_some();
            row.changed = kept.is_some_and(|one| one.seen != row.version);
        }
    }
    answer(
        &call,
        StatusCode::OK,
        what,
        &typed,
        form,
        shown,
        Outcome::default(),
    )
}

async fn print(
    call: &Call,
    typed: &Fields,
    kind: FormKind,
    title: &'static str,
    numbers: Vec<String>,
) -> Result<HttpResponse, Problem> {
    let (sheets, without) = papers::several(call, kind, numbers).await?;
    let shown = PapersPage {
        frame: Frame::of(&call.by, "/ho-so"),
        title,
        sheets,
        without,
        back: list_of(typed),
    };
    page(StatusCode::OK, &shown)
}

/// What came of it, of each.
#[derive(Default)]
pub(crate) struct Outcome {
    pub done: Vec<String>,
    /// And why not.
    pub not: Vec<(String, String)>,
}

impl Outcome {
    /// Does it to each by itself.
    pub(crate) fn of(
        chosen: &[Chosen],
        act: impl Fn(&Chosen) -> Result<(), Problem>,
    ) -> Result<Self, Problem> {
        let mut outcome = Self::default();
        for one in chosen {
            match act(one) {
                Ok(()) => outcome.done.push(one.number.clone()),
                // What is wrong with the server is wrong with all of them.
                Err(problem) if problem.status_code().is_server_error() => return Err(problem),
                Err(problem) => outcome.not.push((one.number.clone(), reason(&problem))),
            }
        }
        Ok(outcome)
    }
}

/// One try of it: sent again, it happens to nobody a second time.
pub(crate) struct Attempt {
    key: String,
    hash: Vec<u8>,
}

impl Attempt {
    /// As the form names it; `said` is what it asks for.
    pub(crate) fn new(key: &str, said: &[&str]) -> Self {
        Self {
            key: key.to_owned(),
            hash: body::hash(said.join("\n").as_bytes()),
        }
    }

    pub(crate) fn once(&self, one: &Chosen, by: &Caller) -> Option<Once> {
        let key = IdempotencyKey::of_form(&format!("{}{}", self.key, one.number));
        key.of_staff("many", by, self.hash.clone())
    }
}

/// With what is wrong with a reason or a note that is as long as that.
pub(crate) fn length_checked(form: FormPart, name: &str, text: &str) -> FormPart {
    match text.chars().count() > 2000 {
        true => form.wrong(name, "dài quá 2.000 ký tự".to_owned()),
        false => form,
    }
}

fn answer(
    call: &Call,
    status: StatusCode,
    what: What,
    typed: &Fields,
    form: FormPart,
    rows: Vec<Row>,
    outcome: Outcome,
) -> Result<HttpResponse, Problem> {
    let wrong = !form.errors.is_empty() || !outcome.not.is_empty();
    let shown = ManyPage {
        frame: Frame::of(&call.by, "/ho-so").wrong(wrong),
        title: match rows.is_empty() {
            true => what.title(outcome.done.len()),
            false => what.title(rows.len()),
        },
        what: what.name(),
        button: what.button(),
        form,
        rows,
        carried: typed.get(CARRIED).to_owned(),
        back: list_of(typed),
        done: outcome.done,
        done_word: what.done(),
        failed: outcome.not,
    };
    page(status, &shown)
}

/// `POST /ho-so/nhieu`: it is done to each.
pub async fn act(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let what = What::read(typed.get(WHAT));
    let what = what.ok_or_else(|| Problem::not_found("không có việc này"))?;
    if what == What::HandOver && !call.by.may(Permission::HandOver) {
        return Err(Problem::new(
            Kind::Forbidden,
            "việc này không thuộc vai trò của bạn",
        ));
    }
    let asked = Chosen::all(&typed, ROW);
    let numbers: Vec<_> = match asked.is_empty() {
        true => ticked(&typed, DOSSIER),
        false => asked.iter().map(|one| one.number.clone()).collect(),
    };
    if numbers.is_empty() {
        return Ok(see_other(&back(&typed, "chua-chon")).finish());
    }
    if numbers.len() > MOST {
        return Ok(see_other(&back(&typed, "qua-nhieu")).finish());
    }
    let form = fields(what, colleagues(&call, &numbers).await?).typed(&typed);
    let mut form = drafts::again(form, &typed, PATH);
    if asked.is_empty() {
        form.errors.push(Wrong {
            target: None,
            text: "Chưa chọn hồ sơ nào".to_owned(),
        });
    }
    let text = match what {
        What::HandOver => "reason",
        What::Note => "note",
    };
    let mut form = match typed.typed(text) {
        Some(_) => form,
        None => form.wrong(text, "để trống".to_owned()),
    };
    if what == What::HandOver && typed.typed("assignee").is_none() {
        form = form.wrong("assignee", "chọn người nhận".to_owned());
    }
    form = length_checked(form, text, typed.get(text));
    if !form.errors.is_empty() {
        let shown = call.run(move |store, by, _| rows(store, &numbers, by));
        let mut shown = shown.await?;
        for row in &mut shown {
            row.chosen = !asked.is_empty();
        }
        return answer(
            &call,
            StatusCode::BAD_REQUEST,
            what,
            &typed,
            form,
            shown,
            Outcome::default(),
        );
    }
    let intent = intent(&call, None);
    let said = typed.get(text).trim().to_owned();
    let to = typed.get("assignee").to_owned();
    let attempt = Attempt::new(typed.get(TRY), &[what.name(), &to, &said]);
    let done = call.run(move |store, by, now| {
        let to = match what {
            What::HandOver => assignee(store, Some(&to))?,
            What::Note => None,
        };
        let outcome = Outcome::of(&asked, |one| {
            let (id, key) = (resolve(store, &one.number)?, attempt.once(one, by));
            match to {
                Some(to) => acts::many::hand_over(store, id, one.seen, to, &said, key, intent)?,
                None => acts::note::note(store, id, &said, key, by.proof, now)?,
            }
            Ok(())
        })?;
        // Those that are out of reach by now are said, and not shown.
        let mut again = Vec::new();
        for (number, _) in &outcome.not {
            again.extend(rows(store, std::slice::from_ref(number), by).unwrap_or_default());
        }
        Ok((outcome, again))
    });
    let (outcome, again) = match done.await {
        Ok(done) => done,
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            let status = problem.status_code();
            let form = form.refused(&problem);
            let shown = call
                .run(move |store, by, _| rows(store, &numbers, by))
                .await?;
            return answer(&call, status, what, &typed, form, shown, Outcome::default());
        }
        Err(problem) => return Err(drafts::keep(&call, &typed, problem).await),
    };
    if outcome.not.is_empty() {
        drafts::note_sent(&call, &typed).await?;
    }
    let status = match outcome.not.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::CONFLICT,
    };
    let form = form.renewed(TRY, uuid::Uuid::new_v4().simple());
    answer(&call, status, what, &typed, form, again, outcome)
}

/// Why it was not done to one of them, for people.
fn reason(problem: &Problem) -> String {
    match (problem.kind(), problem.errors()) {
        (Kind::Changed, _) => "hồ sơ vừa được người khác thay đổi".to_owned(),
        (_, [one, ..]) => one.detail.clone(),
        _ => words::without_instead(&problem.detail()).to_owned(),
    }
}

impl ManyPage {
    fn count(count: usize) -> String {
        words::number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

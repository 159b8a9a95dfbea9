//! `/quan-tri/thu-tuc`: the procedures with their versions. A version is put in field by field, or as the API takes it, and
//! what it changes is shown before; one that is not yet in force is put right or taken back.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::acts;
use crate::domain::order;
use crate::domain::procedure::ProcedureDefinition;
use crate::domain::procedure::finding::Wanted;
use crate::render::words;
use crate::views::procedure::{self, Part, Plan, Standing};
use crate::web::api::call::Call;
use crate::web::api::procedures::{Definition, example};
use crate::web::body;
use crate::web::pages::admin::version_form::{self, Group, Merged};
use crate::web::pages::forms::{Field, Fields, FormPart, LargeFields, Wrong};
use crate::web::pages::{Frame, drafts, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/quan-tri/thu-tuc";

/// In the addresses and forms: what is looked for, first day of a version, the version itself, the step, what was
/// previewed.
const SEARCHED: &str = "q";
const FROM: &str = "tu";
const DEFINITION: &str = "definition";
const REASON: &str = "backdating_reason";
const STEP: &str = "step";
const CONFIRM: &str = "confirm";
const SEEN: &str = "seen";

/// The most procedures on a page: whoever looks for another one types a part of its name.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "admin/procedures.html")]
struct ProceduresPage {
    frame: Frame,
    searched: String,
    rows: Vec<Line>,
    /// There are more than are shown.
    more: bool,
    may_change: bool,
    /// The only version of one was taken back a moment ago.
    withdrawn: bool,
}

struct Line {
    code: String,
    name: String,
    field: String,
    levels: String,
    limit: String,
    standing: Sign,
}

/// Kind, shape, word.
type Sign = (&'static str, &'static str, &'static str);

const fn sign(standing: Standing) -> Sign {
    match standing {
        Standing::InForce => ("well", "●", "Đang áp dụng"),
        Standing::ToCome => ("wait", "◆", "Sắp áp dụng"),
        Standing::Past => ("late", "■", "Hết áp dụng"),
    }
}

#[derive(Template)]
#[template(path = "admin/procedure.html")]
struct ProcedurePage {
    frame: Frame,
    code: String,
    name: String,
    versions: Vec<Version>,
    /// The version that is told.
    shown: Version,
    parts: Vec<Part>,
    /// Whoever looks may change it.
    may_change: bool,
    form: FormPart,
    done: Option<&'static str>,
}

#[derive(Clone)]
struct Version {
    from: NaiveDate,
    days: String,
    announced: String,
    limit: String,
    standing: Sign,
    /// It is not in force yet: it may be put right, or taken back.
    to_come: bool,
    here: bool,
}

impl Version {
    fn new(definition: &ProcedureDefinition, today: NaiveDate, shown: NaiveDate) -> Self {
        let standing = Standing::of(definition, today);
        Self {
            from: definition.valid_from,
            days: procedure::days(definition),
            announced: words::date(definition.announced_on),
            limit: procedure::limit(definition.promised_limit()),
            standing: sign(standing),
            to_come: standing == Standing::ToCome,
            here: definition.valid_from == shown,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/procedure_version.html")]
struct VersionPage {
    frame: Frame,
    title: String,
    /// Where it goes, and where one comes back to.
    address: String,
    back: String,
    definition: Field,
    form: FormPart,
    /// The rows of the form; none where the whole version is one text.
    rows: Vec<Group>,
    /// The same in the other shape: address and words.
    other: (String, &'static str),
    plan: Option<Plan>,
    /// Something else is shown than was shown before.
    changed: bool,
}

impl VersionPage {
    fn is_in_row(field: &Field) -> bool {
        version_form::is_in_row(field)
    }

    /// What is too long for a column.
    fn is_long(field: &Field) -> bool {
        field.kind == "area" || matches!(field.name.as_str(), "name" | "result")
    }
}

/// How a version is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// As one text, as the API takes it.
    Text,
    /// Field by field.
    Form,
}

/// `GET /quan-tri/thu-tuc`.
pub async fn list(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let searched = typed.get(SEARCHED).trim().to_owned();
    let wanted = (!searched.is_empty()).then(|| Wanted::new(&searched));
    let rows = call.run(move |store, _, now| {
        let (reference, today) = (store.reference()?, now.date());
        let mut newest: std::collections::BTreeMap<&str, &ProcedureDefinition> =
            std::collections::BTreeMap::new();
        for version in reference.procedures() {
            let definition = &version.definition;
            let known = newest.entry(&definition.code).or_insert(definition);
            // The one in force, else the newest.
            let rank = |one: &ProcedureDefinition| (one.is_in_force_on(today), one.valid_from);
            if rank(definition) > rank(known) {
                *known = definition;
            }
        }
        let mut found: Vec<_> = newest.into_values().collect();
        found.retain(|one| wanted.as_ref().is_none_or(|wanted| wanted.finds(one)));
        found.sort_by_key(|one| (order::place(&one.name), one.code.clone()));
        let lines = found.into_iter().take(MOST + 1).map(|one| Line {
            code: one.code.clone(),
            name: one.name.clone(),
            field: one.field.clone(),
            levels: one
                .levels
                .iter()
                .map(|level| words::level(*level))
                .collect::<Vec<_>>()
                .join(", "),
            limit: procedure::limit(one.promised_limit()),
            standing: sign(Standing::of(one, today)),
        });
        Ok(lines.collect::<Vec<_>>())
    });
    let mut rows = rows.await?;
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    let shown = ProceduresPage {
        frame: Frame::of(&call.by, super::PATH),
        searched,
        rows,
        more,
        may_change: super::sees_to_all(&call).await?,
        withdrawn: typed.get("xong") == "rut",
    };
    page(StatusCode::OK, &shown)
}

fn day(typed: &Fields) -> Option<NaiveDate> {
    typed.typed(FROM)?.parse().ok()
}

/// The versions of a procedure, newest first, and the place of the one that is asked for: else the one in force, else
/// the newest.
async fn versions(
    call: &Call,
    asked: Option<NaiveDate>,
) -> Result<(Vec<ProcedureDefinition>, usize), Problem> {
    let code = call.named::<String>()?;
    call.run(move |store, _, now| {
        let reference = store.reference()?;
        let versions = reference.versions(&code).iter();
        let mut versions: Vec<_> = versions
            .map(|version| version.definition.clone().with_keys(None))
            .collect();
        versions.sort_by_key(|version| std::cmp::Reverse(version.valid_from));
        if versions.is_empty() {
            return Err(Problem::not_found("không có thủ tục này"));
        }
        let place =
            |wanted: &dyn Fn(&ProcedureDefinition) -> bool| versions.iter().position(wanted);
        let shown = match asked {
            Some(day) => place(&|version| version.valid_from == day)
                .ok_or_else(|| Problem::not_found("không có phiên bản này của thủ tục"))?,
            None => place(&|version| version.is_in_force_on(now.date())).unwrap_or(0),
        };
        Ok((versions, shown))
    })
    .await
}

async fn answer(
    call: &Call,
    status: StatusCode,
    asked: Option<NaiveDate>,
    form: FormPart,
    done: Option<&'static str>,
) -> Result<HttpResponse, Problem> {
    let (versions, shown) = versions(call, asked).await?;
    let definition = versions[shown].clone();
    let (told, today) = call
        .run(move |store, _, now| {
            let reference = store.reference()?;
            let parts = procedure::parts(&definition, reference.units());
            Ok((parts, now.date()))
        })
        .await?;
    let day = versions[shown].valid_from;
    let all = versions.iter();
    let all: Vec<_> = all.map(|one| Version::new(one, today, day)).collect();
    let shown_page = ProcedurePage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        code: versions[shown].code.clone(),
        name: versions[shown].name.clone(),
        shown: all[shown].clone(),
        versions: all,
        parts: told,
        may_change: super::sees_to_all(call).await?,
        form,
        done,
    };
    page(status, &shown_page)
}

/// `GET /quan-tri/thu-tuc/{procedure}`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let done = match typed.get("xong") {
        "ghi" => Some("Đã ghi phiên bản."),
        "rut" => Some("Đã rút lại phiên bản; phiên bản trước nó tiếp tục áp dụng."),
        _ => None,
    };
    let form = FormPart::default();
    answer(&call, StatusCode::OK, day(&typed), form, done).await
}

/// `POST /quan-tri/thu-tuc/{procedure}/rut-lai`: takes back what is not yet in force.
pub async fn withdraw(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let code = call.named::<String>()?;
    let missing = || Problem::not_found("không có phiên bản này của thủ tục");
    let first_day = day(&typed).ok_or_else(missing)?;
    let named = code.clone();
    let gone = call.run(move |store, by, _| {
        Ok(acts::procedures::withdraw_version(
            store, &named, first_day, by.proof,
        )?)
    });
    match gone.await {
        // The only one leaves nothing behind.
        Ok(()) => match versions(&call, None).await {
            Ok(_) => Ok(see_other(&format!("{PATH}/{code}?xong=rut")).finish()),
            Err(_) => Ok(see_other(&format!("{PATH}?xong=rut")).finish()),
        },
        Err(problem) if problem.kind() == Kind::Refused => {
            let form = FormPart::default().refused(&problem);
            answer(&call, problem.status_code(), Some(first_day), form, None).await
        }
        Err(problem) => Err(problem),
    }
}

/// As people edit it.
fn pretty(definition: &impl serde::Serialize) -> Result<String, Problem> {
    let text = serde_json::to_string_pretty(definition);
    text.map_err(|error| Problem::new(Kind::Internal, error))
}

fn field(shape: Shape) -> Field {
    if shape == Shape::Form {
        return Field::hidden(DEFINITION, "");
    }
    let hint = "Như tệp nhập thủ tục: bước, giấy tờ, phí, thời hạn. Có thể dán từ tệp.";
    Field::area(DEFINITION, "Nội dung phiên bản (JSON)")
        .required()
        .hint(hint)
}

fn form() -> FormPart {
    let hint = "Bắt buộc khi thay một phiên bản khác từ một ngày đã qua; được ghi lại.";
    FormPart::new(vec![
        Field::area(REASON, "Lý do ghi lùi").hint(hint),
        Field::hidden(SEEN, ""),
    ])
}

/// Where a version of that procedure is put in, or a new one.
fn place(code: Option<&str>, shape: Shape) -> String {
    match (code, shape) {
        (Some(code), Shape::Text) => format!("{PATH}/{code}/phien-ban"),
        (Some(code), Shape::Form) => format!("{PATH}/{code}/bieu-mau"),
        (None, Shape::Text) => format!("{PATH}/them"),
        (None, Shape::Form) => format!("{PATH}/them/bieu-mau"),
    }
}

/// The form: of a version as one text what stands beside it.
fn form_of(shape: Shape, base: &str, is_new: bool) -> FormPart {
    match shape {
        Shape::Text => form(),
        Shape::Form => version_form::with(version_form::fields(&json_of(base), is_new), form()),
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The page on which a version is put in; of a procedure that there is, or a new one.
fn version_page(
    call: &Call,
    status: StatusCode,
    (code, shape): (Option<&str>, Shape),
    definition: Field,
    form: FormPart,
    plan: Option<Plan>,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let base = json_of(&definition.value);
    // The same version there, if it is one that is to come.
    let there = |shape| match (code, base["valid_from"].as_str()) {
        (Some(_), Some(day)) => format!("{}?{FROM}={day}", place(code, shape)),
        _ => place(code, shape),
    };
    let (rows, other) = match shape {
        Shape::Text => (Vec::new(), (there(Shape::Form), "Điền biểu mẫu")),
        Shape::Form => (
            version_form::groups(&base),
            (there(Shape::Text), "Dán cả phiên bản (JSON)"),
        ),
    };
    let (title, back) = match code {
        Some(code) => (
            format!("Phiên bản của thủ tục {code}"),
            format!("{PATH}/{code}"),
        ),
        None => ("Thêm thủ tục".to_owned(), PATH.to_owned()),
    };
    let shown = VersionPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        title,
        address: place(code, shape),
        back,
        definition,
        form,
        rows,
        other,
        plan,
        changed,
    };
    page(status, &shown)
}

/// `GET /quan-tri/thu-tuc/{procedure}/phien-ban`: a version that is to come, to be put right; else a new one, which
/// begins as the one that is there and from tomorrow on.
pub async fn ask_version(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask_version_as(call, typed, Shape::Text).await
}

/// `GET /quan-tri/thu-tuc/{procedure}/bieu-mau`: the same, field by field.
pub async fn ask_form(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask_version_as(call, typed, Shape::Form).await
}

async fn ask_version_as(call: Call, typed: Fields, shape: Shape) -> Result<HttpResponse, Problem> {
    super::only_for_all(&call).await?;
    let today = crate::clock::now().date();
    let (mut versions, shown) = match versions(&call, day(&typed)).await {
        // From the other page of a version that is not put in yet.
        Err(_) if day(&typed).is_some_and(|day| day > today) => versions(&call, None).await?,
        found => found?,
    };
    let mut definition = versions.swap_remove(shown);
    if definition.valid_from <= today {
        definition.valid_from = today + Days::new(1);
        definition.valid_to = None;
        definition.announced_on = today;
    }
    let of = (Some(definition.code.as_str()), shape);
    given(&call, &typed, of, pretty(&definition)?).await
}

/// `GET /quan-tri/thu-tuc/them`.
pub async fn ask_new(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    super::only_for_all(&call).await?;
    // The code is theirs to name: the example's may be in use.
    let mut example = example();
    example["code"] = "".into();
    given(&call, &typed, (None, Shape::Text), pretty(&example)?).await
}

/// `GET /quan-tri/thu-tuc/them/bieu-mau`.
pub async fn ask_new_form(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    super::only_for_all(&call).await?;
    let mut example = example();
    for (name, nothing) in [
        ("code", json!("")),
        ("code_is_sample", json!(false)),
        ("name", json!("")),
        (
            "valid_from",
            json!(crate::clock::now().date() + Days::new(1)),
        ),
        ("announced_on", json!(crate::clock::now().date())),
        ("cases", json!([])),
        ("legal_basis", json!([])),
        ("on_supplement", json!(null)),
        // Nothing that nobody has said.
        ("field", json!("")),
        ("result", json!("")),
        ("levels", json!([])),
        (
            "statutory_limit",
            json!({"unit": "working_day", "amount": ""}),
        ),
        ("fees", json!([])),
        ("checklist", json!([])),
        ("workflow", json!([])),
    ] {
        example[name] = nothing;
    }
    given(&call, &typed, (None, Shape::Form), pretty(&example)?).await
}

/// The page with that, or with the draft that the address names.
async fn given(
    call: &Call,
    query: &Fields,
    (code, shape): (Option<&str>, Shape),
    definition: String,
) -> Result<HttpResponse, Problem> {
    let given = drafts::given(call, query, &place(code, shape)).await?;
    let mut field = field(shape).value(definition);
    if let Some(typed) = given.typed() {
        field = field.typed(typed);
    }
    let form = given.over(form_of(shape, &field.value, code.is_none()));
    version_page(
        call,
        StatusCode::OK,
        (code, shape),
        field,
        form,
        None,
        false,
    )
}

/// `POST /quan-tri/thu-tuc/{procedure}/phien-ban`.
pub async fn put_version(call: Call, typed: LargeFields) -> Result<HttpResponse, Problem> {
    let (mut versions, _) = versions(&call, None).await?;
    let code = std::mem::take(&mut versions[0].code);
    put(call, typed.0, Some(code), Shape::Text).await
}

/// `POST /quan-tri/thu-tuc/{procedure}/bieu-mau`.
pub async fn put_form(call: Call, typed: LargeFields) -> Result<HttpResponse, Problem> {
    let (mut versions, _) = versions(&call, None).await?;
    let code = std::mem::take(&mut versions[0].code);
    put(call, typed.0, Some(code), Shape::Form).await
}

/// `POST /quan-tri/thu-tuc/them/bieu-mau`.
pub async fn put_new_form(call: Call, typed: LargeFields) -> Result<HttpResponse, Problem> {
    put(call, typed.0, None, Shape::Form).await
}

/// `POST /quan-tri/thu-tuc/them`.
pub async fn put_new(call: Call, typed: LargeFields) -> Result<HttpResponse, Problem> {
    put(call, typed.0, None, Shape::Text).await
}

/// What a form asks for: a version that can be read.
fn read(text: &str, code: Option<&str>) -> Result<ProcedureDefinition, Problem> {
    let read = body::read::<Definition>(text.as_bytes())?;
    match code {
        Some(code) => read.of(code),
        None => Ok(read.plain()),
    }
}

/// Shows what a version changes; then, if that is still what it would change, puts it in.
async fn put(
    call: Call,
    typed: Fields,
    code: Option<String>,
    shape: Shape,
) -> Result<HttpResponse, Problem> {
    let code = code.as_deref();
    let field = field(shape).typed(&typed);
    let blank = form_of(shape, &field.value, code.is_none());
    let form = drafts::again(blank.typed(&typed), &typed, &place(code, shape));
    let merged = match shape {
        Shape::Text => None,
        Shape::Form => Some(Merged::new(&json_of(&field.value), &typed, code.is_none())),
    };
    let text = merged.as_ref().map(|merged| merged.version.to_string());
    let text = text.unwrap_or_else(|| typed.get(DEFINITION).to_owned());
    let of = (code, shape);
    let (reason, is_new) = (typed.typed(REASON).map(str::to_owned), code.is_none());
    let planned = match read(&text, code) {
        Ok(definition) => {
            let (new, why) = (definition.clone(), reason.clone());
            let plan = call.run(move |store, by, _| {
                let reference = store.reference()?;
                if is_new && !reference.versions(&new.code).is_empty() {
                    let detail = "đã có thủ tục này: thêm phiên bản ở trang của thủ tục";
                    return Err(Problem::invalid_field("/code", detail));
                }
                acts::procedures::check_procedure(store, &new, why, by.unit)?;
                Ok(procedure::plan(&reference, &new))
            });
            plan.await.map(|plan| (definition, plan))
        }
        Err(problem) => Err(problem),
    };
    let (definition, plan) = match planned {
        Ok(planned) => planned,
        Err(problem) => return refused(&call, &typed, of, field, form, merged, problem).await,
    };
    // What was seen: the version, and what it does to those there are.
    let seen = format!("{}{plan:?}", pretty(&definition)?);
    let seen = body::fingerprint(&seen);
    let confirmed = typed.get(STEP) == CONFIRM && !plan.same;
    if !confirmed || typed.get(SEEN) != seen {
        let form = form.renewed(SEEN, seen);
        let plan = Some(plan);
        return version_page(&call, StatusCode::OK, of, field, form, plan, confirmed);
    }
    let shown = format!(
        "{PATH}/{}?tu={}&xong=ghi",
        definition.code, definition.valid_from
    );
    let done = call.run(move |store, by, _| {
        Ok(acts::procedures::put_procedure(
            store, definition, reason, by.proof,
        )?)
    });
    match done.await {
        Ok(_) => drafts::taken(&call, &typed, &shown).await,
        Err(problem) => refused(&call, &typed, of, field, form, merged, problem).await,
    }
}

/// The form again with what is wrong: each place in the version by its name there.
async fn refused(
    call: &Call,
    typed: &Fields,
    of: (Option<&str>, Shape),
    mut field: Field,
    mut form: FormPart,
    merged: Option<Merged>,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    if !matches!(
        problem.kind(),
        Kind::InvalidRequest | Kind::InvalidJson | Kind::Refused | Kind::Forbidden
    ) {
        return Err(drafts::keep(call, typed, problem).await);
    }
    let mut wrong: Vec<(String, String)> = problem
        .errors()
        .iter()
        .map(|error| (error.field.clone(), error.detail.clone()))
        .collect();
    if wrong.is_empty() {
        wrong.push((String::new(), problem.detail()));
    }
    for (place, detail) in wrong {
        if let Some(merged) = &merged {
            form = form.wrong(&merged.field(&place), detail);
            continue;
        }
        let place = place.trim_start_matches('/').replace('/', " › ");
        let text = match place.is_empty() {
            true => detail,
            false => format!("{place}: {detail}"),
        };
        field.wrong.get_or_insert_with(|| text.clone());
        form.errors.push(Wrong {
            target: Some(DEFINITION.to_owned()),
            text,
        });
    }
    version_page(call, problem.status_code(), of, field, form, None, false)
}

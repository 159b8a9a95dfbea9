//! `/lam-thay`: who does the steps of whom while they are away, as supervisors keep it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::acts;
use crate::domain::ids::DeputyId;
use crate::domain::role::Permission;
use crate::render::words;
use crate::views;
use crate::views::assignees::Colleague;
use crate::views::deputies::NamedDeputy;
use crate::views::list::StaffName;
use crate::web::api::call::Call;
use crate::web::api::deputies::{NewDeputy, make};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::{Frame, drafts, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/lam-thay";
const KEY: &str = "key";

/// The newest are looked at.
const LOOKED_AT: u32 = 200;
/// Of more people nobody chooses from a list: their usernames are typed.
const MOST_CHOICES: usize = 150;

#[derive(Template)]
#[template(path = "deputies.html")]
struct DeputiesPage {
    frame: Frame,
    rows: Vec<Row>,
    over: Vec<Row>,
    form: FormPart,
    done: Option<&'static str>,
}

struct Row {
    id: DeputyId,
    /// Each with the username: there are several of a name.
    principal: String,
    deputy: String,
    from: String,
    to: String,
    named_by: String,
}

impl From<NamedDeputy> for Row {
    fn from(named: NamedDeputy) -> Self {
        Self {
            id: named.deputy.id,
            principal: named_in_full(&named.principal),
            deputy: named_in_full(&named.stands_in),
            from: words::date(named.deputy.from),
            to: match named.deputy.ended_at {
                Some(ended) => format!("{} (thôi cử)", words::moment(ended)),
                None => words::date(named.deputy.to),
            },
            named_by: named.named_by.full_name,
        }
    }
}

fn named_in_full(staff: &StaffName) -> String {
    format!("{} ({})", staff.full_name, staff.username)
}

async fn form(call: &Call) -> Result<FormPart, Problem> {
    let people = call.run(|store, by, _| Ok(views::staff::few(store, by.unit, MOST_CHOICES)?));
    let people = people.await?;
    let person = |name: &str, label: &str| match &people {
        Some(people) => {
            let able = people
                .iter()
                .filter(|user| user.role.may(Permission::HandOver));
            let able = able.map(|user| {
                let one = Colleague::from(user.clone());
                Choice::new(&user.username, one.name())
            });
            let choices = std::iter::once(Choice::new("", "Chọn người")).chain(able);
            Field::choice(name, label, choices.collect())
        }
        None => Field::text(name, &format!("{label} (tên đăng nhập)")).required(),
    };
    Ok(FormPart::new(vec![
        person("principal", "Người vắng mặt"),
        person("deputy", "Người làm thay"),
        Field::date("from", "Từ ngày").required(),
        Field::date("to", "Đến hết ngày").required(),
        Field::hidden(KEY, uuid::Uuid::new_v4().simple()),
    ]))
}

async fn answer(
    call: &Call,
    status: StatusCode,
    form: FormPart,
    done: Option<&'static str>,
) -> Result<HttpResponse, Problem> {
    let rows = call.run(|store, by, now| {
        let all = views::deputies::within(store, by.unit, None, LOOKED_AT)?;
        let goes_on =
            |named: &NamedDeputy| named.deputy.ended_at.is_none() && named.deputy.to >= now.date();
        Ok(all.into_iter().partition::<Vec<_>, _>(goes_on))
    });
    let (rows, over) = rows.await?;
    let of = |all: Vec<NamedDeputy>| all.into_iter().map(Row::from).collect();
    let shown = DeputiesPage {
        frame: Frame::of(&call.by, "/tong-quan").wrong(!form.errors.is_empty()),
        rows: of(rows),
        over: of(over),
        form,
        done,
    };
    page(status, &shown)
}

/// `GET /lam-thay`.
pub async fn show(call: Call, query: Fields) -> Result<HttpResponse, Problem> {
    let done = match query.get("xong") {
        "cu" => Some("Đã cử người làm thay."),
        "thoi" => Some("Đã thôi cử làm thay."),
        _ => None,
    };
    let given = drafts::given(&call, &query, PATH).await?;
    let form = given.over(form(&call).await?);
    answer(&call, StatusCode::OK, form, done).await
}

/// `POST /lam-thay`.
pub async fn name(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let form = drafts::again(form(&call).await?.typed(&typed), &typed, PATH);
    let body = form.body().to_string().into_bytes();
    let named = match body::read::<NewDeputy>(&body) {
        Ok(new) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            make(&call, new, key, body::hash(&body)).await
        }
        Err(problem) => Err(problem),
    };
    match named {
        Ok(_) => drafts::taken(&call, &typed, "/lam-thay?xong=cu").await,
        Err(problem)
            if matches!(
                problem.kind(),
                Kind::InvalidRequest | Kind::Refused | Kind::Forbidden
            ) =>
        {
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), form, None).await
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// `POST /lam-thay/{deputy}/thoi`.
pub async fn end(call: Call) -> Result<HttpResponse, Problem> {
    let id = call.id(DeputyId, "không có việc làm thay này")?;
    call.run(move |store, by, now| Ok(acts::deputies::end(store, id, by.proof, now)?))
        .await?;
    Ok(see_other("/lam-thay?xong=thoi").finish())
}

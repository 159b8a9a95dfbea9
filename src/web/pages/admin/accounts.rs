//! `/quan-tri/tai-khoan`: the accounts of a unit and of those under it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::{Value, json};

use crate::domain::person::fold_name;
use crate::domain::role::Role;
use crate::render::words;
use crate::views::staff::Place;
use crate::web::api::call::Call;
use crate::web::api::page::{ListQuery, OfUnit, Page};
use crate::web::api::users::{self, NewUser, UserChange, UserFile, UserView};
use crate::web::body;
use crate::web::headers::{IdempotencyKey, IfMatch};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, TAG, form_tag};
use crate::web::pages::named::in_codes;
use crate::web::pages::{Frame, drafts, hand_on, page};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/quan-tri/tai-khoan";

/// Where the form of a new account is sent to.
const ADD: &str = "/quan-tri/tai-khoan/them";

const KEY: &str = "key";
const STATE: &str = "state";
const HANDS_TO: &str = "hands_to";
/// What they have in hand is to be nobody's.
const TO_NOBODY: &str = "to_nobody";
/// In the address: a new account has neither a password nor a shared log-in.
const NO_WAY_IN: &str = "chua-co-mat-khau";
const DISABLED: &str = "disabled";
const SEARCH: &str = "q";

/// So many accounts are enough to choose from.
const MOST_FOUND: usize = 200;

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage {
    frame: Frame,
    /// What was asked for.
    unit: String,
    searched: String,
    rows: Vec<UserView>,
    next: Option<String>,
    done: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "admin/account.html")]
struct AccountPage {
    frame: Frame,
    title: String,
    address: String,
    button: &'static str,
    form: FormPart,
    /// Somebody else has changed it in the meantime.
    changed: bool,
}

/// `GET /quan-tri/tai-khoan`.
pub async fn list(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, "unit", "procedure").await?;
    let done = match typed.get("xong") {
        "them" => Some("Đã thêm tài khoản."),
        NO_WAY_IN => Some(
            "Đã thêm tài khoản, nhưng chưa đăng nhập được: mở tài khoản để đặt mật khẩu hoặc ghi mã đăng nhập một lần.",
        ),
        "sua" => Some("Đã ghi thay đổi."),
        _ => None,
    };
    let unit = typed.get("unit").to_owned();
    let searched = typed.get(SEARCH).trim().to_owned();
    let (wanted, typed_name) = (fold_name(&searched), searched.to_lowercase());
    let asked = typed.query_without(&["xong", SEARCH]);
    let found = call.run(move |store, by, _| {
        let read = |asked: &str| {
            let query = ListQuery::<OfUnit, Place>::read(asked)?;
            users::page(store, &query, by.unit, false).map(Page::into_parts)
        };
        if wanted.is_empty() {
            return read(&asked);
        }
        // Names are in the order of units: all are looked at.
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let (rows, next) = read(&format!("{asked}&limit=200{after}"))?;
            found.extend(rows.into_iter().filter(|user| {
                fold_name(&user.full_name).contains(&wanted) || user.username.contains(&typed_name)
            }));
            match next.filter(|_| found.len() < MOST_FOUND) {
                None => return Ok((found, None)),
                Some(next) => {
                    let next = serde_urlencoded::to_string([("after", next)]);
                    after = format!("&{}", next.unwrap_or_default());
                }
            }
        }
    });
    let (rows, next) = found.await?;
    let next = next.map(|next| {
        let kept = typed.query_without(&["after", "xong"]);
        let after = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
        match kept.is_empty() {
            true => format!("{PATH}?{after}"),
            false => format!("{PATH}?{kept}&{after}"),
        }
    });
    let shown = AccountsPage {
        frame: Frame::of(&call.by, super::PATH),
        unit,
        searched,
        rows,
        next,
        done,
    };
    page(StatusCode::OK, &shown)
}

fn roles() -> Vec<Choice> {
    let roles = Role::ALL.iter();
    roles
        .map(|role| Choice::new(role.as_str(), words::role(*role)))
        .collect()
}

/// The fields that new accounts and old ones have alike.
fn fields() -> Vec<Field> {
    vec![
        Field::text("full_name", "Họ tên").required(),
        Field::choice("role", "Vai trò", roles()),
        Field::text("unit", "Mã hoặc tên đơn vị").required(),
        Field::text("email", "Thư điện tử công vụ").hint("Nhận nhắc việc và báo cáo ngày."),
        Field::text("oidc_subject", "Mã định danh ở nơi đăng nhập chung"),
    ]
}

fn password() -> Field {
    Field::password("password", "Mật khẩu mới", "new-password")
        .hint("Ít nhất 10 ký tự. Người dùng phải đổi ngay khi đăng nhập lần đầu.")
}

fn form_of_new() -> FormPart {
    let mut name = Field::text("username", "Tên đăng nhập")
        .required()
        .hint("3 đến 64 chữ cái không dấu, chữ số, dấu chấm, gạch nối, gạch dưới.");
    name.focus = true;
    let mut all = vec![name];
    all.extend(fields());
    all.push(password());
    FormPart::new(all)
}

fn form_of(file: &UserFile) -> FormPart {
    let user = &file.user;
    let values = [
        user.full_name.as_str(),
        user.role.as_str(),
        user.unit.code.as_str(),
        user.email.as_deref().unwrap_or_default(),
        user.oidc_subject.as_deref().unwrap_or_default(),
    ];
    let known = fields().into_iter().zip(values);
    let mut all: Vec<_> = known.map(|(field, value)| field.value(value)).collect();
    let states = vec![
        Choice::new("open", "Đang dùng"),
        Choice::new(DISABLED, "Khóa: không đăng nhập được, mọi phiên kết thúc"),
    ];
    let state = match user.disabled_at {
        None => "open",
        Some(_) => DISABLED,
    };
    all.push(Field::choice(STATE, "Trạng thái", states).value(state));
    let hint = match file.open_dossiers {
        0 => "Không có hồ sơ nào đang giao cho người này.".to_owned(),
        open => format!(
            "Tên đăng nhập của đồng nghiệp nhận {open} hồ sơ đang giao cho người này khi khóa, hoặc những hồ sơ người này \
             không còn xử lý được khi đổi đơn vị, vai trò."
        ),
    };
    let colleague = Field::text(HANDS_TO, "Giao hồ sơ lại cho");
    all.push(colleague.hint(hint));
    all.push(password());
    all.push(Field::tag(user));
    FormPart::new(all).remembering()
}

/// What was typed as a password is in the fields alone.
fn with_password(body: &mut Value, typed: &Fields) {
    let password = typed.get("password");
    if !password.is_empty() {
        body["password"] = json!(password);
    }
}

fn answer(
    call: &Call,
    status: StatusCode,
    form: FormPart,
    user: Option<&UserView>,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let (title, address, button) = match user {
        None => (
            "Thêm tài khoản".to_owned(),
            ADD.to_owned(),
            "Thêm tài khoản",
        ),
        Some(user) => (
            format!("Tài khoản {}", user.username),
            place(user),
            "Ghi thay đổi",
        ),
    };
    let shown = AccountPage {
        frame: Frame::of(&call.by, super::PATH).wrong(changed || !form.errors.is_empty()),
        title,
        address,
        button,
        form,
        changed,
    };
    page(status, &shown)
}

/// Whether the form is shown again, with what is wrong.
fn is_of_the_form(problem: &Problem) -> bool {
    matches!(
        problem.kind(),
        Kind::InvalidRequest | Kind::Refused | Kind::Forbidden | Kind::Overloaded
    )
}

/// `GET /quan-tri/tai-khoan/them`.
pub async fn ask_new(call: Call, query: Fields) -> Result<HttpResponse, Problem> {
    let mut form = form_of_new();
    form.fields
        .push(Field::hidden(KEY, uuid::Uuid::new_v4().simple()));
    let given = drafts::given(&call, &query, ADD).await?;
    let form = given.over(form);
    answer(&call, StatusCode::OK, form, None, false)
}

/// `POST /quan-tri/tai-khoan/them`.
pub async fn add(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, "unit", "procedure").await?;
    let mut form = form_of_new();
    form.fields.push(Field::hidden(KEY, ""));
    let form = drafts::again(form.typed(&typed), &typed, ADD);
    let mut body = form.body();
    with_password(&mut body, &typed);
    let body = body.to_string().into_bytes();
    let added = match body::read::<NewUser>(&body) {
        Ok(new) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            users::add(&call, new, key, body::hash(&body)).await
        }
        Err(problem) => Err(problem),
    };
    match added {
        Ok(_) => {
            let no_way_in =
                typed.get("password").is_empty() && typed.typed("oidc_subject").is_none();
            let done = if no_way_in { NO_WAY_IN } else { "them" };
            let shown = format!("/quan-tri/tai-khoan?xong={done}");
            drafts::taken(&call, &typed, &shown).await
        }
        Err(problem) if is_of_the_form(&problem) => {
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), form, None, false)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

async fn named(call: &Call) -> Result<UserFile, Problem> {
    let username = call.named::<String>()?;
    call.run(move |store, by, _| users::file(store, &username, by.unit))
        .await
}

/// `GET /quan-tri/tai-khoan/{username}`.
pub async fn ask_change(call: Call, query: Fields) -> Result<HttpResponse, Problem> {
    let file = named(&call).await?;
    let given = drafts::given(&call, &query, &place(&file.user)).await?;
    let form = given.over(form_of(&file));
    answer(&call, StatusCode::OK, form, Some(&file.user), false)
}

/// Where the form of an account is sent to.
fn place(user: &UserView) -> String {
    format!("{PATH}/{}", user.username)
}

/// Where one comes to after a change: to what lies with somebody who cannot log in any more, else to the list.
async fn after(call: &Call, user: &UserView, typed: &Fields) -> Result<String, Problem> {
    let closed = typed.get(STATE) == DISABLED && typed.typed(HANDS_TO).is_none();
    let left = match closed {
        true => hand_on::left_by(call, &user.username).await?,
        false => None,
    };
    Ok(left.unwrap_or_else(|| "/quan-tri/tai-khoan?xong=sua".to_owned()))
}

/// `POST /quan-tri/tai-khoan/{username}`.
pub async fn change(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, "unit", "procedure").await?;
    let file = named(&call).await?;
    let user = &file.user;
    let form = drafts::again(form_of(&file).typed(&typed), &typed, &place(user));
    let mut body = form.body();
    if let Some(body) = body.as_object_mut() {
        let state = body.remove(STATE);
        body.insert(DISABLED.to_owned(), json!(state == Some(json!(DISABLED))));
        // What was emptied goes.
        for name in ["email", "oidc_subject"] {
            body.entry(name).or_insert_with(|| json!(""));
        }
    }
    with_password(&mut body, &typed);
    // Whoever goes elsewhere leaves what they have in hand: to somebody, or knowingly to nobody.
    let elsewhere = typed.get("role") != user.role.as_str()
        || !typed.get("unit").eq_ignore_ascii_case(&user.unit.code);
    let leaves = elsewhere && typed.get(STATE) != DISABLED && file.open_dossiers > 0;
    if leaves && typed.typed(HANDS_TO).is_none() && typed.get(TO_NOBODY) != "1" {
        let open = file.open_dossiers;
        let sure = format!(
            "Những hồ sơ người này không còn xử lý được thành chưa giao cho ai (đang giữ {open})"
        );
        let tick = Field::ticks(TO_NOBODY, "Không giao cho ai", vec![Choice::new("1", sure)]);
        let mut form = form;
        let place = form.fields.iter().position(|field| field.name == HANDS_TO);
        form.fields
            .insert(place.map_or(0, |place| place + 1), tick.nowhere());
        let problem = Problem::invalid_field(
            HANDS_TO,
            format!("người này đang giữ {open} hồ sơ: ghi đồng nghiệp nhận, hoặc đánh dấu ở dưới"),
        );
        let form = form.refused(&problem);
        return answer(&call, problem.status_code(), form, Some(user), false);
    }
    let changed = match body::read::<UserChange>(body.to_string().as_bytes()) {
        Ok(new) => {
            let seen = IfMatch::of_form(typed.get(TAG));
            users::alter(&call, user.username.clone(), new, seen).await
        }
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => {
            let shown = after(&call, user, &typed).await?;
            drafts::taken(&call, &typed, &shown).await
        }
        Err(problem) if problem.kind() == Kind::Changed => {
            let shown = after(&call, user, &typed).await?;
            if let Some(done) = drafts::taken_before(&call, &typed, &shown).await? {
                return Ok(done);
            }
            let form = form.renewed(TAG, form_tag(user)).beside(&form_of(&file));
            answer(&call, problem.status_code(), form, Some(user), true)
        }
        Err(problem) if is_of_the_form(&problem) => {
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), form, Some(user), false)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

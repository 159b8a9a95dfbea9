//! `/api/v1/users`: members of staff, as administrators keep them; and the names of colleagues.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::acts::staff::{Change, NewStaff};
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::error::Error;
use crate::store::Store;
use crate::store::reference::Reference;
use crate::store::users::User;
use crate::views::list::{Named, named_unit};
use crate::web::access::Staff;
use crate::web::api::{ROWS, check_page, cursor, place};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, content_tag};
use crate::web::params::{Parameters, Params, from_text};
use crate::web::problem::{FieldError, Problem};
use crate::web::turns::Turn;
use crate::web::{State, with_store};
use crate::{acts, views};

/// A member of staff.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    #[schema(example = "h37.20.01.clerk")]
    username: String,
    #[schema(example = "Nông Thị Lan")]
    full_name: String,
    role: Role,
    unit: Named,
    /// Subject at the OpenID Connect provider.
    oidc_subject: Option<String>,
    /// Since when they may not log in.
    disabled_at: Option<Moment>,
    /// Where they get their mail.
    email: Option<String>,
    /// Somebody else has set the password: nothing may be done but change it.
    must_change_password: bool,
}

impl UserView {
    pub(crate) fn new(user: &User, reference: &Reference) -> Self {
        Self {
            username: user.username.clone(),
            full_name: user.full_name.clone(),
            role: user.role,
            unit: named_unit(reference, user.unit),
            oidc_subject: user.oidc_subject.clone(),
            disabled_at: user.disabled_at,
            email: user.email.clone(),
            must_change_password: user.must_change_password,
        }
    }
}

/// Parameters of the list of staff.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Mã đơn vị; mặc định là đơn vị của người gọi, cùng các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    unit: Option<String>,
    /// Giá trị next của trang trước.
    #[serde(default)]
    after: Option<String>,
    /// Số dòng, 1 đến 200.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<u32>)]
    limit: Option<u32>,
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["unit", "after", "limit"];

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_page::<String>(self.limit, self.after.as_deref(), "", &mut wrong);
        wrong
    }
}

/// A page of staff.
#[derive(Serialize, ToSchema)]
pub struct UserPage {
    items: Vec<UserView>,
    /// For `after`; absent at the end.
    next: Option<String>,
}

fn within(reference: &Reference, code: Option<&str>, reach: UnitId) -> Result<UnitId, Problem> {
    let Some(code) = code else { return Ok(reach) };
    let unit = reference.units().by_code(code);
    let unit =
        unit.ok_or_else(|| Problem::invalid_field("unit", format!("không có đơn vị '{code}'")))?;
    if reference.units().is_under(unit.id, reach) {
        Ok(unit.id)
    } else {
        Err(crate::views::staff::NOT_YOURS.into())
    }
}

fn page(
    store: &Store,
    filter: &Filter,
    reach: UnitId,
    active_only: bool,
) -> Result<UserPage, Problem> {
    let reference = store.reference()?;
    let unit = within(&reference, filter.unit.as_deref(), reach)?;
    let limit = filter.limit.unwrap_or(ROWS);
    let after: Option<String> = filter.after.as_deref().and_then(place);
    let mut users = views::staff::of_unit(store, unit, after.as_deref(), limit + 1, active_only)?;
    let more = users.len() > limit as usize;
    users.truncate(limit as usize);
    let next = users
        .last()
        .filter(|_| more)
        .map(|user| cursor(&user.username));
    Ok(UserPage {
        items: users
            .iter()
            .map(|user| UserView::new(user, &reference))
            .collect(),
        next,
    })
}

/// Tài khoản của một đơn vị và các đơn vị trực thuộc.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "Quản trị", params(Filter),
    responses((status = 200, description = "Một trang", body = UserPage)),
)]
pub async fn list(
    state: web::Data<State>,
    staff: Staff,
    params: Params<Filter>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let page = with_store(&state, move |store| page(store, &params.0, reach, false)).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// A colleague, as everybody may see them.
#[derive(Serialize, ToSchema)]
pub struct Colleague {
    #[schema(example = "h37.20.01.officer")]
    username: String,
    full_name: String,
    role: Role,
    unit: Named,
}

/// A page of colleagues.
#[derive(Serialize, ToSchema)]
pub struct ColleaguePage {
    items: Vec<Colleague>,
    /// For `after`; absent at the end.
    next: Option<String>,
}

/// Tên đồng nghiệp trong đơn vị và các đơn vị trực thuộc, để giao việc.
#[utoipa::path(
    get, path = "/api/v1/colleagues", tag = "Tài khoản", params(Filter),
    responses((status = 200, description = "Một trang", body = ColleaguePage)),
)]
pub async fn colleagues(
    state: web::Data<State>,
    staff: Staff,
    params: Params<Filter>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let page = with_store(&state, move |store| page(store, &params.0, reach, true)).await?;
    let items = page.items.into_iter();
    let items: Vec<_> = items
        .map(|user| Colleague {
            username: user.username,
            full_name: user.full_name,
            role: user.role,
            unit: user.unit,
        })
        .collect();
    Ok(HttpResponse::Ok().json(ColleaguePage {
        items,
        next: page.next,
    }))
}

/// A new member of staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// 3 đến 64 chữ cái không dấu, chữ số, `.`, `-`, `_`.
    #[schema(example = "lan.nt")]
    username: String,
    #[schema(example = "Nông Thị Lan")]
    full_name: String,
    role: Role,
    /// Mã đơn vị.
    #[schema(example = "H37.20.01")]
    unit: String,
    #[serde(default)]
    oidc_subject: Option<String>,
    /// Thư điện tử công vụ, nhận nhắc việc và báo cáo ngày.
    #[serde(default)]
    #[schema(example = "lan@langson.gov.vn")]
    email: Option<String>,
    /// Không có thì không đăng nhập được bằng mật khẩu.
    #[serde(default)]
    password: Option<String>,
}

impl Readable for NewUser {
    fn sound() -> Value {
        json!({
            "username": "lan.nt", "full_name": "Nông Thị Lan", "role": "clerk",
            "unit": "H37.20.01", "oidc_subject": null, "email": "lan@langson.gov.vn", "password": "abcde-fghij-klmno-pqrst",
        })
    }
}

/// Thêm tài khoản.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "Quản trị", request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Khóa để không tạo hai lần")),
    responses((status = 201, description = "Tài khoản mới", body = UserView)),
)]
pub async fn create(
    state: web::Data<State>,
    staff: Staff,
    key: IdempotencyKey,
    body: Body<NewUser>,
) -> Result<HttpResponse, Problem> {
    let by = staff.proof;
    let key = key.of_staff("users", &staff, body.hash);
    let new = body.value;
    let turn = turn_for(&state, new.password.is_some()).await?;
    let view = with_store(&state, move |store| {
        let _turn = turn;
        let new = NewStaff {
            username: new.username,
            full_name: new.full_name,
            role: new.role,
            unit: new.unit,
            oidc_subject: new.oidc_subject,
            email: new.email,
            password: new.password,
        };
        let user = acts::staff::create(store, new, Some(by), key, crate::clock::now())?;
        let reference = store.reference()?;
        Ok::<_, Problem>(UserView::new(&user, &reference))
    })
    .await?;
    let place = format!("/api/v1/users/{}", view.username);
    Ok(HttpResponse::Created()
        .insert_header(("Location", place))
        .insert_header(("ETag", content_tag(&view)))
        .json(view))
}

/// Một tài khoản.
#[utoipa::path(
    get, path = "/api/v1/users/{username}", tag = "Quản trị",
    params(("username" = String, Path, description = "Tên đăng nhập")),
    responses((status = 200, description = "Tài khoản", body = UserView)),
)]
pub async fn show(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let view = with_store(&state, move |store| view(store, &path, reach)).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("ETag", content_tag(&view)))
        .json(view))
}

fn view(store: &Store, username: &str, reach: UnitId) -> Result<UserView, Problem> {
    let user = views::staff::find(store, username, reach)?;
    let reference = store.reference()?;
    Ok(UserView::new(&user, &reference))
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    role: Option<Role>,
    /// Mã đơn vị.
    #[serde(default)]
    unit: Option<String>,
    /// Chuỗi rỗng để bỏ.
    #[serde(default)]
    oidc_subject: Option<String>,
    /// Thư điện tử công vụ; chuỗi rỗng để bỏ.
    #[serde(default)]
    email: Option<String>,
    /// Khóa hoặc mở khóa.
    #[serde(default)]
    disabled: Option<bool>,
    /// Mật khẩu mới; mọi phiên đăng nhập kết thúc.
    #[serde(default)]
    password: Option<String>,
}

impl Readable for UserChange {
    fn sound() -> Value {
        json!({
            "full_name": "Nông Thị Lan", "role": "officer", "unit": "H37.20.01",
            "oidc_subject": "", "email": "lan@langson.gov.vn", "disabled": false, "password": "abcde-fghij-klmno-pqrst",
        })
    }
}

/// Sửa tài khoản: tên, vai trò, đơn vị, khóa, đặt lại mật khẩu.
#[utoipa::path(
    patch, path = "/api/v1/users/{username}", tag = "Quản trị", request_body = UserChange,
    params(
        ("username" = String, Path, description = "Tên đăng nhập"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *"),
    ),
    responses((status = 200, description = "Tài khoản sau khi sửa", body = UserView)),
)]
pub async fn change(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    if_match: IfMatch,
    body: Body<UserChange>,
) -> Result<HttpResponse, Problem> {
    let (by, reach) = (staff.proof, staff.unit);
    let new = body.value;
    let turn = turn_for(&state, new.password.is_some()).await?;
    let changed = with_store(&state, move |store| {
        let _turn = turn;
        let change = Change {
            full_name: new.full_name,
            role: new.role,
            unit: new.unit,
            oidc_subject: new
                .oidc_subject
                .map(|subject| Some(subject).filter(|subject| !subject.is_empty())),
            email: new
                .email
                .map(|email| Some(email).filter(|email| !email.is_empty())),
            disabled: new.disabled,
            password: new.password,
        };
        let reference = store.reference()?;
        let seen = std::sync::Arc::clone(&reference);
        let unchanged = move |user: &User| if_match.fits(&content_tag(&UserView::new(user, &seen)));
        match acts::staff::change(store, &path, change, by, unchanged, crate::clock::now()) {
            Ok(user) => Ok(UserView::new(&user, &reference)),
            Err(Error::Changed { .. }) => {
                let current = view(store, &path, reach)?;
                let etag = content_tag(&current);
                let current = serde_json::to_value(&current).unwrap_or_default();
                Err(Problem::changed(current, etag))
            }
            Err(error) => Err(error.into()),
        }
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header(("ETag", content_tag(&changed)))
        .json(changed))
}

/// A turn at hashing a password, for requests that bring one.
async fn turn_for(state: &State, password: bool) -> Result<Option<Turn>, Problem> {
    match password {
        true => state.password_turns.take().await.map(Some),
        false => Ok(None),
    }
}

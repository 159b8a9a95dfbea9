//! `/api/v1/users`: members of staff, as administrators keep them; and the names of colleagues.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::staff::{Change, NewStaff};
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::store::Store;
use crate::store::reference::Reference;
use crate::store::users::User;
use crate::views::list::{Named, named_unit};
use crate::web::access::Staff;
use crate::web::api::answers::{Tagged, or_current, tagged};
use crate::web::api::page::{ListQuery, OfUnit, Page, PageParams, Row};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, content_tag};
use crate::web::problem::Problem;
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

impl Tagged for UserView {
    fn tag(&self) -> String {
        content_tag(self)
    }
}

impl Row for UserView {
    const PAGE: &'static str = "UserPage";
}

/// A page of staff.
pub type UserPage = Page<UserView>;

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
    query: &ListQuery<OfUnit, String>,
    reach: UnitId,
    active_only: bool,
) -> Result<UserPage, Problem> {
    let ListQuery { filter, page } = query;
    let reference = store.reference()?;
    let unit = within(&reference, filter.unit.as_deref(), reach)?;
    let (after, limit) = (page.after.as_deref(), page.and_one());
    let users = views::staff::of_unit(store, unit, after, limit, active_only)?;
    let page = page.page(users, |user| user.username.clone());
    Ok(page.map(|user| UserView::new(&user, &reference)))
}

/// Tài khoản của một đơn vị và các đơn vị trực thuộc.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "Quản trị", params(OfUnit, PageParams),
    responses((status = 200, description = "Một trang", body = UserPage)),
)]
pub async fn list(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<OfUnit, String>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let page = with_store(&state, move |store| page(store, &query, reach, false)).await?;
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

impl Row for Colleague {
    const PAGE: &'static str = "ColleaguePage";
}

/// A page of colleagues.
pub type ColleaguePage = Page<Colleague>;

/// Tên đồng nghiệp trong đơn vị và các đơn vị trực thuộc, để giao việc.
#[utoipa::path(
    get, path = "/api/v1/colleagues", tag = "Tài khoản", params(OfUnit, PageParams),
    responses((status = 200, description = "Một trang", body = ColleaguePage)),
)]
pub async fn colleagues(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<OfUnit, String>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let page = with_store(&state, move |store| page(store, &query, reach, true)).await?;
    let page: ColleaguePage = page.map(|user| Colleague {
        username: user.username,
        full_name: user.full_name,
        role: user.role,
        unit: user.unit,
    });
    Ok(HttpResponse::Ok().json(page))
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
    #[schema(example = "a1b2c3")]
    oidc_subject: Option<String>,
    /// Thư điện tử công vụ, nhận nhắc việc và báo cáo ngày.
    #[serde(default)]
    #[schema(example = "lan@langson.gov.vn")]
    email: Option<String>,
    /// Không có thì không đăng nhập được bằng mật khẩu.
    #[serde(default)]
    #[schema(example = "abcde-fghij-klmno-pqrst")]
    password: Option<String>,
}

impl Readable for NewUser {}

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
        .insert_header(("ETag", view.tag()))
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
    Ok(tagged(&view))
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
    #[schema(example = "Nông Thị Lan")]
    full_name: Option<String>,
    #[serde(default)]
    role: Option<Role>,
    /// Mã đơn vị.
    #[serde(default)]
    #[schema(example = "H37.20.01")]
    unit: Option<String>,
    /// Chuỗi rỗng để bỏ.
    #[serde(default)]
    #[schema(example = "")]
    oidc_subject: Option<String>,
    /// Thư điện tử công vụ; chuỗi rỗng để bỏ.
    #[serde(default)]
    #[schema(example = "lan@langson.gov.vn")]
    email: Option<String>,
    /// Khóa hoặc mở khóa.
    #[serde(default)]
    disabled: Option<bool>,
    /// Mật khẩu mới; mọi phiên đăng nhập kết thúc.
    #[serde(default)]
    #[schema(example = "abcde-fghij-klmno-pqrst")]
    password: Option<String>,
}

impl Readable for UserChange {}

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
        let unchanged = move |user: &User| if_match.fits(&UserView::new(user, &seen).tag());
        let now = crate::clock::now();
        let user = or_current(
            acts::staff::change(store, &path, change, by, unchanged, now),
            || view(store, &path, reach),
        )?;
        Ok::<_, Problem>(UserView::new(&user, &reference))
    })
    .await?;
    Ok(tagged(&changed))
}

/// A turn at hashing a password, for requests that bring one.
async fn turn_for(state: &State, password: bool) -> Result<Option<Turn>, Problem> {
    match password {
        true => state.password_turns.take().await.map(Some),
        false => Ok(None),
    }
}

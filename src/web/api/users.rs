//! `/api/v1/users`: members of staff, as administrators keep them; and the names of colleagues.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::staff::{Change, NewStaff};
use crate::acts::staff_move::{self, Mover};
use crate::domain::ids::{JobId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::store::reference::Reference;
use crate::store::users::User;
use crate::store::{Store, open_dossiers};
use crate::views::list::{Named, named_unit};
use crate::views::staff::Place;
use crate::web::State;
use crate::web::api::answers::{Created, Reply, Tagged, fresh, or_current, shown, tagged};
use crate::web::api::call::Call;
use crate::web::api::page::{ListQuery, OfUnit, Page, Row};
use crate::web::api::{check_length, check_no_number};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, content_tag};
use crate::web::problem::{FieldError, Problem};
use crate::web::turns::Turn;
use crate::{acts, views};

/// A member of staff.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    #[schema(example = "h37.20.01.clerk")]
    pub(crate) username: String,
    #[schema(example = "Nông Thị Lan")]
    pub(crate) full_name: String,
    pub(crate) role: Role,
    pub(crate) unit: Named,
    /// Subject at the OpenID Connect provider.
    pub(crate) oidc_subject: Option<String>,
    /// Since when they may not log in.
    pub(crate) disabled_at: Option<Moment>,
    /// Where they get their mail.
    pub(crate) email: Option<String>,
    /// Somebody else has set the password: nothing may be done but change it.
    pub(crate) must_change_password: bool,
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

impl UserView {
    /// What they are employed for, for people.
    pub(crate) const fn role_name(&self) -> &'static str {
        crate::render::words::role(self.role)
    }
}

impl Tagged for UserView {
    fn tag(&self) -> String {
        content_tag(self)
    }
}

/// A member of staff, and what they have in hand.
#[derive(Serialize, ToSchema)]
pub struct UserFile {
    #[serde(flatten)]
    pub(crate) user: UserView,
    /// Open dossiers that are given to them; at a change, those before it.
    #[schema(example = 12)]
    pub(crate) open_dossiers: u64,
    /// The job that hands these on, where there is one.
    #[schema(example = json!(null))]
    pub(crate) job: Option<JobId>,
}

/// What they have in hand changes without anybody's changing the account.
impl Tagged for UserFile {
    fn tag(&self) -> String {
        self.user.tag()
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

pub(crate) fn page(
    store: &Store,
    query: &ListQuery<OfUnit, Place>,
    reach: UnitId,
    active_only: bool,
) -> Result<UserPage, Problem> {
    let ListQuery { filter, page } = query;
    let reference = store.reference()?;
    let unit = within(&reference, filter.unit.as_deref(), reach)?;
    let (after, limit) = (page.after.as_ref(), page.and_one());
    let users = views::staff::of_unit(store, unit, after, limit, active_only)?;
    let page = page.page(users, views::staff::place);
    Ok(page.map(|user| UserView::new(&user, &reference)))
}

pub async fn list(call: Call, query: ListQuery<OfUnit, Place>) -> Reply<UserPage> {
    call.run(move |store, by, _| page(store, &query, by.unit, false))
        .await
        .map(shown)
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

pub async fn colleagues(call: Call, query: ListQuery<OfUnit, Place>) -> Reply<ColleaguePage> {
    let page = call.run(move |store, by, _| page(store, &query, by.unit, true));
    Ok(shown(page.await?.map(|user| Colleague {
        username: user.username,
        full_name: user.full_name,
        role: user.role,
        unit: user.unit,
    })))
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

pub async fn create(call: Call, key: IdempotencyKey, body: Body<NewUser>) -> Created<UserView> {
    let view = add(&call, body.value, key, body.hash).await?;
    let address = format!("/api/v1/users/{}", view.username);
    Ok(tagged(view).at(address))
}

/// Makes an account, once with a key; `hash` is of what asks for it.
pub(crate) async fn add(
    call: &Call,
    new: NewUser,
    key: IdempotencyKey,
    hash: Vec<u8>,
) -> Result<UserView, Problem> {
    let key = key.of_staff("users", &call.by, hash);
    let turn = turn_for(&call.state, new.password.is_some()).await?;
    let view = call.run(move |store, by, now| {
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
        let user = acts::staff::create(store, new, Some(by.proof), key, now)?;
        Ok(UserView::new(&user, &*store.reference()?))
    });
    view.await
}

pub async fn show(call: Call) -> Reply<UserFile> {
    let username = call.named::<String>()?;
    call.run(move |store, by, _| file(store, &username, by.unit))
        .await
        .map(tagged)
}

pub(crate) fn view(store: &Store, username: &str, reach: UnitId) -> Result<UserView, Problem> {
    let user = views::staff::find(store, username, reach)?;
    Ok(UserView::new(&user, &*store.reference()?))
}

pub(crate) fn file(store: &Store, username: &str, reach: UnitId) -> Result<UserFile, Problem> {
    let user = views::staff::find(store, username, reach)?;
    let reference = store.reference()?;
    Ok(UserFile {
        open_dossiers: store.read(|conn| open_dossiers::count_in_hand(conn, &[user.id]))?,
        user: UserView::new(&user, &reference),
        job: None,
    })
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
    /// Khi khóa: đồng nghiệp cùng đơn vị, cùng vai trò (hoặc lãnh đạo) nhận mọi hồ sơ đang giao cho người này; khi đổi
    /// đơn vị hay vai trò: nhận những hồ sơ mà người này không còn xử lý được.
    #[serde(default)]
    #[schema(example = json!(null))]
    hands_to: Option<String>,
}

impl Readable for UserChange {}

pub async fn change(call: Call, if_match: IfMatch, body: Body<UserChange>) -> Reply<UserFile> {
    let username = call.named::<String>()?;
    alter(&call, username, body.value, if_match)
        .await
        .map(tagged)
}

/// Changes an account, if it is still as it was seen.
pub(crate) async fn alter(
    call: &Call,
    username: String,
    new: UserChange,
    if_match: IfMatch,
) -> Result<UserFile, Problem> {
    let turn = turn_for(&call.state, new.password.is_some()).await?;
    let changed = call.run(move |store, by, now| {
        let _turn = turn;
        let unless_empty = |text: String| Some(text).filter(|text| !text.is_empty());
        let change = Change {
            full_name: new.full_name,
            role: new.role,
            unit: new.unit,
            oidc_subject: new.oidc_subject.map(unless_empty),
            email: new.email.map(unless_empty),
            disabled: new.disabled,
            password: new.password,
            hands_to: new.hands_to,
        };
        let reference = store.reference()?;
        let seen = std::sync::Arc::clone(&reference);
        let unchanged = move |user: &User| if_match.fits(&UserView::new(user, &seen).tag());
        let (user, handed_on) = or_current(
            acts::staff::change(store, &username, change, by.proof, unchanged, now),
            || file(store, &username, by.unit),
        )?;
        Ok(UserFile {
            user: UserView::new(&user, &reference),
            open_dossiers: handed_on.open,
            job: handed_on.job,
        })
    });
    changed.await
}

/// To whom all that somebody has in hand goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOn {
    /// Tên đăng nhập của đồng nghiệp cùng đơn vị, cùng vai trò hoặc là lãnh đạo.
    #[schema(example = "h37.20.01.supervisor")]
    to: String,
    #[schema(example = "Chuyển công tác từ 01/12/2026")]
    reason: String,
}

impl Readable for HandOn {
    const LIMIT: usize = 16 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/reason", &self.reason, 2000, &mut wrong);
        check_no_number("/reason", &self.reason, &mut wrong);
        wrong
    }
}

/// That it goes.
#[derive(Serialize, ToSchema)]
pub struct HandedOnView {
    /// Hồ sơ đang giao cho người này lúc yêu cầu.
    #[schema(example = 12)]
    open_dossiers: u64,
    /// The job that hands them on; absent where there are none.
    job: Option<JobId>,
}

pub async fn hand_on(call: Call, body: Body<HandOn>) -> Reply<HandedOnView> {
    let username = call.named::<String>()?;
    Ok(fresh(pass_on(&call, username, body.value).await?))
}

/// Hands all that somebody has in hand on to a colleague.
pub(crate) async fn pass_on(
    call: &Call,
    username: String,
    wanted: HandOn,
) -> Result<HandedOnView, Problem> {
    let handed_on = call.run(move |store, by, now| {
        let HandOn { to, reason } = &wanted;
        Ok(acts::hands::hand_on(
            store, &username, to, reason, by.proof, now,
        )?)
    });
    let handed_on = handed_on.await?;
    Ok(HandedOnView {
        open_dossiers: handed_on.open,
        job: handed_on.job,
    })
}

/// Somebody with what they have in hand.
#[derive(Serialize, ToSchema)]
pub struct InHandsView {
    #[schema(example = "h37.20.01.officer")]
    username: String,
    full_name: String,
    role: Role,
    unit: Named,
    /// Since when they may not log in.
    disabled_at: Option<Moment>,
    /// Open dossiers that are given to them.
    #[schema(example = 12)]
    open: u64,
    /// Of these, overdue.
    #[schema(example = 1)]
    overdue: u64,
}

impl Row for InHandsView {
    const PAGE: &'static str = "InHandsPage";
}

/// A page of them.
pub type InHandsPage = Page<InHandsView>;

pub async fn hands(call: Call, query: ListQuery<OfUnit, Place>) -> Reply<InHandsPage> {
    let page = call.run(move |store, by, now| {
        let ListQuery { filter, page } = query;
        let reference = store.reference()?;
        let unit = within(&reference, filter.unit.as_deref(), by.unit)?;
        let (after, limit) = (page.after.as_ref(), page.and_one());
        let users = views::staff::of_unit(store, unit, after, limit, false)?;
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let counts = store.read(|conn| open_dossiers::hand_counts(conn, &ids, now))?;
        let page = page.page(users, views::staff::place);
        Ok(page.map(|user| {
            let count = counts.get(&user.id).copied().unwrap_or_default();
            InHandsView {
                unit: named_unit(&reference, user.unit),
                username: user.username,
                full_name: user.full_name,
                role: user.role,
                disabled_at: user.disabled_at,
                open: count.open,
                overdue: count.overdue,
            }
        }))
    });
    page.await.map(fresh)
}

/// People who go from one unit to another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffMove {
    /// Mã đơn vị chuyển đến.
    #[schema(example = "H37.66")]
    to: String,
    /// Tên đăng nhập của những người chuyển; mặc định là mọi người đang làm việc của đơn vị.
    #[serde(default)]
    #[schema(example = json!(null))]
    only: Option<Vec<String>>,
}

impl Readable for StaffMove {
    fn check(&self) -> Vec<FieldError> {
        let many = self.only.as_ref().is_some_and(|only| only.len() > 1000);
        let wrong = many.then(|| FieldError::new("/only", "quá 1.000 người"));
        wrong.into_iter().collect()
    }
}

/// Who moves.
#[derive(Serialize, ToSchema)]
pub struct StaffMoveView {
    staff: Vec<MoverView>,
    /// The job that takes out of their hands what they cannot have in the new unit.
    job: Option<JobId>,
}

/// Somebody who moves.
#[derive(Serialize, ToSchema)]
pub struct MoverView {
    #[schema(example = "h37.20.01.officer")]
    username: String,
    full_name: String,
    role: Role,
    /// Open dossiers that are given to them.
    #[schema(example = 12)]
    open: u64,
    /// Of these, those that they cannot have in the new unit.
    #[schema(example = 0)]
    out_of_reach: u64,
}

impl StaffMoveView {
    fn new(movers: Vec<Mover>, job: Option<JobId>) -> Self {
        let staff = movers.into_iter().map(|mover| MoverView {
            username: mover.user.username,
            full_name: mover.user.full_name,
            role: mover.user.role,
            open: mover.open,
            out_of_reach: mover.out_of_reach,
        });
        Self {
            staff: staff.collect(),
            job,
        }
    }
}

impl StaffMove {
    fn leaving(self, unit: String) -> staff_move::StaffMove {
        staff_move::StaffMove {
            from: unit,
            to: self.to,
            only: self.only,
        }
    }
}

pub async fn preview_move(call: Call, body: Body<StaffMove>) -> Reply<StaffMoveView> {
    let wanted = body.value.leaving(call.named::<String>()?);
    let movers = call.run(move |store, by, now| {
        Ok(staff_move::preview(
            store,
            &wanted,
            by.unit,
            &by.username,
            now,
        )?)
    });
    Ok(fresh(StaffMoveView::new(movers.await?, None)))
}

pub async fn move_staff(call: Call, body: Body<StaffMove>) -> Reply<StaffMoveView> {
    let wanted = body.value.leaving(call.named::<String>()?);
    let moved =
        call.run(move |store, by, now| Ok(staff_move::move_staff(store, wanted, by.proof, now)?));
    let (movers, job) = moved.await?;
    Ok(fresh(StaffMoveView::new(movers, job)))
}

/// A turn at hashing a password, for requests that bring one.
async fn turn_for(state: &State, password: bool) -> Result<Option<Turn>, Problem> {
    match password {
        true => state.password_turns.take().await.map(Some),
        false => Ok(None),
    }
}

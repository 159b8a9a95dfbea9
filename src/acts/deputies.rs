//! Who does the steps of whom while they are away: supervisors say so, for the staff of their own unit and of
//! what is under it.

use chrono::{Days, NaiveDate};
use serde_json::json;

use crate::domain::ids::DeputyId;
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::store::deputies::{self, Deputy};
use crate::store::idempotency::{Happened, Once, once};
use crate::store::users::{self, User};
use crate::store::{Conn, Store};
use crate::views::assignees::active;
use crate::views::deputies::{NamedDeputy, missing, with_names};
use crate::views::staff::NOT_YOURS;

/// Who is to stand in for whom, by username, from the first day to the last.
#[derive(Debug, Clone)]
pub struct NewDeputy {
    pub principal: String,
    pub deputy: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Longer absences are a change of staff.
const MOST_DAYS: u64 = 366;

/// Names a deputy.
///
/// # Errors
/// All that is wrong with it, a caller who may not, or an error of the store.
pub fn name(
    store: &Store,
    new: NewDeputy,
    by: Proof,
    key: Option<Once>,
    now: Moment,
) -> Result<Happened<NamedDeputy>, Error> {
    let mut wrong = Vec::new();
    if new.to < new.from {
        wrong.push(("/to", "trước ngày bắt đầu"));
    } else if new.to < now.date() {
        wrong.push(("/to", "đã qua"));
    } else if new
        .from
        .checked_add_days(Days::new(MOST_DAYS))
        .is_none_or(|last| last < new.to)
    {
        wrong.push(("/to", "dài quá 366 ngày kể từ ngày bắt đầu"));
    }
    if new.principal.eq_ignore_ascii_case(&new.deputy) {
        wrong.push(("/deputy", "không ai làm thay chính mình"));
    }
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let made = once(conn, key.as_ref(), now, |conn| {
            let mut wrong = wrong.clone();
            let principal = handler(conn, "/principal", &new.principal, &mut wrong)?;
            let deputy = handler(conn, "/deputy", &new.deputy, &mut wrong)?;
            let (Some(principal), Some(deputy), true) = (principal, deputy, wrong.is_empty())
            else {
                return Err(Error::invalid(wrong));
            };
            let units = reference.units();
            let within = |user: &User| units.is_under(user.unit, caller.unit());
            if !within(&principal) || !within(&deputy) {
                return Err(NOT_YOURS);
            }
            // Who could do nothing of it would be believed to stand in.
            if !units.is_under(principal.unit, deputy.unit) {
                let why = "người này không xử lý hồ sơ của đơn vị người vắng mặt";
                return Err(Error::wrong("/deputy", why));
            }
            if principal.role.may(Permission::Finish) && !deputy.role.may(Permission::Finish) {
                let why = "người này không được quyết định hồ sơ nên không làm thay được người có quyền đó";
                return Err(Error::wrong("/deputy", why));
            }
            let pair = (principal.id, deputy.id);
            if let Some(known) = deputies::standing(conn, pair, (new.from, new.to))? {
                let (from, to) = (words::date(known.from), words::date(known.to));
                let why = format!("đã được giao làm thay từ {from} đến hết {to}: thôi việc đó trước, hoặc chọn ngày khác");
                return Err(Error::Invalid(vec![WrongField::from(("/from", why))]));
            }
            let named = Deputy {
                id: DeputyId::new(now, rand::random()),
                principal: principal.id,
                deputy: deputy.id,
                from: new.from,
                to: new.to,
                named_by: caller.user(),
                named_at: now,
                ended_at: None,
            };
            deputies::insert(conn, &named)?;
            let act = json!({
                "deputy": named.id, "principal": principal.username, "stands_in": deputy.username,
                "from": named.from, "to": named.to,
            });
            admin_acts::record(conn, caller.actor(), now, ActKind::DeputyNamed, &act)?;
            Ok::<_, Error>(named.id)
        })?;
        Ok(Happened {
            value: named(conn, made.value)?,
            before: made.before,
        })
    })
}

/// Somebody who may log in and handles dossiers.
fn handler(
    conn: &mut Conn,
    field: &'static str,
    username: &str,
    wrong: &mut Vec<(&'static str, &'static str)>,
) -> Result<Option<User>, Error> {
    match active(conn, username)? {
        Ok(user) if user.role.may(Permission::HandOver) => Ok(Some(user)),
        Ok(_) => {
            wrong.push((field, "người này không xử lý hồ sơ"));
            Ok(None)
        }
        Err(reason) => {
            wrong.push((field, reason));
            Ok(None)
        }
    }
}

fn named(conn: &mut Conn, id: DeputyId) -> Result<NamedDeputy, Error> {
    let found = deputies::find(conn, id)?.ok_or_else(missing)?;
    with_names(conn, vec![found])?.pop().ok_or_else(missing)
}

/// Takes it back from now on; what was done until now stays done. Again changes nothing.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn end(store: &Store, id: DeputyId, by: Proof, now: Moment) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let deputy = deputies::find(conn, id)?.ok_or_else(missing)?;
        let principal = users::find(conn, deputy.principal)?.ok_or_else(missing)?;
        if !reference
            .units()
            .is_under(principal.user.unit, caller.unit())
        {
            return Err(NOT_YOURS);
        }
        if deputies::end(conn, id, now)? {
            let act = json!({"deputy": id, "principal": principal.user.username});
            admin_acts::record(conn, caller.actor(), now, ActKind::DeputyEnded, &act)?;
        }
        Ok(())
    })
}

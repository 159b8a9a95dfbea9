//! How much lies with whom: open dossiers by the member of staff who has them, counted along the indexes of open ones.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::domain::dossier::Status;
use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::store::lists::Reach;
use crate::store::open_dossiers::is_late;
use crate::store::schema::dossiers;
use crate::store::{Conn, StoreError};

/// What lies with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    pub open: i64,
    /// Of these, running and due soon.
    pub near_due: i64,
    /// Of these, past due.
    pub overdue: i64,
}

/// By who is in charge (`None`: nobody), of the dossiers whose competent unit is within reach, as of `now`; what is due,
/// or where there is a new appointment appointed, before `near` is near due.
pub fn by_assignee(
    conn: &mut Conn,
    reach: &Reach,
    now: Moment,
    near: Moment,
) -> Result<BTreeMap<Option<UserId>, Load>, StoreError> {
    let units: Option<Vec<i32>> = match reach {
        Reach::All => None,
        Reach::Area { units, .. } | Reach::Units(units) => {
            Some(units.iter().map(|unit| unit.0).collect())
        }
    };
    let (now, near) = (now.unix_millis(), near.unix_millis());
    /// The same statement but for what is counted.
    macro_rules! counted {
        ($($condition:expr),+) => {{
            let mut query = dossiers::table
                .group_by(dossiers::assignee_id)
                .select((dossiers::assignee_id, count_star()))
                $(.filter($condition))+
                .into_boxed();
            if let Some(units) = &units {
                query = query.filter(dossiers::unit_id.eq_any(units.clone()));
            }
            let rows: Vec<(Option<i32>, i64)> = query.load(conn)?;
            rows
        }};
    }
    let mut all: BTreeMap<Option<UserId>, Load> = BTreeMap::new();
    for (user, count) in counted!(dossiers::open_due_at.is_not_null()) {
        all.entry(user.map(UserId)).or_default().open = count;
    }
    let near_due = counted!(
        dossiers::open_due_at.is_not_null(),
        dossiers::watch_at.is_not_null(),
        dossiers::appointment_at.is_null(),
        dossiers::open_due_at.ge(now),
        dossiers::open_due_at.lt(near)
    );
    let running = [Status::Received, Status::InProgress].map(Status::code);
    let appointed = counted!(
        dossiers::appointment_at.is_not_null(),
        dossiers::open_due_at.is_not_null(),
        dossiers::status.eq_any(running),
        dossiers::appointment_at.ge(now),
        dossiers::appointment_at.lt(near)
    );
    for (user, count) in near_due.into_iter().chain(appointed) {
        all.entry(user.map(UserId)).or_default().near_due += count;
    }
    let late = counted!(
        dossiers::late_at.is_not_null(),
        dossiers::late_at.le(now),
        is_late!(now)
    );
    for (user, count) in late {
        all.entry(user.map(UserId)).or_default().overdue = count;
    }
    Ok(all)
}

//! How much lies with whom, for whoever leads them.

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::words;
use crate::store::lists::Reach;
use crate::store::load::{self, Load};
use crate::store::{Store, users};
use crate::views::list::StaffName;

/// What lies with a member of staff, or with nobody yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerLoad {
    pub staff: Option<StaffName>,
    pub load: Load,
}

/// Open dossiers by who is in charge, most overdue first; of the unit and what is under it. Near due is what is due by the
/// end of so many working days after today.
///
/// # Errors
/// If the database refuses.
pub fn by_officer(
    store: &Store,
    unit: UnitId,
    near_days: u32,
    now: Moment,
) -> Result<Vec<OfficerLoad>, Error> {
    store.read_with_reference(|conn, reference| {
        let near = reference.timetable(unit);
        let near = near.map_or(now, |timetable| timetable.near_until(now, near_days));
        let counted = load::by_assignee(conn, &Reach::of(reference, unit), now, near)?;
        let names = users::names(conn, counted.keys().copied().flatten())?;
        let rows = counted.into_iter().map(|(user, load)| OfficerLoad {
            staff: user.and_then(|id| StaffName::of(&names, id)),
            load,
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|row| {
            let name = row.staff.as_ref().map(|staff| staff.full_name.clone());
            (-row.load.overdue, -row.load.open, name)
        });
        Ok(rows)
    })
}

/// The same as a table.
pub fn sheet(rows: &[OfficerLoad], now: Moment) -> Sheet {
    let single = rows.iter().map(|row| {
        let staff = row.staff.as_ref();
        Row {
            kind: RowKind::Single,
            cells: vec![
                Cell::text(staff.map_or("", |staff| &staff.username)),
                Cell::text(staff.map_or("Chưa giao cho ai", |staff| &staff.full_name)),
                Cell::Count(row.load.open),
                Cell::Count(row.load.near_due),
                Cell::Count(row.load.overdue),
            ],
        }
    });
    Sheet {
        title: vec![format!(
            "Hồ sơ đang xử lý theo người phụ trách, lúc {}",
            words::moment(now)
        )],
        columns: vec![
            Column::text("username", "Tên đăng nhập"),
            Column::text("name", "Người phụ trách"),
            Column::number("open", "Đang xử lý"),
            Column::number("near_due", "Sắp đến hạn"),
            Column::number("overdue", "Quá hạn"),
        ],
        rows: single.collect(),
        ..Sheet::default()
    }
}

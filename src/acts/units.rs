//! Units, one at a time. Whole lists come in with `motcua import units`.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::domain::ids::{JobId, UnitId, UserId};
use crate::domain::job::Kind;
use crate::domain::office_hours::OfficeHours;
use crate::domain::period::end_of;
use crate::domain::text;
use crate::domain::unit::{
    Level, Share, Succession, Unit, UnitKind, Units, check_desk_phone, check_statistical_code,
    desk_phone, is_code_under, is_unit_code, typed_code,
};
use crate::error::{Conflict, Error};
use crate::render::words::date;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::store::idempotency::{Once, once};
use crate::store::{Conn, Store, jobs, open_dossiers, settings, units as store};

/// So long after its end a unit may still have taken something in: the end is mostly written down afterwards, but a year is
/// easily mistyped. Ours.
const LATE_DAYS: u64 = 366;

/// A new unit under one that there is.
#[derive(Debug, Clone)]
pub struct NewUnit {
    pub code: String,
    pub level: Level,
    pub kind: UnitKind,
    pub name: String,
    /// Code of the unit above.
    pub parent: String,
    pub statistical_code: Option<String>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub office_hours: Option<OfficeHours>,
    pub mountain: bool,
    pub address: Option<String>,
    pub phone: Option<String>,
}

/// What changes about a unit; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UnitChange {
    pub name: Option<String>,
    /// Code of the unit above.
    pub parent: Option<String>,
    /// The first day, as long as it has not come.
    pub valid_from: Option<NaiveDate>,
    /// The last day; `Some(None)`: none.
    pub valid_to: Option<Option<NaiveDate>>,
    /// Code of the unit that goes on with all of it from the day after; with what is not said to go elsewhere, where others
    /// take a part.
    pub successor: Option<String>,
    /// Codes of units that take a part: what of it goes there is moved one by one.
    pub parts: Vec<String>,
    /// `Some(None)`: the default ones.
    pub office_hours: Option<Option<OfficeHours>>,
    /// Dossiers that were received keep the limit of then.
    pub mountain: Option<bool>,
    /// `Some(None)`: none.
    pub address: Option<Option<String>>,
    pub phone: Option<Option<String>>,
}

/// A text without what nobody needs; one that says nothing is none.
fn kept(text: Option<&String>) -> Option<String> {
    let text = text::line(text?);
    (!text.is_empty()).then_some(text)
}

/// What is wrong with a unit, but for what it was before already: rules may have become stricter since.
fn check(unit: &Unit, before: Option<&Unit>, units: &Units, wrong: &mut Vec<(String, String)>) {
    let mut add = |field: &str, reason: &str| wrong.push((field.to_owned(), reason.to_owned()));
    match unit.name.trim().chars().count() {
        0 => add("/name", "để trống"),
        1..=300 => {}
        _ => add("/name", "dài quá 300 ký tự"),
    }
    if before.is_none_or(|before| before.name != unit.name) && text::is_garbled(&unit.name) {
        add("/name", text::GARBLED);
    }
    let same_address = before.is_some_and(|before| before.address == unit.address);
    let address = unit.address.as_deref().filter(|_| !same_address);
    if address.is_some_and(text::is_garbled) {
        add("/address", text::GARBLED);
    }
    if unit.valid_to.is_some_and(|last| last < unit.valid_from) {
        add("/valid_to", "trước ngày bắt đầu hoạt động");
    }
    if unit
        .address
        .as_ref()
        .is_some_and(|address| address.chars().count() > 300)
    {
        add("/address", "dài quá 300 ký tự");
    }
    let same_phone = before.is_some_and(|before| before.phone == unit.phone);
    let phone = unit.phone.as_deref().filter(|_| !same_phone);
    if let Some(Err(reason)) = phone.map(check_desk_phone) {
        add("/phone", reason);
    }
    if let Some(Err(error)) = unit.office_hours.as_ref().map(OfficeHours::check) {
        add("/office_hours", &error.to_string());
    }
    let same_parent = before.is_some_and(|before| before.parent == unit.parent);
    let parent = unit.parent.filter(|_| !same_parent);
    if let Some(parent) = parent.and_then(|id| units.get(id)) {
        // A department is of the level of the committee that it works for.
        let department = unit.kind == UnitKind::Department || unit.level == Level::Province;
        let is_above = parent.level < unit.level || (department && parent.level == unit.level);
        let governs = parent.kind == UnitKind::PeopleCommittee || unit.kind == UnitKind::Department;
        if !is_above || !governs {
            add(
                "/parent",
                "đơn vị cấp trên phải ở cấp cao hơn; của một ủy ban nhân dân là một ủy ban nhân dân",
            );
        } else if units.is_under(parent.id, unit.id) {
            add("/parent", "đơn vị trở thành cấp trên của chính nó");
        }
    }
}

/// The unit above, which has to be within reach too.
fn parent(
    code: &str,
    units: &Units,
    reach: UnitId,
    wrong: &mut Vec<(String, String)>,
) -> Result<Option<UnitId>, Error> {
    let Some(parent) = units.by_code(code) else {
        wrong.push(("/parent".to_owned(), format!("không có đơn vị '{code}'")));
        return Ok(None);
    };
    if !units.is_under(parent.id, reach) {
        return Err(Error::NOT_YOURS_TO_KEEP);
    }
    Ok(Some(parent.id))
}

/// Makes a unit.
///
/// # Errors
/// All that is wrong with it, a unit above that is out of reach, or an error of the store.
pub fn create_unit(
    store: &Store,
    new: NewUnit,
    by: Proof,
    key: Option<Once>,
) -> Result<Unit, Error> {
    let now = crate::clock::now();
    store.change_reference_as(by, move |conn, reference, caller| {
        let reach = caller.unit();
        let made = once(conn, key.as_ref(), now, |conn| {
            let units = reference.units();
            let mut wrong = Vec::new();
            let code = typed_code(&new.code);
            if !is_unit_code(&code) {
                let reason = format!("'{}' không có dạng H37.16", new.code);
                wrong.push(("/code".to_owned(), reason));
            } else if units.by_code(&code).is_some() {
                wrong.push(("/code".to_owned(), "đã có đơn vị này".to_owned()));
            }
            let parent = parent(&new.parent, units, reach, &mut wrong)?;
            // Case numbers bear it, and everybody reads from it where a unit belongs.
            let above = parent.and_then(|id| units.get(id));
            if let Some(above) = above.filter(|above| !is_code_under(&code, &above.code))
                && wrong.is_empty()
            {
                let reason = format!("mã phải bắt đầu bằng '{}.'", above.code);
                wrong.push(("/code".to_owned(), reason));
            }
            let unit = Unit {
                id: UnitId(store::next_id(conn)?),
                code,
                level: new.level,
                kind: new.kind,
                name: text::line(&new.name),
                parent,
                statistical_code: new.statistical_code.clone(),
                valid_from: new.valid_from,
                valid_to: new.valid_to,
                office_hours: new.office_hours.clone(),
                mountain: new.mountain,
                address: kept(new.address.as_ref()),
                phone: kept(new.phone.as_ref()).as_deref().map(desk_phone),
            };
            check(&unit, None, units, &mut wrong);
            if let Some(code) = &unit.statistical_code
                && let Err(reason) = check_statistical_code(unit.level, code)
            {
                wrong.push(("/statistical_code".to_owned(), reason));
            } else if let Some(other) = units.of_same_statistical_code(&unit) {
                let reason = format!("{} ({}) đã có mã này", other.name, other.code);
                wrong.push(("/statistical_code".to_owned(), reason));
            }
            if !wrong.is_empty() {
                return Err(Error::invalid(wrong));
            }
            store::insert(conn, &unit)?;
            settings::bump_reference_version(conn)?;
            let act = json!({"unit": as_recorded(&unit, units)});
            admin_acts::record(conn, caller.actor(), now, ActKind::UnitMade, &act)?;
            Ok(unit.id)
        })?;
        find(&store::load(conn)?, made.value)
    })
}

fn find(units: &Units, id: UnitId) -> Result<Unit, Error> {
    let unit = units.get(id).map(|unit| Unit::clone(unit));
    unit.ok_or(Error::NO_UNIT)
}

/// Changes a unit, if `unchanged` holds of it as it is now. Other opening hours move the return
/// dates of its open dossiers, as another calendar does; another unit above changes under which area its
/// dossiers are listed; its end sends its open dossiers to its successor, and an end that has not come yet is taken back
/// with the succession. The jobs that do so come with the unit.
///
/// # Errors
/// All that is wrong with the change, a unit that is out of reach, or an error of the store.
pub fn change_unit(
    store: &Store,
    code: &str,
    change: UnitChange,
    by: Proof,
    unchanged: impl Fn(&Unit) -> bool + Send + 'static,
) -> Result<(Unit, Vec<JobId>), Error> {
    let code = code.to_owned();
    store.change_reference_as(by, move |conn, reference, caller| {
        let reach = caller.unit();
        let units = reference.units();
        let known = units.by_code(&code).ok_or(Error::NO_UNIT)?;
        if !units.is_under(known.id, reach) {
            return Err(Error::NOT_YOURS_TO_KEEP);
        }
        if !unchanged(known) {
            return Err(Error::CHANGED);
        }
        let mut wrong = Vec::new();
        let mut unit = Unit::clone(known);
        if let Some(name) = &change.name {
            unit.name = text::line(name);
        }
        if let Some(above) = &change.parent {
            unit.parent = parent(above, units, reach, &mut wrong)?.or(unit.parent);
        }
        let today = crate::clock::now().date();
        if let Some(from) = change.valid_from.filter(|from| *from != known.valid_from) {
            unit.valid_from = from;
            // From then on there are dossiers, and what others were told.
            if known.valid_from <= today {
                let reason = "đơn vị đã bắt đầu hoạt động: không đổi được".to_owned();
                wrong.push(("/valid_from".to_owned(), reason));
            } else if from < today {
                wrong.push(("/valid_from".to_owned(), "đã qua".to_owned()));
            } else if let Some(line) = units
                .successions()
                .find(|line| line.successor == unit.id && line.on < from)
            {
                let reason = format!("đơn vị kế thừa đơn vị khác từ ngày {}", date(line.on));
                wrong.push(("/valid_from".to_owned(), reason));
            }
        }
        unit.valid_to = change.valid_to.unwrap_or(unit.valid_to);
        if let Some(hours) = &change.office_hours {
            unit.office_hours.clone_from(hours);
        }
        unit.mountain = change.mountain.unwrap_or(unit.mountain);
        if let Some(address) = &change.address {
            unit.address = kept(address.as_ref());
        }
        if let Some(phone) = &change.phone {
            unit.phone = kept(phone.as_ref()).as_deref().map(desk_phone);
        }
        check(&unit, Some(known), units, &mut wrong);
        let succession = match &change.successor {
            Some(code) => succession(code, &change.parts, &unit, units, reach, &mut wrong)?,
            None if change.parts.is_empty() => Vec::new(),
            None => {
                let reason = "chỉ khi có đơn vị kế thừa phần còn lại".to_owned();
                wrong.push(("/parts".to_owned(), reason));
                Vec::new()
            }
        };
        let is_over = known.valid_to.filter(|last| *last < today);
        if let Some(last) = is_over.filter(|last| unit.valid_to.is_none_or(|new| new > *last))
            && units.successor_of(unit.id).is_some()
        {
            let reason = format!(
                "đơn vị đã dừng hoạt động sau ngày {} và hồ sơ đã chuyển sang đơn vị kế thừa: không mở lại được; nếu \
                 ghi nhầm thì thêm đơn vị mới",
                date(last)
            );
            wrong.push(("/valid_to".to_owned(), reason));
        }
        let ends = unit.valid_to.is_some() && unit.valid_to != known.valid_to;
        if let Some(last) = unit.valid_to.filter(|_| ends)
            && open_dossiers::received_since(conn, unit.id, end_of(last + Days::new(LATE_DAYS)))?
        {
            let reason =
                "đơn vị còn tiếp nhận hồ sơ hơn một năm sau ngày đó: xem lại năm".to_owned();
            wrong.push(("/valid_to".to_owned(), reason));
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        let mut jobs = Vec::new();
        if ends && succession.is_empty() && units.successor_of(unit.id).is_none() {
            ensure_nothing_held(conn, &unit)?;
        }
        // An end that has not come yet is taken back together with who would have gone on.
        let withdrawn = change.valid_to == Some(None)
            && known.valid_to.is_some_and(|last| last >= today)
            && succession.is_empty();
        if withdrawn {
            store::withdraw_successions(conn, unit.id, today)?;
        }
        for line in &succession {
            store::put_succession(conn, line)?;
        }
        if unit != **known || !succession.is_empty() {
            jobs = put(conn, &unit, units, caller.user())?;
            let mut act = json!({
                "unit": as_recorded(&unit, units), "before": as_recorded(known, units),
                "successor": change.successor,
            });
            if withdrawn {
                act["withdrawn"] = json!(true);
            }
            if !change.parts.is_empty() {
                act["parts"] = json!(change.parts);
            }
            let (actor, now) = (caller.actor(), crate::clock::now());
            admin_acts::record(conn, actor, now, ActKind::UnitChanged, &act)?;
        }
        Ok((unit, jobs))
    })
}

/// The succession that a change names, from the day after the unit's last: one takes all of it, or what is not said to go
/// to those who take a part.
fn succession(
    code: &str,
    parts: &[String],
    unit: &Unit,
    units: &Units,
    reach: UnitId,
    wrong: &mut Vec<(String, String)>,
) -> Result<Vec<Succession>, Error> {
    let Some(on) = unit.valid_to.and_then(|last| last.succ_opt()) else {
        let reason = "chỉ có khi đơn vị có ngày hoạt động cuối cùng (valid_to)";
        wrong.push(("/successor".to_owned(), reason.to_owned()));
        return Ok(Vec::new());
    };
    let whole = match parts {
        [] => Share::Whole,
        _ => Share::Default,
    };
    let first = ("/successor".to_owned(), code, whole);
    let others = parts.iter().enumerate();
    let others = others.map(|(i, code)| (format!("/parts/{i}"), code.as_str(), Share::Part));
    let mut lines: Vec<Succession> = Vec::new();
    for (place, code, share) in std::iter::once(first).chain(others) {
        let mut add = |reason: String| wrong.push((place.clone(), reason));
        let Some(successor) = units.by_code(code) else {
            add(format!("không có đơn vị '{code}'"));
            continue;
        };
        if !units.is_under(successor.id, reach) {
            return Err(Error::NOT_YOURS_TO_KEEP);
        }
        if successor.id == unit.id || !successor.is_open_on(on) {
            add(format!(
                "phải là đơn vị khác, hoạt động vào ngày {}",
                date(on)
            ));
        }
        if lines.iter().any(|line| line.successor == successor.id) {
            add("đơn vị này đã được nêu".to_owned());
        }
        lines.push(Succession {
            unit: unit.id,
            successor: successor.id,
            share,
            on,
        });
    }
    let other = units.successions().any(|known| {
        let named = |line: &Succession| line.successor == known.successor;
        known.unit == unit.id && !lines.iter().any(named)
    });
    if other {
        let reason = "đơn vị đã có đơn vị kế thừa khác".to_owned();
        wrong.push(("/successor".to_owned(), reason));
    }
    Ok(lines)
}

/// A unit that ends leaves nothing behind that nobody could go on with.
fn ensure_nothing_held(conn: &mut Conn, unit: &Unit) -> Result<(), Error> {
    match open_dossiers::held_by(conn, &[unit.id])?.get(&unit.id) {
        None => Ok(()),
        Some(held) => Err(Conflict::HasDossiers {
            code: unit.code.clone(),
            open: held.open,
            not_returned: held.not_returned,
        }
        .into()),
    }
}

fn as_recorded(unit: &Unit, units: &Units) -> Value {
    json!({
        "code": unit.code,
        "name": unit.name,
        "level": unit.level,
        "parent": unit.parent.and_then(|id| units.get(id)).map(|parent| &parent.code),
        "valid_from": unit.valid_from,
        "valid_to": unit.valid_to,
        "office_hours": unit.office_hours,
        "mountain": unit.mountain,
        "address": unit.address,
        "phone": unit.phone,
    })
}

fn put(conn: &mut Conn, unit: &Unit, before: &Units, by: UserId) -> Result<Vec<JobId>, Error> {
    store::update(conn, unit)?;
    settings::bump_reference_version(conn)?;
    let (known, now) = (before.get(unit.id), crate::clock::now());
    let hours = known.is_some_and(|known| known.office_hours != unit.office_hours);
    let ended = known.is_some_and(|known| known.valid_to != unit.valid_to)
        && unit.valid_to.is_some_and(|last| last < now.date());
    let mut asked = Vec::new();
    if hours {
        asked.push(jobs::ask(conn, Kind::DueMoments, &[], Some(by), now)?);
    }
    let after = store::load(conn)?;
    asked.extend(jobs::ask_after_other_tree(
        conn,
        before,
        &after,
        Some(by),
        now,
    )?);
    if ended {
        asked.push(jobs::ask(conn, Kind::Successors, &[], Some(by), now)?);
    }
    Ok(asked)
}

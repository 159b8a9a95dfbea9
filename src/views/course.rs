//! A dossier as its page and its papers tell it: what happened in words, the steps of its workflow with who had them
//! from when to when, who is waited for now, and what else its applicant has handed in.

use serde_json::Value;

use crate::domain::dossier::{Channel, Decision, Status};
use crate::domain::identity::Identity;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::norms::{Form, FormKind};
use crate::domain::procedure::StepRole;
use crate::error::Error;
use crate::render::words;
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, notes, persons, reprints, users};
use crate::views;
use crate::views::dossier::{DossierView, EventView, PAPERS_WANTED, find_within};
use crate::views::list::{ListItem, Named};
use crate::views::reach::Reader;
use crate::views::search::SearchFor;

/// Something that happened, in words.
#[derive(Debug, Clone)]
pub struct Told {
    /// `received`, `handed_over` …
    pub kind: String,
    pub at: Moment,
    pub what: &'static str,
    /// Who did it.
    pub by: String,
    /// What else there is to say, a sentence each.
    pub more: Vec<String>,
    /// Who answered for it then.
    pub offices: Offices,
    /// What was promised until then.
    pub promised: Option<Moment>,
    /// The appointment that it makes, if it makes one.
    pub appointment: Option<Moment>,
    /// What of a dossier that goes on it takes back: `appointment`, `payment_request`.
    pub takes_back: Option<String>,
}

/// Who answers for a dossier and whose desk it came to, by name, at some moment: others may have followed them since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offices {
    pub unit: String,
    pub desk: String,
}

impl Offices {
    /// As it is now.
    pub fn of(view: &DossierView) -> Self {
        Self {
            unit: view.unit.name.clone(),
            desk: view.receiving_unit.name.clone(),
        }
    }

    /// After each of the events.
    fn after_each(view: &DossierView, events: &[EventView], reference: &Reference) -> Vec<Self> {
        let mut offices = Self::of(view);
        let mut all: Vec<Self> = Vec::with_capacity(events.len());
        for event in events.iter().rev() {
            all.push(offices.clone());
            if let Some([from, to]) = moved(event, reference) {
                for name in [&mut offices.unit, &mut offices.desk] {
                    if *name == to {
                        name.clone_from(&from);
                    }
                }
            }
        }
        all.reverse();
        all
    }
}

/// From which office to which an event says that a dossier has moved, by name.
fn moved(event: &EventView, reference: &Reference) -> Option<[String; 2]> {
    let name = |end: &str| {
        let unit = reference.units().by_code(event.data[end].as_str()?)?;
        Some(unit.name.clone())
    };
    let moves = event.kind == "moved_to_successor";
    moves.then(|| Some([name("from")?, name("to")?]))?
}

/// A step of the workflow.
#[derive(Debug, Clone)]
pub struct Stage {
    pub name: String,
    /// Whose it is; of a procedure without steps of its own nobody's in particular.
    pub role: Option<StepRole>,
    pub standing: Standing,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Past,
    Now,
    Later,
    /// It ended before, otherwise.
    Skipped,
}

/// From one hand to the next: a line of the control sheet.
#[derive(Debug, Clone)]
pub struct HandedOn {
    pub from: String,
    pub to: String,
    pub at: Moment,
    /// By when it had to be.
    pub due: Option<Moment>,
    pub note: String,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Course {
    pub told: Vec<Told>,
    pub stages: Vec<Stage>,
    pub handed_on: Vec<HandedOn>,
    /// Who is waited for, and since when.
    pub waits: Option<(String, Moment)>,
    /// What else the applicant has handed in, within reach; none where no number is known.
    pub others: Vec<ListItem>,
    /// The forms of the day of receipt.
    pub forms: Vec<Form>,
    pub legal_basis: Vec<String>,
    /// In which its procedure may be.
    pub cases: Vec<Named>,
    /// What the procedure ends in.
    pub result: String,
    /// How often the receipt was printed again.
    pub receipt_reprints: u32,
    /// What staff tell each other, newest first.
    pub notes: Vec<Noted>,
}

/// A note.
#[derive(Debug, Clone)]
pub struct Noted {
    pub at: Moment,
    pub by: String,
    pub text: String,
}

/// How many notes are shown.
const MOST_NOTES: u32 = 50;

/// How many other dossiers of an applicant are shown.
const MOST_OTHERS: usize = 10;

/// What is told of a dossier that is shown to `by`.
///
/// # Errors
/// If it is out of reach, or the database refuses.
pub fn of(store: &Store, view: &DossierView, by: &Reader, now: Moment) -> Result<Course, Error> {
    let events = views::dossier::events(store, view.id, Some(by.unit))?;
    let reference = store.reference()?;
    let kept =
        store.read_with_reference(|conn, reference| Kept::read(conn, reference, view, by))?;
    let others = match kept.identity.clone() {
        Some(identity) => {
            let searched = [SearchFor::Identity(identity)];
            let most = MOST_OTHERS + 1;
            let found = views::search::search(store, &searched, by.unit, None, most, now)?;
            let others = found.items.into_iter().filter(|item| item.id != view.id);
            others.take(MOST_OTHERS).collect()
        }
        None => Vec::new(),
    };
    let day = view.received_at.unwrap_or(view.entered_at).date();
    let offices = Offices::after_each(view, &events, &reference);
    let mut promised = None;
    let told_of = events.iter().zip(offices.iter().cloned());
    Ok(Course {
        told: told_of
            .map(|(event, offices)| {
                let mut told = told(event, offices, &kept, &reference);
                let due = event.data["due"].as_str();
                let due = due.and_then(|due| Moment::parse(due).ok());
                told.promised = promised;
                promised = told.appointment.or(due).or(promised);
                told
            })
            .collect(),
        stages: stages(view, &kept.steps, &kept.roles),
        handed_on: handed_on(&events, &offices, &kept.steps, &reference),
        waits: waits(view, &events),
        others,
        forms: reference.norms().on(day).forms.clone(),
        legal_basis: kept.legal_basis,
        cases: kept.cases,
        result: kept.result,
        receipt_reprints: kept.receipt_reprints,
        notes: kept.notes,
    })
}

/// What is kept beside the dossier's row and events.
struct Kept {
    steps: Vec<String>,
    roles: Vec<StepRole>,
    identity: Option<Identity>,
    legal_basis: Vec<String>,
    cases: Vec<Named>,
    result: String,
    receipt_reprints: u32,
    notes: Vec<Noted>,
}

impl Kept {
    fn read(
        conn: &mut Conn,
        reference: &Reference,
        view: &DossierView,
        by: &Reader,
    ) -> Result<Self, Error> {
        let dossier = find_within(conn, reference, view.id, Some(by.unit))?;
        let procedure = reference
            .procedure_of(&dossier)
            .ok_or_else(|| StoreError::corrupt("không có thủ tục"))?;
        let steps = (0..procedure.step_count()).map(|step| procedure.step_name(step).to_owned());
        let roles = procedure.definition.workflow.iter().map(|step| step.role);
        let person = persons::find(conn, dossier.applicant)?;
        let definition = &procedure.definition;
        let notes = notes::of_dossier(conn, view.id, MOST_NOTES)?;
        let names = users::names(conn, notes.iter().map(|note| note.by))?;
        let notes = notes.into_iter().map(|note| Noted {
            at: note.at,
            by: names
                .get(&note.by)
                .map_or_else(String::new, |(_, name)| name.clone()),
            text: note.text,
        });
        Ok(Self {
            steps: steps.collect(),
            roles: roles.collect(),
            identity: person.and_then(|person| person.identity),
            legal_basis: definition.legal_basis.clone(),
            cases: Named::cases_of(definition),
            result: definition.result.clone(),
            receipt_reprints: reprints::count(conn, view.id, FormKind::Receipt)?,
            notes: notes.collect(),
        })
    }
}

/// Whether a dossier is within reach of somebody.
///
/// # Errors
/// If there is none, or the database refuses.
pub fn is_within(store: &Store, id: DossierId, by: &Reader) -> Result<bool, Error> {
    let found = store.read_with_reference(|conn, reference| {
        find_within(conn, reference, id, Some(by.unit)).map(drop)
    });
    match found {
        Ok(()) => Ok(true),
        Err(Error::OutOfReach(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn stages(view: &DossierView, steps: &[String], roles: &[StepRole]) -> Vec<Stage> {
    let at_hand = usize::from(view.step.index);
    // How many are done, and which is being done.
    let (past, now) = match view.status {
        Status::Registered | Status::NotReceived => (0, None),
        Status::Returned => (steps.len(), None),
        // What is left is that the result is fetched.
        Status::Done => (at_hand + 1, Some(at_hand + 1)),
        Status::Withdrawn | Status::Stopped => (at_hand, None),
        _ => (at_hand, Some(at_hand)),
    };
    // Who refuses does not go through what would have followed but the giving out.
    let refused = view.decision == Some(Decision::Refused);
    let stages = steps.iter().enumerate();
    let stages = stages.map(|(i, name)| Stage {
        name: name.clone(),
        role: roles.get(i).copied(),
        standing: match i {
            i if refused && i > at_hand && i + 1 < steps.len() => Standing::Skipped,
            i if refused && i > at_hand && view.status == Status::Done => Standing::Now,
            i if i < past => Standing::Past,
            i if Some(i) == now => Standing::Now,
            _ => Standing::Later,
        },
    });
    stages.collect()
}

/// Who did what is told.
fn actor(event: &EventView) -> String {
    match (event.by, &event.staff) {
        (_, Some(staff)) => match &event.on_behalf_of {
            Some(principal) => format!("{} (làm thay {})", staff.full_name, principal.full_name),
            None => staff.full_name.clone(),
        },
        ("citizen", None) => "Người nộp".to_owned(),
        _ => "Hệ thống".to_owned(),
    }
}

fn told(event: &EventView, offices: Offices, kept: &Kept, reference: &Reference) -> Told {
    let data = &event.data;
    let text = |name: &str| data[name].as_str().filter(|text| !text.is_empty());
    let unit = |name: &str| {
        let unit = reference.units().by_code(text(name)?)?;
        Some(unit.name.clone())
    };
    let moment = |name: &str| Some(words::moment(Moment::parse(text(name)?).ok()?));
    let [before, after] = &event.hands;
    let step = || {
        kept.steps
            .get(usize::try_from(data["step"].as_u64()?).ok()?)
    };
    let amount = |name: &str| {
        let amount = i64::try_from(data[name].as_u64()?).ok()?;
        Some(format!("{} đồng", words::number(amount)))
    };
    let wanted = data[PAPERS_WANTED].as_array();
    let papers = wanted.or_else(|| data["papers"].as_array()).map(|names| {
        let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
        names.join("; ")
    });
    let exception = &data["exception"];
    // Of a correction, and of what came later, each with its numbers.
    let corrected = event.kind == "papers_corrected";
    let numbered = corrected || event.kind == "supplement_taken";
    let numbers = |items: &str, names: &str| {
        let items = data[items].as_array().filter(|_| numbered)?.iter();
        let names = data[names].as_array()?.iter();
        let rows = items.zip(names).filter_map(|(item, name)| {
            let number = |part: usize| u16::try_from(item[part].as_u64()?).ok();
            let said = words::copies(number(1)?, number(2)?);
            Some(format!("{}: {said}", name.as_str()?))
        });
        Some(rows.collect::<Vec<_>>().join("; "))
    };
    let case = |name: &str| {
        let code = text(name).filter(|_| event.kind == "case_corrected")?;
        let known = kept.cases.iter().find(|case| case.code == code)?;
        Some(format!("{} ({code})", known.name))
    };
    // Of a receipt that is put right, each as it was too.
    let receipt = event.kind == "receipt_corrected";
    let named = |name: &str| {
        let code = text(name).filter(|_| receipt)?;
        let version = reference.versions(code).first()?;
        Some(format!("{} ({code})", version.definition.name))
    };
    let in_case = || {
        let code = text("case").filter(|_| receipt)?;
        let of = text("procedure").unwrap_or_default();
        let mut versions = reference.versions(of).iter();
        let case = versions.find_map(|version| version.definition.case(code))?;
        Some(format!("{} ({code})", case.name))
    };
    let way = |name: &str| {
        let by = text(name).filter(|_| receipt)?.parse().ok()?;
        Some(words::channel(by).to_owned())
    };
    let when = |name: &str| moment(name).filter(|_| receipt);
    let said = [
        ("Thủ tục", named("procedure")),
        ("Trường hợp", in_case()),
        ("Trước đó ghi thủ tục", named("procedure_before")),
        ("Kênh nộp", way("channel")),
        ("Trước đó ghi kênh", way("channel_before")),
        ("Tiếp nhận lúc", when("received_at")),
        ("Trước đó ghi lúc", when("received_before")),
        ("Bước", step().cloned()),
        ("Đơn vị", unit("unit")),
        ("Từ", unit("from")),
        ("Đến", unit("to")),
        ("Người giữ trước", before.clone()),
        ("Giao cho", after.clone()),
        ("Lý do", text("reason").map(str::to_owned)),
        ("Ghi chú", text("note").map(str::to_owned)),
        ("Giấy tờ", papers.filter(|_| !numbered)),
        (
            if corrected { "Nay ghi" } else { "Giấy tờ" },
            numbers("items", "papers"),
        ),
        ("Trước đó ghi", numbers("before", "papers_before")),
        (
            "Số bộ",
            data["sets"]
                .as_u64()
                .filter(|_| corrected)
                .map(|sets| sets.to_string()),
        ),
        (
            "Trả kết quả",
            text("return_channel")
                .filter(|_| corrected)
                .and_then(|by| Some(words::channel(by.parse().ok()?).to_owned())),
        ),
        ("Trường hợp", case("case")),
        ("Trước đó là", case("case_before")),
        ("Số tiền", amount("amount_vnd")),
        ("Biên lai", text("receipt").map(str::to_owned)),
        ("Hẹn trả", moment("due")),
        ("Hẹn lại", moment("appointment")),
        (
            "Yêu cầu thêm vì",
            exception["reason"].as_str().map(str::to_owned),
        ),
        (
            "Người cho phép",
            exception["allowed_by"].as_str().map(str::to_owned),
        ),
        ("Nhập sau, vì", event.late_reason.clone()),
    ];
    let mut more: Vec<_> = said
        .into_iter()
        .filter_map(|(word, said)| Some(format!("{word}: {}", said?)))
        .collect();
    // Seconds lie between the two in the normal course of things.
    let between = event.recorded_at.unix_millis() - event.at.unix_millis();
    if between > 60_000 {
        more.push(format!(
            "Ghi vào hệ thống: {}",
            words::moment(event.recorded_at)
        ));
    }
    Told {
        kind: event.kind.clone(),
        at: event.at,
        what: event.name,
        by: actor(event),
        more,
        offices,
        promised: None,
        takes_back: text("what")
            .filter(|_| event.kind == "undone")
            .map(str::to_owned),
        appointment: (event.kind == "reappointed")
            .then(|| Moment::parse(text("appointment")?).ok())
            .flatten(),
    }
}

/// The hand-overs, beginning with the applicant's.
fn handed_on(
    events: &[EventView],
    offices: &[Offices],
    steps: &[String],
    reference: &Reference,
) -> Vec<HandedOn> {
    let mut lines: Vec<HandedOn> = Vec::new();
    let received = received_at(events);
    // What may be undone, by the line that it made.
    let mut ended: Vec<usize> = Vec::new();
    let mut holder = "Người nộp".to_owned();
    let mut due: Option<Moment> = None;
    let mut unit = String::new();
    let mut step_now = 0;
    for (event, offices) in events.iter().zip(offices) {
        let data = &event.data;
        let moment = |name: &str| Moment::parse(data[name].as_str()?).ok();
        if let Some(code) = data["unit"].as_str()
            && event.kind == "handed_over"
            && let Some(known) = reference.units().by_code(code)
        {
            unit.clone_from(&known.name);
        }
        let named = |unit: &str, step: usize| {
            format!("{unit} – {}", steps.get(step).map_or("", String::as_str))
        };
        let mut passed_on = "";
        let to = match event.kind.as_str() {
            "received" => {
                unit.clone_from(&offices.desk);
                named(&unit, 0)
            }
            "handed_over" => {
                let step = data["step"].as_u64();
                step_now = step
                    .and_then(|step| usize::try_from(step).ok())
                    .unwrap_or(usize::MAX);
                named(&unit, step_now)
            }
            // Only what it holds moves with an office; what waits to be fetched waits at the desk.
            "moved_to_successor" if !lines.is_empty() => match moved(event, reference) {
                Some([from, to]) => {
                    let held = from == unit;
                    if held {
                        unit.clone_from(&to);
                    }
                    passed_on = "Chuyển theo việc sắp xếp lại cơ quan";
                    match ended.len() {
                        0 if held => named(&unit, step_now),
                        1 if to == offices.desk => named(&to, steps.len().saturating_sub(1)),
                        _ => continue,
                    }
                }
                None => continue,
            },
            // From here on it waits for the applicant: nobody is late with it any more.
            "finished" => named(&offices.desk, steps.len().saturating_sub(1)),
            "result_returned" => "Người nộp".to_owned(),
            "undone" => {
                let undone = ended.pop().map(|at| lines.split_off(at));
                let mut undone = undone.into_iter().flatten();
                if let Some(line) = undone.next() {
                    (holder, due) = (line.from, line.due);
                }
                // That it has moved since is not undone.
                if let Some(moved) = undone.last() {
                    let to = named(&unit, step_now);
                    let from = std::mem::replace(&mut holder, to.clone());
                    lines.push(HandedOn { from, to, ..moved });
                }
                continue;
            }
            // A pause or another calendar has moved it.
            _ => {
                due = moment("step_due").or(due);
                continue;
            }
        };
        match event.kind.as_str() {
            "finished" | "result_returned" => ended.push(lines.len()),
            "moved_to_successor" => {}
            _ => ended.clear(),
        }
        let note = data["note"].as_str().unwrap_or(passed_on).to_owned();
        lines.push(HandedOn {
            from: std::mem::replace(&mut holder, to.clone()),
            to,
            at: received
                .filter(|_| event.kind == "received")
                .unwrap_or(event.at),
            due: due.take(),
            note,
        });
        due = moment("step_due");
    }
    lines
}

/// When it was taken in, where that was put right since.
fn received_at(events: &[EventView]) -> Option<Moment> {
    let corrected = events
        .iter()
        .rev()
        .filter(|event| event.kind == "receipt_corrected");
    let mut moments = corrected.filter_map(|event| event.data["received_at"].as_str());
    Moment::parse(moments.next()?).ok()
}

/// Who is waited for now, and since when.
fn waits(view: &DossierView, events: &[EventView]) -> Option<(String, Moment)> {
    let last = |kinds: &[&str]| {
        let found = events
            .iter()
            .rev()
            .find(|event| kinds.contains(&event.kind.as_str()));
        let at = |event: &EventView| {
            received_at(events)
                .filter(|_| event.kind == "received")
                .unwrap_or(event.at)
        };
        found.map_or(view.last_event_at, at)
    };
    let whom = match view.status {
        Status::Registered => return Some((view.unit.name.clone(), view.entered_at)),
        Status::SupplementRequested => {
            let whom = "người nộp bổ sung giấy tờ".to_owned();
            return Some((whom, last(&["supplement_requested"])));
        }
        Status::PaymentRequested => {
            let whom = "người nộp nộp tiền".to_owned();
            return Some((whom, last(&["payment_requested"])));
        }
        Status::Done => {
            let whom = match view.return_channel {
                Channel::Direct => "người nộp đến nhận kết quả".to_owned(),
                Channel::Postal => {
                    format!("{} gửi kết quả qua bưu chính", view.receiving_unit.name)
                }
                Channel::Online => {
                    format!(
                        "{} gửi kết quả bằng phương thức điện tử",
                        view.receiving_unit.name
                    )
                }
            };
            return Some((whom, view.closed_at.unwrap_or(view.last_event_at)));
        }
        Status::Received | Status::InProgress => match &view.assignee {
            Some(staff) => format!("{} ({})", staff.full_name, view.holder.name),
            None => format!("{}, chưa giao cho ai", view.holder.name),
        },
        _ => return None,
    };
    let since = last(&[
        "handed_over",
        "hands_changed",
        "received",
        "supplement_taken",
        "payment_taken",
        "moved_to_successor",
    ]);
    Some((whom, since))
}

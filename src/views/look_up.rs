//! Looking a dossier up by case number and look-up code.
//!
//! Case numbers are guessable, so the number alone shows nothing: the receipt carries a code that
//! follows from the dossier by a secret of this installation. What is shown holds no identity
//! number, no contact, and the applicant's name only masked.

use std::net::IpAddr;

use data_encoding::BASE32_NOPAD;
use hmac::Mac;
use serde::Serialize;

use crate::domain::case_number::CaseNumber;
use crate::domain::disclosure::{disclosures, gives_away};
use crate::domain::dossier::{Channel, Contents, Decision, EventData, Status, UndoneWithin};
use crate::domain::ids::{DossierId, UnitId};
use crate::domain::mac::mac;
use crate::domain::moment::Moment;
use crate::domain::office_hours::OfficeHours;
use crate::domain::person::Person;
use crate::domain::procedure::Procedure;
use crate::domain::progress::{self, Progress, Stage, Way};
use crate::domain::text::clean;
use crate::domain::time_limit::TimeLimit;
use crate::domain::typed::{latin, unlabelled};
use crate::error::Error;
use crate::render;
use crate::render::words::told::{taken_back, taken_back_within};
use crate::store::limits::{Limits, address_key};
use crate::store::overview::{self, PublicOverview, State};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, dossiers, rate_limits};
use crate::views::calendar::{self, ProvisionalDay};
use crate::views::dossier::{Under, papers_held, version_after};

/// No such dossier, or another code: which of the two is not told.
const NO_SUCH_PAIR: Error = Error::NotFound("không có hồ sơ với mã hồ sơ và mã tra cứu này");

/// Bytes of the code: 50 bits, ten letters.
const CODE_LETTERS: usize = 10;

/// A dossier as the public may see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct LookUp {
    pub case_number: String,
    pub procedure_code: String,
    /// Its name, with that of the case.
    pub procedure: String,
    /// Who answers for it.
    pub unit: String,
    /// Who has it now.
    pub holder: String,
    /// Of a person family name and initials; of an organisation the whole name.
    pub applicant: String,
    pub status: Status,
    pub status_code: i16,
    pub status_name: &'static str,
    /// The workflow step at hand, while it is being handled.
    pub step: Option<String>,
    pub received_at: Option<Moment>,
    /// By which reports judge.
    pub due_at: Option<Moment>,
    /// The return date was named by hand, as the procedure sets no limit.
    pub due_by_hand: bool,
    /// Days that are yet to be announced and on which it rests while the dossier is open: it may move.
    pub provisional_days: Vec<ProvisionalDay>,
    /// The new appointment; never before the due moment.
    pub appointment_at: Option<Moment>,
    pub done_at: Option<Moment>,
    pub returned_at: Option<Moment>,
    /// The clock stands: the applicant is asked for something.
    pub paused: bool,
    pub overdue: bool,
    /// What is owed for it and what was paid.
    pub fees: Vec<LookUpFee>,
    /// All that was paid, in đồng.
    pub paid_vnd: u64,
    /// Of it, what was paid back.
    pub refunded_vnd: u64,
    /// What comes next, and when, in a sentence.
    #[schema(example = "Hẹn trả kết quả: 17:00 ngày 22/03/2021.")]
    pub next: String,
    /// Its way in few stages, in their order.
    pub stages: Vec<StageView>,
    /// What the applicant is asked for, while they are.
    pub asked: Option<AskedFor>,
    /// Why it was not received, refused, stopped or withdrawn, or why it was appointed anew. Absent where the office's
    /// words name the applicant, who handed it in for them, or a number or address of theirs: they have it by letter, and at the desk.
    #[schema(example = "Bản sao chưa được chứng thực")]
    pub reason: Option<String>,
    pub decision: Option<Decision>,
    pub return_channel: Channel,
    /// Whom to call, and where to go.
    pub desk: Desk,
    /// When its applicant said how satisfied they are; asked for once the result is returned.
    pub rated_at: Option<Moment>,
    /// Required papers of what was not handed in at a desk, that have not come yet, with how many of each.
    #[schema(example = json!(["Giấy khai sinh (1 bản sao)"]))]
    pub still_to_come: Vec<String>,
    pub history: Vec<Milestone>,
}

/// A fee, as the public may see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct LookUpFee {
    #[schema(example = "Lệ phí đăng ký")]
    pub name: String,
    /// How many times it is owed.
    #[schema(example = 1)]
    pub quantity: u32,
    /// What it comes to, in đồng; absent where that is not known yet.
    #[schema(example = 25000)]
    pub sum_vnd: Option<u64>,
    /// It was collected, or waived.
    pub settled: bool,
}

/// A stage of a dossier's way.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StageView {
    pub stage: Stage,
    #[schema(example = "Tiếp nhận")]
    pub name: &'static str,
    pub progress: Progress,
    #[schema(example = "đã xong")]
    pub progress_name: &'static str,
    /// When it was over, or since when it is under way.
    pub at: Option<Moment>,
    /// By when it is promised to be over.
    pub by: Option<Moment>,
}

/// What an applicant is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AskedFor {
    pub since: Moment,
    /// Papers, with how many of each.
    #[schema(example = json!(["Giấy khai sinh (1 bản sao)"]))]
    pub papers: Vec<String>,
    /// In đồng, as far as it is known.
    #[schema(example = 150_000)]
    pub amount_vnd: Option<u64>,
    /// Names of the fees for which that is.
    pub fees: Vec<String>,
    pub reason: Option<String>,
}

/// The desk that took a dossier in; where its unit has ended, that of the unit that does its work now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Desk {
    #[schema(example = "H37.20.01")]
    pub code: String,
    pub name: String,
    pub address: Option<String>,
    #[schema(example = "0205 3812 345")]
    pub phone: Option<String>,
    /// When it is open, a line each.
    #[schema(example = json!(["Thứ Hai đến thứ Sáu: 07:30–12:00, 13:30–17:00"]))]
    pub hours: Vec<String>,
}

impl Desk {
    /// Of the unit, or of the one that does its work at `now`; opening hours are `usual` where it has none of its own.
    pub(crate) fn of(
        reference: &Reference,
        unit: UnitId,
        usual: &OfficeHours,
        now: Moment,
    ) -> Self {
        let units = reference.units();
        let unit = units
            .in_charge_on(unit, now.date())
            .or_else(|| units.get(unit));
        let hours = unit.and_then(|unit| unit.office_hours.as_ref());
        Self {
            code: unit.map(|unit| unit.code.clone()).unwrap_or_default(),
            name: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
            address: unit.and_then(|unit| unit.address.clone()),
            phone: unit.and_then(|unit| unit.phone.clone()),
            hours: render::words::office_hours(hours.unwrap_or(usual)),
        }
    }
}

/// One event, as the public may see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Milestone {
    pub at: Moment,
    #[schema(example = "Tiếp nhận hồ sơ")]
    pub what: String,
}

/// Shows a dossier to whoever has its case number and look-up code, as of `now`.
///
/// # Errors
/// If the number has not the form of one, the two do not belong together, or the database refuses.
pub fn look_up(store: &Store, case_number: &str, code: &str, now: Moment) -> Result<LookUp, Error> {
    let number = parse(case_number)?;
    let hours = store.default_hours();
    store.read_with_reference(|conn, reference| find(conn, reference, hours, &number, code, now))
}

fn parse(case_number: &str) -> Result<CaseNumber, Error> {
    CaseNumber::parse(case_number).map_err(|error| Error::wrong("case_number", error))
}

/// The dossier that number and code belong to.
fn identify(
    conn: &mut Conn,
    reference: &Reference,
    number: &CaseNumber,
    code: &str,
) -> Result<DossierId, Error> {
    let id = dossiers::find_id(conn, number)?.ok_or(NO_SUCH_PAIR)?;
    match code_fits(reference.look_up_key(), id, code) {
        true => Ok(id),
        false => Err(NO_SUCH_PAIR),
    }
}

fn find(
    conn: &mut Conn,
    reference: &Reference,
    hours: &OfficeHours,
    number: &CaseNumber,
    code: &str,
    now: Moment,
) -> Result<LookUp, Error> {
    // Of attempts nothing is asked: they count under no empty key.
    match overview::public(conn, number, "")? {
        Some((_, found)) if code_fits(reference.look_up_key(), found.state.id, code) => {
            show(reference, hours, found, now)
        }
        _ => Err(NO_SUCH_PAIR),
    }
}

fn show(
    reference: &Reference,
    hours: &OfficeHours,
    found: PublicOverview,
    now: Moment,
) -> Result<LookUp, Error> {
    let PublicOverview {
        state,
        applicant,
        delegate,
        history,
        rated_at,
        ..
    } = found;
    let unit_name = |id| {
        let unit = reference.units().get(id);
        unit.map(|unit| unit.name.clone()).unwrap_or_default()
    };
    let procedure = reference.procedure(state.procedure);
    let definition = procedure.map(|procedure| &procedure.definition);
    let contents = Contents::of(history.iter().map(|(at, data)| (*at, data)));
    // A history that cannot be read says nothing of fees.
    let contents = contents.unwrap_or_default();
    let in_case = reference.procedure_in_case(state.procedure, contents.case.as_deref());
    // What is owed depends on a case that nobody has said yet.
    let unknown = definition.is_some_and(|definition| {
        let mut cases = definition.cases.iter();
        contents.case.is_none() && cases.any(|case| case.fees.is_some())
    });
    let charged = in_case.filter(|_| !(unknown && state.status == Status::Registered));
    let fees = charged.map(|procedure| fees(&contents, procedure, &state));
    let crossed = state.crosses_at.is_some_and(|moment| moment < now);
    let open_due = state.due.filter(|_| state.status.is_open());
    let limit = history.iter().fold(None, |limit, (_, data)| match data {
        EventData::Received(received) => Some(received.limit),
        EventData::VerificationNeeded(needed) => needed.limit.or(limit),
        EventData::CaseCorrected(new) => Some(new.limit),
        EventData::ReceiptCorrected(new) => Some(new.limit),
        _ => limit,
    });
    let overdue = state.overdue || crossed;
    let people: Vec<Person> = std::iter::once(applicant).chain(delegate).collect();
    let told = Told::of(reference, state.status, &contents, &history).for_public(&people);
    let desk = Desk::of(reference, state.receiving.unwrap_or(state.unit), hours, now);
    let next = render::words::what_is_next(&render::words::Stand {
        status: state.status,
        decision: state.decision,
        you: people
            .first()
            .map_or("", render::words::told::you_without_name),
        return_channel: state.return_channel,
        desk: &desk.name,
        due: state.due,
        appointment: state.appointment,
        overdue,
        asked_vnd: told.asked.as_ref().and_then(|asked| asked.amount_vnd),
        returned_at: state.returned_at,
        now,
    });
    let stages = progress::stages(&Way {
        status: state.status,
        channel: state.channel,
        // What was submitted online has come in before it was received.
        entered_at: history.first().map_or(state.entered_at, |(at, _)| *at),
        received_at: state.received_at,
        asked_since: told.asked.as_ref().map(|asked| asked.since),
        promised: state.appointment.or(state.due),
        ended_at: state.closed_at.or(told.ended_at),
        returned_at: state.returned_at,
    });
    let stages = stages.into_iter().map(|one| StageView {
        stage: one.stage,
        name: render::words::stage(one.stage),
        progress: one.progress,
        progress_name: render::words::progress(one.progress, one.stage),
        at: one.at,
        by: one.by,
    });
    let (history, mistaken) = milestones(&history);
    let next = match mistaken {
        Some(what) => format!("Thông báo trước đây về việc {what} là do ghi nhận nhầm. {next}"),
        None => next,
    };
    let still_to_come = match (state.channel, state.status) {
        (Channel::Direct, _) => Vec::new(),
        (_, Status::Received | Status::InProgress) => in_case.map_or_else(Vec::new, |procedure| {
            missing_papers(reference, &contents, procedure)
        }),
        _ => Vec::new(),
    };
    Ok(LookUp {
        case_number: state.case_number,
        procedure_code: definition.map(|d| d.code.clone()).unwrap_or_default(),
        procedure: in_case.map(|p| p.name_in_case()).unwrap_or_default(),
        unit: unit_name(state.unit),
        holder: unit_name(state.holder),
        applicant: people.first().map(Person::public_name).unwrap_or_default(),
        status: state.status,
        status_code: state.status.code(),
        status_name: render::words::status(state.status),
        step: procedure
            .filter(|_| state.status.is_open())
            .map(|p| p.step_name(usize::from(state.step)).to_owned()),
        received_at: state.received_at,
        due_at: state.due,
        due_by_hand: limit.is_some_and(TimeLimit::is_by_hand),
        provisional_days: calendar::rests_on(
            reference,
            state.unit,
            state.procedure,
            state.received_at,
            open_due,
        ),
        appointment_at: state.appointment,
        done_at: state.closed_at,
        returned_at: state.returned_at,
        paused: state.status.is_waiting(),
        overdue,
        next,
        stages: stages.collect(),
        asked: told.asked,
        // An apology says nothing where no new appointment holds.
        reason: told
            .reason
            .filter(|_| !state.status.is_open() || state.appointment.is_some()),
        decision: state.decision,
        return_channel: state.return_channel,
        desk,
        rated_at,
        fees: fees.unwrap_or_default(),
        paid_vnd: contents.paid_vnd,
        refunded_vnd: contents.refunded_vnd(),
        still_to_come,
        history,
    })
}

/// Required papers of which nothing has come.
pub(crate) fn missing_papers(
    reference: &Reference,
    contents: &Contents,
    procedure: &Procedure,
) -> Vec<String> {
    let papers = papers_held(reference, contents, procedure);
    let all = procedure.definition.checklist.iter().zip(papers.listed);
    let missing = all.filter(|(item, held)| item.required && !held.is_any());
    missing
        .map(|(item, _)| render::words::paper(item))
        .collect()
}

/// What happened, oldest first; and of what was said by mistake if nothing else has come after that was taken back.
fn milestones(history: &[(Moment, EventData)]) -> (Vec<Milestone>, Option<&'static str>) {
    let mut said: Vec<(Status, Option<Decision>)> = Vec::new();
    let mut mistaken = None;
    let mut milestones = Vec::with_capacity(history.len());
    let received = history.iter().rev().find_map(|(_, data)| match data {
        EventData::ReceiptCorrected(new) => new.received_at,
        _ => None,
    });
    for (at, data) in history {
        let mut what = render::words::event(data).to_owned();
        let state = match data {
            EventData::Finished(finished) => Some((Status::Done, Some(finished.decision))),
            EventData::ResultReturned(_) => Some((Status::Returned, None)),
            EventData::NotReceived(_) => Some((Status::NotReceived, None)),
            EventData::SupplementRequested(_) => Some((Status::SupplementRequested, None)),
            EventData::Withdrawn(_) => Some((Status::Withdrawn, None)),
            EventData::Stopped(_) => Some((Status::Stopped, None)),
            _ => None,
        };
        if let Some(state) = state {
            said.push(state);
            mistaken = None;
        }
        if let EventData::PaymentRequested(_)
        | EventData::Reappointed(_)
        | EventData::SupplementTaken(_) = data
        {
            mistaken = None;
        }
        if let EventData::Undone(undone) = data {
            mistaken = match undone.what {
                Some(what) => Some(taken_back_within(what)),
                None => said
                    .pop()
                    .and_then(|(status, decision)| taken_back(status, decision)),
            };
            if let Some(mistaken) = mistaken {
                what = format!("{what}: {mistaken}");
            }
        }
        let at = match data {
            EventData::Received(_) => received.unwrap_or(*at),
            _ => *at,
        };
        milestones.push(Milestone { at, what });
    }
    (milestones, mistaken)
}

/// What the events say to the applicant as things stand now.
#[derive(Default)]
pub(crate) struct Told {
    pub asked: Option<AskedFor>,
    /// Why it was not received, refused, stopped or withdrawn, or appointed anew.
    pub reason: Option<String>,
    /// When it was not received.
    ended_at: Option<Moment>,
}

impl Told {
    /// As somebody with the code may see it. Staff write what they like, and a code may be seen by others.
    fn for_public(mut self, people: &[Person]) -> Self {
        let told =
            |reason: &String| disclosures(reason, people).is_empty() && !gives_away(reason, people);
        self.reason = self.reason.filter(told);
        if let Some(asked) = &mut self.asked {
            asked.reason = asked.reason.take().filter(told);
        }
        self
    }

    pub(crate) fn of(
        reference: &Reference,
        status: Status,
        contents: &Contents,
        history: &[(Moment, EventData)],
    ) -> Self {
        let mut told = Self::default();
        // Papers and fees are positions in the version that held when they were asked for.
        let mut under: Option<Under> = None;
        for (at, data) in history {
            under = version_after(data, under.as_ref()).or(under.take());
            let version = under.as_ref().and_then(|(id, case)| {
                let version = reference.procedure_in_case(*id, case.as_deref())?;
                Some(&version.definition)
            });
            let reason = |reason: &str| Some(reason.to_owned()).filter(|reason| !reason.is_empty());
            match (data, status) {
                (EventData::SupplementRequested(requested), Status::SupplementRequested) => {
                    let items = requested
                        .items
                        .iter()
                        .filter_map(|position| version?.checklist.get(usize::from(*position)));
                    told.asked = Some(AskedFor {
                        since: *at,
                        papers: items.map(render::words::paper).collect(),
                        amount_vnd: None,
                        fees: Vec::new(),
                        reason: reason(&requested.reason),
                    });
                }
                (EventData::PaymentRequested(requested), Status::PaymentRequested) => {
                    let fees = contents.requested_fees.iter();
                    let fees =
                        fees.filter_map(|position| version?.fees.get(usize::from(*position)));
                    told.asked = Some(AskedFor {
                        since: *at,
                        papers: Vec::new(),
                        amount_vnd: contents.payment_requested,
                        fees: fees.map(|fee| fee.name.clone()).collect(),
                        reason: reason(&requested.reason),
                    });
                }
                (EventData::NotReceived(refused), Status::NotReceived) => {
                    told.reason = reason(&refused.reason);
                    told.ended_at = Some(*at);
                }
                (EventData::Withdrawn(withdrawn), Status::Withdrawn) => {
                    told.reason = reason(&withdrawn.reason);
                    told.ended_at = Some(*at);
                }
                (EventData::Stopped(stopped), Status::Stopped) => {
                    told.reason = reason(&stopped.reason);
                }
                (EventData::Finished(finished), Status::Done | Status::Returned) => {
                    let refused = finished.decision == Decision::Refused;
                    told.reason = reason(&finished.reason).filter(|_| refused);
                }
                (EventData::Reappointed(apology), Status::Received | Status::InProgress) => {
                    told.reason = reason(&apology.reason);
                }
                (EventData::AppointmentLapsed(_), _) => told.reason = None,
                (EventData::Undone(undone), _)
                    if undone.what == Some(UndoneWithin::Appointment) =>
                {
                    told.reason = None;
                }
                _ => {}
            }
        }
        told
    }
}

/// What is owed, or was settled.
fn fees(contents: &Contents, procedure: &Procedure, state: &State) -> Vec<LookUpFee> {
    let all = state.fees(contents, procedure);
    let shown = (0_u16..).zip(all.fees).filter_map(|(position, fee)| {
        let settled = contents.settled_fee(position).is_some();
        all.stands(position).then(|| LookUpFee {
            name: fee.name.clone(),
            quantity: contents.times(position).0,
            sum_vnd: all.sum(position),
            settled,
        })
    });
    shown.collect()
}

/// Under which key attempts from a network address count.
pub fn attempts_from(address: IpAddr) -> String {
    format!("lookup-from:{}", address_key(address))
}

/// The same, limited against guessing: what finds nothing counts against the network address it
/// comes from and the case number it was for.
///
/// # Errors
/// As [`look_up`], and if too much has been tried.
pub fn look_up_limited(
    store: &Store,
    case_number: &str,
    code: &str,
    address: IpAddr,
    limits: Limits,
    now: Moment,
) -> Result<LookUp, Error> {
    let number = parse(case_number)?;
    let found = store.public_overview(&number, &attempts_from(address))?;
    if let Some((reference, found)) = found {
        let counted = found.attempts_count_to;
        let blocked = counted.and_then(|until| limits.look_up_address.wait(until, now));
        if blocked.is_none() && code_fits(reference.look_up_key(), found.state.id, code) {
            return show(&reference, store.default_hours(), found, now);
        }
    }
    // Nothing, or too much: that is counted.
    let subject = format!("lookup:{number}");
    let hours = store.default_hours();
    limited(store, subject, address, limits, now, |conn, reference| {
        find(conn, reference, hours, &number, code, now)
    })
}

/// Which dossier number and code belong to, limited in the same way.
///
/// # Errors
/// As [`look_up_limited`].
pub(crate) fn identify_limited(
    store: &Store,
    case_number: &str,
    code: &str,
    address: IpAddr,
    limits: Limits,
    now: Moment,
) -> Result<DossierId, Error> {
    let number = parse(case_number)?;
    let subject = format!("lookup:{number}");
    limited(store, subject, address, limits, now, |conn, reference| {
        identify(conn, reference, &number, code)
    })
}

/// Looks something up that a code keeps from others: what finds nothing counts against the network
/// address and under the key of the `subject`.
///
/// # Errors
/// Those of `look`, and if too much has been tried.
pub(crate) fn limited<T>(
    store: &Store,
    subject: String,
    address: IpAddr,
    limits: Limits,
    now: Moment,
    look: impl FnOnce(&mut Conn, &Reference) -> Result<T, Error>,
) -> Result<T, Error> {
    let from = attempts_from(address);
    let keys = [
        (from.clone(), limits.look_up_address),
        // Whoever has the right code is not kept out by those who guess at it.
        (subject, limits.look_up_number),
    ];
    let found = store.read_with_reference(|conn, reference| {
        if let Some(until) = rate_limits::wait(conn, &from, limits.look_up_address, now)? {
            return Err(Error::TooMany {
                what: "đã tra cứu sai quá nhiều lần",
                until,
            });
        }
        look(conn, reference)
    });
    if let Err(Error::NotFound(_)) = found
        && let Some(until) = store.write(move |conn| rate_limits::count_each(conn, &keys, now))?
    {
        return Err(Error::TooMany {
            what: "đã tra cứu sai quá nhiều lần",
            until,
        });
    }
    found
}

/// The look-up code of a dossier, as its receipt prints it.
pub fn look_up_code(store: &Store, dossier: DossierId) -> Result<String, StoreError> {
    Ok(code_of(&*store.reference()?, dossier))
}

/// The same, for whoever has the reference data at hand.
pub(crate) fn code_of(reference: &Reference, dossier: DossierId) -> String {
    let mac = mac(reference.look_up_key(), &[&dossier.bytes()]);
    let text = BASE32_NOPAD.encode(&mac.finalize().into_bytes());
    text[..CODE_LETTERS].to_owned()
}

/// Case, spaces and dashes do not matter, as people type them, nor what looks like a letter of a code: no code holds 0, 1,
/// 8 or 9.
fn code_fits(key: &str, dossier: DossierId, code: &str) -> bool {
    let code = latin(&clean(code)).into_owned();
    // A small l is a letter of a code, or what looks like I; a label before it is none, but some codes begin like one.
    let l_is_i = code.replace('l', "I");
    let expected = mac(key, &[&dossier.bytes()]).finalize().into_bytes();
    let ways = [
        code.as_str(),
        l_is_i.as_str(),
        unlabelled(&code),
        unlabelled(&l_is_i),
    ];
    ways.iter()
        .fold(false, |fits_one, code| fits_one | fits(&expected, code))
}

/// Compares in constant time.
fn fits(expected: &[u8], code: &str) -> bool {
    let mut typed: String = code
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| match c.to_ascii_uppercase() {
            '0' => 'O',
            '1' => 'I',
            '8' => 'B',
            c => c,
        })
        .collect();
    if typed.len() != CODE_LETTERS {
        return false;
    }
    // Ten letters are six bytes and two bits: compare the letters through whole bytes.
    typed.push_str("AAAAAA");
    let Ok(typed) = BASE32_NOPAD.decode(typed.as_bytes()) else {
        return false;
    };
    let mask = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0b1100_0000];
    let both = typed.iter().zip(expected).zip(mask);
    both.fold(0, |differing, ((a, b), mask)| differing | ((a ^ b) & mask)) == 0
}

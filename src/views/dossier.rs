//! A dossier as the desk sees it: the state with its names, and its history.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::dossier::{
    ActionKind, Beside, Channel, Contents, Decision, Dossier, EventData, HandedIn, HeldItem,
    ItemHandedIn, Papers, PaymentMethod, Principal, Refund, Settlement, Situation, Staff, Status,
    competent_units, needs_a_principal,
};
use crate::domain::identity::Identity;
use crate::domain::ids::{Actor, DossierId, ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::{NotifyBy, Person, Ways};
use crate::domain::privacy::Seen;
use crate::domain::procedure::{ChecklistItem, FurtherPages, LimitDefinition, Procedure};
use crate::domain::role::Permission;
use crate::domain::time_limit::{Outcome, TimeLimit};
use crate::error::Error;
use crate::store::authority::Proof;
use crate::store::events::replay;
use crate::store::overview::{Key, Overview, State};
use crate::store::readings::{self, Reading};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, deputies, events as history, persons, users};
use crate::views::calendar::ProvisionalDay;
use crate::views::list::{Named, StaffName, named_unit};
use crate::views::look_up::Told;
use crate::views::reach::Reader;
use crate::{render, views};

/// A dossier as the desk sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DossierView {
    pub id: DossierId,
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    /// What the receipt prints for the public look-up.
    #[schema(example = "ABCDEFGHIJ")]
    pub look_up_code: Option<String>,
    /// Counts up with every change; also the ETag.
    pub version: u32,
    pub procedure: Named,
    /// The case of the procedure in which it is.
    #[schema(example = json!(null))]
    pub case: Option<Named>,
    /// Lĩnh vực.
    pub field: String,
    /// The competent unit: it answers for it.
    pub unit: Named,
    /// The desk that took it in: the competent unit's own, or another's.
    pub receiving_unit: Named,
    /// Who has it on the desk.
    pub holder: Named,
    pub channel: Channel,
    pub return_channel: Channel,
    pub applicant: PersonView,
    pub delegate: Option<PersonView>,
    pub sets: u16,
    pub items: Vec<ItemView>,
    /// Handed in under an older version of the procedure, and not asked for by this one.
    pub other_items: Vec<OtherItemView>,
    pub status: Status,
    /// The national status code, 1 to 10.
    #[schema(example = 4)]
    pub status_code: i16,
    #[schema(example = "Đang xử lý")]
    pub status_name: &'static str,
    /// What the caller may do now, named as the routes are.
    pub allowed_actions: Vec<ActionKind>,
    /// What `undo` would take back now; none where there is nothing.
    #[schema(value_type = Option<String>, example = "finish")]
    pub undoes: Option<ActionKind>,
    /// Whether the caller may approve now; to refuse is possible wherever `finish` is.
    pub may_approve: bool,
    /// When it was received, or registered while it is not.
    pub entered_at: Moment,
    pub received_at: Option<Moment>,
    /// When the competent unit got it; the clock runs from here. Absent while it is on its way.
    pub reached_at: Option<Moment>,
    /// By when the desk had to pass it on, if the competent unit did not have it at once.
    pub pass_on_by: Option<Moment>,
    /// It came there too late, or is late by now. That moves no due moment.
    pub passed_on_late: bool,
    /// By which reports judge.
    pub due_at: Option<Moment>,
    /// The limit that holds: that of its receipt, or the second one since verification was needed. Its unit is `none`
    /// where the procedure sets no limit.
    #[schema(value_type = Option<Object>, example = json!({"unit": "working_day", "amount": 7.5}))]
    pub limit: Option<LimitDefinition>,
    /// The return date was named by hand, as the procedure sets no limit.
    pub due_by_hand: bool,
    /// Why it is that one.
    #[schema(example = json!(null))]
    pub due_reason: Option<String>,
    /// Why verification is needed, if it is.
    #[schema(example = json!(null))]
    pub verification_reason: Option<String>,
    /// Days that are yet to be announced and on which it rests while the dossier is open: it may move.
    pub provisional_days: Vec<ProvisionalDay>,
    /// The new appointment; never before the due moment.
    pub appointment_at: Option<Moment>,
    pub overdue: bool,
    /// The clock stands: the applicant is asked for something.
    pub paused: bool,
    /// Why it stands as it does: why something is asked for, or it was not received, refused, stopped or withdrawn.
    #[schema(example = "Bản sao chưa được chứng thực")]
    pub reason: Option<String>,
    /// The papers that are asked for.
    pub missing: Vec<String>,
    pub step: StepView,
    pub assignee: Option<StaffName>,
    pub fees: Vec<FeeView>,
    /// All that was paid, in đồng.
    pub paid_vnd: u64,
    /// Of it, what was paid back.
    pub refunded_vnd: u64,
    /// What was paid back, oldest first; who did it, the history says.
    pub refunds: Vec<RefundView>,
    /// What is to be paid while the clock stands for it, in đồng.
    pub payment_requested_vnd: Option<u64>,
    /// The fees for which it is, by position; none: another amount.
    pub payment_requested_fees: Vec<u16>,
    pub decision: Option<Decision>,
    pub outcome: Option<Outcome>,
    pub closed_at: Option<Moment>,
    pub returned_at: Option<Moment>,
    pub last_event_at: Moment,
}

/// An applicant or delegate. The identity number is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonView {
    #[schema(example = "Nguyễn Thị Ánh")]
    pub name: String,
    /// `cccd`, `cmnd`, `passport` or `tax_code`.
    pub identity_kind: Option<&'static str>,
    /// The last three digits; in full only where each reading is recorded.
    #[schema(example = "*********123")]
    pub identity_masked: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    /// By what they asked to be told.
    pub notify_by: Option<NotifyBy>,
    /// By what they are told: what they asked for, or the next way there is; absent: not at all.
    pub told_by: Option<NotifyBy>,
    /// By what they can be told here.
    #[serde(skip)]
    pub ways: Ways,
}

impl PersonView {
    fn new(person: &Person, is_applicant: bool, ways: Ways) -> Self {
        let identity = person.identity.as_ref();
        Self {
            told_by: person.told_by(is_applicant, ways).map(|(by, _)| by),
            name: person.name.clone(),
            identity_kind: identity.map(kind_of),
            identity_masked: identity.map(Identity::to_string),
            phone: person.phone.clone(),
            email: person.email.clone(),
            address: person.address.clone(),
            notify_by: person.notify_by,
            ways,
        }
    }
}

const fn kind_of(identity: &Identity) -> &'static str {
    match identity {
        Identity::Cccd(_) => "cccd",
        Identity::Cmnd(_) => "cmnd",
        Identity::Passport(_) => "passport",
        Identity::TaxCode(_) => "tax_code",
    }
}

/// A paper of the procedure's checklist, and what was handed in of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemView {
    /// Position in the checklist, from 0.
    pub position: u16,
    /// By which it is known over the versions of the procedure.
    #[schema(example = "don-dang-ky-1a2b3c4d")]
    pub key: String,
    pub name: String,
    pub required: bool,
    pub originals: u16,
    pub copies: u16,
    /// Handed in so far.
    pub originals_handed_in: u32,
    pub copies_handed_in: u32,
}

/// A paper that the procedure does not ask for any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OtherItemView {
    /// As it was called when it was handed in.
    pub name: String,
    pub originals_handed_in: u32,
    pub copies_handed_in: u32,
}

/// The workflow step at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepView {
    /// From 0.
    pub index: u8,
    pub name: String,
    /// How many steps there are.
    pub count: usize,
    /// When it should be handed on.
    pub due_at: Option<Moment>,
}

/// A fee of the procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeeView {
    /// Position among the procedure's fees, from 0.
    pub position: u16,
    #[schema(example = "Lệ phí đăng ký")]
    pub name: String,
    /// In đồng; absent where the procedure does not know it, as where the province sets it.
    #[schema(example = 25000)]
    pub amount_vnd: Option<u64>,
    pub note: String,
    /// Of what it is owed so many times as there are.
    #[schema(example = "trang")]
    pub per: Option<String>,
    /// How many times it is owed.
    #[schema(example = 1)]
    pub quantity: u32,
    /// The pages of each copy, where that was said: `2x5, 1` are two of five and one of one.
    #[schema(example = "2x5, 1")]
    pub pages: Option<String>,
    /// What further pages of a copy cost, where they cost something else than the first.
    pub further: Option<FurtherPages>,
    /// What it comes to, in đồng.
    #[schema(example = 25000)]
    pub sum_vnd: Option<u64>,
    /// Position of the fee in whose place it is owed where a reason is given: one of the two, never both.
    pub instead_of: Option<u16>,
    pub status: FeeStatus,
    pub settled_at: Option<Moment>,
    pub method: Option<PaymentMethod>,
    /// Number of the receipt, or of the gateway's transaction.
    pub receipt: Option<String>,
    /// Why it was waived, or why it is this one that is owed.
    pub reason: Option<String>,
}

/// What became of a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeStatus {
    /// Nothing is owed for it.
    Free,
    /// Something is owed for it; how much is named when it is asked for.
    Unknown,
    Owed,
    Collected,
    Waived,
    /// Another one is owed, of several to choose from.
    NotChosen,
    /// It was not paid, and is not asked for any more: the dossier ended without a result, or with a refusal.
    FreeNow,
}

/// Money that was paid back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundView {
    pub at: Moment,
    #[schema(example = 100000)]
    pub amount_vnd: u64,
    pub method: PaymentMethod,
    pub receipt: Option<String>,
    #[schema(example = "Nộp thừa")]
    pub reason: String,
    /// The fees that it was for, by position.
    pub fees: Vec<u16>,
}

impl From<&Refund> for RefundView {
    fn from(refund: &Refund) -> Self {
        Self {
            at: refund.at,
            amount_vnd: refund.amount_vnd,
            method: refund.method,
            receipt: Some(refund.receipt.clone()).filter(|receipt| !receipt.is_empty()),
            reason: refund.reason.clone(),
            fees: refund.settled.iter().map(|settled| settled.fee).collect(),
        }
    }
}

/// One event of the history.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventView {
    /// From 1.
    pub sequence: u32,
    /// When it happened.
    pub at: Moment,
    /// When it was entered.
    pub recorded_at: Moment,
    /// Why it was entered so late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_reason: Option<String>,
    /// For whom, by a deputy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<StaffName>,
    /// `received`, `handed_over` …
    #[schema(example = "handed_over")]
    pub kind: String,
    #[schema(example = "Chuyển bước xử lý")]
    pub name: &'static str,
    /// `system`, `citizen` or `staff`.
    #[schema(example = "staff")]
    pub by: &'static str,
    pub staff: Option<StaffName>,
    /// What the event tells, by its kind: reason, step, unit, amounts, moments.
    #[schema(value_type = Object, example = json!({"step": 1, "unit": "H37.20", "note": ""}))]
    pub data: Value,
    /// From whose hands it came into whose, by full name; for people.
    #[serde(skip)]
    pub hands: [Option<String>; 2],
}

/// As the payloads of events name them.
const HANDS: [&str; 2] = ["assignee_before", "assignee"];

/// A dossier within `reach` (`None`: wherever).
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub(crate) fn find_within(
    conn: &mut Conn,
    reference: &Reference,
    id: DossierId,
    reach: Option<UnitId>,
) -> Result<Dossier, Error> {
    let (dossier, _) = replay(conn, id)?.ok_or(Error::NO_DOSSIER)?;
    ensure_reach(reference, reach, dossier.units())?;
    Ok(dossier)
}

fn ensure_reach(
    reference: &Reference,
    reach: Option<UnitId>,
    some: [UnitId; 3],
) -> Result<(), Error> {
    let covers = |unit| reach.is_none_or(|reach| reference.reaches(unit, reach));
    if some.into_iter().any(covers) {
        Ok(())
    } else {
        Err(Error::NOT_YOUR_DOSSIER)
    }
}

/// Records that somebody opens a dossier, if that is to be on record, before anything of it is told.
///
/// # Errors
/// If there is no such dossier, it is out of reach, the caller may not, or the database refuses.
pub fn opened(store: &Store, id: DossierId, by: &Reader, now: Moment) -> Result<(), Error> {
    if !by.role.is_watched() {
        return Ok(());
    }
    store.write_with_reference_as(by.proof, move |conn, reference, caller| {
        let dossier = find_within(conn, reference, id, Some(caller.unit()))?;
        let reading = Reading {
            at: now,
            user: caller.user(),
            dossier: id,
            person: dossier.applicant,
            what: Seen::Dossier,
        };
        Ok(readings::insert(conn, &reading)?)
    })
}

/// A dossier as the desk sees it, if it lies within `reach` (`None`: wherever).
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
///
/// `by` is for whom it says what may be done (`None`: whoever is restricted by no role).
pub fn view(
    store: &Store,
    which: impl Into<Key>,
    by: Option<&Reader>,
    reach: Option<UnitId>,
    now: Moment,
) -> Result<DossierView, Error> {
    let (reference, found) = store.overview(&which.into())?.ok_or(Error::NO_DOSSIER)?;
    ensure_reach(&reference, reach, found.state.units())?;
    if let Some(by) = by {
        opened(store, found.state.id, by, now)?;
    }
    let delegate = match found.state.delegate {
        Some(id) => {
            let person = store.read_one(|conn| persons::find(conn, id))?;
            Some(person.ok_or_else(|| StoreError::corrupt("không có người được ủy quyền"))?)
        }
        None => None,
    };
    let principals = match by {
        Some(by) => principals(store, &reference, &found, by, now)?,
        None => Vec::new(),
    };
    let staff = by.map(|by| staff(&reference, &found, by, &principals));
    Ok(show(
        &reference,
        found,
        delegate.as_ref(),
        staff.as_ref(),
        now,
    )?)
}

/// Those for whom the reader stands in, where only they make the step at hand, or the dossier, theirs.
fn principals(
    store: &Store,
    reference: &Reference,
    found: &Overview,
    by: &Reader,
    now: Moment,
) -> Result<Vec<Principal>, StoreError> {
    let (state, units) = (&found.state, reference.units());
    let reaches_holder = reference.reaches(state.holder, by.unit);
    let handled = state.status.is_open();
    let of_another = found
        .assignee
        .as_ref()
        .is_some_and(|assignee| assignee.id != by.user);
    match reference.procedure(state.procedure) {
        Some(procedure)
            if handled
                && needs_a_principal(
                    procedure,
                    state.step,
                    by.role,
                    reaches_holder,
                    of_another,
                ) =>
        {
            store.read_one(|conn| deputies::principals(conn, by.user, now, state.holder, units))
        }
        _ => Ok(Vec::new()),
    }
}

fn staff<'a>(
    reference: &Reference,
    found: &Overview,
    by: &Reader,
    stands_in_for: &'a [Principal],
) -> Staff<'a> {
    let state = &found.state;
    let competent = competent_units(state.unit, state.holder, found.contents.has_reached());
    let assignee = found.assignee.as_ref();
    Staff {
        role: by.role,
        competent: competent
            .into_iter()
            .any(|unit| reference.reaches(unit, by.unit)),
        reaches_holder: reference.reaches(state.holder, by.unit),
        is_given_it: assignee.is_some_and(|assignee| assignee.id == by.user),
        stands_in_for,
        assignee: assignee.map(|assignee| assignee.id),
    }
}

/// The version of a dossier within `reach`, if it was `seen` and the dossier is still as it was then: one row
/// tells. A crossing of the due moment that has yet to be recorded makes it another.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn is_as_seen(
    store: &Store,
    which: &Key,
    reach: Option<UnitId>,
    seen: impl Fn(u32) -> bool,
    now: Moment,
) -> Result<Option<u32>, Error> {
    let (reference, standing) = store.standing(which)?.ok_or(Error::NO_DOSSIER)?;
    ensure_reach(&reference, reach, standing.units())?;
    let crossed = standing.crosses_at.is_some_and(|moment| moment < now);
    Ok(Some(standing.version).filter(|version| !crossed && seen(*version)))
}

fn show(
    reference: &Reference,
    found: Overview,
    delegate: Option<&Person>,
    staff: Option<&Staff<'_>>,
    now: Moment,
) -> Result<DossierView, StoreError> {
    let Overview {
        state,
        contents,
        history,
        applicant,
        assignee,
    } = found;
    let told = Told::of(reference, state.status, &contents, &history);
    let asked_reason = told.asked.as_ref().and_then(|asked| asked.reason.clone());
    let procedure = reference
        .procedure_in_case(state.procedure, contents.case.as_deref())
        .ok_or_else(|| StoreError::corrupt(format!("không có thủ tục {}", state.procedure)))?;
    let definition = &procedure.definition;
    let crossed = state.crosses_at.is_some_and(|moment| moment < now);
    let open_due = state.due.filter(|_| state.status.is_open());
    let papers = papers_held(reference, &contents, procedure);
    let situation = Situation {
        status: state.status,
        decision: state.decision,
        supplement: contents
            .before_supplement
            .as_ref()
            .is_some_and(|before| before.taken_at == state.last_event_at),
        appointment: state.appointment,
        step: state.step,
        contents: &contents,
        procedure,
        units: state.units(),
    };
    let undoes = situation.undoes(ActionKind::Undo);
    let allowed_actions = situation.offers(staff, reference.units());
    let may_approve = situation.may_be_granted(staff, reference.units());
    let fees = fees(&contents, procedure, &state);
    Ok(DossierView {
        id: state.id,
        case_number: state.case_number,
        look_up_code: staff
            .is_none_or(|staff| staff.role.may(Permission::Annotate))
            .then(|| views::look_up::code_of(reference, state.id)),
        version: state.version,
        procedure: Named {
            code: definition.code.clone(),
            name: definition.name.clone(),
        },
        case: Named::of_case(procedure),
        field: reference.field_name(procedure.field_id).to_owned(),
        unit: named_unit(reference, state.unit),
        holder: named_unit(reference, state.holder),
        receiving_unit: named_unit(reference, state.receiving.unwrap_or(state.unit)),
        channel: state.channel,
        return_channel: state.return_channel,
        applicant: PersonView::new(&applicant, true, reference.ways()),
        delegate: delegate.map(|person| PersonView::new(person, false, reference.ways())),
        sets: contents.sets,
        items: items(procedure, &papers.listed),
        other_items: others(papers.others),
        status: state.status,
        status_code: state.status.code(),
        status_name: render::words::status(state.status),
        allowed_actions,
        undoes,
        may_approve,
        entered_at: state.entered_at,
        received_at: state.received_at,
        reached_at: match contents.passing_on {
            Some(passing_on) => passing_on.reached,
            None => state.received_at,
        },
        pass_on_by: contents.passing_on.map(|passing_on| passing_on.by),
        passed_on_late: contents
            .passing_on
            .is_some_and(|passing_on| passing_on.is_late(now)),
        due_at: state.due,
        limit: contents.limit.map(LimitDefinition::from),
        due_by_hand: contents.limit.is_some_and(TimeLimit::is_by_hand),
        due_reason: contents.due_reason.clone(),
        verification_reason: contents.verification.clone(),
        provisional_days: views::calendar::rests_on(
            reference,
            state.unit,
            state.procedure,
            state.received_at,
            open_due,
        ),
        appointment_at: state.appointment,
        overdue: state.overdue || crossed,
        paused: state.status.is_waiting(),
        reason: told.reason.or(asked_reason),
        missing: told.asked.map(|asked| asked.papers).unwrap_or_default(),
        step: StepView {
            index: state.step,
            name: procedure.step_name(usize::from(state.step)).to_owned(),
            count: procedure.step_count(),
            due_at: state.step_due,
        },
        assignee: assignee.map(|assignee| StaffName {
            username: assignee.username,
            full_name: assignee.full_name,
        }),
        fees,
        paid_vnd: contents.paid_vnd,
        refunded_vnd: contents.refunded_vnd(),
        refunds: contents.refunds.iter().map(RefundView::from).collect(),
        payment_requested_vnd: contents.payment_requested,
        payment_requested_fees: contents.requested_fees,
        decision: state.decision,
        outcome: state.outcome,
        closed_at: state.closed_at,
        returned_at: state.returned_at,
        last_event_at: state.last_event_at,
    })
}

/// What has been handed in, read under the version and case that hold now.
pub(super) fn papers_held(
    reference: &Reference,
    contents: &Contents,
    procedure: &Procedure,
) -> Papers {
    let version = |held: &HeldItem| reference.procedure_held_under(held);
    Papers::of(&contents.items, procedure, version)
}

fn items(procedure: &Procedure, handed_in: &[HandedIn]) -> Vec<ItemView> {
    let definition = &procedure.definition;
    let checklist = definition.checklist.iter().zip(definition.item_keys());
    let items = (0_u16..).zip(checklist.zip(handed_in));
    let items = items.map(|(position, ((item, key), handed_in))| ItemView {
        position,
        key,
        name: item.name.clone(),
        required: item.required,
        originals: item.originals,
        copies: item.copies,
        originals_handed_in: handed_in.originals,
        copies_handed_in: handed_in.copies,
    });
    items.collect()
}

fn others(others: Vec<(String, HandedIn)>) -> Vec<OtherItemView> {
    let others = others.into_iter();
    let others = others.map(|(name, handed_in)| OtherItemView {
        name,
        originals_handed_in: handed_in.originals,
        copies_handed_in: handed_in.copies,
    });
    others.collect()
}

/// Those that hold for what came in that way and then.
fn fees(contents: &Contents, procedure: &Procedure, state: &State) -> Vec<FeeView> {
    let all = state.fees(contents, procedure);
    let fees = (0_u16..).zip(all.fees);
    let fees = fees.filter(|(position, _)| all.holds(*position));
    let fees = fees.map(|(position, fee)| {
        let settled = contents.settled_fee(position);
        let chosen = all.stands(position);
        let (quantity, pages) = contents.times(position);
        let why = contents.reason_of_choice(position);
        let mut view = FeeView {
            position,
            name: fee.name.clone(),
            amount_vnd: fee.amount_vnd,
            note: fee.note.clone(),
            per: fee.per.clone(),
            quantity,
            pages: (!pages.is_empty()).then(|| pages.to_string()),
            further: fee.further,
            sum_vnd: all.sum(position),
            instead_of: fee.instead_of,
            status: match fee.amount_vnd {
                _ if !chosen && all.free_now && all.is_chosen(position) => FeeStatus::FreeNow,
                _ if !chosen => FeeStatus::NotChosen,
                Some(0) => FeeStatus::Free,
                Some(_) => FeeStatus::Owed,
                None => FeeStatus::Unknown,
            },
            settled_at: settled.map(|settled| settled.at),
            method: None,
            receipt: None,
            reason: Some(why.to_owned()).filter(|why| chosen && !why.is_empty()),
        };
        match settled.map(|settled| &settled.how) {
            Some(Settlement::Collected { method, receipt }) => {
                view.status = FeeStatus::Collected;
                view.method = Some(*method);
                view.receipt = Some(receipt.clone()).filter(|receipt| !receipt.is_empty());
            }
            Some(Settlement::Waived { reason }) => {
                view.status = FeeStatus::Waived;
                view.reason = Some(reason.clone());
            }
            None => {}
        }
        view
    });
    fees.collect()
}

/// The history of a dossier within `reach`, oldest first.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn events(
    store: &Store,
    id: DossierId,
    reach: Option<UnitId>,
) -> Result<Vec<EventView>, Error> {
    store.read_with_reference(|conn, reference| {
        let stored = history::history(conn, id)?;
        let events = stored
            .iter()
            .map(|event| event.event())
            .collect::<Result<Vec<_>, _>>()?;
        if events.is_empty() {
            return Err(Error::NO_DOSSIER);
        }
        let dossier = Dossier::replay(id, &events)
            .map_err(|error| StoreError::corrupt(format!("hồ sơ {id}: {error}")))?;
        ensure_reach(reference, reach, dossier.units())?;
        let mut payloads = Vec::with_capacity(events.len());
        let mut people: Vec<UserId> = Vec::new();
        for (event, stored) in events.iter().zip(&stored) {
            let payload: Map<String, Value> = serde_json::from_str(&stored.data)
                .map_err(|_| StoreError::corrupt("dossier_events.data"))?;
            people.extend(HANDS.iter().filter_map(|name| staff_id(payload.get(*name))));
            if let Actor::Staff(user) = event.actor {
                people.push(user);
            }
            people.extend(event.beside.on_behalf_of);
            payloads.push(payload);
        }
        people.sort_unstable();
        people.dedup();
        let staff = users::names(conn, people)?;
        // Positions are those of the version under which the event was recorded.
        let mut under: Option<Under> = None;
        let views = events.iter().zip(payloads).map(|(event, mut payload)| {
            under = version_after(&event.data, under.as_ref()).or(under.take());
            let version = under
                .as_ref()
                .and_then(|(id, case)| reference.procedure_in_case(*id, case.as_deref()));
            let papers = version.as_ref();
            let papers = papers.and_then(|version| names_of_papers(&event.data, version));
            payload.extend(papers.map(|names| ("papers".to_owned(), names)));
            // Nothing else says how many of each are asked for.
            if let (EventData::SupplementRequested(asked), Some(version)) = (&event.data, &version)
            {
                let wanted = names_of(version, asked.items.iter().copied(), render::words::paper);
                payload.insert(PAPERS_WANTED.to_owned(), wanted);
            }
            if let (EventData::PapersCorrected(corrected), Some(version)) = (&event.data, &version)
            {
                let before = corrected.before.iter().map(|item| item.0);
                payload.insert(
                    "papers_before".to_owned(),
                    names_of(version, before, plain_name),
                );
            }
            let tagged = serde_json::to_value(&event.data).unwrap_or_default();
            let hands = HANDS.map(|name| {
                let staff = StaffName::of(&staff, staff_id(payload.get(name))?)?;
                Some(staff.full_name)
            });
            EventView {
                hands,
                sequence: event.sequence,
                at: event.at,
                recorded_at: event.recorded_at,
                late_reason: event.beside.late_reason.clone(),
                on_behalf_of: (event.beside.on_behalf_of)
                    .and_then(|user| StaffName::of(&staff, user)),
                kind: tagged["kind"].as_str().unwrap_or_default().to_owned(),
                name: render::words::event(&event.data),
                by: match event.actor {
                    Actor::System => "system",
                    Actor::Citizen => "citizen",
                    Actor::Staff(_) => "staff",
                },
                staff: match event.actor {
                    Actor::Staff(user) => StaffName::of(&staff, user),
                    _ => None,
                },
                data: payload
                    .into_iter()
                    .filter(|(name, _)| !Beside::NAMES.contains(&name.as_str()))
                    .filter_map(|(name, value)| shown(name, value, reference, &staff))
                    .collect(),
            }
        });
        Ok(views.collect())
    })
}

/// The version and case of the procedure that an event says the dossier is under from here on.
pub(super) fn version_after(data: &EventData, before: Option<&Under>) -> Option<Under> {
    if let Some(submission) = data.submission() {
        return Some((submission.procedure, submission.case.clone()));
    }
    let before = before.map(|(version, _)| *version);
    let received = match data {
        EventData::Received(received) => received,
        EventData::CaseCorrected(new) => return Some((before?, Some(new.case.clone()))),
        EventData::ReceiptCorrected(new) => return Some((new.procedure?, new.case.clone())),
        _ => return None,
    };
    let version = received.procedure_now.or(before)?;
    Some((version, received.case_now.clone()))
}

pub(super) type Under = (ProcedureId, Option<String>);

/// The names of the papers that an event is about, in its order.
fn names_of_papers(data: &EventData, procedure: &Procedure) -> Option<Value> {
    let held = |items: &[ItemHandedIn]| items.iter().map(|item| item.0).collect::<Vec<_>>();
    let positions = match data {
        EventData::Registered(registered) => held(&registered.submission.items),
        EventData::Received(received) => match &received.submission {
            Some(submission) => held(&submission.items),
            None => held(&received.handed_in),
        },
        EventData::SupplementRequested(requested) => requested.items.clone(),
        EventData::SupplementTaken(taken) => held(&taken.items),
        EventData::PapersCorrected(corrected) => held(corrected.items.as_deref()?),
        _ => return None,
    };
    (!positions.is_empty()).then(|| names_of(procedure, positions.into_iter(), plain_name))
}

/// Papers that are asked for, each with how many of it.
pub(super) const PAPERS_WANTED: &str = "papers_wanted";

fn plain_name(item: &ChecklistItem) -> String {
    item.name.clone()
}

fn names_of(
    procedure: &Procedure,
    positions: impl Iterator<Item = u16>,
    name: fn(&ChecklistItem) -> String,
) -> Value {
    let checklist = &procedure.definition.checklist;
    let papers = positions.filter_map(|position| checklist.get(usize::from(position)));
    papers.map(|item| Value::from(name(item))).collect()
}

fn staff_id(value: Option<&Value>) -> Option<UserId> {
    let id = value?.as_i64()?;
    i32::try_from(id).ok().map(UserId)
}

/// A field of a stored event as people read it: codes for our own ids, RFC 3339 for milliseconds,
/// and nothing that names a person's record.
fn shown(
    name: String,
    value: Value,
    reference: &Reference,
    staff: &std::collections::HashMap<UserId, (String, String)>,
) -> Option<(String, Value)> {
    let id = || i32::try_from(value.as_i64()?).ok();
    let value = match name.as_str() {
        "applicant" | "delegate" | "number" => return None,
        "unit" | "receiving_unit" | "from" | "to" => {
            let unit = reference.units().get(UnitId(id()?))?;
            Value::String(unit.code.clone())
        }
        "procedure" | "procedure_now" | "procedure_before" => {
            let procedure = reference.procedure(ProcedureId(id()?))?;
            Value::String(procedure.definition.code.clone())
        }
        "assignee" | "assignee_before" => {
            let (username, _) = staff.get(&UserId(id()?))?;
            Value::String(username.clone())
        }
        "due" | "step_due" | "appointment" | "pass_on_by" | "received_at" | "received_before" => {
            let moment = Moment::from_unix_millis(value.as_i64()?);
            Value::String(moment.to_string())
        }
        _ => value,
    };
    Some((name, value))
}

/// The identity numbers of a dossier's people in full.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FullIdentity {
    /// `applicant` or `delegate`.
    #[schema(example = "applicant")]
    pub of: &'static str,
    pub name: String,
    /// `cccd`, `cmnd`, `passport` or `tax_code`.
    pub kind: &'static str,
    #[schema(example = "020185000123")]
    pub number: String,
}

/// Of whom of a dossier's people something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Applicant,
    Delegate,
}

/// Somebody's identity as it stands, for a correction that keeps it: nobody is shown it, so that nothing is recorded.
///
/// # Errors
/// If there is no such dossier, it is out of reach, or the database refuses.
pub(crate) fn kept_identity(
    store: &Store,
    id: DossierId,
    of: Of,
    reach: UnitId,
) -> Result<Option<Identity>, Error> {
    store.read_with_reference(|conn, reference| {
        let dossier = find_within(conn, reference, id, Some(reach))?;
        let person = match of {
            Of::Applicant => Some(dossier.applicant),
            Of::Delegate => dossier.delegate,
        };
        let Some(person) = person else {
            return Ok(None);
        };
        let person = persons::find(conn, person)?;
        Ok(person.and_then(|person| person.identity))
    })
}

/// Reads the identity numbers of a dossier's people; the reading is recorded in the same
/// transaction (Luật 91/2025/QH15 and Nghị định 356/2025/NĐ-CP, which replaced Nghị định 13/2023/NĐ-CP on
/// 1 January 2026; by secondary sources).
///
/// # Errors
/// If there is no such dossier, it is out of reach, the caller may not, or the database refuses.
pub fn read_identities(
    store: &Store,
    id: DossierId,
    by: Proof,
    now: Moment,
) -> Result<Vec<FullIdentity>, Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let dossier = find_within(conn, reference, id, Some(caller.unit()))?;
        let ids = [
            ("applicant", Some(dossier.applicant)),
            ("delegate", dossier.delegate),
        ];
        let mut found = Vec::new();
        for (of, person_id) in ids {
            let Some(person_id) = person_id else { continue };
            let person = persons::find(conn, person_id)?;
            let Some((name, identity)) = person.and_then(|p| Some((p.name, p.identity?))) else {
                continue;
            };
            let reading = Reading {
                at: now,
                user: caller.user(),
                dossier: id,
                person: person_id,
                what: Seen::Identity,
            };
            readings::insert(conn, &reading)?;
            found.push(FullIdentity {
                of,
                name,
                kind: kind_of(&identity),
                number: identity.number().to_owned(),
            });
        }
        Ok(found)
    })
}

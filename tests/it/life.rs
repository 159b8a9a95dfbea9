//! The state machine: whatever people try, history tells the state, and refusals say why.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::support::{at, date};
use motcua::domain::calendar::Calendar;
use motcua::domain::case_number::CaseNumber;
use motcua::domain::dossier::{
    Action, ActionKind, Beside, Channel, Context, Correction, Decision, Dossier, Event, EventData,
    FeeAsked, HandsCause, ItemHandedIn, NewDossier, Paper, PaymentMethod, Principal, Refusal,
    Situation, Staff, Status, UndoneWithin, decide,
};
use motcua::domain::ids::{Actor, DossierId, FieldId, PersonId, ProcedureId, UnitId, UserId};
use motcua::domain::moment::Moment;
use motcua::domain::norms::Norms;
use motcua::domain::office_hours::OfficeHours;
use motcua::domain::procedure::{Procedure, ProcedureDefinition};
use motcua::domain::role::Role;
use motcua::domain::tally::{Standing, Tallies, Tally, follow};
use motcua::domain::timetable::Timetable;
use motcua::domain::unit::{Level, Share, Succession, Unit, UnitKind, Units};
use motcua::imports::read_calendar;

const COMMUNE: UnitId = UnitId(3);
const SUCCESSOR: UnitId = UnitId(4);

struct Stage {
    norms: Norms,
    timetable: Timetable,
    units: Units,
    procedure: Procedure,
}

fn unit(id: i32, level: Level, parent: Option<i32>, valid_to: Option<&str>) -> Unit {
    Unit {
        id: UnitId(id),
        code: format!("H37.{id:02}"),
        level,
        kind: UnitKind::PeopleCommittee,
        name: format!("Đơn vị {id}"),
        parent: parent.map(UnitId),
        statistical_code: None,
        valid_from: date("2018-01-01"),
        valid_to: valid_to.map(date),
        office_hours: None,
        mountain: false,
        address: None,
        phone: None,
    }
}

/// Commune → district → province and back, five working days.
static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let calendar =
        Calendar::new(read_calendar(motcua::config::bundled::CALENDAR).unwrap()).unwrap();
    let definition: ProcedureDefinition = serde_json::from_value(serde_json::json!({
        "code": "1.000001", "name": "Thử", "field": "Thử", "levels": ["commune"],
        "valid_from": "2018-01-01", "announced_on": "2018-01-01", "online_level": "full",
        "statutory_limit": {"unit": "working_day", "amount": 5}, "result": "Giấy",
        "verification_limit": {"unit": "working_day", "amount": 8},
        "received_elsewhere": true, "fees": [{"name": "Lệ phí", "amount_vnd": 1000}],
        "checklist": [
            {"name": "Đơn", "originals": 1, "copies": 0, "required": true},
            {"name": "Bản vẽ", "originals": 0, "copies": 1, "required": false}
        ],
        "workflow": [
            {"name": "Tiếp nhận", "place": "receiving", "role": "clerk", "hours": 4},
            {"name": "Huyện", "place": "parent", "role": "officer", "hours": 16, "decides": true},
            {"name": "Tỉnh", "place": "unit", "unit": "H37.01", "role": "officer", "hours": 16},
            {"name": "Trả", "place": "receiving", "role": "clerk", "hours": 4}
        ]
    }))
    .unwrap();
    assert_eq!(definition.check(), []);
    let units = vec![
        unit(1, Level::Province, None, None),
        unit(2, Level::District, Some(1), None),
        unit(3, Level::Commune, Some(2), None),
        unit(4, Level::Commune, Some(1), None),
        unit(5, Level::Commune, Some(2), Some("2019-12-31")),
    ];
    let succession = Succession {
        unit: COMMUNE,
        successor: SUCCESSOR,
        share: Share::Whole,
        on: date("2021-01-01"),
    };
    Stage {
        norms: Norms::bundled().unwrap(),
        timetable: Timetable::new(&calendar, &OfficeHours::default()),
        units: Units::new(units, vec![succession]),
        procedure: Procedure {
            id: ProcedureId(1),
            field_id: FieldId(1),
            case: None,
            definition,
        },
    }
});

fn context(when: Moment) -> Context<'static> {
    Context {
        at: when,
        now: when,
        backdating: None,
        actor: Actor::Staff(UserId(1)),
        staff: None,
        procedure: &STAGE.procedure,
        timetable: &STAGE.timetable,
        units: &STAGE.units,
        norms: &STAGE.norms,
    }
}

fn new_dossier() -> NewDossier {
    let id = DossierId::new(at("2021-03-01 08:00"), [7; 10]);
    let number = CaseNumber::parse("H37.03-210301-0001").unwrap();
    let applicant = PersonId::new(at("2021-03-01 08:00"), [8; 10]);
    NewDossier {
        channel: Channel::Online,
        items: vec![ItemHandedIn(0, 1, 0).into()],
        ..NewDossier::new(id, number, COMMUNE, applicant)
    }
}

/// A dossier and its history, acted on step by step.
#[derive(Default)]
struct Life {
    dossier: Option<Dossier>,
    events: Vec<Event>,
}

impl Life {
    fn act(&mut self, when: Moment, action: &Action) -> Result<(), Refusal> {
        for event in decide(self.dossier.as_ref(), action, &context(when))? {
            match &mut self.dossier {
                None => self.dossier = Some(Dossier::begin(new_dossier().id, &event).unwrap()),
                Some(dossier) => dossier.apply(&event).unwrap(),
            }
            self.events.push(event);
        }
        Ok(())
    }

    fn received() -> Self {
        let mut life = Self::default();
        life.act(at("2021-03-01 08:00"), &receive()).unwrap();
        life
    }

    fn in_progress() -> Self {
        let mut life = Self::received();
        life.act(at("2021-03-01 10:00"), &hand_over(1)).unwrap();
        life
    }

    fn state(&self) -> &Dossier {
        self.dossier.as_ref().unwrap()
    }
}

fn receive() -> Action {
    Action::Receive {
        items: Vec::new(),
        new: Some(new_dossier()),
        assignee: None,
        return_date: None,
    }
}

fn hand_over(step: u8) -> Action {
    Action::HandOver {
        step,
        assignee: Some(UserId(2)),
        note: String::new(),
    }
}

fn finish() -> Action {
    Action::Finish {
        decision: Decision::Approved,
        reason: String::new(),
    }
}

fn request_supplement() -> Action {
    Action::RequestSupplement {
        reason: because(),
        items: vec![],
        exception: None,
    }
}

fn because() -> String {
    "lý do".to_owned()
}

fn any_action() -> impl Strategy<Value = Action> {
    let reason = prop::sample::select(vec![String::new(), because()]);
    let number = 0..5_u8;
    (0..33_u8, number, reason, 0..40_i64).prop_map(|(kind, n, reason, days)| match kind {
        0 => Action::Register(new_dossier()),
        1 => receive(),
        2 => Action::Receive {
            items: Vec::new(),
            new: None,
            assignee: None,
            return_date: None,
        },
        3 => Action::NotReceive { reason },
        4..=6 => hand_over(n),
        7 => Action::RequestSupplement {
            reason,
            items: vec![Paper::Position(u16::from(n))],
            exception: None,
        },
        8 => Action::TakeSupplement {
            items: vec![ItemHandedIn(u16::from(n), 1, 0).into()],
            reason: String::new(),
        },
        9 => Action::RequestPayment {
            fees: if n == 4 { vec![0.into()] } else { Vec::new() },
            amount_vnd: (n != 4).then_some(u64::from(n) * 1000),
            reason,
        },
        10 => Action::TakePayment {
            amount_vnd: 1000,
            method: PaymentMethod::Cash,
            receipt: reason,
        },
        11 | 12 => finish(),
        13 => Action::Return {
            channel: Channel::Postal,
        },
        14 => Action::Withdraw { reason },
        15 => Action::Stop { reason },
        16 => Action::Reappoint {
            reason,
            appointment: at("2021-03-10 09:00").plus_millis(days * 86_400_000),
        },
        17 => Action::Correct(Correction::Undo { reason }),
        18 => Action::MoveToSuccessor {
            from: COMMUNE,
            to: SUCCESSOR,
        },
        20 => collect(),
        21 => Action::WaiveFee { fee: 0, reason },
        22 => Action::Reach,
        23 => Action::Verify { reason },
        24 => assign(n),
        25 => set_fees(n),
        31 => correct_receipt(
            Some([Channel::Direct, Channel::Online, Channel::Postal][usize::from(n % 3)]),
            None,
        ),
        32 => correct_receipt(
            None,
            Some(at("2021-02-25 08:00").plus_millis(days * 43_200_000)),
        ),
        26 => Action::RefundFees {
            amount_vnd: 1000,
            fees: if n == 4 { vec![0] } else { Vec::new() },
            method: PaymentMethod::Cash,
            receipt: String::new(),
            reason,
        },
        27 => Action::CancelRefund { reason },
        _ => match n {
            0 | 1 => Action::MarkOverdue,
            2 => Action::RecomputeDue { reason },
            _ => Action::Correct(Correction::Applicant {
                reason,
                applicant: PersonId::new(at("2021-03-02 08:00"), [9; 10]),
                commitment: None,
            }),
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn whatever_is_tried_replaying_gives_the_state(
        actions in prop::collection::vec((any_action(), 0..200_i64), 1..40),
        begin in any::<bool>(),
    ) {
        let mut life = Life::default();
        let mut when = at("2021-03-01 08:00");
        if begin {
            life = Life::in_progress();
            when = at("2021-03-01 10:00");
        }
        for (action, hours) in actions {
            when = when.plus_millis(hours * 1_800_000);
            let before = life.dossier.clone();
            let count = life.events.len();
            match life.act(when, &action) {
                Ok(()) => prop_assert!(life.events.len() > count),
                // A refusal changes nothing, and an allowed kind is in the list of the allowed.
                Err(refusal) => {
                    prop_assert_eq!(&life.dossier, &before);
                    if let Refusal::NotAllowed { action: refused, allowed, .. } = refusal {
                        prop_assert!(refused == ActionKind::Receive || !allowed.contains(&refused));
                    }
                }
            }
            let Some(state) = &life.dossier else { continue };
            let replayed = Dossier::replay(state.id, &life.events).unwrap();
            prop_assert_eq!(&replayed, state);
            // Stored and read back, the events are the same.
            for event in &life.events {
                let json = event.to_json().unwrap();
                let back = EventData::from_json(event.data.code(), &json).unwrap();
                prop_assert_eq!(&back, &event.data);
                prop_assert_eq!(&Beside::read(&json).unwrap(), &event.beside);
            }
            check_invariants(state, &life.events);
        }
    }
}

fn collect() -> Action {
    Action::CollectFees {
        amount_vnd: None,
        fees: vec![0.into()],
        method: PaymentMethod::Cash,
        receipt: String::new(),
    }
}

/// So many times, or once.
fn set_fees(n: u8) -> Action {
    Action::SetFees {
        fees: vec![FeeAsked {
            quantity: Some(u32::from(n).max(1)),
            reason: because(),
            ..0.into()
        }],
    }
}

/// Into the hands of one of two, or of nobody.
fn assign(n: u8) -> Action {
    Action::Assign {
        assignee: [None, Some(UserId(1)), Some(UserId(2))][usize::from(n % 3)],
        reason: because(),
        cause: HandsCause::Asked,
    }
}

/// Actions of a kind in whose way nothing stands but who asks and when.
fn correct_receipt(channel: Option<Channel>, received_at: Option<Moment>) -> Action {
    Action::Correct(Correction::Receipt {
        reason: because(),
        channel,
        received_at,
        return_date: None,
        same_fees: true,
    })
}

fn tries(kind: ActionKind, state: &Dossier) -> Vec<Action> {
    let reason = because();
    let one = match kind {
        ActionKind::HandOver => return (0..4).map(hand_over).collect(),
        ActionKind::Register
        | ActionKind::SendBack
        | ActionKind::MarkOverdue
        | ActionKind::RecomputeDue => {
            return Vec::new();
        }
        ActionKind::Receive => Action::Receive {
            items: Vec::new(),
            new: None,
            assignee: None,
            return_date: None,
        },
        ActionKind::NotReceive => Action::NotReceive { reason },
        ActionKind::Reach => Action::Reach,
        ActionKind::Assign => return (0..3).map(assign).collect(),
        ActionKind::RequestSupplement => request_supplement(),
        ActionKind::TakeSupplement => Action::TakeSupplement {
            items: vec![ItemHandedIn(0, 1, 0).into()],
            reason,
        },
        ActionKind::RequestPayment => Action::RequestPayment {
            fees: Vec::new(),
            amount_vnd: Some(1000),
            reason,
        },
        ActionKind::TakePayment => Action::TakePayment {
            amount_vnd: state.contents.payment_requested.unwrap_or(1),
            method: PaymentMethod::Cash,
            receipt: reason,
        },
        ActionKind::Return => Action::Return {
            channel: Channel::Direct,
        },
        ActionKind::CollectFees => collect(),
        ActionKind::WaiveFee => Action::WaiveFee { fee: 0, reason },
        // Of these at least one is news.
        ActionKind::SetFees => return vec![set_fees(2), set_fees(3)],
        ActionKind::RefundFees => Action::RefundFees {
            amount_vnd: state.contents.kept_vnd().max(1),
            fees: Vec::new(),
            method: PaymentMethod::Transfer,
            receipt: String::new(),
            reason,
        },
        ActionKind::CancelRefund => Action::CancelRefund { reason },
        ActionKind::CancelWaiver => {
            return (0..2)
                .map(|fee| Action::CancelWaiver {
                    fee,
                    reason: because(),
                })
                .collect();
        }
        ActionKind::Finish => Action::Finish {
            decision: Decision::Refused,
            reason,
        },
        ActionKind::Withdraw => Action::Withdraw { reason },
        ActionKind::Stop => Action::Stop { reason },
        ActionKind::Reappoint => Action::Reappoint {
            reason,
            appointment: at("2021-12-01 09:00"),
        },
        ActionKind::Verify => Action::Verify { reason },
        ActionKind::MoveToSuccessor => Action::MoveToSuccessor {
            from: COMMUNE,
            to: SUCCESSOR,
        },
        ActionKind::Undo => Action::Correct(Correction::Undo { reason }),
        ActionKind::CorrectDelegate => Action::Correct(Correction::Delegate {
            reason,
            delegate: Some(PersonId::new(state.last_event_at, [7; 10])),
            commitment: None,
        }),
        ActionKind::CorrectCase => Action::Correct(Correction::Case {
            reason,
            same_fees: true,
        }),
        ActionKind::CorrectReceipt => {
            let other = match state.channel {
                Channel::Postal => Channel::Direct,
                _ => Channel::Postal,
            };
            let earlier = state.received_at.map(|received| received.plus_millis(-1));
            return vec![
                correct_receipt(Some(other), None),
                correct_receipt(None, earlier),
            ];
        }
        ActionKind::CorrectPapers => Action::Correct(Correction::Papers {
            reason,
            items: Some(Vec::new()),
            others: Vec::new(),
            sets: Some(2),
            return_channel: Some(Channel::Online),
        }),
        ActionKind::CorrectApplicant => Action::Correct(Correction::Applicant {
            reason,
            applicant: state.applicant,
            commitment: None,
        }),
    };
    vec![one]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_offered_is_done_and_what_is_not_is_refused(
        actions in prop::collection::vec((any_action(), 0..20_i64), 0..15),
        begin in 0..3_u8,
        (competent, reaches_holder, own) in (any::<bool>(), any::<bool>(), 0..3_i32),
        principal in prop::sample::select(vec![None, Some(Role::Officer), Some(Role::Supervisor)]),
    ) {
        let mut life = Life::default();
        let mut when = at("2021-03-01 08:00");
        let elsewhere = NewDossier { receiving_unit: SUCCESSOR, passed_on: false, ..new_dossier() };
        let first = match begin {
            0 => Action::Register(new_dossier()),
            1 => receive(),
            _ => Action::Receive { items: Vec::new(), new: Some(elsewhere), assignee: None, return_date: None },
        };
        life.act(when, &first).unwrap();
        let moves = |action: &Action| matches!(action, Action::MoveToSuccessor { .. });
        for (action, hours) in actions.iter().filter(|(action, _)| !moves(action)) {
            when = when.plus_millis(hours * 1_800_000);
            let _ = life.act(when, action);
        }
        let state = life.state();
        let when = when.max(state.last_event_at).plus_millis(60_000);
        let situation = Situation::of(state, &STAGE.procedure);
        let principal: Vec<_> = principal.map(|role| Principal { user: UserId(2), role }).into_iter().collect();
        let assignee = state.assignee;
        let is_given_it = assignee == Some(UserId(own));
        for role in Role::ALL {
            let stands_in_for = &principal;
            let staff = Staff { role, competent, reaches_holder, is_given_it, stands_in_for, assignee };
            let does = |action: &Action| {
                let context = Context { staff: Some(staff), ..context(when) };
                let may = action.kind().permission().is_some_and(|permission| role.may(permission));
                may && decide(Some(state), action, &context).is_ok()
            };
            let offered = situation.offers(Some(&staff), &STAGE.units);
            // Another procedure may still be said of it, and there is none here.
            let only_procedure = state.contents.registered_at.is_some();
            for kind in ActionKind::ALL {
                if only_procedure && *kind == ActionKind::CorrectReceipt {
                    continue;
                }
                let done = tries(*kind, state).iter().any(does);
                prop_assert_eq!(offered.contains(kind), done, "{:?} by {:?} of {:?}", kind, staff, state);
            }
            let granted = situation.may_be_granted(Some(&staff), &STAGE.units);
            prop_assert_eq!(granted, does(&finish()), "by {:?} of {:?}", staff, state);
        }
    }
}

fn check_invariants(state: &Dossier, events: &[Event]) {
    assert!(state.contents.refunded_vnd() <= state.contents.paid_vnd);
    assert_eq!(state.status.is_closed(), state.closed_at.is_some());
    assert_eq!(
        state.status.is_closed() && state.received_at.is_some(),
        state.outcome.is_some()
    );
    if state.status.is_open() {
        let clock = state.clock.as_ref().unwrap();
        assert_eq!(clock.is_paused(), state.status.is_waiting());
    }
    // One apology a limit that was not taken back, and never a promise before the due moment.
    let (mut apologies, mut before_supplement) = (0, 0);
    for event in events {
        match &event.data {
            EventData::Reappointed(_) => apologies += 1,
            EventData::SupplementTaken(taken) => {
                before_supplement = apologies;
                if taken.restarted {
                    apologies = 0;
                }
            }
            EventData::Undone(undone) if undone.what == Some(UndoneWithin::SupplementTaken) => {
                apologies = before_supplement;
            }
            EventData::Undone(undone) if undone.what == Some(UndoneWithin::Appointment) => {
                apologies -= 1;
            }
            _ => {}
        }
        assert!((0..=1).contains(&apologies));
    }
    assert_eq!(state.contents.apologised, apologies == 1);
    assert!(state.appointment.is_none() || state.appointment >= state.due());
    // In exactly one column of form 06a at any moment, and the columns add up.
    let mut changes = Tallies::new();
    follow(None, state.id, events, &mut changes).unwrap();
    let mut by_unit = std::collections::BTreeMap::<UnitId, Tally>::new();
    for (key, tally) in &changes {
        *by_unit.entry(key.unit).or_default() += *tally;
    }
    let all: Standing = by_unit
        .values()
        .map(|tally| Standing::new(&Tally::default(), tally))
        .sum();
    let received = i64::from(state.received_at.is_some());
    assert_eq!(all.received(), received);
    assert_eq!(all.in_progress(), i64::from(state.status.is_open()));
    assert_eq!(all.resolved(), i64::from(state.outcome.is_some()));
    let late = state.status.is_open() && state.is_overdue();
    assert_eq!(all.in_progress_overdue, i64::from(late));
}

#[test]
fn the_whole_way_over_three_levels_and_back() {
    let mut life = Life::received();
    assert_eq!(life.state().due(), Some(at("2021-03-08 17:00")));
    for (hour, step, holder) in [("10", 1, 2), ("11", 2, 1), ("14", 3, 3)] {
        let when = at(&format!("2021-03-02 {hour}:00"));
        life.act(when, &hand_over(step)).unwrap();
        assert_eq!(life.state().holder, UnitId(holder));
        // Who answers for it stays who received it.
        assert_eq!(life.state().unit, COMMUNE);
    }
    life.act(at("2021-03-05 09:00"), &finish()).unwrap();
    assert_eq!(life.state().status, Status::Done);
    let returned = Action::Return {
        channel: Channel::Direct,
    };
    life.act(at("2021-03-12 09:00"), &returned).unwrap();
    // Judged when the result was ready, not when it was fetched.
    let outcome = life.state().outcome;
    assert_eq!(outcome, Some(motcua::domain::time_limit::Outcome::Early));
}

#[test]
fn a_forbidden_action_is_refused_with_the_allowed_ones() {
    let mut life = Life::in_progress();
    life.act(at("2021-03-02 08:00"), &finish()).unwrap();
    let refused = life.act(at("2021-03-02 09:00"), &hand_over(2)).unwrap_err();
    let Refusal::NotAllowed {
        status, allowed, ..
    } = &refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(*status, Some(Status::Done));
    assert!(allowed.contains(&ActionKind::Return));
    let words = motcua::render::words::refusal(&refused);
    assert!(
        words.contains("Đã xử lý xong") && words.contains("trả kết quả"),
        "{words}"
    );
}

#[test]
fn a_supplement_starts_the_limit_anew_and_a_payment_pauses_it() {
    let mut life = Life::in_progress();
    let request = Action::RequestSupplement {
        reason: because(),
        items: vec![Paper::Position(1)],
        exception: None,
    };
    life.act(at("2021-03-04 09:00"), &request).unwrap();
    assert_eq!(life.state().status, Status::SupplementRequested);
    let taken = Action::TakeSupplement {
        items: vec![ItemHandedIn(1, 0, 1).into()],
        reason: String::new(),
    };
    life.act(at("2021-03-15 09:00"), &taken).unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-22 17:00")));
    assert_eq!(life.state().contents.items.len(), 2);

    let pay = Action::RequestPayment {
        fees: Vec::new(),
        amount_vnd: Some(50_000),
        reason: because(),
    };
    life.act(at("2021-03-16 08:00"), &pay).unwrap();
    let paid = Action::TakePayment {
        amount_vnd: 50_000,
        method: PaymentMethod::Cash,
        receipt: "BL1".to_owned(),
    };
    life.act(at("2021-03-17 08:00"), &paid).unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-23 17:00")));
}

#[test]
fn one_that_paused_in_time_stays_in_time_and_one_that_was_late_stays_late() {
    let request = request_supplement();
    let withdraw = Action::Withdraw { reason: because() };

    let mut in_time = Life::in_progress();
    in_time.act(at("2021-03-08 16:59"), &request).unwrap();
    let sweep = in_time.act(at("2021-06-01 09:00"), &Action::MarkOverdue);
    assert!(sweep.is_err(), "its clock stands");
    in_time.act(at("2021-06-01 09:00"), &withdraw).unwrap();
    assert!(!in_time.state().is_overdue());

    let mut late = Life::in_progress();
    late.act(at("2021-03-09 08:00"), &request).unwrap();
    assert!(late.state().is_overdue());
    late.act(at("2021-03-10 08:00"), &withdraw).unwrap();
    let outcome = late.state().outcome;
    assert_eq!(outcome, Some(motcua::domain::time_limit::Outcome::Overdue));
}

#[test]
fn only_one_new_appointment_and_reports_judge_by_the_first_due_moment() {
    let mut life = Life::in_progress();
    let when = at("2021-03-08 09:00");
    for wrong in ["2021-03-08 16:00", "2021-03-13 09:00", "2021-03-10 12:30"] {
        let refused = life.act(when, &reappoint(wrong)).unwrap_err();
        assert!(matches!(refused, Refusal::BadAppointment { .. }), "{wrong}");
    }
    life.act(when, &reappoint("2021-03-15 09:00")).unwrap();
    assert_eq!(life.state().promised(), Some(at("2021-03-15 09:00")));
    let again = life.act(when, &reappoint("2021-03-16 09:00")).unwrap_err();
    assert!(matches!(again, Refusal::AlreadyReappointed { .. }));
    life.act(at("2021-03-12 09:00"), &finish()).unwrap();
    let outcome = life.state().outcome;
    assert_eq!(outcome, Some(motcua::domain::time_limit::Outcome::Overdue));
}

fn reappoint(text: &str) -> Action {
    Action::Reappoint {
        reason: because(),
        appointment: at(text),
    }
}

fn take_supplement() -> Action {
    Action::TakeSupplement {
        items: vec![ItemHandedIn(1, 0, 1).into()],
        reason: String::new(),
    }
}

#[test]
fn an_appointment_that_a_restart_goes_past_lapses_and_the_new_limit_has_one_of_its_own() {
    let mut life = Life::in_progress();
    life.act(at("2021-03-02 09:00"), &reappoint("2021-03-10 17:00"))
        .unwrap();
    life.act(at("2021-03-03 09:00"), &request_supplement())
        .unwrap();
    // While it waits, the promise stands.
    assert_eq!(life.state().promised(), Some(at("2021-03-10 17:00")));
    life.act(at("2021-03-05 09:00"), &take_supplement())
        .unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-12 17:00")));
    assert_eq!(life.state().appointment, None);
    assert_eq!(life.state().promised(), life.state().due());
    let EventData::AppointmentLapsed(lapsed) = &life.events.last().unwrap().data else {
        panic!("{:?}", life.events.last());
    };
    assert_eq!(lapsed.appointment, at("2021-03-10 17:00"));
    check_invariants(life.state(), &life.events);
    // Another limit: one more, and no third.
    life.act(at("2021-03-09 09:00"), &reappoint("2021-03-15 17:00"))
        .unwrap();
    let third = life.act(at("2021-03-09 10:00"), &reappoint("2021-03-16 17:00"));
    assert!(matches!(
        third,
        Err(Refusal::AlreadyReappointed { appointment }) if appointment == at("2021-03-15 17:00")
    ));
    check_invariants(life.state(), &life.events);

    // One that lies after the new due moment too is still the promise, and the only one.
    let mut later = Life::in_progress();
    for (when, action) in [
        ("2021-03-02 09:00", reappoint("2021-03-31 17:00")),
        ("2021-03-03 09:00", request_supplement()),
        ("2021-03-05 09:00", take_supplement()),
    ] {
        later.act(at(when), &action).unwrap();
    }
    assert_eq!(later.state().appointment, Some(at("2021-03-31 17:00")));
    let again = later.act(at("2021-03-09 09:00"), &reappoint("2021-04-01 17:00"));
    assert!(matches!(again, Err(Refusal::AlreadyReappointed { .. })));
}

#[test]
fn an_appointment_that_a_pause_goes_past_lapses_and_was_the_only_one_of_its_limit() {
    let mut life = Life::in_progress();
    let pay = Action::RequestPayment {
        fees: Vec::new(),
        amount_vnd: Some(50_000),
        reason: because(),
    };
    let paid = Action::TakePayment {
        amount_vnd: 50_000,
        method: PaymentMethod::Cash,
        receipt: String::new(),
    };
    for (when, action) in [
        ("2021-03-02 09:00", reappoint("2021-03-09 17:00")),
        ("2021-03-03 08:00", pay),
        ("2021-03-05 08:00", paid),
    ] {
        life.act(at(when), &action).unwrap();
    }
    assert_eq!(life.state().due(), Some(at("2021-03-10 17:00")));
    assert_eq!(life.state().promised(), life.state().due());
    let again = life.act(at("2021-03-08 09:00"), &reappoint("2021-03-12 17:00"));
    assert!(matches!(
        again,
        Err(Refusal::AlreadyReappointed { appointment }) if appointment == at("2021-03-09 17:00")
    ));
    check_invariants(life.state(), &life.events);
}

#[test]
fn what_is_reopened_goes_by_the_calendar_that_holds_now() {
    let mut life = Life::in_progress();
    life.act(at("2021-03-02 08:00"), &reappoint("2021-03-09 11:00"))
        .unwrap();
    life.act(at("2021-03-02 09:00"), &finish()).unwrap();
    // Nobody recomputes what is closed.
    let day_off = with_calendar("2021-03-04,off,Nghỉ\n");
    let refused = life.recompute(at("2021-03-02 10:00"), &day_off);
    assert!(matches!(refused, Err(Refusal::NotAllowed { .. })));
    let undo = Action::Correct(Correction::Undo { reason: because() });
    life.act_under(at("2021-03-02 11:00"), &undo, &day_off)
        .unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-09 17:00")));
    // Due is later than was appointed now.
    assert_eq!(life.state().appointment, None);
    let kinds: Vec<_> = life.events.iter().skip(4).map(|e| e.data.name()).collect();
    assert_eq!(kinds, ["undone", "due_recomputed", "appointment_lapsed"]);
    check_invariants(life.state(), &life.events);
}

#[test]
fn papers_that_were_another_dossiers_are_taken_back_while_they_are_the_last_thing() {
    let mut life = Life::in_progress();
    life.act(at("2021-03-02 08:00"), &reappoint("2021-03-12 11:00"))
        .unwrap();
    life.act(at("2021-03-02 09:00"), &request_supplement())
        .unwrap();
    let waiting = life.state().clone();
    life.act(at("2021-03-05 09:00"), &take_supplement())
        .unwrap();
    assert_ne!(life.state().due(), waiting.due());
    let undo = Action::Correct(Correction::Undo { reason: because() });
    life.act(at("2021-03-05 09:05"), &undo).unwrap();
    let again = life.state();
    assert_eq!(again.status, Status::SupplementRequested);
    assert_eq!(
        (&again.clock, &again.contents.items),
        (&waiting.clock, &waiting.contents.items)
    );
    assert_eq!(
        (again.appointment, again.step_due),
        (waiting.appointment, waiting.step_due)
    );
    assert!(again.contents.apologised);
    check_invariants(again, &life.events);
    // The right ones come; after something else was done nobody knows what was done because of them.
    life.act(at("2021-03-08 09:00"), &take_supplement())
        .unwrap();
    life.act(at("2021-03-08 10:00"), &hand_over(2)).unwrap();
    let late = life.act(at("2021-03-08 11:00"), &undo);
    assert_eq!(late, Err(Refusal::NothingToUndo));
    check_invariants(life.state(), &life.events);
}

#[test]
fn an_appointment_goes_on_to_a_day_on_which_somebody_is_there() {
    let mut life = Life::in_progress();
    life.act(at("2021-03-02 08:00"), &reappoint("2021-03-10 11:00"))
        .unwrap();
    let day_off = with_calendar("2021-03-10,off,Nghỉ\n");
    life.recompute(at("2021-03-02 10:00"), &day_off).unwrap();
    assert_eq!(
        life.state().due(),
        Some(at("2021-03-08 17:00")),
        "that day is not in the limit"
    );
    assert_eq!(life.state().promised(), Some(at("2021-03-11 11:00")));
    let again = life.recompute(at("2021-03-02 11:00"), &day_off);
    assert_eq!(again, Err(Refusal::DueUnchanged));
    check_invariants(life.state(), &life.events);
}

#[test]
fn a_mistake_is_undone_by_a_recorded_move() {
    let mut life = Life::in_progress();
    life.act(at("2021-03-02 08:00"), &finish()).unwrap();
    let undo = Action::Correct(Correction::Undo { reason: because() });
    life.act(at("2021-03-02 08:05"), &undo).unwrap();
    assert_eq!(life.state().status, Status::InProgress);
    assert_eq!(life.state().outcome, None);
    // Nothing is gone: the closing and its undoing are both history.
    assert_eq!(life.events.len(), 4);
    let no_reason = Action::Correct(Correction::Undo {
        reason: " ".to_owned(),
    });
    life.act(at("2021-03-02 09:00"), &finish()).unwrap();
    let refused = life.act(at("2021-03-02 09:05"), &no_reason).unwrap_err();
    assert_eq!(refused, Refusal::ReasonMissing);
}

#[test]
fn a_receipt_is_refused_where_unit_procedure_or_papers_do_not_allow_it() {
    let try_with = |change: &dyn Fn(&mut NewDossier), when: &str| {
        let mut new = new_dossier();
        change(&mut new);
        // Resolved where it is handed in.
        new.receiving_unit = new.unit;
        let action = Action::Receive {
            items: Vec::new(),
            new: Some(new),
            assignee: None,
            return_date: None,
        };
        Life::default().act(at(when), &action).unwrap_err()
    };
    let ordinary = "2021-03-01 08:00";
    let refused = try_with(&|new| new.unit = UnitId(5), ordinary);
    assert!(matches!(refused, Refusal::UnitClosed { .. }));
    let refused = try_with(&|new| new.unit = UnitId(2), ordinary);
    assert!(matches!(refused, Refusal::WrongLevel { .. }));
    let refused = try_with(&|new| new.unit = UnitId(99), ordinary);
    assert_eq!(refused, Refusal::UnknownUnit);
    let refused = try_with(&|new| new.items.clear(), ordinary);
    assert!(matches!(refused, Refusal::MissingItems { names } if names == ["Đơn"]));
    let refused = try_with(
        &|new| new.items.push(ItemHandedIn(9, 1, 0).into()),
        ordinary,
    );
    assert!(matches!(refused, Refusal::UnknownItem { position: 9, .. }));
    let refused = try_with(&|new| new.sets = 0, ordinary);
    assert_eq!(refused, Refusal::NoSets);
    let refused = try_with(&|_| {}, "2017-03-01 08:00");
    assert!(matches!(refused, Refusal::UnitClosed { .. }));
    let refused = try_with(&|_| {}, "2030-03-01 08:00");
    assert!(matches!(refused, Refusal::Time(_)));
}

#[test]
fn nothing_happens_in_the_future_or_before_what_has_happened() {
    let mut life = Life::in_progress();
    let earlier = life.act(at("2021-03-01 09:00"), &finish()).unwrap_err();
    assert!(matches!(earlier, Refusal::BeforeLastEvent { .. }));
    let future = Context {
        now: at("2021-03-02 08:00"),
        ..context(at("2021-03-02 09:00"))
    };
    let refused = decide(life.dossier.as_ref(), &finish(), &future).unwrap_err();
    assert!(matches!(refused, Refusal::InTheFuture { .. }));
}

/// The stage with another calendar: `days` in the form of the calendar file.
fn with_calendar(days: &str) -> Timetable {
    let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap() + days;
    let calendar = Calendar::new(read_calendar(text.as_bytes()).unwrap()).unwrap();
    Timetable::new(&calendar, &OfficeHours::default())
}

impl Life {
    fn recompute(&mut self, when: Moment, timetable: &Timetable) -> Result<(), Refusal> {
        self.act_under(when, &Action::RecomputeDue { reason: because() }, timetable)
    }

    /// The same as [`Life::act`], on one that there is already, under another calendar.
    fn act_under(
        &mut self,
        when: Moment,
        action: &Action,
        timetable: &Timetable,
    ) -> Result<(), Refusal> {
        let context = Context {
            timetable,
            ..context(when)
        };
        for event in decide(self.dossier.as_ref(), action, &context)? {
            self.dossier.as_mut().unwrap().apply(&event).unwrap();
            self.events.push(event);
        }
        check_invariants(self.state(), &self.events);
        Ok(())
    }
}

#[test]
fn a_new_calendar_can_open_the_office_before_the_old_next_opening() {
    let mut life = Life::default();
    // Friday evening: under the old calendar the clock starts on Monday.
    life.act(at("2021-03-05 18:00"), &receive()).unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-15 17:00")));
    let saturday_works = with_calendar("2021-03-06,work,Làm bù\n");
    life.recompute(at("2021-03-05 19:00"), &saturday_works)
        .unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-12 17:00")));
}

#[test]
fn a_calendar_that_makes_a_waiting_dossier_late_says_so_at_once() {
    let mut life = Life::in_progress();
    let request = request_supplement();
    // Due on Monday 8 March, paused that day; then Saturday becomes a working day.
    life.act(at("2021-03-08 09:00"), &request).unwrap();
    assert!(!life.state().is_overdue());
    let saturday_works = with_calendar("2021-03-06,work,Làm bù\n");
    life.recompute(at("2021-03-09 09:00"), &saturday_works)
        .unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-06 17:00")));
    assert!(life.state().is_overdue());
    let withdraw = Action::Withdraw { reason: because() };
    life.act(at("2021-03-10 09:00"), &withdraw).unwrap();
    check_invariants(life.state(), &life.events);
}

#[test]
fn one_that_paused_at_the_very_due_moment_paused_in_time() {
    let mut life = Life::in_progress();
    let request = request_supplement();
    life.act(at("2021-03-08 17:00"), &request).unwrap();
    let withdraw = Action::Withdraw { reason: because() };
    life.act(at("2021-03-08 20:00"), &withdraw).unwrap();
    let outcome = life.state().outcome;
    assert_eq!(outcome, Some(motcua::domain::time_limit::Outcome::OnTime));
    check_invariants(life.state(), &life.events);
}

#[test]
fn what_was_past_due_when_it_paused_stays_so_and_keeps_its_due_moment() {
    let mut life = Life::in_progress();
    let request = request_supplement();
    life.act(at("2021-03-09 09:00"), &request).unwrap();
    let crossed = life.state().overdue_since;
    assert_eq!(crossed, Some(at("2021-03-08 17:00")));
    let nothing = Action::TakeSupplement {
        items: vec![ItemHandedIn(1, 0, 0).into()],
        reason: " ".to_owned(),
    };
    let refused = life.act(at("2021-03-10 09:00"), &nothing).unwrap_err();
    assert_eq!(refused, Refusal::NothingHandedIn);
    let taken = Action::TakeSupplement {
        items: vec![],
        reason: because(),
    };
    life.act(at("2021-03-10 09:00"), &taken).unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-08 17:00")));
    let pay = Action::RequestPayment {
        fees: vec![],
        amount_vnd: Some(1000),
        reason: because(),
    };
    life.act(at("2021-03-10 10:00"), &pay).unwrap();
    let paid = Action::TakePayment {
        amount_vnd: 1000,
        method: PaymentMethod::Cash,
        receipt: String::new(),
    };
    life.act(at("2021-03-12 10:00"), &paid).unwrap();
    assert_eq!(life.state().due(), Some(at("2021-03-08 17:00")));
    // A calendar that changes nothing before the due moment changes nothing.
    let day_off = with_calendar("2021-03-12,off,Nghỉ\n");
    let unchanged = life
        .recompute(at("2021-03-12 11:00"), &day_off)
        .unwrap_err();
    assert_eq!(unchanged, Refusal::DueUnchanged);
    assert_eq!(life.state().overdue_since, crossed);
    life.act(at("2021-03-12 12:00"), &finish()).unwrap();
    let outcome = life.state().outcome;
    assert_eq!(outcome, Some(motcua::domain::time_limit::Outcome::Overdue));
    check_invariants(life.state(), &life.events);
    // But a crossing that the calendar itself was wrong about is taken back.
    let mut wronged = Life::in_progress();
    wronged
        .act(at("2021-03-09 09:00"), &Action::MarkOverdue)
        .unwrap();
    let day_off = with_calendar("2021-03-04,off,Nghỉ\n");
    wronged.recompute(at("2021-03-09 10:00"), &day_off).unwrap();
    assert_eq!(wronged.state().due(), Some(at("2021-03-09 17:00")));
    assert!(!wronged.state().is_overdue());
}

#[test]
fn moves_follow_a_chain_of_successors_to_whoever_is_open() {
    let line = |unit, successor, on| Succession {
        unit: UnitId(unit),
        successor: UnitId(successor),
        share: Share::Whole,
        on: date(on),
    };
    let units = Units::new(
        vec![
            unit(6, Level::Commune, None, Some("2019-12-31")),
            unit(7, Level::Commune, None, Some("2020-12-31")),
            unit(8, Level::Commune, None, None),
        ],
        vec![line(6, 7, "2020-01-01"), line(7, 8, "2021-01-01")],
    );
    let in_charge = |unit, on| {
        units
            .in_charge_on(UnitId(unit), date(on))
            .map(|unit| unit.id)
    };
    assert_eq!(in_charge(6, "2019-06-01"), Some(UnitId(6)));
    assert_eq!(in_charge(6, "2020-06-01"), Some(UnitId(7)));
    assert_eq!(in_charge(6, "2021-06-01"), Some(UnitId(8)));
    assert!(units.succeeds(UnitId(6), UnitId(8)));
    assert!(!units.succeeds(UnitId(8), UnitId(6)));
}

#[test]
fn events_of_the_version_before_are_read_and_written_as_they_were() {
    for (code, json) in [
        (5, r#"{"reason":"thiếu","items":[1]}"#),
        (
            6,
            r#"{"items":[[1,1,0]],"restarted":true,"due":1614592800000}"#,
        ),
        (6, r#"{"due":1614592800000}"#),
        (7, r#"{"amount_vnd":1500000,"reason":"thuế"}"#),
        (7, r#"{"amount_vnd":1500000}"#),
        (
            8,
            r#"{"amount_vnd":1500000,"receipt":"BL1","due":1614592800000}"#,
        ),
        (20, r#"{"fee":0,"reason":"hộ nghèo"}"#),
    ] {
        let event = EventData::from_json(code, json).unwrap();
        assert_eq!(event.to_json().unwrap(), json);
    }
}

//! Whatever happens to a dossier: history, row, view, look-up, lists and reports say the same of it.

use chrono::Datelike;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{World, at, date, hire, occasion, on_both, with_second_leg};
use motcua::acts;
use motcua::domain::dossier::{
    Action, Correction, Decision, Dossier, ItemHandedIn, Paper, PaymentMethod, Status,
};
use motcua::domain::ids::{DossierId, UserId};
use motcua::domain::moment::{Moment, WorkingTime};
use motcua::domain::period::Period;
use motcua::domain::procedure::LimitDefinition;
use motcua::domain::role::Role;
use motcua::domain::time_limit::Outcome;
use motcua::error::Error;
use motcua::jobs::{housekeeping, queue};
use motcua::reports::by::By;
use motcua::reports::on_time::on_time;
use motcua::reports::standings::Span;
use motcua::store::lists::Order;
use motcua::store::load::Load;
use motcua::store::{events, users};
use motcua::views::list::{ListRequest, near_due};
use motcua::views::load::by_officer;
use motcua::views::{dossier as desk, list, look_up};

/// What to try, on which dossier, after how many hours; and a number that it may need.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    which: usize,
    hours: i64,
    number: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..17_u8, 0..100_usize, 0..40_i64, 1..60_u32);
    let step = step.prop_map(|(kind, which, hours, number)| Step {
        kind,
        which,
        hours,
        number,
    });
    prop::collection::vec(step, 5..50)
}

fn state(world: &World, id: DossierId) -> Dossier {
    let replayed = world.store.read(|conn| events::replay(conn, id)).unwrap();
    replayed.unwrap().0
}

fn action(world: &World, dossier: &Dossier, step: &Step, now: Moment) -> Action {
    let reason = || "lý do".to_owned();
    match step.kind {
        3 | 4 => Action::HandOver {
            step: 1,
            assignee: somebody(world, step),
            note: String::new(),
        },
        5 => Action::Finish {
            decision: Decision::Refused,
            reason: reason(),
        },
        6 | 7 => Action::RequestSupplement {
            reason: reason(),
            items: vec![Paper::Position(0)],
            exception: None,
        },
        8 => Action::TakeSupplement {
            items: vec![ItemHandedIn(0, 1, 0).into()],
            reason: String::new(),
        },
        9 => Action::RequestPayment {
            fees: Vec::new(),
            amount_vnd: Some(1000),
            reason: reason(),
        },
        10 => Action::TakePayment {
            amount_vnd: 1000,
            method: PaymentMethod::Cash,
            receipt: String::new(),
        },
        11 | 12 => {
            let reference = world.store.reference().unwrap();
            let timetable = reference.timetable(dossier.unit).unwrap();
            let from = dossier.due().unwrap_or(now).max(now);
            Action::Reappoint {
                reason: reason(),
                appointment: timetable
                    .advance(from, WorkingTime::from_hours(step.number))
                    .unwrap(),
            }
        }
        13 => Action::Withdraw { reason: reason() },
        16 => Action::Verify { reason: reason() },
        _ => Action::Correct(Correction::Undo { reason: reason() }),
    }
}

/// The calendar with a day off more, and the due moments that follow from it.
fn change_calendar(world: &World, now: Moment, number: u32) {
    let day = now.date() + chrono::Days::new(u64::from(number % 9));
    let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
    let known = text.contains(&format!("\n{day},"));
    let more = match known || day.year() != 2021 {
        true => String::new(),
        false => format!("{day},off,Nghỉ đột xuất\n"),
    };
    motcua::imports::calendar(&world.store, format!("{text}{more}").as_bytes()).unwrap();
    queue::recompute_due_moments(&world.store, now).unwrap();
}

/// One of the staff, or nobody.
fn somebody(world: &World, step: &Step) -> Option<UserId> {
    let staff = world.store.read(users::load).unwrap();
    let able = staff.into_iter().filter(|user| user.role == Role::Officer);
    let able: Vec<_> = able.map(|user| user.id).collect();
    able.get(step.which % 3).copied()
}

/// Everybody who shows the dossiers says what their histories say.
fn check(world: &World, ids: &[DossierId], now: Moment) {
    let store = &world.store;
    let states: Vec<Dossier> = ids.iter().map(|id| state(world, *id)).collect();
    let is_overdue = |dossier: &Dossier| {
        dossier.is_overdue() || dossier.crosses_at().is_some_and(|crossing| crossing < now)
    };
    let reference = store.reference().unwrap();
    let root = reference.units().by_code("H37").unwrap().id;
    let listed = |order| {
        let request = ListRequest::of_all(root, order, 200, now);
        list::list(store, &request).unwrap().items
    };
    let all = listed(Order::Entered);
    let members = |order| listed(order).into_iter().map(|item| item.id).collect();
    let due: Vec<DossierId> = members(Order::Due);
    let overdue: Vec<DossierId> = members(Order::Overdue { now });
    let near = near_due(store, root, now, 2).unwrap();
    let Order::NearDue { before, .. } = near else {
        panic!("{near:?}")
    };
    let near: Vec<DossierId> = members(near);
    for dossier in &states {
        let (id, status) = (dossier.id, dossier.status);
        let said = (
            status,
            dossier.due(),
            dossier.appointment,
            status.is_waiting(),
            is_overdue(dossier),
            dossier.outcome,
        );
        let view = desk::view(store, id, None, None, now).unwrap();
        let item = all.iter().find(|item| item.id == id).unwrap();
        let public = look_up::look_up(
            store,
            &view.case_number,
            view.look_up_code.as_deref().unwrap(),
            now,
        )
        .unwrap();
        let of_view = (
            view.status,
            view.due_at,
            view.appointment_at,
            view.paused,
            view.overdue,
            view.outcome,
        );
        let of_list = (
            item.status,
            item.due_at,
            item.appointment_at,
            item.status.is_waiting(),
            item.overdue,
            item.outcome,
        );
        let of_look_up = (
            public.status,
            public.due_at,
            public.appointment_at,
            public.paused,
            public.overdue,
            dossier.outcome,
        );
        assert_eq!(
            (of_view, of_list, of_look_up),
            (said, said, said),
            "{id} at {now}"
        );
        let limit = dossier.clock.as_ref().map(|clock| clock.limit);
        assert_eq!(view.limit, limit.map(LimitDefinition::from), "{id}");
        assert!(
            dossier.appointment.is_none() || dossier.appointment >= dossier.due(),
            "{id}: appointed before it is due"
        );
        let is_open = status.is_open();
        assert_eq!(due.contains(&id), is_open, "{id}");
        assert_eq!(
            overdue.contains(&id),
            is_open && is_overdue(dossier),
            "{id}"
        );
        // The desk works by the new appointment where there is one, also when it is overdue.
        let runs = match dossier.appointment {
            Some(_) => matches!(status, Status::Received | Status::InProgress),
            None => dossier.crosses_at().is_some(),
        };
        let is_near = runs
            && dossier
                .promised()
                .is_some_and(|moment| now <= moment && moment < before);
        assert_eq!(near.contains(&id), is_near, "{id} at {now}");
    }
    // Where it is counted what lies with whom, that is how many rows the list of it has.
    let counted = by_officer(store, root, 2, now).unwrap();
    let near = near_due(store, root, now, 2).unwrap();
    for (order, count) in [
        (Order::Due, (|load| load.open) as fn(&Load) -> i64),
        (near, |load| load.near_due),
        (Order::Overdue { now }, |load| load.overdue),
    ] {
        let rows = listed(order);
        let of_each = counted.iter().map(|row| (&row.staff, count(&row.load)));
        let mut all = 0;
        for (staff, said) in of_each {
            let has = rows.iter().filter(|item| item.assignee == *staff).count();
            assert_eq!(
                said,
                i64::try_from(has).unwrap(),
                "{staff:?}: {order:?} at {now}"
            );
            all += said;
        }
        assert_eq!(
            all,
            i64::try_from(rows.len()).unwrap(),
            "{order:?} at {now}"
        );
    }
    let period = Period::new(date("2021-01-01"), now.date()).unwrap();
    let span = Span::new(period, None, now).unwrap();
    let counted = on_time(store, By::Level, span, None).unwrap().total;
    let count = |fits: &dyn Fn(&Dossier) -> bool| {
        i64::try_from(states.iter().filter(|dossier| fits(dossier)).count()).unwrap()
    };
    let with = |outcome| count(&|dossier: &Dossier| dossier.outcome == Some(outcome));
    assert_eq!(
        [
            counted.received(),
            counted.early,
            counted.on_time,
            counted.overdue,
            counted.in_progress(),
            counted.in_progress_overdue,
        ],
        [
            count(&|_| true),
            with(Outcome::Early),
            with(Outcome::OnTime),
            with(Outcome::Overdue),
            count(&|dossier| dossier.status.is_open()),
            count(&|dossier| dossier.status.is_open() && is_overdue(dossier)),
        ],
        "at {now}"
    );
}

fn play(world: &World, steps: &[Step]) {
    motcua::imports::calendar(&world.store, motcua::config::bundled::CALENDAR).unwrap();
    let mut ids: Vec<DossierId> = Vec::new();
    let mut now = at("2021-03-10 08:00");
    for step in steps {
        now = now.plus_millis(step.hours * 3_600_000);
        let id = ids.get(step.which % ids.len().max(1)).copied();
        let result = match (step.kind, id) {
            (0..=1, _) | (_, None) => {
                let procedure = ["2.000815", "1.001193", "1.004884"][step.which % 3];
                let request = world.request("H37.20.01", procedure);
                acts::receive::receive(&world.store, &request, occasion(now), None)
                    .map(|made| ids.push(made.value))
            }
            (2, Some(_)) => {
                change_calendar(world, now, step.number);
                Ok(())
            }
            (_, Some(id)) => {
                let action = action(world, &state(world, id), step, now);
                world.act(id, now, action).map(drop)
            }
        };
        match result {
            Ok(()) | Err(Error::Refused(..) | Error::Invalid(_)) => {}
            Err(error) => panic!("{error}"),
        }
        if step.which % 7 == 0 {
            housekeeping::run(&world.store, now).unwrap();
        }
        check(world, &ids, now);
    }
}

on_both! {
    fn everybody_who_shows_a_dossier_says_the_same_after_every_action(db: &Database) {
        let world = World::new(db.store());
        // One of the same day, and one of five days: three and eight where verification is needed.
        with_second_leg(&world, "1.001193", 3);
        with_second_leg(&world, "1.004884", 8);
        for unit in ["H37.20.01", "H37.20"] {
            hire(&world, Role::Officer, unit);
        }
        let mut runner = TestRunner::new(Config { cases: 25, ..Config::default() });
        runner
            .run(&steps(), |steps| {
                db.tamper(
                    "delete from dossier_events; delete from dossiers; delete from persons;
                     delete from tally_deltas; delete from rollups; delete from late_tallies;
                     delete from case_counters; delete from unannounced_events;
                     delete from tally_reversals;",
                );
                play(&world, &steps);
                let verified = motcua::tools::verify::verify(&world.store, 10).unwrap();
                prop_assert_eq!(verified.findings, vec![]);
                Ok(())
            })
            .unwrap();
    }
}

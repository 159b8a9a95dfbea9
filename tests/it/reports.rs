//! Reports from the roll-ups against a plain recount of the events, over random histories.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::{Office, Program, World, at, date, fields, history_step, on_both, with_norm};
use motcua::domain::dossier::{Action, Channel, Correction, Decision, Dossier, EventData, Status};
use motcua::domain::ids::{DossierId, UnitId};
use motcua::domain::moment::Moment;
use motcua::domain::period::Period;
use motcua::domain::role::Role;
use motcua::domain::tally::Standing;
use motcua::domain::time_limit::Outcome;
use motcua::error::Error;
use motcua::jobs::housekeeping;
use motcua::reports::by::By;
use motcua::reports::standings::Span;
use motcua::reports::{self, Report};
use motcua::store::{Store, dossiers, events};

const UNITS: [&str; 3] = ["H37.20.01", "H37.20.02", "H37.20"];

/// A step of a random history: what to try, on which dossier, after how many hours.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    which: usize,
    hours: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..18_u8, 0..100_usize, 0..30_i64).prop_map(|(kind, which, hours)| Step {
        kind,
        which,
        hours,
    });
    prop::collection::vec(step, 5..60)
}

/// Plays a random history; refusals are part of life. Returns its last moment.
fn play(world: &World, steps: &[Step]) -> Moment {
    let procedures = ["2.000815", "1.001193"];
    let mut ids: Vec<DossierId> = Vec::new();
    let mut now = at("2021-03-10 08:00");
    for step in steps {
        now = now.plus_millis(step.hours * 3_600_000);
        let id = ids.get(step.which % ids.len().max(1)).copied();
        let result = match (step.kind, id) {
            (0..=3, _) | (_, None) => {
                let unit = UNITS[step.which % UNITS.len()];
                let procedure = procedures[step.which % procedures.len()];
                match world.try_receive(unit, procedure, now) {
                    Ok(dossier) => {
                        ids.push(dossier.id);
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
            (kind, Some(id)) => world.act(id, now, action(kind, step.which, now)).map(drop),
        };
        match result {
            Ok(()) | Err(Error::Refused(..) | Error::Invalid(_)) => {}
            Err(error) => panic!("{error}"),
        }
        // Sometimes the sweep and the folding come between.
        if step.which % 7 == 0 {
            housekeeping::run(&world.store, now).unwrap();
        }
    }
    now
}

fn action(kind: u8, which: usize, now: Moment) -> Action {
    let receipt = |channel, received_at| {
        Action::Correct(Correction::Receipt {
            reason: "Ghi nhầm".to_owned(),
            channel,
            received_at,
            return_date: None,
            same_fees: true,
        })
    };
    match kind {
        15 => receipt(Some(Channel::Online), None),
        16 => receipt(Some(Channel::Postal), None),
        17 => {
            let hours = i64::try_from(which).unwrap();
            receipt(None, Some(now.plus_millis(-hours * 3_600_000)))
        }
        // To the next unit of the chain; the last goes nowhere.
        12 => moved(0),
        13 => moved(1),
        kind => history_step(kind),
    }
}

/// Units are numbered in the order of the file.
fn moved(from: usize) -> Action {
    let [from, to] = [from, from + 1].map(|i| UnitId(UNIT_IDS.get().unwrap()[i]));
    Action::MoveToSuccessor { from, to }
}

static UNIT_IDS: std::sync::OnceLock<[i32; 3]> = std::sync::OnceLock::new();

/// What the form says of one dossier, told from its events alone: the naive way. It is in the rows of
/// the unit that answers for it when the period ends, or answered when it was closed.
fn judge(history: &[motcua::domain::dossier::Event], period: Period, until: Moment) -> Standing {
    let end = Moment::at(period.to + Days::new(1), chrono::NaiveTime::MIN);
    let start = Moment::at(period.from, chrono::NaiveTime::MIN);
    let known: Vec<_> = history.iter().filter(|event| event.at < end).collect();
    let mut standing = Standing::default();
    if known.is_empty() {
        return standing;
    }
    let state_at = |moment: Moment| {
        let events = known.iter().filter(|event| event.at < moment).copied();
        Dossier::replay(DossierId(uuid::Uuid::nil()), events).ok()
    };
    let before = state_at(start);
    let after = state_at(end).unwrap();
    let closing = |state: &Dossier| state.outcome.and(state.closed_at);
    if let Some(before) = &before {
        // Closed before, and taken up again within: carried over once more.
        let reopened = closing(before).is_some() && closing(before) != closing(&after);
        standing.reopened = i64::from(reopened);
        standing.carried_over = i64::from(before.status.is_open() || reopened);
    }
    // A closing counts in the period in which it was, if it stands when the period ends.
    if closing(&after).is_some_and(|closed| closed >= start) {
        match after.outcome {
            Some(Outcome::Early) => standing.early = 1,
            Some(Outcome::OnTime) => standing.on_time = 1,
            Some(Outcome::Overdue) => standing.overdue = 1,
            None => {}
        }
        match (after.status, after.decision) {
            (Status::Withdrawn, _) => standing.withdrawn = i64::from(after.outcome.is_some()),
            (Status::Stopped, _) => standing.stopped = 1,
            (_, Some(Decision::Refused)) => standing.refused = 1,
            _ => {}
        }
        // What is received from 12 March on: by the norms that the random histories are played under.
        let by_rule = after
            .received_at
            .is_some_and(|received| received.date() >= date("2021-03-12"));
        if by_rule && standing.stopped + standing.withdrawn > 0 {
            standing.left_out = 1;
            standing.left_out_overdue = standing.overdue;
        }
    }
    let received_within = known
        .iter()
        .any(|event| matches!(event.data, EventData::Received(_)) && event.at >= start);
    match after.channel {
        Channel::Online => standing.received_online = i64::from(received_within),
        _ => standing.received_other = i64::from(received_within),
    }
    let crossed = after.is_running() && after.due().is_some_and(|due| due < until.min(end));
    standing.in_progress_overdue =
        i64::from(after.status.is_open() && (after.is_overdue() || crossed));
    standing
}

/// All histories of the database with the unit that answers.
fn histories(store: &Store) -> Vec<Vec<motcua::domain::dossier::Event>> {
    store
        .read(|conn| {
            let rows = dossiers::rows_after(conn, None, 10_000)?;
            rows.iter()
                .map(|(id, _)| {
                    let stored = events::history(conn, *id)?;
                    let events: Result<Vec<_>, _> =
                        stored.iter().map(|event| event.event()).collect();
                    events.map(put_right)
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .unwrap()
}

/// The history as if it had been received at once when it was: such a mistake is put right in all days.
fn put_right(
    mut history: Vec<motcua::domain::dossier::Event>,
) -> Vec<motcua::domain::dossier::Event> {
    let (mut at, mut channel) = (None, None);
    let mut never = Vec::new();
    let (mut crossed, mut due) = (None, None);
    for (i, event) in history.iter_mut().enumerate() {
        match &mut event.data {
            EventData::BecameOverdue(_) => crossed = Some(i),
            EventData::ReceiptCorrected(new) => {
                at = new.received_at.take().or(at);
                channel = new.channel.take().or(channel);
                if std::mem::take(&mut new.no_longer_overdue) {
                    never.extend(crossed.take());
                    due = Some((i, new.due));
                }
            }
            // What it is in by then stays there.
            EventData::MovedToSuccessor(_) | EventData::Undone(_) => break,
            _ => {}
        }
    }
    let first = &mut history[0];
    first.at = at.unwrap_or(first.at);
    if let (EventData::Received(received), Some(channel)) = (&mut first.data, channel) {
        received.submission.as_mut().unwrap().channel = channel;
    }
    // What was due too early was never past due.
    if let Some((until, due)) = due {
        for event in &mut history[..until] {
            match &mut event.data {
                EventData::Received(received) => received.due = due,
                EventData::SupplementTaken(taken) => taken.due = due,
                EventData::ReceiptCorrected(new) => new.due = due,
                _ => {}
            }
        }
    }
    let mut i = 0;
    history.retain(|_| {
        i += 1;
        !never.contains(&(i - 1))
    });
    // What was corrected in between was after it as well.
    let first = history[0].at;
    for (event, sequence) in history.iter_mut().zip(1..) {
        event.sequence = sequence;
        event.at = event.at.max(first);
        event.recorded_at = event.recorded_at.max(event.at);
    }
    history
}

fn check(store: &Store, now: Moment) {
    let histories = histories(store);
    let whole = |from: NaiveDate, to: NaiveDate| Period::new(from, to).unwrap();
    let days: Vec<NaiveDate> = (0..40).map(|n| date("2021-03-05") + Days::new(n)).collect();
    // Every day by itself, so that there is an edge between whatever is done and undone.
    for day in &days[..25] {
        let Ok(span) = Span::new(whole(*day, *day), None, now) else {
            continue;
        };
        let form = reports::form_06a::form_06a(store, span, Some("H37")).unwrap();
        assert_eq!(form.total, expected(&histories, span, None), "{day}");
        form.groups
            .iter()
            .flat_map(|group| group.fields.values())
            .for_each(is_sound);
    }
    for (from, to) in [(0, 39), (5, 9), (10, 10), (7, 30), (0, 12), (13, 20)] {
        let period = whole(days[from], days[to]);
        let Ok(span) = Span::new(period, None, now) else {
            continue;
        };
        let units = store.reference().unwrap();
        let units = units.units();
        let expected_of = |unit| expected(&histories, span, unit);
        let expected = expected_of(None);
        for by in By::ALL {
            let report = reports::on_time::on_time(store, by, span, None).unwrap();
            assert_eq!(report.total, expected, "{by:?} {period:?}");
        }
        let form = reports::form_06a::form_06a(store, span, None).unwrap();
        assert_eq!(form.total, expected);
        let scoped = reports::form_06a::form_06a(store, span, Some("H37")).unwrap();
        assert_eq!(scoped.total, expected);
        let one = reports::form_06a::form_06a(store, span, Some("H37.20.02")).unwrap();
        let by_unit = reports::on_time::on_time(store, By::Unit, span, None).unwrap();
        let row = by_unit.rows.iter().find(|row| row.key == "H37.20.02");
        assert_eq!(one.total, row.map(|row| row.standing).unwrap_or_default());
        for row in &by_unit.rows {
            let unit = units.by_code(&row.key).unwrap().id;
            // What was taken up again before it moved is noted where that was.
            let without = |s: Standing| Standing { reopened: 0, ..s };
            let naive = without(expected_of(Some(unit)));
            assert_eq!(without(row.standing), naive, "{} {period:?}", row.key);
        }
        for under in [None, units.by_code("H37.20").map(|unit| unit.id)] {
            let whole = under.map(|_| {
                reports::form_06a::form_06a(store, span, Some("H37.20"))
                    .unwrap()
                    .total
            });
            for by in By::ALL {
                let report = reports::on_time::on_time(store, by, span, under).unwrap();
                report.rows.iter().for_each(|row| is_sound(&row.standing));
                assert_eq!(
                    report.total,
                    whole.unwrap_or(expected),
                    "{by:?} {under:?} {period:?}"
                );
            }
        }
        // Of one unit by procedure, and by channel: what it has by itself.
        for row in &by_unit.rows {
            let unit = units.by_code(&row.key).unwrap();
            let under = units.under(unit.id);
            let expected: Standing = by_unit
                .rows
                .iter()
                .filter(|row| {
                    units
                        .by_code(&row.key)
                        .is_some_and(|unit| under.contains(&unit.id))
                })
                .map(|row| row.standing)
                .sum();
            for by in [By::Procedure, By::Channel, By::Field] {
                let report = reports::on_time::on_time(store, by, span, Some(unit.id)).unwrap();
                let sum: Standing = report.rows.iter().map(|row| row.standing).sum();
                assert_eq!(sum, expected, "{by:?} {} {period:?}", row.key);
            }
        }
        form.groups
            .iter()
            .flat_map(|group| group.fields.values())
            .for_each(is_sound);
    }
    // Carried over is the period before's in progress and what was taken up again.
    for cut in [6, 8, 11, 15] {
        let first = Span::new(whole(days[0], days[cut]), None, now);
        let second = Span::new(whole(days[cut + 1], days[39]), None, now);
        let (Ok(first), Ok(second)) = (first, second) else {
            continue;
        };
        let total = |span| {
            reports::form_06a::form_06a(store, span, None)
                .unwrap()
                .total
        };
        let (first, second) = (total(first), total(second));
        assert_eq!(second.carried_over - second.reopened, first.in_progress());
    }
}

/// The sum of the naive counts, of the whole office or of the dossiers that a unit answers for when the
/// period ends.
fn expected(
    histories: &[Vec<motcua::domain::dossier::Event>],
    span: Span,
    unit: Option<UnitId>,
) -> Standing {
    let end = Moment::at(span.period.to + Days::new(1), chrono::NaiveTime::MIN);
    let answers = |history: &&Vec<motcua::domain::dossier::Event>| {
        let known = history.iter().filter(|event| event.at < end);
        let state = Dossier::replay(DossierId(uuid::Uuid::nil()), known);
        // A result that went to a successor before it was fetched stays resolved where it was.
        let of = |state: Dossier| state.closed_in.unwrap_or(state.unit);
        unit.is_none_or(|unit| state.is_ok_and(|state| of(state) == unit))
    };
    let own = histories.iter().filter(answers);
    own.map(|history| judge(history, span.period, span.until))
        .sum()
}

/// (3) = (7) + (11), nothing is below zero, and shares lie between nothing and all.
fn is_sound(s: &Standing) {
    assert_eq!(s.received(), s.resolved() + s.in_progress());
    let counts = [
        s.carried_over,
        s.reopened,
        s.received_online,
        s.received_other,
        s.early,
        s.on_time,
        s.overdue,
        s.in_progress_within(),
        s.in_progress_overdue,
        s.refused,
        s.stopped,
        s.withdrawn,
        s.resolved() - s.refused - s.stopped - s.withdrawn,
        s.left_out_overdue,
        s.left_out - s.left_out_overdue,
        s.stopped + s.withdrawn - s.left_out,
        s.in_rates().timely,
        s.in_rates().overdue,
    ];
    assert!(counts.iter().all(|count| *count >= 0), "{s:?}");
    for share in [s.on_time_share(), s.overdue_share()].into_iter().flatten() {
        assert!(
            (0..=10_000).contains(&share.hundredths_of_percent()),
            "{s:?}"
        );
    }
}

on_both! {
    fn reports_equal_a_recount_over_random_histories(db: &Database) {
        // Each case on tables made empty again: a database a case would take too long.
        let world = World::new(db.store());
        // A chain of successors, from one level to another, among units that are all open.
        let lines = "old_code,new_code,share\nH37.20.01,H37.20.02,whole\nH37.20.02,H37.20,whole\n";
        motcua::imports::successions(&world.store, lines.as_bytes(), Some(date("2021-01-01"))).unwrap();
        leave_out(&world, "2021-03-12", &["stopped", "withdrawn"]);
        let reference = world.store.reference().unwrap();
        UNIT_IDS.get_or_init(|| UNITS.map(|code| reference.units().by_code(code).unwrap().id.0));
        let mut runner = TestRunner::new(Config { cases: 40, ..Config::default() });
        runner
            .run(&steps(), |steps| {
                db.tamper(
                    "delete from dossier_events; delete from dossiers; delete from persons;
                     delete from tally_deltas; delete from rollups; delete from case_counters;
                     delete from tally_reversals; delete from late_tallies;",
                );
                let now = play(&world, &steps).plus_millis(1);
                check(&world.store, now);
                let verified = motcua::tools::verify::verify(&world.store, 10).unwrap();
                prop_assert_eq!(verified.findings, vec![]);
                // The same after everything is folded and swept.
                housekeeping::run(&world.store, now).unwrap();
                check(&world.store, now);
                let verified = motcua::tools::verify::verify(&world.store, 10).unwrap();
                prop_assert_eq!(verified.findings, vec![]);
                Ok(())
            })
            .unwrap();
    }
}

/// Norms by which on-time rates leave out these endings, for what is received from a day on.
fn leave_out(world: &World, from: &str, endings: &[&str]) {
    let norms = with_norm(json!({
        "valid_from": from, "basis": ["Quyết định của tỉnh"], "rates_leave_out": endings,
    }));
    motcua::imports::norms(&world.store, &norms).unwrap();
}

on_both! {
    fn what_was_refused_stopped_or_withdrawn_counts_in_rates_as_the_norms_say(db: &Database) {
        // Case 44, each twice: within time, and a working day late.
        let world = World::new(db.store());
        let reason = || "lý do".to_owned();
        let endings = || [
            Action::Finish { decision: Decision::Approved, reason: String::new() },
            Action::Finish { decision: Decision::Refused, reason: reason() },
            Action::Stop { reason: reason() },
            Action::Withdraw { reason: reason() },
        ];
        // Due five working days later, at 17:00.
        let close_all = |received: &str, within: &str, late: &str| {
            for when in [within, late] {
                for ending in endings() {
                    let dossier = world.receive_at(UNITS[0], "1.004884", at(received));
                    world.begin(dossier.id, at(received).plus_millis(60_000));
                    match ending {
                        Action::Finish { decision: Decision::Approved, .. } => world.finish(dossier.id, at(when)),
                        ending => world.act(dossier.id, at(when), ending).unwrap(),
                    };
                }
            }
        };
        let report = |from: &str, to: &str| {
            let period = Period::new(date(from), date(to)).unwrap();
            let span = Span::new(period, None, at("2026-11-26 08:00")).unwrap();
            reports::on_time::on_time(&world.store, By::Level, span, None).unwrap()
        };
        let rates = |total: &Standing| {
            [total.on_time_share(), total.overdue_share()].map(|share| share.unwrap().to_string())
        };
        // By default all count.
        close_all("2026-09-07 08:00", "2026-09-10 08:00", "2026-09-15 08:00");
        let september = report("2026-09-01", "2026-09-30");
        let total = september.total;
        assert_eq!((total.resolved(), total.early, total.overdue), (8, 4, 4));
        assert_eq!((total.refused, total.stopped, total.withdrawn), (2, 2, 2));
        assert_eq!(rates(&total), ["50.00", "50.00"]);
        let rule = "tỷ lệ tính mọi hồ sơ đã giải quyết, kể cả hồ sơ bị từ chối, dừng xử lý, người nộp rút";
        assert!(september.to_text().contains(rule), "{}", september.to_text());

        leave_out(&world, "2026-10-01", &["stopped", "withdrawn"]);
        // Received before: by the rule of that day, whenever it is closed.
        assert_eq!(report("2026-09-01", "2026-09-30").total, total);
        close_all("2026-10-05 08:00", "2026-10-08 08:00", "2026-10-13 08:00");
        let late = world.receive_at(UNITS[0], "1.004884", at("2026-10-05 08:00"));
        world.begin(late.id, at("2026-10-05 09:00"));
        world.finish(late.id, at("2026-10-13 08:00"));
        let october = report("2026-10-01", "2026-10-31");
        let total = october.total;
        // The forms count them all; rates are of two approved in time and one late, two refused.
        assert_eq!((total.resolved(), total.early, total.overdue), (9, 4, 5));
        assert_eq!((total.left_out, total.left_out_overdue), (4, 2));
        assert_eq!(rates(&total), ["40.00", "60.00"]);
        let period = Period::new(date("2026-10-01"), date("2026-10-31")).unwrap();
        let span = Span::new(period, None, at("2026-11-26 08:00")).unwrap();
        let form = reports::form_06a::form_06a(&world.store, span, Some("H37")).unwrap();
        let cchc = reports::cchc::cchc(&world.store, span).unwrap();
        assert_eq!((form.total, cchc.total), (total, total));
        for text in [october.to_text(), form.to_text(), cchc.to_text()] {
            let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [
                "Hồ sơ tiếp nhận từ ngày 01/10/2026:",
                "tỷ lệ không tính hồ sơ dừng xử lý, người nộp rút",
                "Tỷ lệ tính trên 5 hồ sơ đã giải quyết; không tính 4 hồ sơ, trong đó 2 hồ sơ quá hạn.",
            ] {
                assert!(flat.contains(part), "{part}: {text}");
            }
        }
        let json = serde_json::to_value(october.json()).unwrap();
        assert_eq!(json["total"]["on_time_rate"], "40.00");
        assert_eq!(json["total"]["left_out_of_rates"], 4);
        assert_eq!(json["rows"][0]["left_out_of_rates_overdue"], 2);
        let passage = cchc.to_text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(passage.contains("đạt 40,00%; quá hạn 5 hồ sơ, chiếm 60,00%; tỷ lệ tính trên 5 hồ sơ"), "{passage}");
        // A closing that is undone in a later period is taken back with it.
        let history = histories(&world.store);
        let withdrawn = history.iter().position(|events| {
            events[0].at == at("2026-10-05 08:00") && events.last().unwrap().data.name() == "withdrawn"
        });
        let id = world.store.read(|conn| dossiers::rows_after(conn, None, 100)).unwrap()[withdrawn.unwrap()].0;
        let undo = Action::Correct(Correction::Undo { reason: reason() });
        world.act(id, at("2026-11-02 08:00"), undo).unwrap();
        let november = report("2026-11-01", "2026-11-25").total;
        assert_eq!((november.reopened, november.left_out, november.on_time_share()), (1, 0, None));
        is_sound(&november);
        assert_eq!(motcua::tools::verify::verify(&world.store, 5).unwrap().total, 0);
        housekeeping::run(&world.store, at("2026-11-26 08:00")).unwrap();
        assert_eq!(report("2026-11-01", "2026-11-25").total.left_out, 0);
        assert_eq!(motcua::tools::verify::verify(&world.store, 5).unwrap().total, 0);
    }
}

on_both! {
    fn a_report_as_of_a_past_day_stays_what_it_was(db: &Database) {
        let world = World::new(db.store());
        let commune = UNITS[0];
        let first = world.receive_at(commune, "2.000815", at("2021-03-10 08:00"));
        world.begin(first.id, at("2021-03-10 09:00"));
        let period = Period::new(date("2021-03-01"), date("2021-03-31")).unwrap();
        let as_of = |now: &str| {
            let span = Span::new(period, Some(date("2021-03-11")), at(now)).unwrap();
            reports::on_time::on_time(&world.store, By::Level, span, None).unwrap().total
        };
        let then = as_of("2021-03-12 08:00");
        assert_eq!((then.in_progress(), then.in_progress_overdue), (1, 1));
        world.finish(first.id, at("2021-03-12 09:00"));
        let undo = Action::Correct(Correction::Undo { reason: "nhầm".to_owned() });
        world.act(first.id, at("2021-03-12 10:00"), undo).unwrap();
        world.finish(first.id, at("2021-03-15 09:00"));
        housekeeping::run(&world.store, at("2021-03-15 10:00")).unwrap();
        assert_eq!(as_of("2021-03-15 10:00"), then);
        let span = Span::new(period, None, at("2021-03-15 10:00")).unwrap();
        let now = reports::on_time::on_time(&world.store, By::Level, span, None).unwrap().total;
        assert_eq!((now.overdue, now.in_progress()), (1, 0));
        // A rate over zero resolved is absent, not 0 or 100.
        assert_eq!(then.on_time_share(), None);
        assert!(Span::new(period, Some(date("2021-02-01")), at("2021-03-15 10:00")).is_err());
    }
}

on_both! {
    fn the_form_counts_by_level_and_field(db: &Database) {
        let world = World::new(db.store());
        for unit in UNITS {
            world.receive_at(unit, "2.000815", at("2021-03-10 08:00"));
        }
        let period = Period::new(date("2021-03-01"), date("2021-03-31")).unwrap();
        let span = Span::new(period, None, at("2021-03-10 09:00")).unwrap();
        let form = reports::form_06a::form_06a(&world.store, span, None).unwrap();
        let levels: Vec<_> = form.groups.iter().map(|group| group.level.as_str()).collect();
        assert_eq!(levels, ["district", "commune"]);
        assert_eq!(form.groups[1].fields["Chứng thực"].received_other, 2);
        let text = form.to_text();
        for part in ["II.06a/VPCP/KSTT", "Đơn vị tính: Số hồ sơ TTHC", "(13)", "HUYỆN, THÀNH PHỐ"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let csv = form.to_csv();
        assert_eq!(csv.lines().count(), 3);
        assert!(csv.starts_with("level,field,received,"));
        let names = ["Đất đai", "Bưu chính", "Dược phẩm", "Bảo vệ thực vật"];
        let mut group = form.groups[0].clone();
        group.fields = names.map(|name| (name.to_owned(), Standing::default())).into();
        let sorted = reports::form_06a::Form06a { groups: vec![group], ..form.clone() }.to_csv();
        let order = sorted.lines().skip(1).map(|line| line.split(',').nth(1).unwrap());
        assert_eq!(
            order.collect::<Vec<_>>(),
            ["Bảo vệ thực vật", "Bưu chính", "Dược phẩm", "Đất đai"]
        );
        let long_ago = Period::new(date("2001-03-01"), date("2001-03-31")).unwrap();
        let long_ago = Span::new(long_ago, None, at("2021-03-10 09:00")).unwrap();
        let refused = reports::cchc::cchc(&world.store, long_ago);
        assert!(matches!(refused, Err(Error::Parameter { name: "to", .. })));
        let unknown = reports::form_06a::form_06a(&world.store, span, Some("H99"));
        assert!(matches!(unknown, Err(Error::Parameter { name: "unit", .. })));
    }
}

/// The names of all reports.
struct Names(Vec<&'static str>);

impl reports::Visitor for Names {
    fn visit<R: Report>(&mut self) {
        self.0.push(R::NAME);
    }
}

on_both! {
    fn every_report_comes_in_every_form_from_the_command_line_and_over_http(db: &Database) {
        let world = World::new(db.store());
        for unit in UNITS {
            let dossier = world.receive_at(unit, "2.000815", at("2021-03-10 08:00"));
            world.begin(dossier.id, at("2021-03-10 09:00"));
            world.finish(dossier.id, at("2021-03-10 10:00"));
        }
        let mut office = Office::open(db);
        let token = office.token(Role::Supervisor, "H37");
        let program = Program::on(db);
        let mut names = Names(Vec::new());
        reports::each(&mut names);
        assert_eq!(names.0, ["cchc", "on-time", "06a", "satisfaction", "closed-late", "by-step", "fees"]);
        let (from, to) = ("2021-03-01", "2021-03-31");
        for name in names.0 {
            let url = |format: &str| format!("/api/v1/reports/{name}?from={from}&to={to}&format={format}");
            for (format, kind) in [
                ("text", "text/plain; charset=utf-8"),
                ("csv", "text/csv; charset=utf-8"),
                ("csv-people", "text/csv; charset=utf-8"),
                ("xlsx", XLSX),
                ("json", "application/json"),
            ] {
                let answer = office.call("GET", url(format)).token(&token).send().expect(200);
                assert_eq!(answer.content_type, kind, "{name} as {format}");
                let arguments = ["report", name, "--from", from, "--to", to, "--format", format];
                let file = answer.header("content-disposition").to_owned();
                if format == "xlsx" {
                    assert!(file.contains(&format!("{name}-{from}-{to}.xlsx")), "{file}");
                    let run = program.run(&arguments);
                    assert!(run.status.success());
                    assert_eq!(cells(&run.stdout), cells(&answer.bytes), "{name}");
                    continue;
                }
                let printed = program.output(&arguments);
                match format {
                    "json" => assert_eq!(answer.json(), program.json(&arguments), "{name}"),
                    _ => assert_eq!(answer.body, printed, "{name} as {format}"),
                }
                assert_eq!(file.contains(&format!("{name}-{from}-{to}.csv")), format.starts_with("csv"), "{file}");
                match format {
                    "csv" => assert!(printed.lines().next().unwrap().is_ascii(), "{printed}"),
                    "csv-people" => {
                        assert!(printed.starts_with('\u{feff}') && printed.contains(';'), "{printed}");
                        assert!(printed.lines().all(|line| !line.starts_with(['=', '+', '-', '@'])), "{printed}");
                    }
                    _ => {}
                }
            }
            let wrong = office.call("GET", url("xls")).token(&token).send().problem(400, "invalid-request");
            assert_eq!(fields(&wrong), ["format"]);
        }
    }
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What a workbook of one sheet holds, by rows from the first.
fn cells(book: &[u8]) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(book.to_vec())).unwrap();
    let name = book.sheet_names()[0].clone();
    assert!(
        book.worksheet_formula(&name).unwrap().is_empty(),
        "nothing is a formula"
    );
    let page = book.worksheet_range(&name).unwrap();
    assert_eq!(page.start(), Some((0, 0)));
    page.rows().map(<[Data]>::to_vec).collect()
}

on_both! {
    fn a_workbook_says_what_the_json_says(db: &Database) {
        let world = World::new(db.store());
        for (i, unit) in UNITS.iter().enumerate() {
            for n in 0..=i {
                let dossier = world.receive_at(unit, "2.000815", at("2021-03-10 08:00"));
                world.begin(dossier.id, at("2021-03-10 09:00"));
                let late = ["2021-03-10 10:00", "2021-03-12 10:00"][n % 2];
                world.finish(dossier.id, at(late));
            }
        }
        let mut office = Office::open(db);
        let token = office.token(Role::Supervisor, "H37");
        let path = |name: &str| format!("/api/v1/reports/{name}?from=2021-03-01&to=2021-03-31");
        let get = |name: &str, accept: &str| {
            let call = office.call("GET", path(name)).token(&token);
            call.header("Accept", accept).send().expect(200)
        };
        let text = |text: &str| Data::String(text.to_owned());
        let number = |value: &serde_json::Value| Data::Float(value.as_f64().unwrap());
        let share = |value: &serde_json::Value| match value.as_str() {
            Some(rate) => {
                let (whole, part) = rate.split_once('.').unwrap();
                let hundredths: f64 = format!("{whole}{part}").parse().unwrap();
                Data::Float(hundredths / 10_000.0)
            }
            None => text("–"),
        };

        let json = get("on-time", "application/json").json();
        let rows = cells(&get("on-time", XLSX).bytes);
        // Title and rule stand above the heads.
        let head = rows.iter().position(|row| row[0] == text("Tên")).unwrap();
        assert!(rows[0][0].to_string().contains("từ ngày 01/03/2021"), "{:?}", rows[0]);
        assert!(rows[..head].contains(&{
            let mut rule = vec![Data::Empty; rows[0].len()];
            rule[0] = text(json["judged"][0].as_str().unwrap());
            rule
        }), "{rows:?}");
        let lines = json["rows"].as_array().unwrap().iter().chain([&json["total"]]);
        let mut below = rows[head + 1..].iter();
        for line in lines {
            let row = below.next().unwrap();
            let names = ["carried_over", "resolved", "early", "on_time", "overdue", "in_progress"];
            let columns = [1, 3, 4, 5, 6, 7];
            for (name, column) in names.into_iter().zip(columns) {
                assert_eq!(row[column], number(&line[name]), "{name} {row:?}");
            }
            assert_eq!(row[9], share(&line["on_time_rate"]), "{row:?}");
        }
        assert_eq!(below.next(), None);

        let json = get("06a", "application/json").json();
        let rows = cells(&get("06a", &format!("text/html, {XLSX};q=0.9, */*;q=0.1")).bytes);
        let total = rows.iter().rfind(|row| row.contains(&text("TỔNG SỐ"))).unwrap();
        let figures: Vec<_> = total.iter().filter(|cell| matches!(cell, Data::Float(_))).cloned().collect();
        let counts = ["received", "received_online", "received_direct_and_postal", "carried_over",
            "resolved", "early", "on_time", "overdue", "in_progress", "in_progress_within", "in_progress_overdue"];
        assert_eq!(figures, counts.map(|name| number(&json["total"][name])));

        // What is liked best, and JSON where nothing of ours is.
        for (accept, kind) in [
            ("text/csv", "text/csv; charset=utf-8"),
            ("text/csv;q=0.5, text/plain", "text/plain; charset=utf-8"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
            ("image/png", "application/json"),
            (&format!("{XLSX};q=0"), "application/json"),
        ] {
            assert_eq!(get("on-time", accept).content_type, kind, "{accept}");
        }
    }
}

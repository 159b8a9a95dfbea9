//! Properties of working time and limits, over random moments, limits, hours and calendars.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike};
use proptest::prelude::*;

use crate::support::{at, date};
use motcua::domain::calendar::{Calendar, CalendarDay, DayKind};
use motcua::domain::counting::{Counting, DayOff, Rule, provisional_days};
use motcua::domain::moment::{Moment, WorkingTime};
use motcua::domain::office_hours::{OfficeHours, Season, Session};
use motcua::domain::time_limit::{Amount, Clock, LimitUnit, Outcome, TimeError, TimeLimit};
use motcua::domain::timetable::Timetable;
use motcua::imports::read_calendar;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::new(read_calendar(motcua::config::bundled::CALENDAR).unwrap()).unwrap()
});

fn session(open: (u32, u32), close: (u32, u32)) -> Session {
    let time = |(h, m)| NaiveTime::from_hms_opt(h, m, 0).unwrap();
    Session {
        open: time(open),
        close: time(close),
    }
}

/// Summer hours and Saturday mornings.
fn unusual_hours() -> OfficeHours {
    OfficeHours {
        saturday: vec![session((8, 0), (11, 30))],
        seasons: vec![Season {
            from: (4, 15),
            to: (10, 15),
            weekday: vec![session((7, 0), (11, 30)), session((14, 0), (17, 30))],
            saturday: vec![],
        }],
        ..OfficeHours::default()
    }
}

static TIMETABLES: LazyLock<[Timetable; 2]> = LazyLock::new(|| {
    [
        Timetable::new(&CALENDAR, &OfficeHours::default()),
        Timetable::new(&CALENDAR, &unusual_hours()),
    ]
});

fn timetable() -> &'static Timetable {
    &TIMETABLES[0]
}

/// Any second of 2018 to 2026.
fn moment() -> impl Strategy<Value = Moment> {
    let from = at("2018-01-01 00:00").unix_millis() / 1000;
    let to = at("2026-12-31 23:59").unix_millis() / 1000;
    (from..to).prop_map(|second| Moment::from_unix_millis(second * 1000))
}

/// As far as the calendar reaches.
fn limit() -> impl Strategy<Value = TimeLimit> {
    let units = &LimitUnit::ALL[..5];
    (prop::sample::select(units), 1..120_u32, 0..4_u32).prop_map(|(unit, amount, quarters)| {
        let amount = match unit {
            LimitUnit::WorkingDay | LimitUnit::Hour => quarter(amount, quarters),
            LimitUnit::Month => (amount % 10 + 1).into(),
            _ => amount.into(),
        };
        TimeLimit::new(unit, amount).unwrap()
    })
}

fn quarter(whole: u32, quarters: u32) -> Amount {
    Amount::parse(&format!("{whole},{:02}", quarters * 25)).unwrap()
}

/// Units of which some end before the calendar does.
const SHORT: [LimitUnit; 4] = [
    LimitUnit::WorkingDay,
    LimitUnit::CalendarDay,
    LimitUnit::Hour,
    LimitUnit::SameDay,
];

/// The same years without one of the days that are yet to be announced, which is named.
static WITHOUT_ONE: LazyLock<Vec<(NaiveDate, [Timetable; 2])>> = LazyLock::new(|| {
    let expected = CALENDAR.days().filter(|day| day.is_provisional());
    let without = expected.map(|gone| {
        let days = CALENDAR.days().filter(|day| day.date != gone.date);
        let calendar = Calendar::new(days.cloned()).unwrap();
        let hours = [OfficeHours::default(), unusual_hours()];
        (
            gone.date,
            hours.map(|hours| Timetable::new(&calendar, &hours)),
        )
    });
    without.collect()
});

/// Around the holidays of 2027 that are yet to be announced.
fn uncertain_moment() -> impl Strategy<Value = Moment> {
    let from = at("2026-12-01 00:00").unix_millis() / 1000;
    let to = at("2027-09-10 00:00").unix_millis() / 1000;
    (from..to).prop_map(|second| Moment::from_unix_millis(second * 1000))
}

fn any_timetable() -> impl Strategy<Value = &'static Timetable> {
    (0..2_usize).prop_map(|i| &TIMETABLES[i])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn never_due_on_a_day_off(received in moment(), limit in limit(), timetable in any_timetable()) {
        let due = limit.due(received, timetable).unwrap();
        prop_assert!(due >= received);
        prop_assert!(timetable.is_open(due).unwrap(), "{due}");
        if limit.unit() != LimitUnit::Hour && limit.amount().as_whole().is_some() {
            let day = due.date();
            let works = timetable.is_working_day(day).unwrap() || limit.unit() == LimitUnit::SameDay;
            prop_assert!(works);
            prop_assert_eq!(Some(due), timetable.close_of(day).unwrap());
        }
    }

    #[test]
    fn what_is_counted_and_what_is_passed_over_are_all_days_there_are(
        received in moment(), limit in limit(), timetable in any_timetable(),
    ) {
        let counting = Counting::new(limit, received, timetable).unwrap();
        prop_assert_eq!(counting.due, limit.due(received, timetable).unwrap());
        prop_assert_eq!(counting.started, timetable.next_opening(received).unwrap());
        let outside = counting.rules.contains(&Rule::OutsideWorkingTime);
        prop_assert_eq!(outside, !timetable.is_open(received).unwrap());
        for pair in counting.passed_over.windows(2) {
            prop_assert!(pair[0].date() < pair[1].date());
        }
        for day in &counting.passed_over {
            prop_assert!(!timetable.is_working_day(day.date()).unwrap());
            let is_weekend = day.date().weekday().num_days_from_monday() > 4;
            prop_assert!(is_weekend || matches!(day, DayOff::Named(_)));
        }
        let since_start = counting.passed_over.iter().filter(|day| day.date() > counting.started.date());
        let between = (counting.due.date() - counting.started.date()).num_days();
        match limit.unit() {
            LimitUnit::WorkingDay => match limit.amount().as_whole() {
                Some(days) => prop_assert_eq!(i64::from(days) + since_start.count() as i64, between),
                // Parts of days are walked as hours.
                None => prop_assert_eq!(counting.counted, None),
            },
            LimitUnit::CalendarDay => {
                let (first, last) = counting.counted.unwrap();
                prop_assert_eq!((last - first).num_days() + 1, i64::from(limit.amount().as_whole().unwrap()));
                let moved = counting.rules.contains(&Rule::MovedToWorkingDay);
                prop_assert_eq!(moved, last < counting.due.date());
                prop_assert_eq!(moved, !timetable.is_working_day(last).unwrap());
            }
            LimitUnit::Month | LimitUnit::Year => {
                let (first, last) = counting.counted.unwrap();
                prop_assert_eq!(Some(first), counting.started.date().succ_opt());
                let moved = counting.rules.contains(&Rule::MovedToWorkingDay);
                prop_assert_eq!(moved, last < counting.due.date());
            }
            LimitUnit::Hour | LimitUnit::SameDay => prop_assert_eq!(counting.counted, None),
            LimitUnit::ByHand => prop_assert!(false, "nothing is counted"),
        }
    }

    #[test]
    fn a_day_that_moves_a_due_moment_when_it_falls_away_is_one_that_it_rests_on(
        received in uncertain_moment(), unit in prop::sample::select(&SHORT[..]),
        amount in 1..40_u32, hours in 0..2_usize,
    ) {
        let limit = TimeLimit::new(unit, amount).unwrap();
        let due = limit.due(received, &TIMETABLES[hours]).unwrap();
        let rests_on = provisional_days(limit, received, due, &TIMETABLES[hours]);
        let rests_on: Vec<_> = rests_on.iter().map(|day| day.date).collect();
        for (gone, timetables) in &*WITHOUT_ONE {
            if limit.due(received, &timetables[hours]).unwrap() != due {
                prop_assert!(rests_on.contains(gone), "{gone} moves it, {rests_on:?}");
            }
            if *gone < received.date() || *gone > due.date() {
                prop_assert!(!rests_on.contains(gone), "{gone} lies elsewhere");
            }
        }
    }

    #[test]
    fn near_is_counted_in_working_days(now in moment(), days in 0..30_u32) {
        let until = timetable().near_until(now, days);
        prop_assert!(until > now);
        let last = until.plus_millis(-1).date();
        let after_today = now.date() + Days::new(1);
        let working = timetable().working_days(after_today, last).count();
        prop_assert_eq!(working, days as usize);
    }

    #[test]
    fn a_later_receipt_is_never_due_earlier(
        a in moment(), b in moment(), limit in limit(), timetable in any_timetable(),
    ) {
        let (first, second) = (a.min(b), a.max(b));
        prop_assert!(limit.due(first, timetable).unwrap() <= limit.due(second, timetable).unwrap());
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(
        received in moment(), unit in prop::sample::select(&LimitUnit::ALL[..3]), n in 1..200_u32,
    ) {
        let due = |n| TimeLimit::new(unit, n).unwrap().due(received, timetable()).unwrap();
        prop_assert!(due(n) <= due(n + 1));
        if unit == LimitUnit::WorkingDay {
            prop_assert!(due(n) < due(n + 1));
        }
    }

    #[test]
    fn received_outside_working_time_counts_from_the_next_opening(
        received in moment(), limit in limit(), timetable in any_timetable(),
    ) {
        let opening = timetable.next_opening(received).unwrap();
        prop_assert!(timetable.is_open(opening).unwrap() && opening >= received);
        prop_assert_eq!(
            limit.due(received, timetable).unwrap(),
            limit.due(opening, timetable).unwrap()
        );
    }

    #[test]
    fn pausing_and_resuming_at_once_changes_nothing(
        received in moment(), limit in limit(), after in 0..3_000_000_i64,
    ) {
        let mut clock = Clock::start(limit, received, timetable()).unwrap();
        let due = clock.due;
        let at = clock.started.plus_millis(after * 1000);
        clock.pause(at).unwrap();
        clock.resume(at, timetable()).unwrap();
        prop_assert_eq!(clock.due, due);
    }

    #[test]
    fn a_pause_moves_the_due_moment_by_its_working_time(
        received in moment(), days in 5..60_u32, wait in 0..2_000_000_i64, share in 0.0..1.0_f64,
    ) {
        let limit = TimeLimit::new(LimitUnit::WorkingDay, days).unwrap();
        let mut clock = Clock::start(limit, received, timetable()).unwrap();
        let due = clock.due;
        let span = due.unix_millis() - clock.started.unix_millis();
        let from = clock.started.plus_millis((span as f64 * share) as i64);
        let until = from.plus_millis(wait * 1000);
        clock.pause(from).unwrap();
        clock.resume(until, timetable()).unwrap();
        let moved = timetable().working_between(due, clock.due).unwrap();
        let stood = timetable().working_between(from, until).unwrap();
        prop_assert_eq!(moved, stood.in_whole_minutes());
        // Recomputing under the same calendar keeps it.
        let paused = clock.clone();
        clock.recompute(timetable()).unwrap();
        prop_assert_eq!(clock, paused);
    }

    #[test]
    fn walking_is_equal_to_the_fast_way(
        from in moment(), minutes in 1..20_000_u32, timetable in any_timetable(), which in any::<bool>(),
    ) {
        let hours = if std::ptr::eq(timetable, &raw const TIMETABLES[0]) {
            OfficeHours::default()
        } else {
            unusual_hours()
        };
        let time = WorkingTime::from_minutes(minutes);
        let walked = walk(from, time, &hours);
        let fast = timetable.advance(from, time).unwrap();
        prop_assert_eq!(fast, walked);
        if which {
            let worked = timetable.working_between(from, fast).unwrap();
            prop_assert_eq!(worked, time);
        }
    }

    #[test]
    fn days_walked_one_by_one_are_the_days_looked_up(received in moment(), n in 1..200_u32) {
        let start = timetable().next_opening(received).unwrap();
        let mut day = start.date();
        let mut left = n;
        while left > 0 {
            day = day + Days::new(1);
            left -= u32::from(CALENDAR.is_working_day(day).unwrap());
        }
        let due = TimeLimit::new(LimitUnit::WorkingDay, n).unwrap().due(received, timetable());
        prop_assert_eq!(due.unwrap().date(), day);
    }

    #[test]
    fn outcomes_follow_the_days(due in moment(), done in moment()) {
        let outcome = Outcome::judge(due, done);
        prop_assert_eq!(outcome == Outcome::Overdue, done > due);
        prop_assert_eq!(outcome == Outcome::Early, done.date() < due.date());
    }

    #[test]
    fn civil_time_is_utc_plus_seven(m in moment()) {
        let utc = chrono::DateTime::from_timestamp_millis(m.unix_millis()).unwrap();
        prop_assert_eq!(m.civil(), (utc + chrono::TimeDelta::hours(7)).naive_utc());
        prop_assert_eq!(Moment::from_civil(m.civil()), m);
        prop_assert_eq!(Moment::parse(&m.to_string()).unwrap(), m);
    }
}

/// The moment at which `time` has been worked since `from`, session by session.
fn walk(from: Moment, time: WorkingTime, hours: &OfficeHours) -> Moment {
    let mut left = time.millis();
    let mut day = from.date();
    loop {
        for session in hours.sessions_on(day, &CALENDAR) {
            let open = Moment::at(day, session.open).max(from).unix_millis();
            let close = Moment::at(day, session.close).unix_millis();
            if close <= open {
                continue;
            }
            if left <= close - open {
                return Moment::from_unix_millis(open + left);
            }
            left -= close - open;
        }
        day = day + Days::new(1);
    }
}

#[test]
fn a_pause_over_the_weekend_adds_only_its_working_time() {
    let limit = TimeLimit::new(LimitUnit::Hour, 16).unwrap();
    let mut clock = Clock::start(limit, at("2021-03-04 07:30"), timetable()).unwrap();
    assert_eq!(clock.due, at("2021-03-05 17:00"));
    // Friday 16:00 to Monday 09:00: an hour on Friday, an hour and a half on Monday.
    clock.pause(at("2021-03-05 16:00")).unwrap();
    clock.resume(at("2021-03-08 09:00"), timetable()).unwrap();
    assert_eq!(clock.due, at("2021-03-08 10:00"));
}

#[test]
fn a_limit_that_ends_at_the_close_of_a_session_is_due_then() {
    let due = |received, hours| {
        let limit = TimeLimit::new(LimitUnit::Hour, hours).unwrap();
        limit.due(at(received), timetable()).unwrap()
    };
    assert_eq!(due("2021-03-01 08:00", 4), at("2021-03-01 12:00"));
    assert_eq!(due("2021-03-01 07:30", 8), at("2021-03-01 17:00"));
    assert_eq!(due("2021-03-01 12:30", 1), at("2021-03-01 14:30"));
}

fn due(unit: LimitUnit, amount: &str, received: &str) -> Moment {
    let limit = TimeLimit::new(unit, Amount::parse(amount).unwrap()).unwrap();
    limit.due(at(received), timetable()).unwrap()
}

#[test]
fn halves_and_quarters_of_days_are_working_hours() {
    let days = |amount, received| due(LimitUnit::WorkingDay, amount, received);
    assert_eq!(days("0,5", "2021-03-01 08:00"), at("2021-03-01 12:00"));
    assert_eq!(days("0,25", "2021-03-01 16:30"), at("2021-03-02 09:00"));
    assert_eq!(days("1,5", "2021-03-05 07:30"), at("2021-03-08 11:30"));
    // Sixty hours.
    let hours = due(LimitUnit::Hour, "60", "2021-03-01 09:10");
    assert_eq!(days("7,5", "2021-03-01 09:10"), hours);
    assert_eq!(days("7,5", "2021-03-01 07:30"), at("2021-03-10 11:30"));
    // Whole ones are counted as ever, however they are written.
    assert_eq!(days("7,0", "2021-03-01 09:10"), at("2021-03-10 17:00"));
    let half = |unit| TimeLimit::new(unit, Amount::parse("0,5").unwrap());
    for unit in [LimitUnit::CalendarDay, LimitUnit::Month, LimitUnit::Year] {
        assert!(
            matches!(half(unit), Err(TimeError::LimitNotWhole { .. })),
            "{unit}"
        );
    }
}

#[test]
fn months_and_years_end_on_the_day_of_the_same_number() {
    let months = |amount, received| due(LimitUnit::Month, amount, received);
    assert_eq!(months("1", "2021-03-15 08:00"), at("2021-04-15 17:00"));
    // Without such a day, on the last of the month: 28 February is a Sunday.
    assert_eq!(months("1", "2021-01-29 08:00"), at("2021-03-01 17:00"));
    assert_eq!(months("1", "2020-01-31 08:00"), at("2020-03-02 17:00"));
    assert_eq!(months("3", "2020-11-30 08:00"), at("2021-03-01 17:00"));
    // 30 April is a day off, and so are 1 and 2 May (a Sunday), and 3 May for it.
    assert_eq!(months("6", "2020-10-30 08:00"), at("2021-05-04 17:00"));
    // Not thirty days each.
    assert_ne!(
        months("6", "2021-01-13 08:00"),
        due(LimitUnit::CalendarDay, "180", "2021-01-13 08:00")
    );
    // Received on Saturday night: as if on Monday.
    assert_eq!(months("1", "2021-03-13 22:00"), at("2021-04-15 17:00"));
    let years = |amount, received| due(LimitUnit::Year, amount, received);
    assert_eq!(years("1", "2020-02-28 08:00"), at("2021-03-01 17:00"));
    assert_eq!(years("3", "2020-09-14 08:00"), at("2023-09-14 17:00"));
    assert!(TimeLimit::new(LimitUnit::Month, 121).is_err());
    assert!(TimeLimit::new(LimitUnit::Year, 11).is_err());
}

#[test]
fn a_return_date_that_was_named_stays_but_on_days_on_which_nobody_is_there() {
    let received = at("2021-03-01 08:00");
    let mut clock = Clock::named(at("2021-03-12 17:00"), received);
    clock.pause(at("2021-03-02 07:30")).unwrap();
    clock.resume(at("2021-03-03 07:30"), timetable()).unwrap();
    assert_eq!(
        clock.due,
        at("2021-03-15 17:00"),
        "a pause moves it all the same"
    );
    let extra = CalendarDay {
        date: date("2021-03-15"),
        kind: DayKind::Off,
        name: "Nghỉ đột xuất".to_owned(),
        source: None,
    };
    let with = |extra: CalendarDay| {
        let days = CALENDAR.days().cloned().chain([extra]);
        Timetable::new(&Calendar::new(days).unwrap(), &OfficeHours::default())
    };
    // Another day off within the limit is nothing to it.
    let other = CalendarDay {
        date: date("2021-03-12"),
        ..extra.clone()
    };
    clock.recompute(&with(other)).unwrap();
    assert_eq!(clock.due, at("2021-03-15 17:00"));
    // Nobody would be there: the end of the next working day.
    clock.recompute(&with(extra)).unwrap();
    assert_eq!(clock.due, at("2021-03-16 17:00"));
    clock.recompute(timetable()).unwrap();
    assert_eq!(
        clock.due,
        at("2021-03-16 17:00"),
        "never earlier than it was said"
    );
    // Its hours, within the day and behind them.
    for (named, kept) in [
        ("2021-03-15 10:00", "2021-03-15 10:00"),
        ("2021-03-15 12:15", "2021-03-15 13:30"),
        ("2021-03-15 06:00", "2021-03-15 07:30"),
        ("2021-03-15 19:00", "2021-03-16 17:00"),
        ("2021-03-13 09:00", "2021-03-15 09:00"),
    ] {
        assert_eq!(timetable().kept(at(named)), Ok(at(kept)), "{named}");
    }
    let none = TimeLimit::new(LimitUnit::ByHand, 5).unwrap();
    assert_eq!(none.due(received, timetable()), Err(TimeError::NoLimit));
}

#[test]
fn a_restart_forgets_the_time_before() {
    let limit = TimeLimit::new(LimitUnit::WorkingDay, 5).unwrap();
    let mut clock = Clock::start(limit, at("2021-03-01 08:00"), timetable()).unwrap();
    assert_eq!(clock.due, at("2021-03-08 17:00"));
    clock.pause(at("2021-03-03 09:00")).unwrap();
    clock.restart(at("2021-03-10 10:00"), timetable()).unwrap();
    assert_eq!(clock.due, at("2021-03-17 17:00"));
    assert!(!clock.is_paused());
}

#[test]
fn a_changed_calendar_keeps_earlier_pauses() {
    let limit = TimeLimit::new(LimitUnit::WorkingDay, 5).unwrap();
    let mut clock = Clock::start(limit, at("2021-03-01 08:00"), timetable()).unwrap();
    clock.pause(at("2021-03-02 07:30")).unwrap();
    clock.resume(at("2021-03-03 07:30"), timetable()).unwrap();
    assert_eq!(clock.due, at("2021-03-09 17:00"));
    // Thursday 4 March becomes a day off.
    let extra = CalendarDay {
        date: date("2021-03-04"),
        kind: DayKind::Off,
        name: "Nghỉ đột xuất".to_owned(),
        source: None,
    };
    let days = CALENDAR.days().cloned().chain([extra]);
    let changed = Timetable::new(&Calendar::new(days).unwrap(), &OfficeHours::default());
    clock.recompute(&changed).unwrap();
    assert_eq!(clock.due, at("2021-03-10 17:00"));
}

#[test]
fn saturday_mornings_take_dossiers_in_but_are_no_working_days() {
    let unusual = &TIMETABLES[1];
    // Saturday 6 March 2021, in the morning: the day of receipt is not counted.
    let limit = |unit, n| TimeLimit::new(unit, n).unwrap();
    let due = |unit, n, received| limit(unit, n).due(at(received), unusual).unwrap();
    assert_eq!(
        due(LimitUnit::WorkingDay, 1, "2021-03-06 09:00"),
        at("2021-03-08 17:00")
    );
    // Hours run on it.
    assert_eq!(
        due(LimitUnit::Hour, 3, "2021-03-05 16:00"),
        at("2021-03-06 10:00")
    );
    // Same-day procedures received then are due when it closes.
    assert_eq!(
        due(LimitUnit::SameDay, 0, "2021-03-06 09:00"),
        at("2021-03-06 11:30")
    );
}

#[test]
fn a_limit_over_tet_is_explained_day_by_day() {
    let limit = TimeLimit::new(LimitUnit::WorkingDay, 2).unwrap();
    let counting = Counting::new(limit, at("2027-02-03 18:00"), timetable()).unwrap();
    // The whole holiday lies before the next opening.
    assert_eq!(counting.started, at("2027-02-11 07:30"));
    assert_eq!(counting.due, at("2027-02-15 17:00"));
    let days = counting.passed_over.iter();
    let names: Vec<_> = days.map(motcua::render::words::passed_over).collect();
    assert_eq!(
        names,
        [
            "29 Tết",
            "Giao thừa Tết Nguyên Đán",
            "Tết Nguyên Đán",
            "Mùng hai Tết Nguyên Đán",
            "Mùng ba Tết Nguyên Đán",
            "Mùng bốn Tết Nguyên Đán",
            "Mùng năm Tết Nguyên Đán",
            "thứ Bảy",
            "Chủ nhật",
        ]
    );
    assert_eq!(counting.provisional.len(), 6);
    let text = motcua::render::words::counting(&counting).join("\n");
    for part in [
        "Tiếp nhận lúc 18:00 ngày 03/02/2027.",
        "giờ mở cửa tiếp theo: 07:30 ngày 11/02/2027.",
        "Ngày bắt đầu (11/02/2027) không tính (Bộ luật Dân sự 2015, điều 147).",
        "từ 12/02/2027 đến hết 15/02/2027.",
        "04/02/2027 (29 Tết)",
        "thứ Bảy 13/02/2027",
        "Hạn trả kết quả: 17:00 ngày 15/02/2027.",
        "chưa có thông báo chính thức",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn each_rule_is_named_where_it_holds_and_nowhere_else() {
    let count = |unit, amount, received: &str| {
        let limit = TimeLimit::new(unit, amount).unwrap();
        Counting::new(limit, at(received), timetable()).unwrap()
    };
    let text = |counting: &Counting| motcua::render::words::counting(counting).join("\n");
    let in_time = count(LimitUnit::SameDay, 0, "2021-03-01 15:00");
    assert_eq!(in_time.rules, [Rule::SameDay]);
    let too_late = count(LimitUnit::SameDay, 0, "2021-03-05 15:01");
    assert_eq!(too_late.rules, [Rule::AfterTheCut]);
    assert_eq!(too_late.due, at("2021-03-08 17:00"));
    assert!(text(&too_late).contains("sau 15:00"), "{}", text(&too_late));
    let hours = count(LimitUnit::Hour, 4, "2021-03-05 16:00");
    assert_eq!(hours.rules, [Rule::WorkingHours]);
    assert_eq!(hours.passed_over.len(), 2);
    // 10 days from 29 January end within Tết.
    let moved = count(LimitUnit::CalendarDay, 10, "2027-01-29 10:00");
    assert_eq!(
        moved.rules,
        [
            Rule::FirstDayNotCounted,
            Rule::CalendarDays,
            Rule::MovedToWorkingDay
        ]
    );
    assert_eq!(
        moved.counted,
        Some((date("2027-01-30"), date("2027-02-08")))
    );
    let dates: Vec<_> = moved.passed_over.iter().map(DayOff::date).collect();
    assert_eq!(dates, ["2027-02-08", "2027-02-09", "2027-02-10"].map(date));
    assert!(text(&moved).contains("điều 148"));
    // It would end on the same day whatever becomes of the days before.
    let days: Vec<_> = moved.provisional.iter().map(|day| day.date).collect();
    assert_eq!(days, dates);
    let across = count(LimitUnit::CalendarDay, 30, "2027-01-29 10:00");
    assert_eq!(across.due, at("2027-03-01 17:00"));
    assert_eq!(across.provisional, []);
    // A Saturday that makes up for a day off is counted, by name.
    let made_up = count(LimitUnit::WorkingDay, 6, "2026-01-05 10:00");
    assert_eq!(made_up.due, at("2026-01-12 17:00"));
    let names: Vec<_> = made_up
        .made_up
        .iter()
        .map(|day| day.name.as_str())
        .collect();
    assert_eq!(names, ["Làm bù (hoán đổi ngày làm việc)"]);
}

#[test]
fn what_stands_behind_the_days_of_the_calendar_is_said() {
    let row = |day: &str| CALENDAR.day(date(day)).unwrap();
    let source = |day: &str| {
        let source = row(day).source.as_ref();
        source.map(|source| (source.kind.as_str(), source.document.as_str()))
    };
    let notice = Some(("notice", "Công văn 12729/VPCP-KGVX"));
    assert_eq!(
        (row("2026-01-02").kind, source("2026-01-02")),
        (DayKind::Off, notice)
    );
    assert_eq!(
        (row("2026-01-10").kind, source("2026-01-10")),
        (DayKind::Work, notice)
    );
    for year in [2026, 2027] {
        let day = source(&format!("{year}-11-24"));
        assert_eq!(day, Some(("law", "Nghị quyết 28/2026/QH16")));
    }
    let provisional = CALENDAR.days().filter(|day| day.is_provisional());
    let provisional: Vec<_> = provisional.map(|day| day.date.to_string()).collect();
    assert_eq!(
        provisional,
        [
            "2027-02-04",
            "2027-02-05",
            "2027-02-07",
            "2027-02-08",
            "2027-02-09",
            "2027-02-10",
            "2027-09-03"
        ]
    );
    for day in CALENDAR.days() {
        assert!(
            day.source
                .as_ref()
                .is_none_or(|source| source.check().is_ok())
        );
    }
}

#[test]
fn the_calendar_covers_ten_years_and_says_so() {
    assert_eq!(CALENDAR.first_day().year(), 2018);
    assert_eq!(CALENDAR.last_day().year(), 2027);
    let last = NaiveDate::from_ymd_opt(2027, 12, 31).unwrap();
    assert!(CALENDAR.ensure_covers(last.succ_opt().unwrap()).is_err());
    assert_eq!(Moment::at(last, NaiveTime::MIN).civil().hour(), 0);
}

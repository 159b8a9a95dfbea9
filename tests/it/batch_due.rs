//! `motcua due`: single moments, and batches.

use std::time::Instant;

use crate::support::Program;

const CASES: &str = include_str!("../data/due-cases.csv");

fn program() -> Program {
    Program::at("sqlite:///nonexistent/never-opened.sqlite3")
}

/// The arguments that ask for one due moment.
fn single<'a>(received: &'a str, limit: &'a str, unit: &'a str) -> [&'a str; 7] {
    [
        "due",
        "--received",
        received,
        "--limit",
        limit,
        "--unit",
        unit,
    ]
}

#[derive(serde::Deserialize)]
struct Case {
    received: String,
    limit: u32,
    unit: String,
    due: String,
    why: String,
}

fn cases() -> Vec<Case> {
    csv::Reader::from_reader(CASES.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn hand_checked_cases_come_out() {
    let cases = cases();
    assert!(cases.len() >= 40);
    let input: String = cases
        .iter()
        .map(|case| format!("{},{},{}\n", case.received, case.limit, case.unit))
        .collect();
    let output = program().pipe(&["due", "--batch"], input.as_bytes());
    let dues: Vec<_> = output.lines().collect();
    assert_eq!(dues.len(), cases.len());
    for (case, due) in cases.iter().zip(dues) {
        let limit = format!("{} + {} {}", case.received, case.limit, case.unit);
        assert_eq!(due, case.due, "{limit}: {}", case.why);
    }
}

#[test]
fn a_single_moment_is_printed_with_its_offset() {
    let due = |received: &str, limit: &str, unit: &str| {
        let arguments = single(received, limit, unit);
        program().output(&arguments).trim().to_owned()
    };
    // Over Tết 2021 (10 to 16 February).
    assert_eq!(
        due("2021-02-09T14:00:00+07:00", "15", "working_day"),
        "2021-03-09T17:00:00+07:00"
    );
    assert_eq!(
        due("2021-02-09T07:00:00Z", "15", "working_day"),
        "2021-03-09T17:00:00+07:00"
    );
    let same_day = [
        "due",
        "--received",
        "2021-02-09T15:00:01+07:00",
        "--unit",
        "same_day",
    ];
    assert_eq!(program().output(&same_day), "2021-02-17T17:00:00+07:00\n");
}

#[test]
fn the_servers_own_time_zone_changes_nothing() {
    let input = b"2021-02-09T14:00:00+07:00,15,working_day\n2021-12-31T23:30:00+07:00,1,hour\n";
    let expected = program().pipe(&["due", "--batch"], input);
    for zone in [
        "UTC",
        "America/Los_Angeles",
        "Pacific/Kiritimati",
        "nonsense",
    ] {
        let elsewhere = program().with("TZ", zone);
        assert_eq!(
            elsewhere.pipe(&["due", "--batch"], input),
            expected,
            "{zone}"
        );
    }
}

#[test]
fn what_cannot_be_worked_out_is_an_error_that_says_so() {
    let error = |received: &str, limit: &str, unit: &str| {
        let arguments = single(received, limit, unit);
        program().failure(&arguments)
    };
    assert!(error("2021-02-09T14:00:00+07:00", "10000", "working_day").contains("quá dài"));
    assert!(error("2031-02-09T14:00:00+07:00", "1", "working_day").contains("không có năm 2031"));
    assert!(error("2027-12-30T14:00:00+07:00", "9", "working_day").contains("không có năm 2028"));
    assert!(error("2017-12-30T14:00:00+07:00", "9", "hour").contains("không có năm 2017"));
    assert!(error("2021-02-09 14:00", "1", "working_day").contains("không phải ngày giờ"));
    assert!(error("2021-02-09T14:00:00+07:00", "x", "working_day").contains("'x'"));
    assert!(error("2021-02-09T14:00:00+07:00", "1", "week").contains("'week'"));
    assert!(error("2021-02-09T14:00:00+07:00", "0", "hour").contains("từ 1"));
}

#[test]
fn a_batch_answers_every_line_with_a_line() {
    let mut input = b"2021-02-09T14:00:00+07:00,15,working_day\r\n".to_vec();
    input.extend_from_slice(b"\n");
    input.extend_from_slice(b"\xff\xfe,1,hour\n");
    input.extend_from_slice(b"2021-02-09T14:00:00+07:00,10000,calendar_day\n");
    input.extend_from_slice(b"2021-02-09T14:00:00+07:00,-1,hour\n");
    input.extend_from_slice(b"2021-02-09T14:00:00+07:00,99999999999999999999,hour\n");
    input.extend_from_slice(b"2021-02-09T14:00:00+07:00,,same_day");
    let output = program().pipe(&["due", "--batch"], &input);
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[0], "2021-03-09T17:00:00+07:00");
    assert!(lines[1..6].iter().all(|line| line.starts_with("error: ")));
    assert_eq!(lines[6], "2021-02-09T17:00:00+07:00");
}

#[test]
fn a_hundred_thousand_lines_are_no_work() {
    let one = "2021-02-09T14:00:00+07:00,15,working_day\n2024-05-03T16:00:00+07:00,20,hour\n";
    let input = one.repeat(50_000);
    let start = Instant::now();
    let output = program().pipe(&["due", "--batch"], input.as_bytes());
    assert_eq!(output.lines().count(), 100_000);
    // No measurement: only that nothing is quadratic.
    assert!(start.elapsed().as_secs() < 60);
}

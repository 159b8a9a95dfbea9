//! What people say over HTTP: a rating once the result is theirs, the report on it; feedback from its
//! receipt to its publication.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Days;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::{
    Answer, COMMUNE, Database, FOREIGN, NEIGHBOUR, Office, Program, SAME_DAY, at, fields, on_both,
};
use motcua::acts;
use motcua::acts::feedback::NewFeedback;
use motcua::domain::ids::{FeedbackId, UnitId};
use motcua::domain::moment::Moment;
use motcua::domain::opinion::FeedbackKind;
use motcua::domain::person::Person;
use motcua::domain::role::Role;
use motcua::domain::time_limit::{LimitUnit, TimeLimit};
use motcua::store::limits::Limits;
use motcua::store::rate_limits::Limit;
use motcua::store::{Store, yearly_plan};

const OTHER: &str = "1.001193";

/// Does `actions` with a dossier: the clerk takes in and returns, the supervisor does the rest.
fn act(office: &mut Office, dossier: &Value, unit: &str, actions: &[(&str, Value)]) {
    let clerk = office.token(Role::Clerk, unit);
    let supervisor = office.token(Role::Supervisor, unit);
    // To whom a dossier may be given.
    office.token(Role::Officer, unit);
    for (action, body) in actions {
        let token = match *action {
            "finish" | "hand-over" => &supervisor,
            _ => &clerk,
        };
        let number = dossier["case_number"].as_str().unwrap();
        let path = format!("/api/v1/dossiers/{number}/{action}");
        let call = office.call("POST", path).token(token);
        call.header("If-Match", "*")
            .body(body.clone())
            .send()
            .expect(200);
    }
}

/// What leads to the applicant's hands; `officer` is in charge.
fn to_the_end(officer: Option<&str>) -> [(&'static str, Value); 4] {
    [
        ("hand-over", json!({"step": 1})),
        ("hand-over", json!({"step": 2, "assignee": officer})),
        ("finish", json!({"decision": "approved"})),
        ("return", json!({})),
    ]
}

fn opinion(dossier: &Value, rating: u8) -> Value {
    json!({"case_number": dossier["case_number"], "code": dossier["look_up_code"], "rating": rating})
}

fn rate(office: &Office, key: &str, body: &Value) -> Answer {
    let call = office.call("POST", "/api/v1/satisfaction");
    call.header("Idempotency-Key", key)
        .body(body.clone())
        .send()
}

on_both! {
    fn a_dossier_is_rated_once_after_its_return(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let mut body = opinion(&dossier, 5);
        body["comment"] = json!("Cán bộ tận tình");
        let [check, sign, finish, give_back] = to_the_end(None);
        for step in [check, sign, finish] {
            let early = rate(&office, "rating-key-1", &body).problem(409, "refused");
            assert_eq!(early["reason"], "not_returned");
            act(&mut office, &dossier, COMMUNE, &[step]);
        }
        rate(&office, "rating-key-1", &body).problem(409, "refused");
        act(&mut office, &dossier, COMMUNE, &[give_back]);
        let rated = rate(&office, "rating-key-1", &body).expect(201);
        assert_eq!(rated.json()["case_number"], dossier["case_number"]);
        let again = rate(&office, "rating-key-1", &body).expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &rated.body));
        rate(&office, "rating-key-2", &body).problem(409, "already-rated");
        rate(&office, "rating-key-1", &opinion(&dossier, 1)).problem(422, "key-reused");
        // The key does not stand for the code.
        let mut guessed = body.clone();
        guessed["code"] = json!("AAAAAAAAAA");
        rate(&office, "rating-key-1", &guessed).problem(404, "not-found");
        let bad = json!({"case_number": "x", "code": "y", "rating": 6, "comment": "a".repeat(2001)});
        let wrong = rate(&office, "rating-key-3", &bad).problem(400, "invalid-request");
        assert_eq!(fields(&wrong), ["/case_number", "/rating", "/comment"]);
    }
}

on_both! {
    fn ratings_sent_at_once_are_one(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        act(&mut office, &dossier, COMMUNE, &to_the_end(None));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let sent: Vec<_> = (1..=5)
                .map(|rating| {
                    let (office, dossier) = (&office, &dossier);
                    let send = move || rate(office, &format!("rating-key-{rating}"), &opinion(dossier, rating));
                    scope.spawn(move || send().status)
                })
                .collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        let taken = statuses.iter().filter(|status| **status == 201).count();
        assert_eq!((taken, statuses.iter().filter(|status| **status == 409).count()), (1, 4), "{statuses:?}");
    }
}

on_both! {
    fn codes_cannot_be_guessed_here_either(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nlook_up_address = { burst = 4, each_seconds = 600 }\n").unwrap();
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let mut office = Office::open_with(db, program);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let sent = send(&office, "feedback-key-1", &message(COMMUNE)).expect(201).json();
        let mut guess = opinion(&dossier, 5);
        guess["code"] = json!("AAAAAAAAAA");
        let mut about = message(COMMUNE);
        about["case_number"] = dossier["case_number"].clone();
        about["code"] = json!("AAAAAAAAAA");
        let statuses = [
            rate(&office, "rating-key-1", &guess).status,
            send(&office, "feedback-key-2", &about).status,
            read_back(&office, &sent, "AAAAAAAAAAAAAAAA").status,
            rate(&office, "rating-key-1", &guess).status,
            rate(&office, "rating-key-1", &guess).status,
            // One count for all that a code guards, right or wrong.
            read_back(&office, &sent, sent["code"].as_str().unwrap()).status,
        ];
        assert_eq!(statuses, [404, 404, 404, 404, 429, 429]);
        rate(&office, "rating-key-1", &opinion(&dossier, 5)).problem(429, "too-many-requests");
    }
}

/// A naive recount: how many answers gave each level, by key.
type Recount = BTreeMap<String, [i64; 5]>;

fn recount<'a>(all: impl Iterator<Item = (&'a str, u8)>) -> Recount {
    let mut counts = Recount::new();
    for (key, rating) in all {
        counts.entry(key.to_owned()).or_default()[usize::from(rating) - 1] += 1;
    }
    counts
}

/// The row as the report has to write it.
fn counts(levels: [i64; 5]) -> Value {
    let answers: i64 = levels.iter().sum();
    let satisfied = levels[3] + levels[4];
    // Hundredths of a percent, halves away from zero.
    let share = (answers > 0).then(|| (satisfied * 20_000 + answers) / (answers * 2));
    json!({
        "answers": answers, "satisfied": satisfied,
        "rating_1": levels[0], "rating_2": levels[1], "rating_3": levels[2],
        "rating_4": levels[3], "rating_5": levels[4],
        "satisfied_rate": share.map(|share| format!("{}.{:02}", share / 100, share % 100)),
    })
}

/// What the report says of each key, and of all.
fn said(report: &Value) -> (BTreeMap<String, Value>, Value) {
    let rows = report["rows"].as_array().unwrap().iter().map(|row| {
        let mut row = row.clone();
        let fields = row.as_object_mut().unwrap();
        assert_ne!(fields.remove("name").unwrap(), "");
        let key = fields.remove("key").unwrap();
        (key.as_str().unwrap().to_owned(), row)
    });
    (rows.collect(), report["total"].clone())
}

fn days() -> (String, String) {
    let today = motcua::clock::now().date();
    (
        (today - Days::new(1)).to_string(),
        (today + Days::new(1)).to_string(),
    )
}

on_both! {
    fn the_report_is_what_a_naive_recount_gives(db: &Database) {
        let mut office = Office::open(db);
        let mut random = rand::rngs::StdRng::seed_from_u64(766);
        let mut answers: Vec<(&str, &str, String, u8)> = Vec::new();
        for n in 0..24 {
            let unit = [COMMUNE, NEIGHBOUR, FOREIGN][random.random_range(0..3)];
            let procedure = [SAME_DAY, OTHER][random.random_range(0..2)];
            let officer = format!("{}.officer", unit.to_lowercase());
            let officer = Some(officer).filter(|_| random.random_bool(0.7));
            let dossier = office.receive(unit, procedure);
            act(&mut office, &dossier, unit, &to_the_end(officer.as_deref()));
            // Some do not answer.
            if n % 5 == 4 {
                continue;
            }
            let rating = random.random_range(1..=5);
            let mut body = opinion(&dossier, rating);
            body["comment"] = json!(if n % 2 == 0 { format!("ý kiến {n}") } else { "  ".to_owned() });
            rate(&office, &format!("rating-key-{n}"), &body).expect(201);
            answers.push((unit, procedure, officer.unwrap_or_default(), rating));
        }
        let (from, to) = days();
        for (reach, place) in [("H37", "H37"), ("H37.20", "H37.20"), ("H37", COMMUNE), (NEIGHBOUR, NEIGHBOUR)] {
            let supervisor = office.token(Role::Supervisor, reach);
            let own = || answers.iter().filter(|(unit, ..)| unit.starts_with(place));
            for by in ["unit", "procedure", "officer"] {
                let path = format!("/api/v1/reports/satisfaction?from={from}&to={to}&by={by}&unit={place}");
                let report = office.call("GET", path).token(&supervisor).send().expect(200).json();
                let expected = recount(own().map(|(unit, procedure, officer, rating)| match by {
                    "unit" => (*unit, *rating),
                    "procedure" => (*procedure, *rating),
                    _ => (officer.as_str(), *rating),
                }));
                let (rows, total) = said(&report);
                let expected: BTreeMap<_, _> = expected.into_iter().map(|(key, levels)| (key, counts(levels))).collect();
                assert_eq!(rows, expected, "{place} by {by}");
                let all = recount(own().map(|(.., rating)| ("", *rating)));
                assert_eq!(total, counts(all.get("").copied().unwrap_or_default()), "{place} by {by}");
                if place == "H37" {
                    let report = |format| ["report", "satisfaction", "--from", &from, "--to", &to, "--by", by, "--format", format];
                    let program = Program::on(db);
                    let json = program.json(&report("json"));
                    assert_eq!(said(&json), (rows.clone(), total.clone()), "{by}");
                    assert_eq!(program.output(&report("csv")).lines().count(), rows.len() + 1);
                    let text = program.output(&report("text"));
                    let share = total["satisfied_rate"].as_str().unwrap().replace('.', ",");
                    assert!(text.contains(&format!("{share}%")), "{text}");
                }
            }
        }
        // Nobody was asked yet: no share, not 0 or 100.
        let supervisor = office.token(Role::Supervisor, "H37");
        let path = format!("/api/v1/reports/satisfaction?from={from}&to={to}&unit=H37.22");
        let none = office.call("GET", path).token(&supervisor).send().expect(200).json();
        assert_eq!((&none["rows"], &none["total"]), (&json!([]), &counts([0; 5])));
        assert_eq!(none["total"]["satisfied_rate"], Value::Null);
        let district = office.token(Role::Supervisor, "H37.20");
        let path = format!("/api/v1/reports/satisfaction?from={from}&to={to}&unit={FOREIGN}");
        office.call("GET", path).token(&district).send().problem(403, "forbidden");
        let wrong = office.call("GET", "/api/v1/reports/satisfaction?by=month").token(&district).send();
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["by", "from", "to"]);

        // Comments, page by page, without a word on whose they are.
        let path = "/api/v1/reports/satisfaction/comments";
        let items = office.pages(&district, path, 2);
        let mut expected: Vec<u8> = Vec::new();
        for (answer, n) in answers.iter().zip((0..24).filter(|n| n % 5 != 4)) {
            if n % 2 == 0 && answer.0.starts_with("H37.20.") {
                expected.push(answer.3);
            }
        }
        expected.reverse();
        let ratings: Vec<_> = items.iter().map(|item| item["rating"].as_u64().unwrap() as u8).collect();
        assert_eq!(ratings, expected);
        let text = json!(items).to_string();
        assert!(!text.contains(&format!("{COMMUNE}-")) && !text.contains("Ánh"), "{text}");
    }
}

fn message(unit: &str) -> Value {
    json!({
        "unit": unit, "content": "Bà Nguyễn Thị Ánh chờ hai giờ, gọi 0912345678 không ai nghe",
        "name": "Nguyễn Thị Ánh", "phone": "+84 912 345 678", "email": "anh@example.vn",
    })
}

fn send(office: &Office, key: &str, body: &Value) -> Answer {
    let call = office.call("POST", "/api/v1/feedback");
    call.header("Idempotency-Key", key)
        .body(body.clone())
        .send()
}

fn read_back(office: &Office, sent: &Value, code: &str) -> Answer {
    let path = format!(
        "/api/v1/feedback/{}?code={code}",
        sent["id"].as_str().unwrap()
    );
    office.call("GET", path).send()
}

/// How much feedback the CCHC report counts.
fn counted(db: &Database) -> i64 {
    let (from, to) = days();
    let report = Program::on(db).json(&[
        "report", "cchc", "--from", &from, "--to", &to, "--format", "json",
    ]);
    report["feedback_received_and_handled"].as_i64().unwrap()
}

/// All texts that are kept of feedback and keys.
fn kept(db: &Database) -> String {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let query = "select content || coalesce(answer, '') as value from feedback where content is not null \
                 union all select made || key as value from idempotency_keys";
    let rows = db.store().read(|conn| {
        Ok::<Vec<Row>, motcua::store::StoreError>(match conn {
            motcua::store::Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
            motcua::store::Conn::Postgres(conn) => diesel::sql_query(query).load(conn)?,
        })
    });
    rows.unwrap().into_iter().map(|row| row.value).collect()
}

on_both! {
    fn feedback_is_given_answered_and_published(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let [clerk, officer, supervisor] = [Role::Clerk, Role::Officer, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let neighbour = office.token(Role::Officer, NEIGHBOUR);
        let district = office.token(Role::Supervisor, "H37.20");
        let mut body = message(COMMUNE);
        body["case_number"] = dossier["case_number"].clone();
        body["code"] = dossier["look_up_code"].clone();
        let first = send(&office, "feedback-key-1", &body).expect(201);
        let again = send(&office, "feedback-key-1", &body).expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
        let sent = first.json();
        assert_eq!(sent["unit"]["code"], COMMUNE);
        let code = sent["code"].as_str().unwrap();
        assert!(code.len() == 16 && !kept(db).contains(code));
        // However people type it; and nobody else.
        let typed = format!("{}-{}", code[..8].to_lowercase(), &code[8..]);
        let read = read_back(&office, &sent, &typed).expect(200).json();
        assert_eq!((&read["content"], &read["answer"]), (&body["content"], &Value::Null));
        read_back(&office, &sent, "AAAAAAAAAAAAAAAA").problem(404, "not-found");
        // A row of the scenario only counts.
        let unit = office.world.store.reference().unwrap().units().by_code(COMMUNE).unwrap().id;
        let now = motcua::clock::now();
        office.world.store.write(move |conn| yearly_plan::insert_feedback(conn, [7; 16], unit, now, Some(now))).unwrap();
        let before = counted(db);
        assert_eq!(before, 1);
        let answered = office.call("GET", "/api/v1/feedback?list=answered").token(&officer).send();
        assert_eq!(answered.expect(200).json()["items"], json!([]));

        let path = format!("/api/v1/feedback/{}", sent["id"].as_str().unwrap());
        let show = |token: &str| office.call("GET", format!("{path}/details")).token(token).send();
        let case = show(&officer).expect(200);
        assert_eq!(case.header("etag"), "\"1\"");
        let mut case = case.json();
        assert_eq!((&case["case_number"], &case["sender_phone"], &case["overdue"]), (&dossier["case_number"], &json!("0912345678"), &json!(false)));
        show(&neighbour).problem(403, "forbidden");
        show(&clerk).problem(403, "forbidden");
        show(&district).expect(200);
        let change = |token: &str, case: &Value, action: &str, body: Value| {
            office.call("POST", format!("{path}/{action}")).token(token).seen(case).body(body).send()
        };
        let words = json!({"content": "Công dân chờ hai giờ", "answer": "Đơn vị đã bố trí thêm người"});
        for (action, body) in [("assign", json!({})), ("answer", json!({"answer": "x"}))] {
            change(&neighbour, &case, action, body).problem(403, "forbidden");
        }
        for assignee in ["h37.20.01.clerk", "h37.20.02.officer", "h37.20.supervisor", "nobody"] {
            let wrong = change(&officer, &case, "assign", json!({"assignee": assignee})).problem(400, "invalid-request");
            assert_eq!(fields(&wrong), ["/assignee"], "{assignee}");
        }
        let assigned = change(&supervisor, &case, "assign", json!({"assignee": "h37.20.01.officer"})).expect(200);
        assert_eq!(assigned.header("etag"), "\"2\"");
        let stale = change(&officer, &case, "answer", json!({"answer": "x"})).problem(412, "changed");
        assert_eq!(stale["current"]["assignee"]["username"], "h37.20.01.officer");
        case = assigned.json();
        office.call("POST", format!("{path}/answer")).token(&officer).body(json!({"answer": "x"})).send()
            .problem(428, "precondition-required");
        assert_eq!(change(&supervisor, &case, "publish", words.clone()).problem(409, "refused")["reason"], "not_answered");
        let empty = change(&officer, &case, "answer", json!({"answer": " "})).problem(400, "invalid-request");
        assert_eq!(fields(&empty), ["/answer"]);
        assert_eq!(counted(db), before);

        let answer = json!({"answer": "Đơn vị đã bố trí thêm người và xin lỗi bà Ánh."});
        case = change(&officer, &case, "answer", answer.clone()).expect(200).json();
        assert_eq!(case["answered_by"]["username"], "h37.20.01.officer");
        assert_eq!(counted(db), before + 1);
        assert_eq!(change(&officer, &case, "answer", answer.clone()).problem(409, "refused")["reason"], "already_answered");
        change(&officer, &case, "assign", json!({})).problem(409, "refused");
        assert_eq!(counted(db), before + 1);
        let read = read_back(&office, &sent, code).expect(200).json();
        assert_eq!((&read["answer"], &read["answered_at"]), (&answer["answer"], &case["answered_at"]));

        // What gives somebody away is named by field, without repeating it.
        change(&officer, &case, "publish", words.clone()).problem(403, "forbidden");
        let public = || office.call("GET", "/api/v1/feedback/published").send().expect(200).json();
        for (content, answer, wrong) in [
            ("Bà NGUYEN THI ANH chờ", "ổn", vec!["/content"]),
            ("chờ", "gọi 0912.345.678 hoặc Anh@Example.vn", vec!["/answer", "/answer"]),
            ("CCCD 020185000123", "CMND 082 123 456", vec!["/content", "/answer"]),
            ("", "Nguyễn Thị Ánh", vec!["/content"]),
        ] {
            let refused = change(&supervisor, &case, "publish", json!({"content": content, "answer": answer}));
            let refused = refused.problem(400, "invalid-request");
            assert_eq!(fields(&refused), wrong, "{content}, {answer}");
            let text = refused.to_string().to_lowercase();
            assert!(!text.contains("anh@") && !text.contains("0912") && !text.contains("02018"), "{text}");
        }
        assert_eq!(public()["items"], json!([]));
        case = change(&supervisor, &case, "publish", words.clone()).expect(200).json();
        let item = public()["items"][0].clone();
        assert_eq!((&item["content"], &item["answer"], &item["published_at"]), (&words["content"], &words["answer"], &case["published_at"]));
        // Other words take the place of the first; it was published when it was.
        let other = json!({"content": "Công dân chờ lâu", "answer": "Đã bố trí thêm người"});
        let corrected = change(&supervisor, &case, "publish", other.clone()).expect(200).json();
        assert_eq!(corrected["published_at"], case["published_at"]);
        let text = public().to_string();
        assert!(text.contains("chờ lâu") && !text.contains("hai giờ"), "{text}");
        for personal in ["Ánh", "0912345678", "anh@example", sent["id"].as_str().unwrap(), "officer", COMMUNE.to_lowercase().as_str()] {
            assert!(!text.contains(personal), "{personal}: {text}");
        }
        let of = |unit: &str| {
            let path = format!("/api/v1/feedback/published?unit={unit}");
            office.call("GET", path).send().expect(200).json()["items"].as_array().unwrap().len()
        };
        assert_eq!([of("H37"), of("H37.20"), of(COMMUNE), of(NEIGHBOUR)], [1, 1, 1, 0]);
        let wrong = office.call("GET", "/api/v1/feedback/published?unit=H99").send().problem(400, "invalid-request");
        assert_eq!(fields(&wrong), ["unit"]);
    }
}

on_both! {
    fn nobody_answers_what_is_said_of_their_own_work(db: &Database) {
        let mut office = Office::open(db);
        let officer = office.token(Role::Officer, COMMUNE);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        act(&mut office, &dossier, COMMUNE, &[("hand-over", json!({"step": 1, "assignee": "h37.20.01.officer"}))]);
        let mut body = message(COMMUNE);
        body["case_number"] = dossier["case_number"].clone();
        body["code"] = dossier["look_up_code"].clone();
        let sent = send(&office, "own-work", &body).expect(201).json();
        let path = format!("/api/v1/feedback/{}", sent["id"].as_str().unwrap());
        let change = |token: &str, action: &str, body: Value| {
            office.call("POST", format!("{path}/{action}")).token(token).header("If-Match", "*").body(body).send()
        };
        let answer = json!({"answer": "Đã xem lại"});
        assert_eq!(change(&officer, "answer", answer.clone()).problem(409, "refused")["reason"], "own_work");
        let given = change(&supervisor, "assign", json!({"assignee": "h37.20.01.officer"}));
        assert_eq!(fields(&given.problem(400, "invalid-request")), ["/assignee"]);
        change(&supervisor, "answer", answer).expect(200);
        // Nor is what opens a dossier or this feedback published.
        let publish = |content: String| change(&supervisor, "publish", json!({"content": content, "answer": "Đã xem lại"}));
        let code = dossier["look_up_code"].as_str().unwrap();
        let own = sent["code"].as_str().unwrap();
        for content in [
            format!("mã {code}"),
            format!("mã {}-{}", &code[..5].to_lowercase(), &code[5..]),
            format!("xem {own}"),
            format!("hồ sơ {} trễ", dossier["case_number"].as_str().unwrap()),
        ] {
            assert_eq!(fields(&publish(content.clone()).problem(400, "invalid-request")), ["/content"], "{content}");
        }
        publish("Hồ sơ trả trễ hai ngày".to_owned()).expect(200);
    }
}

on_both! {
    fn feedback_is_checked_and_limited(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nsubmission_address = { burst = 3, each_seconds = 600 }\n").unwrap();
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let office = Office::open_with(db, program);
        let bad = json!({
            "unit": COMMUNE, "content": "  ", "kind": "praise", "code": "x", "phone": "1", "email": "a",
            "name": "a".repeat(201),
        });
        let mut wrong = fields(&send(&office, "feedback-key-1", &bad).problem(400, "invalid-request"));
        wrong.sort();
        assert_eq!(wrong, ["/case_number", "/content", "/email", "/kind", "/name", "/phone"]);
        let unknown = send(&office, "feedback-key-1", &message("H99")).problem(400, "invalid-request");
        assert_eq!(fields(&unknown), ["/unit"]);
        // Nobody has to say who they are. What was refused for its unit has counted.
        let plain = json!({"unit": COMMUNE, "content": "Nên mở cửa sáng thứ Bảy", "kind": "proposal"});
        let statuses: Vec<_> = (0..4).map(|n| send(&office, &format!("feedback-key-{n}"), &plain).status).collect();
        assert_eq!(statuses, [201, 201, 429, 429]);
        // What was taken is answered again all the same.
        send(&office, "feedback-key-0", &plain).expect(201);
    }
}

/// Feedback received at `now`.
fn receive_at(store: &Store, unit: &str, limit: u32, now: Moment) -> acts::feedback::Received {
    let limits = Limit {
        burst: u32::MAX,
        each: Duration::from_secs(1),
    };
    let limits = Limits {
        log_in_account: limits,
        log_in_address: limits,
        log_in_network: limits,
        log_in_all: limits,
        look_up_address: limits,
        look_up_number: limits,
        submission_address: limits,
        submission_contact: limits,
    };
    let new = NewFeedback {
        unit: unit.to_owned(),
        kind: FeedbackKind::Proposal,
        content: format!("hạn {limit} ngày"),
        dossier: None,
        sender: Person {
            notify_by: None,
            name: String::new(),
            identity: None,
            phone: None,
            email: None,
            address: None,
        },
    };
    let limit = TimeLimit::new(LimitUnit::WorkingDay, limit).unwrap();
    let address = std::net::IpAddr::from([127, 0, 0, 1]);
    acts::feedback::receive(store, new, limit, address, limits, None, now)
        .unwrap()
        .value
}

on_both! {
    fn the_limit_is_in_working_days_and_never_ends_on_a_day_off(db: &Database) {
        let world = crate::support::World::new(db.store());
        let reference = world.store.reference().unwrap();
        let unit: UnitId = reference.units().by_code(COMMUNE).unwrap().id;
        let timetable = reference.timetable(unit).unwrap();
        let mut random = rand::rngs::StdRng::seed_from_u64(15);
        for _ in 0..60 {
            let minutes: i64 = random.random_range(0..5 * 365 * 24 * 60);
            let now = at("2020-01-01 00:00").plus_millis(minutes * 60_000);
            let limit = random.random_range(1..=30);
            let due = receive_at(&world.store, COMMUNE, limit, now).due_at;
            // Working days one by one: the day on which it came in, or was opened, does not count.
            let mut day = timetable.next_opening(now).unwrap().date();
            let mut left = limit;
            while left > 0 {
                day = day + Days::new(1);
                left -= u32::from(timetable.is_working_day(day).unwrap());
            }
            assert_eq!(due.date(), day, "{limit} days from {now}");
            assert_eq!(Some(due), timetable.close_of(day).unwrap());
        }
    }
}

on_both! {
    fn lists_go_by_unit_and_by_what_is_to_be_done(db: &Database) {
        let mut office = Office::open(db);
        let officer = office.token(Role::Officer, COMMUNE);
        let district = office.token(Role::Supervisor, "H37.20");
        let province = office.token(Role::Supervisor, "H37");
        let store = office.world.store.clone();
        let mut made: Vec<(&str, FeedbackId, Moment)> = Vec::new();
        // Three of each moment, so that pages end between those that share one.
        for n in 0..12 {
            let unit = [COMMUNE, NEIGHBOUR, FOREIGN][n % 3];
            let now = at("2021-03-01 08:00").plus_millis(n as i64 / 3 * 86_400_000);
            let received = receive_at(&store, unit, if n < 6 { 15 } else { 5 }, now);
            made.push((unit, received.id, received.due_at));
        }
        let fresh = send(&office, "feedback-key-1", &message(COMMUNE)).expect(201).json();
        let ids = |token: &str, query: &str, limit| -> Vec<String> {
            let items = office.pages(token, &format!("/api/v1/feedback?{query}"), limit);
            items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
        };
        let sorted = |prefix: &str| {
            let mut own: Vec<_> = made.iter().filter(|(unit, ..)| unit.starts_with(prefix)).collect();
            own.sort_by_key(|(_, id, due)| (*due, id.bytes()));
            own.into_iter().map(|(_, id, _)| id.to_string()).collect::<Vec<_>>()
        };
        for (token, prefix) in [(&officer, COMMUNE), (&district, "H37.20"), (&province, "H37")] {
            assert_eq!(ids(token, "list=overdue", 2), sorted(prefix), "{prefix}");
            let mut open = sorted(prefix);
            open.push(fresh["id"].as_str().unwrap().to_owned());
            assert_eq!(ids(token, "list=open", 5), open, "{prefix}");
            let all = ids(token, "", 2);
            assert_eq!(all[0], fresh["id"].as_str().unwrap());
            assert_eq!(all.len(), open.len());
        }
        assert_eq!(ids(&province, &format!("list=overdue&unit={FOREIGN}"), 50), sorted(FOREIGN));
        for (token, unit) in [(&officer, NEIGHBOUR), (&district, FOREIGN)] {
            office.call("GET", format!("/api/v1/feedback?unit={unit}")).token(token).send().problem(403, "forbidden");
        }
        let late = office.call("GET", "/api/v1/feedback?list=overdue&limit=1").token(&officer).send().expect(200).json();
        let first = &late["items"][0];
        assert_eq!(first["overdue"], true);
        let path = format!("/api/v1/feedback/{}/answer", first["id"].as_str().unwrap());
        let answered = office.call("POST", path).token(&officer).seen(first).body(json!({"answer": "xong"})).send();
        assert_eq!(answered.expect(200).json()["overdue"], false);
        assert_eq!(ids(&officer, "list=overdue", 2), sorted(COMMUNE)[1..]);
        assert_eq!(ids(&officer, "list=answered", 2), [first["id"].as_str().unwrap()]);
        let wrong = office.call("GET", "/api/v1/feedback?list=late&limit=0&after=x").token(&officer).send();
        let mut wrong = fields(&wrong.problem(400, "invalid-request"));
        wrong.sort();
        assert_eq!(wrong, ["after", "limit", "list"]);
    }
}

//! What leaders do from their overview: every table as a file, and what lies with somebody given to somebody else.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use crate::support::{
    Browser, COMMUNE, Database, Kind, NEIGHBOUR, Office, Program, SAME_DAY, Visitor, World, act,
    arrive, at, fields, find, get, hire, is_page, look, on_both, password, path, staff,
};
use motcua::acts;
use motcua::domain::dossier::{Action, Correction, ItemHandedIn, Paper};
use motcua::domain::role::Role;

const PERIOD: &str = "tu=2021-02-15&den=2021-03-14";
const OFFICER: &str = "h37.20.01.officer";
const SECOND: &str = "second.officer";

/// The rows of a workbook.
fn cells(bytes: &[u8]) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let name = book.sheet_names()[0].clone();
    let range = book.worksheet_range(&name).unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

/// The addresses of the files on a page, as a workbook and as CSV.
#[track_caller]
fn files(page: &str) -> [String; 2] {
    ["dang=xlsx", "dang=csv"].map(|form| {
        let links = page.split("href=\"").skip(1);
        let links = links.map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
        let mut fitting = links.filter(|link| link.ends_with(form));
        fitting
            .next()
            .unwrap_or_else(|| panic!("no {form} in {page}"))
    })
}

on_both! {
    fn every_table_of_an_overview_is_a_workbook_and_a_csv_as_well(db: &Database) {
        let world = World::new(db.store());
        let late = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-03 08:00"));
        world.finish(late.id, at("2021-03-05 09:00"));
        let open = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-04 08:00"));
        let mut office = Office::over(world, Program::on(db));
        let token = office.token(Role::Supervisor, "H37");
        let supervisor = Visitor::log_in(&office, "h37.supervisor");
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let (late, open) = (late.case_number.to_string(), open.case_number.to_string());
        let text = |text: &str| Data::String(text.to_owned());
        for (page, name, known) in [
            (format!("/tong-quan?{PERIOD}&theo=unit"), "dung-han-theo-don-vi-2021-02-15-2021-03-14", COMMUNE),
            (format!("/tong-quan?{PERIOD}&theo=month"), "dung-han-theo-thang-2021-02-15-2021-03-14", "2021-03"),
            (format!("/tong-quan?{PERIOD}&theo=officer"), "dang-xu-ly-theo-nguoi-phu-trach-2021-02-15-2021-03-14", "Chưa giao cho ai"),
            (format!("/tong-quan/tra-muon?{PERIOD}"), "ho-so-giai-quyet-qua-han-2021-02-15-2021-03-14", late.as_str()),
            (format!("/tong-quan/qua-han?{PERIOD}"), "ho-so-dang-qua-han-", open.as_str()),
            ("/hom-nay?ngay=2021-03-03".to_owned(), "ho-so-den-2021-03-03", late.as_str()),
        ] {
            let seen = supervisor.get(&page).expect(200).body;
            for (link, ending, kind) in files(&seen).iter().zip(["xlsx", "csv"]).zip([
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv; charset=utf-8",
            ]).map(|((link, ending), kind)| (link, ending, kind)) {
                let file = supervisor.get(link).expect(200);
                assert_eq!(file.content_type, kind, "{link}");
                assert_eq!(file.header("cache-control"), "no-store");
                let saved = file.header("content-disposition");
                assert!(saved.starts_with(&format!("attachment; filename=\"{name}")), "{saved}");
                assert!(saved.ends_with(&format!(".{ending}\"")), "{saved}");
                match ending {
                    "csv" => assert!(file.body.contains(known), "{known} in {}", file.body),
                    _ => {
                        let rows = cells(&file.bytes);
                        assert!(rows.iter().flatten().any(|cell| *cell == text(known)), "{known} in {rows:?}");
                    }
                }
            }
            // As little as the page itself for whom it is not.
            let theirs = match page.starts_with("/tong-quan") {
                true => 403,
                false => 200,
            };
            assert_eq!(clerk.get(&files(&seen)[0]).status, theirs, "{page}");
        }
        // Days are days, and figures figures.
        let [workbook, _] = files(&supervisor.get(&format!("/tong-quan/tra-muon?{PERIOD}")).body);
        let rows = cells(&supervisor.get(&workbook).bytes);
        let row = rows.iter().find(|row| row[0] == text(&late)).unwrap();
        assert!(matches!(row[3], Data::DateTime(_)) && matches!(row[5], Data::DateTime(_)), "{row:?}");
        // A working day and an hour, as the report says it.
        assert_eq!(row[6], Data::Float(1.125), "{row:?}");
        // Why: the first step is where it lay.
        assert!(matches!(&row[8], Data::String(why) if why.starts_with("Bước “") && why.ends_with("giờ làm việc")), "{row:?}");
        let told = supervisor.get(&format!("/tong-quan/tra-muon?{PERIOD}&tinh_den=2021-03-14")).expect(200).body;
        assert!(told.contains("Bước “") && told.contains("tính đến hết ngày 14/03/2021: danh sách này có thể khác"), "{told}");
        // A trend is two pictures beside one table.
        let months = supervisor.get(&format!("/tong-quan?{PERIOD}&theo=month")).body;
        assert!(months.matches("<svg").count() == 2 && months.contains("Tỷ lệ đúng hạn từng tháng"), "{months}");
        // A page's cookie opens the page's files; the API takes none.
        let report = "/api/v1/reports/on-time?from=2021-02-15&to=2021-03-14&by=unit&format=xlsx";
        assert_eq!(supervisor.get(report).status, 401);
        let api = office.call("GET", report).token(&token).send().expect(200);
        let [workbook, _] = files(&supervisor.get(&format!("/tong-quan?{PERIOD}&theo=unit")).body);
        assert_eq!(cells(&supervisor.get(&workbook).bytes), cells(&api.bytes));
    }
}

/// One more officer of the commune.
fn second_officer(office: &Office) {
    let mut new = staff(Role::Officer, COMMUNE);
    new.username = SECOND.to_owned();
    new.full_name = "Nông Thị Lan".to_owned();
    new.password = Some(password(SECOND));
    acts::staff::create(&office.world.store, new, None, None, motcua::clock::now()).unwrap();
}

/// So many dossiers at the officer's step, in the hands of the officer.
fn in_hand(office: &mut Office, count: usize) -> Vec<Value> {
    let clerk = office.token(Role::Clerk, COMMUNE);
    office.token(Role::Officer, COMMUNE);
    let made = (0..count).map(|_| {
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let to = json!({"step": 1, "assignee": OFFICER});
        act(office, &clerk, &dossier, "hand-over", to)
            .expect(200)
            .json()
    });
    made.collect()
}

fn number(dossier: &Value) -> &str {
    dossier["case_number"].as_str().unwrap()
}

/// What a tick stands for: the dossier, and how it was seen.
fn tick(dossier: &Value) -> String {
    format!("{}:{}", number(dossier), dossier["version"])
}

on_both! {
    fn a_leader_sees_what_lies_with_whom_and_gives_it_to_others(db: &Database) {
        let mut office = Office::open(db);
        let made = in_hand(&mut office, 4);
        let nobodys = office.receive(COMMUNE, SAME_DAY);
        second_officer(&office);
        let token = office.token(Role::Supervisor, COMMUNE);
        let administrator = office.token(Role::Administrator, "H37");
        let leader = Visitor::log_in(&office, "h37.20.01.supervisor");
        let load = leader.get("/tong-quan?theo=officer").expect(200).body;
        let own = format!("/tong-quan/giao-lai?can_bo={OFFICER}");
        assert!(load.contains(&format!("href=\"{own}\"")) && load.contains("href=\"/tong-quan/giao-lai\""), "{load}");
        let page = leader.get(&own);
        is_page(&page, 200);
        for expected in ["đang xử lý 4, quá hạn 0", "Nông Thị Lan (Chuyên viên", "đang xử lý 0, quá hạn 0", &tick(&made[0])] {
            assert!(page.body.contains(expected), "{expected} in {}", page.body);
        }
        assert!(!page.body.contains(number(&nobodys)), "{}", page.body);
        let whose = |dossier: &Value| {
            let view = get(&office, &token, &path(dossier));
            view["assignee"]["username"].as_str().unwrap_or("nobody").to_owned()
        };
        let give = |fields: &[(&str, &str)]| leader.post("/tong-quan/giao-lai", fields);
        let (first, second, third) = (tick(&made[0]), tick(&made[1]), tick(&made[2]));
        // What is missing is said, what was chosen stays.
        let wrong = give(&[("can_bo", OFFICER), ("ho_so", &second), ("to", ""), ("reason", "")]);
        is_page(&wrong, 400);
        for expected in ["<title>Lỗi:", "href=\"#to\"", "href=\"#reason\"", &format!("value=\"{second}\" checked")] {
            assert!(wrong.body.contains(expected), "{expected} in {}", wrong.body);
        }
        let none = give(&[("can_bo", OFFICER), ("to", SECOND), ("reason", "Chị Lan về")]);
        is_page(&none, 400);
        assert!(none.body.contains("Chưa chọn hồ sơ nào") && none.body.contains("Chị Lan về"), "{}", none.body);
        assert_eq!(whose(&made[0]), OFFICER);
        // Two of them go; the act is the one of the dossier's own page.
        let to = [("can_bo", OFFICER), ("to", SECOND), ("reason", "Chị Lan về")];
        let chosen = [to.as_slice(), &[("ho_so", &first), ("ho_so", &second)]].concat();
        let done = leader.follow(give(&chosen));
        assert!(done.body.contains("Đã giao lại 2 hồ sơ") && done.body.contains("đang xử lý 2, quá hạn 0"), "{}", done.body);
        assert_eq!([0, 1, 2, 3].map(|n| whose(&made[n])), [SECOND, SECOND, OFFICER, OFFICER]);
        let events = get(&office, &token, &format!("{}/events", path(&made[0])));
        let last = events.as_array().unwrap().last().unwrap();
        assert_eq!(last["data"], json!({"assignee_before": OFFICER, "assignee": SECOND, "reason": "Chị Lan về"}));
        assert_eq!(last["staff"]["username"], "h37.20.01.supervisor");
        // What somebody else has changed in between stays, and is named; the others go.
        act(&office, &token, &made[3], "assign", json!({"assignee": "h37.20.01.supervisor", "reason": "x"})).expect(200);
        let fourth = tick(&made[3]);
        let chosen = [to.as_slice(), &[("ho_so", &third), ("ho_so", &fourth), ("ho_so", "H37.20.01-x:1")]].concat();
        let part = give(&chosen);
        is_page(&part, 409);
        let changed = format!("{} chưa giao lại: hồ sơ vừa được người khác thay đổi", number(&made[3]));
        assert!(part.body.contains("Đã giao lại 1 hồ sơ") && part.body.contains(&changed), "{}", part.body);
        assert_eq!(whose(&made[2]), SECOND);
        assert_eq!(whose(&made[3]), "h37.20.01.supervisor");
        // What nobody has is given without a reason.
        let page = leader.get("/tong-quan/giao-lai").expect(200).body;
        assert!(page.contains("Hồ sơ chưa giao cho ai") && page.contains(&tick(&nobodys)), "{page}");
        let chosen = [("can_bo", ""), ("to", OFFICER), ("reason", ""), ("ho_so", &tick(&nobodys))];
        leader.follow(give(&chosen));
        assert_eq!(whose(&nobodys), OFFICER);
        // All at once, by a job.
        let all = |by: &Visitor<'_>, of: &str, to: &str| {
            by.post("/tong-quan/giao-lai/tat-ca", &[("can_bo", of), ("to", to), ("reason", "Nghỉ hưu")])
        };
        is_page(&all(&leader, SECOND, "h37.20.01.clerk"), 400);
        let done = leader.follow(all(&leader, SECOND, OFFICER));
        assert!(done.body.contains("Đang giao lại tất cả"), "{}", done.body);
        let jobs = get(&office, &administrator, "/api/v1/jobs");
        let job = jobs["items"].as_array().unwrap().iter().find(|job| job["kind"] == "hands").unwrap();
        office.job_done(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()), &administrator);
        assert_eq!([0, 1, 2].map(|n| whose(&made[n])), [OFFICER; 3]);
        // Whose it is not: other leaders, other units, whoever leads nobody.
        let other = Visitor::hire(&office, Role::Supervisor, NEIGHBOUR);
        is_page(&other.get(&own), 403);
        is_page(&all(&other, OFFICER, SECOND), 403);
        let now = tick(&get(&office, &token, &path(&made[0])));
        let foreign = [to.as_slice(), &[("ho_so", &now)]].concat();
        is_page(&other.post("/tong-quan/giao-lai", &foreign), 403);
        let desk = Visitor::log_in(&office, "h37.20.01.clerk");
        is_page(&desk.get(&own), 403);
        is_page(&desk.post("/tong-quan/giao-lai", &foreign), 403);
        assert_eq!(whose(&made[0]), OFFICER);
        // An administrator hands all of it on, and sees no dossier.
        let keeper = Visitor::log_in(&office, "h37.administrator");
        let seen = keeper.get(&own).expect(200).body;
        assert!(!seen.contains(number(&made[0])) && seen.contains("Giao lại tất cả 4 hồ sơ"), "{seen}");
        is_page(&keeper.post("/tong-quan/giao-lai", &foreign), 403);
        is_page(&leader.get("/tong-quan/giao-lai?can_bo=nobody"), 404);
        is_page(&leader.get(&format!("{own}&tiep=x")), 400);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

#[test]
fn a_leader_gives_dossiers_to_others_in_a_browser() {
    let db = Database::new(Kind::Sqlite);
    // Before the server looks for what is overdue.
    let world = World::new(db.store());
    through_the_steps(&world);
    let mut office = Office::over(world, Program::for_browsers(&db));
    let made = in_hand(&mut office, 3);
    second_officer(&office);
    let username = hire(&office.world, Role::Supervisor, COMMUNE);
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &username).await;
        let load = format!("{url}/tong-quan?theo=officer");
        client.goto(&load).await.unwrap();
        look(&client, "leaders-load").await;
        let hands = format!("a[href='/tong-quan/giao-lai?can_bo={OFFICER}']");
        find(&client, &hands).await.click().await.unwrap();
        arrive(&client, "/tong-quan/giao-lai").await;
        look(&client, "leaders-hands").await;
        // Nothing chosen: the summary leads to the table.
        let button = "form[action='/tong-quan/giao-lai'] button:not([formaction])";
        find(&client, button).await.click().await.unwrap();
        find(&client, "#errors").await;
        look(&client, "leaders-hands-wrong").await;
        for dossier in &made[..2] {
            let tick = format!("input[value='{}']", tick(dossier));
            find(&client, &tick).await.click().await.unwrap();
        }
        let option = format!("#to option[value='{SECOND}']");
        find(&client, &option).await.click().await.unwrap();
        let reason = find(&client, "#reason").await;
        reason.send_keys("Chị Lan nghỉ ốm về").await.unwrap();
        find(&client, button).await.click().await.unwrap();
        let done = find(&client, ".done").await.text().await.unwrap();
        assert!(done.contains("Đã giao lại 2 hồ sơ"), "{done}");
        look(&client, "leaders-hands-done").await;
        client.goto(&load).await.unwrap();
        let table = find(&client, "table").await.text().await.unwrap();
        let table = table.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(table.contains("Nông Thị Lan 2 2 0"), "{table}");
        client
            .goto(&format!("{url}/tong-quan/giao-lai"))
            .await
            .unwrap();
        look(&client, "leaders-hands-nobody").await;
        let steps = "tong-quan/theo-buoc?tu=2021-03-01&den=2021-03-31&tinh_den=2021-03-03";
        for (query, name) in [("", "step"), ("&xem=unit", "unit"), ("&thu_tuc=9", "wrong")] {
            client.goto(&format!("{url}/{steps}{query}")).await.unwrap();
            look(&client, &format!("leaders-steps-{name}")).await;
        }
        client.close().await.unwrap();
    });
}

/// A procedure of communes in four steps, of 4, 8, 4 and 4 working hours; its code.
fn in_steps(world: &World) -> &'static str {
    let step = |name: &str, role: &str, hours: u32| json!({"name": name, "place": "receiving", "role": role, "hours": hours});
    let version = json!([{
        "code": "1.000009", "name": "Thử từng bước", "field": "Thử", "levels": ["commune"],
        "valid_from": "2018-01-01", "announced_on": "2018-01-01", "online_level": "full",
        "statutory_limit": {"unit": "working_day", "amount": 5}, "result": "Giấy",
        "checklist": [{"name": "Tờ khai", "originals": 1, "copies": 0, "required": true}],
        "workflow": [
            step("Nhận", "clerk", 4), step("Thẩm định", "officer", 8), step("Ký", "supervisor", 4), step("Trả", "clerk", 4),
        ],
    }]);
    motcua::imports::procedures(&world.store, version.to_string().as_bytes()).unwrap();
    "1.000009"
}

/// Two dossiers of that procedure, and one of another. One is two hours in the first step, ten and a half in the
/// second, without the eleven for which its applicant is waited for, and four in the third, where an undone end lies in
/// between. The other is seven and a half in the first and stays in the second.
fn through_the_steps(world: &World) -> &'static str {
    let code = in_steps(world);
    let to = |step: u8| Action::HandOver {
        step,
        assignee: None,
        note: String::new(),
    };
    let a = world.receive_at(COMMUNE, code, at("2021-03-01 08:00")).id;
    world.act(a, at("2021-03-01 10:00"), to(1)).unwrap();
    let missing = Action::RequestSupplement {
        reason: "thiếu".to_owned(),
        items: vec![Paper::Position(0)],
        exception: None,
    };
    world.act(a, at("2021-03-01 14:30"), missing).unwrap();
    let given = Action::TakeSupplement {
        items: vec![ItemHandedIn(0, 1, 0).into()],
        reason: String::new(),
    };
    world.act(a, at("2021-03-03 08:00"), given).unwrap();
    world.act(a, at("2021-03-03 17:00"), to(2)).unwrap();
    world.finish(a, at("2021-03-04 09:30"));
    let undone = Action::Correct(Correction::Undo {
        reason: "nhầm".to_owned(),
    });
    world.act(a, at("2021-03-05 10:00"), undone).unwrap();
    world.finish(a, at("2021-03-05 12:00"));
    let b = world.receive_at(COMMUNE, code, at("2021-03-01 08:00")).id;
    world.act(b, at("2021-03-01 17:00"), to(1)).unwrap();
    world.receive_at(NEIGHBOUR, SAME_DAY, at("2021-03-02 08:00"));
    code
}

on_both! {
    fn where_time_is_lost_is_told_step_by_step(db: &Database) {
        let world = World::new(db.store());
        let code = through_the_steps(&world);
        let mut office = Office::over(world, Program::on(db));
        let token = office.token(Role::Supervisor, "H37");
        let own = office.token(Role::Supervisor, COMMUNE);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let path = |more: &str| format!("/api/v1/reports/by-step?from=2021-03-01&to=2021-03-31{more}");
        let report = |more: &str| get(&office, &token, &path(more));
        let lines = |report: &Value| -> Vec<Value> {
            let rows = report["rows"].as_array().unwrap().iter();
            rows.map(|row| json!([
                row["step_name"], row["passages"], row["share_hours"], row["median_hours"], row["ninth_decile_hours"],
                row["late"], row["lost_hours"], row["waited_hours"], row["there"], row["there_late"],
            ])).collect()
        };
        // As known at the end of 3 March: the undone end is to come.
        let then = report(&format!("&procedure={code}&as_of=2021-03-03"));
        assert_eq!(lines(&then), [
            json!(["Thẩm định", 1, "8.00", "10.50", "10.50", 1, "10.50", "11.00", 1, 1]),
            json!(["Nhận", 2, "4.00", "2.00", "7.50", 1, "3.50", "0.00", 0, 0]),
            json!(["Ký", 0, "4.00", null, null, 0, "0.00", "0.00", 1, 0]),
        ]);
        assert_eq!((&then["dossiers"], &then["cut"], &then["procedure"]), (&json!(2), &json!(false), &json!(code)));
        let total = &then["total"];
        assert_eq!((&total["passages"], &total["median_hours"], &total["lost_hours"]), (&json!(3), &json!("7.50"), &json!("14.00")));
        // What was taken back lies in no step; who came back did not come anew.
        let later = report(&format!("&procedure={code}&as_of=2021-03-05"));
        let signed = lines(&later).into_iter().find(|row| row[0] == "Ký");
        assert_eq!(signed, Some(json!(["Ký", 1, "4.00", "4.00", "4.00", 0, "0.00", "0.00", 0, 0])));
        assert_eq!(report(&format!("&procedure={code}&as_of=2021-03-03")), then, "a past report does not change");
        // All procedures, and the units that had them; a unit's own.
        let all = report("&as_of=2021-03-03");
        assert_eq!(all["dossiers"], 3);
        let units = report("&by=unit&as_of=2021-03-03");
        let here = units["rows"].as_array().unwrap().iter().find(|row| row["code"] == COMMUNE).unwrap();
        assert_eq!((&here["passages"], &here["lost_hours"], &here["share_hours"], &here["step"]), (&json!(3), &json!("14.00"), &Value::Null, &Value::Null));
        assert_eq!(report(&format!("&unit={NEIGHBOUR}"))["dossiers"], 1);
        assert_eq!(get(&office, &own, &path("&as_of=2021-03-03"))["dossiers"], 2);
        assert_eq!(report("&procedure=2.000815.000.00.00.H37&as_of=2021-03-03")["dossiers"], 1);
        for (more, field) in [("&procedure=9.999999", "procedure"), ("&by=officer", "by"), ("&from=2020-01-01&to=2021-03-31", "from")] {
            let asked = match more.starts_with("&from") {
                true => format!("/api/v1/reports/by-step?{}", &more[1..]),
                false => path(more),
            };
            let wrong = office.call("GET", asked).token(&token).send().problem(400, "invalid-request");
            assert_eq!(fields(&wrong), [field], "{more}");
        }
        office.call("GET", path("")).token(&clerk).send().problem(403, "forbidden");
        office.call("GET", path(&format!("&unit={NEIGHBOUR}"))).token(&own).send().problem(403, "forbidden");
        // The same from the command line, and in a spreadsheet.
        let text = Program::on(db).output(&[
            "report", "by-step", "--from", "2021-03-01", "--to", "2021-03-31", "--as-of", "2021-03-03", "--procedure", code,
        ]);
        assert!(text.contains("Thẩm định") && text.contains("10,50") && text.contains("Thử từng bước"), "{text}");
        let book = office.call("GET", path(&format!("&procedure={code}&as_of=2021-03-03&format=xlsx"))).token(&token).send();
        let rows = cells(&book.bytes);
        let row = rows.iter().find(|row| row[3] == Data::String("Thẩm định".to_owned())).unwrap();
        assert_eq!((&row[2], &row[6]), (&Data::Float(2.0), &Data::Float(10.5)), "{row:?}");

        // On a page, with its chart, its files and what is wrong with what was asked for.
        let leader = Visitor::log_in(&office, "h37.supervisor");
        let address = format!("/tong-quan/theo-buoc?tu=2021-03-01&den=2021-03-31&tinh_den=2021-03-03&thu_tuc={code}");
        let page = leader.get(&address);
        is_page(&page, 200);
        for expected in ["Thẩm định", "10,50", "<svg", "10,50 giờ", "Thủ tục 1.000009: Thử từng bước", "66,67%"] {
            assert!(page.body.contains(expected), "{expected} in {}", page.body);
        }
        let [workbook, csv] = files(&page.body);
        assert_eq!(cells(&leader.get(&workbook).bytes), rows);
        let file = leader.get(&csv).expect(200);
        assert!(file.body.contains("Thẩm định;1;8,00;10,50"), "{}", file.body);
        let overview = leader.get("/tong-quan?tu=2021-03-01&den=2021-03-31").expect(200).body;
        assert!(overview.contains("/tong-quan/theo-buoc?tu=2021-03-01"), "{overview}");
        for (query, field) in [("thu_tuc=9.999999", "thu_tuc"), ("xem=nguoi", "xem"), ("tu=2019-01-01&den=2021-03-01", "tu"), ("don_vi=H99", "don_vi")] {
            let wrong = leader.get(&format!("/tong-quan/theo-buoc?{query}"));
            is_page(&wrong, 400);
            assert!(wrong.body.contains(&format!("href=\"#{field}\"")), "{query}: {}", wrong.body);
        }
        let empty = leader.get("/tong-quan/theo-buoc?tu=2020-03-01&den=2020-03-31").expect(200).body;
        assert!(empty.contains("Không có hồ sơ nào tiếp nhận"), "{empty}");
        is_page(&Visitor::log_in(&office, "h37.20.01.clerk").get(&address), 403);
    }
}

on_both! {
    fn every_report_is_a_page_and_a_file(db: &Database) {
        let office = Office::for_browsers(db);
        let leader = Visitor::hire(&office, Role::Supervisor, "H37");
        let commune = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let overview = leader.get("/tong-quan").expect(200).body;
        let days = "tu=2020-12-15&den=2021-09-14";
        for (name, said, file_name) in [
            ("06a", "II.06a", "bieu-ii-06a"),
            ("cchc", "CẢI CÁCH THỦ TỤC HÀNH CHÍNH", "muc-ii-2-bao-cao-cchc"),
            ("satisfaction", "hài lòng", "muc-do-hai-long-don-vi"),
            ("fees", "Phí, lệ phí", "phi-le-phi-don-vi"),
        ] {
            let path = format!("/tong-quan/bao-cao/{name}");
            assert!(overview.contains(&format!("href=\"{path}?")), "{name}: {overview}");
            let page = leader.get(&format!("{path}?{days}"));
            is_page(&page, 200);
            assert!(page.body.contains(said), "{said}: {}", page.body);
            for form in ["csv", "xlsx"] {
                let file = leader.get(&format!("{path}?{days}&dang={form}")).expect(200);
                let saved = format!("{file_name}-2020-12-15-2021-09-14.{form}");
                assert!(file.header("content-disposition").contains(&saved), "{}", file.header("content-disposition"));
            }
            let wrong = leader.get(&format!("{path}?tu=2021-09-14&den=2020-12-15"));
            is_page(&wrong, 400);
            assert!(wrong.body.contains("<title>Lỗi: "), "{}", wrong.body);
            let own = commune.get(&format!("{path}?{days}"));
            is_page(&own, if name == "cchc" { 403 } else { 200 });
        }
        assert!(!commune.get("/tong-quan").expect(200).body.contains("/tong-quan/bao-cao/cchc"));
        // What people wrote beside their rating.
        let behind = "/tong-quan/bao-cao/satisfaction/y-kien";
        assert!(leader.get(&format!("/tong-quan/bao-cao/satisfaction?{days}")).body.contains(behind));
        is_page(&leader.get(behind), 200);
        let wrong = leader.get(&format!("{behind}?unit=H99"));
        is_page(&wrong, 400);
        assert!(wrong.body.contains("<title>Lỗi: "), "{}", wrong.body);
        is_page(&Visitor::hire(&office, Role::Clerk, COMMUNE).get(behind), 403);
    }
}

//! Lists of dossiers as a desk works with them: filtered by several, kept under a name, done to many at once, one after
//! the other; what belongs to a dossier, and the texts that are put into what is written.

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, COMMUNE, Database, FOREIGN, Kind, NEIGHBOUR, Office, SAME_DAY, Visitor, act,
    arrive, enter, fields, find, get, held, hire, is_page, look, on_both, print,
};
use motcua::domain::role::Role;

fn number(dossier: &Value) -> String {
    dossier["case_number"].as_str().unwrap().to_owned()
}

/// Takes one in, given to that person.
fn given(office: &Office, token: &str, to: Option<&str>) -> Value {
    let mut body = office.new_dossier(COMMUNE, SAME_DAY);
    body["assignee"] = json!(to);
    let call = office.call("POST", "/api/v1/dossiers").token(token);
    call.body(body).send().expect(201).json()
}

/// The numbers of a list of the API, all pages.
fn numbers(office: &Office, token: &str, query: &str, limit: usize) -> Vec<String> {
    let rows = office.pages(token, &format!("/api/v1/dossiers?{query}"), limit);
    rows.iter().map(number).collect()
}

/// Where a page leads with a link of that text.
#[track_caller]
fn link(page: &str, text: &str) -> String {
    let (before, _) = page
        .split_once(&format!(">{text}</a>"))
        .unwrap_or_else(|| panic!("no {text} in {page}"));
    let (_, address) = before.rsplit_once("href=\"").unwrap();
    address
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

#[track_caller]
fn says(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(answer.body.contains(text), "{text} in {}", answer.body);
    }
}

#[track_caller]
fn keeps_silent(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(!answer.body.contains(text), "{text} in {}", answer.body);
    }
}

on_both! {
    fn lists_are_filtered_by_several_at_once(db: &Database) {
        let mut office = Office::for_browsers(db);
        let here = number(&office.receive(COMMUNE, SAME_DAY));
        let next_door = office.receive(NEIGHBOUR, SAME_DAY);
        let foreign = number(&office.receive(FOREIGN, "2.000884"));
        let clerk = office.token(Role::Clerk, NEIGHBOUR);
        act(&office, &clerk, &next_door, "hand-over", json!({"step": 1, "assignee": "h37.20.02.clerk"})).expect(200);
        let next_door = number(&next_door);
        let province = office.token(Role::Supervisor, "H37");
        for limit in [1, 2, 50] {
            let list = |query: &str| {
                let mut found = numbers(&office, &province, query, limit);
                found.sort();
                found
            };
            let mut all = vec![here.clone(), next_door.clone(), foreign.clone()];
            all.sort();
            // Repeated, or with commas between; one under the other is there once.
            for list_name in ["list=all", "list=open"] {
                assert_eq!(list(&format!("{list_name}&unit={COMMUNE}&unit={FOREIGN}")), [here.as_str(), foreign.as_str()]);
                assert_eq!(list(&format!("{list_name}&unit={COMMUNE},{NEIGHBOUR}")), [here.as_str(), next_door.as_str()]);
                assert_eq!(list(&format!("{list_name}&unit=H37.20,{COMMUNE}")), [here.as_str(), next_door.as_str()]);
                assert_eq!(list(&format!("{list_name}&unit=H37,{COMMUNE}")), all);
                assert_eq!(list(&format!("{list_name}&procedure={SAME_DAY}&procedure=2.000884")), all);
                assert_eq!(list(&format!("{list_name}&procedure=2.000884")), [foreign.as_str()]);
                assert_eq!(list(&format!("{list_name}&status=received,in_progress")), all);
                assert_eq!(list(&format!("{list_name}&status=in_progress&status=done")), [next_door.as_str()]);
                assert_eq!(list(&format!("{list_name}&assignee=h37.20.02.clerk,h37.20.01.clerk")), [next_door.as_str()]);
                assert_eq!(list(&format!("{list_name}&unit={COMMUNE},{NEIGHBOUR}&status=received")), [here.as_str()]);
            }
        }
        let call = |query: &str| office.call("GET", format!("/api/v1/dossiers?{query}")).token(&province).send();
        assert_eq!(fields(&call("status=lost,received&unit=H99,H37.20").problem(400, "invalid-request")), ["status"]);
        assert_eq!(fields(&call("unit=H99,H37.20&procedure=9.999999").problem(400, "invalid-request")), ["unit", "procedure"]);
        assert_eq!(fields(&call("channel=direct&channel=postal").problem(400, "invalid-request")), ["channel"]);
        let many: Vec<_> = (0..21).map(|i| format!("H37.{i}")).collect();
        assert_eq!(fields(&call(&format!("unit={}", many.join(","))).problem(400, "invalid-request")), ["unit"]);
        // Out of reach is out of reach, whatever else is asked for.
        let district = office.token(Role::Supervisor, "H37.20");
        let call = office.call("GET", format!("/api/v1/dossiers?unit={COMMUNE},{FOREIGN}")).token(&district);
        call.send().problem(403, "forbidden");

        // The page asks the same, and shows what was asked for.
        let supervisor = Visitor::log_in(&office, "h37.supervisor");
        let page = supervisor.get(&format!("/ho-so?list=all&unit={COMMUNE}%2C+{FOREIGN}&status=received&status=done"));
        is_page(&page, 200);
        says(&page, &[&here, &foreign, &format!("value=\"{COMMUNE}, {FOREIGN}\"")]);
        keeps_silent(&page, &[&next_door]);
        let ticked = page.body.split("name=\"status\" value=\"received\"").nth(1).unwrap();
        assert!(ticked.starts_with(" checked"), "{ticked}");
        let wrong = supervisor.get("/ho-so?list=all&unit=H99,H37.20");
        is_page(&wrong, 400);
        says(&wrong, &["<title>Lỗi: ", "Không có đơn vị"]);
    }
}

on_both! {
    fn ticked_dossiers_are_given_noted_and_printed_and_each_says_what_came_of_it(db: &Database) {
        let mut office = Office::for_browsers(db);
        let token = office.token(Role::Clerk, COMMUNE);
        let officer = hire(&office.world, Role::Officer, COMMUNE);
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let stranger = Visitor::hire(&office, Role::Clerk, FOREIGN);
        let all: Vec<_> = (0..3).map(|_| given(&office, &token, Some("h37.20.01.clerk"))).collect();
        let [one, two, three] = [0, 1, 2].map(|i| number(&all[i]));
        let list = clerk.get("/ho-so");
        is_page(&list, 200);
        says(&list, &["Giao cho người khác…", "In phiếu kiểm soát", "Chọn cả trang"]);
        assert_eq!(list.body.matches(" checked> <a").count(), 0);
        // Without script too, all of a page are ticked at once.
        let ticked = clerk.get(&link(&list.body, "Chọn cả trang")).expect(200);
        assert_eq!(ticked.body.matches(" checked> <a").count(), 3, "{}", ticked.body);

        let none = clerk.follow(clerk.get("/ho-so/nhieu?viec=giao&ds=list%3Dopen%26mine%3Dtrue"));
        says(&none, &["Chưa chọn hồ sơ nào", "Giao cho tôi</h1>"]);
        let many: Vec<_> = (0..101).map(|i| format!("dossier={i}")).collect();
        let many = clerk.follow(clerk.get(&format!("/ho-so/nhieu?viec=giao&{}", many.join("&"))));
        says(&many, &["tối đa 100 hồ sơ"]);
        is_page(&stranger.get(&format!("/ho-so/nhieu?viec=giao&dossier={one}")), 403);
        is_page(&clerk.get(&format!("/ho-so/nhieu?viec=lam-gi-do&dossier={one}")), 404);

        let asked = format!("/ho-so/nhieu?viec=giao&dossier={one}&dossier={two}&dossier={three}&ds=list%3Dopen");
        let form = clerk.get(&asked);
        is_page(&form, 200);
        says(&form, &["Giao 3 hồ sơ cho người khác", "clerk H37.20.01"]);
        let key = held(&form.body, "lan");
        let rows: Vec<_> = [&one, &two, &three].map(|number| {
            let rest = form.body.split(&format!("value=\"{number}:")).nth(1).unwrap();
            format!("{number}:{}", rest.split('"').next().unwrap())
        }).into();
        let send = |reason: &str, to: &str, rows: &[String]| {
            let mut sent = vec![("viec", "giao"), ("ds", "list=open"), ("lan", &key), ("assignee", to), ("reason", reason)];
            sent.extend(rows.iter().map(|row| ("row", row.as_str())));
            clerk.post("/ho-so/nhieu", &sent)
        };
        // Nothing is done, and what was typed stays.
        let empty = send(" ", &officer, &rows);
        is_page(&empty, 400);
        says(&empty, &["<title>Lỗi: ", "Lý do: Chưa ghi"]);
        let nobody = send("Nghỉ phép", "", &rows);
        is_page(&nobody, 400);
        says(&nobody, &["Chọn người nhận", "Nghỉ phép</textarea>"]);
        let unknown = send("Nghỉ phép", "ai.do", &rows);
        is_page(&unknown, 400);
        says(&unknown, &["Không có người dùng này"]);

        // Somebody was quicker with one of them.
        let other = json!({"reason": "sai", "applicant": {"name": "Lý Văn Dũng"}});
        act(&office, &token, &all[1], "correct-applicant", other).expect(200);
        let sent = send("Nghỉ phép", &officer, &rows);
        is_page(&sent, 409);
        says(&sent, &[
            "2 hồ sơ đã giao, 1 hồ sơ không được", "<title>Lỗi: ", &format!("{two}: hồ sơ vừa được người khác thay đổi"),
            "Nghỉ phép</textarea>", "Giao 1 hồ sơ cho người khác",
        ]);
        let view = |dossier: &Value| get(&office, &token, &format!("/api/v1/dossiers/{}", number(dossier)));
        assert_eq!(view(&all[0])["assignee"]["username"], officer);
        assert_ne!(view(&all[1])["assignee"]["username"], officer);
        // What the desk has only taken in goes on to the step of whom it is given to.
        assert_eq!((&view(&all[0])["step"]["index"], &view(&all[1])["step"]["index"]), (&json!(1), &json!(0)));
        // The same form once more does nothing more.
        let before = db.value("select count(*) from dossier_events");
        says(&send("Nghỉ phép", &officer, &rows), &["2 hồ sơ đã giao, 1 hồ sơ không được"]);
        assert_eq!(db.value("select count(*) from dossier_events"), before);
        let key = held(&sent.body, "lan");
        let (_, row) = sent.body.split_once(&format!("value=\"{two}:")).unwrap();
        let row = format!("{two}:{}", row.split('"').next().unwrap());
        let again = [("viec", "giao"), ("lan", &key), ("assignee", &officer), ("reason", "Nghỉ phép"), ("row", &row)];
        let again = clerk.post("/ho-so/nhieu", &again);
        is_page(&again, 200);
        says(&again, &["1 hồ sơ đã giao.", "Về danh sách"]);
        let history = get(&office, &token, &format!("/api/v1/dossiers/{two}/events"));
        assert!(history.to_string().contains("Nghỉ phép"), "{history}");

        // A note goes to all, and a second click notes nothing more.
        // All unticked: the text stays, and nothing is done.
        let none = [("viec", "ghi-chu"), ("dossier", &*one), ("dossier", &*two), ("note", "Chờ bản đồ cũ")];
        let none = clerk.post("/ho-so/nhieu", &none);
        is_page(&none, 400);
        says(&none, &["Chưa chọn hồ sơ nào", "Chờ bản đồ cũ</textarea>", &one, &two]);
        assert!(!none.body.contains("checked>"), "{}", none.body);
        let form = clerk.get(&format!("/ho-so/nhieu?viec=ghi-chu&dossier={one}&dossier={two}")).expect(200);
        let key = held(&form.body, "lan");
        let rows = [&one, &two].map(|number| format!("{number}:1"));
        let mut note = vec![("viec", "ghi-chu"), ("lan", &*key), ("note", "Chờ bản đồ mới")];
        note.extend(rows.iter().map(|row| ("row", row.as_str())));
        says(&clerk.post("/ho-so/nhieu", &note), &["2 hồ sơ đã ghi chú."]);
        says(&clerk.post("/ho-so/nhieu", &note), &["2 hồ sơ đã ghi chú."]);
        assert_eq!(db.value("select count(*) from dossier_notes"), "2");
        says(&clerk.get(&format!("/ho-so/{one}")), &["Chờ bản đồ mới"]);
        // What is out of reach is said of it, and no more than that.
        let refused = stranger.post("/ho-so/nhieu", &note);
        assert_eq!(refused.status, 409);
        says(&refused, &["2 hồ sơ không được", "không thuộc phạm vi"]);
        keeps_silent(&refused, &["Nguyễn Thị Ánh"]);

        let papers = clerk.get(&format!("/ho-so/nhieu?viec=giay-tiep-nhan&dossier={one}&dossier={two}&dossier={three}"));
        is_page(&papers, 200);
        assert_eq!(papers.body.matches("<article").count(), 3);
        says(&papers, &[&one, &two, &three, "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "<svg"]);
        let sheets = clerk.get(&format!("/ho-so/nhieu?viec=phieu-kiem-soat&dossier={one}&dossier={two}"));
        is_page(&sheets, 200);
        assert_eq!(sheets.body.matches("class=\"sheet a4\"").count(), 2);
    }
}

on_both! {
    fn a_dossier_carries_its_list_along_to_the_next(db: &Database) {
        let mut office = Office::for_browsers(db);
        let token = office.token(Role::Clerk, COMMUNE);
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let all: Vec<_> = (0..3).map(|_| number(&given(&office, &token, None))).collect();
        let [third, second, first] = [0, 1, 2].map(|i| &all[i]);
        let list = clerk.get("/ho-so?list=all&status=received").expect(200);
        let opened = clerk.get(&link(&list.body, first)).expect(200);
        says(&opened, &["Hồ sơ tiếp theo trong danh sách", "Về danh sách"]);
        assert_eq!(link(&opened.body, "Về danh sách"), "/ho-so?list=all&status=received");
        let next = link(&opened.body, "Hồ sơ tiếp theo trong danh sách");
        let form = clerk.get(&link(&opened.body, "Chuyển bước")).expect(200);
        says(&form, &["Lưu và sang hồ sơ tiếp theo"]);
        let (ds, version) = (held(&form.body, "ds").replace("&#38;", "&"), held(&form.body, "version"));
        // It leaves the list by this, and the next is found all the same.
        let sent = [("step", "1"), ("assignee", ""), ("version", &*version), ("ds", &*ds), ("tiep", "1")];
        let sent = clerk.post(&format!("/ho-so/{first}/chuyen"), &sent).expect(303);
        let went = clerk.get(sent.header("location")).expect(303);
        let place = went.header("location").to_owned();
        assert!(place.starts_with(&format!("/ho-so/{second}?")), "{place}");
        let shown = clerk.get(&place).expect(200);
        says(&shown, &[&format!("Đã ghi nhận: chuyển bước hồ sơ {first}. Đây là hồ sơ tiếp theo."), "Hồ sơ tiếp theo trong danh sách"]);
        // The way there leads on from the old place as well.
        let again = clerk.get(&next).expect(303);
        assert!(again.header("location").starts_with(&format!("/ho-so/{second}?")));
        // Without the button one stays, and the list stays too.
        let form = clerk.get(&link(&shown.body, "Chuyển bước")).expect(200);
        let (ds, version) = (held(&form.body, "ds").replace("&#38;", "&"), held(&form.body, "version"));
        let sent = [("step", "1"), ("assignee", ""), ("version", &*version), ("ds", &*ds)];
        let stayed = clerk.follow(clerk.post(&format!("/ho-so/{second}/chuyen"), &sent));
        says(&stayed, &["Đã ghi nhận: chuyển bước.", "Hồ sơ tiếp theo trong danh sách"]);
        let last = clerk.follow(clerk.get(&link(&stayed.body, "Hồ sơ tiếp theo trong danh sách")));
        says(&last, &[&format!("<h1>{third}</h1>")]);
        let end = clerk.follow(clerk.get(&link(&last.body, "Hồ sơ tiếp theo trong danh sách")));
        says(&end, &["Đã hết danh sách.", third]);
        keeps_silent(&end, &[first]);
        // A note keeps it; what is no list of ours is none.
        let noted = clerk.post(&format!("/ho-so/{third}/ghi-chu"), &[("note", "Gọi lại"), ("ds", &ds)]);
        says(&clerk.follow(noted), &["Về danh sách"]);
        let strange = clerk.get(&format!("/ho-so/{third}?ds=colour%3Dred")).expect(200);
        keeps_silent(&strange, &["Về danh sách", "colour"]);
        // By due moment, where an action changes the place itself.
        let open = clerk.get("/ho-so?list=open").expect(200);
        let opened = clerk.get(&link(&open.body, third)).expect(200);
        let next = clerk.get(&link(&opened.body, "Hồ sơ tiếp theo trong danh sách")).expect(303);
        assert!(next.header("location").starts_with("/ho-so/H37.20.01-"), "{}", next.header("location"));
    }
}

on_both! {
    fn lists_are_kept_shared_and_shown_as_one_likes(db: &Database) {
        let mut office = Office::for_browsers(db);
        let kept = number(&office.receive(COMMUNE, SAME_DAY));
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let stranger = Visitor::hire(&office, Role::Clerk, FOREIGN);
        let list = "list=all&status=received&status=done&unit=H37.20.01";
        let keep = |who: &Visitor<'_>, name: &str, share: bool| {
            let sent = [("ds", list), ("name", name)];
            let place = if share { "/ho-so/danh-sach/chia-se" } else { "/ho-so/danh-sach" };
            let answer = who.post(place, &sent);
            if answer.status == 303 { who.follow(answer) } else { answer }
        };
        let own = keep(&clerk, "Chờ <trả>", false);
        says(&own, &["Đã lưu danh sách.", "Chờ &#60;trả&#62;</h1>", &kept]);
        keeps_silent(&clerk.get("/ho-so"), &["chia sẻ cho cán bộ"]);
        says(&keep(&clerk, " ", false), &["href=\"#name\"", "<title>Lỗi: "]);
        // A name that is refused stays, and the list with it; under one name there is one list.
        let twice = keep(&clerk, "Chờ <trả>", false);
        says(&twice, &["đã có danh sách với tên này", "value=\"Chờ &#60;trả&#62;\"", "href=\"#name\"", &kept]);
        // Who may not share does not, whatever is sent.
        is_page(&clerk.post("/ho-so/danh-sach/chia-se", &[("ds", list), ("name", "Của mọi người")]), 403);
        keep(&supervisor, "Việc tuần này", true);
        let seen = clerk.get("/ho-so").expect(200);
        says(&seen, &["Việc tuần này <small>của supervisor H37.20.01</small>"]);
        keeps_silent(&seen, &["Xóa danh sách đã lưu “Việc tuần này”"]);
        keeps_silent(&stranger.get("/ho-so"), &["Việc tuần này", "Chờ &#60;trả"]);
        keeps_silent(&supervisor.get("/ho-so"), &["Chờ &#60;trả"]);
        let id = |who: &Visitor<'_>| {
            let page = who.get("/ho-so").expect(200).body;
            let (before, _) = page.split_once("/xoa\"").unwrap();
            before.rsplit('/').next().unwrap().to_owned()
        };
        let shared = id(&supervisor);
        is_page(&clerk.post(&format!("/ho-so/danh-sach/{shared}/xoa"), &[]), 404);
        let gone = supervisor.follow(supervisor.post(&format!("/ho-so/danh-sach/{shared}/xoa"), &[]));
        says(&gone, &["Đã xóa danh sách đã lưu."]);
        keeps_silent(&clerk.get("/ho-so"), &["Việc tuần này"]);
        let strange = clerk.post("/ho-so/danh-sach", &[("ds", "list=lost"), ("name", "x")]);
        is_page(&strange, 400);
        // A second click keeps one.
        for _ in 0..2 {
            clerk.post("/ho-so/danh-sach", &[("ds", list), ("name", "Một"), ("khoa", "một khóa")]).expect(303);
        }
        assert_eq!(db.value("select count(*) from saved_lists where name = 'Một'"), "1");
        for i in 0..48 {
            clerk.post("/ho-so/danh-sach", &[("ds", list), ("name", &format!("Số {i}"))]).expect(303);
        }
        says(&keep(&clerk, "Một nữa", false), &["lưu đủ 50 danh sách"]);
        assert_eq!(db.value("select count(*) from saved_lists"), "50");

        // The API keeps the same.
        let token = office.token(Role::Supervisor, NEIGHBOUR);
        let other = office.token(Role::Clerk, NEIGHBOUR);
        let call = |method, path: &str, token: &str, body: Value| {
            let call = office.call(method, format!("/api/v1/saved-lists{path}")).token(token);
            match method {
                "POST" => call.body(body).send(),
                _ => call.send(),
            }
        };
        let new = |query: &str| json!({"name": "Chờ bổ sung", "query": query});
        assert_eq!(fields(&call("POST", "", &other, new("colour=red")).problem(400, "invalid-request")), ["/query"]);
        call("POST", "/shared", &other, new("list=open")).problem(403, "forbidden");
        let made = call("POST", "/shared", &token, new("list=open&status=supplement_requested&limit=5")).expect(201).json();
        let seen = call("GET", "", &other, Value::Null).expect(200).json();
        assert_eq!(seen[0]["query"], "list=open&status=supplement_requested");
        assert_eq!((&seen[0]["shared"], &seen[0]["by"]), (&json!(true), &json!("supervisor H37.20.02")));
        let path = format!("/{}", made["id"].as_str().unwrap());
        call("DELETE", &path, &other, Value::Null).problem(404, "not-found");
        call("DELETE", &path, &token, Value::Null).expect(204);

        // Columns and rows, as one likes; nobody else's change by it.
        for _ in 0..20 {
            office.receive(COMMUNE, SAME_DAY);
        }
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let supervisor = Visitor::log_in(&office, "h37.20.01.supervisor");
        says(&clerk.get("/ho-so"), &["<th scope=\"col\">Thủ tục</th>", "<th scope=\"col\">Hẹn trả</th>"]);
        let sent = [("ds", list), ("columns", "received"), ("columns", "applicant"), ("columns", "password"), ("rows", "20")];
        let shown = clerk.follow(clerk.post("/ho-so/hien-thi", &sent));
        says(&shown, &["Đã ghi cách hiển thị.", "<th scope=\"col\">Tiếp nhận</th>", "<th scope=\"col\">Trạng thái</th>", "Trang sau"]);
        keeps_silent(&shown, &["<th scope=\"col\">Thủ tục</th>"]);
        assert_eq!(shown.body.matches("name=\"dossier\"").count(), 20);
        let second = clerk.get(&link(&shown.body, "Trang sau")).expect(200);
        assert_eq!(second.body.matches("name=\"dossier\"").count(), 1);
        says(&second, &["<th scope=\"col\">Tiếp nhận</th>"]);
        assert_eq!(supervisor.get("/ho-so").expect(200).body.matches("name=\"dossier\"").count(), 21);
    }
}

on_both! {
    fn what_is_new_to_whoever_has_it_is_said_in_the_list(db: &Database) {
        let mut office = Office::for_browsers(db);
        let token = office.token(Role::Clerk, COMMUNE);
        let officer = Visitor::hire(&office, Role::Officer, COMMUNE);
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let dossier = given(&office, &token, Some(&officer.username));
        let page = format!("/ho-so/{}", number(&dossier));
        says(&officer.get("/ho-so"), &["Chưa xem"]);
        says(&clerk.get("/ho-so"), &["Người xử lý chưa xem"]);
        // Somebody else's look is none of theirs.
        clerk.get(&page).expect(200);
        says(&clerk.get("/ho-so"), &["Người xử lý chưa xem"]);
        officer.get(&page).expect(200);
        keeps_silent(&officer.get("/ho-so"), &["Chưa xem", "Mới thay đổi"]);
        keeps_silent(&clerk.get("/ho-so"), &["chưa xem"]);
        act(&office, &token, &dossier, "hand-over", json!({"step": 1, "assignee": officer.username})).expect(200);
        says(&officer.get("/ho-so"), &["Mới thay đổi"]);
        keeps_silent(&clerk.get("/ho-so"), &["Mới thay đổi"]);
        officer.get(&page).expect(200);
        keeps_silent(&officer.get("/ho-so"), &["Chưa xem", "Mới thay đổi"]);
        assert_eq!(db.value("select count(*) from last_seen"), "1");
        let later = motcua::clock::now().plus_millis(200 * 24 * 3_600_000);
        motcua::jobs::forget::forget(&office.world.store, later).unwrap();
        assert_eq!(db.value("select count(*) from last_seen"), "0");
    }
}

on_both! {
    fn dossiers_are_linked_by_whoever_reads_both(db: &Database) {
        let mut office = Office::for_browsers(db);
        let [first, second] = [(); 2].map(|()| number(&office.receive(COMMUNE, SAME_DAY)));
        let foreign = number(&office.receive(FOREIGN, SAME_DAY));
        let token = office.token(Role::Clerk, COMMUNE);
        let province = office.token(Role::Supervisor, "H37");
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let page = format!("/ho-so/{second}");
        let link = |other: &str, kind: &str| clerk.post(&format!("{page}/lien-ket"), &[("dossier", other), ("kind", kind)]);
        for (other, status) in [("H37.20.01-200101-9999", 400), ("", 400), (second.as_str(), 400), (foreign.as_str(), 403)] {
            let refused = link(other, "related");
            assert!([status, 400].contains(&refused.status), "{other}: {}", refused.body);
            says(&refused, &["<title>Lỗi: ", "href=\"#dossier\">Mã hồ sơ: "]);
        }
        assert_eq!(db.value("select count(*) from dossier_links"), "0");
        let made = link(&first.to_lowercase(), "replaces");
        says(&clerk.follow(made), &["Được hồ sơ này thay thế:", &first]);
        says(&clerk.get(&format!("/ho-so/{first}")), &["Thay thế hồ sơ này:", &second]);
        // It is no event, and the history stays what it was.
        assert_eq!(db.value("select max(version) from dossiers"), "1");
        clerk.follow(link(&first, "chained"));
        assert_eq!(db.value("select count(*) from dossier_links"), "1");

        let links = |token: &str, number: &str| get(&office, token, &format!("/api/v1/dossiers/{number}/links"));
        let listed = links(&token, &first);
        assert_eq!(listed[0]["case_number"], second.as_str());
        assert_eq!(listed[0]["kind"], "chained");
        assert_eq!(listed[0]["linked_by"]["username"], "h37.20.01.clerk");
        let call = |method, path: String, token: &str| -> Answer {
            let call = office.call(method, path).token(token);
            match method {
                "POST" => call.body(json!({"dossier": foreign, "kind": "related"})).send(),
                _ => call.send(),
            }
        };
        call("POST", format!("/api/v1/dossiers/{first}/links"), &token).problem(403, "forbidden");
        call("POST", format!("/api/v1/dossiers/{first}/links"), &province).expect(204);
        // Who may not read the other one does not hear of it.
        assert_eq!(links(&token, &first).as_array().unwrap().len(), 1);
        assert_eq!(links(&province, &first).as_array().unwrap().len(), 2);
        keeps_silent(&clerk.get(&format!("/ho-so/{first}")), &[&foreign]);
        call("DELETE", format!("/api/v1/dossiers/{first}/links/{foreign}"), &token).problem(403, "forbidden");
        call("GET", format!("/api/v1/dossiers/{foreign}/links"), &token).problem(403, "forbidden");
        call("DELETE", format!("/api/v1/dossiers/{first}/links/{foreign}"), &province).expect(204);
        let gone = clerk.follow(clerk.post(&format!("{page}/lien-ket/{first}/bo"), &[]));
        keeps_silent(&gone, &["Liên thông:"]);
        assert_eq!(db.value("select count(*) from dossier_links"), "0");
    }
}

on_both! {
    fn texts_are_kept_and_put_into_what_is_written(db: &Database) {
        let mut office = Office::for_browsers(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let district = office.token(Role::Supervisor, "H37.20");
        let neighbour = office.token(Role::Supervisor, NEIGHBOUR);
        let token = office.token(Role::Clerk, COMMUNE);
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let officer = Visitor::hire(&office, Role::Officer, COMMUNE);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        is_page(&clerk.get("/quan-tri/mau-cau"), 403);
        let empty = supervisor.get("/quan-tri/mau-cau");
        is_page(&empty, 200);
        says(&empty, &["Chưa có mẫu câu nào."]);
        let form = supervisor.get("/quan-tri/mau-cau/them").expect(200);
        let key = held(&form.body, "key");
        let add = |title: &str, procedure: &str, body: &str| {
            let sent = [("key", &*key), ("title", title), ("purpose", "supplement"), ("procedure", procedure), ("body", body)];
            supervisor.post("/quan-tri/mau-cau/them", &sent)
        };
        let wrong = add(" ", "9.999999", "Thiếu");
        is_page(&wrong, 400);
        says(&wrong, &["<title>Lỗi: ", "Tên mẫu: Chưa ghi", "Không có thủ tục", "Thiếu</textarea>"]);
        let added = supervisor.follow(add("Thiếu bản chính", SAME_DAY, "Thiếu bản chính để <đối chiếu>."));
        says(&added, &["Đã thêm mẫu câu.", "Thiếu bản chính để &#60;đối chiếu&#62;."]);
        // A second click adds nothing more.
        add("Thiếu bản chính", SAME_DAY, "Thiếu bản chính để <đối chiếu>.").expect(303);
        assert_eq!(db.value("select count(*) from text_blocks"), "1");

        let post = |token: &str, body: Value| office.call("POST", "/api/v1/text-blocks").token(token).body(body).send();
        let everywhere = json!({"purpose": "supplement", "title": "Nơi nộp", "body": "Nộp bổ sung tại bộ phận một cửa."});
        post(&token, everywhere.clone()).problem(403, "forbidden");
        let made = post(&district, everywhere).expect(201);
        let other = json!({"purpose": "supplement", "procedure": "2.000884", "title": "Khác", "body": "Của thủ tục khác."});
        post(&district, other).expect(201);
        let apology = json!({"purpose": "apology", "title": "Chậm", "body": "Do chờ cơ quan phối hợp."});
        post(&district, apology).expect(201);
        let long = json!({"purpose": "apology", "title": "x".repeat(101), "body": "x".repeat(1001)});
        assert_eq!(fields(&post(&district, long).problem(400, "invalid-request")), ["/title", "/body"]);

        // What is the unit's own and what is above it, for this and for this procedure.
        act(&office, &token, &dossier, "hand-over", json!({"step": 1})).expect(200);
        let page = format!("/ho-so/{}/yeu-cau-bo-sung", number(&dossier));
        let form = officer.get(&page);
        is_page(&form, 200);
        says(&form, &["Chèn mẫu câu", ">Thiếu bản chính</option>", ">Nơi nộp</option>", "name=\"chen\""]);
        keeps_silent(&form, &[">Khác</option>", ">Chậm</option>", "Thêm, sửa mẫu câu"]);
        says(&supervisor.get(&page), &["Thêm, sửa mẫu câu"]);
        let version = held(&form.body, "version");
        let id = |title: &str, page: &str| {
            let (before, _) = page.split_once(&format!(">{title}</option>")).unwrap();
            let (_, id) = before.rsplit_once("<option value=\"").unwrap();
            id.split('"').next().unwrap().to_owned()
        };
        let [own, above] = ["Thiếu bản chính", "Nơi nộp"].map(|title| id(title, &form.body));
        let put = |said: &str, block: &str| {
            let sent = [("version", &*version), ("items", "0"), ("reason", said), ("mau", block), ("chen", "1")];
            let filled = officer.post(&page, &sent);
            is_page(&filled, 200);
            filled
        };
        let once = put("Bà mang lại giúp:", &own);
        says(&once, &["Bà mang lại giúp:\nThiếu bản chính để &#60;đối chiếu&#62;.</textarea>"]);
        let ticked = once.body.split("name=\"items\" value=\"0\"").nth(1).unwrap();
        assert!(ticked.starts_with(" checked"), "what was ticked stays");
        let twice = put("Bà mang lại giúp:\r\nThiếu bản chính để <đối chiếu>.", &above);
        says(&twice, &["đối chiếu&#62;.\nNộp bổ sung tại bộ phận một cửa.</textarea>"]);
        says(&put("Giữ nguyên", "khong-co"), &["Giữ nguyên</textarea>"]);
        let view = get(&office, &token, &format!("/api/v1/dossiers/{}", number(&dossier)));
        assert_eq!(view["status"], "in_progress", "nothing was done");
        let sent = [("version", &*version), ("items", "0"), ("reason", "Thiếu bản chính"), ("mau", &*own)];
        says(&officer.follow(officer.post(&page, &sent)), &["Yêu cầu bổ sung"]);

        // Changed by whoever keeps it, if nobody else has meanwhile; taken away.
        let address = made.header("location").to_owned();
        let change = |token: &str, seen: &str| {
            let body = json!({"purpose": "supplement", "title": "Nơi nộp", "body": "Nộp tại quầy 2."});
            office.call("PUT", &*address).token(token).header("If-Match", seen).body(body).send()
        };
        change(&district, "\"1\"").expect(200);
        change(&district, "\"1\"").problem(412, "changed");
        change(&neighbour, "*").problem(403, "forbidden");
        let edit = format!("/quan-tri/mau-cau/{own}");
        let shown = supervisor.get(&edit);
        is_page(&shown, 200);
        let tag = held(&shown.body, "tag");
        let sent = [("tag", &*tag), ("title", "Thiếu"), ("purpose", "refusal"), ("procedure", ""), ("body", "Không đủ điều kiện.")];
        says(&supervisor.follow(supervisor.post(&edit, &sent)), &["Đã ghi thay đổi.", "Từ chối giải quyết", "Mọi thủ tục"]);
        let late = supervisor.post(&edit, &sent);
        is_page(&late, 412);
        says(&late, &["Người khác vừa đổi mẫu câu này", "Không đủ điều kiện.</textarea>"]);
        says(&supervisor.follow(supervisor.post(&format!("{edit}/xoa"), &[])), &["Đã xóa mẫu câu.", "Chưa có mẫu câu nào."]);
        is_page(&supervisor.get(&edit), 404);
        office.call("DELETE", &*address).token(&district).send().expect(204);
        assert_eq!(db.value("select count(*) from admin_acts where kind like 'text_block_%'"), "8");
    }
}

#[test]
fn a_page_of_fifty_is_light() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::for_browsers(&db);
    let token = office.token(Role::Clerk, COMMUNE);
    for _ in 0..51 {
        given(&office, &token, Some("h37.20.01.clerk"));
    }
    let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
    let list =
        format!("list=open&status=received&status=in_progress&unit={COMMUNE}&procedure={SAME_DAY}");
    let page = clerk.get(&format!("/ho-so?{list}")).expect(200).body;
    assert_eq!(page.matches("Chưa xem").count(), 50);
    assert!(page.len() < 60 * 1024, "{} bytes", page.len());
}

#[test]
fn the_lists_in_a_browser() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::for_browsers(&db);
    let token = office.token(Role::Clerk, COMMUNE);
    let clerk = "h37.20.01.clerk".to_owned();
    let officer = hire(&office.world, Role::Officer, COMMUNE);
    let supervisor = hire(&office.world, Role::Supervisor, COMMUNE);
    for to in [None, Some(&clerk), Some(&officer), None] {
        given(&office, &token, to.map(String::as_str));
    }
    let visitor = Visitor::log_in(&office, &supervisor);
    for (name, list) in [
        ("Chờ xử lý", "list=open&status=received"),
        ("Tuần này", "list=all&unit=H37.20.01"),
    ] {
        let sent = [("ds", list), ("name", name)];
        visitor.post("/ho-so/danh-sach/chia-se", &sent).expect(303);
    }
    for (title, text) in [
        ("Thiếu bản chính", "Thiếu bản chính để đối chiếu."),
        ("Nơi nộp", "Nộp tại quầy số 2."),
    ] {
        let form = visitor.get("/quan-tri/mau-cau/them").expect(200).body;
        let key = held(&form, "key");
        let sent = [
            ("key", &*key),
            ("title", title),
            ("purpose", "supplement"),
            ("procedure", ""),
            ("body", text),
        ];
        visitor.post("/quan-tri/mau-cau/them", &sent).expect(303);
    }
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        client.goto(&format!("{url}/ho-so")).await.unwrap();
        look(&client, "list").await;
        for summary in client
            .find_all(Locator::Css("details summary"))
            .await
            .unwrap()
        {
            summary.click().await.unwrap();
        }
        look(&client, "list-open").await;
        client.goto(&format!("{url}/ho-so")).await.unwrap();
        // All of the page at once, and back; then by keyboard alone.
        let ticked = || async {
            let ticked = client
                .find_all(Locator::Css("input[name=dossier]:checked"))
                .await;
            ticked.unwrap().len()
        };
        let all = find(&client, "[data-tick-all]").await;
        all.click().await.unwrap();
        assert_eq!(ticked().await, 4);
        all.click().await.unwrap();
        assert_eq!(ticked().await, 0);
        for place in ["tr:nth-child(1)", "tr:nth-child(2)"] {
            find(&client, &format!("tbody {place} input"))
                .await
                .send_keys(" ")
                .await
                .unwrap();
        }
        assert_eq!(ticked().await, 2);
        find(&client, "button[value=giao]")
            .await
            .send_keys("\u{e007}")
            .await
            .unwrap();
        arrive(&client, "/ho-so/nhieu").await;
        look(&client, "many").await;
        let choice = find(&client, "#assignee").await;
        choice.select_by_value(&officer).await.unwrap();
        find(&client, "#reason")
            .await
            .send_keys("Nghỉ phép đến thứ Hai")
            .await
            .unwrap();
        find(&client, "main form button")
            .await
            .click()
            .await
            .unwrap();
        find(&client, "[role=status], [role=alert]").await;
        look(&client, "many-done").await;
        client
            .goto(&format!("{url}/ho-so?chon=het&list=open"))
            .await
            .unwrap();
        find(&client, "button[value=giay-tiep-nhan]")
            .await
            .click()
            .await
            .unwrap();
        arrive(&client, "/ho-so/nhieu").await;
        find(&client, "article").await;
        look(&client, "papers").await;
        let pages = print(&client, "papers").await;
        assert_eq!(pages.len(), 4, "{pages:?}");
        // One after the other.
        client.goto(&format!("{url}/ho-so?list=all")).await.unwrap();
        find(&client, "tbody a").await.click().await.unwrap();
        let next = find(&client, "a[data-next]").await;
        look(&client, "carried").await;
        next.click().await.unwrap();
        find(&client, "nav.pages a").await;
        find(&client, "a[href*='/chuyen?ds=']")
            .await
            .click()
            .await
            .unwrap();
        find(&client, "button[name=tiep]").await;
        look(&client, "go-on").await;
        find(&client, "button[name=tiep]")
            .await
            .click()
            .await
            .unwrap();
        let said = find(&client, ".done").await.text().await.unwrap();
        assert!(said.contains("Đây là hồ sơ tiếp theo"), "{said}");
        client
            .goto(&format!("{url}/ho-so?list=all&status=done"))
            .await
            .unwrap();
        look(&client, "list-empty").await;

        // Texts: at once with script; Enter sends, and puts nothing in.
        find(&client, "header button").await.click().await.unwrap();
        arrive(&client, "/dang-nhap").await;
        enter(&client, &url, &supervisor).await;
        client
            .goto(&format!("{url}/quan-tri/mau-cau"))
            .await
            .unwrap();
        look(&client, "texts").await;
        find(&client, "tbody a").await.click().await.unwrap();
        find(&client, "#body").await;
        look(&client, "text").await;
        let number = client_number(&office, &token);
        client
            .goto(&format!("{url}/ho-so/{number}/yeu-cau-bo-sung"))
            .await
            .unwrap();
        let reason = find(&client, "#reason").await;
        reason.send_keys("Kính đề nghị:").await.unwrap();
        for text in ["Thiếu bản chính", "Nơi nộp"] {
            find(&client, "#mau")
                .await
                .select_by_label(text)
                .await
                .unwrap();
            find(&client, "button[name=chen]")
                .await
                .click()
                .await
                .unwrap();
        }
        let said = reason.prop("value").await.unwrap().unwrap();
        assert_eq!(
            said,
            "Kính đề nghị:\nThiếu bản chính để đối chiếu.\nNộp tại quầy số 2."
        );
        look(&client, "put-in").await;
        find(&client, "[name=items]").await.click().await.unwrap();
        let field = find(&client, "[name=\"exception/reason\"]").await;
        field.send_keys("\u{e007}").await.unwrap();
        arrive(&client, &format!("/ho-so/{number}")).await;
        let text = find(&client, "main").await.text().await.unwrap();
        assert!(text.contains("Nộp tại quầy số 2."), "{text}");
        let other = client_number(&office, &token);
        find(&client, "#links ~ details summary")
            .await
            .click()
            .await
            .unwrap();
        find(&client, "#dossier")
            .await
            .send_keys(&format!("{other}\u{e007}"))
            .await
            .unwrap();
        find(&client, ".linked").await;
        look(&client, "linked").await;
        client.close().await.unwrap();
    });
}

/// A dossier on which work has begun.
fn client_number(office: &Office, token: &str) -> String {
    let dossier = given(office, token, None);
    act(office, token, &dossier, "hand-over", json!({"step": 1})).expect(200);
    number(&dossier)
}

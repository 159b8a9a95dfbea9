//! The pages of administrators: accounts, units, the calendar's swap day, what has to be looked at.

use std::time::{Duration, Instant};

use chrono::Datelike;

use crate::support::{
    Browser, COMMUNE, Database, FOREIGN, Kind, Office, SAME_DAY, Visitor, held, hire, is_page,
    look, on_both,
};
use motcua::domain::role::Role;

const PAGES: [&str; 5] = [
    "/quan-tri",
    "/quan-tri/tai-khoan",
    "/quan-tri/tai-khoan/them",
    "/quan-tri/don-vi",
    "/quan-tri/lich/2026",
];

#[test]
fn only_administrators_have_them() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    for role in [Role::Clerk, Role::Officer, Role::Supervisor] {
        let visitor = Visitor::hire(&office, role, COMMUNE);
        for path in PAGES {
            is_page(&visitor.get(path), 403);
        }
        let own = visitor.get("/ho-so").expect(200).body;
        assert!(!own.contains("/quan-tri"), "no link to what they may not");
    }
    // One of a commune keeps its people; the rest is the whole office's.
    let administrator = Visitor::hire(&office, Role::Administrator, COMMUNE);
    let own = administrator.get("/quan-tri").expect(200).body;
    assert!(!own.contains("Cảnh báo"), "{own}");
    assert!(own.contains("aria-current=\"page\">Quản trị"), "{own}");
    let people = administrator.get("/quan-tri/tai-khoan").expect(200).body;
    assert!(people.contains(&administrator.username));
    assert!(!people.contains("h37.admin"), "{people}");
    let unit = format!("/quan-tri/tai-khoan?unit={FOREIGN}");
    is_page(&administrator.get(&unit), 403);
}

on_both! {
    fn an_account_is_made_once_changed_and_closed(db: &Database) {
        let office = Office::open(db);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let asked = administrator.get("/quan-tri/tai-khoan/them").expect(200).body;
        let key = held(&asked, "key");
        let new = |name: &str, password: &str| {
            administrator.post("/quan-tri/tai-khoan/them", &[
                ("username", "lan.nt"), ("full_name", name), ("role", "officer"), ("unit", COMMUNE),
                ("email", "lan@langson.gov.vn"), ("oidc_subject", ""), ("password", password), ("key", &key),
            ])
        };
        // Everything that is wrong at once, and what was typed stays, but for the password.
        let refused = new("", "ngắn");
        is_page(&refused, 400);
        assert!(refused.body.contains("<title>Lỗi:"), "{}", refused.body);
        for part in ["href=\"#full_name\"", "href=\"#password\"", "value=\"lan@langson.gov.vn\""] {
            assert!(refused.body.contains(part), "{part} in {}", refused.body);
        }
        assert!(!refused.body.contains("ngắn"), "{}", refused.body);
        // A double click makes one.
        for _ in 0..2 {
            let list = administrator.follow(new("Nông Thị Lan", "mot cau that dai 7"));
            assert_eq!(list.body.matches("/quan-tri/tai-khoan/lan.nt").count(), 1, "{}", list.body);
            assert!(list.body.contains("Chờ đổi mật khẩu"), "{}", list.body);
        }

        for (text, found) in [("nong thi lan", true), ("Lan", true), ("lan.nt", true), ("bình", false)] {
            let query = serde_urlencoded::to_string([("q", text)]).unwrap();
            let list = administrator.get(&format!("/quan-tri/tai-khoan?{query}")).expect(200).body;
            assert_eq!(list.contains("/quan-tri/tai-khoan/lan.nt"), found, "{text}: {list}");
        }

        let path = "/quan-tri/tai-khoan/lan.nt";
        let seen = administrator.get(path).expect(200).body;
        let tag = held(&seen, "tag");
        let change = |tag: &str, name: &str, state: &str| {
            administrator.post(path, &[
                ("full_name", name), ("role", "clerk"), ("unit", COMMUNE), ("email", ""), ("oidc_subject", ""),
                ("state", state), ("password", ""), ("tag", tag),
            ])
        };
        administrator.follow(change(&tag, "Nông Thị Lan Anh", "open"));
        let known = administrator.get(path).expect(200).body;
        assert_eq!(held(&known, "full_name"), "Nông Thị Lan Anh");
        assert_eq!(held(&known, "email"), "");
        for chosen in ["value=\"clerk\" selected", "value=\"open\" selected"] {
            assert!(known.contains(chosen), "{chosen} in {known}");
        }
        // Somebody has changed it since that page was opened: the text stays, and the next try goes.
        let late = change(&tag, "Lan của tôi", "disabled");
        is_page(&late, 412);
        assert!(late.body.contains("Lan của tôi") && late.body.contains("Người khác"), "{}", late.body);
        let list = administrator.follow(change(&held(&late.body, "tag"), "Lan của tôi", "disabled"));
        assert!(list.body.contains("Đã khóa"), "{}", list.body);
    }
}

on_both! {
    fn a_swap_day_shows_what_it_moves_before_it_does(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, "1.004884");
        let clerk = office.token(Role::Clerk, COMMUNE);
        let number = dossier["case_number"].as_str().unwrap().to_owned();
        let due = dossier["due_at"].as_str().unwrap().to_owned();
        let (day, path) = (&due[..10], format!("/quan-tri/lich/{}", &due[..4]));
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let seen = administrator.get(&path).expect(200).body;
        let days = seen.matches("name=\"drop\"").count();
        assert!(days > 10, "{seen}");
        let tag = held(&seen, "tag");
        let post_as = |step: &str, document: &str, seen: &str, key: &str| {
            administrator.post(&path, &[
                ("date", day), ("kind", "off"), ("name", "Nghỉ hoán đổi"), ("source", "notice"),
                ("document", document), ("seen", seen), ("khoa", key), ("tag", &tag), ("step", step),
            ])
        };
        let key = held(&seen, "khoa");
        let post = |step: &str, document: &str| post_as(step, document, "", &key);
        let refused = post("preview", "");
        is_page(&refused, 400);
        assert!(refused.body.contains("href=\"#document\""), "{}", refused.body);
        let shown = post("preview", "8726/TB-BNV");
        is_page(&shown, 200);
        for part in [number.as_str(), "Chưa ghi", "1 hồ sơ đang xử lý đổi ngày hẹn trả", "Nghỉ hoán đổi"] {
            assert!(shown.body.contains(part), "{part} in {}", shown.body);
        }
        let now = || {
            let read = office.call("GET", format!("/api/v1/dossiers/{number}")).token(&clerk);
            read.send().expect(200).json()
        };
        assert_eq!(now()["due_at"], due.as_str(), "a preview changes nothing");

        // What was not looked at is looked at first: another document, or the enter key on another day.
        let seen = held(&shown.body, "seen");
        for unseen in [post("confirm", "8726/TB-BNV"), post_as("confirm", "8727/TB-BNV", &seen, &key)] {
            is_page(&unseen, 200);
            assert!(unseen.body.contains("Chưa ghi"), "{}", unseen.body);
        }
        let done = administrator.follow(post_as("confirm", "8726/TB-BNV", &seen, &key));
        assert_eq!(done.body.matches("name=\"drop\"").count(), days + 1, "no day is lost");
        let until = Instant::now() + Duration::from_mins(2);
        while now()["due_at"].as_str().unwrap() <= due.as_str() {
            assert!(Instant::now() < until, "nothing moves");
            std::thread::sleep(Duration::from_millis(50));
        }
        // A second click is shown what the first has done; a form from before is told that the days are others by now.
        assert_eq!(post_as("confirm", "8726/TB-BNV", &seen, &key).status, 303);
        is_page(&post_as("confirm", "8726/TB-BNV", &seen, "k2"), 412);
        // The day that is worked for it comes with it, if it is one.
        let swap = |off: &str, work: &str| {
            let seen = administrator.get(&path).expect(200).body;
            administrator.post(&path, &[
                ("date", off), ("kind", "off"), ("name", "Nghỉ hoán đổi"), ("source", "notice"), ("document", "1/TB"),
                ("made_up", work), ("tag", &held(&seen, "tag")), ("step", "preview"),
            ])
        };
        let weekday = |weekday: chrono::Weekday| {
            let mut day = due[..10].parse::<chrono::NaiveDate>().unwrap();
            while day.weekday() != weekday {
                day = day.pred_opt().unwrap();
            }
            day.format("%d/%m/%Y").to_string()
        };
        let wrong = swap(&weekday(chrono::Weekday::Mon), &weekday(chrono::Weekday::Wed));
        is_page(&wrong, 400);
        assert!(wrong.body.contains("href=\"#made_up\""), "{}", wrong.body);
        let both = swap(&weekday(chrono::Weekday::Mon), &weekday(chrono::Weekday::Sat));
        is_page(&both, 200);
        for part in ["Nghỉ hoán đổi".to_owned(), format!("Ghi ngày {}: làm bù", weekday(chrono::Weekday::Sat))] {
            assert!(both.body.contains(&part), "{part}: {}", both.body);
        }
        // A tick takes it away again.
        let seen = administrator.get(&path).expect(200).body;
        let drop = |seen_then: &str, step: &str| {
            let tag = held(&seen, "tag");
            administrator.post(&path, &[("drop", day), ("tag", &tag), ("seen", seen_then), ("step", step), ("date", "")])
        };
        let looked = drop("", "preview").expect(200).body;
        let back = administrator.follow(drop(&held(&looked, "seen"), "confirm"));
        assert_eq!(back.body.matches("name=\"drop\"").count(), days);
        is_page(&administrator.post(&path, &[("date", ""), ("step", "preview")]), 400);
    }
}

on_both! {
    fn a_unit_does_not_end_over_its_dossiers_on_a_page_either(db: &Database) {
        let mut office = Office::open(db);
        office.receive(COMMUNE, SAME_DAY);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let found = administrator.get("/quan-tri/don-vi?q=lang+son").expect(200).body;
        assert!(found.contains("H37"), "{found}");
        let path = format!("/quan-tri/don-vi/{COMMUNE}");
        let seen = administrator.get(&path).expect(200).body;
        let (tag, parent) = (held(&seen, "tag"), held(&seen, "parent"));
        let post = |name: &str, end: &str| {
            administrator.post(&path, &[
                ("name", name), ("parent", &parent), ("mountain", "true"), ("valid_to", end), ("successor", ""),
                ("tag", &tag),
            ])
        };
        let refused = post("Xã không còn", "2020-12-31");
        assert!([400, 409].contains(&refused.status), "{}", refused.body);
        assert!(refused.body.contains("value=\"Xã không còn\""), "{}", refused.body);
        administrator.follow(post("Xã có tên mới", ""));
        let unit = office.call("GET", format!("/api/v1/units/{COMMUNE}")).send().expect(200).json();
        assert_eq!(unit["name"], "Xã có tên mới");
        assert_eq!(unit["mountain"], true);
        assert_eq!(unit["parent"], parent.as_str());
    }
}

on_both! {
    fn whoever_cannot_log_in_any_more_leaves_nothing_behind_unseen(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let token = office.token(Role::Supervisor, COMMUNE);
        let officer = hire(&office.world, Role::Officer, COMMUNE);
        let given = serde_json::json!({"assignee": officer, "reason": "x"});
        crate::support::act(&office, &token, &dossier, "assign", given).expect(200);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let close = |username: &str| {
            let path = format!("/quan-tri/tai-khoan/{username}");
            let seen = administrator.get(&path).expect(200).body;
            let name = held(&seen, "full_name");
            administrator.post(&path, &[
                ("full_name", &name), ("role", "officer"), ("unit", COMMUNE), ("state", "disabled"), ("hands_to", ""),
                ("tag", &held(&seen, "tag")),
            ]).expect(303)
        };
        let closed = close(&officer);
        assert!(closed.header("location").starts_with(&format!("/tong-quan/giao-lai?can_bo={officer}&")), "{:?}", closed.headers);
        let left = administrator.follow(closed);
        assert!(left.body.contains("Tài khoản đã khóa.") && left.body.contains("Giao lại tất cả 1 hồ sơ"), "{}", left.body);
        let idle = hire(&office.world, Role::Officer, crate::support::NEIGHBOUR);
        assert_eq!(close(&idle).header("location"), "/quan-tri/tai-khoan?xong=sua");
    }
}

on_both! {
    fn a_unit_ends_on_a_day_that_has_passed_only_where_that_is_meant(db: &Database) {
        let office = Office::open(db);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let path = format!("/quan-tri/don-vi/{COMMUNE}");
        let end = |sure: &[(&str, &str)]| {
            let seen = administrator.get(&path).expect(200).body;
            let (parent, tag) = (held(&seen, "parent"), held(&seen, "tag"));
            let fields = [
                ("name", "Phường cũ"), ("parent", &*parent), ("mountain", "false"), ("valid_to", "2026-01-31"),
                ("successor", crate::support::NEIGHBOUR), ("tag", &*tag),
            ];
            administrator.post(&path, &[fields.as_slice(), sure].concat())
        };
        let asked = end(&[]);
        assert_eq!(asked.status, 400);
        assert!(asked.body.contains("Ngày đã qua") && asked.body.contains("name=\"da-qua\""), "{}", asked.body);
        let unit = || office.call("GET", format!("/api/v1/units/{COMMUNE}")).send().expect(200).json();
        assert_eq!(unit()["valid_to"], serde_json::Value::Null);
        administrator.follow(end(&[("da-qua", "1")]));
        assert_eq!(unit()["valid_to"], "2026-01-31");
    }
}

on_both! {
    fn where_and_by_which_number_a_desk_is_reached_is_kept_on_the_page_of_its_unit(db: &Database) {
        let office = Office::open(db);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let path = format!("/quan-tri/don-vi/{COMMUNE}");
        let post = |address: &str, phone: &str, above: Option<&str>| {
            let seen = administrator.get(&path).expect(200).body;
            let parent = above.map_or_else(|| held(&seen, "parent"), str::to_owned);
            administrator.post(&path, &[
                ("name", "Phường mới"), ("address", address), ("phone", phone), ("parent", &parent), ("mountain", "false"),
                ("valid_to", ""), ("successor", ""), ("tag", &held(&seen, "tag")),
            ])
        };
        let unit = || office.call("GET", format!("/api/v1/units/{COMMUNE}")).send().expect(200).json();
        let wrong = post("Thôn Khòn Cải", "gọi sau", None);
        assert_eq!(wrong.status, 400);
        assert!(wrong.body.contains("value=\"Thôn Khòn Cải\"") && wrong.body.contains("href=\"#phone\""), "{}", wrong.body);
        administrator.follow(post("Thôn Khòn Cải", "0205 3812 345, 1022", None));
        assert_eq!(unit()["address"], "Thôn Khòn Cải");
        assert_eq!(unit()["phone"], "0205 3812 345, 1022");
        administrator.follow(post("", "1022", None));
        assert_eq!((&unit()["address"], &unit()["phone"]), (&serde_json::Value::Null, &"1022".into()));
        // What cannot be emptied says so, and is not said to be done.
        let wrong = post("", "1022", Some(""));
        assert_eq!(wrong.status, 400);
        assert!(wrong.body.contains("href=\"#parent\""), "{}", wrong.body);
    }
}

on_both! {
    fn a_unit_that_succeeds_nobody_is_added_with_its_hours_and_one_is_moved_on_purpose_only(db: &Database) {
        let office = Office::for_browsers(db);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let asked = administrator.get("/quan-tri/don-vi/them").expect(200).body;
        let key = held(&asked, "key");
        let post = |parent: &str, code: &str, hours: &str| {
            administrator.post("/quan-tri/don-vi/them", &[
                ("code", code), ("name", "Ủy ban nhân dân xã Mới"), ("level", "commune"), ("kind", "people_committee"),
                ("parent", parent), ("valid_from", "01/01/2021"), ("mountain", "false"), ("hours", hours), ("saturday", ""),
                ("phone", "ĐT: 0205 3812 345"), ("key", &key),
            ])
        };
        // A commune is under no commune, and no office is open from noon to morning.
        let under = post(COMMUNE, &format!("{COMMUNE}.99"), "");
        is_page(&under, 400);
        assert!(under.body.contains("Đơn vị cấp trên phải ở cấp cao hơn"), "{}", under.body);
        for hours in ["sáng", "17:00-07:30"] {
            let wrong = post("H37.20", "H37.20.99", hours);
            is_page(&wrong, 400);
            assert!(wrong.body.contains("Ủy ban nhân dân xã Mới"), "{}", wrong.body);
        }
        // Hours that nobody can read hide nothing else that is wrong.
        let wrong = administrator.post("/quan-tri/don-vi/them", &[
            ("code", "H37.20.98"), ("name", ""), ("level", "commune"), ("kind", "people_committee"), ("parent", "H37.20"),
            ("valid_from", "01/01/2021"), ("mountain", "false"), ("hours", "sáng"), ("saturday", ""), ("phone", "12"), ("key", &key),
        ]);
        is_page(&wrong, 400);
        for field in ["hours", "name", "phone"] {
            assert!(wrong.body.contains(&format!("href=\"#{field}\"")), "{field}: {}", wrong.body);
        }
        administrator.follow(post("thành phố Lạng Sơn", "h37.20.99", "7h30 - 11h30; 13h30 – 17h"));
        let unit = office.call("GET", "/api/v1/units/H37.20.99").send().expect(200).json();
        assert_eq!((&unit["parent"], &unit["phone"]), (&"H37.20".into(), &"0205 3812 345".into()));
        assert_eq!(unit["office_hours"]["weekday"][1], serde_json::json!({"open": "13:30", "close": "17:00"}));
        // Counts follow the tree: nobody moves a unit by a slip.
        let path = "/quan-tri/don-vi/H37.20.99";
        let shown = administrator.get(path).expect(200).body;
        assert_eq!(held(&shown, "hours"), "07:30-11:30, 13:30-17:00");
        let tag = held(&shown, "tag");
        let fields = [
            ("name", "Ủy ban nhân dân xã Mới"), ("parent", "H37"), ("address", ""), ("phone", "0205 3812 345"),
            ("mountain", "false"), ("valid_to", ""), ("successor", ""), ("hours", "07:30-11:30, 13:30-17:00"), ("saturday", ""),
            ("tag", &tag),
        ];
        let sure = administrator.post(path, &fields);
        is_page(&sure, 400);
        assert!(sure.body.contains("doi-cap-tren") && sure.body.contains("cả các kỳ đã qua"), "{}", sure.body);
        administrator.follow(administrator.post(path, &[&fields[..], &[("doi-cap-tren", "1")]].concat()));
        let unit = office.call("GET", "/api/v1/units/H37.20.99").send().expect(200).json();
        assert_eq!(unit["parent"], "H37");
    }
}

#[test]
fn they_fit_a_desk_and_a_telephone() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let username = hire(&office.world, Role::Administrator, "H37");
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &username).await;
        let unit = format!("/quan-tri/don-vi/{COMMUNE}");
        let account = format!("/quan-tri/tai-khoan/{username}");
        for path in PAGES.into_iter().chain([unit.as_str(), account.as_str()]) {
            client.goto(&format!("{url}{path}")).await.unwrap();
            look(&client, &path[1..].replace('/', "-")).await;
        }
    });
}

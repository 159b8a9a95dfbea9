//! People, dossiers and procedures are found as desks type them.

use std::time::Instant;

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::{
    COMMUNE, Database, FOREIGN, Kind, NEIGHBOUR, Office, Program, SAME_DAY, on_both,
};
use motcua::domain::ids::UnitId;
use motcua::domain::role::Role;
use motcua::store::DatabaseUrl;
use motcua::views::search::{SearchFor, search};

/// Receives a dossier of somebody of that name; its number.
fn receive(office: &mut Office, unit: &str, applicant: Value, more: Value) -> String {
    let clerk = office.token(Role::Clerk, unit);
    let mut body = office.new_dossier(unit, SAME_DAY);
    body["applicant"] = applicant;
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
    let made = call.body(body).send().expect(201).json();
    made["case_number"].as_str().unwrap().to_owned()
}

/// The names, or numbers, of what a search finds on all its pages, in order.
fn found(office: &Office, token: &str, text: &str, field: &str, limit: usize) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let body = json!({"text": text, "limit": limit, "after": after});
        let call = office.call("POST", "/api/v1/dossiers/search").token(token);
        let page = call.body(body).send().expect(200).json();
        let items = page["items"].as_array().unwrap();
        found.extend(
            items
                .iter()
                .map(|item| item[field].as_str().unwrap().to_owned()),
        );
        after = page["next"].clone();
        if after.is_null() {
            return found;
        }
    }
}

on_both! {
    fn any_run_of_words_finds_a_name_whole_words_first(db: &Database) {
        let mut office = Office::open(db);
        let names = [
            "Trần Thị Hương", "Nguyễn Thị Thu Hương", "Công Tằng Tôn Nữ Thị Thử", "Đặng Văn An", "Trần An Bình",
            "Nguyễn Thị Ánh", "Hoàng Anh Dũng", "An", "Trang Thu Hường", "Lý 100% A\\B",
        ];
        for name in names {
            receive(&mut office, COMMUNE, json!({"name": name, "identity_number": "020185000123"}), json!({}));
        }
        receive(&mut office, COMMUNE, json!({"name": "Công ty TNHH Thị Trấn Thu", "tax_code": "4900123456"}), json!({}));
        receive(&mut office, FOREIGN, json!({"name": "Trần Thị Hương"}), json!({}));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let supervisor = office.token(Role::Supervisor, "H37");
        let stranger = office.token(Role::Clerk, NEIGHBOUR);
        for limit in [1, 3, 50] {
            let find = |text: &str| found(&office, &clerk, text, "applicant", limit);
            for (text, expected) in [
                // From the front, from the middle, at the end.
                ("tran thi", &["Trần Thị Hương"][..]),
                ("Tôn Nữ", &["Công Tằng Tôn Nữ Thị Thử"]),
                ("nu thi thu", &["Công Tằng Tôn Nữ Thị Thử"]),
                ("cong tang ton nu thi thu", &["Công Tằng Tôn Nữ Thị Thử"]),
                // The given name first.
                ("thị thu", &["Công Tằng Tôn Nữ Thị Thử", "Nguyễn Thị Thu Hương"]),
                ("thu", &[
                    "Công Tằng Tôn Nữ Thị Thử", "Công ty TNHH Thị Trấn Thu", "Nguyễn Thị Thu Hương", "Trang Thu Hường",
                ]),
                // Family and given name.
                ("tran huong", &["Trần Thị Hương"]),
                ("nguyen thu huong", &["Nguyễn Thị Thu Hương"]),
                ("nguyen thi huong", &["Nguyễn Thị Thu Hương"]),
                // Whole words before those that are only begun.
                ("an", &["An", "Đặng Văn An", "Trần An Bình", "Nguyễn Thị Ánh", "Hoàng Anh Dũng"]),
                ("van a", &["Đặng Văn An"]),
                ("thi thu hu", &["Nguyễn Thị Thu Hương"]),
                ("tang to", &["Công Tằng Tôn Nữ Thị Thử"]),
                ("cong ty", &["Công ty TNHH Thị Trấn Thu"]),
                ("tnhh thi tr", &["Công ty TNHH Thị Trấn Thu"]),
                ("100% a\\b", &["Lý 100% A\\B"]),
                ("1_0%", &[]),
                // Words that do not stand there so.
                ("huong tran thi", &[]),
                ("ran thi", &[]),
                ("thi tran huong", &[]),
                ("khong co ai", &[]),
            ] {
                assert_eq!(find(text), expected, "{text}, {limit} a page");
            }
            let everywhere = found(&office, &supervisor, "tran huong", "applicant", limit);
            assert_eq!(everywhere, ["Trần Thị Hương"; 2]);
            assert!(found(&office, &stranger, "tran huong", "applicant", limit).is_empty());
        }
        Program::on(db).output(&["verify"]);
    }
}

on_both! {
    fn the_desk_that_took_it_in_finds_it_and_so_does_the_one_that_has_it(db: &Database) {
        let mut office = Office::open(db);
        crate::boundaries::list_procedures(&office.world, &[SAME_DAY]);
        let elsewhere = json!({"competent_unit": COMMUNE, "passed_on": false});
        let applicant = json!({"name": "Lý Thị Mùi", "phone": "0987654321"});
        let number = receive(&mut office, NEIGHBOUR, applicant, elsewhere);
        let desk = office.token(Role::Clerk, NEIGHBOUR);
        let competent = office.token(Role::Clerk, COMMUNE);
        let area = office.token(Role::Supervisor, "H37.20");
        let stranger = office.token(Role::Clerk, FOREIGN);
        let sees = |office: &Office, who: &str| {
            let texts = ["ly thi mui", "mui", "ly thi", "0987654321", number.as_str()];
            let seen: Vec<_> = texts.iter().map(|text| found(office, who, text, "case_number", 10)).collect();
            assert!(seen.windows(2).all(|two| two[0] == two[1]), "{seen:?}");
            seen[0] == [number.as_str()]
        };
        let listed = |office: &Office, who: &str, list: &str| {
            let items = office.pages(who, &format!("/api/v1/dossiers?list={list}"), 10);
            items.into_iter().find(|item| item["case_number"] == number.as_str())
        };
        for _ in 0..2 {
            assert!(sees(&office, &desk) && sees(&office, &competent) && sees(&office, &area));
            assert!(!sees(&office, &stranger));
            for who in [&desk, &competent, &area] {
                for list in ["all", "open"] {
                    let item = listed(&office, who, list).unwrap();
                    assert_eq!((&item["unit"]["code"], &item["receiving_unit"]["code"]), (&json!(COMMUNE), &json!(NEIGHBOUR)));
                }
            }
            assert!(listed(&office, &stranger, "all").is_none());
            // The same once it has come.
            let reach = office.call("POST", format!("/api/v1/dossiers/{number}/reach")).token(&competent);
            reach.header("If-Match", "*").body(json!({})).send();
        }
        // A corrected applicant is found there, too.
        let right = json!({"reason": "sai tên", "applicant": {"name": "Lý Thị Mùa"}});
        let path = format!("/api/v1/dossiers/{number}/correct-applicant");
        office.call("POST", path).token(&competent).header("If-Match", "*").body(right).send().expect(200);
        for who in [&desk, &competent] {
            assert_eq!(found(&office, who, "ly mua", "case_number", 10), [number.as_str()]);
            assert!(found(&office, who, "ly mui", "case_number", 10).is_empty());
        }

        // On another unit's desk for a step.
        let reference = office.world.store.reference().unwrap();
        let above = reference.procedures().into_iter().find_map(|p| {
            let d = &p.definition;
            let step = d.workflow.iter().position(|s| s.place == motcua::domain::procedure::Place::Parent)?;
            d.levels.contains(&motcua::domain::unit::Level::Commune).then(|| (d.code.clone(), step))
        });
        let (procedure, step) = above.unwrap();
        let mut body = office.new_dossier(COMMUNE, &procedure);
        body["applicant"]["name"] = json!("Hoàng Thị Sáu");
        let made = office.call("POST", "/api/v1/dossiers").token(&competent).body(body).send().expect(201).json();
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let path = format!("/api/v1/dossiers/{}/hand-over", made["case_number"].as_str().unwrap());
        let district = office.token(Role::Officer, "H37.20");
        for next in 1..=step {
            let call = office.call("POST", path.clone()).token(&supervisor).header("If-Match", "*");
            call.body(json!({"step": next})).send().expect(200);
        }
        assert_eq!(found(&office, &district, "hoang sau", "case_number", 10), [made["case_number"].as_str().unwrap()]);
        Program::on(db).output(&["verify"]);
        // Somebody who would not be found there is told of.
        db.tamper("update persons set receiving_id = null where search_name = 'mua thi li'");
        Program::on(db).failure_output(&["verify"]);
    }
}

on_both! {
    fn a_number_is_found_by_its_end_and_an_old_phone_as_it_is_read_now(db: &Database) {
        let mut office = Office::open(db);
        let here = receive(&mut office, COMMUNE, json!({"name": "Lý Văn Dũng", "phone": "0987654321"}), json!({}));
        let there = receive(&mut office, NEIGHBOUR, json!({"name": "Lý Văn Dũng"}), json!({}));
        let (clerk, district) = (office.token(Role::Clerk, COMMUNE), office.token(Role::Supervisor, "H37.20"));
        let end = here.split_once('-').unwrap().1.to_owned();
        assert_eq!(found(&office, &clerk, &end, "case_number", 10), [here.as_str()]);
        assert_eq!(found(&office, &clerk, &end.replace('-', " "), "case_number", 10), [here.as_str()]);
        let mut both = found(&office, &district, &end, "case_number", 10);
        both.sort();
        assert_eq!(both, [here.as_str(), there.as_str()]);
        assert_eq!(found(&office, &district, &format!("02-{end}"), "case_number", 10), [there.as_str()]);
        assert!(found(&office, &clerk, "210301-9999", "case_number", 10).is_empty());
        drop(office);
        // As it was kept before there was one reader.
        db.tamper("update persons set phone = '+84 (0)987.654.321' where phone = '0987654321'; \
            delete from settings where key = 'phones_read'");
        let mut office = Office::over(motcua_world(db), Program::on(db));
        let clerk = office.token(Role::Officer, COMMUNE);
        for text in ["0987654321", "84987654321", "0987 654 321"] {
            assert_eq!(found(&office, &clerk, text, "case_number", 10), [here.as_str()], "{text}");
        }
    }
}

/// The world of a database that has one.
fn motcua_world(db: &Database) -> crate::support::World {
    crate::support::World { store: db.store() }
}

on_both! {
    fn procedures_are_found_as_they_are_typed(db: &Database) {
        let office = Office::open(db);
        let names = |text: &str| -> Vec<String> {
            let query = text.replace(' ', "%20");
            let list = office.call("GET", format!("/api/v1/procedures?q={query}")).send().expect(200).json();
            let all = list.as_array().unwrap().iter();
            all.map(|line| line["name"].as_str().unwrap().to_lowercase()).collect()
        };
        for (text, part) in [
            ("dang ki khai sinh", "đăng ký khai sinh"), ("sao chung thuc", "chứng thực"), ("ks", "khai sinh"),
        ] {
            let found = names(text);
            assert!(found.iter().any(|name| name.contains(part)), "{text}: {found:?}");
        }
        assert!(names("dang ki khai sinh").len() <= names("khai sinh dang").len());
        assert!(names("khong co gi").is_empty());
    }
}

/// How long searches take among 200.000 people, for `docs/speed.md`: `-- --ignored search::`.
#[test]
#[ignore = "takes a minute"]
fn searches_among_200_000_people() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let db = Database::new(kind);
        let world = crate::support::World::new(db.store());
        let dossier = world.receive_at(COMMUNE, SAME_DAY, crate::support::at("2021-03-01 08:15"));
        let reference = world.store.reference().unwrap();
        let unit = reference.units().by_code(COMMUNE).unwrap().id;
        let root = reference.units().by_code("H37").unwrap().id;
        let families = [
            "nguyen", "tran", "le", "hoang", "ly", "nong", "trieu", "be", "luong", "vi",
        ];
        let middles = [
            "thi", "van", "thi thu", "duc", "minh", "ngoc", "huu", "quang", "thi hong", "xuan",
        ];
        let (random, blob) = match kind {
            Kind::Sqlite => ("randomblob(16)", "blob"),
            Kind::Postgres => ("uuid_send(gen_random_uuid())", "bytea"),
        };
        let word = |list: &[&str], n: &str| {
            let arms = list.iter().enumerate();
            let arms: Vec<_> = arms
                .map(|(i, word)| format!("when {i} then '{word}'"))
                .collect();
            format!("case {n} {} end", arms.join(" "))
        };
        let given = word(
            &[
                "anh", "huong", "dung", "binh", "thao", "mai", "son", "hung", "lan", "tuan",
            ],
            "n % 10",
        );
        let (middle, family) = (
            word(&middles, "(n / 10) % 10"),
            word(&families, "(n / 100) % 10"),
        );
        let last_first = format!(
            "{given} || ' ' || {} || ' ' || {family}",
            middle
                .replace("'thi thu'", "'thu thi'")
                .replace("'thi hong'", "'hong thi'")
        );
        // One in twenty is of the unit.
        let url: DatabaseUrl = db.url().parse().unwrap();
        // Each on a dossier of their own, which is otherwise like this one.
        let columns = "procedure_id, holder_id, receiving_id, channel, return_channel, delegate_id, status, received_at, due_at, overdue, \
            appointment_at, step, step_due_at, assignee_id, decision, outcome, closed_at, returned_at, open_due_at, late_at, watch_at, \
            version, last_event_at, entered_at, area_id, holder_area_id, recorded_at";
        let sql = format!(
            "create table made (n integer, id {blob}, dossier {blob}, unit_id integer); \
             insert into made with recursive all_of (n) as (select 1 union all select n + 1 from all_of where n < 200000) \
             select n, {random}, {random}, case when n % 20 = 0 then {} else {} end from all_of; \
             insert into persons (id, name, search_name, unit_id, dossier_id) \
             select id, {family} || ' ' || {middle} || ' ' || {given}, {last_first}, unit_id, dossier from made; \
             insert into dossiers (id, case_number, applicant_id, unit_id, {columns}) \
             select made.dossier, 'B-' || n, made.id, made.unit_id, {columns} from made cross join \
             (select {columns} from dossiers where id = {}) one",
            unit.0,
            root.0,
            db.bytes(&dossier.id.bytes()),
        );
        url.connect().unwrap().batch_execute(&sql).unwrap();
        db.tamper(match kind {
            Kind::Sqlite => "analyze",
            Kind::Postgres => "vacuum analyze",
        });
        let now = motcua::clock::now();
        for (who, reach) in [("one unit", unit), ("all", root)] {
            for text in [
                "nguyen thi anh",
                "tran huong",
                "tran thi",
                "thi thu",
                "an",
                "khong co ai",
            ] {
                let mut times: Vec<f64> = (0..15)
                    .map(|_| measured(&world.store, text, reach, now))
                    .collect();
                times.sort_by(f64::total_cmp);
                println!(
                    "{kind:?}, {who}, '{text}': {:.2} ms (p50), {:.2} ms (slowest)",
                    times[7], times[14]
                );
            }
        }
    }
}

fn measured(
    store: &motcua::store::Store,
    text: &str,
    reach: UnitId,
    now: motcua::domain::moment::Moment,
) -> f64 {
    let wanted = SearchFor::guess(text);
    let begun = Instant::now();
    search(store, &wanted, reach, None, 50, now).unwrap();
    begun.elapsed().as_secs_f64() * 1000.0
}

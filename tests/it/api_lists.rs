//! Lists and searches over HTTP: what is in reach, in order, page by page, by every filter.

use serde_json::{Value, json};

use crate::support::{COMMUNE, FOREIGN, NEIGHBOUR, Office, SAME_DAY, fields, on_both};
use motcua::domain::role::Role;

fn numbers(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .map(|item| item["case_number"].as_str().unwrap().to_owned())
        .collect()
}

/// The numbers of all pages of a list.
fn all(office: &Office, token: &str, query: &str, limit: usize) -> Vec<String> {
    let path = format!("/api/v1/dossiers{}", query.replacen('&', "?", 1));
    numbers(&office.pages(token, &path, limit))
}

fn receive(
    office: &mut Office,
    unit: &str,
    procedure: &str,
    change: impl FnOnce(&mut Value),
) -> Value {
    let mut body = office.new_dossier(unit, procedure);
    change(&mut body);
    let mut role = Role::Clerk;
    if body["at"].is_string() {
        body["at"] = json!({"moment": body["at"], "late_reason": "hồ sơ giấy"});
        role = Role::Supervisor;
    }
    let token = office.token(role, unit);
    office
        .call("POST", "/api/v1/dossiers")
        .token(&token)
        .body(body)
        .send()
        .expect(201)
        .json()
}

fn number(dossier: &Value) -> String {
    dossier["case_number"].as_str().unwrap().to_owned()
}

on_both! {
    fn lists_hold_what_is_in_reach_by_every_filter(db: &Database) {
        let mut office = Office::open(db);
        let reference = office.world.store.reference().unwrap();
        let long = reference.procedures().into_iter().find(|p| {
            let d = &p.definition;
            d.levels.contains(&motcua::domain::unit::Level::Commune)
                && matches!(d.promised_limit().unit, motcua::domain::time_limit::LimitUnit::WorkingDay)
                && d.promised_limit().amount >= Some(5.into())
        }).unwrap().definition.clone();
        let old = receive(&mut office, COMMUNE, SAME_DAY, |b| b["at"] = json!("2021-03-01T08:00:00+07:00"));
        let new = receive(&mut office, COMMUNE, &long.code, |b| b["channel"] = json!("postal"));
        let mine = receive(&mut office, COMMUNE, &long.code, |b| b["assignee"] = json!("h37.20.01.clerk"));
        let next_door = receive(&mut office, NEIGHBOUR, SAME_DAY, |b| b["at"] = json!("2021-03-02T08:00:00+07:00"));
        let foreign = receive(&mut office, FOREIGN, SAME_DAY, |b| b["at"] = json!("2021-03-03T08:00:00+07:00"));
        let [old, new, mine, next_door, foreign] = [old, new, mine, next_door, foreign].map(|d| number(&d));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let district = office.token(Role::Supervisor, "H37.20");
        let province = office.token(Role::Supervisor, "H37");
        for limit in [1, 2, 50] {
            let list = |token: &str, query: &str| all(&office, token, query, limit);
            assert_eq!(list(&clerk, ""), [&mine, &new, &old].map(String::as_str));
            assert_eq!(list(&district, ""), [&mine, &new, &next_door, &old].map(String::as_str));
            assert_eq!(list(&province, ""), [&mine, &new, &foreign, &next_door, &old].map(String::as_str));
            assert_eq!(list(&district, "&list=overdue"), [&old, &next_door].map(String::as_str));
            assert_eq!(list(&province, "&list=open"), [&old, &next_door, &foreign, &new, &mine].map(String::as_str));
            assert_eq!(list(&clerk, "&mine=true"), [mine.as_str()]);
            assert_eq!(list(&clerk, "&list=open&mine=true"), [mine.as_str()]);
            assert_eq!(list(&clerk, "&channel=postal"), [new.as_str()]);
            assert_eq!(list(&province, &format!("&unit={NEIGHBOUR}")), [next_door.as_str()]);
            assert_eq!(list(&province, "&unit=H37.21"), [foreign.as_str()]);
            assert_eq!(list(&province, "&received_from=2021-03-02&received_to=2021-03-02"), [next_door.as_str()]);
            assert_eq!(list(&province, "&list=open&due_to=2021-03-01"), [old.as_str()]);
            assert_eq!(list(&province, &format!("&procedure={}", long.code)), [&mine, &new].map(String::as_str));
            let field = urlencoded(&long.field);
            assert_eq!(list(&clerk, &format!("&field={field}&channel=direct")), [mine.as_str()]);
            assert_eq!(list(&province, "&level=district"), Vec::<&str>::new());
            assert_eq!(list(&province, "&status=done"), Vec::<&str>::new());
            assert_eq!(list(&clerk, "&list=near_due&within_days=60"), [&new, &mine].map(String::as_str));
        }
        let call = |query: &str| office.call("GET", format!("/api/v1/dossiers?{query}")).token(&clerk).send();
        let wrong = fields(&call("limit=0&after=zzz&status=lost&unit=H99&colour=red&mine=maybe").problem(400, "invalid-request"));
        assert_eq!(wrong, ["status", "colour", "mine", "limit", "after"]);
        assert_eq!(fields(&call("unit=H99&field=x&procedure=y").problem(400, "invalid-request")), ["unit", "procedure", "field"]);
    }
}

fn urlencoded(text: &str) -> String {
    serde_urlencoded::to_string([("x", text)]).unwrap()[2..].to_owned()
}

on_both! {
    fn a_dossier_is_found_by_what_the_applicant_brings_along(db: &Database) {
        let mut office = Office::open(db);
        let person = |name: &str, number: &str, phone: &str| {
            json!({"name": name, "identity_number": number, "phone": phone})
        };
        let anh = receive(&mut office, COMMUNE, SAME_DAY, |b| b["applicant"] = person("Nguyễn Thị Ánh", "020185000123", "0912345678"));
        let anh_van = receive(&mut office, COMMUNE, SAME_DAY, |b| b["applicant"] = person("Đặng Văn Anh", "020085000124", "0912345679"));
        let next_door = receive(&mut office, NEIGHBOUR, SAME_DAY, |b| b["applicant"] = person("Nguyễn Thị Ánh", "020185000123", "0912345680"));
        let company = receive(&mut office, COMMUNE, SAME_DAY, |b| {
            b["applicant"] = json!({"name": "Công ty TNHH Ánh Dương", "tax_code": "4900123456"});
            b["delegate"] = person("Hoàng Văn Bế", "082123456", "0987654321");
        });
        let [anh, anh_van, next_door, company] = [anh, anh_van, next_door, company].map(|d| number(&d));
        // Both as people are filed and as it is written, one a page.
        let same = receive(&mut office, COMMUNE, SAME_DAY, |b| b["applicant"] = json!({"name": "Công Bảo"}));
        let also = receive(&mut office, COMMUNE, SAME_DAY, |b| {
            b["applicant"] = json!({"name": "Công Bảo Minh Khai Hội Quán"});
        });
        let mut both = [number(&same), number(&also)];
        both.sort();
        let clerk = office.token(Role::Clerk, COMMUNE);
        let district = office.token(Role::Supervisor, "H37.20");
        let find = |token: &str, text: &str| {
            let mut found = Vec::new();
            let mut after = Value::Null;
            loop {
                let body = json!({"text": text, "limit": 1, "after": after});
                let page = office.call("POST", "/api/v1/dossiers/search").token(token).body(body).send().expect(200).json();
                found.extend(numbers(page["items"].as_array().unwrap()));
                after = page["next"].clone();
                if after.is_null() {
                    found.sort();
                    return found;
                }
            }
        };
        let none: [&str; 0] = [];
        assert_eq!(find(&clerk, "nguyen thi anh"), [anh.as_str()]);
        assert_eq!(find(&clerk, "  NGUYỄN  thị ánh "), [anh.as_str()]);
        assert_eq!(find(&district, "Nguyễn Thị Ánh"), [&anh, &next_door].map(String::as_str));
        assert_eq!(find(&clerk, "anh"), [&anh, &anh_van, &company].map(String::as_str));
        assert_eq!(find(&clerk, "thi anh"), [anh.as_str()]);
        assert_eq!(find(&clerk, "công ty tnhh"), [company.as_str()]);
        assert_eq!(find(&clerk, "cong bao"), both);
        assert_eq!(find(&clerk, "hoang van be"), [company.as_str()]);
        assert_eq!(find(&clerk, "+84 912 345 678"), [anh.as_str()]);
        assert_eq!(find(&clerk, "0912345680"), none);
        assert_eq!(find(&district, "0912345680"), [next_door.as_str()]);
        assert_eq!(find(&district, "020185000123"), [&anh, &next_door].map(String::as_str));
        assert_eq!(find(&clerk, "4900123456"), [company.as_str()]);
        assert_eq!(find(&clerk, &anh.to_lowercase()), [anh.as_str()]);
        assert_eq!(find(&clerk, &next_door), none);
        assert_eq!(find(&clerk, "không có ai"), none);
        let search = |body: Value| office.call("POST", "/api/v1/dossiers/search").token(&clerk).body(body).send();
        for by in ["phone", "identity", "case_number"] {
            assert_eq!(fields(&search(json!({"text": "ánh", "by": by})).problem(400, "invalid-request")), ["/text"]);
        }
        assert_eq!(fields(&search(json!({"text": " - "})).problem(400, "invalid-request")), ["/text"]);
        // Who was corrected is found under the right name only.
        let path = format!("/api/v1/dossiers/{anh}/correct-applicant");
        let right = json!({"reason": "sai tên", "applicant": {"name": "Nguyễn Thị Oanh"}});
        office.call("POST", path).token(&clerk).header("If-Match", "*").body(right).send().expect(200);
        assert_eq!(find(&clerk, "nguyen thi anh"), none);
        assert_eq!(find(&clerk, "nguyen thi oanh"), [anh.as_str()]);
    }
}

on_both! {
    fn all_dossiers_of_one_applicant_come_at_once(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = json!({"dossiers": vec![office.new_dossier(COMMUNE, SAME_DAY); 120]});
        office.call("POST", "/api/v1/dossiers/batch").token(&clerk).body(body).send().expect(200);
        for text in ["020185000123", "0912345678", "Nguyễn Thị Ánh"] {
            let body = json!({"text": text, "limit": 200});
            let page = office.call("POST", "/api/v1/dossiers/search").token(&clerk).body(body).send().expect(200).json();
            assert_eq!(page["items"].as_array().unwrap().len(), 120, "{text}");
            assert_eq!(page["next"], Value::Null);
        }
    }
}

on_both! {
    fn a_hand_over_to_another_unit_shows_the_dossier_in_both(db: &Database) {
        let mut office = Office::open(db);
        let reference = office.world.store.reference().unwrap();
        // A procedure of communes with a step that the district does.
        let above = reference.procedures().into_iter().find_map(|p| {
            let d = &p.definition;
            let step = d.workflow.iter().position(|s| s.place == motcua::domain::procedure::Place::Parent)?;
            d.levels.contains(&motcua::domain::unit::Level::Commune).then(|| (d.code.clone(), step))
        });
        let Some((procedure, step)) = above else { panic!("no such procedure") };
        let dossier = receive(&mut office, COMMUNE, &procedure, |_| {});
        let clerk = office.token(Role::Clerk, COMMUNE);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let path = format!("/api/v1/dossiers/{}/hand-over", number(&dossier));
        for next in 1..=step {
            let call = office.call("POST", path.clone()).token(&supervisor).header("If-Match", "*");
            call.body(json!({"step": next})).send().expect(200);
        }
        let officer = office.token(Role::Officer, "H37.20");
        let foreign = office.token(Role::Officer, "H37.21");
        assert_eq!(all(&office, &clerk, "&list=open", 50), [number(&dossier).as_str()]);
        assert_eq!(all(&office, &officer, "&list=open", 50), [number(&dossier).as_str()]);
        assert!(all(&office, &foreign, "&list=open", 50).is_empty());
        let path = format!("/api/v1/dossiers/{}", number(&dossier));
        office.call("GET", path.clone()).token(&officer).send().expect(200);
        office.call("GET", path).token(&foreign).send().problem(403, "forbidden");
    }
}

on_both! {
    fn a_list_is_saved_whole_for_a_spreadsheet(db: &Database) {
        use calamine::{Data, Reader, Xlsx};

        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        // More than a page, and one whose name a spreadsheet would run.
        let good = office.new_dossier(COMMUNE, SAME_DAY);
        let mut bad = good.clone();
        bad["applicant"]["name"] = json!("=HYPERLINK(1)");
        let all = [vec![good; 204], vec![bad]].concat();
        let batch = json!({"dossiers": all});
        let call = office.call("POST", "/api/v1/dossiers/batch").token(&clerk).body(batch);
        assert_eq!(call.send().expect(200).json()["received"], 205);
        let listed = office.pages(&clerk, "/api/v1/dossiers?list=open", 200);
        assert_eq!(listed.len(), 205);
        let get = |query: &str| office.call("GET", format!("/api/v1/dossiers?{query}")).token(&clerk).send();
        let file = get("list=open&format=xlsx").expect(200);
        assert!(file.header("content-disposition").contains("ho-so-") && file.header("cache-control") == "no-store");
        let mut book = Xlsx::new(std::io::Cursor::new(file.bytes.clone())).unwrap();
        let name = book.sheet_names()[0].clone();
        assert!(book.worksheet_formula(&name).unwrap().is_empty());
        let page = book.worksheet_range(&name).unwrap();
        let rows: Vec<&[Data]> = page.rows().collect();
        let text = |text: &str| Data::String(text.to_owned());
        let head = rows.iter().position(|row| row[0] == text("Mã hồ sơ")).unwrap();
        assert_eq!(rows[0][0], text("Hồ sơ đang xử lý"));
        assert_eq!(rows.len() - head - 1, listed.len());
        for (row, item) in rows[head + 1..].iter().zip(&listed) {
            assert_eq!(row[0], text(item["case_number"].as_str().unwrap()));
            assert_eq!(row[3], text(item["applicant"].as_str().unwrap()));
            let Data::DateTime(due) = row[9] else { panic!("{row:?}") };
            let (year, month, day, hour, minute, ..) = due.to_ymd_hms_milli();
            let due = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}");
            assert!(item["due_at"].as_str().unwrap().starts_with(&due), "{due} {item}");
        }
        // The other forms hold the same; a page stays a page.
        let people = get("list=open&format=csv-people").expect(200);
        assert!(people.body.contains(";'=HYPERLINK(1);") && people.body.starts_with('\u{feff}'), "{}", people.body);
        let programs = get("list=open&format=csv").expect(200).body;
        assert_eq!(programs.lines().count(), 206);
        assert!(programs.starts_with("case_number,procedure,"), "{programs}");
        let accepted = office.call("GET", "/api/v1/dossiers?list=open").token(&clerk)
            .header("Accept", "text/csv").send().expect(200);
        assert_eq!(accepted.body, programs);
        assert_eq!(get("list=open&format=json&limit=3").expect(200).json()["items"].as_array().unwrap().len(), 3);
        assert_eq!(fields(&get("format=xls").problem(400, "invalid-request")), ["format"]);
        // Nobody saves what they may not see.
        let other = office.token(Role::Clerk, FOREIGN);
        let none = office.call("GET", "/api/v1/dossiers?format=csv").token(&other).send().expect(200);
        assert_eq!(none.body.lines().count(), 1);
    }
}

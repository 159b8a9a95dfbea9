//! What people type, paste and scan: what looks the same is the same, and every number has one generous reader.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Office, Program, SAME_DAY, on_both};
use motcua::domain::role::Role;

fn receive(office: &Office, clerk: &str, applicant: Value, status: u16) -> Value {
    let mut body = office.new_dossier(COMMUNE, SAME_DAY);
    body["applicant"] = applicant;
    let call = office.call("POST", "/api/v1/dossiers").token(clerk);
    call.body(body).send().expect(status).json()
}

/// The case numbers that a search finds.
fn found(office: &Office, clerk: &str, text: &str) -> Vec<Value> {
    let call = office.call("POST", "/api/v1/dossiers/search").token(clerk);
    let found = call.body(json!({"text": text})).send().expect(200).json();
    let items = found["items"].as_array().unwrap().clone();
    items
        .into_iter()
        .map(|item| item["case_number"].clone())
        .collect()
}

on_both! {
    fn names_are_kept_and_found_as_they_look(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for (i, typed) in ["\u{d0}\u{1eb7}ng V\u{103}n H\u{f9}ng", "\u{189}ặng Văn Hu\u{300}ng", "Đặng\u{a0}Văn\u{200b} Hù\u{ad}ng "].into_iter().enumerate() {
            let made = receive(&office, &clerk, json!({"name": typed, "address": format!("\u{feff}Thôn  {i}")}), 201);
            assert_eq!(made["applicant"]["name"], "Đặng Văn Hùng", "{typed:?}");
            assert_eq!(made["applicant"]["address"], format!("Thôn {i}"));
        }
        for text in ["dang van hung", "Đặng Văn Hùng", "Ðặng Văn Hùng", "hung"] {
            assert_eq!(found(&office, &clerk, text).len(), 3, "{text}");
        }
        // A person of six words is found like any other.
        let long = json!({"name": "Công Tằng Tôn Nữ Thị Thử", "identity_number": "020185000123"});
        let long = receive(&office, &clerk, long, 201)["case_number"].clone();
        for text in ["thu", "thi thu", "nu thi thu", "Công Tằng Tôn Nữ Thị Thử"] {
            assert!(found(&office, &clerk, text).contains(&long), "{text}");
        }
        Program::on(db).output(&["verify"]);
    }
}

on_both! {
    fn who_has_a_passport_is_kept_and_found_by_it(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let applicant = json!({"name": "John Smith", "identity_number": "Hộ chiếu: e 12 345 678"});
        let dossier = receive(&office, &clerk, applicant, 201);
        let person = &dossier["applicant"];
        assert_eq!((&person["identity_kind"], &person["identity_masked"]), (&json!("passport"), &json!("******678")));
        for typed in ["E12345678", "e12345678", "HC E12345678"] {
            assert_eq!(found(&office, &clerk, typed), [dossier["case_number"].clone()], "{typed}");
        }
        assert_eq!(found(&office, &clerk, "E12345679"), Vec::<Value>::new());
        let wrong = receive(&office, &clerk, json!({"name": "John Smith", "identity_number": "EAB12345678"}), 400);
        assert_eq!(crate::support::fields(&wrong), ["/applicant/identity_number"]);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn every_spelling_of_a_phone_is_one_number(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let spellings = [
            "84912345678", "0084912345678", "+84 (0)912 345 678", "\u{202a}0912345678\u{202c}",
            "0912\u{2011}345\u{2011}678", "0912/345/678",
        ];
        for typed in spellings {
            let made = receive(&office, &clerk, json!({"name": "Lý Văn Dũng", "phone": typed}), 201);
            assert_eq!(made["applicant"]["phone"], "0912345678", "{typed}");
        }
        for text in spellings.into_iter().chain(["0912345678"]) {
            assert_eq!(found(&office, &clerk, text).len(), spellings.len(), "{text}");
        }
        for (typed, says) in [
            ("912345678", "thiếu số 0"), ("12345678", "không đúng"), ("000000000000000", "không đúng"),
        ] {
            let wrong = receive(&office, &clerk, json!({"name": "Lý Văn Dũng", "phone": typed}), 400);
            assert_eq!(wrong["errors"][0]["field"], "/applicant/phone", "{wrong}");
            assert!(wrong["errors"][0]["detail"].as_str().unwrap().contains(says), "{wrong}");
        }
        // A household business has its owner's number, a branch three digits more.
        for (typed, kept) in [("020185000123", "*********123"), ("4900123456001", "***********001")] {
            let made = receive(&office, &clerk, json!({"name": "Hộ kinh doanh Ánh", "tax_code": typed}), 201);
            assert_eq!(made["applicant"]["identity_masked"], kept, "{made}");
        }
    }
}

on_both! {
    fn a_look_up_code_is_read_without_loss(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let look = |made: &Value, code: &str| {
            let number = made["case_number"].as_str().unwrap();
            let address = format!("/api/v1/lookup?case_number={number}&code={}", code.replace(' ', "%20"));
            office.call("GET", address).send().status
        };
        let receive = || office.receive_as(&clerk, COMMUNE, SAME_DAY);
        let made: Vec<Value> = (0..12).map(|_| receive()).collect();
        let mut mistaken = 0;
        for made in &made {
            let code = made["look_up_code"].as_str().unwrap();
            let wrong: String = code.chars().map(|c| match c { 'O' => '0', 'I' => '1', 'B' => '8', c => c }).collect();
            let small = code.to_lowercase();
            let l: String = code.chars().map(|c| match c { 'I' => 'l', c => c }).collect();
            mistaken += usize::from(wrong != code) + usize::from(l != code);
            for typed in [code.to_owned(), wrong, small, l, format!("{} {}", &code[..5], &code[5..])] {
                assert_eq!(look(made, &typed), 200, "{code}: {typed}");
            }
        }
        assert!(mistaken > 0, "no code with a letter that looks like a digit");
        // Another code is another code all the same.
        assert_eq!(look(&made[0], made[1]["look_up_code"].as_str().unwrap()), 404);
    }
}

on_both! {
    fn a_case_number_is_read_as_a_citizen_types_it(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let made = office.receive_as(&clerk, COMMUNE, SAME_DAY);
        let (number, code) = (made["case_number"].as_str().unwrap(), made["look_up_code"].as_str().unwrap());
        let only = |c: char| c.is_ascii_alphanumeric();
        let typed = [
            number.replace('-', " "),
            number.to_lowercase(),
            number.chars().filter(|c| only(*c)).collect(),
            format!("{number}."),
            number.replace('0', "O"),
            format!("https://motcua.example/tra-cuu?so={number}&ma={code}"),
        ];
        for typed in typed {
            let query = serde_urlencoded::to_string([("case_number", typed.as_str()), ("code", code)]).unwrap();
            let found = office.call("GET", format!("/api/v1/lookup?{query}")).send().expect(200).json();
            assert_eq!(found["case_number"], number, "{typed}");
        }
        let rated = office.call("POST", "/api/v1/feedback").body(json!({
            "unit": COMMUNE.to_lowercase(), "content": "Phải chờ lâu", "case_number": number.replace('-', " "), "code": code,
        }));
        rated.header("Idempotency-Key", "typed-feedback-1").send().expect(201);
    }
}

on_both! {
    fn what_machines_add_is_no_part_of_a_name(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let made = receive(&office, &clerk, json!({"name": "Lê\u{7} Văn\tChuông", "address": "Thôn 1,\nxã A"}), 201);
        assert_eq!(made["applicant"]["name"], "Lê Văn Chuông");
        assert_eq!(made["applicant"]["address"], "Thôn 1, xã A");
        receive(&office, &clerk, json!({"name": "Y’ Bih Ayun"}), 201);
        for text in ["lê văn chuông", "LÊ VĂN CHUÔNG.", "le van chuong,", "y' bih ayun", "Y’ Bih", "y bih"] {
            assert_eq!(found(&office, &clerk, text).len(), 1, "{text}");
        }
        let admin = office.token(Role::Administrator, "H37");
        let body = json!({
            "username": "le.hai", "full_name": " Lê\tVăn\nHai ", "role": "clerk", "unit": COMMUNE.to_lowercase(),
            "password": "mot cau dai de nho",
        });
        let made = office.call("POST", "/api/v1/users").token(&admin).body(body).send().expect(201).json();
        assert_eq!(made["full_name"], "Lê Văn Hai");
    }
}

on_both! {
    fn no_number_that_a_spreadsheet_has_reckoned_with_is_taken(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for (field, typed) in [("identity_number", "82123456.0"), ("tax_code", "100109106.0"), ("tax_code", "490012345,00")] {
            let wrong = receive(&office, &clerk, json!({"name": "Lý Văn Dũng", field: typed}), 400);
            assert_eq!(wrong["errors"][0]["field"], format!("/applicant/{field}"), "{typed}");
        }
        let admin = office.token(Role::Administrator, "H37");
        let path = format!("/api/v1/units/{COMMUNE}");
        for lost in ["912345678", "2053812345", "0205 - 381"] {
            let unit = office.call("GET", &path).token(&admin).send().expect(200);
            let tag = unit.header("etag").to_owned();
            let call = office.call("PATCH", &path).token(&admin).header("If-Match", &tag);
            let wrong = call.body(json!({"phone": lost})).send().expect(400).json();
            assert_eq!(wrong["errors"][0]["field"], "/phone", "{lost}");
            let zero = wrong["errors"][0]["detail"].as_str().unwrap().contains("thiếu số 0 ở đầu");
            assert_eq!(zero, !lost.contains('-'), "{wrong}");
        }
        // Two with a dash between are two.
        let unit = office.call("GET", &path).token(&admin).send().expect(200);
        let call = office.call("PATCH", &path).token(&admin).header("If-Match", unit.header("etag"));
        let unit = call.body(json!({"phone": "0205.3812.345 - 0912.345.678"})).send().expect(200).json();
        assert_eq!(unit["phone"], "0205.3812.345, 0912.345.678");
    }
}

on_both! {
    fn a_password_is_the_same_however_its_marks_are_typed(db: &Database) {
        use unicode_normalization::UnicodeNormalization;
        let office = Office::open(db);
        let username = crate::support::hire(&office.world, Role::Clerk, COMMUNE);
        let old = crate::support::password(&username);
        let composed = "Chuỗi mật khẩu Ðủ dài\u{a0}đấy";
        let apart: String = composed.nfd().collect();
        let token = office.log_in(&username, &old).expect(201).json()["token"].as_str().unwrap().to_owned();
        let body = json!({"password": old, "new_password": apart});
        office.call("PUT", "/api/v1/me/password").token(&token).body(body).send().expect(204);
        for typed in [composed, &apart] {
            office.log_in(&username, typed).expect(201);
            let form = serde_urlencoded::to_string([("username", username.as_str()), ("password", typed)]).unwrap();
            let headers = [crate::support::FORM, crate::support::OURS];
            office.server.send("POST", "/dang-nhap", &headers, form.as_bytes()).expect(303);
        }
        office.log_in(&username, "Chuỗi mật khẩu Đủ dài đấy").expect(401);
    }
}

on_both! {
    fn days_are_asked_for_as_they_are_written_here(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        office.receive_as(&clerk, COMMUNE, SAME_DAY);
        let list = |query: &str| office.call("GET", format!("/api/v1/dossiers?list=all&{query}")).token(&clerk).send();
        for (query, found) in [("received_from=01/01/2020", 1), ("received_from=2020-01-01", 1), ("received_to=1/1/2020", 0)] {
            let items = list(query).expect(200).json()["items"].clone();
            assert_eq!(items.as_array().unwrap().len(), found, "{query}");
        }
        list("received_from=31/02/2020").expect(400);
    }
}

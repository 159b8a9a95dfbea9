//! The citizen's pages: following a dossier and rating it, submitting online, feedback, the public board.

use serde_json::{Value, json};

use crate::submissions::{code, outbox, with_sms};
use crate::support::{
    Answer, Browser, COMMUNE, Database, FORM, Kind, NEIGHBOUR, OURS, Office, Program, SAME_DAY,
    Visitor, arrive, find, held, is_page, look, on_both,
};
use motcua::domain::role::Role;

/// The most bytes of a page with its style.
const MOST: usize = 20_000;

/// Another procedure, of several steps.
const OTHER: &str = "1.001193";

fn post(office: &Office, path: &str, form: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(form).unwrap();
    let server = &office.server;
    server.send("POST", path, &[FORM, OURS], body.as_bytes())
}

/// Where the receipt's QR code leads.
fn address(dossier: &Value) -> String {
    let text = |name: &str| dossier[name].as_str().unwrap().to_owned();
    format!(
        "/tra-cuu?so={}&ma={}",
        text("case_number"),
        text("look_up_code")
    )
}

/// What people read of a page, in one line.
fn words(page: &Answer) -> String {
    let (_, main) = page.body.split_once("<main").unwrap();
    let mut words = String::new();
    let mut inside = true;
    for letter in main.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            letter if !inside => words.push(letter),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page with its style is small, holds nothing that its policy forbids and no technical word.
#[track_caller]
fn light(office: &Office, page: &Answer, status: u16) -> String {
    assert_eq!(page.status, status, "{}", page.body);
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    let (_, rest) = page.body.split_once("href=\"/static/").unwrap();
    let style = rest.split('"').next().unwrap();
    let style = office.server.get(&format!("/static/{style}")).expect(200);
    let size = page.body.len() + style.body.len();
    assert!(size < MOST, "{size} bytes: {}", page.body);
    let words = words(page);
    for technical in [
        "<script", "<style", " style=", "http://", "https://", "urn:", "null", "None", "Some(",
    ] {
        assert!(
            !page.body.contains(technical),
            "{technical} in {}",
            page.body
        );
    }
    words
}

/// Does `actions` with a dossier, as whoever may.
fn act(office: &mut Office, dossier: &Value, actions: &[(&str, Value)]) {
    let supervisor = office.token(Role::Supervisor, COMMUNE);
    for (action, body) in actions {
        let number = dossier["case_number"].as_str().unwrap();
        let path = format!("/api/v1/dossiers/{number}/{action}");
        let call = office.call("POST", path).token(&supervisor);
        call.header("If-Match", "*")
            .body(body.clone())
            .send()
            .expect(200);
    }
}

#[test]
fn the_address_alone_leads_on() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let send = |headers: &[(&str, &str)]| office.server.send("GET", "/", headers, b"").expect(303);
    assert_eq!(send(&[]).header("location"), "/tra-cuu");
    let staff = [("Cookie", "motcua=x")];
    assert_eq!(send(&staff).header("location"), "/ho-so");
}

on_both! {
    fn what_was_submitted_online_came_when_it_was_submitted_and_its_receipt_names_who_took_it_in(db: &Database) {
        let mut office = Office::for_browsers(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let mut request = office.world.request(COMMUNE, SAME_DAY);
        request.channel = motcua::domain::dossier::Channel::Online;
        let before = motcua::clock::now().plus_millis(-3_600_000);
        let submitted = motcua::acts::receive::register(&office.world.store, &request, crate::support::occasion(before));
        let path = format!("/api/v1/dossiers/{}", submitted.unwrap().case_number);
        let received = office.call("POST", format!("{path}/receive")).token(&clerk).header("If-Match", "*");
        let dossier = received.body(json!({})).send().expect(200).json();
        let number = dossier["case_number"].as_str().unwrap();
        let code = dossier["look_up_code"].as_str().unwrap();
        let seen = office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send().expect(200).json();
        assert_eq!(seen["stages"][0]["at"], json!(before), "{seen}");
        assert_ne!(seen["stages"][1]["at"], json!(before), "{seen}");
        // Whoever prints it.
        let printer = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let receipt = printer.get(&format!("/ho-so/{number}/giay-tiep-nhan")).expect(200).body;
        let signed = receipt.split("Người tiếp nhận hồ sơ").nth(1).unwrap();
        let by = dossier_clerk(&office, number, &clerk);
        assert!(signed.contains(&by), "{by} in {signed}");
    }
}

/// The full name of whoever took it in.
fn dossier_clerk(office: &Office, number: &str, token: &str) -> String {
    let call = office.call("GET", format!("/api/v1/dossiers/{number}/events"));
    let events = call.token(token).send().expect(200).json();
    let mut events = events.as_array().unwrap().iter();
    let received = events.find(|event| event["kind"] == "received").unwrap();
    received["staff"]["full_name"].as_str().unwrap().to_owned()
}

on_both! {
    fn a_receipt_leads_to_the_answer_and_a_form_does_too(db: &Database) {
        let mut office = Office::open(db);
        let administrator = office.token(Role::Administrator, "H37");
        let desk = json!({"address": "Thôn Khòn Cải", "phone": "0205 3812 345, 1022"});
        office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&administrator)
            .header("If-Match", "*").body(desk).send().expect(200);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let number = dossier["case_number"].as_str().unwrap();
        let code = dossier["look_up_code"].as_str().unwrap();

        let empty = office.server.get("/tra-cuu");
        assert!(light(&office, &empty, 200).contains("Mã tra cứu"));
        let page = office.server.get(&format!("{}&zarsrc=1", address(&dossier)));
        let read = light(&office, &page, 200);
        let due = dossier["due_at"].as_str().unwrap();
        for expected in [
            number, "Hẹn trả kết quả: ", "Tiếp nhận đã xong", "Giải quyết đang làm", "Trả kết quả chưa",
            "Thôn Khòn Cải", "Thứ Hai đến thứ Sáu: 07:30–12:00, 13:30–17:00", &due[..2],
        ] {
            assert!(read.contains(expected), "{expected} in {read}");
        }
        assert!(page.body.contains("href=\"tel:02053812345\">0205 3812 345</a>"), "{}", page.body);
        assert!(page.body.contains("aria-current=\"step\""), "{}", page.body);
        // Nothing of the person, who did not type it here.
        for personal in ["Ánh", "Nguyễn", "0912345678", "020185000123", "Thành phố Lạng Sơn"] {
            assert!(!page.body.contains(personal), "{personal} in {}", page.body);
        }
        assert_eq!(page.header("cache-control"), "no-store");
        // Typed, with the code as people copy it; no address comes into being.
        let small = format!(" {} {}", code[..5].to_lowercase(), &code[5..]);
        let typed = post(&office, "/tra-cuu", &[("so", number), ("ma", &small)]);
        assert!(light(&office, &typed, 200).contains("Hẹn trả kết quả: "));

        // What is wrong is told, and what was typed stays.
        let wrong = post(&office, "/tra-cuu", &[("so", number), ("ma", "AAAAABBBBB")]);
        let read = light(&office, &wrong, 404);
        assert!(read.contains("Xin so từng chữ với giấy tiếp nhận"), "{read}");
        for kept in [number, "AAAAABBBBB", "<title>Lỗi: ", "href=\"#ma\"", "aria-invalid=\"true\""] {
            assert!(wrong.body.contains(kept), "{kept} in {}", wrong.body);
        }
        let wrong = post(&office, "/tra-cuu", &[("so", "H37 gì đó <b>"), ("ma", " ")]);
        let read = light(&office, &wrong, 400);
        assert!(read.contains("Nhập mã tra cứu"), "{read}");
        assert!(wrong.body.contains("H37 gì đó &#60;b&#62;"), "{}", wrong.body);
        let wrong = post(&office, "/tra-cuu", &[("so", "H37 gì đó"), ("ma", code)]);
        light(&office, &wrong, 400);
        assert!(wrong.body.contains("href=\"#so\""), "{}", wrong.body);
        // From another site nothing is taken.
        office.server.send("POST", "/tra-cuu", &[FORM, ("Sec-Fetch-Site", "cross-site")], b"so=1&ma=2").expect(403);
    }
}

on_both! {
    fn every_turn_of_a_dossier_is_told(db: &Database) {
        let mut office = Office::open(db);
        let read = |office: &Office, dossier: &Value| light(office, &office.server.get(&address(dossier)), 200);
        let told = |office: &Office, dossier: &Value, expected: &[&str]| {
            let read = read(office, dossier);
            for expected in expected {
                assert!(read.contains(expected), "{expected} in {read}");
            }
        };

        let dossier = office.receive(COMMUNE, OTHER);
        let paper = dossier["items"][0]["name"].as_str().unwrap().to_owned();
        act(&mut office, &dossier, &[
            ("hand-over", json!({"step": 1})),
            ("request-supplement", json!({"reason": "Bản sao bị mờ", "items": [0]})),
        ]);
        told(&office, &dossier, &[
            "Hồ sơ đang chờ ông/bà bổ sung giấy tờ", "Việc cần làm", &paper, "Bản sao bị mờ",
            "Bổ sung giấy tờ đang chờ người nộp", "Giải quyết chưa",
        ]);
        act(&mut office, &dossier, &[
            ("take-supplement", json!({"items": [{"position": 0, "originals": 1}]})),
            ("request-payment", json!({"amount_vnd": 125_000, "reason": "Phí thẩm định"})),
        ]);
        told(&office, &dossier, &["Nộp 125.000 đồng", "Phí thẩm định", "Nộp phí, lệ phí đang chờ người nộp"]);
        act(&mut office, &dossier, &[("take-payment", json!({"amount_vnd": 125_000}))]);
        let going_on = read(&office, &dossier);
        assert!(going_on.contains("Giải quyết đang làm") && !going_on.contains("Việc cần làm"), "{going_on}");
        act(&mut office, &dossier, &[("stop", json!({"reason": "Có tranh chấp"}))]);
        told(&office, &dossier, &["đã dừng giải quyết hồ sơ", "Lý do: Có tranh chấp", "Dừng giải quyết đã xong"]);
        assert!(!read(&office, &dossier).contains("Trả kết quả chưa"));

        let dossier = office.receive(COMMUNE, SAME_DAY);
        act(&mut office, &dossier, &[("withdraw", json!({"reason": "Không cần nữa"}))]);
        told(&office, &dossier, &["đã được rút", "Rút hồ sơ đã xong"]);

        let dossier = office.receive(COMMUNE, SAME_DAY);
        act(&mut office, &dossier, &[
            ("hand-over", json!({"step": 1})),
            ("finish", json!({"decision": "refused", "reason": "Bản chính bị tẩy xóa"})),
        ]);
        told(&office, &dossier, &["bị từ chối giải quyết", "Bản chính bị tẩy xóa", "Mời ông/bà đến nhận tại"]);
        // Nobody pays for a refusal.
        assert!(!read(&office, &dossier).contains("còn phải nộp"));
        let number = dossier["case_number"].as_str().unwrap();
        let form = Visitor::log_in(&office, "h37.20.01.clerk").get(&format!("/ho-so/{number}/tra-ket-qua")).expect(200).body;
        assert!(!form.contains("Chưa nộp phí, lệ phí"), "{form}");
        // What is owed for a result is said to whoever fetches it, and to whoever gives it out.
        let granted = office.receive(COMMUNE, SAME_DAY);
        act(&mut office, &granted, &[
            ("hand-over", json!({"step": 1})),
            ("hand-over", json!({"step": 2})),
            ("finish", json!({"decision": "approved"})),
        ]);
        told(&office, &granted, &["Phí, lệ phí còn phải nộp: Phí chứng thực bản sao từ bản chính: 2.000 đồng"]);
        let path = format!("/ho-so/{}/tra-ket-qua", granted["case_number"].as_str().unwrap());
        let form = Visitor::log_in(&office, "h37.20.01.clerk").get(&path).expect(200).body;
        assert!(form.contains("Chưa nộp phí, lệ phí: Phí chứng thực bản sao từ bản chính: 2.000"), "{form}");
        act(&mut office, &dossier, &[("return", json!({"channel": "direct"}))]);
        told(&office, &dossier, &["bị từ chối giải quyết; đã trả văn bản từ chối lúc"]);
        // No step reads as done that nobody has done, and the register says what came of it.
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let page = clerk.get(&format!("/ho-so/{number}")).expect(200).body;
        assert!(page.contains("Ký chứng thực, đóng dấu <small>– không thực hiện"), "{page}");
        let book = clerk.get("/so-theo-doi").expect(200).body;
        assert!(book.contains("Ghi chú\">Từ chối giải quyết"), "{book}");
        let note = clerk.post(&format!("/ho-so/{number}/ghi-chu"), &[("note", "CCCD 020 185 000 123")]);
        is_page(&note, 400);
        assert!(note.body.contains("hông ghi số định danh ở đây"), "{}", note.body);
    }
}

on_both! {
    fn whoever_has_the_result_may_say_how_it_was(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let number = dossier["case_number"].as_str().unwrap();
        let code = dossier["look_up_code"].as_str().unwrap();
        let rate = |office: &Office, level: &str, comment: &str| {
            let form = [("so", number), ("ma", code), ("muc", level), ("y_kien", comment)];
            post(office, "/tra-cuu/danh-gia", &form)
        };
        // Not before the result is there.
        assert!(!office.server.get(&address(&dossier)).body.contains("danh-gia"));
        light(&office, &rate(&office, "5", ""), 409);
        act(&mut office, &dossier, &[
            ("hand-over", json!({"step": 1})), ("hand-over", json!({"step": 2})),
            ("finish", json!({"decision": "approved"})), ("return", json!({})),
        ]);
        let page = office.server.get(&address(&dossier));
        let read = light(&office, &page, 200);
        assert!(read.contains("Trả kết quả đã xong") && read.contains("Rất hài lòng"), "{read}");
        // Nothing chosen: what was written stays.
        let wrong = rate(&office, "", "Cán bộ tận tình");
        let read = light(&office, &wrong, 400);
        assert!(read.contains("Chọn một mức độ hài lòng") && read.contains("Cán bộ tận tình"), "{read}");
        let thanked = light(&office, &rate(&office, "4", "Cán bộ tận tình"), 200);
        assert!(thanked.contains("Cảm ơn"), "{thanked}");
        // Sent once more by the browser.
        assert!(light(&office, &rate(&office, "4", "Cán bộ tận tình"), 200).contains("Cảm ơn"));
        assert!(!office.server.get(&address(&dossier)).body.contains("danh-gia"));
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let comments = office.call("GET", "/api/v1/reports/satisfaction/comments").token(&supervisor).send().json();
        assert_eq!((&comments["items"][0]["rating"], comments["items"].as_array().unwrap().len()), (&json!(4), 1));
        // Without the code there is nothing to rate.
        let guessed = post(&office, "/tra-cuu/danh-gia", &[("so", number), ("ma", "AAAAABBBBB"), ("muc", "1")]);
        light(&office, &guessed, 404);
    }
}

on_both! {
    fn guessing_is_limited_and_codes_are_in_no_log(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nlook_up_address = { burst = 4, each_seconds = 600 }\n").unwrap();
        let log = db.folder().join("log");
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap()).log_to(&log);
        let mut office = Office::open_with(db, program);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let (number, code) = (dossier["case_number"].as_str().unwrap(), dossier["look_up_code"].as_str().unwrap());
        light(&office, &office.server.get(&address(&dossier)), 200);
        let guess = || post(&office, "/tra-cuu", &[("so", number), ("ma", "AAAAAAAAAA")]);
        let statuses: Vec<u16> = (0..6).map(|_| guess().status).collect();
        assert_eq!(statuses, [404, 404, 404, 404, 429, 429]);
        let blocked = guess();
        let read = light(&office, &blocked, 429);
        assert!(read.contains("thử lại sau"), "{read}");
        assert!(blocked.header("retry-after").parse::<u64>().unwrap() > 0);
        drop(office);
        let log = std::fs::read_to_string(&log).unwrap();
        assert!(log.contains("/tra-cuu"), "{log}");
        assert!(!log.contains(code) && !log.contains(number) && !log.contains("AAAAAAAAAA"), "{log}");
    }
}

/// A field's value as the page holds it, with what stands in its address.
fn in_address(address: &str, name: &str) -> String {
    let (_, query) = address.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    pairs
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
}

on_both! {
    fn a_citizen_submits_by_forms_and_keeps_the_look_up(db: &Database) {
        let mut office = Office::open_with(db, with_sms(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let get = |path: &str| office.server.get(path);
        let read = light(&office, &get("/nop-ho-so?tim=CHUNG+thuc+ban+sao"), 200);
        assert!(read.contains("Chứng thực bản sao"), "{read}");
        let offered = get("/nop-ho-so?tim=chung+thuc+ban+sao");
        assert!(offered.body.contains(&format!("href=\"/nop-ho-so?thu_tuc={SAME_DAY}\"")), "{}", offered.body);
        let none = light(&office, &get("/nop-ho-so?tim=khong+co+thu+tuc+nay"), 200);
        assert!(none.contains("Không tìm thấy"), "{none}");
        let unit = office.world.store.reference().unwrap().units().by_code(COMMUNE).unwrap().name.clone();
        let choose = get(&format!("/nop-ho-so?thu_tuc={SAME_DAY}&tim={}", COMMUNE.to_lowercase()));
        assert!(light(&office, &choose, 200).contains(&unit), "{}", choose.body);
        let place = format!("/nop-ho-so?thu_tuc={SAME_DAY}&don_vi={COMMUNE}");
        assert!(choose.body.contains(&place.replace('&', "&#38;")), "{}", choose.body);
        let form = get(&place);
        let read = light(&office, &form, 200);
        for expected in ["Giấy tờ cần có", "Người nộp", "Để nhận mã xác nhận", "trong ngày"] {
            assert!(read.contains(expected), "{expected} in {read}");
        }
        let key = held(&form.body, "khoa");
        let filled = |name: &str, phone: &str| {
            let form = [
                ("khoa", key.as_str()), ("unit", COMMUNE), ("procedure", SAME_DAY), ("applicant/name", name),
                ("applicant/identity_number", "020185000123"), ("applicant/tax_code", ""), ("applicant/phone", phone),
                ("applicant/email", ""), ("applicant/address", ""), ("return_channel", "direct"),
            ];
            post(&office, "/nop-ho-so", &form)
        };
        // What was typed stays, and what is wrong is said at its field.
        let wrong = filled("", "12");
        let read = light(&office, &wrong, 400);
        assert!(read.contains("Chưa gửi được") && read.contains("Số điện thoại không đúng"), "{read}");
        for kept in ["value=\"12\"", "href=\"#applicant/phone\"", "href=\"#applicant/name\"", &key] {
            assert!(wrong.body.contains(kept), "{kept} in {}", wrong.body);
        }
        let wrong = filled("Lý Văn An", "");
        assert!(light(&office, &wrong, 400).contains("để nhận mã xác nhận"), "{}", wrong.body);
        // A double click is one submission.
        let sent = filled("Lý Văn An", "0912345678").expect(303);
        assert_eq!(filled("Lý Văn An", "0912345678").expect(303).header("location"), sent.header("location"));
        assert_eq!(outbox(db).len(), 1);
        let place = sent.header("location").to_owned();
        let read = light(&office, &get(&place), 200);
        assert!(read.contains("*******678 qua tin nhắn"), "{read}");
        let right = code(&outbox(db)[0].2);
        let guess = if right == "000000" { "000001" } else { "000000" };
        let wrong = post(&office, &place, &[("code", guess)]);
        assert!(light(&office, &wrong, 400).contains("Mã xác nhận không đúng; còn 4 lần thử"), "{}", wrong.body);
        let confirmed = post(&office, &place, &[("code", &right)]).expect(303).header("location").to_owned();
        assert_eq!(post(&office, &place, &[("code", &right)]).expect(303).header("location"), confirmed);
        let page = get(&confirmed);
        let read = light(&office, &page, 200);
        for expected in [
            "Đã đăng ký hồ sơ", "Nộp trực tuyến đã xong", "Tiếp nhận đang làm", "Giải quyết chưa",
            "Khi hồ sơ được tiếp nhận, ngày hẹn trả kết quả sẽ hiện ở đây",
        ] {
            assert!(read.contains(expected), "{expected} in {read}");
        }
        // A week later the kept address says how it went on.
        let number = in_address(&confirmed, "so");
        let call = office.call("POST", format!("/api/v1/dossiers/{number}/not-receive")).token(&clerk);
        call.header("If-Match", "*").body(json!({"reason": "ảnh chụp không rõ"})).send().expect(200);
        let read = light(&office, &get(&confirmed.replace("&moi=1", "")), 200);
        for expected in ["không được tiếp nhận", "Lý do: ảnh chụp không rõ", "Không tiếp nhận đã xong"] {
            assert!(read.contains(expected), "{expected} in {read}");
        }
        // What is none, or no more.
        for gone in ["/nop-ho-so/1", "/nop-ho-so/01890000-0000-7000-8000-000000000000"] {
            assert!(light(&office, &get(gone), 404).contains("Nộp lại từ đầu"));
            light(&office, &post(&office, gone, &[("code", "000000")]), 404);
        }
        light(&office, &get("/nop-ho-so?thu_tuc=9.999999&don_vi=H37"), 400);
        light(&office, &get(&format!("/nop-ho-so?thu_tuc={SAME_DAY}&don_vi=H99")), 400);
    }
}

on_both! {
    fn feedback_goes_in_by_a_form_and_is_read_when_it_is_answered(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let get = |path: &str| office.server.get(path);
        assert!(light(&office, &get("/phan-anh"), 200).contains("Gửi tới cơ quan nào?"));
        let found = get(&format!("/phan-anh?tim={COMMUNE}"));
        assert!(found.body.contains(&format!("href=\"/phan-anh?don_vi={COMMUNE}\"")), "{}", found.body);
        let form = get(&format!("/phan-anh?don_vi={COMMUNE}"));
        light(&office, &form, 200);
        let key = held(&form.body, "khoa");
        let send = |content: &str, number: &str| {
            let form = [
                ("khoa", key.as_str()), ("unit", COMMUNE), ("kind", "proposal"), ("content", content),
                ("case_number", number), ("code", ""), ("name", ""), ("phone", ""), ("email", ""),
            ];
            post(&office, "/phan-anh", &form)
        };
        let wrong = send("Nên mở cửa\nsáng thứ Bảy", "H37.20.01-210301-0001");
        let read = light(&office, &wrong, 400);
        assert!(read.contains("Cần cùng với mã hồ sơ") && read.contains("sáng thứ Bảy"), "{read}");
        let sent = send("Nên mở cửa\nsáng thứ Bảy", "").expect(303);
        let place = sent.header("location").to_owned();
        assert_eq!(send("Nên mở cửa\nsáng thứ Bảy", "").expect(303).header("location"), place);
        let read = light(&office, &get(&place), 200);
        assert!(read.contains("Đã tiếp nhận") && read.contains("Chưa có câu trả lời"), "{read}");
        let id = place.split(['/', '?']).nth(2).unwrap().to_owned();
        light(&office, &get(&format!("/phan-anh/{id}?ma=AAAAAAAAAAAAAAAA")), 404);
        light(&office, &get(&format!("/phan-anh/{id}")), 200);
        let act = |action: &str, body: Value| {
            let call = office.call("POST", format!("/api/v1/feedback/{id}/{action}")).token(&supervisor);
            call.header("If-Match", "*").body(body).send().expect(200);
        };
        act("answer", json!({"answer": "Từ tháng sau sẽ mở"}));
        assert!(light(&office, &get(&place), 200).contains("Từ tháng sau sẽ mở"));
        assert!(!light(&office, &get("/phan-anh"), 200).contains("Từ tháng sau"));
        act("publish", json!({"content": "Nên mở sáng thứ Bảy", "answer": "Sẽ mở từ tháng sau"}));
        for (path, shown) in [("/phan-anh".to_owned(), true), (format!("/phan-anh?don_vi={COMMUNE}"), true), (format!("/phan-anh?don_vi={NEIGHBOUR}"), false)] {
            let read = light(&office, &get(&path), 200);
            assert_eq!(read.contains("Kiến nghị tới") && read.contains("Sẽ mở từ tháng sau"), shown, "{path}: {read}");
        }
        // On the board too.
        let board = get(&format!("/bang/{COMMUNE}"));
        assert!(light(&office, &board, 200).contains("Nên mở sáng thứ Bảy"), "{}", board.body);
    }
}

on_both! {
    fn a_board_shows_a_units_figures_to_everybody(db: &Database) {
        let mut office = Office::open(db);
        let done = office.receive(COMMUNE, SAME_DAY);
        act(&mut office, &done, &[
            ("hand-over", json!({"step": 1})), ("hand-over", json!({"step": 2})),
            ("finish", json!({"decision": "approved"})),
        ]);
        office.receive(COMMUNE, SAME_DAY);
        office.receive(NEIGHBOUR, SAME_DAY);
        let board = office.server.get(&format!("/bang/{COMMUNE}"));
        let read = light(&office, &board, 200);
        assert!(board.body.contains("http-equiv=\"refresh\""), "{}", board.body);
        for expected in ["Hôm nay, ", "Tiếp nhận 2 ", "Đã giải quyết 1 ", "đúng hạn 100,00%", "Trong hạn 1 ", "ngày hẹn trả đầu tiên"] {
            assert!(read.contains(expected), "{expected} in {read}");
        }
        // A unit with those under it; nothing of any person.
        let whole = office.server.get("/bang/H37");
        assert!(light(&office, &whole, 200).contains("Tiếp nhận 3 "), "{}", whole.body);
        assert!(!whole.body.contains("Ánh"), "{}", whole.body);
        office.server.get("/bang/H99").expect(404);
    }
}

#[test]
fn a_telephone_submits_and_follows() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open_with(&db, with_sms(&db));
    office.token(Role::Clerk, COMMUNE);
    let dossier = office.receive(COMMUNE, OTHER);
    act(
        &mut office,
        &dossier,
        &[
            ("hand-over", json!({"step": 1})),
            (
                "request-supplement",
                json!({"reason": "Bản sao bị mờ, không đọc được số", "items": [0]}),
            ),
        ],
    );
    let returned = office.receive(COMMUNE, SAME_DAY);
    act(
        &mut office,
        &returned,
        &[
            ("hand-over", json!({"step": 1})),
            ("hand-over", json!({"step": 2})),
            ("finish", json!({"decision": "approved"})),
            ("return", json!({})),
        ],
    );
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    actix_web::rt::System::new().block_on(async {
        let client = browser.open().await;
        let go = async |path: &str| client.goto(&format!("{url}{path}")).await.unwrap();
        let fill = async |field: &str, text: &str| {
            find(&client, field).await.send_keys(text).await.unwrap();
        };

        // Enter is enough, from the search to the confirmed dossier.
        go("/nop-ho-so").await;
        look(&client, "citizen-submit").await;
        fill("#tim", "chung thuc ban sao\u{e007}").await;
        arrive(&client, "/nop-ho-so").await;
        let link = format!("a[href*='thu_tuc={SAME_DAY}']");
        look(&client, "citizen-procedures").await;
        find(&client, &link).await.click().await.unwrap();
        fill("#tim", &format!("{COMMUNE}\u{e007}")).await;
        let link = format!("a[href*='don_vi={COMMUNE}']");
        find(&client, &link).await.click().await.unwrap();
        fill("[id='applicant/name']", "Lý Văn An").await;
        fill("[id='applicant/phone']", "12\u{e007}").await;
        arrive(&client, "/nop-ho-so").await;
        look(&client, "citizen-submit-wrong").await;
        // The summary has the focus, and leads to the field.
        let summary = find(&client, "#errors").await;
        assert!(
            summary.text().await.unwrap().contains("Số điện thoại"),
            "the summary"
        );
        assert!(client.title().await.unwrap().starts_with("Lỗi: "));
        let name = find(&client, "[id='applicant/name']")
            .await
            .prop("value")
            .await
            .unwrap();
        assert_eq!(name.as_deref(), Some("Lý Văn An"));
        let phone = find(&client, "[id='applicant/phone']").await;
        phone.clear().await.unwrap();
        phone.send_keys("0912345678\u{e007}").await.unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !client
            .current_url()
            .await
            .unwrap()
            .path()
            .starts_with("/nop-ho-so/")
        {
            assert!(std::time::Instant::now() < until, "no page for the code");
        }
        look(&client, "citizen-code").await;
        // Among what is sent about the other dossiers.
        let sent = outbox(&db).into_iter().rev();
        let mut codes = sent
            .filter(|(.., body)| body.contains("\"until\""))
            .map(|(.., body)| code(&body));
        let right = codes.next().unwrap();
        fill("#code", &format!("{right}\u{e007}")).await;
        arrive(&client, "/tra-cuu").await;
        look(&client, "citizen-registered").await;
        let main = find(&client, "main").await.text().await.unwrap();
        assert!(main.contains("Đã đăng ký hồ sơ"), "{main}");

        // From the receipt's code at once.
        go(&address(&dossier)).await;
        look(&client, "citizen-asked").await;
        let asked = find(&client, ".asked").await.text().await.unwrap();
        assert!(asked.contains("Bản sao bị mờ"), "{asked}");
        // Typed, with a mistake at first.
        go("/tra-cuu").await;
        look(&client, "citizen-look-up").await;
        fill("#so", returned["case_number"].as_str().unwrap()).await;
        fill("#ma", "AAAAABBBBB\u{e007}").await;
        find(&client, "#errors").await;
        look(&client, "citizen-look-up-wrong").await;
        let field = find(&client, "#ma").await;
        field.clear().await.unwrap();
        let right = returned["look_up_code"].as_str().unwrap().to_lowercase();
        field.send_keys(&format!("{right}\u{e007}")).await.unwrap();
        find(&client, "input[name=muc][value='5']")
            .await
            .click()
            .await
            .unwrap();
        look(&client, "citizen-returned").await;
        find(&client, "form[action='/tra-cuu/danh-gia'] button")
            .await
            .click()
            .await
            .unwrap();
        arrive(&client, "/tra-cuu/danh-gia").await;
        let thanks = find(&client, "[role=status]").await.text().await.unwrap();
        assert!(thanks.contains("Cảm ơn"), "{thanks}");
        go(&format!("/phan-anh?don_vi={COMMUNE}")).await;
        look(&client, "citizen-feedback").await;
        go(&format!("/bang/{COMMUNE}")).await;
        look(&client, "board").await;
        client.close().await.unwrap();
    });
}

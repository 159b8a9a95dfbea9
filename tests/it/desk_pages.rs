//! The pages of the desk: a dossier is taken in, handled, printed and given out, all by forms.

use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::support::{
    Browser, COMMUNE, Database, FOREIGN, Kind, Office, SAME_DAY, Visitor, arrive, at, enter, find,
    held, hire, is_page, look, on_both, print,
};
use motcua::domain::dossier::{Action, Channel, Correction};
use motcua::domain::role::Role;

const CARD: &str = "020185000123||Nguyễn Thị Ánh|05031985|Nữ|Thôn Nà Lốc, Lạng Sơn|10052021";
const FORM: &str = "/ho-so/tiep-nhan?thu-tuc=2.000815";

/// What the form for a same-day certification brings, with the key of a form that was opened.
fn filled<'a>(key: &'a str, phone: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("khoa", key),
        ("thu-tuc", SAME_DAY),
        ("the", ""),
        ("applicant/name", "Nguyễn Thị Ánh"),
        ("applicant/identity_number", "020185000123"),
        ("applicant/phone", phone),
        ("applicant/address", "Thôn Nà Lốc, Lạng Sơn"),
        ("items/0/originals", "1"),
        ("items/0/copies", "0"),
        ("items/1/originals", "0"),
        ("items/1/copies", "2"),
        ("channel", "direct"),
        ("return_channel", "direct"),
        ("sets", "1"),
        ("assignee", ""),
        ("applicant/notify_by", ""),
        ("paid/method", "cash"),
    ]
}

/// Takes a dossier in by the form; its number.
fn receive(clerk: &Visitor<'_>, accept: bool) -> String {
    let form = clerk.get(FORM).expect(200).body;
    let key = held(&form, "khoa");
    let mut fields = filled(&key, "0912345678");
    if accept {
        fields.push(("accept", "duplicate_dossier"));
    }
    let answer = clerk.post("/ho-so/tiep-nhan", &fields).expect(303);
    let place = answer.header("location");
    let number = place.strip_prefix("/ho-so/").unwrap();
    number.split('/').next().unwrap().to_owned()
}

on_both! {
    fn a_dossier_is_taken_in_from_the_card_to_the_receipt(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let found = clerk.get("/ho-so/tiep-nhan?tim=ctbs");
        match found.status {
            303 => assert_eq!(found.header("location"), FORM),
            _ => assert!(found.body.contains(FORM), "{}", found.body),
        }
        let none = clerk.get("/ho-so/tiep-nhan?tim=zzzz");
        is_page(&none, 200);
        assert!(none.body.contains("Thử gõ ít chữ hơn"), "{}", none.body);

        let form = clerk.get(FORM);
        is_page(&form, 200);
        // When it is due, and how that is counted, is known before anything is saved.
        assert!(form.body.contains("Hẹn trả: "), "{}", form.body);
        assert!(form.body.contains("Giải quyết trong ngày"), "{}", form.body);
        let key = held(&form.body, "khoa");

        let read = clerk.post("/ho-so/tiep-nhan", &[("khoa", &key), ("thu-tuc", SAME_DAY), ("the", CARD)]);
        is_page(&read, 200);
        assert!(read.body.contains("Đã đọc thẻ: Nguyễn Thị Ánh"), "{}", read.body);
        assert_eq!(held(&read.body, "applicant/name"), "Nguyễn Thị Ánh");
        assert_eq!(held(&read.body, "applicant/identity_number"), "020185000123");
        assert_eq!(held(&read.body, "khoa"), key);
        let torn = clerk.post("/ho-so/tiep-nhan", &[("khoa", &key), ("thu-tuc", SAME_DAY), ("the", "0201|x")]);
        is_page(&torn, 400);
        assert!(torn.body.contains("<title>Lỗi: "), "{}", torn.body);

        let wrong = clerk.post("/ho-so/tiep-nhan", &filled(&key, "12"));
        is_page(&wrong, 400);
        assert!(wrong.body.contains("<title>Lỗi: "), "{}", wrong.body);
        assert!(wrong.body.contains("href=\"#applicant/phone\">Điện thoại: "), "{}", wrong.body);
        assert_eq!(held(&wrong.body, "applicant/phone"), "12");
        assert_eq!(held(&wrong.body, "items/1/copies"), "2");

        // A receipt's number, and nothing that was paid.
        let mut forgotten = filled(&key, "0912345678");
        forgotten.push(("paid/receipt", "BL-1"));
        let asked = clerk.post("/ho-so/tiep-nhan", &forgotten);
        is_page(&asked, 400);
        assert!(asked.body.contains("chưa đánh dấu khoản nào đã thu"), "{}", asked.body);
        // What is to be collected is said before it is written down.
        for (typed, said) in [
            (vec![("paid/fees", "0"), ("paid/pages/0", "2x3, 1")], "Thu: 12.000 đồng"),
            (vec![("paid/pages/0", "10")], "12.000 đồng; chưa đánh dấu"),
        ] {
            let mut looked = filled(&key, "0912345678");
            looked.extend(typed);
            looked.push(("buoc", "xem"));
            let looked = clerk.post("/ho-so/tiep-nhan", &looked).expect(200).body;
            assert!(looked.contains(said), "{said}: {looked}");
        }
        // So many pages of each copy.
        let mut unread = filled(&key, "0912345678");
        unread.extend([("paid/fees", "0"), ("paid/pages/0", "năm")]);
        let asked = clerk.post("/ho-so/tiep-nhan", &unread);
        is_page(&asked, 400);
        assert!(asked.body.contains("href=\"#paid/pages/0\">Số trang từng bản"), "{}", asked.body);
        // All that is wrong is said at once.
        let mut both = filled(&key, "0912345678");
        both.extend([("paid/fees", "0"), ("paid/pages/0", "năm"), ("at/moment", "hôm kia")]);
        let asked = clerk.post("/ho-so/tiep-nhan", &both);
        is_page(&asked, 400);
        for field in ["paid/pages/0", "at/moment"] {
            assert!(asked.body.contains(&format!("href=\"#{field}\"")), "{field} in {}", asked.body);
        }

        let mut paid = filled(&key, "0912 345 678");
        paid.push(("paid/pages/0", "2x5"));
        paid.push(("paid/fees", "0"));
        let first = clerk.post("/ho-so/tiep-nhan", &paid).expect(303);
        let place = first.header("location").to_owned();
        // A double click.
        let second = clerk.post("/ho-so/tiep-nhan", &paid).expect(303);
        assert_eq!(second.header("location"), place);
        assert_eq!(db.value("select count(*) from dossiers"), "1");
        // The same form with something else in it.
        let other = clerk.post("/ho-so/tiep-nhan", &filled(&key, "0987654321"));
        is_page(&other, 422);
        assert!(other.body.contains("đã được tiếp nhận với nội dung khác"), "{}", other.body);

        let receipt = clerk.get(&place);
        is_page(&receipt, 200);
        let number = place.split('/').nth(2).unwrap();
        for said in [
            number, "Nguyễn Thị Ánh", "Mẫu số 01", "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "<svg", "Nhận tiếp",
            "thu-tuc=2.000815", "Bản sao cần chứng thực (2 bản sao)",
        ] {
            assert!(receipt.body.contains(said), "{said} in {}", receipt.body);
        }
        assert!(!receipt.body.contains("020185000123"), "no number on paper: {}", receipt.body);
        let dossier = clerk.get(&format!("/ho-so/{number}")).expect(200).body;
        assert!(dossier.contains("số trang từng bản: 2x5; 14.000"), "{dossier}");
        let shown = clerk.get(&format!("/ho-so/{number}"));
        is_page(&shown, 200);
        assert!(shown.body.contains("14.000 đồng – đã nộp"), "{}", shown.body);

        // She comes again: what is known is filled in, and the desk is asked.
        let again = clerk.get(FORM).expect(200).body;
        let key = held(&again, "khoa");
        let read = clerk.post("/ho-so/tiep-nhan", &[("khoa", &key), ("thu-tuc", SAME_DAY), ("the", "020185000123")]);
        is_page(&read, 200);
        assert_eq!(held(&read.body, "applicant/phone"), "0912345678");
        assert_eq!(held(&read.body, "applicant/name"), "Nguyễn Thị Ánh");
        let mut fields = filled(&key, "0912345678");
        let warned = clerk.post("/ho-so/tiep-nhan", &fields);
        is_page(&warned, 409);
        assert!(warned.body.contains("value=\"duplicate_dossier\""), "{}", warned.body);
        fields.push(("accept", "duplicate_dossier"));
        clerk.post("/ho-so/tiep-nhan", &fields).expect(303);
        assert_eq!(db.value("select count(*) from dossiers"), "2");
    }
}

on_both! {
    fn what_is_not_taken_in_is_told_on_paper_and_writes_nothing(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let key = held(&clerk.get(FORM).expect(200).body, "khoa");
        let post = |step: &str, originals: &str, name: &str, reason: &str| {
            let mut fields = filled(&key, "0912345678");
            for field in &mut fields {
                match field.0 {
                    "items/0/originals" => field.1 = originals,
                    "applicant/name" => field.1 = name,
                    _ => {}
                }
            }
            fields.extend([("buoc", step), ("counter_reason", reason)]);
            clerk.post("/ho-so/tiep-nhan", &fields)
        };
        let paper = post("phieu-02", "0", "Nguyễn Thị Ánh", "Bản sao bị mờ\nChụp lại cả hai mặt");
        is_page(&paper, 200);
        for said in [
            "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "Mẫu số 02", "Nguyễn Thị Ánh", "<li>Bản chính giấy tờ, văn bản: 1 bản chính</li>",
            "<li class=\"said\">Chụp lại cả hai mặt</li>", "chưa được tiếp nhận và chưa ghi vào sổ",
        ] {
            assert!(paper.body.contains(said), "{said} in {}", paper.body);
        }
        // What need not be handed in is not missing.
        assert!(!paper.body.contains("Bản sao cần chứng thực"), "{}", paper.body);
        let refusal = post("phieu-03", "1", "Nguyễn Thị Ánh", "Không thuộc thẩm quyền của phường");
        is_page(&refusal, 200);
        assert!(refusal.body.contains("Lý do từ chối tiếp nhận") && refusal.body.contains("Mẫu số 03"), "{}", refusal.body);
        // What was typed comes back with it.
        let back = clerk.post("/ho-so/tiep-nhan", &[
            ("khoa", &key), ("thu-tuc", SAME_DAY), ("buoc", "xem"), ("applicant/name", "Nguyễn Thị Ánh"),
            ("counter_reason", "Bản sao bị mờ"), ("items/1/copies", "0"),
        ]);
        assert!(back.body.contains("Bản sao bị mờ</textarea>"), "{}", back.body);
        assert_eq!((held(&back.body, "applicant/name"), held(&back.body, "items/1/copies")), ("Nguyễn Thị Ánh".into(), "0".into()));
        // A paper that says nothing is none.
        for (step, originals, name, reason, wrong) in [
            ("phieu-02", "1", "Nguyễn Thị Ánh", "", "#counter_reason"), ("phieu-03", "1", "Nguyễn Thị Ánh", "", "#counter_reason"),
            ("phieu-02", "0", "", "Mờ", "#applicant/name"),
        ] {
            let asked = post(step, originals, name, reason);
            is_page(&asked, 400);
            assert!(asked.body.contains(&format!("href=\"{wrong}\"")), "{wrong} in {}", asked.body);
        }
        assert_eq!(db.value("select count(*) from dossiers"), "0");
    }
}

on_both! {
    fn what_was_taken_in_on_paper_is_entered_later(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let reference = office.world.store.reference().unwrap();
        let timetable = reference.timetable(reference.units().by_code(COMMUNE).unwrap().id).unwrap();
        let day = timetable.working_days_back(motcua::clock::now().date(), 1).unwrap();
        let key = held(&clerk.get(FORM).expect(200).body, "khoa");
        let typed = day.format("%d/%m/%Y 09:10").to_string();
        let mut fields = filled(&key, "0912345678");
        fields.push(("at/moment", &typed));
        let mut looked = fields.clone();
        looked.push(("buoc", "xem"));
        // The return date is counted from then.
        let shown = clerk.post("/ho-so/tiep-nhan", &looked).expect(200).body;
        let said = day.format("09:10 ngày %d/%m/%Y").to_string();
        assert!(shown.contains(&format!("Nếu tiếp nhận lúc {said}")), "{shown}");
        let due = day.format("17:00 ngày %d/%m/%Y").to_string();
        assert!(shown.contains(&format!("Hẹn trả: {due}")), "{due} in {shown}");
        fields.push(("buoc", "nhan"));
        let receipt = clerk.follow(clerk.post("/ho-so/tiep-nhan", &fields)).body;
        assert!(receipt.contains(&said) && receipt.contains(&due), "{receipt}");
        // No clerk goes back further than that.
        let far = timetable.working_days_back(motcua::clock::now().date(), 9).unwrap();
        let far = far.format("%d/%m/%Y 09:10").to_string();
        let key = held(&clerk.get(FORM).expect(200).body, "khoa");
        let mut fields = filled(&key, "0912345678");
        fields.extend([("at/moment", far.as_str()), ("accept", "duplicate_dossier")]);
        let refused = clerk.post("/ho-so/tiep-nhan", &fields);
        is_page(&refused, 409);
        assert!(refused.body.contains("Chỉ được nhập lùi đến ngày"), "{}", refused.body);
    }
}

on_both! {
    fn nobody_is_late_on_paper_because_a_result_is_fetched_late(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let world = &office.world;
        let received = at("2021-03-01 08:00");
        let id = world.receive_at(COMMUNE, SAME_DAY, received).id;
        world.finish(id, at("2021-03-01 08:40"));
        let give = || Action::Return { channel: Channel::Direct };
        let undo = || Action::Correct(Correction::Undo { reason: "Nhầm".to_owned() });
        world.act(id, at("2021-03-01 10:00"), give()).unwrap();
        world.act(id, at("2021-03-01 10:05"), undo()).unwrap();
        let view = motcua::views::dossier::view(&world.store, id, None, None, at("2021-03-01 10:06")).unwrap();
        let sheet = || clerk.get(&format!("/ho-so/{}/phieu-kiem-soat", view.case_number)).expect(200).body;
        // What was undone is gone from it, and the signing is judged by when it was done.
        let (now, last) = (sheet(), "Trả kết quả</td>");
        assert!(now.contains(last) && now.contains("08:40 ngày 01/03/2021") && !now.contains("10:00 ngày"), "{now}");
        world.act(id, at("2021-03-04 14:00"), give()).unwrap();
        let fetched = sheet();
        let row = fetched.split("14:00 ngày 04/03/2021").nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(row.contains("data-name=\"Kết quả\"></td>"), "{row}");
        assert!(!fetched.contains("Quá hạn</td>") && !fetched.contains("Người nộp</td><td data-name=\"Nhận\">Người nộp"), "{fetched}");
    }
}

on_both! {
    fn a_dossier_is_handled_by_forms_and_nothing_else_is_offered(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let officer = Visitor::hire(&office, Role::Officer, COMMUNE);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let stranger = Visitor::hire(&office, Role::Clerk, FOREIGN);
        let number = receive(&clerk, false);
        let page = format!("/ho-so/{number}");
        let at = |what: &str| format!("{page}/{what}");
        is_page(&stranger.get(&page), 403);
        is_page(&clerk.get("/ho-so/H37.20.01-200101-9999"), 404);

        let shown = clerk.get(&page).expect(200).body;
        assert!(shown.contains("*********123"), "{shown}");
        assert!(!shown.contains("020185000123"), "{shown}");
        assert!(shown.contains("/chuyen\">Chuyển bước"), "{shown}");
        assert!(!shown.contains("/ket-thuc"), "not a clerk's: {shown}");
        assert_eq!(db.value("select count(*) from identity_readings"), "0");
        let read = clerk.post(&at("so-dinh-danh"), &[]);
        is_page(&read, 200);
        assert!(read.body.contains("020185000123"), "{}", read.body);
        assert_eq!(db.value("select count(*) from identity_readings"), "1");

        // A note is for colleagues alone, and changes nothing.
        is_page(&clerk.post(&at("ghi-chu"), &[("note", " ")]), 400);
        is_page(&stranger.post(&at("ghi-chu"), &[("note", "Xin chào")]), 403);
        clerk.follow(clerk.post(&at("ghi-chu"), &[("note", "Hẹn bà đến <sớm>")]));
        let noted = officer.get(&page).expect(200).body;
        assert!(noted.contains("Hẹn bà đến &#60;sớm&#62;"), "{noted}");
        assert!(noted.contains("clerk H37.20.01"), "{noted}");
        assert!(!clerk.get(&at("giay-tiep-nhan")).expect(200).body.contains("Hẹn bà"));

        // Not now, and not by whom.
        is_page(&clerk.get(&at("tra-ket-qua")), 409);
        is_page(&clerk.get(&at("ket-thuc")), 403);

        let form = clerk.get(&at("chuyen"));
        is_page(&form, 200);
        let version = held(&form.body, "version");
        let to_officer = [("step", "1"), ("assignee", officer.username.as_str()), ("note", "Gấp"), ("version", &version)];
        let moved = clerk.post(&at("chuyen"), &to_officer);
        let moved = clerk.follow(moved);
        assert!(moved.body.contains("Đã ghi nhận: chuyển bước."), "{}", moved.body);
        assert!(moved.body.contains("Ghi chú: Gấp"), "{}", moved.body);

        // Somebody was quicker: nothing is done, and what was typed stays.
        let late = [("reason", "Thiếu bản chính"), ("items", "0"), ("version", version.as_str())];
        let changed = officer.post(&at("yeu-cau-bo-sung"), &late);
        is_page(&changed, 412);
        assert!(changed.body.contains("vừa được người khác thay đổi"), "{}", changed.body);
        assert!(changed.body.contains("Chuyển bước xử lý"), "{}", changed.body);
        assert!(changed.body.contains("Thiếu bản chính</textarea>"), "{}", changed.body);
        let now = held(&changed.body, "version");
        assert_ne!(now, version);
        // What is missing is said at its field.
        let empty = officer.post(&at("yeu-cau-bo-sung"), &[("reason", " "), ("version", &now)]);
        assert!(matches!(empty.status, 400 | 409), "{}", empty.body);
        assert!(empty.body.contains("<title>Lỗi: "), "{}", empty.body);
        let asked = [("reason", "Thiếu bản chính"), ("items", "0"), ("version", now.as_str())];
        let asked = officer.follow(officer.post(&at("yeu-cau-bo-sung"), &asked));
        assert!(asked.body.contains("Đang chờ người nộp bổ sung giấy tờ"), "{}", asked.body);
        assert!(asked.body.contains("‖</span> Tạm dừng"), "{}", asked.body);
        let paper = officer.get(&at("phieu-bo-sung"));
        is_page(&paper, 200);
        assert!(paper.body.contains("Giấy tờ: Bản chính giấy tờ, văn bản"), "{}", paper.body);

        let form = clerk.get(&at("nhan-bo-sung")).expect(200).body;
        assert!(form.contains("đang yêu cầu bổ sung: "), "{form}");
        let version = held(&form, "version");
        // A number in the wrong row lets no clock run again.
        let wrong = clerk.post(&at("nhan-bo-sung"), &[("items/1/copies", "1"), ("version", &version)]);
        is_page(&wrong, 400);
        assert!(wrong.body.contains("thiếu giấy tờ được yêu cầu: Bản chính giấy tờ"), "{}", wrong.body);
        let taken = [("items/0/originals", "1"), ("version", version.as_str())];
        clerk.follow(clerk.post(&at("nhan-bo-sung"), &taken));
        let version = held(&officer.get(&at("chuyen")).expect(200).body, "version");
        officer.follow(officer.post(&at("chuyen"), &[("step", "2"), ("version", &version)]));
        let form = supervisor.get(&at("ket-thuc")).expect(200).body;
        let version = held(&form, "version");
        supervisor.follow(supervisor.post(&at("ket-thuc"), &[("decision", "approved"), ("version", &version)]));
        let form = clerk.get(&at("tra-ket-qua")).expect(200).body;
        let version = held(&form, "version");
        let returned = clerk.follow(clerk.post(&at("tra-ket-qua"), &[("channel", "direct"), ("version", &version)]));
        assert!(returned.body.contains("Đã trả kết quả"), "{}", returned.body);
        let control = clerk.get(&at("phieu-kiem-soat"));
        is_page(&control, 200);
        assert!(control.body.contains("Mẫu số 06"), "{}", control.body);

        // A correction keeps the number that nobody typed again.
        let form = clerk.get(&at("sua-nguoi-nop")).expect(200).body;
        let version = held(&form, "version");
        let corrected = [
            ("reason", "Gõ sai tên"), ("applicant/name", "Nguyễn Thị Ảnh"), ("applicant/phone", "0912345678"),
            ("version", version.as_str()),
        ];
        let corrected = clerk.follow(clerk.post(&at("sua-nguoi-nop"), &corrected));
        assert!(corrected.body.contains("Nguyễn Thị Ảnh"), "{}", corrected.body);
        assert!(corrected.body.contains("*********123"), "{}", corrected.body);
        is_page(&clerk.get(&at("xin-loi")), 404);
        // The receipt with what is right now, printed again.
        let again = clerk.follow(clerk.post(&at("giay-tiep-nhan"), &[]));
        assert!(again.body.contains("(Bản in lại lần 1)"), "{}", again.body);
        assert!(again.body.contains("Nguyễn Thị Ảnh"), "{}", again.body);
        let twice = clerk.follow(clerk.post(&at("giay-tiep-nhan"), &[]));
        assert!(twice.body.contains("(Bản in lại lần 2)"), "{}", twice.body);
    }
}

on_both! {
    fn papers_and_forms_say_what_holds_now(db: &Database) {
        let mut office = Office::for_browsers(db);
        let tokens = [Role::Clerk, Role::Officer, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let officer = Visitor::log_in(&office, "h37.20.01.officer");
        let mut new = office.new_dossier(COMMUNE, "1.004884");
        new["delegate"] = json!({"name": "Lý Văn Hai", "identity_number": "020185000456"});
        let dossier = office.call("POST", "/api/v1/dossiers").token(&tokens[0]).body(new).send().expect(201).json();
        let text = |name: &str| dossier[name].as_str().unwrap().to_owned();
        let act = |token: usize, action: &str, body: Value| {
            crate::support::act(&office, &tokens[token], &dossier, action, body).expect(200).json()
        };
        let at = |what: &str| format!("/ho-so/{}/{what}", text("case_number"));
        let send = |who: &Visitor<'_>, what: &str, sent: &[(&str, &str)]| {
            let version = held(&who.get(&at(what)).expect(200).body, "version");
            who.post(&at(what), &[sent, &[("version", version.as_str())]].concat())
        };
        // A correction of the delegate's name keeps the number, unless it was not theirs.
        let delegate = "sua-nguoi-duoc-uy-quyen";
        let named = [("reason", "tên"), ("delegate/name", "Lý Văn Hải")];
        let corrected = clerk.follow(send(&clerk, delegate, &named));
        assert!(corrected.body.contains("Lý Văn Hải"), "{}", corrected.body);
        assert!(clerk.get(&at(delegate)).expect(200).body.contains("Bỏ số *********456"));
        clerk.follow(send(&clerk, delegate, &[&named[..], &[("bo-so", "1")]].concat()));
        assert!(!clerk.get(&at(delegate)).expect(200).body.contains("Bỏ số"));
        // What a refusal is about is a link away.
        act(0, "hand-over", json!({"step": 1}));
        let none = send(&officer, "yeu-cau-bo-sung", &[("reason", ""), ("items", "0")]);
        is_page(&none, 409);
        assert!(none.body.contains("href=\"#reason\""), "{}", none.body);
        let early = send(&officer, "xin-loi-hen-lai", &[("reason", "chờ"), ("appointment_at", "16h00 ngày 03/01/2020")]);
        assert!(early.body.contains("href=\"#appointment_at\""), "{}", early.body);
        // What is wrong and what is missing are said at once; of what may be left out nothing is.
        let both = send(&officer, "xin-loi-hen-lai", &[("reason", ""), ("appointment_at", "bao giờ")]).body;
        for place in ["#reason", "#appointment_at"] {
            assert!(both.contains(&format!("href=\"{place}\"")), "{place}: {both}");
        }
        assert!(!both.contains("href=\"#at/"), "{both}");
        let filters = clerk.get("/ho-so?received_from=31/02/2020").body;
        assert_eq!(filters.matches("<a href=\"#").count() - filters.matches("<a href=\"#main").count(), 1, "{filters}");
        // Both dates stand on the receipt, and why there is no third.
        act(1, "reappoint", json!({"reason": "chờ xác minh", "appointment_at": "2027-11-01T09:00:00+07:00"}));
        let receipt = clerk.get(&at("giay-tiep-nhan")).expect(200).body;
        assert!(receipt.contains("<dt>Hẹn lại</dt><dd><strong>09:00 ngày 01/11/2027"), "{receipt}");
        for list in ["/hom-nay", "/so-theo-doi"] {
            let list = clerk.get(list).expect(200).body.to_lowercase();
            assert!(list.contains("hẹn lại 09:00 ngày 01/11/2027") || list.contains("hẹn lại: 09:00 ngày 01/11/2027"), "{list}");
        }
        let again = officer.get(&at("xin-loi-hen-lai"));
        is_page(&again, 409);
        assert!(again.body.contains("đã được hẹn lại một lần, đến 09:00 ngày 01/11/2027"), "{}", again.body);
        let look_up = format!("/tra-cuu?so={}&ma={}", text("case_number"), text("look_up_code"));
        let seen = clerk.get(&look_up).expect(200).body;
        assert!(seen.contains("Hẹn trả lần đầu: ") && !seen.contains("⚠ Quá hạn"), "{seen}");
        // What was told by mistake is told as one.
        act(1, "hand-over", json!({"step": 2}));
        let form = officer.get(&at("ket-thuc")).expect(200).body;
        assert!(form.contains("Bước này do lãnh đạo ký"), "{form}");
        act(2, "finish", json!({"decision": "approved"}));
        act(2, "undo", json!({"reason": "Bấm nhầm"}));
        let seen = clerk.get(&look_up).expect(200).body;
        for said in [
            "Thông báo trước đây về việc có kết quả giải quyết hồ sơ là do ghi nhận nhầm.",
            "Hủy thao tác nhầm: có kết quả giải quyết hồ sơ",
        ] {
            assert!(seen.contains(said), "{said}: {seen}");
        }
        // Whoever withdraws need not say why, and learns where the papers are.
        clerk.follow(send(&clerk, "rut", &[]));
        let seen = clerk.get(&look_up).expect(200).body;
        assert!(seen.contains("Giấy tờ, tiền đã nộp (nếu có): xin hỏi tại"), "{seen}");
    }
}

on_both! {
    fn a_search_that_finds_many_goes_on(db: &Database) {
        let mut office = Office::for_browsers(db);
        for _ in 0..51 {
            office.receive(COMMUNE, SAME_DAY);
        }
        let clerk = Visitor::log_in(&office, "h37.20.01.clerk");
        let first = clerk.post("/ho-so/tim", &[("text", "nguyen thi anh")]).expect(200).body;
        assert!(first.contains("Còn hồ sơ khác khớp với “nguyen thi anh”"), "{first}");
        let after = held(&first, "after");
        let rest = clerk.post("/ho-so/tim", &[("text", "nguyen thi anh"), ("after", &after)]).expect(200).body;
        assert!(rest.contains("data-name=\"Mã hồ sơ\"") && !rest.contains("Còn hồ sơ khác"), "{rest}");
    }
}

on_both! {
    fn lists_are_filtered_and_searched(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let first = receive(&clerk, false);
        let second = receive(&clerk, true);
        let has = |path: &str, numbers: &[&str]| {
            let list = clerk.get(path);
            is_page(&list, 200);
            for number in [&*first, &*second] {
                let there = list.body.contains(&format!("/ho-so/{number}?"));
                assert_eq!(there, numbers.contains(&number), "{path}: {}", list.body);
            }
            list.body
        };
        has("/ho-so", &[&first, &second]);
        has("/ho-so?list=all&status=received&procedure=2.000815&unit=", &[&first, &second]);
        // By name, where one alone bears it.
        has("/ho-so?list=all&procedure=chung+thuc+ban+sao+tu+ban+chinh+giay+to+van+ban+do+co+quan+to+chuc+co+tham+quyen+cua+viet+nam+cap&unit=ph%C6%B0%E1%BB%9Dng+Ho%C3%A0ng+V%C4%83n+Th%E1%BB%A5", &[&first, &second]);
        is_page(&clerk.get("/ho-so?list=all&unit=khong+co+don+vi"), 400);
        has("/ho-so?list=open&mine=true", &[]);
        has("/ho-so?list=overdue", &[]);
        has("/ho-so?list=all&channel=online", &[]);
        has("/ho-so?list=all&received_to=2021-01-01", &[]);
        let page = has("/ho-so?list=all&limit=1&procedure=2.000815", &[&second]);
        let (_, next) = page.split_once("rel=\"next\" href=\"").unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        has(&next, &[&first]);

        let wrong = clerk.get("/ho-so?list=all&procedure=9.999999");
        is_page(&wrong, 400);
        assert!(wrong.body.contains("href=\"#procedure\">Mã hoặc tên thủ tục: "), "{}", wrong.body);
        assert_eq!(held(&wrong.body, "procedure"), "9.999999");
        is_page(&clerk.get("/ho-so?list=all&unit=H37.21.01"), 403);
        let book = clerk.get("/so-theo-doi");
        is_page(&book, 200);
        for said in ["Mẫu số 07", &first, &second, "Thôn Nà Lốc, Lạng Sơn"] {
            assert!(book.body.contains(said), "{said} in {}", book.body);
        }
        let rows: Vec<_> = book.body.split("<td data-name=\"Mã hồ sơ\">").skip(1).collect();
        let numbers: Vec<_> = rows.iter().filter_map(|row| row.split('<').next()).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        let empty = clerk.get("/so-theo-doi?received_from=2021-01-01&received_to=2021-01-02");
        is_page(&empty, 200);
        assert!(!empty.body.contains(&first), "{}", empty.body);
        let wrong = clerk.get("/so-theo-doi?received_from=hom-nay");
        is_page(&wrong, 400);
        assert!(wrong.body.contains("#received_from"), "{}", wrong.body);

        let search = |text: &str| clerk.post("/ho-so/tim", &[("text", text)]);
        let one = search(&format!(" {} ", first.to_lowercase())).expect(303);
        assert_eq!(one.header("location"), format!("/ho-so/{first}"));
        for text in ["nguyen thi anh", "0912345678", "020185000123"] {
            let found = search(text);
            is_page(&found, 200);
            assert!(found.body.contains(&first) && found.body.contains(&second), "{}", found.body);
        }
        let none = search("không có ai");
        is_page(&none, 200);
        assert!(none.body.contains("Không tìm thấy"), "{}", none.body);
        is_page(&search(""), 400);
    }
}

const ENTER: &str = "\u{e007}";

/// A keyboard, on which strokes are counted.
struct Keyboard<'a> {
    client: &'a Client,
    strokes: usize,
}

impl Keyboard<'_> {
    /// Types into whatever has the focus.
    async fn press(&mut self, keys: &str) {
        self.strokes += keys.chars().count();
        self.scan(keys).await;
    }

    /// What a scanner types costs nobody a stroke.
    async fn scan(&self, text: &str) {
        let field = self.client.active_element().await.unwrap();
        field.send_keys(text).await.unwrap();
    }
}

/// Where the browser is.
async fn path(client: &Client) -> String {
    client.current_url().await.unwrap().path().to_owned()
}

/// Waits until the browser is at a path that ends like that.
async fn wait_for(client: &Client, end: &str) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !path(client).await.ends_with(end) {
        let at = path(client).await;
        assert!(std::time::Instant::now() < until, "{at}, not …{end}");
    }
    client.find(Locator::Css("footer")).await.unwrap();
}

async fn text(client: &Client) -> String {
    find(client, "main").await.text().await.unwrap()
}

/// Prints on one page of that size, in millimetres.
async fn prints(client: &Client, name: &str, size: (f64, f64)) {
    let pages = print(client, name).await;
    assert_eq!(pages.len(), 1, "{name}: {pages:?}");
    let millimetres = (pages[0].0 * 25.4 / 72.0, pages[0].1 * 25.4 / 72.0);
    let off = (millimetres.0 - size.0).abs() + (millimetres.1 - size.1).abs();
    assert!(off < 2.0, "{name}: {millimetres:?}");
}

const A5: (f64, f64) = (148.0, 210.0);
const A4: (f64, f64) = (210.0, 297.0);

/// Opens an action's form, types into one field, and sends it.
async fn act(client: &Client, url: &str, number: &str, what: &str, typed: &[(&str, &str)]) {
    client
        .goto(&format!("{url}/ho-so/{number}/{what}"))
        .await
        .unwrap();
    look(client, what).await;
    for (name, value) in typed {
        let field = find(client, &format!("main [name=\"{name}\"]")).await;
        match *value {
            "click" => field.click().await.unwrap(),
            value => field.send_keys(value).await.unwrap(),
        }
    }
    find(client, "main form button[type=submit]")
        .await
        .click()
        .await
        .unwrap();
    arrive(client, &format!("/ho-so/{number}")).await;
}

#[test]
fn a_day_at_the_desk_by_keyboard_in_a_browser() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let clerk = hire(&office.world, Role::Clerk, COMMUNE);
    let officer = hire(&office.world, Role::Officer, COMMUNE);
    let supervisor = hire(&office.world, Role::Supervisor, COMMUNE);
    let url = office.server.url().to_owned();
    // She has been here before, for something else.
    let visitor = Visitor::log_in(&office, &clerk);
    let other = "2.000884";
    let key = held(
        &visitor
            .get(&format!("/ho-so/tiep-nhan?thu-tuc={other}"))
            .expect(200)
            .body,
        "khoa",
    );
    let mut before = filled(&key, "0912345678");
    before[1].1 = other;
    visitor.post("/ho-so/tiep-nhan", &before).expect(303);

    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        look(&client, "lists").await;
        client.goto(&format!("{url}/phim-tat")).await.unwrap();
        look(&client, "shortcuts").await;
        client.goto(&format!("{url}/tai-khoan")).await.unwrap();
        look(&client, "account").await;

        // The procedure, by a few letters.
        let mut keys = Keyboard {
            client: &client,
            strokes: 0,
        };
        keys.press("n").await;
        arrive(&client, "/ho-so/tiep-nhan").await;
        look(&client, "find").await;
        keys.press("chung thuc ban sao tu ban chinh").await;
        keys.press(ENTER).await;
        wait_for(&client, "/tiep-nhan").await;
        look(&client, "found").await;
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        look(&client, "receive").await;

        // From the scan on: what is known is there, one tick and Enter.
        keys.strokes = 0;
        keys.scan(CARD).await;
        keys.scan(ENTER).await;
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while client.find(Locator::Css("[role=status]")).await.is_err() {
            assert!(std::time::Instant::now() < until, "{}", text(&client).await);
        }
        look(&client, "card").await;
        keys.press(" ").await;
        // Enter in a field shows it once more; on the button it takes it in.
        keys.press(ENTER).await;
        find(&client, "button[value=nhan]:focus").await;
        keys.press(ENTER).await;
        wait_for(&client, "/giay-tiep-nhan").await;
        look(&client, "receipt").await;
        prints(&client, "receipt", A5).await;
        let number = path(&client).await.split('/').nth(2).unwrap().to_owned();
        // The next person, with the same procedure.
        keys.press(ENTER).await;
        arrive(&client, "/ho-so/tiep-nhan").await;
        assert!(keys.strokes <= 25, "{} strokes", keys.strokes);
        assert!(text(&client).await.contains("2.000815"));
        let known = visitor.get(&format!("/ho-so/{number}")).expect(200).body;
        assert!(known.contains("0912345678"), "{known}");
        assert!(known.contains("2.000 đồng – đã nộp"), "{known}");

        // What is wrong is said on top, where the focus is.
        find(&client, "[name=\"applicant/phone\"]")
            .await
            .send_keys("12")
            .await
            .unwrap();
        find(&client, "main form button[value=nhan]")
            .await
            .click()
            .await
            .unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while client.find(Locator::Css("#errors")).await.is_err() {
            assert!(std::time::Instant::now() < until, "{}", text(&client).await);
        }
        look(&client, "errors").await;
        assert!(client.title().await.unwrap().starts_with("Lỗi: "));
        let focused = client.active_element().await.unwrap();
        assert_eq!(focused.attr("id").await.unwrap().as_deref(), Some("errors"));

        client.goto(&format!("{url}/ho-so/{number}")).await.unwrap();
        look(&client, "dossier").await;
        act(
            &client,
            &url,
            &number,
            "chuyen",
            &[("note", "Khách chờ tại quầy")],
        )
        .await;

        find(&client, "header button").await.click().await.unwrap();
        arrive(&client, "/dang-nhap").await;
        enter(&client, &url, &officer).await;
        act(
            &client,
            &url,
            &number,
            "yeu-cau-bo-sung",
            &[("items", "click"), ("reason", "Bản chính mờ")],
        )
        .await;
        look(&client, "waiting").await;
        client
            .goto(&format!("{url}/ho-so/{number}/phieu-bo-sung"))
            .await
            .unwrap();
        look(&client, "supplement").await;
        prints(&client, "supplement", A5).await;

        find(&client, "header button").await.click().await.unwrap();
        arrive(&client, "/dang-nhap").await;
        enter(&client, &url, &supervisor).await;
        act(
            &client,
            &url,
            &number,
            "nhan-bo-sung",
            &[("items/0/originals", "1")],
        )
        .await;
        act(&client, &url, &number, "chuyen", &[]).await;
        act(&client, &url, &number, "ket-thuc", &[]).await;
        act(&client, &url, &number, "tra-ket-qua", &[]).await;
        look(&client, "returned").await;
        assert!(text(&client).await.contains("Đã trả kết quả"));
        client
            .goto(&format!("{url}/ho-so/{number}/phieu-kiem-soat"))
            .await
            .unwrap();
        look(&client, "control").await;
        prints(&client, "control", A4).await;
        client.goto(&format!("{url}/so-theo-doi")).await.unwrap();
        look(&client, "book").await;
        prints(&client, "book", (A4.1, A4.0)).await;
        client
            .goto(&format!("{url}/ho-so/{number}/sua-nguoi-nop"))
            .await
            .unwrap();
        look(&client, "correct").await;
        client
            .goto(&format!("{url}/ho-so?list=all&procedure=9.999999"))
            .await
            .unwrap();
        look(&client, "filter-error").await;
        client
            .goto(&format!("{url}/ho-so/{number}/chuyen"))
            .await
            .unwrap();
        look(&client, "not-now").await;
        client.close().await.unwrap();
    });
}

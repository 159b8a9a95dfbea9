//! The registers that administrators, and desks, keep on pages: money that fits nothing, who has read what, the log's
//! checkpoints, what people ask about their own data.

use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, COMMUNE, Database, FOREIGN, Office, Program, SAME_DAY, Visitor, act, get,
    held, hire, is_page, look, on_both, path,
};
use motcua::domain::role::Role;

const SECRET: &str = "một khóa chung đủ dài cho cổng thanh toán";

fn with_gateway(db: &Database) -> Office {
    let program = Program::for_browsers(db).with("MOTCUA__PAYMENTS__GATEWAY_SECRET", SECRET);
    Office::open_with(db, program)
}

/// A gateway's word.
fn tell(office: &Office, transaction: &str, number: &str, amount: u64) -> Value {
    use hmac::{Hmac, Mac};
    let body = json!({"transaction": transaction, "case_number": number, "amount_vnd": amount})
        .to_string();
    let mut mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    let call = office
        .call("POST", "/api/v1/payments")
        .header("X-Signature", &signature);
    let call = call.header("Content-Type", "application/json");
    call.raw(body.as_bytes()).send().expect(200).json()
}

/// A procedure of communes with exactly one fee; its code and how much that is.
fn with_one_fee(office: &Office) -> (String, u64) {
    let reference = office.world.store.reference().unwrap();
    let commune = motcua::domain::unit::Level::Commune;
    let found = reference.procedures().into_iter().find_map(|procedure| {
        let definition = &procedure.definition;
        let owed: Vec<_> = definition
            .fees
            .iter()
            .filter_map(|fee| fee.known_amount())
            .collect();
        let fits = definition.levels.contains(&commune)
            && definition.is_in_force_on(motcua::clock::now().date())
            && definition.promised_limit().unit
                == motcua::domain::time_limit::LimitUnit::WorkingDay;
        match owed[..] {
            [amount] if fits && definition.fees.len() == 1 && amount > 0 => {
                Some((definition.code.clone(), amount))
            }
            _ => None,
        }
    });
    found.expect("the catalogue has one")
}

#[track_caller]
fn says(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(answer.body.contains(part), "{part} in {}", answer.body);
    }
}

/// The address of the row that names that.
#[track_caller]
fn row_of(list: &str, text: &str) -> String {
    let before = list.split(&format!(">{text}</a>")).next().unwrap();
    let (_, address) = before
        .rsplit_once("href=\"")
        .unwrap_or_else(|| panic!("no {text} in {list}"));
    address.split('"').next().unwrap().to_owned()
}

on_both! {
    fn money_that_fits_nothing_is_matched_by_a_number_or_paid_back_on_a_page(db: &Database) {
        let mut office = with_gateway(db);
        let (procedure, amount) = with_one_fee(&office);
        let dossier = office.receive(COMMUNE, &procedure);
        let foreign = office.receive(FOREIGN, &procedure);
        let number = dossier["case_number"].as_str().unwrap().to_owned();
        for transaction in ["T1", "T2"] {
            tell(&office, transaction, "CT DEN:123 nop le phi", amount);
        }
        tell(&office, "T3", &number, amount + 1);
        let token = office.token(Role::Clerk, COMMUNE);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let clerk = Visitor::hire(&office, Role::Officer, COMMUNE);
        is_page(&clerk.get("/quan-tri/khoan-nop"), 403);
        let home = administrator.get("/quan-tri").expect(200);
        says(&home, &["href=\"/quan-tri/khoan-nop\"", "href=\"/quan-tri/luot-xem\"", "href=\"/quan-tri/diem-chot\"",
            "href=\"/quan-tri/yeu-cau\""]);
        let list = administrator.get("/quan-tri/khoan-nop").expect(200);
        says(&list, &["T1", "T2", "T3", "CT DEN:123 nop le phi", "aria-current=\"page\">Chưa khớp"]);
        let payment = row_of(&list.body, "T1");
        says(&administrator.get(&payment).expect(200), &["Ghi nhận cho một hồ sơ", "Đã hoàn trả người nộp", "Chưa có."]);
        // A payer may write whatever: no personal number is shown for it.
        tell(&office, "T4", "Nguyen Van A 020185000123 chuyen tien", 1234);
        let list = administrator.get("/quan-tri/khoan-nop").expect(200);
        let payer = administrator.get(&row_of(&list.body, "T4")).expect(200);
        for page in [&list, &payer] {
            says(page, &["Nguyen Van A *********123 chuyen tien"]);
            assert!(!page.body.contains("020185000123"), "{}", page.body);
        }

        // The dossier is named by its number; what is owed there is shown before anything is taken.
        let take = format!("{payment}/ghi-nhan");
        says(&administrator.get(&take).expect(200), &["name=\"dossier\"", "Xem số phải nộp"]);
        let wrong = administrator.get(&format!("{take}?dossier=H37.20.01-010101-9999"));
        is_page(&wrong, 400);
        says(&wrong, &["href=\"#dossier\"", "<title>Lỗi:"]);
        let of_commune = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        is_page(&of_commune.get(&payment), 403);
        let shown = administrator.get(&format!("{take}?dossier={number}")).expect(200);
        says(&shown, &[&number, "type=\"checkbox\"", "checked", "name=\"excess_vnd\""]);
        let key = held(&shown.body, "key");
        let send = |reason: &str, excess: &str| {
            administrator.post(&take, &[
                ("dossier", &number), ("fees", "0"), ("excess_vnd", excess), ("reason", reason), ("key", &key),
            ])
        };
        let refused = send("", "");
        is_page(&refused, 400);
        says(&refused, &["href=\"#reason\"", "checked"]);
        let other = send("ghi nhầm nội dung", "1");
        is_page(&other, 422);
        says(&other, &["ghi nhầm nội dung", "role=\"alert\""]);
        // A double click takes it once.
        for _ in 0..2 {
            let done = administrator.follow(send("ghi nhầm mã", ""));
            says(&done, &["Đã ghi nhận", "ghi nhầm mã", &number]);
            assert_eq!(done.body.matches("ghi nhầm mã").count(), 1, "{}", done.body);
        }
        let now = get(&office, &token, &path(&dossier));
        assert_eq!(now["fees"][0]["status"], "collected");
        says(&administrator.get(&take).expect(200), &["đã được ghi nhận hoặc hoàn trả"]);
        assert_eq!(administrator.post(&take, &[("dossier", &number), ("fees", "0"), ("reason", "x"), ("key", "another-key-1")]).status, 409);

        // Noted, then paid back.
        let list = administrator.get("/quan-tri/khoan-nop").expect(200);
        let payment = row_of(&list.body, "T2");
        let key = held(&administrator.get(&format!("{payment}/ghi-chu")).expect(200).body, "key");
        let noted = administrator.post(&format!("{payment}/ghi-chu"), &[("reason", "đã gọi cho ngân hàng"), ("key", &key)]);
        says(&administrator.follow(noted), &["đã gọi cho ngân hàng", "Chưa khớp"]);
        let key = held(&administrator.get(&format!("{payment}/hoan-tra")).expect(200).body, "key");
        let back = administrator.post(&format!("{payment}/hoan-tra"), &[("reason", "ủy nhiệm chi 12"), ("key", &key)]);
        says(&administrator.follow(back), &["Đã hoàn trả", "ủy nhiệm chi 12"]);
        let left = administrator.get("/quan-tri/khoan-nop").expect(200);
        assert!(!left.body.contains(">T2<") && left.body.contains(">T3<"), "{}", left.body);
        says(&administrator.get("/quan-tri/khoan-nop?state=paid_back").expect(200), &[">T2<"]);
        says(&administrator.get("/quan-tri/khoan-nop?state=all").expect(200), &[">T1<", ">T2<", ">T3<"]);
        // Whose dossier it is sees it too, and finds the way from the day's sheet.
        says(&of_commune.get("/hom-nay").expect(200), &["href=\"/quan-tri/khoan-nop\"", "href=\"/quan-tri/yeu-cau\""]);
        says(&of_commune.get("/quan-tri/khoan-nop").expect(200), &[">T3<"]);
        // What is another unit's is not taken for.
        let mine = row_of(&of_commune.get("/quan-tri/khoan-nop").body, "T3");
        let other = foreign["case_number"].as_str().unwrap();
        is_page(&of_commune.get(&format!("{mine}/ghi-nhan?dossier={other}")), 400);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn who_read_what_is_found_by_dossier_by_person_and_by_days(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let viewer = office.token(Role::Viewer, COMMUNE);
        let dossiers = [(); 2].map(|()| office.receive(COMMUNE, SAME_DAY));
        let numbers = dossiers.clone().map(|dossier| dossier["case_number"].as_str().unwrap().to_owned());
        get(&office, &clerk, &format!("{}/identities", path(&dossiers[0])));
        get(&office, &viewer, &path(&dossiers[1]));
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let of_a_unit = Visitor::hire(&office, Role::Administrator, COMMUNE);
        let acts = || db.value("select count(*) from admin_acts where kind = 'readings_exported'");
        let blank = administrator.get("/quan-tri/luot-xem").expect(200);
        assert!(!blank.body.contains("<table"), "{}", blank.body);
        assert_eq!(acts(), "0", "nothing is read before it is asked for");
        let today = motcua::clock::now().date();
        let ask = |more: &str| format!("/quan-tri/luot-xem?from={today}&to={today}&dossier=&username={more}");
        is_page(&of_a_unit.get(&ask("")), 403);
        let all = administrator.get(&ask("")).expect(200);
        says(&all, &[&numbers[0], &numbers[1], "Số định danh đầy đủ", ">Hồ sơ</td>", "h37.20.01.clerk", "h37.20.01.viewer"]);
        assert!(!all.body.contains("Ánh") && !all.body.contains("020185000123"), "{}", all.body);
        let by_person = administrator.get(&ask("h37.20.01.viewer")).expect(200);
        assert!(by_person.body.contains(&numbers[1]) && !by_person.body.contains(&numbers[0]), "{}", by_person.body);
        let of_one = administrator.get(&format!("/quan-tri/luot-xem?from={today}&to={today}&dossier={}", numbers[0])).expect(200);
        assert!(!of_one.body.contains(&numbers[1]), "{}", of_one.body);
        let table = administrator.get(&format!("{}&dang=csv", ask("h37.20.01.viewer"))).expect(200);
        assert!(table.content_type.starts_with("text/csv"), "{}", table.content_type);
        assert!(table.body.contains(&numbers[1]) && !table.body.contains(&numbers[0]), "{}", table.body);
        for wrong in ["from=2026-11-02&to=2026-11-01", "from=x&to=2026-11-01", "from=2026-11-01&to=2026-11-01&username=ai-do"] {
            let answer = administrator.get(&format!("/quan-tri/luot-xem?{wrong}"));
            is_page(&answer, 400);
            says(&answer, &["<title>Lỗi:", "role=\"alert\""]);
        }
        assert_eq!(acts(), "4", "that it was looked at is on record");
        Program::on(db).output(&["verify"]);
    }
}

on_both! {
    fn checkpoints_are_made_kept_and_held_against_the_database(db: &Database) {
        let mut office = Office::open(db);
        office.receive(COMMUNE, SAME_DAY);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let page = administrator.follow(administrator.post("/quan-tri/diem-chot", &[]));
        says(&page, &["motcua verify --checkpoint diem-chot-", "Tải điểm chốt"]);
        let (_, rest) = page.body.split_once("href=\"/quan-tri/diem-chot/").unwrap();
        let size = rest.split('"').next().unwrap();
        let note = administrator.get(&format!("/quan-tri/diem-chot/{size}")).expect(200);
        assert_eq!(note.header("content-disposition"), format!("attachment; filename=\"diem-chot-{size}.txt\""));
        let file = db.folder().join("kept.txt");
        std::fs::write(&file, &note.bytes).unwrap();
        // As the page says it is done.
        let (_, key) = page.body.split_once("--key '").unwrap();
        let key = key.split('\'').next().unwrap();
        let said = Program::on(db).output(&["verify", "--checkpoint", file.to_str().unwrap(), "--key", key]);
        assert!(said.contains("không có sai lệch"), "{said}");
        is_page(&administrator.get("/quan-tri/diem-chot/999999999"), 404);
        is_page(&administrator.get("/quan-tri/diem-chot/x"), 404);
        let of_desk = Visitor::hire(&office, Role::Officer, COMMUNE);
        is_page(&of_desk.get("/quan-tri/diem-chot"), 403);
    }
}

on_both! {
    fn what_people_ask_about_their_data_is_taken_in_answered_and_done_on_pages(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let number = dossier["case_number"].as_str().unwrap().to_owned();
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let foreign = Visitor::hire(&office, Role::Supervisor, FOREIGN);
        let new = |what: &str, dossier: &str, key: &str| {
            supervisor.post("/quan-tri/yeu-cau/them", &[
                ("dossier", dossier), ("of_delegate", "false"), ("what", what), ("note", "gọi lại buổi chiều"),
                ("received_at", ""), ("key", key),
            ])
        };
        says(&supervisor.get("/quan-tri/yeu-cau").expect(200), &["Chưa có yêu cầu nào"]);
        let refused = new("see", "H37.20.01-010101-9999", "key-00000000");
        is_page(&refused, 400);
        says(&refused, &["href=\"#dossier\"", "gọi lại buổi chiều"]);
        let key = held(&supervisor.get("/quan-tri/yeu-cau/them").expect(200).body, "key");
        for _ in 0..2 {
            says(&supervisor.follow(new("see", &number, &key)), &["Xem dữ liệu", "Chưa trả lời", "gọi lại buổi chiều"]);
        }
        let list = supervisor.get("/quan-tri/yeu-cau").expect(200);
        assert_eq!(list.body.matches("<tr>").count(), 2, "one row: {}", list.body);
        assert!(foreign.get("/quan-tri/yeu-cau").expect(200).body.contains("Chưa có yêu cầu nào"));
        let (_, rest) = list.body.split_once("scope=\"row\" data-name=\"Nhận lúc\"><a href=\"").unwrap();
        let see = rest.split('"').next().unwrap().to_owned();
        is_page(&foreign.get(&see), 403);
        says(&supervisor.follow(supervisor.post(&format!("{see}/tra-loi"), &[])), &["Đã trả lời, chưa thực hiện"]);
        let again = supervisor.post(&format!("{see}/tra-loi"), &[]);
        is_page(&again, 409);
        says(&again, &["role=\"alert\""]);
        says(&supervisor.follow(supervisor.post(&format!("{see}/xong"), &[])), &["Đã thực hiện"]);

        // To delete is ticked, and refused while the dossier goes on.
        let key = "key-of-the-second-one";
        let delete = new("delete", &number, key).expect(303);
        let delete = delete.header("location").split('?').next().unwrap().to_owned();
        let asked = supervisor.post(&format!("{delete}/xong"), &[]);
        is_page(&asked, 400);
        says(&asked, &["href=\"#sure\""]);
        let early = supervisor.post(&format!("{delete}/xong"), &[("sure", "1")]);
        is_page(&early, 409);
        act(&office, &clerk, &dossier, "withdraw", json!({"reason": "đổi ý"})).expect(200);
        says(&supervisor.follow(supervisor.post(&format!("{delete}/xong"), &[("sure", "1")])), &["Đã thực hiện"]);
        let now = get(&office, &clerk, &path(&dossier));
        assert!(!now.to_string().contains("Ánh"), "{now}");

        // To refuse takes a reason.
        let third = new("correct", &number, "key-of-the-third-one").expect(303);
        let third = third.header("location").split('?').next().unwrap().to_owned();
        let without = supervisor.post(&format!("{third}/tu-choi"), &[("reason", " ")]);
        is_page(&without, 400);
        says(&without, &["href=\"#reason\""]);
        let refused = supervisor.post(&format!("{third}/tu-choi"), &[("reason", "không phải dữ liệu của họ")]);
        says(&supervisor.follow(refused), &["Đã từ chối", "không phải dữ liệu của họ", "Mở lại"]);
        // What was settled by a slip is open again, with its days; what was deleted is gone.
        let days = |page: &str| page.split("<dt>Hạn").skip(1).map(|day| day.split("</dd>").next().unwrap().to_owned()).collect::<Vec<_>>();
        let before = days(&supervisor.get(&third).expect(200).body);
        is_page(&supervisor.post(&format!("{third}/mo-lai"), &[("reason", "")]), 400);
        let open = supervisor.follow(supervisor.post(&format!("{third}/mo-lai"), &[("reason", "bấm nhầm nút")]));
        says(&open, &["Đã mở lại", "Đã thực hiện", "Lý do từ chối"]);
        assert_eq!(days(&open.body), before);
        let again = supervisor.post(&format!("{third}/mo-lai"), &[("reason", "bấm nhầm nút")]);
        says(&again, &["không có gì để mở lại"]);
        assert!(!supervisor.get(&delete).expect(200).body.contains("Mở lại"));
        let gone = supervisor.post(&format!("{delete}/mo-lai"), &[("reason", "bấm nhầm nút")]);
        says(&gone, &["đã được thực hiện hoặc từ chối"]);
        supervisor.post(&format!("{third}/tu-choi"), &[("reason", "không phải dữ liệu của họ")]).expect(303);
        let of_desk = Visitor::hire(&office, Role::Officer, COMMUNE);
        is_page(&of_desk.get("/quan-tri/yeu-cau"), 403);
        Program::on(db).output(&["verify"]);
    }
}

#[test]
fn they_fit_a_desk_and_a_telephone() {
    let db = Database::new(crate::support::Kind::Sqlite);
    let mut office = with_gateway(&db);
    let (procedure, amount) = with_one_fee(&office);
    let dossier = office.receive(COMMUNE, &procedure);
    let number = dossier["case_number"].as_str().unwrap().to_owned();
    tell(&office, "FT26330123456789", "CT DEN:123 nop le phi", amount);
    tell(&office, "FT26330123456790", &number, amount + 5000);
    let clerk = office.token(Role::Clerk, COMMUNE);
    get(&office, &clerk, &format!("{}/identities", path(&dossier)));
    let supervisor = office.token(Role::Supervisor, COMMUNE);
    let asked = json!({"dossier": number, "what": "delete", "note": "Xóa số điện thoại cũ"});
    let call = office
        .call("POST", "/api/v1/privacy/requests")
        .token(&supervisor)
        .body(asked);
    let request = call.send().expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let username = hire(&office.world, Role::Administrator, "H37");
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    let today = motcua::clock::now().date();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &username).await;
        for (name, path) in [
            ("registers-payments", "/quan-tri/khoan-nop".to_owned()),
            ("registers-payment", "/quan-tri/khoan-nop/1".to_owned()),
            (
                "registers-payment-take-number",
                "/quan-tri/khoan-nop/1/ghi-nhan".to_owned(),
            ),
            (
                "registers-payment-take",
                format!("/quan-tri/khoan-nop/1/ghi-nhan?dossier={number}"),
            ),
            (
                "registers-payment-back",
                "/quan-tri/khoan-nop/1/hoan-tra".to_owned(),
            ),
            ("registers-readings-blank", "/quan-tri/luot-xem".to_owned()),
            (
                "registers-readings",
                format!("/quan-tri/luot-xem?from={today}&to={today}"),
            ),
            ("registers-checkpoints", "/quan-tri/diem-chot".to_owned()),
            ("registers-requests", "/quan-tri/yeu-cau".to_owned()),
            ("registers-request", format!("/quan-tri/yeu-cau/{request}")),
            ("registers-request-new", "/quan-tri/yeu-cau/them".to_owned()),
            ("registers-home", "/quan-tri".to_owned()),
        ] {
            client.goto(&format!("{url}{path}")).await.unwrap();
            look(&client, name).await;
        }
        client.close().await.unwrap();
    });
}

on_both! {
    fn feedback_is_given_answered_and_published_on_pages(db: &Database) {
        let office = Office::for_browsers(db);
        let sent = json!({
            "unit": COMMUNE, "kind": "report", "content": "Bộ phận một cửa mở cửa muộn, tôi là Nguyễn Thị Ánh",
            "name": "Nguyễn Thị Ánh", "phone": "0912345678",
        });
        office.call("POST", "/api/v1/feedback").body(sent).send().expect(201);
        let officer = Visitor::hire(&office, Role::Officer, COMMUNE);
        let stranger = Visitor::hire(&office, Role::Officer, FOREIGN);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        clerk.get("/xu-ly-phan-anh").expect(403);
        says(&stranger.get("/xu-ly-phan-anh"), &["Không có phản ánh, kiến nghị nào ở đây"]);
        let list = officer.get("/xu-ly-phan-anh");
        is_page(&list, 200);
        says(&list, &["mở cửa muộn", "Chưa giao", "aria-current=\"page\">Phản ánh"]);
        let (_, address) = list.body.split_once("<a href=\"/xu-ly-phan-anh/").unwrap();
        let one = format!("/xu-ly-phan-anh/{}", address.split('"').next().unwrap());
        stranger.get(&one).expect(403);
        says(&officer.get(&one), &["Chưa trả lời", "Nguyễn Thị Ánh, 0912345678"]);

        let form = officer.get(&format!("{one}/giao")).expect(200).body;
        let stale = held(&form, "tag");
        let given = [("assignee", "h37.20.01.officer"), ("tag", &*stale), ("khoa", &*held(&form, "khoa"))];
        officer.post(&format!("{one}/giao"), &given).expect(303);
        // Whoever looked before that keeps what they wrote.
        let late = [("answer", "Đơn vị đã nhắc nhở"), ("tag", &*stale)];
        let late = officer.post(&format!("{one}/tra-loi"), &late);
        is_page(&late, 412);
        says(&late, &["vừa được người khác thay đổi", "Đơn vị đã nhắc nhở"]);
        let form = officer.get(&format!("{one}/tra-loi")).expect(200).body;
        let empty = [("answer", " "), ("tag", &*held(&form, "tag"))];
        says(&officer.post(&format!("{one}/tra-loi"), &empty), &["<title>Lỗi: "]);
        officer.get(&format!("{one}/cong-khai")).expect(403);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let early = supervisor.get(&format!("{one}/cong-khai"));
        says(&early, &["Trả lời người gửi trước"]);
        let answered = [("answer", "Đơn vị đã nhắc nhở"), ("tag", &*held(&form, "tag"))];
        let answered = officer.post(&format!("{one}/tra-loi"), &answered).expect(303);
        says(&officer.get(answered.header("location")), &["Đã trả lời", "Đơn vị đã nhắc nhở"]);
        says(&supervisor.get(&one), &["Công khai</a>"]);

        let form = supervisor.get(&format!("{one}/cong-khai")).expect(200).body;
        let tag = held(&form, "tag");
        let public = |content| [("content", content), ("answer", "Đơn vị đã nhắc nhở"), ("tag", &*tag)];
        let named = supervisor.post(&format!("{one}/cong-khai"), &public("Bà Nguyễn Thị Ánh nói mở cửa muộn"));
        is_page(&named, 400);
        says(&named, &["họ tên của người liên quan", "Bà Nguyễn Thị Ánh nói mở cửa muộn"]);
        officer.post(&format!("{one}/cong-khai"), &public("Mở cửa muộn")).expect(403);
        supervisor.post(&format!("{one}/cong-khai"), &public("Mở cửa muộn")).expect(303);
        let read = office.call("GET", format!("/phan-anh?don_vi={COMMUNE}")).send().expect(200).body;
        assert!(read.contains("Mở cửa muộn"), "{read}");
        says(&officer.get("/xu-ly-phan-anh"), &["Không có phản ánh, kiến nghị nào ở đây"]);
        says(&officer.get("/xu-ly-phan-anh?list=answered"), &["Đã công khai"]);
        // Published by a slip: nobody reads it any more, and it may be published again.
        let shown = supervisor.get(&one).expect(200).body;
        let tag = held(&shown, "tag");
        officer.post(&format!("{one}/thoi-cong-khai"), &[("tag", &tag)]).expect(403);
        let taken_back = supervisor.follow(supervisor.post(&format!("{one}/thoi-cong-khai"), &[("tag", &tag)]));
        says(&taken_back, &["Đã thôi công khai", "Đã trả lời", "Công khai"]);
        let read = office.call("GET", format!("/phan-anh?don_vi={COMMUNE}")).send().expect(200).body;
        assert!(!read.contains("Mở cửa muộn"), "{read}");
    }
}

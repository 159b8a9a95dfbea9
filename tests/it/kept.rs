//! Nothing that is typed is lost: drafts, a browser without network, a session that ended, somebody who was quicker, a
//! double click. And the receipt page by keyboard.

use std::time::{Duration, Instant};

use fantoccini::Client;

use crate::support::{
    Browser, COMMUNE, Database, Kind, OURS, Office, Program, SAME_DAY, Visitor, arrive,
    double_click, enter, find, held, hire, is_page, look, of_form, offline, on_both,
};
use motcua::domain::role::Role;
use motcua::web::{Access, page_routes};

const FORM: &str = "/ho-so/tiep-nhan?thu-tuc=2.000815";
const RECEIVE: &str = "/ho-so/tiep-nhan";
/// What a browser says of a form.
const CONTENT: (&str, &str) = crate::support::FORM;

/// A form for a same-day certification with that name, under the key of a form that was opened.
fn filled<'a>(key: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("khoa", key),
        ("noi-gui", RECEIVE),
        ("thu-tuc", SAME_DAY),
        ("the", ""),
        ("applicant/name", name),
        ("applicant/identity_number", "020185000123"),
        ("applicant/phone", "0912345678"),
        ("applicant/address", "Thôn Nà Lốc, Lạng Sơn"),
        ("items/0/originals", "1"),
        ("items/1/copies", "7"),
        ("channel", "direct"),
        ("return_channel", "direct"),
        ("sets", "1"),
        ("assignee", ""),
        ("applicant/notify_by", ""),
        ("paid/method", "cash"),
    ]
}

fn key_of(clerk: &Visitor<'_>, path: &str) -> String {
    let form = clerk.get(path);
    is_page(&form, 200);
    held(&form.body, "khoa")
}

/// Takes a dossier in; its number.
fn received(clerk: &Visitor<'_>, name: &str) -> String {
    let key = key_of(clerk, FORM);
    let mut fields = filled(&key, name);
    fields.extend([
        ("accept", "duplicate_dossier"),
        ("accept", "duplicate_person"),
    ]);
    let answer = clerk.post(RECEIVE, &fields).expect(303);
    answer
        .header("location")
        .split('/')
        .nth(2)
        .unwrap()
        .to_owned()
}

/// As an address stands in a page.
fn in_page(address: &str) -> String {
    address.replace('&', "&#38;")
}

on_both! {
    fn a_draft_is_its_owners_alone_and_comes_back_until_it_is_sent(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let colleague = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        // Two forms, each under a key of its own.
        let (first, second) = (key_of(&clerk, FORM), key_of(&clerk, FORM));
        assert_ne!(first, second);
        let one = clerk.post("/nhap", &filled(&first, "Nguyễn Thị Ánh")).expect(303);
        let one = one.header("location").to_owned();
        assert_eq!(one, format!("{FORM}&nhap={first}"));
        let saved = clerk.post_by_script("/nhap", &filled(&second, "Lý Văn Bình")).expect(200);
        assert_eq!(saved.json()["state"], "saved", "{}", saved.body);
        // Once more is the same draft.
        clerk.post_by_script("/nhap", &filled(&second, "Lý Văn Ba")).expect(200);
        assert_eq!(db.value("select count(*) from drafts"), "2");
        assert_eq!(db.value("select count(*) from dossiers"), "0");

        // Reloaded, and after she has logged out and in again.
        let shown = clerk.get(&one);
        is_page(&shown, 200);
        assert_eq!(held(&shown.body, "applicant/name"), "Nguyễn Thị Ánh");
        assert_eq!(held(&shown.body, "items/1/copies"), "7");
        assert_eq!(held(&shown.body, "khoa"), first);
        assert!(shown.body.contains("Nháp lưu lúc"), "{}", shown.body);
        clerk.post("/dang-xuat", &[]).expect(303);
        let clerk = Visitor::log_in(&office, &clerk.username);
        let list = clerk.get("/nhap");
        is_page(&list, 200);
        for said in ["Nguyễn Thị Ánh", "Lý Văn Ba", "Tiếp nhận: ", &in_page(&one)] {
            assert!(list.body.contains(said), "{said} in {}", list.body);
        }
        assert_eq!(held(&clerk.get(&one).body, "applicant/name"), "Nguyễn Thị Ánh");
        // A new form of the same kind offers what is there; a receipt is found where receipts begin.
        let new = clerk.get(FORM);
        is_page(&new, 200);
        assert!(new.body.contains("Bạn có nháp chưa gửi"), "{}", new.body);
        assert!(new.body.contains(&in_page(&one)), "{}", new.body);
        assert_eq!(held(&new.body, "applicant/name"), "");
        assert!(clerk.get(RECEIVE).body.contains("Lý Văn Ba"));

        // Nobody else sees them, writes them, or throws them away.
        let theirs = colleague.get(&one);
        is_page(&theirs, 200);
        assert_eq!(held(&theirs.body, "applicant/name"), "");
        assert_ne!(held(&theirs.body, "khoa"), first);
        assert!(!theirs.body.contains("Nguyễn Thị Ánh"), "{}", theirs.body);
        assert!(!colleague.get("/nhap").body.contains("Nguyễn Thị Ánh"));
        is_page(&colleague.post("/nhap", &filled(&first, "Kẻ Khác")), 404);
        colleague.post("/nhap/bo", &[("khoa", &first)]).expect(303);
        assert_eq!(held(&clerk.get(&one).body, "applicant/name"), "Nguyễn Thị Ánh");

        // What was sent is no draft any more, and what comes late for it is not kept.
        clerk.post(RECEIVE, &filled(&first, "Nguyễn Thị Ánh")).expect(303);
        assert_eq!(db.value("select count(*) from drafts where fields is not null"), "1");
        let late = clerk.post_by_script("/nhap", &filled(&first, "Nguyễn Thị Ánh")).expect(200);
        assert_eq!(late.json()["state"], "sent", "{}", late.body);
        assert_eq!(db.value("select count(*) from drafts where fields is not null"), "1");
        let again = clerk.get(&one);
        is_page(&again, 200);
        assert!(again.body.contains("đã được gửi"), "{}", again.body);
        assert_ne!(held(&again.body, "khoa"), first);

        // Thrown away, and forgotten.
        clerk.post("/nhap/bo", &[("khoa", &second)]).expect(303);
        let none = clerk.get("/nhap");
        is_page(&none, 200);
        assert!(none.body.contains("Không có nháp nào"), "{}", none.body);
        let third = key_of(&clerk, FORM);
        clerk.post("/nhap", &filled(&third, "Hà Thị Cúc")).expect(303);
        let month = "select (expires_at - saved_at) / 86400000 from drafts where fields is not null";
        assert_eq!(db.value(month), "30");
        db.tamper("update drafts set expires_at = 1");
        assert!(!clerk.get("/nhap").body.contains("Hà Thị Cúc"));
        motcua::jobs::housekeeping::run(&office.world.store, motcua::clock::now()).unwrap();
        assert_eq!(db.value("select count(*) from drafts"), "0");
        // Whatever was typed, one dossier was taken in.
        assert_eq!(db.value("select count(*) from dossiers"), "1");
    }
}

on_both! {
    fn drafts_have_limits_and_hold_no_password(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let keys: Vec<_> = (0..51).map(|_| key_of(&clerk, "/ho-so/tiep-nhan?thu-tuc=2.000884")).collect();
        for key in &keys[..50] {
            clerk.post_by_script("/nhap", &filled(key, "An")).expect(200);
        }
        let many = clerk.post_by_script("/nhap", &filled(&keys[50], "An")).expect(400).json();
        assert!(many["detail"].as_str().unwrap().contains("đã có 50 nháp"), "{many}");
        is_page(&clerk.post("/nhap", &filled(&keys[50], "An")), 400);
        // Those there are can be written still.
        clerk.post_by_script("/nhap", &filled(&keys[0], "Bình")).expect(200);
        let long = "a".repeat(600_000);
        clerk.post_by_script("/nhap", &filled(&keys[0], &long)).expect(400);
        // Nor do many long ones pile up.
        let long = "a".repeat(500_000);
        for key in &keys[..2] {
            clerk.post_by_script("/nhap", &filled(key, &long)).expect(200);
        }
        clerk.post_by_script("/nhap", &filled(&keys[2], &long)).expect(400);
        // What is no form of ours.
        for (key, place) in [("", RECEIVE), ("abc", RECEIVE), (&*keys[1], "//elsewhere.example"), (&*keys[1], "x")] {
            let fields = [("khoa", key), ("noi-gui", place), ("a", "b")];
            let refused = clerk.post_by_script("/nhap", &fields);
            assert!(matches!(refused.status, 400 | 404), "{}", refused.body);
            assert_eq!(refused.json()["state"], "refused");
        }
        assert_eq!(db.value("select count(*) from drafts"), "50");

        let administrator = Visitor::hire(&office, Role::Administrator, COMMUNE);
        let add = "/quan-tri/tai-khoan/them";
        let key = key_of(&administrator, add);
        let fields = [("khoa", &*key), ("noi-gui", add), ("full_name", "Vi Thị Đào"), ("password", "bí mật của Đào")];
        let saved = administrator.follow(administrator.post("/nhap", &fields));
        assert_eq!(held(&saved.body, "full_name"), "Vi Thị Đào");
        assert!(!saved.body.contains("bí mật"), "{}", saved.body);
        assert_eq!(db.value("select count(*) from drafts where fields like '%bí mật%'"), "0");
    }
}

on_both! {
    fn what_comes_after_the_session_has_ended_is_kept_for_whoever_typed_it(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let number = received(&clerk, "Lý Văn Bình");
        let asked = format!("/ho-so/{number}/rut");
        let (key, of_action) = (key_of(&clerk, FORM), key_of(&clerk, &asked));
        let version = held(&clerk.get(&asked).body, "version");
        let of_note = key_of(&clerk, &format!("/ho-so/{number}"));
        db.tamper("update sessions set expires_at = 1");

        let ended = clerk.post(RECEIVE, &filled(&key, "Nguyễn Thị Ánh"));
        is_page(&ended, 401);
        assert!(ended.body.contains("Phiên làm việc đã hết"), "{}", ended.body);
        assert!(ended.body.contains("được giữ lại"), "{}", ended.body);
        assert!(!ended.body.contains("Nguyễn Thị Ánh"), "{}", ended.body);
        let next = held(&ended.body, "next").replace("&#38;", "&");
        assert_eq!(next, format!("{FORM}&nhap={key}"));
        let typed = [
            ("khoa", &*of_action), ("noi-gui", &*asked), ("reason", "Bà đổi ý, xin rút"), ("version", &*version),
        ];
        let ended = clerk.post(&asked, &typed);
        is_page(&ended, 401);
        let of_action = held(&ended.body, "next");
        let note = format!("/ho-so/{number}/ghi-chu");
        let typed = [("khoa", &*of_note), ("noi-gui", &*note), ("note", "Hẹn bà thứ Hai")];
        let ended = clerk.post(&note, &typed);
        is_page(&ended, 401);
        let of_note = held(&ended.body, "next");
        // The script is told the same.
        let told = clerk.post_by_script("/nhap", &filled(&key, "Nguyễn Thị Ánh")).expect(401).json();
        assert_eq!((&told["state"], &told["kept"]), (&"ended".into(), &true.into()));
        // Nothing is done by itself.
        assert_eq!(db.value("select count(*) from dossiers"), "1");
        assert_eq!(db.value("select count(*) from dossier_notes"), "0");

        // Whoever logs in there instead sees nothing of it.
        let other = Visitor::log_in(&office, &supervisor.username);
        let shown = other.get(&next);
        is_page(&shown, 200);
        assert!(!shown.body.contains("Nguyễn Thị Ánh"), "{}", shown.body);
        let clerk = Visitor::log_in(&office, &clerk.username);
        let shown = clerk.get(&next);
        is_page(&shown, 200);
        assert_eq!(held(&shown.body, "applicant/name"), "Nguyễn Thị Ánh");
        assert!(shown.body.contains("chưa gửi"), "{}", shown.body);
        let shown = clerk.get(&of_action);
        is_page(&shown, 200);
        assert!(shown.body.contains("Bà đổi ý, xin rút</textarea>"), "{}", shown.body);
        let shown = clerk.get(&of_note);
        is_page(&shown, 200);
        assert!(shown.body.contains("Hẹn bà thứ Hai</textarea>"), "{}", shown.body);
        // What cannot be done any more can be read still.
        db.tamper("update dossiers set status = 10");
        let over = clerk.get(&of_action);
        assert_eq!(over.status, 409);
        assert!(over.body.contains("<span class=\"said\">Bà đổi ý, xin rút</span>"), "{}", over.body);
        db.tamper("update dossiers set status = 2");
        // Sent now, and done once.
        let mut fields = filled(&key, "Nguyễn Thị Ánh");
        fields.extend([("accept", "duplicate_dossier"), ("accept", "duplicate_person")]);
        clerk.post(RECEIVE, &fields).expect(303);
        assert_eq!(db.value("select count(*) from dossiers"), "2");

        // A key that we never made, one of somebody who may not log in any more, and a form without one.
        let key = key_of(&clerk, FORM);
        db.tamper("update sessions set expires_at = 1");
        let turned = match key.strip_prefix('A') {
            Some(rest) => format!("B{rest}"),
            None => format!("A{}", &key[1..]),
        };
        let lost = |fields: &[(&str, &str)]| {
            let ended = clerk.post(RECEIVE, fields);
            is_page(&ended, 401);
            assert!(ended.body.contains("không giữ lại được"), "{}", ended.body);
        };
        let drafts = db.value("select count(*) from drafts");
        lost(&filled(&turned, "Nguyễn Thị Ánh"));
        lost(&[("thu-tuc", SAME_DAY)]);
        db.tamper("update users set disabled_at = 1");
        lost(&filled(&key, "Nguyễn Thị Ánh"));
        assert_eq!(db.value("select count(*) from drafts"), drafts);
        // Whoever only wanted to leave has left.
        let left = clerk.post("/dang-xuat", &[]).expect(303);
        assert_eq!(left.header("location"), "/dang-nhap");
    }
}

on_both! {
    fn the_forms_of_an_administrator_are_kept_too_where_the_session_has_ended(db: &Database) {
        let office = Office::for_browsers(db);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let clerk = hire(&office.world, Role::Clerk, COMMUNE);
        let pages = [
            ("/quan-tri/tai-khoan/them".to_owned(), "full_name", "Vi Thị Đào"),
            (format!("/quan-tri/tai-khoan/{clerk}"), "full_name", "Vi Thị Đào"),
            (format!("/quan-tri/don-vi/{COMMUNE}"), "name", "Phường Vi Thị Đào"),
            ("/quan-tri/lich/2031".to_owned(), "name", "Nghỉ lễ Vi Thị Đào"),
            ("/quan-tri/mau-cau/them".to_owned(), "title", "Nhắc Vi Thị Đào"),
            ("/quan-tri/yeu-cau/them".to_owned(), "dossier", "Hồ sơ của Vi Thị Đào"),
        ];
        let opened = pages.each_ref().map(|(page, ..)| key_of(&administrator, page));
        db.tamper("update sessions set expires_at = 1");
        let ended = pages.iter().zip(&opened).map(|((page, field, text), key)| {
            let fields = [
                ("khoa", &**key), ("noi-gui", &**page), (*field, *text), ("date", "2031-01-02"), ("drop", "2031-01-01"),
                ("password", "bí mật của Đào"),
            ];
            let ended = administrator.post(page, &fields);
            is_page(&ended, 401);
            held(&ended.body, "next")
        });
        let ended: Vec<_> = ended.collect();
        let administrator = Visitor::log_in(&office, &administrator.username);
        for (next, (_, field, text)) in ended.iter().zip(&pages) {
            let shown = administrator.get(next);
            is_page(&shown, 200);
            assert_eq!(&held(&shown.body, field), text, "{next}");
            assert!(!shown.body.contains("bí mật"), "{}", shown.body);
        }
        assert_eq!(db.value("select count(*) from users where full_name = 'Vi Thị Đào'"), "0");
        assert_eq!(db.value("select count(*) from drafts where fields like '%bí mật%'"), "0");
    }
}

/// The key under which a page gives out the form that is sent to that place.
#[track_caller]
fn key_for(page: &str, place: &str) -> String {
    let (before, _) = page
        .split_once(&format!("name=\"noi-gui\" value=\"{place}\""))
        .unwrap_or_else(|| panic!("no form for {place} in {page}"));
    let (_, key) = before.rsplit_once("name=\"khoa\" value=\"").unwrap();
    key.split('"').next().unwrap().to_owned()
}

on_both! {
    fn what_leaders_desks_and_administrators_write_elsewhere_is_kept_too(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let officer = hire(&office.world, Role::Officer, COMMUNE);
        let leader = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let (one, two) = (received(&clerk, "Lý Văn Bình"), received(&clerk, "Hà Thị Cúc"));
        let notice = motcua::store::payments::Notice {
            transaction: "T1".to_owned(),
            case_number: "CT DEN:123".to_owned(),
            amount_vnd: 20_000,
        };
        motcua::acts::pay::take_notice(&office.world.store, notice, motcua::clock::now()).unwrap();
        let asked = [("dossier", &*one), ("what", "delete"), ("of_delegate", "false"), ("key", "a-key-of-our-own")];
        let asked = administrator.post("/quan-tri/yeu-cau/them", &asked).expect(303);
        let request = asked.header("location").split('?').next().unwrap().to_owned();

        let many = format!("/ho-so/nhieu?viec=ghi-chu&dossier={one}&dossier={two}&ds=list%3Dopen");
        let hands = format!("/tong-quan/giao-lai?can_bo={officer}");
        let long = format!("{{{}\"Vi Thị Đào\"}}", " ".repeat(100_000));
        let (row_one, row_two) = (format!("{one}:1"), format!("{two}:1"));
        let many_rows = [("viec", "ghi-chu"), ("row", &*row_one), ("row", &*row_two), ("ds", "list=open")];
        let hand_on = [("can_bo", &*officer)];
        // Who, on which page, into which form, which field and what; what else the form says; how a draft of it is called.
        type Wrote<'a> = (&'a Visitor<'a>, &'a str, String, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);
        let wrote: [Wrote<'_>; 10] = [
            (&clerk, &many, "/ho-so/nhieu".to_owned(), "note", "Nhắc Vi Thị Đào", &many_rows, "2 hồ sơ"),
            (&clerk, &format!("/ho-so/{one}"), format!("/ho-so/{one}/lien-ket"), "dossier", "Vi Thị Đào", &[],
                "Liên kết hồ sơ"),
            (&leader, &hands, "/tong-quan/giao-lai".to_owned(), "reason", "Thay Vi Thị Đào", &hand_on, "Giao lại hồ sơ"),
            (&administrator, "/quan-tri/khoan-nop/1/ghi-chu", "/quan-tri/khoan-nop/1/ghi-chu".to_owned(), "reason",
                "Hỏi Vi Thị Đào", &[], "Khoản nộp"),
            (&administrator, "/quan-tri/khoan-nop/1/hoan-tra", "/quan-tri/khoan-nop/1/hoan-tra".to_owned(), "reason",
                "Trả Vi Thị Đào", &[], "Khoản nộp"),
            (&administrator, &format!("/quan-tri/khoan-nop/1/ghi-nhan?dossier={one}"),
                "/quan-tri/khoan-nop/1/ghi-nhan".to_owned(), "reason", "Của Vi Thị Đào", &[("dossier", &one)], "Khoản nộp"),
            (&administrator, &request, format!("{request}/tu-choi"), "reason", "Không phải Vi Thị Đào", &[],
                "Yêu cầu về dữ liệu"),
            (&administrator, &format!("/quan-tri/don-vi/{COMMUNE}/ke-thua"), format!("/quan-tri/don-vi/{COMMUNE}/ke-thua"),
                "new_name", "Phường Vi Thị Đào", &[], "Kế thừa đơn vị"),
            (&administrator, &format!("/quan-tri/don-vi/{COMMUNE}/nhan-su"), format!("/quan-tri/don-vi/{COMMUNE}/nhan-su"),
                "to", "Vi Thị Đào", &[], "Chuyển nhân sự"),
            (&administrator, "/quan-tri/thu-tuc/them", "/quan-tri/thu-tuc/them".to_owned(), "definition", &long, &[],
                "Thêm thủ tục"),
        ];
        let opened = wrote.each_ref().map(|(by, page, place, ..)| {
            let shown = by.get(page);
            is_page(&shown, 200);
            key_for(&shown.body, place)
        });
        db.tamper("update sessions set expires_at = 1");
        let ended = wrote.iter().zip(&opened).map(|((by, _, place, field, text, others, _), key)| {
            let mut fields = vec![("khoa", &**key), ("noi-gui", &**place), (*field, *text)];
            fields.extend(*others);
            let ended = by.post(place, &fields);
            is_page(&ended, 401);
            assert!(ended.body.contains("được giữ lại"), "{place}: {}", ended.body);
            held(&ended.body, "next")
        });
        let ended: Vec<_> = ended.collect();
        assert_eq!(db.value("select count(*) from drafts where fields is not null"), "10");
        for (next, (by, _, place, field, text, _, called)) in ended.iter().zip(&wrote) {
            let by = Visitor::log_in(&office, &by.username);
            let list = by.get("/nhap");
            is_page(&list, 200);
            assert!(list.body.contains(called), "{called} in {}", list.body);
            assert!(list.body.contains(next), "{next} in {}", list.body);
            let shown = by.get(&next.replace("&#38;", "&"));
            is_page(&shown, 200);
            let as_shown = text.replace('"', "&#34;");
            let area = format!("name=\"{field}\"");
            let there = shown.body.contains(&format!("{as_shown}</textarea>"))
                || shown.body.contains(&format!("{area} value=\"{as_shown}\""));
            assert!(there, "{place}: {}", shown.body);
        }
        // Both dossiers are there to be noted, and the draft is gone once they are.
        let clerk = Visitor::log_in(&office, &clerk.username);
        let shown = clerk.get(&ended[0].replace("&#38;", "&"));
        assert!(shown.body.contains(&row_one) && shown.body.contains(&row_two), "{}", shown.body);
        let key = key_for(&shown.body, "/ho-so/nhieu");
        let attempt = held(&shown.body, "lan");
        // What was unticked stays so.
        let unticked = [("khoa", &*key), ("noi-gui", "/ho-so/nhieu"), ("viec", "ghi-chu"), ("dossier", &*one), ("row", &*row_two),
            ("note", "Nhắc Vi Thị Đào")];
        let again = clerk.follow(clerk.post("/nhap", &unticked)).body;
        assert!(again.contains(&format!("value=\"{row_two}\" aria-label=\"Chọn {two}\" checked>")), "{again}");
        assert!(again.contains(&format!("value=\"{row_one}\" aria-label=\"Chọn {one}\">")), "{again}");
        assert!(!again.contains("Đã đổi từ khi lưu nháp"), "{again}");
        // And what somebody else has changed meanwhile is said.
        let older = format!("{two}:0");
        let stale = [("khoa", &*key), ("noi-gui", "/ho-so/nhieu"), ("viec", "ghi-chu"), ("dossier", &*one), ("row", &*older),
            ("note", "Nhắc Vi Thị Đào")];
        let again = clerk.follow(clerk.post("/nhap", &stale)).body;
        assert!(again.contains("Đã đổi từ khi lưu nháp"), "{again}");
        let mut fields = vec![("khoa", &*key), ("noi-gui", "/ho-so/nhieu"), ("lan", &*attempt), ("note", "Nhắc Vi Thị Đào")];
        fields.extend(many_rows);
        let noted = clerk.post("/ho-so/nhieu", &fields).expect(200);
        assert!(noted.body.contains("2 hồ sơ đã ghi chú"), "{}", noted.body);
        assert_eq!(db.value("select count(*) from drafts where fields is not null"), "9");
        // The two forms of a dossier's page are two drafts.
        let page = format!("/ho-so/{one}");
        let shown = clerk.get(&page).body;
        let (of_note, of_link) = (format!("{page}/ghi-chu"), format!("{page}/lien-ket"));
        assert_ne!(key_for(&shown, &of_note), key_for(&shown, &of_link));
    }
}

#[test]
fn whatever_staff_send_after_the_session_they_are_told() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let mut forms = 0;
    for route in page_routes() {
        if !matches!(route.access, Access::Staff(_)) || route.method.as_str() != "POST" {
            continue;
        }
        // Numbers fit whatever an address names.
        let parts = route
            .path
            .split('/')
            .map(|part| match part.starts_with('{') {
                true => "2031",
                false => part,
            });
        let path = parts.collect::<Vec<_>>().join("/");
        let sent = office.server.send("POST", &path, &[CONTENT, OURS], b"a=b");
        if path == "/dang-xuat" {
            assert_eq!(sent.expect(303).header("location"), "/dang-nhap");
            continue;
        }
        is_page(&sent, 401);
        assert!(
            sent.body.contains("Phiên làm việc đã hết"),
            "{path}: {}",
            sent.body
        );
        // And what another site sends is refused before anything is read.
        let strange = ("Sec-Fetch-Site", "cross-site");
        is_page(
            &office
                .server
                .send("POST", &path, &[CONTENT, strange], b"a=b"),
            403,
        );
        forms += 1;
    }
    assert!(forms > 30, "{forms}");
}

/// Whatever a form of a dossier may ask for, with what was seen of the dossier.
fn anything<'a>(version: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("khoa", key),
        ("version", version),
        ("reason", "Chữ đã gõ"),
        ("note", "Chữ đã gõ"),
        ("receipt", "Chữ đã gõ"),
        ("return_date/reason", "Chữ đã gõ"),
        ("items", "0"),
        ("items/0/originals", "1"),
        ("amount_vnd", "1000"),
        ("fee", "0"),
        ("quantity", "1"),
        ("method", "cash"),
        ("decision", "refused"),
        ("channel", "direct"),
        ("step", "1"),
        ("assignee", ""),
        ("return_date/at", "2031-03-03T09:00"),
        ("appointment_at", "2031-03-03T09:00"),
        ("hen-xa", "2031-03-03T09:00:00+07:00"),
        ("from", COMMUNE),
        ("to", COMMUNE),
        ("applicant/name", "Chữ đã gõ"),
        ("hai-long", "5"),
        ("at/late_reason", ""),
    ]
}

on_both! {
    fn every_form_of_a_dossier_keeps_the_text_where_somebody_was_quicker(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let number = received(&clerk, "Lý Văn Bình");
        let at = |what: &str| format!("/ho-so/{number}/{what}");
        let form = clerk.get(&at("chuyen")).expect(200).body;
        let (seen, key) = (held(&form, "version"), held(&form, "khoa"));
        let moved = [("step", "1"), ("note", "Gấp"), ("version", &*seen), ("khoa", &*key)];
        clerk.post(&at("chuyen"), &moved).expect(303);
        let all = [
            "chuyen", "doi-nguoi-xu-ly", "yeu-cau-bo-sung", "nhan-bo-sung", "yeu-cau-nop-tien", "nhan-tien", "thu-phi",
            "mien-phi", "so-luong-muc-phi", "hoan-tra", "huy-hoan-tra", "ket-thuc", "rut", "dung", "xac-minh",
            "xin-loi-hen-lai", "tra-ket-qua", "huy-thao-tac", "sua-nguoi-nop", "tiep-nhan", "khong-tiep-nhan",
        ];
        for what in all {
            let key = key_of(&supervisor, "/ho-so/tiep-nhan?thu-tuc=2.000815");
            let changed = supervisor.post(&at(what), &anything(&seen, &key));
            is_page(&changed, 412);
            for said in ["vừa được người khác thay đổi", "Chuyển bước xử lý", "Bây giờ: <strong>"] {
                assert!(changed.body.contains(said), "{what}: {said} in {}", changed.body);
            }
            if !matches!(what, "tra-ket-qua") {
                assert!(changed.body.contains("Chữ đã gõ"), "{what}: {}", changed.body);
            }
            assert_ne!(held(&changed.body, "version"), seen, "{what}");
            assert_eq!(held(&changed.body, "khoa"), key, "{what}");
        }
        // Sent again with what it is now, it works.
        let key = key_of(&supervisor, &at("yeu-cau-bo-sung"));
        let changed = supervisor.post(&at("yeu-cau-bo-sung"), &anything(&seen, &key));
        let now = held(&changed.body, "version");
        let asked = supervisor.follow(supervisor.post(&at("yeu-cau-bo-sung"), &anything(&now, &key)));
        assert!(asked.body.contains("Đang chờ người nộp bổ sung"), "{}", asked.body);

        // A dossier that somebody has taken out of reach: the text is among one's drafts.
        let key = key_of(&clerk, &at("rut"));
        let place = at("rut");
        let fields = [("khoa", &*key), ("noi-gui", &*place), ("version", &*now), ("reason", "Ông đổi ý")];
        let gone = clerk.post(&place.replace(&number, "H37.20.01-200101-9999"), &fields);
        is_page(&gone, 404);
        assert!(gone.body.contains("Nháp của tôi</a>"), "{}", gone.body);
        let kept = clerk.get(&format!("{place}?nhap={key}"));
        assert!(kept.body.contains("Ông đổi ý</textarea>"), "{}", kept.body);
    }
}

on_both! {
    fn what_was_not_touched_is_as_somebody_else_has_made_it(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let number = received(&clerk, "Lý Văn Bình");
        let at = |what: &str| format!("/ho-so/{number}/{what}");
        let with = |page: &str, changes: &[(&str, &str)]| {
            let mut fields = of_form(page);
            for (name, value) in changes {
                let known = fields.iter_mut().find(|(known, _)| known == name);
                known.unwrap_or_else(|| panic!("no {name}: {page}")).1 = (*value).to_owned();
            }
            fields
        };
        let send = |who: &Visitor<'_>, what: &str, fields: &[(String, String)]| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            who.post(&at(what), &fields)
        };
        let what = "sua-nguoi-nop";
        let seen = clerk.get(&at(what)).expect(200).body;
        let theirs = supervisor.get(&at(what)).expect(200).body;
        let theirs = with(&theirs, &[("reason", "Sai số nhà"), ("applicant/address", "Thôn 4"), ("applicant/phone", "0912000111")]);
        send(&supervisor, what, &theirs).expect(303);
        // The clerk has touched the name and the phone.
        let mine = with(&seen, &[("reason", "Sai tên"), ("applicant/name", "Lý Văn Bính"), ("applicant/phone", "0912000222")]);
        let changed = send(&clerk, what, &mine);
        is_page(&changed, 412);
        let shown = |name: &str| held(&changed.body, name);
        assert_eq!((shown("applicant/address"), shown("applicant/name")), ("Thôn 4".to_owned(), "Lý Văn Bính".to_owned()));
        assert_eq!(shown("applicant/phone"), "0912000222");
        assert!(changed.body.contains("Hiện nay:</strong> 0912000111"), "{}", changed.body);
        // Of what only the clerk has touched there is nothing to say.
        assert_eq!(changed.body.matches("Hiện nay:").count(), 1, "{}", changed.body);
        send(&clerk, what, &of_form(&changed.body)).expect(303);
        let page = clerk.get(&format!("/ho-so/{number}")).expect(200).body;
        for kept in ["Thôn 4", "Lý Văn Bính", "0912000222"] {
            assert!(page.contains(kept), "{kept}: {page}");
        }
        // The same of papers.
        let what = "sua-giay-to";
        let seen = clerk.get(&at(what)).expect(200).body;
        let theirs = supervisor.get(&at(what)).expect(200).body;
        send(&supervisor, what, &with(&theirs, &[("reason", "Đếm lại"), ("items/0/copies", "5")])).expect(303);
        let changed = send(&clerk, what, &with(&seen, &[("reason", "Gửi bưu điện"), ("sets", "2")]));
        is_page(&changed, 412);
        assert_eq!((held(&changed.body, "items/0/copies"), held(&changed.body, "sets")), ("5".to_owned(), "2".to_owned()));
    }
}

on_both! {
    fn an_account_that_somebody_else_has_changed_is_shown_beside_what_was_typed(db: &Database) {
        let office = Office::for_browsers(db);
        let administrator = Visitor::hire(&office, Role::Administrator, COMMUNE);
        let clerk = hire(&office.world, Role::Clerk, COMMUNE);
        let page = format!("/quan-tri/tai-khoan/{clerk}");
        let form = administrator.get(&page).expect(200).body;
        let tag = held(&form, "tag");
        let fields = |name: &'static str, tag: &str| {
            let fields = [
                ("full_name", name), ("role", "clerk"), ("unit", COMMUNE), ("state", "open"), ("email", ""), ("hands_to", ""),
            ];
            let mut fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            fields.push(("tag".to_owned(), tag.to_owned()));
            fields
        };
        let send = |name, tag: &str| {
            let fields = fields(name, tag);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            administrator.post(&page, &fields)
        };
        send("Nông Thị Em", &tag).expect(303);
        let changed = send("Nông Thị Êm", &tag);
        is_page(&changed, 412);
        assert_eq!(held(&changed.body, "full_name"), "Nông Thị Êm");
        assert!(changed.body.contains("Hiện nay:</strong> Nông Thị Em"), "{}", changed.body);
        send("Nông Thị Êm", &held(&changed.body, "tag")).expect(303);
        assert!(administrator.get(&page).body.contains("Nông Thị Êm"));
    }
}

on_both! {
    fn a_form_sent_twice_at_once_does_it_once(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let key = key_of(&clerk, FORM);
        let twice = |path: &str, fields: &[(&str, &str)]| {
            std::thread::scope(|scope| {
                let both = [0, 1].map(|_| scope.spawn(|| clerk.post(path, fields)));
                both.map(|one| one.join().unwrap().expect(303).header("location").to_owned())
            })
        };
        let [one, other] = twice(RECEIVE, &filled(&key, "Nguyễn Thị Ánh"));
        assert_eq!(one, other);
        assert_eq!(db.value("select count(*) from dossiers"), "1");

        let number = one.split('/').nth(2).unwrap();
        let place = format!("/ho-so/{number}/chuyen");
        let form = clerk.get(&place).expect(200).body;
        let (key, version) = (held(&form, "khoa"), held(&form, "version"));
        let fields = [("khoa", &*key), ("step", "1"), ("note", "Gấp"), ("version", &*version)];
        let [one, other] = twice(&place, &fields);
        assert_eq!(one, format!("/ho-so/{number}?xong=chuyen"));
        assert_eq!(other, one);
        assert_eq!(db.value("select version from dossiers"), "2");
    }
}

on_both! {
    fn what_whoever_takes_the_result_thinks_is_asked_at_the_desk(db: &Database) {
        let office = Office::for_browsers(db);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let number = received(&supervisor, "Lý Văn Bình");
        let at = |what: &str| format!("/ho-so/{number}/{what}");
        let act = |what: &str, fields: &[(&str, &str)]| {
            let version = held(&supervisor.get(&at(what)).expect(200).body, "version");
            let mut all = vec![("version", version.as_str())];
            all.extend(fields);
            supervisor.follow(supervisor.post(&at(what), &all))
        };
        act("chuyen", &[("step", "1")]);
        act("chuyen", &[("step", "2")]);
        act("ket-thuc", &[("decision", "approved")]);
        let form = supervisor.get(&at("tra-ket-qua")).expect(200).body;
        assert!(form.contains("Mức độ hài lòng <small>(nếu có)"), "{form}");
        act("tra-ket-qua", &[("channel", "direct"), ("hai-long", "5")]);
        assert_eq!(db.value("select rating from satisfaction where at_desk"), "5");
        // Taken back and given out again, it is of the second time.
        act("huy-thao-tac", &[("reason", "Trả nhầm")]);
        assert_eq!(db.value("select count(*) from satisfaction"), "0");
        act("tra-ket-qua", &[("channel", "direct"), ("hai-long", "2")]);
        assert_eq!(db.value("select rating from satisfaction where at_desk"), "2");
        // Nobody need say: then it is the citizen's to say.
        let number = received(&supervisor, "Hà Thị Cúc");
        let at = |what: &str| format!("/ho-so/{number}/{what}");
        for (what, fields) in [
            ("chuyen", ("step", "1")), ("chuyen", ("step", "2")), ("ket-thuc", ("decision", "approved")),
            ("tra-ket-qua", ("channel", "direct")),
        ] {
            let version = held(&supervisor.get(&at(what)).expect(200).body, "version");
            supervisor.post(&at(what), &[("version", &version), fields, ("hai-long", "")]).expect(303);
        }
        assert_eq!(db.value("select count(*) from satisfaction"), "1");
    }
}

on_both! {
    fn a_dossier_is_answered_in_one_step_by_whom_every_step_is(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let supervisor = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let offered = |who: &Visitor<'_>, path: &str| who.get(path).expect(200).body.contains("value=\"tra-ngay\"");
        assert!(offered(&supervisor, FORM));
        assert!(!offered(&clerk, FORM));

        let key = key_of(&supervisor, FORM);
        let mut fields = filled(&key, "Nguyễn Thị Ánh");
        fields.extend([("buoc", "tra-ngay"), ("paid/fees", "0")]);
        let done = supervisor.post(RECEIVE, &fields).expect(303);
        let place = done.header("location").to_owned();
        let number = place.split('/').nth(2).unwrap();
        let shown = supervisor.get(&format!("/ho-so/{number}")).expect(200).body;
        for said in ["Đã trả kết quả", "2.000 đồng – đã nộp", "Chuyển bước xử lý"] {
            assert!(shown.contains(said), "{said} in {shown}");
        }
        is_page(&supervisor.get(&place), 200);
        // A second click.
        assert_eq!(supervisor.post(RECEIVE, &fields).expect(303).header("location"), place);
        assert_eq!(db.value("select count(*) from dossiers"), "1");

        // A clerk decides nothing, whatever is sent: and nothing is taken in halfway.
        let key = key_of(&clerk, FORM);
        let mut fields = filled(&key, "Hà Thị Cúc");
        fields.extend([("buoc", "tra-ngay"), ("accept", "duplicate_dossier"), ("accept", "duplicate_person")]);
        let refused = clerk.post(RECEIVE, &fields);
        assert!(matches!(refused.status, 403 | 409), "{}", refused.body);
        is_page(&refused, refused.status);
        assert_eq!(held(&refused.body, "applicant/name"), "Hà Thị Cúc");
        assert_eq!(db.value("select count(*) from dossiers"), "1");
        fields.retain(|(name, _)| *name != "buoc");
        clerk.post(RECEIVE, &fields).expect(303);
    }
}

const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";
const F8: &str = "\u{e038}";

async fn type_into(client: &Client, name: &str, text: &str) {
    let field = find(client, &format!("main [name=\"{name}\"]")).await;
    field.send_keys(text).await.unwrap();
}

async fn holds(client: &Client, name: &str) -> String {
    let field = find(client, &format!("main [name=\"{name}\"]")).await;
    field.prop("value").await.unwrap().unwrap_or_default()
}

/// What the page says of the draft, as soon as it says that.
async fn says(client: &Client, wanted: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let said = find(client, "[data-said]").await.text().await.unwrap();
        if said.contains(wanted) {
            return;
        }
        assert!(Instant::now() < until, "“{said}”, not “{wanted}”");
        pause(100).await;
    }
}

async fn pause(millis: u64) {
    actix_web::rt::time::sleep(Duration::from_millis(millis)).await;
}

async fn to_the_buttons(client: &Client) {
    let down = "document.querySelector('[data-said]').scrollIntoView({block: 'end'})";
    client.execute(down, Vec::new()).await.unwrap();
}

/// How many forms the browser itself holds.
async fn left_here(client: &Client) -> u64 {
    let count =
        "return Object.keys(localStorage).filter((name) => name.startsWith('nhap ')).length";
    client
        .execute(count, Vec::new())
        .await
        .unwrap()
        .as_u64()
        .unwrap()
}

async fn until_nothing_is_left_here(client: &Client) {
    let until = Instant::now() + Duration::from_secs(30);
    while left_here(client).await > 0 {
        assert!(Instant::now() < until, "something stays in the browser");
        pause(200).await;
    }
}

async fn log_out(client: &Client) {
    find(client, "header button").await.click().await.unwrap();
    arrive(client, "/dang-nhap").await;
}

#[test]
fn what_is_typed_in_two_tabs_comes_back_after_reload_and_log_in() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let clerk = hire(&office.world, Role::Clerk, COMMUNE);
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        let first = client.window().await.unwrap();
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        type_into(&client, "applicant/name", "Nguyễn Thị Ánh").await;
        let second = client.new_window(true).await.unwrap().handle;
        client.switch_to_window(second.clone()).await.unwrap();
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        type_into(&client, "applicant/name", "Lý Văn Bình").await;
        says(&client, "Đã lưu nháp lúc").await;
        to_the_buttons(&client).await;
        look(&client, "draft-saved").await;
        client.switch_to_window(first.clone()).await.unwrap();
        says(&client, "Đã lưu nháp lúc").await;
        assert_eq!(db.value("select count(*) from drafts"), "2");

        let mut places = Vec::new();
        for (tab, name) in [(&first, "Nguyễn Thị Ánh"), (&second, "Lý Văn Bình")] {
            client.switch_to_window(tab.clone()).await.unwrap();
            client.refresh().await.unwrap();
            assert_eq!(holds(&client, "applicant/name").await, name);
            // Read anew before the two seconds are over.
            type_into(&client, "applicant/phone", "0912").await;
            client.refresh().await.unwrap();
            assert_eq!(holds(&client, "applicant/phone").await, "0912");
            places.push(client.current_url().await.unwrap());
        }
        log_out(&client).await;
        assert_eq!(left_here(&client).await, 0);
        enter(&client, &url, &clerk).await;
        client.goto(&format!("{url}/nhap")).await.unwrap();
        look(&client, "drafts").await;
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        look(&client, "draft-offered").await;
        for (place, name) in places.iter().zip(["Nguyễn Thị Ánh", "Lý Văn Bình"]) {
            client.goto(place.as_str()).await.unwrap();
            assert_eq!(holds(&client, "applicant/name").await, name);
            assert_eq!(holds(&client, "applicant/phone").await, "0912");
        }
        look(&client, "draft-opened").await;
        client.close().await.unwrap();
    });
}

#[test]
fn two_forms_of_one_page_both_come_back_after_reload() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::for_browsers(&db);
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let clerk = format!("{}.clerk", COMMUNE.to_lowercase());
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        let number = dossier["case_number"].as_str().unwrap();
        client.goto(&format!("{url}/ho-so/{number}")).await.unwrap();
        let open = "document.querySelector('#links ~ details').open = true";
        client.execute(open, Vec::new()).await.unwrap();
        type_into(&client, "note", "Hẹn bà thứ Hai").await;
        type_into(&client, "dossier", "H37.20.01-261127-0002").await;
        // Before the two seconds are over, and after.
        for _ in 0..2 {
            client.refresh().await.unwrap();
            assert_eq!(holds(&client, "note").await, "Hẹn bà thứ Hai");
            assert_eq!(holds(&client, "dossier").await, "H37.20.01-261127-0002");
            until_nothing_is_left_here(&client).await;
        }
        assert_eq!(db.value("select count(*) from drafts"), "2");
        client.close().await.unwrap();
    });
}

#[test]
fn a_browser_without_network_keeps_what_is_typed_and_sends_it_later() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let clerk = hire(&office.world, Role::Clerk, COMMUNE);
    let supervisor = hire(&office.world, Role::Supervisor, COMMUNE);
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        offline(&client, true).await;
        type_into(&client, "applicant/name", "Nguyễn Thị Ánh").await;
        says(&client, "Chưa lưu được lên máy chủ; đang giữ trên máy này.").await;
        assert_eq!(left_here(&client).await, 1);
        assert_eq!(db.value("select count(*) from drafts"), "0");
        to_the_buttons(&client).await;
        look(&client, "offline").await;
        offline(&client, false).await;
        says(&client, "Đã lưu nháp lúc").await;
        until_nothing_is_left_here(&client).await;
        assert_eq!(
            db.value("select count(*) from drafts where fields like '%Nguyễn Thị Ánh%'"),
            "1"
        );

        // Sent while there is no network: the browser's own page of failure comes, and the form is there again.
        let place = client.current_url().await.unwrap();
        type_into(&client, "applicant/phone", "0912345678").await;
        offline(&client, true).await;
        find(&client, "main form button[value=nhan]")
            .await
            .click()
            .await
            .ok();
        pause(500).await;
        offline(&client, false).await;
        client.goto(place.as_str()).await.unwrap();
        assert_eq!(holds(&client, "applicant/phone").await, "0912345678");
        assert_eq!(db.value("select count(*) from dossiers"), "0");
        says(&client, "Đã lưu nháp lúc").await;
        // Sent at last: nothing stays behind, neither there nor here.
        find(&client, "main form button[value=nhan]")
            .await
            .click()
            .await
            .unwrap();
        find(&client, "[data-next]").await;
        until_nothing_is_left_here(&client).await;
        assert_eq!(
            db.value("select count(*) from drafts where fields is not null"),
            "0"
        );
        assert_eq!(db.value("select count(*) from dossiers"), "1");

        // Another person at the same machine finds nothing of what could not be sent.
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        offline(&client, true).await;
        type_into(&client, "applicant/name", "Hà Thị Cúc").await;
        says(&client, "đang giữ trên máy này").await;
        client.execute("window.stop()", Vec::new()).await.unwrap();
        db.tamper("update sessions set expires_at = 1");
        offline(&client, false).await;
        client.delete_all_cookies().await.unwrap();
        enter(&client, &url, &supervisor).await;
        find(&client, "footer a").await;
        assert_eq!(left_here(&client).await, 0);
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        assert_eq!(holds(&client, "applicant/name").await, "");
        client.close().await.unwrap();
    });
}

#[test]
fn a_form_left_open_overnight_is_there_after_the_log_in() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let clerk = hire(&office.world, Role::Clerk, COMMUNE);
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        type_into(&client, "applicant/name", "Nguyễn Thị Ánh").await;
        db.tamper("update sessions set expires_at = 1");
        says(&client, "Phiên làm việc đã hết").await;
        type_into(&client, "applicant/phone", "0912345678").await;
        find(&client, "main form button[value=nhan]")
            .await
            .click()
            .await
            .unwrap();
        find(&client, "#password").await;
        look(&client, "session-ended").await;
        let text = find(&client, "main").await.text().await.unwrap();
        assert!(text.contains("Những gì đã nhập được giữ lại"), "{text}");
        find(&client, "#username")
            .await
            .send_keys(&clerk)
            .await
            .unwrap();
        let password = crate::support::password(&clerk) + ENTER;
        find(&client, "#password")
            .await
            .send_keys(&password)
            .await
            .unwrap();
        arrive(&client, RECEIVE).await;
        assert_eq!(holds(&client, "applicant/name").await, "Nguyễn Thị Ánh");
        assert_eq!(holds(&client, "applicant/phone").await, "0912345678");
        assert_eq!(db.value("select count(*) from dossiers"), "0");
        // A real double click does it once.
        let button = find(&client, "main form button[value=nhan]").await;
        double_click(&client, &button).await;
        find(&client, "[data-next]").await;
        assert_eq!(db.value("select count(*) from dossiers"), "1");
        client.close().await.unwrap();
    });
}

#[test]
fn what_was_typed_before_a_laptop_slept_is_there_when_it_wakes() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::for_browsers(&db).with("MOTCUA__SERVER__KEEP_ALIVE_SECONDS", "1");
    let office = Office::open_with(&db, program);
    let clerk = hire(&office.world, Role::Clerk, COMMUNE);
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        client.goto(&format!("{url}{FORM}")).await.unwrap();
        // Asleep before the two seconds are over, until no connection is left.
        let slept = async |name: &str, text: &str| {
            type_into(&client, name, text).await;
            browser.sleep();
            pause(4_000).await;
        };
        slept("applicant/name", "Nguyễn Thị Ánh").await;
        assert_eq!(db.value("select count(*) from drafts"), "0");
        browser.wake();
        says(&client, "Đã lưu nháp lúc").await;
        assert_eq!(holds(&client, "applicant/name").await, "Nguyễn Thị Ánh");

        // The next morning the session is over.
        slept("applicant/phone", "0912345678").await;
        db.tamper("update sessions set expires_at = 1");
        browser.wake();
        says(&client, "Phiên làm việc đã hết").await;
        assert_eq!(holds(&client, "applicant/phone").await, "0912345678");
        let place = client.current_url().await.unwrap();
        enter(&client, &url, &clerk).await;
        client.goto(place.as_str()).await.unwrap();
        assert_eq!(holds(&client, "applicant/name").await, "Nguyễn Thị Ánh");
        assert_eq!(holds(&client, "applicant/phone").await, "0912345678");
        until_nothing_is_left_here(&client).await;
        assert_eq!(db.value("select count(*) from dossiers"), "0");
        client.close().await.unwrap();
    });
}

#[test]
fn somebody_who_was_quicker_is_shown_and_the_text_stays_in_a_browser() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    let colleague = Visitor::hire(&office, Role::Clerk, COMMUNE);
    let supervisor = hire(&office.world, Role::Supervisor, COMMUNE);
    let number = received(&colleague, "Lý Văn Bình");
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &supervisor).await;
        client
            .goto(&format!("{url}/ho-so/{number}/rut"))
            .await
            .unwrap();
        type_into(&client, "reason", "Ông đổi ý, xin rút").await;
        says(&client, "Đã lưu nháp lúc").await;
        // Without network nobody leaves by mistake and loses what was typed.
        offline(&client, true).await;
        type_into(&client, "reason", " hồ sơ").await;
        says(&client, "đang giữ trên máy này").await;
        find(&client, "header button").await.click().await.unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        let asked = loop {
            match client.get_alert_text().await {
                Ok(asked) => break asked,
                Err(error) => assert!(Instant::now() < until, "{error}"),
            }
            pause(100).await;
        };
        assert!(asked.contains("chưa lưu được lên máy chủ"), "{asked}");
        client.dismiss_alert().await.unwrap();
        assert_eq!(left_here(&client).await, 1);
        offline(&client, false).await;
        until_nothing_is_left_here(&client).await;

        let place = format!("/ho-so/{number}/chuyen");
        let version = held(&colleague.get(&place).expect(200).body, "version");
        colleague
            .post(
                &place,
                &[("step", "1"), ("note", "Gấp"), ("version", &version)],
            )
            .expect(303);
        find(&client, "main form button[type=submit]")
            .await
            .click()
            .await
            .unwrap();
        find(&client, ".wrong").await;
        look(&client, "quicker").await;
        let text = find(&client, "main").await.text().await.unwrap();
        assert!(text.contains("Chuyển bước xử lý"), "{text}");
        assert_eq!(holds(&client, "reason").await, "Ông đổi ý, xin rút hồ sơ");
        // Read anew it is the same; sent again it works.
        says(&client, "Đã lưu nháp lúc").await;
        client.refresh().await.unwrap();
        assert_eq!(holds(&client, "reason").await, "Ông đổi ý, xin rút hồ sơ");
        find(&client, "main form button[type=submit]")
            .await
            .click()
            .await
            .unwrap();
        arrive(&client, &format!("/ho-so/{number}")).await;
        let text = find(&client, "main").await.text().await.unwrap();
        assert!(text.contains("Đã ghi nhận: rút"), "{text}");
        until_nothing_is_left_here(&client).await;
        assert_eq!(
            db.value("select count(*) from drafts where fields is not null"),
            "0"
        );

        client.goto(&format!("{url}{FORM}")).await.unwrap();
        to_the_buttons(&client).await;
        look(&client, "at-once").await;
        client.close().await.unwrap();
    });
}

/// The certification with eight papers, three of them only where there are any.
fn with_eight_papers(office: &Office) {
    let all: Vec<serde_json::Value> =
        serde_json::from_slice(motcua::config::bundled::PROCEDURES).unwrap();
    let mut versions: Vec<_> = all
        .into_iter()
        .filter(|definition| definition["code"] == SAME_DAY)
        .collect();
    versions[0]["valid_from"] = serde_json::json!("2021-01-01");
    let papers = (1..=8).map(|number| {
        serde_json::json!({"name": format!("Giấy tờ thứ {number}"), "originals": 1, "copies": number % 3, "required": number < 6})
    });
    versions[0]["checklist"] = papers.collect();
    let json = serde_json::to_vec(&versions).unwrap();
    motcua::imports::procedures(&office.world.store, &json).unwrap();
}

#[test]
fn a_first_applicant_with_eight_papers_is_received_by_keyboard_in_under_a_minute() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::for_browsers(&db);
    with_eight_papers(&office);
    let clerk = hire(&office.world, Role::Clerk, COMMUNE);
    let url = office.server.url().to_owned();
    let browser = Browser::start();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &clerk).await;
        let begun = Instant::now();
        let mut strokes = 0;
        macro_rules! press {
            ($keys:expr) => {{
                // Vietnamese is typed with more strokes than it has letters.
                let keys: &str = $keys;
                strokes += keys
                    .chars()
                    .map(|key| {
                        if key.is_ascii() || key >= '\u{e000}' {
                            1
                        } else {
                            3
                        }
                    })
                    .sum::<u32>();
                let field = client.active_element().await.unwrap();
                field.send_keys(keys).await.unwrap();
            }};
        }
        press!("n");
        arrive(&client, RECEIVE).await;
        find(&client, "#tim").await;
        press!("0815");
        press!(ENTER);
        find(&client, "#the").await;
        // She has no card with her: the number alone.
        press!("020185000123");
        press!(ENTER);
        find(&client, ".done[role=status]").await;
        press!("Nguyễn Thị Ánh");
        press!(TAB);
        press!(TAB);
        press!("0912345678");
        press!(TAB);
        press!("Thôn Nà Lốc, Lạng Sơn");
        press!(F8);
        look(&client, "eight-papers").await;
        // Enter in a field shows it once more; on the button it takes it in.
        press!(ENTER);
        find(&client, "button[value=nhan]:focus").await;
        press!(ENTER);
        find(&client, "[data-next]").await;
        let seconds = begun.elapsed().as_secs_f64() + f64::from(strokes) * 0.2;
        assert!(seconds < 60.0, "{strokes} strokes, {seconds} s");
        println!("{strokes} strokes, {seconds:.1} s");
        let number = client
            .current_url()
            .await
            .unwrap()
            .path()
            .split('/')
            .nth(2)
            .unwrap()
            .to_owned();
        let page = Visitor::log_in(&office, &clerk)
            .get(&format!("/ho-so/{number}"))
            .expect(200)
            .body;
        assert_eq!(
            page.matches("data-name=\"Bản chính đã nhận\">1</td>")
                .count(),
            8,
            "{page}"
        );
        assert!(page.contains("0912345678"), "{page}");
        // The next person with the same procedure, by one key.
        let next = client.active_element().await.unwrap();
        next.send_keys(ENTER).await.unwrap();
        arrive(&client, RECEIVE).await;
        let text = find(&client, "main").await.text().await.unwrap();
        assert!(text.contains(SAME_DAY), "{text}");
        client.close().await.unwrap();
    });
}

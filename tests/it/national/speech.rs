//! How the portal is spoken to: sessions, new or known, batches, lengths, codes; and what may be seen of it
//! before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::portal::{DESTINATION, Manners, PASSWORD, Portal};
use super::{
    APART, LONG, PAID, PATIENCE, announce, deliver, depth, expect_same, given_up, program, replay,
    settings,
};
use crate::support::{COMMUNE, Program, SAME_DAY, World, at, hire, occasion, on_both};
use motcua::acts::receive::{NewRequest, register};
use motcua::domain::dossier::{Action, Channel, Dossier, PaymentMethod};
use motcua::domain::identity::Identity;
use motcua::domain::ids::Actor;
use motcua::domain::moment::Moment;
use motcua::domain::role::Role;
use motcua::outgoing;
use motcua::outgoing::portal::PortalSettings;
use motcua::outgoing::portal::transport::PortalCarrier;
use motcua::store::admin_acts::{self, ActKind};
use motcua::store::{Store, outbox, users};

/// Tells of what has happened, by that carrier.
fn tell(store: &Store, carrier: &PortalCarrier, now: Moment) {
    announce(store, now);
    outgoing::dispatch_all(store, carrier, PATIENCE, now).unwrap();
}

fn hand_over(world: &World, dossier: &Dossier, step: u8, when: Moment) {
    let action = Action::HandOver {
        step,
        assignee: None,
        note: String::new(),
    };
    world.act(dossier.id, when, action).unwrap();
}

#[track_caller]
fn expect_all_told(portal: &Portal, store: &Store) {
    portal.expect_no_complaints();
    let left: Vec<_> = given_up(store).into_iter().map(|e| e.error).collect();
    assert_eq!((depth(store), left), (0, vec![]));
}

on_both! {
    fn a_session_is_kept_and_an_expired_one_is_logged_in_anew_once(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let carrier = PortalCarrier::new(settings(&portal));
        let now = motcua::clock::now();
        let dossier = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        tell(store, &carrier, now);
        assert_eq!(portal.log_ins(), 1, "for the dossier and its step");
        portal.expire_sessions();
        world.begin(dossier.id, at("2021-03-01 09:00"));
        tell(store, &carrier, now);
        assert_eq!(portal.log_ins(), 2);
        expect_all_told(&portal, store);
        expect_same(&portal, store, dossier.id);
    }
}

on_both! {
    fn many_at_once_share_one_log_in(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        for _ in 0..8 {
            world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        }
        announce(&world.store, motcua::clock::now());
        let carrier = Arc::new(PortalCarrier::new(settings(&portal)));
        let dispatcher = outgoing::Dispatcher::start(world.store.clone(), carrier, PATIENCE);
        let begun = Instant::now();
        while depth(&world.store) > 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} wait", depth(&world.store));
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(dispatcher);
        assert_eq!(portal.log_ins(), 1);
        assert!(portal.most_under_way() > 1, "nothing was side by side");
        expect_all_told(&portal, &world.store);
    }
}

on_both! {
    fn without_a_log_in_everything_waits_and_the_password_is_not_told(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let dossier = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        let wrong = PortalSettings { password: "not-the-password".to_owned(), ..settings(&portal) };
        let now = motcua::clock::now();
        tell(store, &PortalCarrier::new(wrong), now);
        assert_eq!((depth(store), portal.known()), (2, 0));
        assert!(given_up(store).is_empty());
        let listed = store.read(|conn| outbox::list(conn, &outbox::Which::default(), None, 10)).unwrap();
        let errors: Vec<String> = listed.into_iter().filter_map(|entry| entry.error).collect();
        assert!(errors.iter().any(|error| error.starts_with("đăng nhập cổng: mã lỗi 1: sai")), "{errors:?}");
        assert!(!format!("{errors:?}").contains("not-the-password"), "{errors:?}");
        deliver(store, &portal, now.plus_millis(600_000));
        expect_all_told(&portal, store);
        expect_same(&portal, store, dossier.id);
    }
}

on_both! {
    fn a_dossier_that_it_has_already_is_sent_as_an_update(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let dossier = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        let number = dossier.case_number.as_str();
        portal.has_dossier(number);
        let carrier = PortalCarrier::new(settings(&portal));
        let now = motcua::clock::now();
        tell(store, &carrier, now);
        assert_eq!(portal.sent(number), ["False", "True"]);
        world.begin(dossier.id, at("2021-03-01 09:00"));
        tell(store, &carrier, now);
        assert_eq!(portal.sent(number), ["False", "True", "True"]);
        assert_eq!(portal.asked(), Vec::<String>::new(), "what is known is not asked for");
        expect_all_told(&portal, store);
        expect_same(&portal, store, dossier.id);
    }
}

on_both! {
    fn it_is_asked_for_a_dossier_whose_beginning_it_may_not_know(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let now = motcua::clock::now();
        let dossier = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        // Nobody told the portal, before it was set up.
        motcua::jobs::announce::announce(store, &Arc::new(vec![]), now).unwrap();
        world.begin(dossier.id, at("2021-03-01 09:00"));
        announce(store, now);
        deliver(store, &portal, now);
        let number = dossier.case_number.as_str();
        assert_eq!(portal.asked(), [number]);
        assert_eq!(portal.sent(number), ["False"]);
        // Another carrier, after a restart, does not know either.
        world.finish(dossier.id, at("2021-03-01 10:00"));
        announce(store, now);
        deliver(store, &portal, now);
        assert_eq!(portal.asked(), [number, number]);
        // The way to the deciding step and the end of it: updates, all of them.
        assert_eq!(portal.sent(number), ["False", "True", "True"]);
        assert_eq!(portal.dossier(number).unwrap()["TrangThaiHoSo"], "9");
        expect_all_told(&portal, store);
    }
}

on_both! {
    fn steps_that_wait_go_ten_at_a_time_in_their_order(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let dossier = world.receive_at(COMMUNE, LONG, at("2021-03-01 08:00"));
        let other = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        let mut when = at("2021-03-01 08:01");
        for n in 0..23 {
            hand_over(&world, &dossier, 1 + n % 2, when);
            when = when.plus_millis(60_000);
        }
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        expect_all_told(&portal, store);
        for id in [dossier.id, other.id] {
            expect_same(&portal, store, id);
        }
        let mut batches = portal.batches();
        batches.sort_unstable();
        assert_eq!(batches, [1, 4, 10, 10]);
        assert_eq!(portal.repeats(), 0);
        let delivered = outbox::Which { standing: Some(outbox::Standing::Delivered), ..Default::default() };
        let delivered = store.read(|conn| outbox::list(conn, &delivered, None, 100)).unwrap();
        assert_eq!(delivered.len(), 2 * 24 + 2);
    }
}

on_both! {
    fn where_several_steps_are_refused_each_goes_by_itself(db: &Database) {
        let portal = Portal::open(Manners::RefusingBatches);
        let world = World::new(db.store());
        let store = &world.store;
        let dossier = world.receive_at(COMMUNE, LONG, at("2021-03-01 08:00"));
        for (step, when) in [(1, "2021-03-01 08:10"), (2, "2021-03-01 08:20"), (1, "2021-03-01 08:30")] {
            hand_over(&world, &dossier, step, at(when));
        }
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        expect_all_told(&portal, store);
        expect_same(&portal, store, dossier.id);
        assert_eq!(portal.batches(), [1, 1, 1, 1]);
    }
}

on_both! {
    fn texts_are_cut_to_what_it_takes(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let long = |letter: &str, count: usize| letter.repeat(count);
        let version = json!([{
            "code": "1.000001", "name": long("ế", 1001), "field": "Thử", "levels": ["commune"],
            "integrated": true, "valid_from": "2020-01-01", "announced_on": "2020-01-01",
            "online_level": "full", "statutory_limit": {"unit": "working_day", "amount": 10},
            "result": long("ộ", 2001),
            "checklist": [
                {"name": long("ữ", 4001), "originals": 1, "copies": 0, "required": true},
                {"name": long("ữ", 4000), "originals": 1, "copies": 0, "required": true},
            ],
        }]);
        motcua::imports::procedures(store, version.to_string().as_bytes()).unwrap();
        let clerk = hire(&world, Role::Clerk, COMMUNE);
        db.tamper(&format!("update users set full_name = '{}' where username = '{clerk}'", long("ằ", 51)));
        let account = store.read(|conn| users::by_username(conn, &clerk)).unwrap().unwrap();
        let mut by = occasion(at("2021-03-01 08:00"));
        by.by = motcua::acts::By::Itself(Actor::Staff(account.user.id));
        let new = world.request(COMMUNE, "1.000001");
        let id = motcua::acts::receive::receive(store, &new, by, None).unwrap().value;
        world.begin(id, at("2021-03-01 08:30"));
        world.finish(id, at("2021-03-01 09:00"));
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        // Whatever were longer it would have refused.
        expect_all_told(&portal, store);
        let number = replay(store, id).case_number.to_string();
        let told = portal.dossier(&number).unwrap();
        assert_eq!(told["TrichYeuHoSo"], long("ế", 999) + "…");
        assert_eq!(told["TenTTHC"], long("ế", 1001));
        assert_eq!(told["DanhSachGiayToKetQua"][0]["TenGiayTo"], long("ộ", 1999) + "…");
        assert_eq!(told["TaiLieuNop"][0]["TenTepDinhKem"], long("ữ", 3999) + "…");
        assert_eq!(told["TaiLieuNop"][1]["TenTepDinhKem"], long("ữ", 4000));
        assert_eq!(portal.steps(&number)[0]["NguoiXuLy"], long("ằ", 49) + "…");
    }
}

on_both! {
    fn codes_say_how_it_came_how_it_goes_out_and_who_it_is(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let request = |channel, return_channel, identity: Option<Identity>| {
            let mut request = world.request(COMMUNE, SAME_DAY);
            request.channel = channel;
            request.return_channel = return_channel;
            request.applicant.identity = identity;
            request
        };
        let cmnd = Identity::person("082123456").ok();
        let tax_code = Identity::organisation("4900123456").ok();
        let received = |request: &NewRequest| {
            world.try_request(request, at("2021-03-01 08:00")).unwrap()
        };
        let direct = received(&request(Channel::Direct, Channel::Direct, None));
        let postal = received(&request(Channel::Postal, Channel::Postal, cmnd));
        let online = request(Channel::Online, Channel::Online, tax_code);
        let online = register(store, &online, occasion(at("2021-02-28 22:00"))).unwrap();
        let refused = Action::NotReceive { reason: "sai thẩm quyền".to_owned() };
        world.act(online.id, at("2021-03-01 09:00"), refused).unwrap();
        let paid = |method| {
            let dossier = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
            let action = match method {
                None => Action::WaiveFee { fee: 0, reason: "hộ nghèo".to_owned() },
                Some(method) => Action::CollectFees { fees: vec![0.into()], amount_vnd: None, method, receipt: "1".to_owned() },
            };
            world.act(dossier.id, at("2021-03-01 08:30"), action).unwrap()
        };
        let owed = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        let by_gateway = paid(Some(PaymentMethod::Online));
        let in_cash = paid(Some(PaymentMethod::Cash));
        let waived = paid(None);
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        expect_all_told(&portal, store);
        let told = |dossier: &Dossier| portal.dossier(dossier.case_number.as_str()).unwrap();
        let codes = |dossier: &Dossier| {
            let told = told(dossier);
            ["KenhThucHien", "HinhThuc", "LoaiDoiTuong"].map(|field| told[field].as_str().unwrap().to_owned())
        };
        assert_eq!(codes(&direct), ["1", "0", "1"]);
        assert_eq!(codes(&postal), ["3", "1", "1"]);
        assert_eq!(codes(&online), ["2", "0", "2"]);
        assert_eq!(told(&direct)["DinhDanhCHS"], json!([]));
        assert_eq!(told(&postal)["DinhDanhCHS"], json!([{"LoaiDinhDanh": "2", "SoDinhDanh": "082123456"}]));
        // There is no place for a tax code.
        assert!(!told(&online).to_string().contains("4900123456"));
        for (field, expected) in [
            ("NgayNopHoSo", "20210228220000"),
            ("NgayTiepNhan", ""),
            ("NgayTuChoi", "20210301090000"),
            ("TrangThaiHoSo", "3"),
            ("MaLinhVuc", ""),
        ] {
            assert_eq!(told(&online)[field], expected, "{field}");
        }
        for (dossier, expected) in [(&owed, "3"), (&by_gateway, "2"), (&in_cash, "3"), (&waived, "0")] {
            assert_eq!(told(dossier)["DuocThanhToanTrucTuyen"], expected);
        }
    }
}

on_both! {
    fn fields_without_a_code_are_listed_and_filled_in(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        let program = Program::on(db);
        let listed = program.run(&["portal", "fields"]);
        let said = String::from_utf8(listed.stderr).unwrap();
        assert!(said.contains("lĩnh vực chưa có mã của cổng"), "{said}");
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.starts_with("field,code\n") && listed.contains("\nHộ tịch,\n"), "{listed}");
        let file = db.folder().join("codes.csv");
        let import = |text: &str| {
            std::fs::write(&file, text).unwrap();
            ["import", "field-codes", file.to_str().unwrap()].map(str::to_owned)
        };
        let run = |text: &str| {
            let arguments = import(text);
            program.output(&arguments.each_ref().map(String::as_str))
        };
        // What is listed comes in again as it is.
        assert!(run(&listed).contains("thêm 0, sửa 0"));
        let filled = listed.replace("\nHộ tịch,\n", "\nHộ tịch,G03-GD10\n");
        assert!(run(&filled).contains("thêm 1, sửa 0"));
        assert!(run(&filled).contains("thêm 0, sửa 0"));
        assert!(program.output(&["portal", "fields"]).contains("\nHộ tịch,G03-GD10\n"));
        // In a spreadsheet too, and back.
        for format in ["csv-people", "xlsx"] {
            let saved = program.run(&["portal", "fields", "--format", format]).stdout;
            std::fs::write(&file, saved).unwrap();
            let told = program.output(&["import", "field-codes", file.to_str().unwrap()]);
            assert!(told.contains("thêm 0, sửa 0") && !told.contains("giữ nguyên 0"), "{format}: {told}");
        }
        let act = store.read(|conn| admin_acts::last(conn, ActKind::FieldCodesImported)).unwrap();
        assert!(act.is_some());
        let wrong = import("field,code\nHộ tịch,mã lạ\nHộ tich,G1\nHộ tịch,G1\nHộ tịch,G2\n,G3\n");
        let error = program.failure(&wrong.each_ref().map(String::as_str));
        for place in [
            "dòng 2, cột code: không phải mã của cổng",
            "dòng 3, cột field: không có lĩnh vực 'Hộ tich'",
            "dòng 5, cột field: lĩnh vực này đã có ở dòng 4",
            "dòng 6, cột field: để trống",
        ] {
            assert!(error.contains(place), "{place}: {error}");
        }
        assert!(program.output(&["portal", "fields"]).contains("\nHộ tịch,G03-GD10\n"));
    }
}

on_both! {
    fn a_preview_is_what_is_sent_with_identity_numbers_masked(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let dossier = world.receive_at(COMMUNE, LONG, at("2021-03-01 08:00"));
        hand_over(&world, &dossier, 1, at("2021-03-01 08:10"));
        let number = dossier.case_number.as_str();
        let program = program(db, &portal).with("MOTCUA__PORTAL__HEADERS", "X-Gateway: geheim");
        let shown = program.run(&["portal", "preview", number]);
        let said = String::from_utf8(shown.stderr).unwrap();
        assert!(shown.status.success(), "{said}");
        assert!(said.contains("chưa biết mã của lĩnh vực") && said.contains("MaLinhVuc"), "{said}");
        let shown = String::from_utf8(shown.stdout).unwrap();
        for hidden in ["020185000123", PASSWORD, "geheim"] {
            assert!(!shown.contains(hidden), "{hidden}: {shown}");
        }
        assert_eq!((portal.log_ins(), portal.known()), (0, 0), "nothing is sent");
        let calls: Vec<Value> = serde_json::from_str(&shown).unwrap();
        let services: Vec<&str> = calls.iter().filter_map(|call| call["body"]["service"].as_str()).collect();
        assert_eq!(services, ["TraCuuHoSo", "DongBoHoSoMC", "CapNhatTienDoHoSoMC"]);
        assert_eq!(calls[0]["url"], portal.log_in_url.as_str());
        for call in &calls {
            assert_eq!(call["headers"]["dstcode"], DESTINATION);
        }
        assert_eq!(calls[1]["body"]["mahoso"], number);

        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        expect_all_told(&portal, store);
        let mut sent = portal.dossier(number).unwrap();
        assert_eq!(sent["DinhDanhCHS"][0]["SoDinhDanh"], "020185000123");
        sent["DinhDanhCHS"][0]["SoDinhDanh"] = json!("*********123");
        assert_eq!(calls[2]["body"]["data"], json!([sent]));
        assert_eq!(calls[2]["body"]["isUpdating"], "False");
        assert_eq!(calls[3]["body"]["data"], json!(portal.steps(number)));

        // As another province's adapter wants it.
        let otherwise = program
            .with("MOTCUA__PORTAL__NO", "0")
            .with("MOTCUA__PORTAL__DESTINATION_HEADER", "X-Dst")
            .with("MOTCUA__PORTAL__HANDED_IN_AT", "3")
            .with("MOTCUA__PORTAL__STEPS_AT_ONCE", "1");
        let calls = otherwise.json(&["portal", "preview", number]);
        assert_eq!(calls.as_array().unwrap().len(), 5);
        assert_eq!(calls[2]["headers"]["X-Dst"], DESTINATION);
        assert_eq!(calls[2]["body"]["isUpdating"], "0");
        let data = &calls[2]["body"]["data"][0];
        assert_eq!((&data["TaiLieuNop"][0]["IsDeleted"], &data["NoiNopHoSo"]), (&json!("0"), &json!("3")));
    }
}

on_both! {
    fn a_preview_says_what_it_cannot_show(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let apart = world.receive_at(COMMUNE, APART, at("2021-03-01 08:00"));
        let number = apart.case_number.as_str();
        let shown = program(db, &portal).run(&["portal", "preview", number]);
        let said = String::from_utf8(shown.stderr).unwrap();
        assert!(shown.status.success() && said.contains("không tích hợp với cổng"), "{said}");
        let preview = |number| program(db, &portal).failure(&["portal", "preview", number]);
        assert!(preview("H37.20.01-210301-9999").contains("không có hồ sơ"));
        assert!(preview("hồ sơ").contains("không phải mã hồ sơ"));
        let unset = Program::on(db).failure(&["portal", "preview", number]);
        assert!(unset.contains("portal.url"), "{unset}");
    }
}

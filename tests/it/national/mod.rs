//! The national portal: whatever it does to our messages, its picture of every dossier ends equal to
//! ours; and its catalogue becomes ours.

mod catalogue;
mod portal;
mod published;
mod speech;

use std::sync::Arc;
use std::time::{Duration, Instant};

use portal::{AGENCY, DESTINATION, Manners, PASSWORD, Portal, USERNAME};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::support::{
    COMMUNE, Database, NEIGHBOUR, Office, Program, SAME_DAY, World, at, hire, occasion, on_both,
};
use motcua::acts::receive::NewRequest;
use motcua::domain::dossier::{
    Action, Channel, Correction, Decision, Dossier, EventData, ItemHandedIn, Paper, PaymentMethod,
};
use motcua::domain::identity::Identity;
use motcua::domain::ids::{Actor, DossierId};
use motcua::domain::moment::Moment;
use motcua::domain::role::Role;
use motcua::outgoing::portal::PortalSettings;
use motcua::outgoing::portal::notifier::PortalTeller;
use motcua::outgoing::portal::transport::PortalCarrier;
use motcua::outgoing::{self, Patience, Teller};
use motcua::store::{Store, events, outbox};

/// One that is not integrated.
const APART: &str = "2.001909";
/// Over three levels, with a papers' checklist.
const LONG: &str = "1.004964";
/// With a fee.
const PAID: &str = "1.004884";

fn program(db: &Database, portal: &Portal) -> Program {
    Program::on(db)
        .with("MOTCUA__PORTAL__URL", &portal.url)
        .with("MOTCUA__PORTAL__LOG_IN_URL", &portal.log_in_url)
        .with("MOTCUA__PORTAL__USERNAME", USERNAME)
        .with("MOTCUA__PORTAL__PASSWORD", PASSWORD)
        .with("MOTCUA__PORTAL__DESTINATION", DESTINATION)
        .with("MOTCUA__PORTAL__AGENCY", AGENCY)
        .with("MOTCUA__PORTAL__TIMEOUT_SECONDS", "1")
        .with("MOTCUA__OUTBOX__FIRST_PAUSE_SECONDS", "1")
        // The sweep would find everything of 2021 overdue.
        .with("MOTCUA__SERVER__HOUSEKEEPING_SECONDS", "3600")
}

fn settings(portal: &Portal) -> PortalSettings {
    PortalSettings {
        url: portal.url.clone(),
        log_in_url: portal.log_in_url.clone(),
        username: USERNAME.to_owned(),
        password: PASSWORD.to_owned(),
        destination: Some(("dstcode".to_owned(), DESTINATION.to_owned())),
        headers: Vec::new(),
        agency: AGENCY.to_owned(),
        yes: "True".to_owned(),
        no: "False".to_owned(),
        accepted: vec!["0".to_owned(), "00".to_owned()],
        exists: "đã tồn tại".to_owned(),
        expired: vec!["session".to_owned()],
        handed_in_at: "2".to_owned(),
        steps_at_once: 10,
        timeout: Duration::from_secs(5),
    }
}

const PATIENCE: Patience = Patience {
    in_flight: 4,
    first_pause: Duration::from_secs(1),
    tries: 3,
    keep: Duration::from_secs(3600),
    keep_given_up: Duration::from_secs(3600),
    give_up_after: Duration::from_secs(3600),
};

fn announce(store: &Store, now: Moment) {
    let tellers: Arc<Vec<Box<dyn Teller>>> = Arc::new(vec![Box::new(PortalTeller)]);
    motcua::jobs::announce::announce(store, &tellers, now).unwrap();
}

fn deliver(store: &Store, portal: &Portal, now: Moment) {
    let carrier = PortalCarrier::new(settings(portal));
    outgoing::dispatch_all(store, &carrier, PATIENCE, now).unwrap();
}

fn depth(store: &Store) -> i64 {
    store.read(outbox::depth).unwrap()
}

fn given_up(store: &Store) -> Vec<outbox::Entry> {
    let which = outbox::Which {
        standing: Some(outbox::Standing::GivenUp),
        ..Default::default()
    };
    store
        .read(|conn| outbox::list(conn, &which, None, 100))
        .unwrap()
}

fn replay(store: &Store, id: DossierId) -> Dossier {
    let replayed = store.read(|conn| events::replay(conn, id)).unwrap();
    replayed.unwrap().0
}

fn stamp(moment: Option<Moment>) -> String {
    moment.map_or(String::new(), |moment| {
        moment.civil().format("%Y%m%d%H%M%S").to_string()
    })
}

/// The portal's picture of a dossier is ours, and its steps are ours, in their order.
#[track_caller]
fn expect_same(portal: &Portal, store: &Store, id: DossierId) {
    let ours = replay(store, id);
    let number = ours.case_number.to_string();
    let theirs = portal.dossier(&number).unwrap();
    for (field, expected) in [
        ("TrangThaiHoSo", ours.status.code().to_string()),
        ("NgayTiepNhan", stamp(ours.received_at)),
        ("NgayHenTra", stamp(ours.due())),
        ("NgayKetThucXuLy", stamp(ours.closed_at)),
        ("NgayTra", stamp(ours.returned_at)),
    ] {
        assert_eq!(theirs[field], expected, "{field} of {number}: {theirs}");
    }
    let history = store.read(|conn| events::history(conn, id)).unwrap();
    let history: Vec<_> = history
        .iter()
        .map(|stored| stored.event().unwrap())
        .collect();
    let mut before: Option<Dossier> = None;
    let mut steps = Vec::new();
    let mut supplements = 0;
    for event in &history {
        let after = match &before {
            None => Dossier::begin(id, event).unwrap(),
            Some(before) => {
                let mut after = before.clone();
                after.apply(event).unwrap();
                after
            }
        };
        let place = |d: &Dossier| (d.status, d.step, d.holder, d.assignee);
        if before
            .as_ref()
            .is_none_or(|before| place(before) != place(&after))
        {
            steps.push((stamp(Some(event.at)), after.status.code().to_string()));
        }
        supplements += usize::from(matches!(event.data, EventData::SupplementRequested(_)));
        before = Some(after);
    }
    let told: Vec<_> = portal
        .steps(&number)
        .iter()
        .map(|step| {
            let text = |name: &str| step[name].as_str().unwrap().to_owned();
            (text("ThoiDiemXuLy"), text("TrangThai"))
        })
        .collect();
    assert_eq!(told, steps, "steps of {number}");
    let list = |name: &str| theirs[name].as_array().unwrap().len();
    assert!(list("DanhSachHoSoBoSung") >= supplements, "{theirs}");
    let settled = ours.contents.settled_fees.len();
    let fees = theirs["DanhSachLePhi"].as_array().unwrap();
    let paid = fees
        .iter()
        .filter(|fee| fee["HinhThucThu"] != "0" || fee["Gia"] == "0");
    assert!(paid.count() >= settled, "{theirs}");
}

fn request(world: &World, rng: &mut StdRng, n: u32) -> NewRequest {
    let unit = if n.is_multiple_of(2) {
        COMMUNE
    } else {
        NEIGHBOUR
    };
    let procedure = [SAME_DAY, LONG, PAID].choose(rng).unwrap();
    let mut request = world.request(unit, procedure);
    request.channel = *Channel::ALL.choose(rng).unwrap();
    if n.is_multiple_of(5) {
        request.applicant.identity = Identity::organisation("4900123456").ok();
        request.applicant.email = Some("hop.tac.xa@example.vn".to_owned());
    }
    request
}

fn any_action(rng: &mut StdRng) -> Action {
    let reason = "theo yêu cầu của người nộp".to_owned();
    let step = rng.random_range(0..4);
    match rng.random_range(0..16) {
        0..=3 => Action::HandOver {
            step,
            assignee: None,
            note: String::new(),
        },
        4 | 5 => Action::RequestSupplement {
            reason,
            items: vec![Paper::Position(0)],
            exception: None,
        },
        6 | 7 => Action::TakeSupplement {
            items: vec![ItemHandedIn(0, 1, 0).into()],
            reason: String::new(),
        },
        8 => Action::RequestPayment {
            fees: vec![],
            amount_vnd: Some(20_000),
            reason,
        },
        9 => Action::TakePayment {
            amount_vnd: 20_000,
            method: PaymentMethod::Cash,
            receipt: String::new(),
        },
        10 => Action::CollectFees {
            fees: vec![0.into()],
            amount_vnd: None,
            method: PaymentMethod::Cash,
            receipt: "BL-1".to_owned(),
        },
        11 => Action::WaiveFee { fee: 0, reason },
        12 => Action::Finish {
            decision: Decision::Approved,
            reason: String::new(),
        },
        13 => Action::Return {
            channel: Channel::Postal,
        },
        14 => Action::Correct(Correction::Undo { reason }),
        _ => match step {
            0 => Action::Withdraw { reason },
            _ => Action::Stop { reason },
        },
    }
}

on_both! {
    fn its_picture_of_every_dossier_ends_equal_to_ours(db: &Database) {
        let portal = Portal::open(Manners::Maintenance);
        let world = World::new(db.store());
        hire(&world, Role::Clerk, COMMUNE);
        let server = program(db, &portal).serve();
        let mut rng = StdRng::seed_from_u64(5);
        let mut dossiers = Vec::new();
        for n in 0..30 {
            let when = at("2021-03-01 08:00").plus_millis(i64::from(n) * 60_000);
            dossiers.push(world.try_request(&request(&world, &mut rng, n), when).unwrap().id);
        }
        std::thread::sleep(Duration::from_millis(1200));
        portal.behave(Manners::Bad);
        // Lives go on while messages are under way; all are overdue, whether the sweep of the server's
        // start has come by or not.
        let mut when = at("2021-06-01 08:00");
        let mut done = 0;
        for id in &dossiers {
            when = when.plus_millis(61_000);
            world.begin(*id, when);
        }
        for _ in 0..12 {
            for id in &dossiers {
                when = when.plus_millis(61_000);
                done += u32::from(world.act(*id, when, any_action(&mut rng)).is_ok());
            }
        }
        assert!(done > 60, "{done} actions");
        let begun = Instant::now();
        // Some of it has to get through while the portal behaves as it does.
        while portal.known() < 30 || depth(&world.store) > 0 {
            assert!(begun.elapsed() < Duration::from_secs(120), "{} wait", depth(&world.store));
            std::thread::sleep(Duration::from_millis(300));
        }
        assert!(server.stop().success());
        // What happened last may not have been told of when it stopped.
        portal.behave(Manners::Good);
        let now = motcua::clock::now();
        announce(&world.store, now);
        deliver(&world.store, &portal, now.plus_millis(3_600_000));
        assert_eq!(depth(&world.store), 0);
        portal.expect_no_complaints();
        assert!(given_up(&world.store).is_empty());
        for id in &dossiers {
            expect_same(&portal, &world.store, *id);
        }
        assert_eq!(portal.known(), 30);
        assert!(portal.repeats() > 0, "no answer was lost");
        let most = portal.most_under_way();
        assert!(most > 5, "only {most} dossiers side by side");
    }
}

on_both! {
    fn what_was_given_up_and_is_tried_much_later_does_no_harm(db: &Database) {
        let portal = Portal::open(Manners::Refusing);
        let world = World::new(db.store());
        let store = &world.store;
        let dossier = world.receive_at(COMMUNE, PAID, at("2021-03-01 08:00"));
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        let lost = given_up(store);
        assert_eq!(lost.len(), 2, "the dossier and its step: {lost:?}");
        for entry in &lost {
            // Neither what is kept of it nor the log says who it is about.
            let error = entry.error.clone().unwrap();
            assert!(error.starts_with("mã lỗi 7"), "{error}");
            assert!(!error.contains("020185000123"), "{error}");
        }
        portal.behave(Manners::Good);
        world.begin(dossier.id, at("2021-03-01 09:00"));
        announce(store, now);
        deliver(store, &portal, now);
        world.finish(dossier.id, at("2021-03-01 10:00"));
        announce(store, now);
        deliver(store, &portal, now);
        // The old ones are tried again after all.
        for entry in &lost {
            let id = entry.id;
            assert!(store.write(move |conn| outbox::retry(conn, id, now)).unwrap());
        }
        deliver(store, &portal, now);
        assert_eq!((depth(store), given_up(store).len()), (0, 0));
        let theirs = portal.dossier(&dossier.case_number.to_string()).unwrap();
        assert_eq!(theirs["TrangThaiHoSo"], "9");
        assert_eq!(theirs["NgayKetThucXuLy"], "20210301100000");
        portal.expect_no_complaints();
    }
}

on_both! {
    fn an_unreachable_portal_makes_everything_wait(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        for _ in 0..3 {
            world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        }
        let mut now = motcua::clock::now();
        announce(store, now);
        let portal = Portal::open(Manners::Good);
        let away = PortalSettings { url: "http://127.0.0.1:1/".to_owned(), ..settings(&portal) };
        let carrier = PortalCarrier::new(away);
        for _ in 0..10 {
            // One round: the three that are first; nobody is tried beyond them.
            assert!(outgoing::dispatch_all(store, &carrier, PATIENCE, now).unwrap() <= 3);
        }
        assert_eq!(depth(store), 6);
        assert!(given_up(store).is_empty());
        for _ in 0..12 {
            now = now.plus_millis(2_000);
            deliver(store, &portal, now);
        }
        assert_eq!((depth(store), portal.known()), (0, 3));
        portal.expect_no_complaints();
    }
}

on_both! {
    fn a_message_says_all_there_is_to_say(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let clerk = hire(&world, Role::Clerk, COMMUNE);
        let account = store.read(|conn| motcua::store::users::by_username(conn, &clerk)).unwrap();
        let user = account.unwrap().user;
        let by = |when: &str| {
            let mut occasion = occasion(at(when));
            occasion.by = motcua::acts::By::Itself(Actor::Staff(user.id));
            occasion
        };
        let act = |id, when: &str, action| {
            let request = motcua::acts::advance::Request::new(id, action);
            motcua::acts::advance::act(store, &request, by(when)).unwrap();
        };
        let mut new = world.request(COMMUNE, PAID);
        new.channel = Channel::Online;
        let field = store.reference().unwrap().versions(PAID)[0].definition.field.clone();
        let codes = format!("field,code\n\"{field}\",G03-GD10\n");
        motcua::imports::field_codes(store, codes.as_bytes()).unwrap();
        let id = motcua::acts::receive::receive(store, &new, by("2021-03-01 08:00"), None).unwrap().value;
        let begin = Action::HandOver { step: 1, assignee: None, note: "gấp".to_owned() };
        act(id, "2021-03-01 09:00", begin);
        let missing = Action::RequestSupplement { reason: "thiếu giấy".to_owned(), items: vec![Paper::Position(1)], exception: None };
        act(id, "2021-03-02 08:30", missing);
        act(id, "2021-03-03 09:15", Action::TakeSupplement { items: vec![ItemHandedIn(1, 1, 0).into()], reason: String::new() });
        let paid = Action::CollectFees {
            fees: vec![0.into()], amount_vnd: None, method: PaymentMethod::Transfer, receipt: String::new(),
        };
        act(id, "2021-03-03 10:00", paid);
        let due = replay(store, id).due();
        let finish = Action::Finish { decision: Decision::Approved, reason: "đủ điều kiện".to_owned() };
        world.to_the_decision(id, at("2021-03-04 08:00"));
        act(id, "2021-03-04 08:00", finish);
        act(id, "2021-03-05 08:05", Action::Return { channel: Channel::Postal });
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        portal.expect_no_complaints();
        expect_same(&portal, store, id);
        let number = replay(store, id).case_number.to_string();
        let told = portal.dossier(&number).unwrap();
        let reference = store.reference().unwrap();
        let definition = &reference.versions(PAID)[0].definition;
        for (field, expected) in [
            ("MaTTHC", PAID),
            ("TenTTHC", definition.name.as_str()),
            ("MaLinhVuc", "G03-GD10"),
            ("TenLinhVuc", definition.field.as_str()),
            ("ChuHoSo", "Nguyễn Thị Ánh"),
            ("LoaiDoiTuong", "1"),
            ("MaDoiTuong", ""),
            ("SoDienThoai", "0912345678"),
            ("NgayNopHoSo", "20210301080000"),
            ("NoiNopHoSo", "2"),
            ("KenhThucHien", "2"),
            ("NgayTiepNhan", "20210301080000"),
            ("NgayTuChoi", ""),
            ("TrangThaiHoSo", "10"),
            ("NgayTra", "20210305080500"),
            ("ThongTinTra", "Bưu chính công ích"),
            ("HinhThuc", "1"),
            ("NgayKetThucXuLy", "20210304080000"),
            ("GhiChu", "đủ điều kiện"),
            ("HoSoCoThanhPhanSoHoa", "0"),
            ("TaiKhoanDuocXacThucVoiVNeID", "0"),
            ("DuocThanhToanTrucTuyen", "3"),
        ] {
            assert_eq!(told[field], expected, "{field}");
        }
        let identity = serde_json::json!([{"LoaiDinhDanh": "1", "SoDinhDanh": "020185000123"}]);
        assert_eq!(told["DinhDanhCHS"], identity);
        assert_eq!(told["DSKetNoiCSDL"], serde_json::json!([]));
        let fee = &told["DanhSachLePhi"][0];
        assert_eq!(fee["HinhThucThu"], "2");
        assert_eq!(fee["Gia"], definition.fees[0].amount_vnd.unwrap().to_string());
        let papers = told["TaiLieuNop"].as_array().unwrap();
        assert_eq!(papers.len(), definition.checklist.len());
        for field in ["DuocSoHoa", "DuocTaiSuDung", "DuocLayTuKhoDMQG"] {
            assert_eq!(papers[0][field], "0", "{field}");
        }
        assert_eq!(told["DanhSachGiayToKetQua"][0]["TenGiayTo"], definition.result);
        let supplement = &told["DanhSachHoSoBoSung"][0];
        for (field, expected) in [
            ("NguoiYeuCauBoSung", user.full_name.as_str()),
            ("NgayBoSung", "20210302083000"),
            ("NgayTiepNhanBoSung", "20210303091500"),
            ("TrangThaiBoSung", "1"),
            ("ThongTinTiepNhan", definition.checklist[1].name.as_str()),
            ("NgayHenTraMoi", &stamp(due)),
        ] {
            assert_eq!(supplement[field], expected, "{field}");
        }
        let content = supplement["NoiDungBoSung"].as_str().unwrap();
        assert!(content.starts_with("thiếu giấy: "), "{content}");
        let steps = portal.steps(&number);
        // Collecting a fee is none.
        assert_eq!(steps.len(), 7);
        let second = &steps[1];
        assert_eq!(second["ChucDanh"], "Cán bộ một cửa");
        assert_eq!(second["NgayBatDau"], "20210301080000");
        let step = &definition.workflow[1].name;
        assert_eq!(second["NoiDungXuLy"], format!("Chuyển bước xử lý: {step}: gấp"));
    }
}

on_both! {
    fn only_integrated_procedures_are_told_of(db: &Database) {
        let world = World::new(db.store());
        world.receive_at(COMMUNE, APART, at("2021-03-01 08:00"));
        announce(&world.store, motcua::clock::now());
        assert_eq!(depth(&world.store), 0);
        world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        announce(&world.store, motcua::clock::now());
        assert_eq!(depth(&world.store), 2);
    }
}

on_both! {
    fn without_an_address_nothing_is_told(db: &Database) {
        let mut office = Office::open(db);
        office.receive(COMMUNE, SAME_DAY);
        std::thread::sleep(Duration::from_millis(1500));
        let all = outbox::Which::default();
        let store = &office.world.store;
        let listed = store.read(|conn| outbox::list(conn, &all, None, 10)).unwrap();
        assert!(listed.is_empty(), "{listed:?}");
        let noted = store.read(|conn| motcua::store::unannounced::oldest(conn, 10)).unwrap();
        assert_eq!(noted, [], "it was looked at");
    }
}

#[test]
fn wrong_settings_are_named_at_start() {
    let db = Database::new(crate::support::Kind::Sqlite);
    let portal = Portal::open(Manners::Good);
    for (name, value, key) in [
        ("MOTCUA__PORTAL__URL", "dvcqg", "portal.url"),
        ("MOTCUA__PORTAL__URL", "ftp://dvcqg", "portal.url"),
        ("MOTCUA__PORTAL__LOG_IN_URL", "", "portal.log_in_url"),
        ("MOTCUA__PORTAL__USERNAME", "", "portal.username"),
        ("MOTCUA__PORTAL__PASSWORD", "", "portal.password"),
        ("MOTCUA__PORTAL__DESTINATION", "", "portal.destination"),
        (
            "MOTCUA__PORTAL__DESTINATION",
            "mã\nbí mật",
            "portal.destination",
        ),
        (
            "MOTCUA__PORTAL__DESTINATION_HEADER",
            "hai từ",
            "portal.destination_header",
        ),
        ("MOTCUA__PORTAL__HEADERS", "bí mật", "portal.headers"),
        ("MOTCUA__PORTAL__AGENCY", "", "portal.agency"),
        ("MOTCUA__PORTAL__YES", "", "portal.yes"),
        ("MOTCUA__PORTAL__ACCEPTED", " , ", "portal.accepted"),
        ("MOTCUA__PORTAL__HANDED_IN_AT", "", "portal.handed_in_at"),
        ("MOTCUA__PORTAL__STEPS_AT_ONCE", "0", "portal.steps_at_once"),
        (
            "MOTCUA__PORTAL__TIMEOUT_SECONDS",
            "31",
            "portal.timeout_seconds",
        ),
    ] {
        let error = program(&db, &portal).with(name, value).failure(&["serve"]);
        assert!(error.contains(key), "{name}={value}: {error}");
        assert!(!error.contains("bí mật"), "{error}");
    }
}

on_both! {
    fn papers_of_an_older_version_are_told_by_their_names(db: &Database) {
        let portal = Portal::open(Manners::Good);
        let world = World::new(db.store());
        let store = &world.store;
        let version = |from: &str, papers: [&str; 2]| serde_json::json!([{
            "code": "1.000001", "name": "Thử", "field": "Thử", "levels": ["commune"], "integrated": true,
            "valid_from": from, "announced_on": from, "online_level": "full",
            "statutory_limit": {"unit": "working_day", "amount": 10}, "result": "Giấy",
            "checklist": papers.map(|name| serde_json::json!({
                "name": name, "originals": 1, "copies": 0, "required": false,
            })),
        }]).to_string();
        let import = |version: String| motcua::imports::procedures(store, version.as_bytes()).unwrap();
        import(version("2020-01-01", ["Đơn", "Giấy ủy quyền"]));
        let request = world.request(COMMUNE, "1.000001");
        let registered = motcua::acts::receive::register(store, &request, occasion(at("2021-02-28 22:00"))).unwrap();
        import(version("2021-03-01", ["Bản vẽ", "Đơn"]));
        let receive = Action::Receive { items: Vec::new(), new: None, assignee: None, return_date: None };
        world.act(registered.id, at("2021-03-01 08:00"), receive).unwrap();
        let now = motcua::clock::now();
        announce(store, now);
        deliver(store, &portal, now);
        portal.expect_no_complaints();
        let told = portal.dossier(registered.case_number.as_str()).unwrap();
        let papers: Vec<_> = told["TaiLieuNop"].as_array().unwrap().iter().map(|paper| &paper["TenTepDinhKem"]).collect();
        assert_eq!(papers, ["Đơn"]);
        assert_eq!(told["TaiLieuNop"][0]["MaThanhPhanHoSo"], "2");
        assert_eq!(told["GhiChu"], "Giấy tờ khác đã nộp: Giấy ủy quyền");
    }
}

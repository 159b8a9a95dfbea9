//! The supervisor's pages: rates by what reports offer, down to the dossier; what lies with whom; the day at a desk.

use serde_json::json;

use crate::support::{
    Browser, COMMUNE, Database, Kind, NEIGHBOUR, Office, Program, SAME_DAY, Visitor, World, arrive,
    at, date, find, hire, is_page, look, on_both,
};
use motcua::domain::case_number::CaseNumber;
use motcua::domain::dossier::Action;
use motcua::domain::period::Period;
use motcua::domain::role::Role;

const PERIOD: &str = "tu=2021-02-15&den=2021-03-14";

/// Two done in time and one late at the commune, one in time at its neighbour, one open and long overdue; the case
/// numbers of the late and the open one.
fn march(db: &Database) -> (World, String, String) {
    let world = World::new(db.store());
    for (unit, day) in [
        (COMMUNE, "2021-03-01"),
        (COMMUNE, "2021-03-02"),
        (NEIGHBOUR, "2021-03-02"),
    ] {
        let dossier = world.receive_at(unit, SAME_DAY, at(&format!("{day} 08:00")));
        world.finish(dossier.id, at(&format!("{day} 09:00")));
    }
    let late = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-03 08:00"));
    world.finish(late.id, at("2021-03-05 09:00"));
    let open = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-04 08:00"));
    (
        world,
        late.case_number.to_string(),
        open.case_number.to_string(),
    )
}

/// The address of the first link on a page that has all these parts.
#[track_caller]
fn link(page: &str, parts: &[&str]) -> String {
    let links = page
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let links = links.map(|link| link.replace("&#38;", "&"));
    let mut fitting = links.filter(|link| parts.iter().all(|part| link.contains(part)));
    fitting
        .next()
        .unwrap_or_else(|| panic!("no link with {parts:?} in {page}"))
}

on_both! {
    fn what_was_closed_late_is_listed_where_it_was_closed_after_a_succession(db: &Database) {
        let (world, late, _) = march(db);
        // Its result waits to be fetched, and goes to the successor.
        let line = format!("old_code,new_code,share\n{COMMUNE},{NEIGHBOUR},whole\n");
        motcua::imports::successions(&world.store, line.as_bytes(), Some(date("2021-03-08"))).unwrap();
        let reference = world.store.reference().unwrap();
        let [from, to] = [COMMUNE, NEIGHBOUR].map(|code| reference.units().by_code(code).unwrap().id);
        let number = CaseNumber::parse(&late).unwrap();
        let id = world.store.read(|conn| motcua::store::dossiers::find_id(conn, &number)).unwrap().unwrap();
        world.act(id, at("2021-03-08 08:00"), Action::MoveToSuccessor { from, to }).unwrap();
        let office = Office::over(world, Program::on(db));
        let mut office = office;
        let token = office.token(Role::Supervisor, "H37");
        let supervisor = Visitor::log_in(&office, "h37.supervisor");
        let page = supervisor.get(&format!("/tong-quan?{PERIOD}&theo=unit")).body;
        let list = link(&page, &["/tong-quan/tra-muon?", &format!("don_vi={COMMUNE}")]);
        let listed = supervisor.get(&list).expect(200).body;
        assert!(listed.contains(&late), "{listed}");
        let theirs = supervisor.get(&format!("/tong-quan/tra-muon?{PERIOD}&don_vi={NEIGHBOUR}&rieng=1")).expect(200).body;
        assert!(!theirs.contains(&late), "{theirs}");
        for (unit, count) in [(COMMUNE, 1), (NEIGHBOUR, 0), ("H37.20", 1)] {
            let path = format!("/api/v1/reports/closed-late?from=2021-02-15&to=2021-03-14&by=dossier&unit={unit}");
            let report = office.call("GET", path).token(&token).send().expect(200).json();
            let rows = report["dossiers"].as_array().unwrap();
            assert_eq!(rows.len(), count, "{unit}: {report}");
            assert!(rows.iter().all(|row| row["unit_code"] == COMMUNE), "{report}");
        }
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
        // What an older version has written is told apart at the first start.
        db.tamper("update dossiers set closed_in_id = null; delete from settings where key = 'closed_in_filled';");
        drop(office);
        let store = db.store();
        assert_eq!(motcua::tools::verify::verify(&store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_month_that_the_period_cuts_leads_to_its_own_days(db: &Database) {
        let (world, late, _) = march(db);
        let mut office = Office::over(world, Program::on(db));
        office.token(Role::Supervisor, "H37");
        let supervisor = Visitor::log_in(&office, "h37.supervisor");
        let page = supervisor.get("/tong-quan?tu=2021-03-04&den=2021-03-10&theo=month").body;
        let list = link(&page, &["/tong-quan/tra-muon?"]);
        assert!(list.contains("tu=2021-03-04") && list.contains("den=2021-03-10"), "{list}");
        assert!(supervisor.get(&list).expect(200).body.contains(&late));
    }
}

on_both! {
    fn a_rate_leads_to_the_dossiers_in_it(db: &Database) {
        let (world, late, open) = march(db);
        let mut office = Office::over(world, Program::on(db));
        let token = office.token(Role::Supervisor, "H37");
        let supervisor = Visitor::log_in(&office, "h37.supervisor");
        let page = supervisor.get(&format!("/tong-quan?{PERIOD}&theo=unit"));
        is_page(&page, 200);
        // Three of four in time at the two, two of three at the commune; the rule of judging is said.
        for expected in ["75,00%", "66,67%", "100,00%", "theo ngày hẹn trả đầu tiên", "<svg", "aria-current=\"page\""] {
            assert!(page.body.contains(expected), "{expected} in {}", page.body);
        }
        let list = link(&page.body, &["/tong-quan/tra-muon?", &format!("don_vi={COMMUNE}")]);
        let listed = supervisor.get(&list);
        is_page(&listed, 200);
        assert!(listed.body.contains(&format!("href=\"/ho-so/{late}\"")), "{}", listed.body);
        assert!(listed.body.contains("ngày làm việc") && !listed.body.contains(&open), "{}", listed.body);
        // A row is of the unit alone; what its district answers for is another row.
        assert!(list.contains("rieng=1") && listed.body.contains("không kể đơn vị trực thuộc"), "{}", listed.body);
        let district = format!("/tong-quan/tra-muon?{PERIOD}&don_vi=H37.20");
        assert!(supervisor.get(&district).body.contains(&late));
        assert!(!supervisor.get(&format!("{district}&rieng=1")).body.contains(&late));
        // What was past due at the end of a period that is over is no list; what is so now is one.
        assert!(!page.body.contains("/tong-quan/qua-han?"), "{}", page.body);
        let today = motcua::clock::now().date();
        let year = Period::year(motcua::domain::period::Grain::Month.bucket(today).div_euclid(12)).unwrap();
        let now = supervisor.get(&format!("/tong-quan?tu={}&den={today}&theo=unit", year.from));
        let list = link(&now.body, &["/tong-quan/qua-han?", &format!("don_vi={COMMUNE}")]);
        let listed = supervisor.get(&list);
        assert!(listed.body.contains("Chỉ gồm:") && listed.body.contains("không kể đơn vị trực thuộc"), "{}", listed.body);
        assert!(listed.body.contains(&format!("href=\"/ho-so/{open}\"")), "{}", listed.body);
        assert!(!listed.body.contains(&late), "{}", listed.body);
        // What was closed on time is on no such list, nor what was closed in another period.
        let none = supervisor.get(&format!("/tong-quan/tra-muon?{PERIOD}&don_vi={NEIGHBOUR}"));
        assert!(none.body.contains("Không có hồ sơ nào"), "{}", none.body);
        let before = supervisor.get("/tong-quan/tra-muon?tu=2021-02-15&den=2021-03-04");
        assert!(before.body.contains("Không có hồ sơ nào"), "{}", before.body);
        // Every other way to see it leads there as well.
        for (by, filter) in [
            ("level", "cap=commune"), ("field", "linh_vuc="), ("procedure", "thu_tuc=2.000815"),
            ("channel", "hinh_thuc=direct"), ("month", "tu=2021-02-15"),
        ] {
            let page = supervisor.get(&format!("/tong-quan?{PERIOD}&theo={by}"));
            is_page(&page, 200);
            assert!(page.body.contains("75,00%"), "{by}: {}", page.body);
            let listed = supervisor.get(&link(&page.body, &["/tong-quan/tra-muon?", filter]));
            assert!(listed.body.contains(&late), "{by}: {}", listed.body);
            // A file of it is what the report gives.
            let file = supervisor.get(&format!("/tong-quan?{PERIOD}&theo={by}&dang=csv"));
            assert!(file.content_type.starts_with("text/csv"), "{}", file.content_type);
            let report = format!("/api/v1/reports/on-time?from=2021-02-15&to=2021-03-14&by={by}&format=csv-people");
            assert_eq!(file.body, office.call("GET", report).token(&token).send().expect(200).body, "{by}");
        }
        let file = supervisor.get(&format!("/tong-quan/tra-muon?{PERIOD}&dang=csv")).body;
        assert!(file.contains(&late) && file.lines().count() == 4, "{file}");
        // As of a day before the late one was closed it was open, and not yet resolved.
        let then = supervisor.get(&format!("/tong-quan?{PERIOD}&theo=level&tinh_den=2021-03-04"));
        assert!(then.body.contains("trước hạn và đúng hạn <strong>100,00%</strong>, quá hạn 0"), "{}", then.body);
    }
}

on_both! {
    fn an_overview_is_for_those_who_lead_and_of_what_is_theirs(db: &Database) {
        let (world, late, _) = march(db);
        let office = Office::over(world, Program::on(db));
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        is_page(&clerk.get("/tong-quan"), 403);
        let own = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let page = own.get(&format!("/tong-quan?{PERIOD}&theo=unit"));
        assert!(page.body.contains("66,67%") && !page.body.contains("100,00%"), "{}", page.body);
        // The same of their own by procedure and by channel.
        for (by, filter) in [
            ("level", "cap=commune"), ("field", "linh_vuc="), ("procedure", "thu_tuc=2.000815"),
            ("channel", "hinh_thuc=direct"), ("month", "tu=2021-02-15"),
        ] {
            let page = own.get(&format!("/tong-quan?{PERIOD}&theo={by}")).expect(200).body;
            assert!(page.contains("66,67%") && !page.contains("75,00%"), "{by}: {page}");
            let listed = own.get(&link(&page, &["/tong-quan/tra-muon?", filter]));
            assert!(listed.body.contains(&late), "{by}: {}", listed.body);
        }
        is_page(&own.get(&format!("/tong-quan?{PERIOD}&don_vi={NEIGHBOUR}")), 403);
        let theirs = own.get(&format!("/tong-quan/tra-muon?{PERIOD}&don_vi={NEIGHBOUR}"));
        is_page(&theirs, 403);
        for (query, field) in [
            ("tu=2021-02-30", "tu"), ("tu=2021-03-14&den=2021-02-15", "tu"), ("tu=2999-01-01&den=2999-02-01", "tu"),
            ("tinh_den=2999-01-01", "tinh_den"), ("don_vi=H99", "don_vi"),
        ] {
            let wrong = own.get(&format!("/tong-quan?{query}"));
            is_page(&wrong, 400);
            let place = format!("href=\"#{field}\"");
            assert!(wrong.body.contains(&place) && wrong.body.contains("<title>Lỗi: "), "{query}: {}", wrong.body);
        }
        // An administrator reads figures, and no dossiers.
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let page = administrator.get(&format!("/tong-quan?{PERIOD}&theo=unit"));
        is_page(&page, 200);
        assert!(page.body.contains("75,00%") && !page.body.contains("/tong-quan/tra-muon"), "{}", page.body);
        let list = administrator.get(&format!("/tong-quan/tra-muon?{PERIOD}"));
        is_page(&list, 403);
        assert!(!list.body.contains(&late));
    }
}

on_both! {
    fn what_lies_with_whom_is_counted(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        office.token(Role::Officer, COMMUNE);
        for n in 0..3 {
            let dossier = office.receive(COMMUNE, SAME_DAY);
            if n < 2 {
                let path = format!("/api/v1/dossiers/{}/hand-over", dossier["case_number"].as_str().unwrap());
                let body = json!({"step": 1, "assignee": format!("{}.officer", COMMUNE.to_lowercase())});
                office.call("POST", path).token(&supervisor).seen(&dossier).body(body).send().expect(200);
            }
        }
        office.receive(NEIGHBOUR, SAME_DAY);
        let leader = Visitor::log_in(&office, &format!("{}.supervisor", COMMUNE.to_lowercase()));
        let page = leader.get("/tong-quan?theo=officer");
        is_page(&page, 200);
        let file = leader.get("/tong-quan?theo=officer&dang=csv").body;
        let officer = format!("{}.officer;officer {COMMUNE};2;2;0", COMMUNE.to_lowercase());
        assert!(file.contains(&officer) && file.contains(";Chưa giao cho ai;1;1;0"), "{file}");
        assert!(page.body.contains(&format!("officer {COMMUNE}")), "{}", page.body);
    }
}

on_both! {
    fn the_day_at_a_desk_is_a_sheet(db: &Database) {
        let mut office = Office::open(db);
        let mine: Vec<_> = (0..2).map(|_| office.receive(COMMUNE, SAME_DAY)).collect();
        let other = office.receive(NEIGHBOUR, SAME_DAY);
        let username = format!("{}.clerk", COMMUNE.to_lowercase());
        let clerk = Visitor::log_in(&office, &username);
        let page = clerk.get("/hom-nay");
        is_page(&page, 200);
        let file = clerk.get("/hom-nay?dang=csv").body;
        for dossier in &mine {
            let number = dossier["case_number"].as_str().unwrap();
            assert!(page.body.contains(&format!("href=\"/ho-so/{number}\"")), "{}", page.body);
            assert!(file.contains(number), "{file}");
        }
        assert!(page.body.contains("2 hồ sơ") && page.body.contains("Nguyễn Thị Ánh"), "{}", page.body);
        assert!(!page.body.contains(other["case_number"].as_str().unwrap()), "{}", page.body);
        assert!(clerk.get("/hom-nay?ngay=2021-03-01").body.contains("Chưa có hồ sơ nào trong ngày này"));
        let wrong = clerk.get("/hom-nay?ngay=hom-qua");
        is_page(&wrong, 400);
        assert!(wrong.body.contains("Không phải ngày"), "{}", wrong.body);
        // A long day begins with its newest, and is there as a whole for paper.
        for _ in 0..99 {
            office.receive(COMMUNE, SAME_DAY);
        }
        let clerk = Visitor::log_in(&office, &username);
        let (first, whole) = (clerk.get("/hom-nay"), clerk.get("/hom-nay?tat-ca=1"));
        let rows = |page: &str| page.matches("<tr><td data-name=\"STT\">").count();
        assert_eq!((rows(&first.body), rows(&whole.body)), (100, 101));
        assert!(first.body.contains("100 hồ sơ mới nhất") && first.body.contains("tat-ca=1\">Hiện cả ngày"), "{}", first.body);
        assert!(whole.body.contains("101 hồ sơ") && !whole.body.contains("tat-ca"), "{}", whole.body);
        assert!(first.body.len() < 60_000, "{}", first.body.len());
    }
}

#[test]
fn a_supervisor_goes_from_a_rate_to_a_dossier_in_a_browser() {
    let db = Database::new(Kind::Sqlite);
    let (world, late, _) = march(&db);
    let program = Program::for_browsers(&db);
    let office = Office::over(world, program);
    let username = hire(&office.world, Role::Supervisor, "H37");
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &username).await;
        for by in ["level", "unit", "procedure", "month", "officer"] {
            client
                .goto(&format!("{url}/tong-quan?{PERIOD}&theo={by}"))
                .await
                .unwrap();
            look(&client, &format!("overview-{by}")).await;
        }
        client
            .goto(&format!("{url}/tong-quan?{PERIOD}&theo=unit"))
            .await
            .unwrap();
        let rate = format!("a[href*='tra-muon'][href*='don_vi={COMMUNE}']");
        find(&client, &rate).await.click().await.unwrap();
        arrive(&client, "/tong-quan/tra-muon").await;
        look(&client, "closed-late").await;
        find(&client, &format!("a[href='/ho-so/{late}']"))
            .await
            .click()
            .await
            .unwrap();
        arrive(&client, &format!("/ho-so/{late}")).await;
        let dossier = find(&client, "main").await.text().await.unwrap();
        assert!(dossier.contains(&late), "{dossier}");
        client
            .goto(&format!("{url}/hom-nay?ngay=2021-03-02"))
            .await
            .unwrap();
        look(&client, "today").await;
        client.goto(&format!("{url}/bang/H37")).await.unwrap();
        look(&client, "board-province").await;
        // As it hangs on a wall: all of it without scrolling.
        let wall = browser.open().await;
        let around = wall
            .execute("return window.outerHeight - window.innerHeight", Vec::new())
            .await
            .unwrap();
        let high = 1080 + u32::try_from(around.as_u64().unwrap()).unwrap();
        wall.set_window_size(1920, high).await.unwrap();
        wall.goto(&format!("{url}/bang/H37")).await.unwrap();
        let high = wall
            .execute("return document.documentElement.scrollHeight", Vec::new())
            .await
            .unwrap();
        assert!(high.as_u64().unwrap() <= 1080, "{high} of 1080");
        if let Ok(folder) = std::env::var("PAGES_SCREENSHOTS") {
            let picture = wall.screenshot().await.unwrap();
            std::fs::write(format!("{folder}/board-1920x1080.png"), picture).unwrap();
        }
        wall.close().await.unwrap();
        client.close().await.unwrap();
    });
}

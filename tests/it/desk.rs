//! The desk on both databases: receipts, numbers, lists, and the work that nobody asks for.

use std::collections::HashSet;
use std::sync::Arc;

use crate::support::{World, at, date, on_both};
use motcua::acts::advance::Request;
use motcua::domain::dossier::{Action, Status};
use motcua::domain::unit::Level;
use motcua::error::Error;
use motcua::imports::UnitsOptions;
use motcua::jobs::housekeeping;
use motcua::store::lists::{self, Along, Order, Page, Position, Within};
use motcua::store::{Store, dossiers, events, tallies};
use motcua::{acts, tools};

/// Chứng thực bản sao: due the same day.
const SAME_DAY: &str = "2.000815";
const COMMUNE: &str = "H37.20.01";

/// A page of everything, or of one unit.
fn listed(
    store: &Store,
    order: Order,
    along: Along,
    after: Option<Position>,
    limit: usize,
) -> Page {
    let query = lists::Query {
        order,
        walks: vec![along],
        within: Within::default(),
        after,
        limit,
        keep: &|_| true,
    };
    store.read(|conn| lists::list(conn, &query)).unwrap()
}

on_both! {
    fn a_receipt_gives_number_due_moment_and_history(db: &Database) {
        let world = World::new(db.store());
        let first = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        let second = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 15:30"));
        assert_eq!(first.case_number.as_str(), "H37.20.01-210301-0001");
        assert_eq!(second.case_number.as_str(), "H37.20.01-210301-0002");
        assert_eq!(first.due(), Some(at("2021-03-01 17:00")));
        assert_eq!(second.due(), Some(at("2021-03-02 17:00")));
        let other_day = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-02 08:00"));
        assert_eq!(other_day.case_number.as_str(), "H37.20.01-210302-0001");

        world.begin(first.id, at("2021-03-01 09:00"));
        let done = world.finish(first.id, at("2021-03-01 10:00"));
        assert_eq!(done.status, Status::Done);
        let stored = world.store.read(|conn| events::replay(conn, first.id)).unwrap();
        assert_eq!(stored.unwrap().0, done);
    }
}

on_both! {
    fn every_wrong_field_is_named_and_nothing_is_written(db: &Database) {
        let world = World::new(db.store());
        let mut request = world.request(COMMUNE, SAME_DAY);
        request.unit = "H37.99".to_owned();
        request.procedure = "1.999999".to_owned();
        request.applicant.name = "  ".to_owned();
        request.applicant.phone = Some("abc".to_owned());
        request.sets = 0;
        let when = crate::support::occasion(at("2021-03-01 08:00"));
        let error = acts::receive::receive(&world.store, &request, when, None).unwrap_err();
        let Error::Invalid(wrong) = error else { panic!("{error}") };
        let pointers: Vec<_> = wrong.iter().map(|w| w.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/unit", "/procedure", "/sets", "/applicant/name", "/applicant/phone"]
        );
        let refused = world.try_receive(COMMUNE, SAME_DAY, at("2017-12-01 08:00"));
        assert!(matches!(refused, Err(Error::Invalid(_) | Error::Refused(..))));
        assert_eq!(world.store.read(dossiers::count).unwrap(), 0);
        // A number that a refused receipt had taken is given out again.
        let first = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        assert!(first.case_number.as_str().ends_with("-0001"));
    }
}

on_both! {
    fn sixty_four_receivers_at_once_get_numbers_without_gap_or_duplicate(db: &Database) {
        const RECEIVERS: usize = 64;
        const EACH: usize = 8;
        let world = Arc::new(World::new(db.store()));
        let numbers: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..RECEIVERS)
                .map(|_| {
                    let world = Arc::clone(&world);
                    scope.spawn(move || {
                        (0..EACH)
                            .map(|_| world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00")))
                            .map(|dossier| dossier.case_number.to_string())
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        let distinct: HashSet<_> = numbers.iter().collect();
        assert_eq!(distinct.len(), RECEIVERS * EACH);
        let highest = numbers.iter().max().unwrap();
        assert_eq!(*highest, format!("H37.20.01-210301-{:04}", RECEIVERS * EACH));
        let verified = tools::verify::verify(&world.store, 10).unwrap();
        assert_eq!((verified.findings, verified.dossiers), (vec![], 512));
    }
}

on_both! {
    fn clerks_who_act_on_one_dossier_at_once_do_not_lose_each_others_work(db: &Database) {
        let world = Arc::new(World::new(db.store()));
        let dossier = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        let id = dossier.id;
        let done: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    let world = Arc::clone(&world);
                    scope.spawn(move || {
                        let mut request = Request::new(id, Action::Withdraw { reason: "thôi".to_owned() });
                        request.version = Some(1);
                        let when = crate::support::occasion(at("2021-03-01 09:00"));
                        match acts::advance::act(&world.store, &request, when) {
                            Ok(_) => 1,
                            Err(Error::Changed { current: Some(2) }) => 0,
                            Err(other) => panic!("{other}"),
                        }
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(done, 1);
    }
}

on_both! {
    fn lists_show_open_near_due_and_overdue_dossiers_in_order(db: &Database) {
        let world = World::new(db.store());
        let other = "H37.20.02";
        let days = ["2021-03-01 08:00", "2021-03-02 08:00", "2021-03-03 08:00"];
        let ours: Vec<_> = days.map(|day| world.receive_at(COMMUNE, SAME_DAY, at(day))).into();
        let theirs = world.receive_at(other, SAME_DAY, at("2021-03-01 09:00"));
        let closed = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 09:00"));
        world.begin(closed.id, at("2021-03-01 09:30"));
        world.finish(closed.id, at("2021-03-01 10:00"));

        let now = at("2021-03-02 09:00");
        let reference = world.store.reference().unwrap();
        let unit = reference.units().by_code(COMMUNE).unwrap().id;
        let list = |order, along| {
            let page = listed(&world.store, order, along, None, 10);
            page.rows.into_iter().map(|d| d.id).collect::<Vec<_>>()
        };
        let own = Along::Unit(unit);
        assert_eq!(list(Order::Due, own), [ours[0].id, ours[1].id, ours[2].id]);
        assert_eq!(list(Order::Due, Along::All).len(), 4);
        assert_eq!(list(Order::Overdue { now }, Along::All), [ours[0].id, theirs.id]);
        assert_eq!(list(Order::Overdue { now }, own), [ours[0].id]);
        let near = Order::NearDue { now, before: at("2021-03-03 00:00") };
        assert_eq!(list(near, Along::All), [ours[1].id]);
        let newest = [ours[2].id, ours[1].id, closed.id, ours[0].id];
        assert_eq!(list(Order::Entered, own), newest);
        // Pages continue where the last one ended.
        let first = listed(&world.store, Order::Due, Along::All, None, 2);
        let rest = listed(&world.store, Order::Due, Along::All, first.next, 10);
        assert_eq!((first.rows.len(), rest.rows.len(), rest.next), (2, 2, None));
    }
}

on_both! {
    fn near_due_counts_working_days(db: &Database) {
        use motcua::views::list::{ListRequest, list, near_due};
        let world = World::new(db.store());
        // Five working days, 24 November being one off: Monday 30 November.
        let monday = world.receive_at(COMMUNE, "1.004884", at("2026-11-20 08:00"));
        assert_eq!(monday.due(), Some(at("2026-11-30 17:00")));
        let tuesday = world.receive_at(COMMUNE, "1.004884", at("2026-11-23 08:00"));
        assert_eq!(tuesday.due(), Some(at("2026-12-01 17:00")));
        let reference = world.store.reference().unwrap();
        let unit = reference.units().by_code(COMMUNE).unwrap().id;
        let near = |now: &str, days| {
            let now = at(now);
            let order = near_due(&world.store, unit, now, days).unwrap();
            let request = ListRequest::of_all(unit, order, 10, now);
            let items = list(&world.store, &request).unwrap().items;
            items.into_iter().map(|item| item.id).collect::<Vec<_>>()
        };
        let thursday = "2026-11-26 20:47";
        assert_eq!(near(thursday, 1), []);
        assert_eq!(near(thursday, 2), [monday.id]);
        assert_eq!(near(thursday, 3), [monday.id, tuesday.id]);
        // On a day off as well: the next working day is the first.
        assert_eq!(near("2026-11-28 09:00", 1), [monday.id]);
        assert_eq!(near("2026-11-30 08:00", 0), [monday.id]);
        // Past its moment it is not near any more.
        assert_eq!(near("2026-11-30 17:30", 1), [tuesday.id]);
        // Farther than the calendar: all there is.
        assert_eq!(near(thursday, 3650), [monday.id, tuesday.id]);
    }
}

on_both! {
    fn pages_of_the_overdue_go_on_past_one_that_was_asked_for_papers(db: &Database) {
        let world = World::new(db.store());
        let procedure = long_procedure(&world);
        let asked = world.receive_at(COMMUNE, &procedure, at("2021-03-01 08:00"));
        let due = asked.due();
        world.begin(asked.id, at("2021-03-01 09:00"));
        let request = Action::RequestSupplement { reason: "thiếu".to_owned(), items: vec![], exception: None };
        world.act(asked.id, at("2021-04-01 09:00"), request).unwrap();
        let taken = Action::TakeSupplement { items: vec![], reason: "đã đủ".to_owned() };
        let asked = world.act(asked.id, at("2021-04-02 09:00"), taken).unwrap();
        let late = world.receive_at(COMMUNE, SAME_DAY, at("2021-04-02 09:00"));
        // Overdue since March, and due when it was.
        assert!(asked.is_overdue() && asked.due() == due);
        let order = Order::Overdue { now: at("2021-04-03 09:00") };
        let page = |after| listed(&world.store, order, Along::All, after, 1);
        let first = page(None);
        let second = page(first.next);
        assert_eq!((first.rows[0].id, second.rows[0].id), (asked.id, late.id));
        assert_eq!(second.next, None);
    }
}

on_both! {
    fn lists_run_along_an_index(db: &Database) {
        use diesel::RunQueryDsl;

        let world = World::new(db.store());
        let explain = |condition: &str, order: &str| {
            let id = if order.ends_with("desc") { "id desc" } else { "id" };
            let query =
                format!("select id from dossiers where {condition} order by {order}, {id} limit 50");
            let lines = world.store.read(|conn| {
                let lines: Vec<String> = match conn {
                    motcua::store::Conn::Sqlite(conn) => {
                        let query = format!("explain query plan {query}");
                        let plan: Vec<SqlitePlan> = diesel::sql_query(query).load(conn)?;
                        plan.into_iter().map(|row| row.detail).collect()
                    }
                    motcua::store::Conn::Postgres(conn) => {
                        // An empty table is always scanned: ask what happens when it may not be.
                        diesel::sql_query("set local enable_seqscan = off").execute(conn)?;
                        let query = format!("explain {query}");
                        let plan: Vec<PostgresPlan> = diesel::sql_query(query).load(conn)?;
                        plan.into_iter().map(|row| row.plan).collect()
                    }
                };
                Ok::<_, motcua::store::StoreError>(lines)
            });
            lines.unwrap().join("\n")
        };
        for (condition, order, index) in [
            ("open_due_at is not null", "open_due_at", "dossiers_open"),
            ("unit_id = 3 and open_due_at is not null", "open_due_at", "dossiers_open_by_unit"),
            ("late_at < 5 and late_at is not null", "late_at", "dossiers_late"),
            ("unit_id = 3 and late_at < 5 and late_at is not null", "late_at", "dossiers_late_by_unit"),
            ("area_id = 3 and open_due_at is not null", "open_due_at", "dossiers_open_by_area"),
            ("holder_area_id = 3 and open_due_at is not null", "open_due_at", "dossiers_open_by_holder_area"),
            ("assignee_id = 3 and assignee_id is not null and open_due_at is not null", "open_due_at", "dossiers_open_by_assignee"),
            ("area_id = 3 and late_at < 5 and late_at is not null", "late_at", "dossiers_late_by_area"),
            ("holder_id = 3 and late_at < 5 and late_at is not null", "late_at", "dossiers_late_by_holder"),
            ("holder_area_id = 3 and late_at < 5 and late_at is not null", "late_at", "dossiers_late_by_holder_area"),
            ("entered_at < 5", "entered_at desc", "dossiers_entered"),
            ("unit_id = 3", "entered_at desc", "dossiers_by_unit"),
            ("area_id = 3", "entered_at desc", "dossiers_by_area"),
            ("procedure_id = 3", "entered_at desc", "dossiers_by_procedure"),
            ("status = 1", "entered_at desc", "dossiers_registered"),
            ("status = 1 and unit_id = 3", "entered_at desc", "dossiers_registered_by_unit"),
            ("status = 1 and area_id = 3", "entered_at desc", "dossiers_registered_by_area"),
            ("watch_at >= 5 and watch_at < 9 and watch_at is not null", "watch_at", "dossiers_watch"),
        ] {
            let plan = explain(condition, order);
            assert!(plan.contains(index), "{condition}: {plan}");
        }
    }
}

#[derive(diesel::QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[derive(diesel::QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    plan: String,
}

on_both! {
    fn the_sweep_records_each_crossing_once_at_its_true_moment(db: &Database) {
        let world = World::new(db.store());
        let late = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        let early = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-02 08:00"));
        let now = at("2021-03-02 09:30");
        let round = housekeeping::run(&world.store, now).unwrap();
        assert_eq!(round.overdue, 1);
        assert_eq!(housekeeping::run(&world.store, now).unwrap().overdue, 0);
        let history = |id| world.store.read(|conn| events::history(conn, id)).unwrap();
        let crossing = history(late.id)[1].event().unwrap();
        assert_eq!(crossing.at, at("2021-03-01 17:00"));
        assert_eq!(history(early.id).len(), 1);
        assert_eq!(world.store.read(tallies::waiting).unwrap(), 0);
    }
}

on_both! {
    fn a_changed_calendar_moves_open_due_moments_on_record(db: &Database) {
        let world = World::new(db.store());
        let procedure = long_procedure(&world);
        let open = world.receive_at(COMMUNE, &procedure, at("2021-03-01 08:00"));
        let before = open.due().unwrap();
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let changed = format!("{text}2021-03-02,off,Nghỉ đột xuất\n");
        motcua::imports::calendar(&world.store, changed.as_bytes()).unwrap();
        // The next round of housekeeping does it, whoever imported the calendar.
        let round = housekeeping::run(&world.store, at("2021-03-01 09:00"));
        assert_eq!(round.unwrap().recomputed, 1);
        let (after, _) = world.store.read(|conn| events::replay(conn, open.id)).unwrap().unwrap();
        let reference = world.store.reference().unwrap();
        let timetable = reference.timetable(after.unit).unwrap();
        assert_eq!(
            after.due().unwrap().date(),
            timetable.nth_working_day_after(before.date(), 1).unwrap()
        );
        assert_eq!(after.version, 2);
        assert_eq!(motcua::jobs::queue::recompute_due_moments(&world.store, at("2021-03-01 10:00")).unwrap(), 0);
    }
}

/// A procedure of the catalogue with a limit of several working days.
fn long_procedure(world: &World) -> String {
    let reference = world.store.reference().unwrap();
    let procedures = reference.procedures();
    let found = procedures.iter().find(|p| {
        let limit = p.definition.promised_limit();
        limit.unit == motcua::domain::time_limit::LimitUnit::WorkingDay
            && limit.amount >= Some(5.into())
            && p.definition.level() == Level::Commune
            && p.definition.is_in_force_on(date("2021-03-01"))
    });
    found.unwrap().definition.code.clone()
}

on_both! {
    fn open_dossiers_of_a_dissolved_unit_move_to_its_successor(db: &Database) {
        let world = World::new(db.store());
        let open = world.receive_at(COMMUNE, SAME_DAY, at("2025-06-30 08:00"));
        // H37.21.01 has no successor in the sources.
        let stranded = world.receive_at("H37.21.01", SAME_DAY, at("2025-06-30 08:00"));
        let options = UnitsOptions {
            valid_from: date("2025-07-01"),
            replaces: vec![Level::District, Level::Commune],
        };
        let units = include_bytes!("../../config/units-lang-son-2025.csv");
        let lines = include_bytes!("../../config/unit-successions-2025-07-01.csv");
        // Not without saying who goes on with what they have.
        let refused = motcua::imports::units(&world.store, units, &options).unwrap_err().to_string();
        for line in ["H37.20.01 (", "H37.21.01 (", "còn 1 hồ sơ chưa xong và 0 kết quả chưa trả"] {
            assert!(refused.contains(line), "{refused}");
        }
        let with = motcua::imports::Reform { successions: Some(lines.to_vec()), leave_dossiers: false };
        let refused = motcua::imports::reform(&world.store, units, &options, &with).unwrap_err().to_string();
        assert!(refused.contains("H37.21.01") && !refused.contains("H37.20.01"), "{refused}");
        assert!(world.store.reference().unwrap().units().by_code("H37.164").is_none(), "all or nothing");
        let with = motcua::imports::Reform { leave_dossiers: true, ..with };
        let reformed = motcua::imports::reform(&world.store, units, &options, &with).unwrap();
        assert!(reformed.notes.iter().any(|note| note.contains("H37.21.01") && note.contains("còn 1 hồ sơ")));
        let imported = motcua::imports::successions(&world.store, lines, None).unwrap();
        let named: Vec<_> = ["H37.21.01", "H37.21.05", "H37.25.10", "H37.25.12", "H37.27.22", "H37.29.12"]
            .into_iter()
            .filter(|code| imported.notes.iter().any(|note| note.contains(code)))
            .collect();
        assert_eq!(named.len(), 6, "units without a successor are named: {:?}", imported.notes);

        let round = housekeeping::run(&world.store, at("2025-07-01 09:00")).unwrap();
        assert_eq!(round.moved, 1);
        assert_eq!(round.without_successor, ["H37.21.01"]);
        let reference = world.store.reference().unwrap();
        let replay = |id| world.store.read(|conn| events::replay(conn, id)).unwrap().unwrap().0;
        let moved = replay(open.id);
        assert_eq!(reference.units().get(moved.unit).unwrap().code, "H37.164");
        assert_eq!(moved.holder, moved.unit);
        assert_eq!(replay(stranded.id).unit, stranded.unit);
        // The number on the citizen's receipt stays.
        assert_eq!(moved.case_number, open.case_number);
        // Its old unit takes nothing in any more; the new one does.
        let closed = world.try_receive(COMMUNE, SAME_DAY, at("2025-07-02 08:00"));
        assert!(matches!(closed, Err(Error::Refused(..))));
        world.receive_at("H37.164", SAME_DAY, at("2025-07-02 08:00"));
        assert_eq!(tools::verify::verify(&world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_step_at_a_dissolved_unit_goes_to_its_successor(db: &Database) {
        let world = World::new(db.store());
        let definition = serde_json::json!([{
            "code": "1.000001", "name": "Thử", "field": "Thử", "levels": ["commune"],
            "valid_from": "2020-01-01", "announced_on": "2020-01-01", "online_level": "full",
            "statutory_limit": {"unit": "working_day", "amount": 5}, "result": "Giấy",
            "workflow": [
                {"name": "Tiếp nhận", "place": "receiving", "role": "clerk", "hours": 4},
                {"name": "Sở", "place": "unit", "unit": "H37.02", "role": "officer", "hours": 8},
                {"name": "Trả", "place": "receiving", "role": "clerk", "hours": 4}
            ]
        }]);
        motcua::imports::procedures(&world.store, definition.to_string().as_bytes()).unwrap();
        let open = world.receive_at(COMMUNE, "1.000001", at("2021-03-01 08:00"));
        let head = "code,level,kind,name,parent_code,statistical_code,valid_from,valid_to\n";
        let ended = format!("{head}H37.02,province,department,Sở Tư pháp,H37,,2018-01-01,2021-03-01\n");
        let options = UnitsOptions { valid_from: date("2018-01-01"), replaces: vec![] };
        motcua::imports::units(&world.store, ended.as_bytes(), &options).unwrap();
        let hand_over = || Action::HandOver { step: 1, assignee: None, note: String::new() };
        let refused = world.act(open.id, at("2021-03-02 08:00"), hand_over());
        assert!(matches!(refused, Err(Error::Refused(..))), "nobody has taken over yet");
        let lines = "old_code,new_code,share\nH37.02,H37.03,whole\n";
        motcua::imports::successions(&world.store, lines.as_bytes(), Some(date("2021-03-02"))).unwrap();
        let handed = world.act(open.id, at("2021-03-02 08:00"), hand_over()).unwrap();
        let reference = world.store.reference().unwrap();
        assert_eq!(reference.units().get(handed.holder).unwrap().code, "H37.03");
    }
}

on_both! {
    fn a_registered_dossier_is_received_under_the_version_in_force(db: &Database) {
        let world = World::new(db.store());
        let version = |from: &str, amount: u32| serde_json::json!([{
            "code": "1.000001", "name": "Thử", "field": "Thử", "levels": ["commune"],
            "valid_from": from, "announced_on": from, "online_level": "full",
            "statutory_limit": {"unit": "working_day", "amount": amount}, "result": "Giấy",
        }]).to_string();
        motcua::imports::procedures(&world.store, version("2020-01-01", 10).as_bytes()).unwrap();
        let request = world.request(COMMUNE, "1.000001");
        let night = crate::support::occasion(at("2021-02-28 22:00"));
        let registered = acts::receive::register(&world.store, &request, night).unwrap();
        assert_eq!((registered.status, registered.due()), (Status::Registered, None));
        motcua::imports::procedures(&world.store, version("2021-03-01", 3).as_bytes()).unwrap();
        let receive = Action::Receive { items: Vec::new(), new: None, assignee: None, return_date: None };
        let received = world.act(registered.id, at("2021-03-01 08:00"), receive).unwrap();
        assert_eq!(received.due(), Some(at("2021-03-04 17:00")));
        let reference = world.store.reference().unwrap();
        let now = reference.procedure_in_force("1.000001", date("2021-03-01")).unwrap();
        assert_eq!(received.procedure, now.id);
        assert_eq!(tools::verify::verify(&world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn correcting_the_applicant_keeps_the_rest_and_is_checked(db: &Database) {
        let world = World::new(db.store());
        let mut request = world.request(COMMUNE, SAME_DAY);
        request.delegate = Some(motcua::domain::person::Person {
            notify_by: None,
            name: "Lý Văn Dũng".to_owned(),
            ..request.applicant.clone()
        });
        let when = crate::support::occasion(at("2021-03-01 08:00"));
        let dossier = world.try_request(&request, when.now).unwrap();
        let mut right = request.applicant.clone();
        right.name = "Nguyễn Thị Ánh Nguyệt".to_owned();
        let correct = |person| {
            let reason = "sai tên".to_owned();
            let request = Request::correct_applicant(dossier.id, reason, person, when.now);
            acts::advance::act(&world.store, &request, when)
        };
        let mut wrong = right.clone();
        wrong.name = String::new();
        assert!(matches!(correct(wrong), Err(Error::Invalid(_))));
        let corrected = correct(right).unwrap();
        assert_ne!(corrected.applicant, dossier.applicant);
        assert_eq!(corrected.delegate, dossier.delegate);
    }
}

on_both! {
    fn receipts_during_calendar_changes_end_with_the_last_calendar(db: &Database) {
        let world = Arc::new(World::new(db.store()));
        let procedure = long_procedure(&world);
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..15 {
                        world.receive_at(COMMUNE, &procedure, at("2021-03-01 08:00"));
                    }
                });
            }
            scope.spawn(|| {
                for days in ["2021-03-02,off,a\n", "2021-03-02,off,a\n2021-03-03,off,b\n", ""] {
                    motcua::imports::whole_calendar(&world.store, format!("{text}{days}").as_bytes()).unwrap();
                    motcua::jobs::queue::recompute_due_moments(&world.store, at("2021-03-01 09:00")).unwrap();
                }
                let last = format!("{text}2021-03-04,off,c\n");
                motcua::imports::whole_calendar(&world.store, last.as_bytes()).unwrap();
            });
        });
        housekeeping::run(&world.store, at("2021-03-01 10:00")).unwrap();
        let open = listed(&world.store, Order::Due, Along::All, None, 100).rows;
        assert_eq!(open.len(), 60);
        let after = world.receive_at(COMMUNE, &procedure, at("2021-03-01 08:00"));
        let expected = after.due().unwrap();
        let dues: HashSet<_> = open.iter().filter_map(|dossier| dossier.due).collect();
        assert_eq!(dues, HashSet::from([expected]));
    }
}

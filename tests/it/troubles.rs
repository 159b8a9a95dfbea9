//! What users of comparable systems report as trouble.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Database, Kind, Office, Program, SAME_DAY, on_both};
use motcua::domain::role::Role;
use motcua::domain::unit::Units;
use motcua::store::lists::Reach;

on_both! {
    fn a_dossier_with_five_hundred_papers_opens_at_once(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = office.token(Role::Clerk, COMMUNE);
        let path = format!("/api/v1/procedures/{SAME_DAY}");
        let mut version = office.call("GET", path.clone()).send().expect(200).json()[0].clone();
        version["valid_from"] = json!("2026-11-01");
        let papers = (0..500).map(|i| json!({
            "name": format!("Giấy tờ số {i}"), "originals": 1, "copies": 1, "required": true,
        }));
        version["checklist"] = papers.collect();
        let path = format!("{path}?backdating_reason=C%C3%B4ng%20b%E1%BB%91%20mu%E1%BB%99n");
        office.call("PUT", path).token(&admin).body(version).send().expect(201);
        let mut body = office.new_dossier(COMMUNE, SAME_DAY);
        body["items"] = (0..500).map(|i| json!({"position": i, "originals": 1, "copies": 1})).collect();
        let call = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body);
        let made = call.send().expect(201).json();
        // One call brings all of it.
        let path = format!("/api/v1/dossiers/{}", made["case_number"].as_str().unwrap());
        let dossier = office.call("GET", path).token(&clerk).send().expect(200).json();
        let items = dossier["items"].as_array().unwrap();
        assert_eq!(items.len(), 500);
        assert!(items.iter().all(|item| item["originals_handed_in"] == 1), "{}", items[499]);
        assert_eq!(items[499]["name"], "Giấy tờ số 499");
    }
}

on_both! {
    fn sixty_four_clients_receive_without_one_failure(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, "H37");
        let units = ["H37.20.01", "H37.20.02", "H37.21.01", "H37.21.02"];
        let bodies = units.map(|unit| office.new_dossier(unit, SAME_DAY));
        let numbers: Vec<String> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..64)
                .map(|client| {
                    let (office, clerk, body) = (&office, &clerk, &bodies[client % bodies.len()]);
                    scope.spawn(move || {
                        let receive = |_| {
                            let call = office.call("POST", "/api/v1/dossiers").token(clerk);
                            let made = call.body(body.clone()).send().expect(201).json();
                            made["case_number"].as_str().unwrap().to_owned()
                        };
                        (0..8).map(receive).collect::<Vec<_>>()
                    })
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        let different: std::collections::HashSet<_> = numbers.iter().collect();
        assert_eq!((numbers.len(), different.len()), (512, 512));
        // None is left out: 128 numbers for each unit, up to the 128th.
        assert_eq!(numbers.iter().filter(|number| number.ends_with("-0128")).count(), 4);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

#[test]
fn the_cost_of_a_list_does_not_grow_with_what_its_reader_may_see() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let reference = office.world.store.reference().unwrap();
    let units: &Units = reference.units();
    assert_eq!(units.all().len(), 229);
    for unit in units.all() {
        let reach = Reach::of(&reference, unit.id);
        // One walk along an index for what the unit answers for, and one for what it has.
        let walks = (reach.by_unit().len(), reach.by_holder().len());
        let under = units.under(unit.id).len();
        let expected = if under == 229 { (1, 0) } else { (1, 1) };
        assert_eq!(walks, expected, "{} with {under} units", unit.code);
    }
}

#[test]
fn due_moments_are_right_whatever_time_zone_the_server_has() {
    let received = [
        "2026-11-25T23:30:00%2B07:00",
        "2026-11-25T16:30:00Z",
        "2026-11-26T05:30:00%2B13:00",
    ];
    let mut answers: Vec<Value> = Vec::new();
    for zone in [
        "UTC",
        "America/New_York",
        "Pacific/Kiritimati",
        "Asia/Ho_Chi_Minh",
        "nonsense",
    ] {
        let db = Database::new(Kind::Sqlite);
        let mut office = Office::open_with(&db, Program::on(&db).with("TZ", zone));
        for moment in received {
            let path = format!(
                "/api/v1/time-limit?procedure={SAME_DAY}&unit={COMMUNE}&received_at={moment}"
            );
            let mut preview = office.call("GET", path).send().expect(200).json();
            preview["received_at"] = Value::Null;
            answers.push(preview);
        }
        // A number is of the day in Vietnam.
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let day = dossier["received_at"].as_str().unwrap()[2..10].replace('-', "");
        assert!(
            dossier["case_number"]
                .as_str()
                .unwrap()
                .contains(&format!("-{day}-")),
            "{zone}: {dossier}"
        );
        assert!(
            dossier["due_at"]
                .as_str()
                .unwrap()
                .ends_with("T17:00:00+07:00"),
            "{zone}: {dossier}"
        );
    }
    assert_eq!(answers[0]["due_at"], "2026-11-26T17:00:00+07:00");
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

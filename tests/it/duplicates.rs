//! What looks like a mistake at receipt is asked about, and done when somebody says that it is none.

use serde_json::{Value, json};

use crate::support::{Answer, COMMUNE, NEIGHBOUR, Office, SAME_DAY, fields, on_both};
use motcua::domain::role::Role;

/// A body that accepts no warning.
fn body(office: &Office, unit: &str) -> Value {
    let mut body = office.new_dossier(unit, SAME_DAY);
    body.as_object_mut().unwrap().remove("accept");
    body
}

fn receive(office: &Office, token: &str, body: &Value) -> Answer {
    let call = office.call("POST", "/api/v1/dossiers").token(token);
    call.body(body.clone()).send()
}

fn accepting(body: &Value, names: &[&str]) -> Value {
    let mut body = body.clone();
    body["accept"] = json!(names);
    body
}

/// The names of the warnings, and all that is said.
#[track_caller]
fn warned(answer: &Answer) -> (Vec<String>, String) {
    let problem = answer.problem(409, "needs-acceptance");
    let warnings = problem["warnings"].as_array().unwrap().iter();
    let names = warnings.map(|warning| warning["name"].as_str().unwrap().to_owned());
    (names.collect(), problem.to_string())
}

on_both! {
    fn the_same_dossier_twice_is_asked_about(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let same = body(&office, COMMUNE);
        let first = receive(&office, &clerk, &same).expect(201).json();
        let (names, text) = warned(&receive(&office, &clerk, &same));
        assert_eq!(names, ["duplicate_dossier"]);
        assert!(text.contains(first["case_number"].as_str().unwrap()) && text.contains("accept"), "{text}");
        assert!(!text.contains("020185000123"), "{text}");
        // Nothing was made of it: the next number is the next.
        let second = receive(&office, &clerk, &accepting(&same, &["duplicate_dossier"])).expect(201).json();
        let sequence = |dossier: &Value| dossier["case_number"].as_str().unwrap()[18..].parse::<u32>().unwrap();
        assert_eq!(sequence(&second), sequence(&first) + 1);
        // A key says which request it is.
        let keyed = office.call("POST", "/api/v1/dossiers").token(&clerk).header("Idempotency-Key", "another-one");
        keyed.body(same.clone()).send().expect(201);
        // Another procedure, another person, another unit: another dossier.
        let mut other = same.clone();
        other["applicant"]["identity_number"] = json!("020185000456");
        receive(&office, &clerk, &other).expect(201);
        let next_door = office.token(Role::Clerk, NEIGHBOUR);
        receive(&office, &next_door, &body(&office, NEIGHBOUR)).expect(201);
        // Without a number by name and phone, however they are written.
        let mut nameless = same.clone();
        nameless["applicant"] = json!({"name": "Lý Thị Hoa", "phone": "0987654321"});
        let third = receive(&office, &clerk, &nameless).expect(201).json();
        nameless["applicant"]["name"] = json!("LÝ THỊ  HOA");
        assert_eq!(warned(&receive(&office, &clerk, &nameless)).0, ["duplicate_dossier"]);
        // What was withdrawn is handed in anew.
        let path = format!("/api/v1/dossiers/{}/withdraw", third["id"].as_str().unwrap());
        let call = office.call("POST", path).token(&clerk).header("If-Match", "*");
        call.body(json!({"reason": "nhập nhầm"})).send().expect(200);
        receive(&office, &clerk, &nameless).expect(201);
        let wrong = receive(&office, &clerk, &accepting(&same, &["anything"]));
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["/accept/0"]);
    }
}

on_both! {
    fn of_two_at_once_one_is_asked_about(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let same = body(&office, COMMUNE);
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..6).map(|_| scope.spawn(|| receive(&office, &clerk, &same).status)).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| [201, 409].contains(status)), "{answers:?}");
    }
}

on_both! {
    fn a_number_under_another_name_is_asked_about_within_sight(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let next_door = office.token(Role::Clerk, NEIGHBOUR);
        let same = body(&office, COMMUNE);
        receive(&office, &clerk, &same).expect(201);
        let mut other = same.clone();
        other["applicant"]["name"] = json!("Lý Văn Dũng");
        let (names, text) = warned(&receive(&office, &clerk, &other));
        assert_eq!(names, ["duplicate_person", "duplicate_dossier"]);
        assert!(text.contains("Nguyễn Thị Ánh") && !text.contains("020185000123"), "{text}");
        let one = accepting(&other, &["duplicate_dossier"]);
        assert_eq!(warned(&receive(&office, &clerk, &one)).0, ["duplicate_person"]);
        // Next door nobody reads of it.
        let mut there = body(&office, NEIGHBOUR);
        there["applicant"]["name"] = json!("Lý Văn Dũng");
        receive(&office, &next_door, &there).expect(201);
        // A delegate is somebody, too; marks and letters make no other name.
        let mut sent = same.clone();
        sent["applicant"] = json!({"name": "Hoàng Thị Mai", "identity_number": "020185000789"});
        sent["delegate"] = json!({"name": "Lý Văn Dũng", "identity_number": "020185000123"});
        assert_eq!(warned(&receive(&office, &clerk, &sent)).0, ["duplicate_person"]);
        sent["delegate"]["name"] = json!("nguyen thi anh");
        receive(&office, &clerk, &sent).expect(201);
        // Within the same request too, where nobody is known yet.
        let number = "020185000456";
        let mut two = same.clone();
        two["applicant"] = json!({"name": "Hứa Thị Bê", "identity_number": number});
        two["delegate"] = json!({"name": "Hứa Văn Dê", "identity_number": number});
        let (names, text) = warned(&receive(&office, &clerk, &two));
        assert_eq!(names, ["duplicate_person"]);
        assert!(text.contains("Hứa Thị Bê") && text.contains("Hứa Văn Dê") && !text.contains(number), "{text}");
        two["delegate"]["name"] = json!("HUA THI BE");
        receive(&office, &clerk, &two).expect(201);
        // A household business has its owner's number, and both are right, whoever comes first.
        let owner = json!({"name": "Lê Thị Bưởi", "identity_number": "020185000777"});
        let business = json!({"name": "Hộ kinh doanh Lê Thị Bưởi", "tax_code": "020185000777"});
        for person in [&owner, &business] {
            let mut one = accepting(&same, &["duplicate_dossier"]);
            one["applicant"] = person.clone();
            receive(&office, &clerk, &one).expect(201);
        }
        // Accepted once, both names are known.
        let both = ["duplicate_person", "duplicate_dossier"];
        receive(&office, &clerk, &accepting(&other, &both)).expect(201);
        receive(&office, &clerk, &accepting(&other, &["duplicate_dossier"])).expect(201);
    }
}

on_both! {
    fn each_row_of_a_batch_is_asked_about_by_itself(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let same = body(&office, COMMUNE);
        let send = |rows: Vec<Value>| {
            let call = office.call("POST", "/api/v1/dossiers/batch").token(&clerk);
            call.body(json!({"dossiers": rows})).send().expect(200).json()
        };
        let answer = send(vec![same.clone(), same.clone(), accepting(&same, &["duplicate_dossier"])]);
        let outcomes: Vec<_> = answer["results"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect();
        assert_eq!(outcomes, ["received", "refused", "received"], "{answer}");
        let asked = &answer["results"][1];
        assert_eq!((&asked["reason"], &asked["warnings"]), (&json!("needs_acceptance"), &json!(["duplicate_dossier"])));
    }
}

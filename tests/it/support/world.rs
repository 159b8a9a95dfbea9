use chrono::{NaiveDate, NaiveTime};

use motcua::acts::advance::Request;
use motcua::acts::receive::NewRequest;
use motcua::acts::{self, By, Intent};
use motcua::domain::dossier::{Action, Correction, Decision, Dossier, ItemHandedIn, Paper};
use motcua::domain::identity::Identity;
use motcua::domain::ids::{Actor, DossierId, UserId};
use motcua::domain::moment::Moment;
use motcua::domain::person::Person;
use motcua::error::Error;
use motcua::imports::UnitsOptions;
use motcua::store::{Store, events};

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// `2021-03-01 08:15`, civil time in Vietnam.
pub fn at(text: &str) -> Moment {
    let (day, time) = text.split_once(' ').unwrap();
    let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
    Moment::at(date(day), time)
}

/// The bundled norms with one more row.
pub fn with_norm(row: serde_json::Value) -> Vec<u8> {
    let file = std::fs::read("config/norms.json").unwrap();
    let mut rows: Vec<serde_json::Value> = serde_json::from_slice(&file).unwrap();
    rows.push(row);
    rows.sort_by_key(|row| row["valid_from"].as_str().map(str::to_owned));
    serde_json::to_vec(&rows).unwrap()
}

/// Lạng Sơn as of 2021 with the real catalogue and calendar, and no dossiers.
pub struct World {
    pub store: Store,
}

impl World {
    pub fn new(store: Store) -> Self {
        let options = UnitsOptions {
            valid_from: date("2018-01-01"),
            replaces: Vec::new(),
        };
        motcua::imports::calendar(&store, motcua::config::bundled::CALENDAR).unwrap();
        motcua::imports::units(&store, motcua::config::bundled::UNITS_2021, &options).unwrap();
        motcua::imports::procedures(&store, motcua::config::bundled::PROCEDURES).unwrap();
        Self { store }
    }

    /// A complete request for a procedure of the catalogue.
    pub fn request(&self, unit: &str, procedure: &str) -> NewRequest {
        let reference = self.store.reference().unwrap();
        let definition = &reference.versions(procedure)[0].definition;
        let items = definition.checklist.iter().enumerate();
        let applicant = Person {
            notify_by: None,
            name: "Nguyễn Thị Ánh".to_owned(),
            identity: Identity::person("020185000123").ok(),
            phone: Some("0912345678".to_owned()),
            email: None,
            address: Some("Thành phố Lạng Sơn".to_owned()),
        };
        NewRequest {
            items: items
                .map(|(i, _)| ItemHandedIn(i as u16, 1, 0).into())
                .collect(),
            ..NewRequest::new(unit, procedure, applicant)
        }
    }

    pub fn receive_at(&self, unit: &str, procedure: &str, when: Moment) -> Dossier {
        self.try_receive(unit, procedure, when).unwrap()
    }

    pub fn try_receive(&self, unit: &str, procedure: &str, when: Moment) -> Result<Dossier, Error> {
        self.try_request(&self.request(unit, procedure), when)
    }

    /// Receives a request and reads the dossier back.
    pub fn try_request(&self, request: &NewRequest, when: Moment) -> Result<Dossier, Error> {
        let made = acts::receive::receive(&self.store, request, occasion(when), None)?;
        let replayed = self.store.read(|conn| events::replay(conn, made.value))?;
        Ok(replayed.unwrap().0)
    }

    pub fn act(&self, id: DossierId, when: Moment, action: Action) -> Result<Dossier, Error> {
        acts::advance::act(&self.store, &Request::new(id, action), occasion(when))
    }

    /// Hands the dossier over to step 1, where work on it begins.
    pub fn begin(&self, id: DossierId, when: Moment) -> Dossier {
        let action = Action::HandOver {
            step: 1,
            assignee: None,
            note: String::new(),
        };
        self.act(id, when, action).unwrap()
    }

    /// Hands the dossier over until it has reached the step that decides.
    pub fn to_the_decision(&self, id: DossierId, when: Moment) {
        let replayed = self.store.read(|conn| events::replay(conn, id));
        let dossier = replayed.unwrap().unwrap().0;
        let reference = self.store.reference().unwrap();
        let deciding = reference
            .procedure(dossier.procedure)
            .unwrap()
            .deciding_step();
        for step in dossier.step + 1..=u8::try_from(deciding).unwrap() {
            let action = Action::HandOver {
                step,
                assignee: None,
                note: String::new(),
            };
            self.act(id, when, action).unwrap();
        }
    }

    /// Refuses the request, at whatever step it is.
    pub fn refuse(&self, id: DossierId, when: Moment) -> Dossier {
        let action = Action::Finish {
            decision: Decision::Refused,
            reason: "không đủ điều kiện".to_owned(),
        };
        self.act(id, when, action).unwrap()
    }

    /// Hands the dossier over as far as the step that decides, and approves there.
    pub fn finish(&self, id: DossierId, when: Moment) -> Dossier {
        self.to_the_decision(id, when);
        let action = Action::Finish {
            decision: Decision::Approved,
            reason: String::new(),
        };
        self.act(id, when, action).unwrap()
    }
}

/// From 2021 on, the procedure gives so many working days in all where verification is needed.
pub fn with_second_leg(world: &World, procedure: &str, days: u32) {
    let all: Vec<serde_json::Value> =
        serde_json::from_slice(motcua::config::bundled::PROCEDURES).unwrap();
    let mut versions: Vec<_> = all
        .into_iter()
        .filter(|definition| definition["code"] == procedure)
        .collect();
    versions[0]["valid_from"] = serde_json::json!("2021-01-01");
    versions[0]["verification_limit"] = serde_json::json!({"unit": "working_day", "amount": days});
    motcua::imports::procedures(&world.store, &serde_json::to_vec(&versions).unwrap()).unwrap();
}

/// `when`, by somebody at the machine, with the clock on the wall showing the same.
pub fn occasion(when: Moment) -> Intent {
    Intent {
        at: Some(when),
        now: when,
        by: By::Itself(Actor::Staff(UserId(1))),
        backdating_days: None,
    }
}

/// A step of a random history: what is tried on a dossier, by a number of the dice.
pub fn history_step(kind: u8) -> Action {
    let reason = || "lý do".to_owned();
    match kind {
        4 | 5 => Action::HandOver {
            step: 1,
            assignee: None,
            note: String::new(),
        },
        6 | 7 => Action::Finish {
            decision: Decision::Refused,
            reason: reason(),
        },
        8 => Action::RequestSupplement {
            reason: reason(),
            items: vec![Paper::Position(0)],
            exception: None,
        },
        9 => Action::TakeSupplement {
            items: vec![ItemHandedIn(0, 1, 0).into()],
            reason: String::new(),
        },
        10 => Action::Withdraw { reason: reason() },
        _ => Action::Correct(Correction::Undo { reason: reason() }),
    }
}

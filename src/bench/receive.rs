//! Receiving over HTTP, durable, beside the same rows written straight into the database in commits
//! of the same size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Load, Reply, load, request};
use super::office::{Office, Server};
use super::{BenchError, Line};
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Action, Channel, Context, ItemHandedIn, NewDossier, decide};
use crate::domain::identity::Identity;
use crate::domain::ids::{Actor, DossierId, PersonId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::tally::Tallies;
use crate::domain::unit::Level;
use crate::store::dossiers::WholeHistory;
use crate::store::limits::Receipt;
use crate::store::reference::Reference;

const CLIENTS: usize = 32;
/// Chứng thực bản sao: what communes receive most.
const PROCEDURE: &str = "2.000815";

fn communes(reference: &Reference) -> Vec<String> {
    let today = Moment::now().date();
    let units = reference.units().all().into_iter();
    let communes = units.filter(|unit| unit.level == Level::Commune && unit.is_open_on(today));
    communes.map(|unit| unit.code.clone()).collect()
}

fn person(number: u64) -> Person {
    let identity = format!("020085{:06}", number % 1_000_000);
    Person {
        notify_by: None,
        name: "Nguyễn Văn Hùng".to_owned(),
        identity: Identity::person(&identity).ok(),
        phone: Some(format!("09{:08}", number % 100_000_000)),
        email: None,
        address: Some("Thôn Nà Lốc, tỉnh Lạng Sơn".to_owned()),
    }
}

/// Receipts over HTTP.
pub(super) struct Receipts {
    token: String,
    units: Vec<String>,
    items: Vec<Value>,
    counter: AtomicU64,
}

impl Receipts {
    pub(super) fn prepare(office: &Office, server: &Server) -> Result<Self, BenchError> {
        let reference = office.store.reference()?;
        let papers = reference
            .procedure_in_force(PROCEDURE, Moment::now().date())
            .map_or(0, |procedure| procedure.definition.checklist.len());
        Ok(Self {
            token: office.clerk_of_all(server)?,
            units: communes(&reference),
            items: (0..papers)
                .map(|i| json!({"position": i, "originals": 1}))
                .collect(),
            counter: AtomicU64::new(0),
        })
    }

    /// Receives for so long, from all clients at once.
    pub(super) fn load(&self, server: &Server, time: Duration) -> Result<Load, BenchError> {
        load(server.address, CLIENTS, time, 201, |client| {
            let mut at = client * 7;
            move |_: Option<&Reply>| {
                at += 1;
                self.request(at)
            }
        })
    }

    fn request(&self, at: usize) -> Vec<u8> {
        let person = person(self.counter.fetch_add(1, Ordering::Relaxed));
        let body = json!({
            "unit": self.units[at % self.units.len()], "procedure": PROCEDURE, "items": self.items,
            "applicant": {
                "name": person.name, "phone": person.phone, "address": person.address,
                "identity_number": person.identity.as_ref().map(Identity::number),
            },
        });
        request(
            "POST",
            "/api/v1/dossiers",
            Some(&self.token),
            Some(&body.to_string()),
        )
    }
}

pub(super) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Vec<Line>, BenchError> {
    let reference = office.store.reference()?;
    let receipts = Receipts::prepare(office, server)?;
    receipts.load(server, time / 3)?;
    let groups = |server: &Server| -> Result<(f64, f64), BenchError> {
        Ok((
            server.metric("motcua_writer_group_size_sum")?,
            server.metric("motcua_writer_group_size_count")?,
        ))
    };
    let before = groups(server)?;
    let done = receipts.load(server, time)?;
    let after = groups(server)?;
    let commits = after.1 - before.1;
    // On PostgreSQL every receipt is a commit of its own.
    let batch = if commits > 0.0 {
        (after.0 - before.0) / commits
    } else {
        1.0
    };
    let limit = straight(
        office,
        &reference,
        &receipts.units,
        batch.round().max(1.0) as usize,
        time,
    )?;
    Ok(vec![Line {
        case: format!("receive, {CLIENTS} clients, {batch:.1} in a commit"),
        database: office.database(),
        dossiers: office.dossiers,
        value: done.per_second(),
        unit: "req/s",
        limit: Some(limit),
        ratio: Some(done.per_second() / limit),
        goal: Some(0.5),
        p99_ms: Some(done.quantile_ms(0.99)),
    }])
}

/// How many receipts a second the database takes by itself: on SQLite from one connection, on
/// PostgreSQL from as many as there are clients.
fn straight(
    office: &Office,
    reference: &Reference,
    units: &[String],
    batch: usize,
    time: Duration,
) -> Result<f64, BenchError> {
    let writers = match office.database() {
        "sqlite" => 1,
        _ => CLIENTS,
    };
    let each = 4000 / writers;
    let (mut written, mut took) = (0_usize, Duration::ZERO);
    while took < time {
        let made: Vec<Vec<Receipt>> = (0..writers)
            .map(|writer| {
                let receipts =
                    (0..each).map(|i| receipt(reference, &units[(writer * 31 + i) % units.len()]));
                receipts.collect::<Result<_, _>>()
            })
            .collect::<Result<_, BenchError>>()?;
        let begun = Instant::now();
        let results: Vec<Result<(), BenchError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = made
                .into_iter()
                .map(|receipts| {
                    let store = &office.store;
                    scope.spawn(move || Ok(store.write_receipts(receipts, batch)?))
                })
                .collect();
            let died = || Err(BenchError::other("một luồng đo đã dừng bất ngờ"));
            let ended = threads.into_iter().map(|thread| thread.join());
            ended
                .map(|result| result.unwrap_or_else(|_| died()))
                .collect()
        });
        took += begun.elapsed();
        results.into_iter().collect::<Result<(), _>>()?;
        written += each * writers;
    }
    Ok(written as f64 / took.as_secs_f64())
}

/// A receipt by the same rules, with its rows ready.
fn receipt(reference: &Reference, unit: &str) -> Result<Receipt, BenchError> {
    let missing = || BenchError::other("danh mục thiếu đơn vị, thủ tục hoặc lịch");
    let now = Moment::now();
    let unit = reference.units().by_code(unit).ok_or_else(missing)?;
    let procedure = reference
        .procedure_in_force(PROCEDURE, now.date())
        .ok_or_else(missing)?;
    let timetable = reference.timetable(unit.id).ok_or_else(missing)?;
    let random: u64 = rand::random();
    let id = DossierId::new(now, rand::random());
    let applicant = PersonId::new(now, rand::random());
    let items = (0..procedure.definition.checklist.len()).map(|i| ItemHandedIn(i as u16, 1, 0));
    // A number that no desk gives out.
    let number = format!("{}.X{random:X}-991231-0001", unit.code);
    let action = Action::Receive {
        new: Some(NewDossier {
            id,
            case_number: CaseNumber::parse(&number).map_err(BenchError::other)?,
            unit: unit.id,
            channel: Channel::Direct,
            return_channel: Channel::Direct,
            applicant,
            delegate: None,
            sets: 1,
            items: items.collect(),
        }),
        assignee: None,
    };
    let context = Context {
        at: now,
        now,
        actor: Actor::Staff(UserId(1)),
        procedure,
        timetable,
        units: reference.units(),
    };
    let events = decide(None, &action, &context)
        .map_err(|refusal| BenchError::other(crate::words::refusal(&refusal)))?;
    let mut counts = Tallies::new();
    let person = person(random);
    let rows = WholeHistory::new(
        id,
        &events,
        (applicant, &person),
        reference.units(),
        &mut counts,
    )?;
    Ok(Receipt {
        unit: unit.id,
        day: now.date(),
        rows,
        counts,
    })
}

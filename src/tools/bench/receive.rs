//! Receiving over HTTP, durable, beside the same rows written straight into the database in commits
//! of the same size.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use serde_json::{Value, json};

use crate::acts::receive::NewRequest;
use crate::acts::{self, By, Intent};
use crate::domain::dossier::{ItemGiven, ItemHandedIn};
use crate::domain::identity::Identity;
use crate::domain::role::Permission;
use crate::domain::warning::Warning;
use crate::jobs::announce::announce;
use crate::store::baseline::{self, Receipt};
use crate::store::reference::Reference;
use crate::store::{Store, StoreOptions};
use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::http::{Load, Reply, load, request, together};
use crate::tools::bench::office::{Office, Server};
use crate::tools::bench::receipts::{PROCEDURE, communes, person, receipt};
use crate::views;

const CLIENTS: usize = 32;

/// Receipts over HTTP.
pub(crate) struct Receipts {
    token: String,
    units: Vec<String>,
    items: Vec<Value>,
    counter: AtomicU64,
}

impl Receipts {
    pub(crate) fn prepare(office: &Office, server: &Server) -> Result<Self, ToolError> {
        let reference = office.store.reference()?;
        let papers = reference
            .procedure_in_force(PROCEDURE, crate::clock::now().date())
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
    pub(crate) fn load(&self, server: &Server, time: Duration) -> Result<Load, ToolError> {
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
            "accept": Warning::NAMES,
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

/// How quickly the server received; its limit is measured when the server is gone ([`beside`]).
pub(crate) struct Received {
    done: Load,
    units: Vec<String>,
    /// How many were in a commit.
    batch: f64,
    /// What each took of the server's processors, in milliseconds.
    cpu_ms: f64,
    /// What each wrote into the database's log.
    log_bytes: f64,
    token: String,
}

/// Follows how much comes into the database's log, which on SQLite begins anew now and then.
fn log_grows(office: &Office, end: &AtomicBool) -> Result<i64, ToolError> {
    let position = || office.store.read_one(baseline::log_bytes);
    let (mut last, mut grown) = (position()?, 0);
    while !end.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        let now = position()?;
        grown += if now >= last { now - last } else { now };
        last = now;
    }
    Ok(grown)
}

pub(crate) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Received, ToolError> {
    let receipts = Receipts::prepare(office, server)?;
    receipts.load(server, time / 3)?;
    let groups = |server: &Server| -> Result<(f64, f64), ToolError> {
        Ok((
            server.metric("motcua_writer_group_size_sum")?,
            server.metric("motcua_writer_group_size_count")?,
        ))
    };
    let before = groups(server)?;
    let cpu = server.cpu()?;
    let end = AtomicBool::new(false);
    let (done, grown) = std::thread::scope(|scope| {
        let log = scope.spawn(|| log_grows(office, &end));
        let done = receipts.load(server, time);
        end.store(true, Ordering::Relaxed);
        (done, log.join())
    });
    let done = done?;
    let grown = grown.map_err(|_| ToolError::bench("một luồng đo đã dừng bất ngờ"))??;
    let cpu = server.cpu()? - cpu;
    let after = groups(server)?;
    let commits = after.1 - before.1;
    // On PostgreSQL every receipt is a commit of its own.
    let batch = if commits > 0.0 {
        (after.0 - before.0) / commits
    } else {
        1.0
    };
    let each = |all: f64| all / (done.answered as f64).max(1.0);
    Ok(Received {
        cpu_ms: each(cpu.as_secs_f64() * 1000.0),
        log_bytes: each(grown as f64),
        done,
        units: receipts.units,
        batch,
        token: receipts.token,
    })
}

/// What was received, beside what the database takes with nobody else at it.
pub(crate) fn beside(
    office: &Office,
    received: &Received,
    time: Duration,
) -> Result<Vec<Line>, ToolError> {
    let reference = office.store.reference()?;
    let Received {
        done, units, batch, ..
    } = received;
    let limit = straight(
        office,
        &reference,
        units,
        batch.round().max(1.0) as usize,
        time,
    )?;
    // Nobody has to tell of these.
    announce(&office.store, &[], crate::clock::now())?;
    let case = format!("receive, {CLIENTS} clients, {batch:.1} in a commit");
    let mut lines = vec![Line {
        limit: Some(limit),
        ratio: Some(done.per_second() / limit),
        goal: Some(match office.database() {
            "sqlite" => 0.8,
            _ => 0.7,
        }),
        p99_ms: Some(done.quantile_ms(0.99)),
        ..office.line(case, done.per_second(), "req/s")
    }];
    let now = crate::clock::now();
    let unit = units.first().map_or("", String::as_str);
    let rows = receipt(&reference, unit, now, &person(0), "X0")?.row_count();
    for (what, value, unit) in [
        ("statements", statements(office, received)?, ""),
        ("rows", rows as f64, ""),
        ("log of the database", received.log_bytes, "B"),
        ("processor time of the server", received.cpu_ms, "ms"),
    ] {
        lines.push(office.line(format!("a receipt: {what}"), value, unit));
    }
    Ok(lines)
}

/// What the connections of this process have asked their databases since they were told to count.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// How many statements one receipt is, from the token to the answer; `begin` and `commit` are two of them.
fn statements(office: &Office, received: &Received) -> Result<f64, ToolError> {
    fn count() -> Option<Box<dyn Instrumentation>> {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { .. } = event {
                ASKED.fetch_add(1, Ordering::Relaxed);
            }
        }))
    }
    set_default_instrumentation(count).map_err(ToolError::bench)?;
    let url = office.url.parse().map_err(ToolError::Store)?;
    let store = Store::open(&url, StoreOptions::default())?;
    let reference = store.reference()?;
    let procedure = reference.procedure_in_force(PROCEDURE, crate::clock::now().date());
    let papers = procedure.map_or(0, |procedure| procedure.definition.checklist.len());
    let papers = (0..papers).map(|i| ItemHandedIn(i as u16, 1, 0).into());
    let papers: Vec<ItemGiven> = papers.collect();
    let receive = || -> Result<(), ToolError> {
        let now = crate::clock::now();
        let caller =
            acts::sessions::authenticate(&store, &received.token, Permission::Receive, now);
        let caller = caller.map_err(ToolError::bench)?;
        let intent = Intent {
            at: None,
            now,
            by: By::Staff(caller.proof),
            backdating_days: None,
        };
        let unit = received.units.first().cloned().unwrap_or_default();
        let new = NewRequest {
            items: papers.clone(),
            accept: Warning::ALL.to_vec(),
            ..NewRequest::new(unit, PROCEDURE, person(0))
        };
        let made = acts::receive::receive(&store, &new, intent, None).map_err(ToolError::bench)?;
        views::dossier::view(&store, made.value, None, None, now).map_err(ToolError::bench)?;
        Ok(())
    };
    // Connections are opened by the first.
    receive()?;
    let before = ASKED.load(Ordering::Relaxed);
    receive()?;
    Ok((ASKED.load(Ordering::Relaxed) - before) as f64)
}

/// How many receipts a second the database takes by itself: on SQLite from one connection, on
/// PostgreSQL from as many as there are clients.
fn straight(
    office: &Office,
    reference: &Reference,
    units: &[String],
    batch: usize,
    time: Duration,
) -> Result<f64, ToolError> {
    let writers = match office.database() {
        "sqlite" => 1,
        _ => CLIENTS,
    };
    let each = 4000 / writers;
    let (mut written, mut took) = (0_usize, Duration::ZERO);
    while took < time {
        let made: Vec<Vec<Receipt>> = (0..writers)
            .map(|writer| {
                let now = crate::clock::now();
                let receipts = (0..each).map(|i| {
                    let number: u64 = rand::random();
                    let unit = &units[(writer * 31 + i) % units.len()];
                    receipt(
                        reference,
                        unit,
                        now,
                        &person(number),
                        &format!("X{number:X}"),
                    )
                });
                receipts.collect::<Result<_, _>>()
            })
            .collect::<Result<_, ToolError>>()?;
        let begun = Instant::now();
        let store = &office.store;
        let writing = made
            .into_iter()
            .map(|receipts| move || Ok(store.write_receipts(receipts, batch)?));
        together(writing)?;
        took += begun.elapsed();
        written += each * writers;
    }
    Ok(written as f64 / took.as_secs_f64())
}

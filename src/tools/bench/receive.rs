//! Receiving over HTTP, durable, beside the same rows written straight into the database in commits
//! of the same size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::identity::Identity;
use crate::jobs::announce::announce;
use crate::store::baseline::Receipt;
use crate::store::reference::Reference;
use crate::tools::bench::http::{Load, Reply, load, request};
use crate::tools::bench::office::{Office, Server};
use crate::tools::bench::receipts::{PROCEDURE, communes, person, receipt};
use crate::tools::bench::{BenchError, Line};

const CLIENTS: usize = 32;

/// Receipts over HTTP.
pub(crate) struct Receipts {
    token: String,
    units: Vec<String>,
    items: Vec<Value>,
    counter: AtomicU64,
}

impl Receipts {
    pub(crate) fn prepare(office: &Office, server: &Server) -> Result<Self, BenchError> {
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
    pub(crate) fn load(&self, server: &Server, time: Duration) -> Result<Load, BenchError> {
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

/// How quickly the server received; its limit is measured when the server is gone ([`beside`]).
pub(crate) struct Received {
    done: Load,
    units: Vec<String>,
    /// How many were in a commit.
    batch: f64,
}

pub(crate) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Received, BenchError> {
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
    Ok(Received {
        done,
        units: receipts.units,
        batch,
    })
}

/// What was received, beside what the database takes with nobody else at it.
pub(crate) fn beside(
    office: &Office,
    received: &Received,
    time: Duration,
) -> Result<Vec<Line>, BenchError> {
    let reference = office.store.reference()?;
    let Received { done, units, batch } = received;
    let limit = straight(
        office,
        &reference,
        units,
        batch.round().max(1.0) as usize,
        time,
    )?;
    // Nobody has to tell of these.
    announce(&office.store, &[], crate::clock::now())?;
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

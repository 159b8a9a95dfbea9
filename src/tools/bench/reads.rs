//! The public look-up and a dossier at the desk, of dossiers that nobody has asked for before: beside an
//! actix handler that does nothing, and beside the same rows read straight from the database.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::{StoreOptions, dossiers};
use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::http::{Load, load, request, together};
use crate::tools::bench::office::{Office, Server};
use crate::{acts, views};

const CLIENTS: usize = 32;
const TURNS: u32 = 12;
/// Different dossiers from all over the database.
const DIFFERENT: usize = 40_000;

/// An actix server with one handler that answers nothing, in this process.
struct Empty {
    address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
}

impl Empty {
    fn start() -> Result<Self, ToolError> {
        let (tell, told) = channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(|| {
                    App::new().route("/", web::get().to(|| async { HttpResponse::Ok().finish() }))
                })
                .bind("127.0.0.1:0")?;
                let address = server.addrs().first().copied();
                let server = server.run();
                // Whoever asked waits for it.
                let _ = tell.send(address.map(|address| (address, server.handle())));
                server.await
            })
        });
        let started = told.recv().ok().flatten();
        let (address, handle) =
            started.ok_or_else(|| ToolError::bench("máy chủ trống không khởi động được"))?;
        Ok(Self { address, handle })
    }

    fn load(&self, time: Duration) -> Result<Load, ToolError> {
        let empty = request("GET", "/", None, None);
        load(self.address, CLIENTS, time, 200, |_| {
            let empty = empty.clone();
            move |_| empty.clone()
        })
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        // It ends by itself once told.
        drop(self.handle.stop(false));
    }
}

pub(crate) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Vec<Line>, ToolError> {
    let token = office.supervisor(server)?;
    let session = acts::access::secret_hash(&token);
    let sample = sample(office)?;
    let mut look_ups = Vec::with_capacity(sample.len());
    let mut reads = Vec::with_capacity(sample.len());
    for (id, number) in &sample {
        let code = views::look_up::look_up_code(&office.store, *id)?;
        let path = format!("/api/v1/lookup?case_number={number}&code={code}");
        look_ups.push(request("GET", &path, None, None));
        let path = format!("/api/v1/dossiers/{number}");
        reads.push(request("GET", &path, Some(&token), None));
    }
    let ids: Vec<DossierId> = sample.iter().map(|(id, _)| *id).collect();
    let of_empty = match office.database() {
        "sqlite" => 0.3,
        _ => 0.15,
    };
    let empty = Empty::start()?;
    let mut lines = Vec::new();
    for (case, requests, session) in [
        ("look-up", &look_ups, None),
        ("dossier read", &reads, Some(&session[..])),
    ] {
        // Further on in every turn: dossiers that were not asked for in the one before.
        let mut turn = 0;
        let mut ask = |part: Duration| {
            turn += 1;
            load(server.address, CLIENTS, part, 200, |client| {
                walk(requests, client, turn)
            })
        };
        let part = time / TURNS;
        ask(part)?;
        empty.load(part)?;
        // In turns: what else the machine does meanwhile is done to all.
        let (mut done, mut beside) = (ask(part)?, empty.load(part)?);
        let mut rows = straight(office, &ids, session, part)?;
        for _ in 1..TURNS {
            done.add(&ask(part)?)?;
            beside.add(&empty.load(part)?)?;
            rows += straight(office, &ids, session, part)?;
        }
        rows /= f64::from(TURNS);
        for (case, limit, goal) in [
            (case.to_owned(), beside.per_second(), of_empty),
            (format!("rows of a {case}"), rows, 0.5),
        ] {
            lines.push(Line {
                limit: Some(limit),
                ratio: Some(done.per_second() / limit),
                goal: Some(goal),
                p99_ms: Some(done.quantile_ms(0.99)),
                ..office.line(case, done.per_second(), "req/s")
            });
        }
    }
    Ok(lines)
}

/// How many times a second the rows of one answer are read from the database by themselves, by as many
/// threads as the pool has connections.
fn straight(
    office: &Office,
    ids: &[DossierId],
    session: Option<&[u8]>,
    time: Duration,
) -> Result<f64, ToolError> {
    let begun = Instant::now();
    let readers = StoreOptions::default().connections as usize;
    let read = |reader: usize| {
        let mut read = 0_u32;
        let from = rand::random_range(0..ids.len()) + reader * ids.len() / readers;
        while begun.elapsed() < time {
            let id = ids[(from + read as usize) % ids.len()];
            office.store.read_rows(id, session)?;
            read += 1;
        }
        Ok(read)
    };
    let readers = (0..readers).map(|reader| {
        let read = &read;
        move || read(reader)
    });
    let all: u32 = together(readers)?.into_iter().sum();
    Ok(f64::from(all) / begun.elapsed().as_secs_f64())
}

/// A client's way through the requests: each client begins elsewhere, and in each turn further on.
fn walk(
    requests: &[Vec<u8>],
    client: usize,
    turn: usize,
) -> impl FnMut(Option<&crate::tools::bench::http::Reply>) -> Vec<u8> + '_ {
    let each = requests.len() / CLIENTS;
    let mut at = client * each + turn * each / (2 + TURNS as usize);
    move |_| {
        at = (at + 1) % requests.len();
        requests[at].clone()
    }
}

/// Dossiers from all over the database.
pub(crate) fn sample(office: &Office) -> Result<Vec<(DossierId, String)>, ToolError> {
    let mut sample = Vec::with_capacity(DIFFERENT);
    let mut day = Moment::from_unix_millis(0);
    while sample.len() < DIFFERENT {
        // Ids are ordered by the moment of receipt: pages from moments apart.
        let after = DossierId::new(day, [0; 10]);
        let page = office
            .store
            .read(|conn| dossiers::rows_after(conn, Some(after), 100))?;
        let Some((last, _)) = page.last() else { break };
        let reached = last.moment();
        sample.extend(
            page.iter()
                .map(|(id, row)| (*id, row.case_number().to_owned())),
        );
        day = reached.plus_millis(2 * 3_600_000);
    }
    match sample.is_empty() {
        true => Err(ToolError::bench("không có hồ sơ")),
        false => Ok(sample),
    }
}

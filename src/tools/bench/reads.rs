//! The public look-up and a dossier at the desk, beside an actix handler that does nothing: dossiers
//! that are asked for again and again, as those at hand are, and each for the first time.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::dossiers;
use crate::tools::bench::http::{Load, load, request};
use crate::tools::bench::office::{Office, Server};
use crate::tools::bench::{BenchError, Line};
use crate::views;

const CLIENTS: usize = 32;
const TURNS: u32 = 12;
/// Dossiers that are asked for again and again.
const AT_HAND: usize = 2_000;
/// Different dossiers from all over the database, more than are asked for in one case.
const DIFFERENT: usize = 40_000;

/// An actix server with one handler that answers nothing, in this process.
struct Empty {
    address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
}

impl Empty {
    fn start() -> Result<Self, BenchError> {
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
            started.ok_or_else(|| BenchError::other("máy chủ trống không khởi động được"))?;
        Ok(Self { address, handle })
    }

    fn load(&self, time: Duration) -> Result<Load, BenchError> {
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
) -> Result<Vec<Line>, BenchError> {
    let token = office.supervisor(server)?;
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
    let empty = Empty::start()?;
    let mut lines = Vec::new();
    let mut line = |case: String, done: Load, limit: f64, goal| {
        lines.push(Line {
            case,
            database: office.database(),
            dossiers: office.dossiers,
            value: done.per_second(),
            unit: "req/s",
            limit: Some(limit),
            ratio: Some(done.per_second() / limit),
            goal,
            p99_ms: Some(done.quantile_ms(0.99)),
        });
    };
    for (case, requests) in [("look-up", &look_ups), ("dossier read", &reads)] {
        let (at_hand, others) = requests.split_at(AT_HAND.min(requests.len() / 2));
        let again = |client| walk(at_hand, client);
        let once = |client| walk(others, client);
        load(server.address, CLIENTS, time / 3, 200, again)?;
        empty.load(time / 3)?;
        // In turns: what else the machine does meanwhile is done to both.
        let part = time * 2 / TURNS;
        let mut done = load(server.address, CLIENTS, part, 200, again)?;
        let mut beside = empty.load(part)?;
        for _ in 1..TURNS {
            done.add(&load(server.address, CLIENTS, part, 200, again)?)?;
            beside.add(&empty.load(part)?)?;
        }
        let limit = beside.per_second();
        line(case.to_owned(), done, limit, Some(0.7));
        let done = load(server.address, CLIENTS, time / 2, 200, once)?;
        line(format!("first {case}"), done, limit, None);
    }
    Ok(lines)
}

/// A client's way through the requests: each client begins elsewhere.
fn walk(
    requests: &[Vec<u8>],
    client: usize,
) -> impl FnMut(Option<&crate::tools::bench::http::Reply>) -> Vec<u8> + '_ {
    let mut at = client * requests.len() / CLIENTS;
    move |_| {
        at = (at + 1) % requests.len();
        requests[at].clone()
    }
}

/// Dossiers from all over the database.
fn sample(office: &Office) -> Result<Vec<(DossierId, String)>, BenchError> {
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
        true => Err(BenchError::other("không có hồ sơ")),
        false => Ok(sample),
    }
}

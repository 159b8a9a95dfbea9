//! Delivering over HTTP to a server that answers in 50 ms, and receiving meanwhile.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::config::Config;
use crate::domain::ids::WebhookId;
use crate::domain::moment::Moment;
use crate::store::StoreError;
use crate::store::outbox::{self, Kind, Outgoing};
use crate::store::webhooks::{self, Webhook};
use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::office::{COMMUNE, Office, Server};
use crate::tools::bench::receive::Receipts;

/// How long the other system takes.
const ANSWERS_AFTER: Duration = Duration::from_millis(50);
const WHOLE_BACKLOG: u64 = 100_000;
/// Who measures for less only tries the benchmark out: no more messages than fit into the time.
const LONG_ENOUGH: Duration = Duration::from_secs(4);
/// How many messages one transaction puts up.
const BATCH: u64 = 500;

/// Another system, in this process.
struct Receiver {
    address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Receiver {
    /// Listens as long as the process lives: a few threads, and only while something is sent.
    fn open() -> Result<Self, ToolError> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(ToolError::bench)?;
        let address = listener.local_addr().map_err(ToolError::bench)?;
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                // Connections break off when the server is stopped.
                std::thread::spawn(move || answer_all(stream, &counted).ok());
            }
        });
        Ok(Self { address, taken })
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Waits until so many were taken in all.
    fn wait_for(&self, all: u64) -> Result<(), ToolError> {
        let (mut before, mut since) = (self.taken(), Instant::now());
        loop {
            let taken = self.taken();
            if taken >= all {
                return Ok(());
            }
            if taken > before {
                (before, since) = (taken, Instant::now());
            }
            if since.elapsed() > Duration::from_secs(60) {
                let reason = format!("còn {} thông điệp không được gửi", all - taken);
                return Err(ToolError::bench(reason));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn answer_all(stream: TcpStream, counted: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writing = stream.try_clone()?;
    let mut reading = BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reading.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        body.resize(length, 0);
        reading.read_exact(&mut body)?;
        std::thread::sleep(ANSWERS_AFTER);
        counted.fetch_add(1, Ordering::Relaxed);
        writing.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

pub(crate) fn measure(
    office: &Office,
    server: &Server,
    time: Duration,
) -> Result<Vec<Line>, ToolError> {
    let in_flight = Config::load(None, Some(&office.url))?.patience.in_flight;
    let limit = in_flight as f64 / ANSWERS_AFTER.as_secs_f64();
    let receiver = Receiver::open()?;
    let webhook = subscribe(office, &receiver)?;

    let backlog = match time >= LONG_ENOUGH {
        true => WHOLE_BACKLOG,
        false => WHOLE_BACKLOG.min((limit * time.as_secs_f64()) as u64),
    };
    // It lies there first, and then begins all at once.
    let later = crate::clock::now().plus_millis(3_600_000);
    put(office, webhook, backlog, later)?;
    office.store.write(move |conn| {
        let to = webhook.to_string();
        outbox::postpone(conn, Kind::Webhook, &to, later, crate::clock::now())
    })?;
    let begun = Instant::now();
    receiver.wait_for(backlog)?;
    let took = begun.elapsed().as_secs_f64();
    let rate = backlog as f64 / took;

    let receipts = Receipts::prepare(office, server)?;
    receipts.load(server, time / 3)?;
    let alone = receipts.load(server, time)?.per_second();
    // As many as can be under way until it ends, so that it is never alone.
    let beside = (limit * (time * 4 / 3).as_secs_f64()) as u64 + 2 * in_flight as u64;
    put(office, webhook, beside, crate::clock::now())?;
    receiver.wait_for(backlog + 1)?;
    receipts.load(server, time / 3)?;
    let meanwhile = receipts.load(server, time)?;
    let sent = receiver.taken() - backlog;
    receiver.wait_for(backlog + beside)?;
    office
        .store
        .write(move |conn| webhooks::delete(conn, webhook))?;

    let line = |case: String, value, unit, limit, ratio| Line {
        limit: Some(limit),
        ratio: Some(ratio),
        goal: Some(0.8),
        ..office.line(case, value, unit)
    };
    let measured = match backlog {
        WHOLE_BACKLOG => "all of it".to_owned(),
        part => format!("reckoned from {part} in {took:.1} s"),
    };
    let whole = WHOLE_BACKLOG as f64;
    let received = meanwhile.per_second();
    let mut lines = vec![
        line(
            format!("outbox, delivered, {in_flight} at once, 50 ms each"),
            rate,
            "msg/s",
            limit,
            rate / limit,
        ),
        line(
            format!("outbox, a backlog of {WHOLE_BACKLOG}, {measured}"),
            whole / rate,
            "s",
            whole / limit,
            rate / limit,
        ),
        line(
            format!("outbox, receive meanwhile, {sent} delivered beside"),
            received,
            "req/s",
            alone,
            received / alone,
        ),
    ];
    lines[2].p99_ms = Some(meanwhile.quantile_ms(0.99));
    Ok(lines)
}

/// A webhook that leads to the stand-in, and is told of nothing that the benchmark does.
fn subscribe(office: &Office, receiver: &Receiver) -> Result<WebhookId, ToolError> {
    let now = crate::clock::now();
    let reference = office.store.reference()?;
    let unit = reference.units().by_code(COMMUNE);
    let webhook = Webhook {
        id: WebhookId::new(now, rand::random()),
        unit: unit.ok_or_else(|| ToolError::bench("thiếu đơn vị"))?.id,
        url: format!("http://{}/", receiver.address),
        kinds: vec!["undone".to_owned()],
        secret: crate::acts::access::new_secret(),
        created_at: now,
        disabled_at: None,
        version: 1,
    };
    let id = webhook.id;
    office
        .store
        .write(move |conn| webhooks::insert(conn, &webhook))?;
    Ok(id)
}

fn put(office: &Office, webhook: WebhookId, count: u64, due: Moment) -> Result<(), ToolError> {
    let message = Outgoing {
        kind: Kind::Webhook,
        topic: "undone".to_owned(),
        recipient: webhook.to_string(),
        // About as much as an event tells.
        body: json!({"kind": "undone", "at": due, "dossier": {
            "id": webhook, "case_number": "H37.20.01-210301-0001", "procedure": "2.000815",
            "unit": COMMUNE, "holder": COMMUNE, "status": "in_progress", "status_code": 4,
            "due_at": due, "version": 3,
        }}),
        dossier: None,
        position: None,
        once: None,
        due,
    };
    let mut left = count;
    while left > 0 {
        let batch = left.min(BATCH);
        let message = message.clone();
        office.store.write(move |conn| {
            for _ in 0..batch {
                outbox::put(conn, &message, crate::clock::now())?;
            }
            Ok::<_, StoreError>(())
        })?;
        left -= batch;
    }
    Ok(())
}

//! A client that costs next to nothing: connections that stay open, requests that are bytes already.
//! It shares the machine with the server, so what it spends the server lacks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::tools::ToolError;

/// A connection to the server.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer's status and body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self, ToolError> {
        let stream = TcpStream::connect(address).map_err(ToolError::bench)?;
        stream.set_nodelay(true).map_err(ToolError::bench)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .map_err(ToolError::bench)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn call(&mut self, request: &[u8]) -> Result<Reply, ToolError> {
        self.stream.write_all(request).map_err(ToolError::bench)?;
        let (mut filled, mut head) = (0, None);
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self
                .stream
                .read(&mut self.buffer[filled..])
                .map_err(ToolError::bench)?;
            if read == 0 {
                return Err(ToolError::bench("máy chủ đóng kết nối"));
            }
            let from = filled.saturating_sub(3);
            filled += read;
            if head.is_none() {
                let end = self.buffer[from..filled]
                    .windows(4)
                    .position(|w| w == b"\r\n\r\n");
                head = end.map(|at| from + at + 4);
            }
            let Some(head) = head else { continue };
            let (status, length) = read_head(&self.buffer[..head])?;
            if filled >= head + length {
                let body = self.buffer[head..head + length].to_vec();
                return Ok(Reply { status, body });
            }
        }
    }
}

fn read_head(head: &[u8]) -> Result<(u16, usize), ToolError> {
    let bad = || ToolError::bench("máy chủ trả lời không theo HTTP");
    let head = std::str::from_utf8(head).map_err(|_| bad())?;
    let status = head.get(9..12).and_then(|code| code.parse().ok());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let named = name.eq_ignore_ascii_case("content-length");
        named.then(|| value.trim().parse().ok())?
    });
    Ok((status.ok_or_else(bad)?, length.unwrap_or(0)))
}

/// A request as bytes.
pub(crate) fn request(
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&str>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
    if let Some(token) = token {
        text += &format!("Authorization: Bearer {token}\r\n");
    }
    if let Some(body) = body {
        text += &format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
    } else {
        text += "\r\n";
    }
    text.into_bytes()
}

/// What a load has done.
pub(crate) struct Load {
    pub(crate) answered: u64,
    pub(crate) took: Duration,
    /// In microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Load {
    /// Adds what another load of the same kind has done.
    pub(crate) fn add(&mut self, other: &Self) -> Result<(), ToolError> {
        self.answered += other.answered;
        self.took += other.took;
        self.latency.add(&other.latency).map_err(ToolError::bench)
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Does all of it at once, each in a thread of its own.
pub(crate) fn together<T: Send, W>(work: impl IntoIterator<Item = W>) -> Result<Vec<T>, ToolError>
where
    W: FnOnce() -> Result<T, ToolError> + Send,
{
    std::thread::scope(|scope| {
        let threads: Vec<_> = work.into_iter().map(|work| scope.spawn(work)).collect();
        // All of them first: one that is left alone would bring its panic here.
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        let died = || Err(ToolError::bench("một luồng đo đã dừng bất ngờ"));
        ended
            .into_iter()
            .map(|result| result.unwrap_or_else(|_| died()))
            .collect()
    })
}

/// Every client asks again as soon as it is answered, for so long. `next` gives each client's next
/// request, knowing the answer to the one before. Answers other than `expected` are failures, and a
/// failure fails the case.
pub(crate) fn load<N>(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    expected: u16,
    client: impl Fn(usize) -> N + Sync,
) -> Result<Load, ToolError>
where
    N: FnMut(Option<&Reply>) -> Vec<u8>,
{
    let begun = Instant::now();
    let run = |number: usize| {
        let mut connection = Client::connect(address)?;
        let mut latency = Histogram::<u64>::new(3).map_err(ToolError::bench)?;
        let mut next = client(number);
        let mut last: Option<Reply> = None;
        while begun.elapsed() < time {
            let request = next(last.as_ref());
            let asked = Instant::now();
            let reply = connection.call(&request)?;
            if reply.status != expected {
                let body = String::from_utf8_lossy(&reply.body);
                let detail = format!("trả lời {}: {body}", reply.status);
                return Err(ToolError::bench(detail));
            }
            let microseconds = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
            latency.record(microseconds).map_err(ToolError::bench)?;
            last = Some(reply);
        }
        Ok(latency)
    };
    let histograms = together((0..clients).map(|number| {
        let run = &run;
        move || run(number)
    }))?;
    let took = begun.elapsed();
    let mut latency = Histogram::<u64>::new(3).map_err(ToolError::bench)?;
    for histogram in histograms {
        latency.add(histogram).map_err(ToolError::bench)?;
    }
    Ok(Load {
        answered: latency.len(),
        took,
        latency,
    })
}

//! How much of bodies is taken in at once, and how long one may take to arrive.
//!
//! A body counts against one budget for the whole server, byte by byte as it arrives. Where that is
//! used up, whoever has sent nothing for the longest time gives way: those that stall cannot keep out
//! those that send.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt::time::Instant;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, dev};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use tokio::sync::Notify;

use crate::web::connections;
use crate::web::problem::{Kind, Problem};

/// What a body costs before anything of it is there: its request and its connection.
const COST: usize = 16 * 1024;

/// Bodies are kept in pieces of this size until they are whole: memory of one size can be used again.
const PIECE: usize = 8 * 1024;

/// What bodies may take.
#[derive(Debug, Clone, Copy)]
pub struct IntakeSettings {
    /// Bytes of all bodies that are being read or looked at, each with [`COST`].
    pub bytes: usize,
    /// How long any body may take.
    pub patience: Duration,
    /// A longer one has to bring this much each second.
    pub bytes_per_second: u32,
}

/// The budget of the server.
pub(crate) struct Intake {
    settings: IntakeSettings,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    bytes: usize,
    next: u64,
    bodies: HashMap<u64, Part>,
}

/// What one body holds.
struct Part {
    bytes: usize,
    /// When it last brought something.
    since: Instant,
    give_way: Arc<Notify>,
}

/// A body's share of the budget, given back when this is dropped.
pub(crate) struct Share {
    open: Arc<Mutex<Open>>,
    id: u64,
    give_way: Arc<Notify>,
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        if let Some(part) = open.bodies.remove(&self.id) {
            open.bytes -= part.bytes;
        }
    }
}

impl Open {
    /// Counts what has arrived; `false` if this body has had to give way.
    fn add(&mut self, id: u64, bytes: usize, most: usize) -> bool {
        let Some(part) = self.bodies.get_mut(&id) else {
            return false;
        };
        part.bytes += bytes;
        part.since = Instant::now();
        self.bytes += bytes;
        if self.bytes > most {
            self.make_room(most);
        }
        self.bodies.contains_key(&id)
    }

    /// Sends away those that stand still, the longest first, until a quarter is free: looking for them
    /// costs, and there will be more.
    fn make_room(&mut self, most: usize) {
        let bodies = self.bodies.iter();
        let mut all: Vec<(Instant, u64)> = bodies.map(|(id, part)| (part.since, *id)).collect();
        all.sort_unstable();
        // The last has just brought something: it goes only if the budget is too small for it alone.
        let last = all.len().saturating_sub(1);
        for (i, (_, id)) in all.into_iter().enumerate() {
            let enough = if i == last { most } else { most / 4 * 3 };
            if self.bytes <= enough {
                break;
            }
            if let Some(part) = self.bodies.remove(&id) {
                self.bytes -= part.bytes;
                part.give_way.notify_one();
            }
        }
    }
}

impl Intake {
    pub(crate) fn new(settings: IntakeSettings) -> Self {
        Self {
            settings,
            open: Arc::default(),
        }
    }

    fn share(&self) -> Share {
        let mut open = lock(&self.open);
        let id = open.next;
        open.next += 1;
        let give_way = Arc::new(Notify::new());
        let part = Part {
            bytes: 0,
            since: Instant::now(),
            give_way: Arc::clone(&give_way),
        };
        open.bodies.insert(id, part);
        open.add(id, COST, self.settings.bytes);
        drop(open);
        Share {
            open: Arc::clone(&self.open),
            id,
            give_way,
        }
    }

    /// Reads a body of at most `limit` bytes. It counts until the share is dropped.
    ///
    /// # Errors
    /// If it is larger, takes too long or has to give way, or the connection breaks.
    pub(crate) async fn read(
        &self,
        request: &HttpRequest,
        payload: dev::Payload,
        limit: usize,
    ) -> Result<(Bytes, Share), Problem> {
        let read = self.read_all(payload, limit).await;
        // What is too large is being sent: such a connection is closed once that is read, or the
        // answer would be lost.
        if let Err(problem) = &read
            && matches!(problem.kind(), Kind::BodyTooSlow | Kind::Overloaded)
        {
            connections::end_soon(request);
        }
        read
    }

    async fn read_all(
        &self,
        mut payload: dev::Payload,
        limit: usize,
    ) -> Result<(Bytes, Share), Problem> {
        let share = self.share();
        let begun = Instant::now();
        let (mut length, mut pieces) = (0, Vec::new());
        loop {
            let arrived = u32::try_from(length).unwrap_or(u32::MAX);
            let sending = Duration::from_secs(1) * arrived / self.settings.bytes_per_second;
            let left = (self.settings.patience + sending).saturating_sub(begun.elapsed());
            let next = actix_web::rt::time::timeout(left, payload.next());
            let gone = share.give_way.notified();
            let next = match select(std::pin::pin!(next), std::pin::pin!(gone)).await {
                Either::Left((next, _)) => next.map_err(|_| too_slow())?,
                Either::Right(_) => return Err(no_room()),
            };
            let Some(chunk) = next else {
                return Ok((whole(pieces, length), share));
            };
            let chunk = chunk
                .map_err(|_| Problem::new(Kind::InvalidRequest, "nội dung bị cắt ngang khi gửi"))?;
            length += chunk.len();
            if length > limit {
                let kilobytes = limit / 1024;
                let detail = format!("nội dung được gửi tối đa {kilobytes} kB");
                return Err(Problem::new(Kind::TooLarge, detail));
            }
            if !lock(&self.open).add(share.id, chunk.len(), self.settings.bytes) {
                return Err(no_room());
            }
            add(&mut pieces, &chunk);
        }
    }
}

/// Adds what has arrived: to the last piece as far as that has room, then to new ones.
fn add(pieces: &mut Vec<BytesMut>, mut chunk: &[u8]) {
    while !chunk.is_empty() {
        let room = pieces.last().map_or(0, |last| PIECE - last.len());
        if room == 0 {
            pieces.push(BytesMut::new());
            continue;
        }
        let (fits, rest) = chunk.split_at(room.min(chunk.len()));
        if let Some(last) = pieces.last_mut() {
            last.extend_from_slice(fits);
        }
        chunk = rest;
    }
}

fn whole(mut pieces: Vec<BytesMut>, length: usize) -> Bytes {
    if pieces.len() == 1
        && let Some(only) = pieces.pop()
    {
        return only.freeze();
    }
    let mut whole = BytesMut::with_capacity(length);
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}

fn too_slow() -> Problem {
    let detail = "nội dung đến quá chậm; kiểm tra đường truyền rồi gửi lại";
    Problem::new(Kind::BodyTooSlow, detail)
}

fn no_room() -> Problem {
    let detail = "máy chủ đang nhận quá nhiều nội dung cùng lúc; gửi lại sau ít giây";
    Problem::new(Kind::Overloaded, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 10 * (COST + 1000);

    fn intake() -> Intake {
        Intake::new(IntakeSettings {
            bytes: MOST,
            patience: Duration::from_secs(10),
            bytes_per_second: 1000,
        })
    }

    fn add_to(intake: &Intake, share: &Share, bytes: usize) -> bool {
        lock(&intake.open).add(share.id, bytes, MOST)
    }

    #[test]
    fn whoever_stands_still_gives_way_to_whoever_sends() {
        let intake = intake();
        let stalled: Vec<_> = (0..9).map(|_| intake.share()).collect();
        assert!(stalled.iter().all(|share| add_to(&intake, share, 1000)));
        let sender = intake.share();
        assert!(add_to(&intake, &sender, 1000));
        assert!(add_to(&intake, &sender, 1000));
        // The first of those that stall are gone, the last are still there.
        let there = |share: &Share| lock(&intake.open).bodies.contains_key(&share.id);
        assert!(!there(&stalled[0]) && there(&stalled[8]) && there(&sender));
        assert!(!add_to(&intake, &stalled[0], 1));
        drop((stalled, sender));
        assert_eq!(lock(&intake.open).bytes, 0);
    }

    #[test]
    fn what_is_larger_than_the_budget_is_refused() {
        let intake = intake();
        let one = intake.share();
        assert!(!add_to(&intake, &one, MOST));
        assert_eq!(lock(&intake.open).bytes, 0);
    }

    #[test]
    fn pieces_make_the_whole() {
        for sizes in [
            &[][..],
            &[5],
            &[PIECE],
            &[3000; 20],
            &[1; 100],
            &[100_000, 7],
        ] {
            let all: Vec<u8> = (0..sizes.iter().sum::<usize>()).map(|i| i as u8).collect();
            let (mut pieces, mut rest) = (Vec::new(), &all[..]);
            for size in sizes {
                let (chunk, after) = rest.split_at(*size);
                add(&mut pieces, chunk);
                rest = after;
            }
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
            assert_eq!(whole(pieces, all.len()), all);
        }
    }
}

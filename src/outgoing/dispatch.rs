//! From messages to their delivery.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::Rng;

use crate::domain::moment::Moment;
use crate::metrics;
use crate::outgoing::fairness::{Known, share};
use crate::outgoing::{Carrier, Failure, Patience, Reason};
use crate::store::outbox::{self, Kind, Message, Settled, Settlement};
use crate::store::{Conn, Store, StoreError, alarms, targets};

/// Whoever claims a message has so long before somebody else tries; a carrier takes at most a minute.
const LEASE: Duration = Duration::from_secs(180);
/// Between two looks at an outbox with nothing to do.
const IDLE: Duration = Duration::from_millis(500);
/// How long what is done may wait for more before it is written.
const GATHER: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Whoever is silent is asked again at least so often, whatever waits for them.
const LONGEST_SILENCE: Duration = Duration::from_secs(300);
/// Between two attempts to write down what was sent.
const WRITE_AGAIN: Duration = Duration::from_millis(50);
const WRITE_AGAIN_LONGEST: Duration = Duration::from_secs(1);
/// At the end: how long what was sent may take to be written down.
const LAST_WRITE: Duration = Duration::from_secs(20);
/// So many in a row that were answered and not taken are trouble too.
const REFUSED_IN_A_ROW: u32 = 5;

/// What came of a message that was claimed.
enum Came {
    Tried(Result<(), Failure>),
    /// Its lane turned out to be silent before its turn came.
    PutBack,
}

type Tried = (Job, Came);

/// Delivers the messages of one kind until it is stopped: one thread that claims and settles, others
/// that carry.
pub struct Dispatcher {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Dispatcher {
    pub fn start(store: Store, carrier: Arc<dyn Carrier>, patience: Patience) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || run(&store, &carrier, patience, &stopped));
        Self {
            stop,
            thread: Some(thread),
        }
    }

    /// Asks it to stop; what is under way is finished when it is dropped.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a dispatcher panicked");
        }
    }
}

/// A message, and when it was claimed.
struct Job {
    message: Message,
    claimed: Instant,
}

/// Lanes that have turned out to be silent, and when: what was claimed before that is put back.
#[derive(Default)]
struct Silent(Mutex<HashMap<String, Instant>>);

impl Silent {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Instant>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn since_claimed(&self, lane: &str, job: &Job) -> bool {
        self.with(|silent| silent.get(lane).is_some_and(|at| *at > job.claimed))
    }

    fn learn(&self, kind: Kind, lane: &str, result: &Result<(), Failure>) {
        self.with(|silent| match result {
            Ok(()) => drop(silent.remove(lane)),
            Err(failure) if silences(kind, failure) => {
                silent.insert(lane.to_owned(), Instant::now());
            }
            Err(_) => {}
        });
    }
}

/// Whether a failure says that nobody is there.
const fn silences(kind: Kind, failure: &Failure) -> bool {
    match failure {
        Failure::Down(_) => true,
        Failure::Unreachable(_) => kind.is_by_recipient(),
        _ => false,
    }
}

/// What is known of messages that were claimed, until it is written down.
struct Desk<'a> {
    store: &'a Store,
    kind: Kind,
    patience: Patience,
    at_once: usize,
    known: Known,
    /// When it was last noted that nobody is there: what was under way then is no further failure.
    noted: HashMap<String, Instant>,
    under_way: usize,
    unwritten: Batch,
    /// Since it could not be written down; how long to wait before the next attempt.
    trouble: Option<Duration>,
}

fn run(store: &Store, carrier: &Arc<dyn Carrier>, patience: Patience, stop: &AtomicBool) {
    let (work, queue) = channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    let (tell, tried) = channel::<Tried>();
    let at_once = patience.in_flight.min(carrier.most_at_once());
    let silent = Silent::default();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            let (queue, tell, silent) = (Arc::clone(&queue), tell.clone(), &silent);
            scope.spawn(move || carry_all(store, carrier.as_ref(), &queue, &tell, silent));
        }
        let kind = carrier.kind();
        let mut desk = Desk {
            store,
            kind,
            patience,
            at_once,
            known: Known::default(),
            noted: HashMap::new(),
            under_way: 0,
            unwritten: Batch::default(),
            trouble: None,
        };
        while !stop.load(Ordering::Relaxed) {
            if let Err(error) = desk.round(&work, &tried) {
                tracing::error!(%error, kind = kind.as_str(), "the outbox is not served; it goes on");
                std::thread::sleep(IDLE);
            }
        }
        drop(work);
        // What was begun is written down, so that nobody sends it again.
        while desk.under_way > desk.unwritten.settled.len() {
            let done = gather(&tried, Duration::from_secs(70));
            if done.is_empty() {
                break;
            }
            desk.take(done);
        }
        let begun = Instant::now();
        while !desk.write() {
            if begun.elapsed() > LAST_WRITE {
                let count = desk.unwritten.settled.len();
                tracing::error!(
                    kind = kind.as_str(),
                    count,
                    "what was sent is not written down"
                );
                break;
            }
        }
    });
}

impl Desk<'_> {
    /// Writes down what has been tried, claims as much as there is room for, and waits for more.
    fn round(&mut self, work: &Sender<Job>, tried: &Receiver<Tried>) -> Result<(), StoreError> {
        // Nothing new is begun while it cannot be written down what came of what was.
        if !self.write() {
            self.take(tried.try_iter().collect());
            return Ok(());
        }
        // Twice as many as are carried, so that nobody waits for the claiming.
        let room = (self.at_once * 2).saturating_sub(self.under_way);
        let claimed = match room {
            0 => Vec::new(),
            room => self.claim(room)?,
        };
        let idle = claimed.is_empty() && self.under_way == 0;
        self.under_way += claimed.len();
        for message in claimed {
            self.known.claimed(self.kind.lane(&message.recipient));
            let claimed = Instant::now();
            // The carriers end with this scope only.
            let _ = work.send(Job { message, claimed });
        }
        if idle {
            std::thread::park_timeout(IDLE);
            return Ok(());
        }
        self.take(gather(tried, IDLE));
        Ok(())
    }

    fn claim(&self, room: usize) -> Result<Vec<Message>, StoreError> {
        let (kind, at_once, now) = (self.kind, self.at_once, crate::clock::now());
        let known = self.known.clone();
        self.store
            .write(move |conn| claim(conn, kind, &known, room, at_once, now))
    }

    fn take(&mut self, tried: Vec<Tried>) {
        for (job, came) in tried {
            let lane = self.kind.lane(&job.message.recipient);
            let mut is_news = true;
            match &came {
                Came::Tried(Ok(()) | Err(Failure::Passing(_))) => self.known.answers(lane),
                Came::Tried(Err(failure)) if silences(self.kind, failure) => {
                    self.known.is_silent(lane);
                    let noted = self.noted.get(lane);
                    is_news = noted.is_none_or(|at| *at < job.claimed);
                    if is_news {
                        self.noted.insert(lane.to_owned(), Instant::now());
                    }
                }
                Came::PutBack => is_news = false,
                Came::Tried(_) => {}
            }
            if is_news {
                self.unwritten.note(self.kind, lane, &came);
            }
            self.unwritten
                .add(self.kind, self.patience, &job.message, came);
        }
    }

    /// Writes down what came of what was sent; what cannot be written now is kept, and nobody else
    /// sends it while its lease lasts. Returns whether nothing is left.
    fn write(&mut self) -> bool {
        if self.unwritten.settled.is_empty() {
            return true;
        }
        let (kind, patience) = (self.kind, self.patience);
        let batch = self.unwritten.clone();
        let written = self
            .store
            .write(move |conn| settle(conn, kind, patience, &batch, crate::clock::now()));
        let error = match written {
            Ok(()) => {
                if self.trouble.take().is_some() {
                    tracing::info!(kind = kind.as_str(), "what was sent is written down again");
                }
                self.forget_written();
                return true;
            }
            Err(error) => error,
        };
        let pause = match self.trouble {
            Some(pause) => (pause * 2).min(WRITE_AGAIN_LONGEST),
            None => {
                let count = self.unwritten.settled.len();
                tracing::error!(%error, kind = kind.as_str(), count, "what was sent is not written down yet; it is kept");
                WRITE_AGAIN
            }
        };
        self.trouble = Some(pause);
        if !error.breaks_transaction() {
            // It is something about one of them: the others are written without it.
            self.write_each();
            return self.unwritten.settled.is_empty();
        }
        std::thread::sleep(pause);
        false
    }

    fn write_each(&mut self) {
        let (kind, patience) = (self.kind, self.patience);
        for one in self.unwritten.settled.clone() {
            let id = one.settled.id;
            let batch = Batch {
                settled: vec![one],
                lanes: BTreeMap::new(),
            };
            let written = self
                .store
                .write(move |conn| settle(conn, kind, patience, &batch, crate::clock::now()));
            match written {
                Err(error) if error.breaks_transaction() => return,
                Err(error) => {
                    tracing::error!(%error, kind = kind.as_str(), %id, "what became of a message cannot be written down");
                }
                Ok(()) => {}
            }
        }
        self.forget_written();
    }

    fn forget_written(&mut self) {
        for one in self.unwritten.settled.drain(..) {
            self.known.settled(&one.lane);
            self.under_way -= 1;
        }
        self.unwritten.lanes.clear();
    }
}

/// Claims what is due, fairly among the lanes.
fn claim(
    conn: &mut Conn,
    kind: Kind,
    known: &Known,
    room: usize,
    at_once: usize,
    now: Moment,
) -> Result<Vec<Message>, StoreError> {
    let lanes = outbox::lanes(conn, kind, now)?;
    let mut claimed = Vec::new();
    for (lane, count) in share(lanes, known, room, at_once) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        claimed.extend(outbox::claim_in(conn, kind, &lane, count, LEASE, now)?);
    }
    Ok(claimed)
}

/// What has been tried: waits for the first, and a little for others.
fn gather(tried: &Receiver<Tried>, wait: Duration) -> Vec<Tried> {
    let Ok(first) = tried.recv_timeout(wait) else {
        return Vec::new();
    };
    std::thread::sleep(GATHER);
    std::iter::once(first).chain(tried.try_iter()).collect()
}

fn carry_all(
    store: &Store,
    carrier: &dyn Carrier,
    queue: &Mutex<Receiver<Job>>,
    tell: &Sender<Tried>,
    silent: &Silent,
) {
    let kind = carrier.kind();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let lane = kind.lane(&job.message.recipient);
        let came = match silent.since_claimed(lane, &job) {
            true => Came::PutBack,
            false => {
                let result = carry(store, carrier, &job.message, crate::clock::now());
                silent.learn(kind, lane, &result);
                Came::Tried(result)
            }
        };
        if tell.send((job, came)).is_err() {
            return;
        }
    }
}

fn carry(
    store: &Store,
    carrier: &dyn Carrier,
    message: &Message,
    now: Moment,
) -> Result<(), Failure> {
    let carried = std::panic::AssertUnwindSafe(|| carrier.carry(store, message, now));
    std::panic::catch_unwind(carried)
        .unwrap_or_else(|_| Err(Failure::Passing("lỗi bất ngờ khi gửi".into())))
}

/// What is to be written down of messages and of their lanes.
#[derive(Clone, Default)]
struct Batch {
    settled: Vec<Kept>,
    lanes: BTreeMap<String, Standing>,
}

#[derive(Clone)]
struct Kept {
    settled: Settled,
    lane: String,
}

/// What a batch says of a lane.
#[derive(Clone)]
enum Standing {
    /// Something got through.
    Works,
    /// Nobody is there.
    Silent(String),
    /// Somebody is, and did not take it.
    Refuses(String),
    /// What was tried says nothing about it.
    Unknown,
}

impl Batch {
    fn add(&mut self, kind: Kind, patience: Patience, message: &Message, came: Came) {
        let now = crate::clock::now();
        let again = now.plus_millis(pause(patience, message.tries));
        let label = match &came {
            Came::Tried(Ok(())) => "delivered",
            Came::PutBack | Came::Tried(Err(Failure::NotBefore(_))) => "postponed",
            Came::Tried(Err(_)) => "failed",
        };
        metrics::DELIVERIES
            .with_label_values(&[kind.as_str(), label])
            .inc();
        let lane = kind.lane(&message.recipient).to_owned();
        let settlement = match came {
            Came::Tried(Ok(())) => Settlement::Delivered,
            Came::PutBack => Settlement::Later { at: now },
            Came::Tried(Err(Failure::NotBefore(at))) => Settlement::Later { at },
            Came::Tried(Err(Failure::Final(why))) => given_up(kind, message, &why),
            Came::Tried(Err(
                Failure::Passing(why) | Failure::Unreachable(why) | Failure::Down(why),
            )) => match message.tries >= patience.tries {
                true => given_up(kind, message, &why),
                false => Settlement::Again {
                    at: again,
                    error: why.to_string(),
                },
            },
        };
        self.settled.push(Kept {
            settled: Settled {
                id: message.id,
                lease: message.lease,
                settlement,
            },
            lane,
        });
    }

    /// The last word on a lane counts; what says nothing takes nothing back.
    fn note(&mut self, kind: Kind, lane: &str, came: &Came) {
        let standing = match came {
            Came::PutBack => return,
            Came::Tried(Ok(())) => Standing::Works,
            Came::Tried(Err(failure)) => match failure {
                Failure::Passing(why) => Standing::Refuses(why.words.clone()),
                Failure::Unreachable(why) | Failure::Down(why) if silences(kind, failure) => {
                    Standing::Silent(why.words.clone())
                }
                Failure::Unreachable(why) | Failure::Down(why) => {
                    Standing::Refuses(why.words.clone())
                }
                Failure::Final(_) | Failure::NotBefore(_) => Standing::Unknown,
            },
        };
        match standing {
            Standing::Unknown if self.lanes.contains_key(lane) => {}
            standing => drop(self.lanes.insert(lane.to_owned(), standing)),
        }
    }
}

fn given_up(kind: Kind, message: &Message, why: &Reason) -> Settlement {
    // Whom it was for, and what was said of them, is beside the message only.
    tracing::warn!(
        kind = kind.as_str(), topic = message.topic, id = %message.id, error = why.words,
        "a message was given up"
    );
    Settlement::GivenUp {
        error: why.to_string(),
    }
}

/// Writes a batch down, in the transaction at hand.
fn settle(
    conn: &mut Conn,
    kind: Kind,
    patience: Patience,
    batch: &Batch,
    now: Moment,
) -> Result<(), StoreError> {
    let all: Vec<Settled> = batch
        .settled
        .iter()
        .map(|one| one.settled.clone())
        .collect();
    let own = outbox::settle(conn, kind, &all, now)?;
    if own < all.len() {
        let lost = all.len() - own;
        tracing::warn!(
            kind = kind.as_str(),
            lost,
            "leases ran out before what came of them was written"
        );
    }
    for (lane, standing) in &batch.lanes {
        let (why, silent) = match standing {
            Standing::Works => {
                if targets::recovered(conn, kind, lane)? {
                    tracing::info!(kind = kind.as_str(), lane, "messages get through again");
                }
                continue;
            }
            Standing::Unknown => {
                targets::probe_again(conn, kind, lane, now)?;
                continue;
            }
            Standing::Silent(why) => (why, true),
            Standing::Refuses(why) => (why, false),
        };
        let until = |failures| silent.then(|| now.plus_millis(silence(patience, failures)));
        let failures = targets::failed(conn, kind, lane, until, now)?;
        if failures == 1 {
            tracing::warn!(
                kind = kind.as_str(),
                lane,
                error = why,
                "a message did not get through"
            );
        }
        if silent || failures >= REFUSED_IN_A_ROW {
            let subject = targets::subject(kind, lane);
            let detail = format!("Thông điệp ({}) không gửi được: {why}.", kind.word());
            alarms::raise(conn, alarms::Kind::Delivery, &subject, &detail, now)?;
        }
    }
    Ok(())
}

/// How long, in milliseconds, to leave somebody alone who did not answer so many times in a row.
fn silence(patience: Patience, failures: u32) -> i64 {
    doubled(patience.first_pause, failures, LONGEST_SILENCE)
}

/// The pause after so many tries, in milliseconds.
fn pause(patience: Patience, tries: u32) -> i64 {
    doubled(patience.first_pause, tries, LONGEST_PAUSE)
}

/// Doubled each time, up to `longest`, and somewhere between half of that and all of it, so that what
/// failed together does not come back together.
fn doubled(first: Duration, times: u32, longest: Duration) -> i64 {
    let doubled = first
        .saturating_mul(1 << times.saturating_sub(1).min(20))
        .min(longest);
    let millis = i64::try_from(doubled.as_millis()).unwrap_or(i64::MAX);
    millis / 2 + rand::rng().random_range(0..=millis / 2)
}

/// Delivers what is due now, one after the other, and returns how many messages were tried: for
/// commands and tests that want no threads.
pub fn dispatch_all(
    store: &Store,
    carrier: &dyn Carrier,
    patience: Patience,
    now: Moment,
) -> Result<usize, StoreError> {
    let kind = carrier.kind();
    let mut count = 0;
    loop {
        let claimed = store.write(move |conn| claim(conn, kind, &Known::default(), 50, 50, now))?;
        if claimed.is_empty() {
            return Ok(count);
        }
        count += claimed.len();
        let mut batch = Batch::default();
        for message in claimed {
            let came = Came::Tried(carrier.carry(store, &message, now));
            batch.note(kind, kind.lane(&message.recipient), &came);
            batch.add(kind, patience, &message, came);
        }
        store.write(move |conn| settle(conn, kind, patience, &batch, crate::clock::now()))?;
    }
}

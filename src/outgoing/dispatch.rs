//! From messages to their delivery.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;

use super::{Carrier, Failure, Patience};
use crate::domain::ids::MessageId;
use crate::domain::moment::Moment;
use crate::metrics;
use crate::store::outbox::{self, Message, Settlement};
use crate::store::{Store, StoreError};

/// Whoever claims a message has so long before somebody else tries; a carrier takes at most a minute.
const LEASE: Duration = Duration::from_secs(180);
/// Between two looks at an outbox with nothing to do.
const IDLE: Duration = Duration::from_millis(500);
/// How long what is done may wait for more before it is written.
const GATHER: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

type Tried = (Message, Result<(), Failure>);

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

fn run(store: &Store, carrier: &Arc<dyn Carrier>, patience: Patience, stop: &AtomicBool) {
    let (work, queue) = channel::<Message>();
    let queue = Arc::new(Mutex::new(queue));
    let (tell, tried) = channel::<Tried>();
    let at_once = patience.in_flight.min(carrier.most_at_once());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            let (queue, tell) = (Arc::clone(&queue), tell.clone());
            scope.spawn(move || carry_all(store, carrier.as_ref(), &queue, &tell));
        }
        let mut under_way = 0;
        while !stop.load(Ordering::Relaxed) {
            let done = round(
                store,
                carrier.as_ref(),
                patience,
                // Twice as many as are carried, so that nobody waits for the claiming.
                at_once * 2 - under_way,
                &work,
                &tried,
                &mut under_way,
            );
            if let Err(error) = done {
                tracing::error!(%error, kind = carrier.kind().as_str(), "the outbox is not served; it goes on");
                std::thread::sleep(IDLE);
            }
        }
        drop(work);
        // What was begun is written down, so that nobody sends it again.
        while under_way > 0 {
            let done = gather(&tried, Duration::from_secs(70));
            if done.is_empty() {
                break;
            }
            under_way -= done.len();
            if let Err(error) = settle(store, carrier.as_ref(), patience, done) {
                tracing::error!(%error, "what was sent is not written down");
            }
        }
    });
}

/// Takes what has been tried, writes it down, and claims as much as there is room for.
fn round(
    store: &Store,
    carrier: &dyn Carrier,
    patience: Patience,
    room: usize,
    work: &Sender<Message>,
    tried: &Receiver<Tried>,
    under_way: &mut usize,
) -> Result<(), StoreError> {
    let kind = carrier.kind();
    let claimed = match u32::try_from(room) {
        Ok(0) | Err(_) => Vec::new(),
        Ok(room) => {
            let now = crate::clock::now();
            store.write(move |conn| outbox::claim(conn, kind, room, LEASE, now))?
        }
    };
    let idle = claimed.is_empty() && *under_way == 0;
    *under_way += claimed.len();
    for message in claimed {
        // The carriers end with this scope only.
        let _ = work.send(message);
    }
    if idle {
        std::thread::park_timeout(IDLE);
        return Ok(());
    }
    let done = gather(tried, IDLE);
    *under_way -= done.len();
    settle(store, carrier, patience, done)
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
    queue: &Mutex<Receiver<Message>>,
    tell: &Sender<Tried>,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(message) = next else { return };
        let carried =
            std::panic::AssertUnwindSafe(|| carrier.carry(store, &message, crate::clock::now()));
        let result = std::panic::catch_unwind(carried)
            .unwrap_or_else(|_| Err(Failure::Passing("lỗi bất ngờ khi gửi".to_owned())));
        if tell.send((message, result)).is_err() {
            return;
        }
    }
}

fn settle(
    store: &Store,
    carrier: &dyn Carrier,
    patience: Patience,
    tried: Vec<Tried>,
) -> Result<(), StoreError> {
    if tried.is_empty() {
        return Ok(());
    }
    let now = crate::clock::now();
    let kind = carrier.kind();
    let mut settled: Vec<(MessageId, Settlement)> = Vec::with_capacity(tried.len());
    // Whom to leave alone for a while; everybody under the empty name.
    let mut silent: HashMap<Option<String>, Moment> = HashMap::new();
    for (message, result) in tried {
        let again = now.plus_millis(pause(patience, message.tries));
        // Whoever does not answer is asked again soon, however often this message was tried.
        let soon = now.plus_millis(pause(patience, 1));
        let label = match &result {
            Ok(()) => "delivered",
            Err(Failure::NotBefore(_)) => "postponed",
            Err(_) => "failed",
        };
        metrics::DELIVERIES
            .with_label_values(&[kind.as_str(), label])
            .inc();
        let settlement = match result {
            Ok(()) => Settlement::Delivered,
            Err(Failure::NotBefore(at)) => Settlement::Later { at },
            Err(Failure::Final(error)) => Settlement::GivenUp { error },
            Err(Failure::Passing(error)) => again_or_not(patience, &message, error, again),
            Err(Failure::Unreachable(error)) => {
                silent.insert(Some(message.recipient.clone()), soon);
                again_or_not(patience, &message, error, again)
            }
            Err(Failure::Down(error)) => {
                silent.insert(None, soon);
                again_or_not(patience, &message, error, again)
            }
        };
        if let Settlement::GivenUp { error } = &settlement {
            let id = message.id;
            tracing::warn!(kind = kind.as_str(), topic = message.topic, %id, error, "a message was given up");
        }
        settled.push((message.id, settlement));
    }
    store.write(move |conn| {
        outbox::settle(conn, &settled, now)?;
        for (recipient, at) in &silent {
            outbox::postpone(conn, kind, recipient.as_deref(), now, *at)?;
        }
        Ok(())
    })
}

fn again_or_not(patience: Patience, message: &Message, error: String, at: Moment) -> Settlement {
    match message.tries >= patience.tries {
        true => Settlement::GivenUp { error },
        false => Settlement::Again { at, error },
    }
}

/// The pause after so many tries, in milliseconds: doubled each time, up to an hour, and somewhere
/// between half of that and all of it, so that what failed together does not come back together.
fn pause(patience: Patience, tries: u32) -> i64 {
    let doubled = patience
        .first_pause
        .saturating_mul(1 << tries.saturating_sub(1).min(20))
        .min(LONGEST_PAUSE);
    let millis = i64::try_from(doubled.as_millis()).unwrap_or(i64::MAX);
    millis / 2 + rand::rng().random_range(0..=millis / 2)
}

/// Delivers what is due now, one after the other, and returns how many messages were tried: for
/// commands and tests that want no threads.
///
/// # Errors
/// If the database refuses.
pub fn dispatch_all(
    store: &Store,
    carrier: &dyn Carrier,
    patience: Patience,
    now: Moment,
) -> Result<usize, StoreError> {
    let kind = carrier.kind();
    let mut count = 0;
    loop {
        let claimed = store.write(move |conn| outbox::claim(conn, kind, 50, LEASE, now))?;
        if claimed.is_empty() {
            return Ok(count);
        }
        count += claimed.len();
        let tried = claimed.into_iter().map(|message| {
            let result = carrier.carry(store, &message, now);
            (message, result)
        });
        settle(store, carrier, patience, tried.collect())?;
    }
}

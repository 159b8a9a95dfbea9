//! Answers that are kept, and given again as long as the database says that they still stand.
//!
//! Only routes that the table names so, and only answers whose handler says from what they were made
//! ([`Lasting`]). Each request asks whether that still stands ([`crate::store::freshness`]): what is
//! kept saves the reading and the rendering, never the asking.

use std::cell::RefCell;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::metrics;
use crate::store::freshness::{Basis, Mark, Verdict};
use crate::web::access::{Access, Client};
use crate::web::{State, waiting};

/// From what an answer was made: put into its extensions by the handler.
#[derive(Debug, Clone)]
pub(crate) struct Lasting {
    pub dossier: (DossierId, u32),
    /// Until when it is the same if nothing happens.
    pub until: Option<Moment>,
    /// Given only while no attempts are counted under this key.
    pub attempts: Option<String>,
}

/// The session that asked: put into the request's extensions where it is checked.
#[derive(Debug, Clone)]
pub(crate) struct BySession {
    pub hash: Vec<u8>,
    pub ends: Moment,
    pub user: UserId,
}

/// SHA-256 over who asked for what.
type Key = [u8; 32];

#[derive(Clone)]
struct Kept {
    basis: Basis,
    until: Option<Moment>,
    user: Option<UserId>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: web::Bytes,
}

/// Bytes that something kept costs.
#[derive(Clone)]
struct Size;

impl Weighter<Key, Arc<Kept>> for Size {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        kept.body.len() as u64 + 700
    }
}

/// What is kept.
pub(crate) struct Remembered(Cache<Key, Arc<Kept>, Size>);

impl Remembered {
    /// Keeps at most so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        // About how many answers that is: it only decides how finely the cache is divided.
        let answers = usize::try_from(bytes / 2048).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(answers, bytes, Size))
    }

    /// Begins a request: finds what is kept for it and asks whether it still stands.
    pub(crate) async fn recall(
        state: web::Data<State>,
        access: Access,
        request: &HttpRequest,
    ) -> Option<Recall> {
        let key = key(access, request)?;
        let kept = state.remembered.0.get(&key);
        let basis = kept.as_ref().map(|kept| &kept.basis);
        let verdict = match state.store.freshness().known(basis) {
            Some(verdict) => verdict,
            // A file is not silent as a server can be.
            None if state.store.url().kind() == "sqlite" => ask(&state, basis.cloned()).await?,
            None => waiting::briefly(&state, ask(&state, basis.cloned())).await?,
        };
        let now = crate::clock::now();
        let kept = kept.filter(|kept| {
            verdict.stands
                && kept
                    .until
                    .is_none_or(|until| now.unix_millis() <= until.unix_millis())
        });
        match kept {
            Some(_) => metrics::GIVEN_AGAIN.inc(),
            None => metrics::MADE_ANEW.inc(),
        }
        if let Some(old) = kept.as_ref().filter(|kept| kept.basis.mark != verdict.mark) {
            let mut basis = old.basis.clone();
            basis.mark = verdict.mark;
            let kept = Kept {
                basis,
                ..Kept::clone(old)
            };
            state.remembered.0.insert(key, Arc::new(kept));
        }
        Some(Recall {
            state,
            key,
            mark: verdict.mark,
            kept,
        })
    }
}

/// How many requests ask together before those who have gone are looked for.
const MOST_ASKING: usize = 1000;

/// Requests of a worker that are yet to ask: those that came while others ask, ask together next.
#[derive(Default)]
struct Waiting {
    requests: Vec<(Option<Basis>, oneshot::Sender<Verdict>)>,
    others_ask: bool,
}

/// While it lives, others need not ask.
struct Turn;

impl Drop for Turn {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.others_ask = false);
    }
}

thread_local! {
    static WAITING: RefCell<Waiting> = RefCell::default();
}

async fn ask(state: &web::Data<State>, basis: Option<Basis>) -> Option<Verdict> {
    let (tell, told) = oneshot::channel();
    let first = WAITING.with_borrow_mut(|waiting| {
        if waiting.requests.len() >= MOST_ASKING {
            // The database is silent; those who have given up are not to pile up.
            waiting.requests.retain(|(_, tell)| !tell.is_closed());
        }
        waiting.requests.push((basis, tell));
        !std::mem::replace(&mut waiting.others_ask, true)
    });
    if first {
        // Runs when all requests that are there have come to this point.
        actix_web::rt::spawn(ask_in_turns(state.clone()));
    }
    told.await.ok()
}

async fn ask_in_turns(state: web::Data<State>) {
    let _turn = Turn;
    loop {
        let waiting = WAITING.with_borrow_mut(|waiting| std::mem::take(&mut waiting.requests));
        if waiting.is_empty() {
            return;
        }
        let (about, tells): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let (tell, told) = oneshot::channel();
        state.store.freshness().ask(about, move |verdicts| {
            // The server may be stopping.
            let _ = tell.send(verdicts);
        });
        let verdicts = told.await.ok().flatten().unwrap_or_default();
        for (tell, verdict) in tells.into_iter().zip(verdicts) {
            // Whoever asked may have gone away.
            let _ = tell.send(verdict);
        }
    }
}

/// Who asks for what. The same look-up from another address is another one: attempts are counted by
/// address.
fn key(access: Access, request: &HttpRequest) -> Option<Key> {
    let mut hash = Sha256::new();
    match access {
        Access::Staff(_) => {
            let token = request.headers().get("authorization")?.as_bytes();
            hash.update(b"staff");
            hash.update((token.len() as u64).to_le_bytes());
            hash.update(token);
        }
        Access::Public | Access::Signed => {
            let client = Client::of(request).ok()?;
            hash.update(b"from");
            hash.update(client.address.to_canonical().to_string().as_bytes());
            hash.update(b" ");
        }
    }
    hash.update(request.path().as_bytes());
    hash.update(b"?");
    hash.update(request.query_string().as_bytes());
    Some(hash.finalize().into())
}

/// The same value; what every answer has is shared by no two threads, which would wait for each other to
/// count how many have it.
fn unshared(value: &HeaderValue) -> HeaderValue {
    let usual = ["application/json", "no-store"];
    let usual = usual.into_iter().find(|usual| value == usual);
    usual.map_or_else(|| value.clone(), HeaderValue::from_static)
}

/// A request for something that may be kept.
pub(crate) struct Recall {
    state: web::Data<State>,
    key: Key,
    /// When the database was asked; what is read from now on is at least as new.
    mark: Mark,
    kept: Option<Arc<Kept>>,
}

impl Recall {
    /// The answer that was kept, if it still stands.
    pub(crate) fn answer(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let kept = self.kept.as_ref()?;
        if let Some(user) = kept.user {
            request.extensions_mut().insert(user);
        }
        let mut answer =
            HttpResponse::new(StatusCode::OK).set_body(BoxBody::new(kept.body.clone()));
        for (name, value) in &kept.headers {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
        Some(answer)
    }

    /// Keeps an answer, if its handler said from what it was made.
    pub(crate) fn keep(self, answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let (request, answer) = answer.into_parts();
        let lasting = answer.extensions().get::<Lasting>().cloned();
        let Some(lasting) = lasting.filter(|_| answer.status() == StatusCode::OK) else {
            return ServiceResponse::new(request, answer);
        };
        let (answer, body) = answer.into_parts();
        let body = match body.try_into_bytes() {
            Ok(body) => body,
            Err(body) => return ServiceResponse::new(request, answer.set_body(body)),
        };
        let session = request.extensions().get::<BySession>().cloned();
        let ends = session.as_ref().map(|session| session.ends);
        let headers = answer.headers().iter();
        let kept = Kept {
            until: [lasting.until, ends].into_iter().flatten().min(),
            user: session.as_ref().map(|session| session.user),
            basis: Basis {
                mark: self.mark,
                dossier: lasting.dossier,
                session: session.map(|session| session.hash),
                attempts: lasting.attempts,
            },
            headers: headers.map(|(n, v)| (n.clone(), unshared(v))).collect(),
            // Of its own length: what was rendered has room to spare.
            body: web::Bytes::copy_from_slice(&body),
        };
        self.state.remembered.0.insert(self.key, Arc::new(kept));
        ServiceResponse::new(request, answer.set_body(BoxBody::new(body)))
    }
}

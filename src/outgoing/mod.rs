//! What motcua tells the world by itself: from an event to messages, from a message to its delivery.
//!
//! An event is noted in its own transaction. [`announce`] makes its messages, by everybody who wants
//! to tell of it ([`Teller`]), and writes them in the transaction that takes the note away: never none,
//! never twice.
//! [`Dispatcher`] hands what is due to whoever carries it ([`Carrier`]), many at once, and tries again
//! what did not get through.

pub mod mail;
pub mod notices;
pub mod portal;
pub mod sms;
pub mod webhooks;

pub mod dispatch;
mod fairness;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use crate::outgoing::dispatch::{Dispatcher, dispatch_all};

use crate::domain::dossier::{Dossier, Event};
use crate::domain::moment::Moment;
use crate::store::outbox;
use crate::store::outbox::{Kind, Message};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError};

/// An event of a dossier, and the dossier around it.
pub struct Happened<'a> {
    pub reference: &'a Reference,
    /// `None` before the first event.
    pub before: Option<&'a Dossier>,
    pub event: &'a Event,
    pub after: &'a Dossier,
    /// When the messages are made.
    pub now: Moment,
}

/// Makes messages of events.
pub trait Teller: Send + Sync {
    /// The messages of events, those of a dossier in the order of its events. Nothing is written here.
    fn messages(
        &self,
        conn: &mut Conn,
        all: &[Happened<'_>],
    ) -> Result<Vec<outbox::Outgoing>, StoreError>;
}

/// Why, in two parts: our own words, which may be logged, and what the other side said, which may
/// repeat whom the message was for and stays beside the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub words: String,
    pub said: Option<String>,
}

/// Of what the other side said, so much is kept.
const MOST_SAID: usize = 500;

impl Reason {
    pub fn said(words: impl Into<String>, said: impl AsRef<str>) -> Self {
        // A database may not take every character.
        let said = said.as_ref().chars().filter(|c| !c.is_control());
        Self {
            words: words.into(),
            said: Some(said.take(MOST_SAID).collect()),
        }
    }
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self { words, said: None }
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.said {
            Some(said) => write!(f, "{}: {said}", self.words),
            None => f.write_str(&self.words),
        }
    }
}

/// Why a message did not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// This one, this time.
    Passing(Reason),
    /// Whoever takes them does not answer: all to the same recipient wait, where recipients are few
    /// ([`Kind::is_by_recipient`]).
    Unreachable(Reason),
    /// Nobody at all answers behind the carrier: all of its messages wait.
    Down(Reason),
    /// It will never get through as it is.
    Final(Reason),
    /// It may not go now.
    NotBefore(Moment),
}

impl Failure {
    /// Why, for people.
    pub fn reason(&self) -> String {
        match self {
            Self::Passing(why) | Self::Unreachable(why) | Self::Down(why) | Self::Final(why) => {
                why.to_string()
            }
            Self::NotBefore(at) => format!("không trước {at}"),
        }
    }
}

/// Carries messages of one kind.
pub trait Carrier: Send + Sync {
    fn kind(&self) -> Kind;

    /// How many it carries at once, if fewer than the settings say.
    fn most_at_once(&self) -> usize {
        usize::MAX
    }

    /// Carries a message; returns when it is delivered or has failed, within a minute.
    fn carry(&self, store: &Store, message: &Message, now: Moment) -> Result<(), Failure>;
}

/// Who tells of events, and who carries the messages.
#[derive(Clone, Default)]
pub struct Outgoing {
    pub tellers: Arc<Vec<Box<dyn Teller>>>,
    pub carriers: Vec<Arc<dyn Carrier>>,
}

impl Outgoing {
    /// The kinds of messages that something carries.
    pub fn carried(&self) -> BTreeSet<Kind> {
        self.carriers.iter().map(|carrier| carrier.kind()).collect()
    }
}

/// How patiently messages are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How many messages of a kind are under way at once.
    pub in_flight: usize,
    /// Before the second try; each pause after it is twice as long, up to an hour.
    pub first_pause: Duration,
    /// Tries before a message is given up.
    pub tries: u32,
    /// How long what is delivered stays in the list.
    pub keep: Duration,
    /// How long what was given up keeps what it says.
    pub keep_given_up: Duration,
    /// After so long what still waits is given up.
    pub give_up_after: Duration,
}

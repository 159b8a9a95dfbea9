//! Many dossiers taken in with one call, each with its own result: what one refuses, the others
//! do not notice.

use diesel::connection::Connection;
use serde::{Deserialize, Serialize};

use crate::acts::receive::{NewRequest, receive_within};
use crate::acts::{Intent, Occasion};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::warning::Warning;
use crate::error::{Error, WrongField};
use crate::store::idempotency::{Happened, Once, once};
use crate::store::{Store, WriteFailure};

/// What became of one request of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Received {
        id: DossierId,
        case_number: String,
    },
    Invalid {
        errors: Vec<(String, String)>,
    },
    Refused {
        reason: String,
        detail: String,
        /// What has to be accepted for it to be taken in.
        #[serde(default)]
        warnings: Vec<Warning>,
    },
}

/// One request of a batch, with the moment if it is not now: readable, or what is wrong with it (JSON
/// pointer and reason).
pub type Entry = Result<(NewRequest, Option<Moment>), Vec<(String, String)>>;

/// Takes dossiers in, in one transaction; the result has one outcome for each, in order.
///
/// # Errors
/// A caller who may not, or an error of the store; then none is taken in.
pub fn receive_batch(
    store: &Store,
    all: Vec<Entry>,
    intent: Intent,
    key: Option<Once>,
) -> Result<Happened<Vec<Outcome>>, Error> {
    let now = intent.now;
    intent.write(store, move |conn, reference, occasion| {
        once(conn, key.as_ref(), now, |conn| {
            all.iter()
                .map(|entry| {
                    let (new, at) = match entry {
                        Ok(readable) => readable,
                        Err(errors) => {
                            let errors = errors.clone();
                            return Ok(Outcome::Invalid { errors });
                        }
                    };
                    let occasion = Occasion {
                        at: *at,
                        ..occasion
                    };
                    // A savepoint of its own: a refusal takes its case number back.
                    let received = Connection::transaction(conn, |conn| {
                        receive_within(conn, reference, new, occasion)
                    });
                    match received {
                        Ok(dossier) => Ok(Outcome::Received {
                            id: dossier.id,
                            case_number: dossier.case_number.to_string(),
                        }),
                        Err(Error::Invalid(wrong)) => Ok(Outcome::Invalid {
                            errors: wrong
                                .into_iter()
                                .map(|WrongField { pointer, reason }| (pointer, reason))
                                .collect(),
                        }),
                        Err(error) if error.store_error().is_some() => Err(error),
                        Err(error) => Ok(Outcome::Refused {
                            reason: error.name().to_owned(),
                            detail: error.to_string(),
                            warnings: match error {
                                Error::Warned(warned) => {
                                    warned.into_iter().map(|one| one.warning).collect()
                                }
                                _ => Vec::new(),
                            },
                        }),
                    }
                })
                .collect()
        })
    })
}

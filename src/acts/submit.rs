//! Submitting online without an account. What a citizen sends waits until the code that goes to
//! their phone or e-mail comes back; only then is there a dossier (status 1), and only when a clerk
//! takes it in does the clock start.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::acts::receive::NewRequest;
use crate::acts::{self, Occasion};
use crate::domain::dossier::{Channel, ItemGiven};
use crate::domain::identity::Identity;
use crate::domain::ids::{Actor, DossierId, SubmissionId};
use crate::domain::moment::Moment;
use crate::domain::person::{NotifyBy, Person};
use crate::domain::text::clean;
use crate::error::Error;
use crate::store::idempotency::{Happened, Once, is_used, once};
use crate::store::limits::{Limits, address_key};
use crate::store::outbox::{self, Kind, Outgoing};
use crate::store::submissions::{self, Pending};
use crate::store::{Store, StoreError};
use crate::views::look_up::attempts_from;

/// How long the code may take.
const PATIENCE_MILLIS: i64 = 30 * 60 * 1000;
/// How long a code is.
const CODE_DIGITS: usize = 6;

/// Wrong codes before a submission has to be made again: six digits, so one in 200.000 guesses.
const TRIES: i32 = 5;

/// Also for a code that has been tried too often.
const NOT_WAITING: Error = Error::NotFound("không có hồ sơ chờ xác nhận này, hoặc đã hết hạn");

/// A submission as it is kept until it is confirmed.
#[derive(Serialize, Deserialize)]
struct Kept {
    unit: String,
    procedure: String,
    #[serde(default)]
    case: Option<String>,
    return_channel: Channel,
    applicant: KeptPerson,
    delegate: Option<KeptPerson>,
    sets: u16,
    items: Vec<ItemGiven>,
}

#[derive(Serialize, Deserialize)]
struct KeptPerson {
    name: String,
    identity: Option<String>,
    organisation: bool,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    #[serde(default)]
    notify_by: Option<NotifyBy>,
}

impl From<&Person> for KeptPerson {
    fn from(person: &Person) -> Self {
        let identity = person.identity.as_ref();
        Self {
            name: person.name.clone(),
            identity: identity.map(|identity| identity.number().to_owned()),
            organisation: matches!(identity, Some(Identity::TaxCode(_))),
            phone: person.phone.clone(),
            email: person.email.clone(),
            address: person.address.clone(),
            notify_by: person.notify_by,
        }
    }
}

impl From<KeptPerson> for Person {
    fn from(kept: KeptPerson) -> Self {
        let read = match kept.organisation {
            true => Identity::organisation,
            false => Identity::person,
        };
        Self {
            name: kept.name,
            // It was read from one.
            identity: kept.identity.and_then(|number| read(&number).ok()),
            phone: kept.phone,
            email: kept.email,
            address: kept.address,
            notify_by: kept.notify_by,
        }
    }
}

/// A submission that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: SubmissionId,
    pub expires_at: Moment,
    /// `sms` or `email`, and where to, masked.
    pub sent_by: &'static str,
    pub sent_to: String,
}

/// By what the code goes and where to: as the applicant wants to be told, else a letter where there is an address and
/// letters are sent, else a short message.
fn way(applicant: &Person, carried: &BTreeSet<Kind>) -> Result<(Kind, String), Error> {
    let email = (Kind::Email, applicant.email.as_deref());
    let phone = (Kind::Sms, applicant.mobile());
    let ways = match applicant.notify_by {
        Some(NotifyBy::Sms | NotifyBy::Zalo) => [phone, email],
        _ => [email, phone],
    };
    let mut given = ways
        .into_iter()
        .filter_map(|(kind, contact)| Some((kind, contact?.to_owned())))
        .peekable();
    let Some((first, _)) = given.peek() else {
        return Err(Error::wrong(
            "/applicant",
            "cần số điện thoại di động hoặc địa chỉ thư điện tử để nhận mã xác nhận",
        ));
    };
    let field = match first {
        Kind::Email => "/applicant/email",
        _ => "/applicant/phone",
    };
    let instead = match (carried.contains(&Kind::Email), carried.contains(&Kind::Sms)) {
        (true, _) => "hãy ghi địa chỉ thư điện tử để nhận mã",
        (false, true) => "hãy ghi số điện thoại để nhận mã",
        (false, false) => "hãy nộp hồ sơ trực tiếp tại bộ phận một cửa",
    };
    given
        .find(|(kind, _)| carried.contains(kind))
        .ok_or_else(|| {
            Error::wrong(
                field,
                format!("không gửi được mã xác nhận tới đây; {instead}"),
            )
        })
}

/// Keeps a submission and sends the code, in one transaction; by one of the kinds of message that are
/// `carried` here. What is refused counts against the limits as well, in a transaction before it; and what
/// the rules refuse is refused without one.
///
/// # Errors
/// Every wrong field at once, no contact or none that anything can be sent to, too many submissions, or an error of the store.
pub fn submit(
    store: &Store,
    new: &NewRequest,
    carried: &BTreeSet<Kind>,
    address: IpAddr,
    limits: Limits,
    key: Option<Once>,
    now: Moment,
) -> Result<Happened<Waiting>, Error> {
    let contact = way(&new.applicant, carried);
    // The same request again makes nothing, and costs nothing.
    if !store.read(|conn| Ok::<_, Error>(is_used(conn, key.as_ref())?))? {
        let mut counted = vec![(
            format!("submit-from:{}", address_key(address)),
            limits.submission_address,
        )];
        if let Ok((_, contact)) = &contact {
            let key = data_encoding::HEXLOWER.encode(&Sha256::digest(contact)[..16]);
            counted.push((format!("submit-to:{key}"), limits.submission_contact));
        }
        if let Some(until) = store.count_attempt(counted, now)? {
            return Err(Error::too_many_sent(until));
        }
        acts::receive::check_registration(&*store.reference()?, new, citizen_at(now))?;
    }
    let contact = contact?;
    let sent_by = contact.0.as_str();
    let sent_to = masked(&contact.1);
    let new = new.clone();
    let made = store.write_with_reference(move |conn, reference| {
        once(conn, key.as_ref(), now, |conn| {
            // What is wrong is told now, not after the code.
            acts::receive::check_registration(reference, &new, citizen_at(now))?;
            // By the papers' keys: another version may be in force when the code comes.
            let procedure = acts::receive::procedure_asked(reference, &new, now.date());
            let items = new.items.iter().map(|item| match procedure {
                Some(procedure) => item.keyed(procedure),
                None => item.clone(),
            });
            // What has been proven to reach them is what they are told by.
            let told_by = match contact.0 {
                Kind::Email => NotifyBy::Email,
                _ => NotifyBy::Sms,
            };
            let mut applicant = KeptPerson::from(&new.applicant);
            applicant.notify_by = applicant.notify_by.or(Some(told_by));
            let kept = Kept {
                unit: new.unit.clone(),
                procedure: new.procedure.clone(),
                case: new.case.clone(),
                return_channel: new.return_channel,
                applicant,
                delegate: new.delegate.as_ref().map(KeptPerson::from),
                sets: new.sets,
                items: items.collect(),
            };
            let units = reference.units();
            let unit = units.by_code(&new.unit).map(|unit| unit.name.clone());
            let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
            let id = SubmissionId::new(now, rand::random());
            let pending = Pending {
                id,
                request: serde_json::to_string(&kept)
                    .map_err(|error| StoreError::Other(error.to_string()))?,
                code_hash: code_hash(id, &code),
                tries: 0,
                expires_at: now.plus_millis(PATIENCE_MILLIS),
                dossier: None,
            };
            submissions::insert(conn, &pending, now)?;
            let message = Outgoing {
                kind: contact.0,
                topic: "confirmation".to_owned(),
                recipient: contact.1.clone(),
                body: serde_json::json!({
                    "code": code, "until": crate::render::words::moment(pending.expires_at), "unit": unit,
                }),
                dossier: None,
                position: None,
                once: None,
                due: now,
            };
            outbox::put(conn, &message, now)?;
            Ok::<_, Error>((id, pending.expires_at))
        })
    })?;
    let (id, expires_at) = made.value;
    if expires_at <= now {
        return Err(NOT_WAITING);
    }
    Ok(Happened {
        value: Waiting {
            id,
            expires_at,
            sent_by,
            sent_to,
        },
        before: made.before,
    })
}

fn citizen_at(now: Moment) -> Occasion {
    Occasion {
        at: None,
        now,
        actor: Actor::Citizen,
        role: None,
        reach: None,
        backdating: None,
    }
}

/// Refuses what is no submission any more; that counts as a look-up that finds nothing.
fn ensure_waits(
    store: &Store,
    id: SubmissionId,
    address: IpAddr,
    limits: Limits,
    now: Moment,
) -> Result<(), Error> {
    let waits = store.read(|conn| Ok::<_, Error>(submissions::tries(conn, id, now)?))?;
    if waits.is_some_and(|tries| tries < TRIES) {
        return Ok(());
    }
    let from = (attempts_from(address), limits.look_up_address);
    match store.count_attempt(vec![from], now)? {
        Some(until) => Err(Error::too_many_sent(until)),
        None => Err(NOT_WAITING),
    }
}

/// A submission that waits for its code: until when, and where that went; `None` once it has become a dossier.
///
/// # Errors
/// If there is no such submission, or the database refuses.
pub fn waiting(
    store: &Store,
    id: SubmissionId,
    carried: &BTreeSet<Kind>,
    address: IpAddr,
    limits: Limits,
    now: Moment,
) -> Result<Option<Waiting>, Error> {
    ensure_waits(store, id, address, limits, now)?;
    let pending = store.read(|conn| Ok::<_, Error>(submissions::find(conn, id, now)?))?;
    let pending = pending.ok_or(NOT_WAITING)?;
    if pending.dossier.is_some() {
        return Ok(None);
    }
    let kept: Kept = serde_json::from_str(&pending.request)
        .map_err(|_| StoreError::corrupt("submissions.request"))?;
    let (kind, contact) = way(&kept.applicant.into(), carried)?;
    Ok(Some(Waiting {
        id,
        expires_at: pending.expires_at,
        sent_by: kind.as_str(),
        sent_to: masked(&contact),
    }))
}

/// The code came back: there is a dossier now, with status 1. A second time, the same one. To ask for
/// submissions that are none counts as a look-up that finds nothing.
///
/// # Errors
/// If there is no such submission, the code is another one, the rules refuse, or the database does.
pub fn confirm(
    store: &Store,
    id: SubmissionId,
    code: &str,
    address: IpAddr,
    limits: Limits,
    now: Moment,
) -> Result<DossierId, Error> {
    ensure_waits(store, id, address, limits, now)?;
    // However its digits are set apart, and whatever of the message was copied with them.
    let digits: String = clean(code).chars().filter(char::is_ascii_digit).collect();
    if digits.len() != CODE_DIGITS {
        // No guess: it costs no try.
        let reason = format!("mã xác nhận gồm {CODE_DIGITS} chữ số");
        return Err(Error::wrong("/code", reason));
    }
    let code = code_hash(id, &digits);
    store.write_with_reference(move |conn, reference| {
        let pending = submissions::lock(conn, id, now)?.ok_or(NOT_WAITING)?;
        if pending.tries >= TRIES {
            return Err(NOT_WAITING);
        }
        if !bool::from(pending.code_hash.ct_eq(&code)) {
            // Counted whatever happens next: an error would take it back.
            submissions::count_try(conn, id)?;
            let left = TRIES - pending.tries - 1;
            let reason = format!("mã xác nhận không đúng; còn {left} lần thử");
            return Ok(Err(Error::wrong("/code", reason)));
        }
        if let Some(dossier) = pending.dossier {
            return Ok(Ok(dossier));
        }
        let kept: Kept = serde_json::from_str(&pending.request)
            .map_err(|_| StoreError::corrupt("submissions.request"))?;
        let new = NewRequest {
            case: kept.case,
            channel: Channel::Online,
            return_channel: kept.return_channel,
            delegate: kept.delegate.map(Person::from),
            sets: kept.sets,
            items: kept.items,
            ..NewRequest::new(kept.unit, kept.procedure, kept.applicant.into())
        };
        let dossier = acts::receive::register_within(conn, reference, &new, citizen_at(now))?;
        submissions::confirm(conn, id, dossier.id)?;
        Ok(Ok(dossier.id))
    })?
}

/// What is kept of a code: it is short, so it is hashed with what nobody else's is.
fn code_hash(id: SubmissionId, code: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(id.bytes());
    hash.update(code.as_bytes());
    hash.finalize().to_vec()
}

/// `*****678`, `a***@example.vn`.
fn masked(contact: &str) -> String {
    match contact.split_once('@') {
        Some((user, host)) => {
            let first: String = user.chars().take(1).collect();
            format!("{first}***@{host}")
        }
        None => {
            let shown = contact.len().saturating_sub(3);
            let last = contact.get(shown..).unwrap_or_default();
            format!("{}{last}", "*".repeat(shown))
        }
    }
}

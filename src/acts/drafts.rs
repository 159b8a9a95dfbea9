//! What is typed into a form and not sent yet is kept for whoever types it, and for nobody else. The key of a form is
//! made when the form is given out and names its owner: so it is known whose it is when it comes after their session
//! has ended. With it nothing can be read, and nothing written but that one draft.

use hmac::Mac;

use crate::acts::Occasion;
use crate::domain::ids::{Actor, UserId};
use crate::domain::mac::{mac, mac_of};
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::authority::Proof;
use crate::store::drafts::{self, Place, Typed};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, users};

/// The most drafts of one person.
pub const MOST: u32 = 50;

/// The most bytes of a draft: a procedure's version as text is the longest form there is.
const MOST_BYTES: usize = 512 * 1024;

/// The most characters of all drafts of one person.
const MOST_TOGETHER: i64 = 1024 * 1024;

const TOO_LONG: &str = "nội dung dài quá, không lưu nháp được";

/// The most bytes of the address of a form.
const LONGEST_PLACE: usize = 200;

/// How long it is remembered that a form was sent: as long as an Idempotency-Key.
const SENT_MILLIS: i64 = 7 * 24 * 3_600_000;

const DAY_MILLIS: i64 = 24 * 3_600_000;

const OWNER_BYTES: usize = 4;
const RANDOM_BYTES: usize = 16;
const MAC_BYTES: usize = 16;

/// Half a MAC of what the key says: whoever has been given no form makes none.
fn seal(reference: &Reference, said: &[u8]) -> Vec<u8> {
    let whole = mac_of(reference.look_up_key(), &[b"form", said]);
    whole[..MAC_BYTES].to_vec()
}

/// A key for a form that is given to somebody.
pub fn new_key(reference: &Reference, owner: UserId) -> String {
    let random: [u8; RANDOM_BYTES] = rand::random();
    let mut key = owner.0.to_be_bytes().to_vec();
    key.extend(random);
    let sealed = seal(reference, &key);
    key.extend(sealed);
    data_encoding::BASE64URL_NOPAD.encode(&key)
}

/// Whose form that is; `None`: no key of ours.
pub fn owner(reference: &Reference, key: &str) -> Option<UserId> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
    let (said, sealed) = bytes.split_at_checked(OWNER_BYTES + RANDOM_BYTES)?;
    let whole = mac(reference.look_up_key(), &[b"form", said]);
    if sealed.len() != MAC_BYTES || whole.verify_truncated_left(sealed).is_err() {
        return None;
    }
    let owner = said.first_chunk::<OWNER_BYTES>()?;
    Some(UserId(i32::from_be_bytes(*owner)))
}

/// A form to be kept.
#[derive(Debug, Clone)]
pub struct NewDraft {
    pub key: String,
    /// Where the form is sent to.
    pub place: String,
    pub typed: Typed,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    At(Moment),
    /// That form was sent: there is nothing to keep any more.
    Sent,
}

/// Keeps a form for `days`, over what was kept of it before.
///
/// # Errors
/// A form of somebody else's, too much of it, too many drafts, a caller who may not, or an error of the store.
pub fn save(
    store: &Store,
    draft: NewDraft,
    days: u16,
    by: Proof,
    now: Moment,
) -> Result<Kept, Error> {
    let fields = check(&draft)?;
    store.write_with_reference_as(by, move |conn, reference, caller| {
        if owner(reference, &draft.key) != Some(caller.user()) {
            return Err(Error::NotFound("biểu mẫu này không phải của bạn"));
        }
        put(conn, caller.user(), &draft, &fields, days, now)
    })
}

/// The same for whoever the form was given to, where their session has ended meanwhile. `None`: it is nobody's who may
/// log in.
///
/// # Errors
/// Too much of it, too many drafts, or an error of the store.
pub fn save_after_the_session(
    store: &Store,
    draft: NewDraft,
    days: u16,
    now: Moment,
) -> Result<Option<Kept>, Error> {
    let Some(owner) = owner(&*store.reference()?, &draft.key) else {
        return Ok(None);
    };
    let fields = check(&draft)?;
    store.write(move |conn| {
        let account = users::find(conn, owner)?;
        if account.is_none_or(|account| account.user.disabled_at.is_some()) {
            return Ok(None);
        }
        put(conn, owner, &draft, &fields, days, now).map(Some)
    })
}

fn put(
    conn: &mut Conn,
    owner: UserId,
    draft: &NewDraft,
    fields: &str,
    days: u16,
    now: Moment,
) -> Result<Kept, Error> {
    let (others, characters) = drafts::others(conn, owner, &draft.key, now)?;
    let own = i64::try_from(fields.chars().count()).unwrap_or(i64::MAX);
    if others >= i64::from(MOST) || characters.saturating_add(own) > MOST_TOGETHER {
        let reason = match others {
            1.. => format!("bạn đã có {others} nháp: gửi hoặc bỏ bớt rồi lưu tiếp"),
            _ => TOO_LONG.to_owned(),
        };
        return Err(Error::wrong("", reason));
    }
    let of = Place {
        owner,
        key: &draft.key,
        place: &draft.place,
    };
    let expires_at = now.plus_millis(i64::from(days) * DAY_MILLIS);
    Ok(match drafts::save(conn, of, fields, now, expires_at)? {
        true => Kept::At(now),
        false => Kept::Sent,
    })
}

/// Its fields as they are kept: never a password.
fn check(draft: &NewDraft) -> Result<String, Error> {
    let place = &draft.place;
    let own = place.starts_with('/')
        && !place.starts_with("//")
        && place.len() <= LONGEST_PLACE
        && place
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\\?#".contains(&b));
    if !own {
        return Err(Error::wrong("", "không rõ là biểu mẫu nào"));
    }
    let typed = draft.typed.iter();
    let typed: Vec<_> = typed
        .filter(|(name, _)| !name.contains("password"))
        .collect();
    let fields = serde_json::to_string(&typed).map_err(|e| StoreError::Other(e.to_string()))?;
    match fields.len() <= MOST_BYTES {
        true => Ok(fields),
        false => Err(Error::wrong("", TOO_LONG)),
    }
}

/// Throws a draft of the caller's away. Returns whether there was one.
///
/// # Errors
/// A caller who may not, or an error of the store.
pub fn discard(store: &Store, key: String, by: Proof) -> Result<bool, Error> {
    store.write_as(by, move |conn, caller| {
        Ok(drafts::remove(conn, caller.user(), &key)?)
    })
}

/// What was sent is no draft any more; in the transaction that does what the form asks for.
pub(crate) fn sent(
    conn: &mut Conn,
    reference: &Reference,
    key: &str,
    occasion: Occasion,
) -> Result<(), StoreError> {
    match occasion.actor {
        Actor::Staff(user) => close(conn, reference, key, user, occasion.now),
        Actor::System | Actor::Citizen => Ok(()),
    }
}

/// The same in a transaction of its own, for what asks for nothing that needs one more.
///
/// # Errors
/// A caller who may not, or an error of the store.
pub fn note_sent(store: &Store, key: String, by: Proof, now: Moment) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        Ok(close(conn, reference, &key, caller.user(), now)?)
    })
}

fn close(
    conn: &mut Conn,
    reference: &Reference,
    key: &str,
    user: UserId,
    now: Moment,
) -> Result<(), StoreError> {
    if owner(reference, key) != Some(user) {
        return Ok(());
    }
    let of = Place {
        owner: user,
        key,
        place: "",
    };
    drafts::close(conn, of, now, now.plus_millis(SENT_MILLIS))
}

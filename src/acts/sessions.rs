//! Logging in, and the sessions that come of it.
//!
//! A token is 256 random bits; the database keeps its SHA-256. A session ends at its hour whatever
//! happens, when its owner or an administrator ends it, and when its owner may not log in any more.

use std::net::IpAddr;
use std::time::Duration;

use crate::acts::access::{Caller, new_secret, secret_hash};
use crate::acts::passwords;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::error::Error;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::{Denied, Proof};
use crate::store::limits::{Limits, address_key, network_key};
use crate::store::rate_limits::{self, Limit};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, Account, User};
use crate::store::{Conn, Store, StoreError, devices};

/// Which of the two is wrong is not told.
const WRONG_CREDENTIALS: Error = Error::WrongCredentials("tên đăng nhập hoặc mật khẩu không đúng");

fn wrong_password(error: passwords::InvalidPassword) -> Error {
    Error::wrong("/new_password", error)
}

/// An attempt to log in by password.
pub struct LogIn {
    pub username: String,
    pub password: String,
    pub address: IpAddr,
    /// What the program calls itself.
    pub agent: String,
    /// What the device was given when somebody logged in from it before.
    pub device: Option<String>,
}

/// A session that has begun. The token is told here and never again.
pub struct Begun {
    pub token: String,
    /// By which the device is known from now on, if it was not before; told here and never again.
    pub device: Option<String>,
    pub session: Session,
    pub user: User,
}

/// What an attempt to log in counts under.
struct Counted {
    account: Option<Account>,
    /// The hash of the device, if the account was used from it before.
    device: Option<[u8; 32]>,
    keys: Vec<(String, Limit)>,
}

impl LogIn {
    fn username(&self) -> String {
        self.username.trim().to_lowercase()
    }

    /// Whoever guesses counts for the address, then for the account, then for everybody. A device from
    /// which the account was used before counts for itself alone: others' guesses do not shut it out,
    /// nor does what others do behind the same address.
    fn counted(&self, conn: &mut Conn, limits: Limits, now: Moment) -> Result<Counted, StoreError> {
        let username = self.username();
        let account = users::by_username(conn, &username)?;
        let owner = account.as_ref().map(|account| account.user.id);
        let device = self.device.as_deref().map(secret_hash);
        let device = match device {
            Some(hash) if owner.is_some() && devices::owner(conn, &hash, now)? == owner => {
                Some(hash)
            }
            _ => None,
        };
        let keys = match &device {
            Some(hash) => {
                let device = data_encoding::HEXLOWER.encode(&hash[..16]);
                vec![(format!("login-device:{device}"), limits.log_in_account)]
            }
            None => {
                let network = network_key(self.address)
                    .map(|network| (format!("login-from:{network}"), limits.log_in_network));
                let address = address_key(self.address);
                let mut keys = vec![(format!("login-from:{address}"), limits.log_in_address)];
                keys.extend(network);
                let account = account_key(&username);
                keys.push((format!("login:{account}"), limits.log_in_account));
                keys.push(("login-all".to_owned(), limits.log_in_all));
                keys
            }
        };
        Ok(Counted {
            account,
            device,
            keys,
        })
    }
}

/// Whether an attempt would be refused because of those before it; cheap, so that it can be asked
/// before the attempt waits for its turn.
///
/// # Errors
/// If too many have been tried.
pub fn ensure_may_try(
    store: &Store,
    attempt: &LogIn,
    limits: Limits,
    now: Moment,
) -> Result<(), Error> {
    store.read(|conn| {
        for (key, limit) in attempt.counted(conn, limits, now)?.keys {
            if let Some(until) = rate_limits::wait(conn, &key, limit, now)? {
                return Err(Error::too_many_tries(until));
            }
        }
        Ok(())
    })
}

/// Logs in by password. What is tried counts before it is known to fail, so that many at once get
/// no further than many one after the other; a log-in that succeeds is taken back.
///
/// # Errors
/// If name and password do not belong together, or too many have been tried.
pub fn log_in(
    store: &Store,
    attempt: LogIn,
    limits: Limits,
    lasts: Duration,
    now: Moment,
) -> Result<Begun, Error> {
    let Counted {
        account,
        device,
        keys,
    } = store.read(|conn| Ok::<_, Error>(attempt.counted(conn, limits, now)?))?;
    if let Some(until) = store.count_attempt(keys.clone(), now)? {
        return Err(Error::too_many_tries(until));
    }
    let hash = account
        .as_ref()
        .filter(|account| account.user.disabled_at.is_none())
        .and_then(|account| account.password_hash.as_deref());
    let fits = passwords::fits(&attempt.password, hash);
    let Some(Account {
        user,
        password_hash: checked,
    }) = account.filter(|_| fits)
    else {
        return Err(WRONG_CREDENTIALS);
    };
    let (address, agent) = (attempt.address, attempt.agent);
    store.write(move |conn| {
        ensure_unchanged(conn, &user.username, &checked)?;
        for (key, limit) in &keys {
            match key.starts_with("login-device:") || key.starts_with("login:") {
                true => rate_limits::clear(conn, key)?,
                false => rate_limits::uncount(conn, key, *limit)?,
            }
        }
        let mut begun = begin(conn, &user, address, &agent, lasts, now)?;
        match &device {
            Some(hash) => devices::touch(conn, hash, now)?,
            None => {
                let secret = new_secret();
                devices::insert(conn, &secret_hash(&secret), user.id, now)?;
                begun.device = Some(secret);
            }
        }
        Ok(begun)
    })
}

/// Begins a session for somebody whom another authority vouches for.
pub fn begin_session(
    store: &Store,
    user: User,
    address: IpAddr,
    agent: String,
    lasts: Duration,
    now: Moment,
) -> Result<Begun, Error> {
    store.write(move |conn| begin(conn, &user, address, &agent, lasts, now))
}

fn begin(
    conn: &mut Conn,
    user: &User,
    address: IpAddr,
    agent: &str,
    lasts: Duration,
    now: Moment,
) -> Result<Begun, Error> {
    let token = new_secret();
    let lasts = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
    let session = Session {
        id: SessionId::new(now, rand::random()),
        user: user.id,
        created_at: now,
        expires_at: now.plus_millis(lasts),
        address: address.to_string(),
        agent: agent.chars().take(200).collect(),
    };
    sessions::insert(conn, &secret_hash(&token), &session)?;
    Ok(Begun {
        token,
        device: None,
        session,
        user: user.clone(),
    })
}

/// Checking a password takes a while: it has to be the account's still when that has an effect.
fn ensure_unchanged(
    conn: &mut Conn,
    username: &str,
    checked: &Option<String>,
) -> Result<(), Error> {
    let now = users::lock(conn, username)?;
    let same = now.is_some_and(|account| {
        account.user.disabled_at.is_none() && account.password_hash == *checked
    });
    match same {
        true => Ok(()),
        false => Err(WRONG_CREDENTIALS),
    }
}

/// Usernames may be anything that somebody types: their hash has a length.
fn account_key(username: &str) -> String {
    data_encoding::HEXLOWER.encode(&secret_hash(username)[..16])
}

/// Whose token this is, who comes for something that needs the permission; whether they have it is
/// for the caller to ask.
///
/// # Errors
/// If it is nobody's, or not any more.
pub fn authenticate(
    store: &Store,
    token: &str,
    permission: Permission,
    now: Moment,
) -> Result<Caller, Error> {
    let hash = secret_hash(token);
    let found = store.read_one(|conn| sessions::find(conn, &hash, now))?;
    let (session, user) = found.ok_or(Denied::NoSession)?;
    Ok(Caller {
        user: user.id,
        username: user.username,
        full_name: user.full_name,
        role: user.role,
        unit: user.unit,
        session,
        proof: Proof::new(hash, permission),
        must_change_password: user.must_change_password,
    })
}

/// The caller's own sessions, newest first.
pub fn sessions_of(store: &Store, user: UserId, now: Moment) -> Result<Vec<Session>, Error> {
    store.read(|conn| Ok(sessions::of_user(conn, user, now)?))
}

/// Ends one of the caller's own sessions. Returns whether there was one.
///
/// # Errors
/// If the caller may not, or the database refuses.
pub fn end_session(store: &Store, by: Proof, id: SessionId) -> Result<bool, Error> {
    store.write_as(by, move |conn, caller| {
        Ok(sessions::remove(conn, caller.user(), id)?)
    })
}

/// Changes the caller's own password and ends all their other sessions.
///
/// # Errors
/// If the present password is not the one given, or the new one is none for us.
pub fn change_password(
    store: &Store,
    caller: &Caller,
    present: &str,
    new: &str,
    limits: Limits,
    now: Moment,
) -> Result<(), Error> {
    passwords::check(new, &caller.username).map_err(wrong_password)?;
    if new == present {
        return Err(wrong_password(passwords::InvalidPassword::Same));
    }
    let by = caller.proof;
    // Whoever has stolen a token guesses no faster here than at the door; who guesses there keeps
    // nobody from it.
    let key = format!("password:{}", caller.user);
    let counted = key.clone();
    let account = store.write_as(by, move |conn, caller| {
        if let Some(until) = rate_limits::count(conn, &counted, limits.log_in_account, now)? {
            return Err(Error::too_many_tries(until));
        }
        users::find(conn, caller.user())?.ok_or(Error::from(Denied::NoSession))
    })?;
    if !passwords::fits(present, account.password_hash.as_deref()) {
        return Err(WRONG_CREDENTIALS);
    }
    let hash = passwords::hash(new)?;
    let (username, checked) = (account.user.username, account.password_hash);
    store.write_as(by, move |conn, caller| {
        ensure_unchanged(conn, &username, &checked)?;
        rate_limits::clear(conn, &key)?;
        users::set_password(conn, caller.user(), &hash, false)?;
        let kind = ActKind::PasswordChanged;
        admin_acts::record_account(conn, caller.actor(), now, kind, caller.user())?;
        Ok(sessions::remove_all(
            conn,
            caller.user(),
            Some(caller.session()),
        )?)
    })
}

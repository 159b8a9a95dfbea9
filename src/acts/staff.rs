//! Members of staff, as administrators keep them: within the administrator's own unit and what is
//! under it.

use serde_json::json;

use crate::acts::hands::{self, HandedOn};
use crate::acts::passwords;
use crate::domain::disclosure::{PERSONAL_NUMBER, holds_personal_number};
use crate::domain::email;
use crate::domain::ids::{Actor, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::is_garbled_name;
use crate::domain::role::Role;
use crate::domain::text;
use crate::domain::username;
use crate::error::{Conflict, Error};
use crate::render::words;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::{Proof, Proven};
use crate::store::idempotency::{Once, once};
use crate::store::outbox::{self, Kind, Outgoing};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, Store, StoreError, open_dossiers, sessions};
use crate::views::staff::NOT_YOURS;

/// What changes about a member of staff; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub full_name: Option<String>,
    pub role: Option<Role>,
    /// Code of the unit.
    pub unit: Option<String>,
    /// `Some(None)` takes it away.
    pub oidc_subject: Option<Option<String>>,
    /// `Some(None)` takes it away.
    pub email: Option<Option<String>>,
    pub disabled: Option<bool>,
    /// A new password, set by the administrator; all sessions end.
    pub password: Option<String>,
    /// Who goes on with what they have in hand, where they leave or do something else.
    pub hands_to: Option<String>,
}

fn check_full_name(name: &str) -> Result<(), String> {
    match text::line(name).chars().count() {
        0 => Err("thiếu họ tên".to_owned()),
        _ if !name.chars().any(char::is_alphabetic) => Err("họ tên cần có chữ".to_owned()),
        201.. => Err("dài quá 200 ký tự".to_owned()),
        _ if is_garbled_name(name) => Err(text::GARBLED.to_owned()),
        _ if holds_personal_number(name) => Err(PERSONAL_NUMBER.to_owned()),
        _ => Ok(()),
    }
}

fn check_subject(subject: &str) -> Result<(), String> {
    match subject.chars().count() {
        1..=255 => Ok(()),
        _ => Err("có 1 đến 255 ký tự".to_owned()),
    }
}

/// Makes a member of staff in the unit of whoever does it or under it (`None`: anywhere, for the
/// command line). A password that an administrator thinks up is good for changing it only.
///
/// # Errors
/// All that is wrong with it, or an error of the store.
pub fn create(
    store: &Store,
    new: NewStaff,
    by: Option<Proof>,
    key: Option<Once>,
    now: Moment,
) -> Result<User, Error> {
    let username = new.username.trim().to_lowercase();
    let mut wrong = Vec::new();
    let mut check = |field, result: Result<(), String>| {
        if let Err(reason) = result {
            wrong.push((field, reason));
        }
    };
    let no_number = |()| match holds_personal_number(&username) {
        true => Err(PERSONAL_NUMBER.to_owned()),
        false => Ok(()),
    };
    check("/username", username::check(&username).and_then(no_number));
    check("/full_name", check_full_name(&new.full_name));
    if let Some(subject) = &new.oidc_subject {
        check("/oidc_subject", check_subject(subject));
    }
    let email = new.email.as_deref().map(email::read).transpose();
    if let Err(error) = &email {
        check("/email", Err(error.to_string()));
    }
    let email = email.unwrap_or_default();
    let mut hash = None;
    if let Some(password) = &new.password {
        let checked = passwords::check(password, &username);
        check("/password", checked.map_err(|error| error.to_string()));
        if wrong.is_empty() {
            hash = Some(passwords::hash(password)?);
        }
    }
    let work = move |conn: &mut Conn, reference: &Reference, caller: Option<&Proven>| {
        let made = once(conn, key.as_ref(), now, |conn| {
            let mut wrong = wrong.clone();
            let unit = reference.units().by_code(&new.unit);
            match unit {
                None => wrong.push(("/unit", format!("không có đơn vị '{}'", new.unit))),
                Some(unit) => {
                    let ended = words::ended(reference.units(), unit, now.date());
                    wrong.extend(ended.map(|reason| ("/unit", reason)));
                }
            }
            if users::by_username(conn, &username)?.is_some() {
                wrong.push(("/username", "đã có người dùng tên này".to_owned()));
            }
            subject_is_free(conn, new.oidc_subject.as_deref(), None, &mut wrong)?;
            let (Some(unit), true) = (unit, wrong.is_empty()) else {
                return Err(Error::invalid(wrong));
            };
            let reach = caller.map(Proven::unit);
            if reach.is_some_and(|reach| !reference.units().is_under(unit.id, reach)) {
                return Err(NOT_YOURS);
            }
            let user = User {
                id: users::next_id(conn)?,
                username: username.clone(),
                full_name: text::line(&new.full_name),
                role: new.role,
                unit: unit.id,
                oidc_subject: new.oidc_subject.clone(),
                disabled_at: None,
                email: email.clone(),
                must_change_password: false,
            };
            users::insert(conn, &user)?;
            if let Some(hash) = &hash {
                users::set_password(conn, user.id, hash, caller.is_some())?;
            }
            let actor = caller.map_or(Actor::System, Proven::actor);
            admin_acts::record_account(conn, actor, now, ActKind::AccountMade, user.id)?;
            Ok(user.id)
        })?;
        let account = users::find(conn, made.value)?.ok_or(Error::NO_ACCOUNT)?;
        Ok(account.user)
    };
    match by {
        Some(proof) => store.write_with_reference_as(proof, move |conn, reference, caller| {
            work(conn, reference, Some(caller))
        }),
        None => store.write_with_reference(move |conn, reference| work(conn, reference, None)),
    }
}

fn subject_is_free(
    conn: &mut Conn,
    subject: Option<&str>,
    own: Option<UserId>,
    wrong: &mut Vec<(&'static str, String)>,
) -> Result<(), StoreError> {
    if let Some(subject) = subject
        && let Some(other) = users::by_subject(conn, subject)?
        && Some(other.user.id) != own
    {
        wrong.push(("/oidc_subject", "đã thuộc tài khoản khác".to_owned()));
    }
    Ok(())
}

/// Changes a member of staff, if `unchanged` holds of them as they are now. Whoever is disabled, or
/// gets a new password, loses their sessions. What they have in hand goes to whom the change names if they are
/// disabled, and stays without; what they cannot have any more goes in any case. Also returns what became of that.
///
/// # Errors
/// All that is wrong with the change, a caller who may not, or an error of the store.
pub fn change(
    store: &Store,
    username: &str,
    change: Change,
    by: Proof,
    unchanged: impl Fn(&User) -> bool + Send + 'static,
    now: Moment,
) -> Result<(User, HandedOn), Error> {
    let username = username.to_lowercase();
    if username::check(&username).is_err() {
        return Err(Error::NO_ACCOUNT);
    }
    let mut wrong = Vec::new();
    let mut check = |field, result: Result<(), String>| {
        if let Err(reason) = result {
            wrong.push((field, reason));
        }
    };
    if let Some(name) = &change.full_name {
        check("/full_name", check_full_name(name));
    }
    if let Some(Some(subject)) = &change.oidc_subject {
        check("/oidc_subject", check_subject(subject));
    }
    let email = change.email.as_ref().map(|email| {
        let read = email.as_deref().map(email::read).transpose();
        if let Err(error) = &read {
            check("/email", Err(error.to_string()));
        }
        read.unwrap_or_default()
    });
    let mut hash = None;
    if let Some(password) = &change.password {
        let checked = passwords::check(password, &username);
        check("/password", checked.map_err(|error| error.to_string()));
        if wrong.is_empty() {
            hash = Some(passwords::hash(password)?);
        }
    }
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let (units, reach) = (reference.units(), caller.unit());
        let account = users::lock(conn, &username)?.ok_or(Error::NO_ACCOUNT)?;
        let mut user = account.user;
        let before = user.clone();
        if !units.is_under(user.unit, reach) {
            return Err(NOT_YOURS);
        }
        if !unchanged(&user) {
            return Err(Error::CHANGED);
        }
        let mut wrong = wrong.clone();
        if let Some(code) = &change.unit {
            match units.by_code(code) {
                None => wrong.push(("/unit", format!("không có đơn vị '{code}'"))),
                Some(unit) if !units.is_under(unit.id, reach) => {
                    return Err(NOT_YOURS);
                }
                Some(unit) => {
                    let ended = words::ended(units, unit, now.date());
                    wrong.extend(
                        ended
                            .filter(|_| user.unit != unit.id)
                            .map(|reason| ("/unit", reason)),
                    );
                    user.unit = unit.id;
                }
            }
        }
        if let Some(subject) = &change.oidc_subject {
            subject_is_free(conn, subject.as_deref(), Some(user.id), &mut wrong)?;
            user.oidc_subject.clone_from(subject);
        }
        let leaves = change.disabled == Some(true);
        let other = user.unit != before.unit || change.role.is_some_and(|role| role != user.role);
        let hands_to = match &change.hands_to {
            Some(_) if !leaves && !other => {
                let reason = "chỉ khi khóa tài khoản, hoặc đổi đơn vị hay vai trò";
                wrong.push(("/hands_to", reason.to_owned()));
                None
            }
            Some(to) => hands::colleague(conn, "/hands_to", &before, to, &mut wrong)?,
            None => None,
        };
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        let weaker = change.role.is_some_and(|role| role != user.role)
            || change.disabled == Some(true)
            || user.unit != before.unit;
        // One's own password is changed by who knows it, so that a stolen session stays no longer.
        let keys = hash.is_some() || user.oidc_subject != before.oidc_subject;
        if user.id == caller.user() && (weaker || keys) {
            return Err(Conflict::Oneself.into());
        }
        if let Some(name) = &change.full_name {
            user.full_name = text::line(name);
        }
        if let Some(email) = &email {
            user.email.clone_from(email);
        }
        user.role = change.role.unwrap_or(user.role);
        match change.disabled {
            Some(true) => user.disabled_at = user.disabled_at.or(Some(now)),
            Some(false) => user.disabled_at = None,
            None => {}
        }
        users::update(conn, &user)?;
        if user != before {
            let kind = ActKind::AccountChanged;
            admin_acts::record_account(conn, caller.actor(), now, kind, user.id)?;
        }
        if let Some(hash) = &hash {
            users::set_password(conn, user.id, hash, true)?;
            user.must_change_password = true;
            password_was_set(conn, &before, caller.actor(), now)?;
        }
        if keys || user.disabled_at.is_some() {
            sessions::remove_all(conn, user.id, None)?;
        }
        let reason = "";
        let hands_to = hands_to.as_ref();
        let handed_on = match leaves {
            true => hands::all(conn, &before, hands_to, reason, caller, now)?,
            false if other => {
                let from = std::slice::from_ref(&user);
                hands::out_of_reach(conn, from, hands_to, reason, caller, now)?
            }
            false => HandedOn {
                open: open_dossiers::count_in_hand(conn, &[user.id])?,
                job: None,
            },
        };
        Ok((user, handed_on))
    })
}

/// A password was set by somebody else than its owner: that is on record, and its owner is told where
/// they got their mail before.
fn password_was_set(
    conn: &mut Conn,
    owner: &User,
    by: Actor,
    now: Moment,
) -> Result<(), StoreError> {
    admin_acts::record_account(conn, by, now, ActKind::PasswordSet, owner.id)?;
    let Some(email) = owner.email.clone() else {
        return Ok(());
    };
    let by = match by {
        Actor::Staff(by) => users::find(conn, by)?.map(|account| account.user.username),
        Actor::System | Actor::Citizen => None,
    };
    let message = Outgoing {
        kind: Kind::Email,
        topic: "password_set".to_owned(),
        recipient: email,
        body: json!({
            "name": owner.full_name, "username": owner.username, "at": words::moment(now),
            "by": by.as_deref().unwrap_or("quản trị máy chủ"),
        }),
        dossier: None,
        position: None,
        once: None,
        due: now,
    };
    outbox::put(conn, &message, now).map(drop)
}

/// Gives an account a password, and makes the account first if there is none of that name: for the demo and for
/// measuring. One that is there keeps its role and unit.
///
/// # Errors
/// If the password is none for us, there is no such unit, or the database refuses.
pub fn set_up(
    store: &Store,
    username: &str,
    role: Role,
    unit: &str,
    password: &str,
) -> Result<User, Error> {
    let username = &username.to_lowercase();
    let known = store.read(|conn| users::by_username(conn, username))?;
    if known.is_some() {
        return set_password(store, username, password);
    }
    let new = NewStaff {
        username: username.to_owned(),
        full_name: username.to_owned(),
        role,
        unit: unit.to_owned(),
        oidc_subject: None,
        email: None,
        password: Some(password.to_owned()),
    };
    create(store, new, None, None, crate::clock::now())
}

/// Gives an account that exists a password: for administrators at the machine.
///
/// # Errors
/// If there is no such account, the password is none for us, or the database refuses.
pub fn set_password(store: &Store, username: &str, password: &str) -> Result<User, Error> {
    let username = username.to_lowercase();
    if let Err(error) = passwords::check(password, &username) {
        return Err(Error::invalid(vec![("/password", error.to_string())]));
    }
    let hash = passwords::hash(password)?;
    store.write(move |conn| {
        let account = users::by_username(conn, &username)?.ok_or(Error::NO_ACCOUNT)?;
        users::set_password(conn, account.user.id, &hash, false)?;
        password_was_set(conn, &account.user, Actor::System, crate::clock::now())?;
        sessions::remove_all(conn, account.user.id, None)?;
        Ok(account.user)
    })
}

/// A new member of staff.
#[derive(Debug, Clone)]
pub struct NewStaff {
    pub username: String,
    pub full_name: String,
    pub role: Role,
    /// Code of the unit.
    pub unit: String,
    pub oidc_subject: Option<String>,
    /// Where they get their mail.
    pub email: Option<String>,
    /// Without one there is no log-in by password.
    pub password: Option<String>,
}

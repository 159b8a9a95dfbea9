//! What administrators did, and this program by itself at start: only ever added to, and in the log.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::domain::enums::text_enum;
use crate::domain::ids::{Actor, UserId};
use crate::domain::log::{Entry, Hash, Subject, hash_of};
use crate::domain::moment::Moment;
use crate::store::schema::{admin_acts, users};
use crate::store::{Conn, StoreError, log};

text_enum! {
    /// What was done.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ActKind {
        /// Migrations were run; on an old database they took what was there into the log.
        DatabaseMigrated = "database_migrated",
        /// The settings in force, when they are not those recorded last.
        Settings = "settings",
        LogKeyMade = "log_key_made",
        /// There before the log.
        AccountAdopted = "account_adopted",
        AccountMade = "account_made",
        AccountChanged = "account_changed",
        /// By somebody else than its owner.
        PasswordSet = "password_set",
        /// By its owner.
        PasswordChanged = "password_changed",
        UnitMade = "unit_made",
        UnitChanged = "unit_changed",
        ProcedurePut = "procedure_put",
        ProcedureWithdrawn = "procedure_withdrawn",
        CalendarPut = "calendar_put",
        UnitsImported = "units_imported",
        SuccessionsImported = "successions_imported",
        ProceduresImported = "procedures_imported",
        CalendarImported = "calendar_imported",
        NormsImported = "norms_imported",
        PortalCatalogueImported = "portal_catalogue_imported",
        FieldCodesImported = "field_codes_imported",
        ScenarioLoaded = "scenario_loaded",
        DeputyNamed = "deputy_named",
        DeputyEnded = "deputy_ended",
        /// What somebody had in hand goes to a colleague.
        HandedOn = "handed_on",
        /// People of one unit to another.
        StaffMoved = "staff_moved",
        PrivacyRequestReceived = "privacy_request_received",
        PrivacyRequestAnswered = "privacy_request_answered",
        /// Done, or refused.
        PrivacyRequestSettled = "privacy_request_settled",
        /// Settled by a slip, and open again.
        PrivacyRequestReopened = "privacy_request_reopened",
        WebhookMade = "webhook_made",
        WebhookChanged = "webhook_changed",
        WebhookRemoved = "webhook_removed",
        PersonErased = "person_erased",
        /// People of a dossier were erased, and what named them beside their records.
        DossierAnonymised = "dossier_anonymised",
        ReadingsExported = "readings_exported",
        TextBlockMade = "text_block_made",
        TextBlockChanged = "text_block_changed",
        TextBlockRemoved = "text_block_removed",
    }
}

/// An act as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub id: i64,
    pub at: i64,
    pub actor: i32,
    pub kind: String,
    /// JSON.
    pub data: String,
}

type Row = (i64, i64, i32, String, String);

impl Act {
    fn read((id, at, actor, kind, data): Row) -> Self {
        Self {
            id,
            at,
            actor,
            kind,
            data,
        }
    }

    /// What the log holds of it.
    pub fn hash(&self) -> Hash {
        hash_of(
            "motcua act",
            &[
                &self.id.to_be_bytes(),
                &self.at.to_be_bytes(),
                &self.actor.to_be_bytes(),
                self.kind.as_bytes(),
                self.data.as_bytes(),
            ],
        )
    }
}

/// Records an act, in the transaction of what was done. Secrets and personal data do not belong into
/// `data`.
pub fn record(
    conn: &mut Conn,
    actor: Actor,
    at: Moment,
    kind: ActKind,
    data: &Value,
) -> Result<(), StoreError> {
    let row = (
        admin_acts::at.eq(at.unix_millis()),
        admin_acts::actor.eq(actor.code()),
        admin_acts::kind.eq(kind.as_str()),
        admin_acts::data.eq(data.to_string()),
    );
    let row: Row = match conn {
        Conn::Sqlite(conn) => diesel::insert_into(admin_acts::table)
            .values(row)
            .returning(admin_acts::all_columns)
            .get_result(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(admin_acts::table)
            .values(row)
            .returning(admin_acts::all_columns)
            .get_result(conn)?,
    };
    let act = Act::read(row);
    let entry = Entry {
        subject: Subject::Act(act.id),
        hash: act.hash(),
    };
    log::wait(conn, entry)
}

/// Records what was done to an account, with the account as it is now: `verify` holds the accounts
/// against it.
pub fn record_account(
    conn: &mut Conn,
    actor: Actor,
    at: Moment,
    kind: ActKind,
    user: UserId,
) -> Result<(), StoreError> {
    let account = users::table.find(user.0).select(AccountRow::columns());
    let account: Option<AccountRow> = account.first(conn).optional()?;
    match account {
        Some(account) => record(conn, actor, at, kind, &json!({"account": account.state()})),
        None => Err(StoreError::corrupt(format!("không có tài khoản {user}"))),
    }
}

/// What an act says of an account.
#[derive(Queryable)]
struct AccountRow {
    id: i32,
    username: String,
    role: String,
    unit_id: i32,
    password_hash: Option<String>,
    oidc_subject: Option<String>,
    disabled_at: Option<i64>,
}

type AccountColumns = (
    users::id,
    users::username,
    users::role,
    users::unit_id,
    users::password_hash,
    users::oidc_subject,
    users::disabled_at,
);

impl AccountRow {
    const fn columns() -> AccountColumns {
        (
            users::id,
            users::username,
            users::role,
            users::unit_id,
            users::password_hash,
            users::oidc_subject,
            users::disabled_at,
        )
    }

    /// How one logs in is told by its hash only.
    fn state(&self) -> Value {
        let field = |text: &Option<String>| match text {
            Some(text) => [&[1], text.as_bytes()].concat(),
            None => vec![0],
        };
        let credentials = hash_of(
            "motcua credentials",
            &[&field(&self.password_hash), &field(&self.oidc_subject)],
        );
        json!({
            "id": self.id,
            "username": self.username,
            "role": self.role,
            "unit": self.unit_id,
            "disabled": self.disabled_at.is_some(),
            "credentials": data_encoding::HEXLOWER.encode(&credentials),
        })
    }
}

/// The accounts as acts would tell of them now, by id.
pub fn accounts_now(conn: &mut Conn) -> Result<Vec<(i64, Value)>, StoreError> {
    let rows: Vec<AccountRow> = users::table
        .order(users::id)
        .select(AccountRow::columns())
        .load(conn)?;
    Ok(rows
        .iter()
        .map(|row| (i64::from(row.id), row.state()))
        .collect())
}

/// Acts after the number `after`, oldest first.
pub fn after(conn: &mut Conn, after: i64, limit: u32) -> Result<Vec<Act>, StoreError> {
    let rows: Vec<Row> = admin_acts::table
        .filter(admin_acts::id.gt(after))
        .order(admin_acts::id)
        .limit(i64::from(limit))
        .load(conn)?;
    Ok(rows.into_iter().map(Act::read).collect())
}

/// The last act of a kind.
pub fn last(conn: &mut Conn, kind: ActKind) -> Result<Option<Act>, StoreError> {
    let row: Option<Row> = admin_acts::table
        .filter(admin_acts::kind.eq(kind.as_str()))
        .order(admin_acts::id.desc())
        .first(conn)
        .optional()?;
    Ok(row.map(Act::read))
}

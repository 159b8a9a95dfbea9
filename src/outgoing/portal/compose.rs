//! From the store to messages: a dossier as it stands, steps as they were.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::dossier::{Dossier, Event};
use crate::domain::ids::DossierId;
use crate::domain::procedure::Procedure;
use crate::outgoing::portal::PortalSettings;
use crate::outgoing::portal::messages::{self, DossierMessage, Staff, StepMessage};
use crate::store::reference::Reference;
use crate::store::{Conn, StoreError, events, persons, users};

/// What DongBoHoSoMC takes.
#[derive(Serialize)]
pub(super) struct Dossiers<'a> {
    /// As the portal spells it.
    #[serde(rename = "isUpdating")]
    pub(super) updating: &'a str,
    pub(super) data: [&'a DossierMessage; 1],
}

/// What CapNhatTienDoHoSoMC takes.
#[derive(Serialize)]
pub(super) struct Steps<'a> {
    pub(super) data: &'a [StepMessage],
}

/// What TraCuuHoSo takes.
#[derive(Serialize)]
pub(super) struct LookUp<'a> {
    pub(super) mahoso: &'a str,
}

/// A dossier with its history, and the staff who are in it.
pub(super) struct History {
    pub(super) dossier: Dossier,
    events: Vec<Event>,
    staff: Staff,
}

impl History {
    /// # Errors
    /// If the database refuses, or the history is not whole.
    pub(super) fn read(conn: &mut Conn, id: DossierId) -> Result<Self, StoreError> {
        let stored = events::history(conn, id)?;
        let events = stored.iter().map(|event| event.event());
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let dossier = Dossier::replay(id, &events).map_err(|error| corrupt(id, &error))?;
        let mut staff = Staff::new();
        for user in messages::named(&events) {
            if !staff.contains_key(&user)
                && let Some(account) = users::find(conn, user)?
            {
                staff.insert(user, account.user);
            }
        }
        Ok(Self {
            dossier,
            events,
            staff,
        })
    }

    /// The version of the procedure that it is under.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn procedure<'a>(
        &self,
        reference: &'a Reference,
    ) -> Result<&'a Arc<Procedure>, StoreError> {
        let id = self.dossier.procedure;
        let procedure = reference.procedure(id);
        procedure.ok_or_else(|| StoreError::corrupt(format!("không có thủ tục {id}")))
    }

    /// The message on the dossier as it stands.
    ///
    /// # Errors
    /// If the database refuses, or the dossier is not whole.
    pub(super) fn message(
        &self,
        conn: &mut Conn,
        reference: &Reference,
        settings: &PortalSettings,
    ) -> Result<DossierMessage, StoreError> {
        let procedure = self.procedure(reference)?;
        let applicant = persons::find(conn, self.dossier.applicant)?
            .ok_or_else(|| StoreError::corrupt("không có người nộp"))?;
        DossierMessage::new(
            &self.dossier,
            &self.events,
            procedure,
            &applicant,
            reference,
            &self.staff,
            settings,
        )
        .map_err(|error| corrupt(self.dossier.id, &error))
    }

    /// The messages on its events, each with the event's number, of those that are `wanted` by number
    /// and by whether they are steps at all.
    ///
    /// # Errors
    /// If the history is not whole.
    pub(super) fn steps(
        &self,
        reference: &Reference,
        wanted: impl Fn(u32, bool) -> bool,
    ) -> Result<Vec<(u32, StepMessage)>, StoreError> {
        let steps = StepMessage::all(&self.dossier, &self.events, reference, &self.staff, wanted);
        steps.map_err(|error| corrupt(self.dossier.id, &error))
    }
}

fn corrupt(id: DossierId, error: &impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(format!("hồ sơ {id}: {error}"))
}

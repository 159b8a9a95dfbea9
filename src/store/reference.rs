//! What rarely changes, read once and kept: units, procedures, calendar.
//!
//! An import counts the version up in the database; every instance notices at its next use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use crate::domain::calendar::Calendar;
use crate::domain::dossier::{Dossier, HeldItem};
use crate::domain::ids::{FieldId, ProcedureId, UnitId};
use crate::domain::job::Kind;
use crate::domain::norms::Norms;
use crate::domain::office_hours::OfficeHours;
use crate::domain::person::Ways;
use crate::domain::procedure::{Procedure, ProcedureCode};
use crate::domain::timetable::Timetable;
use crate::domain::unit::Units;
use crate::store::locks::Lock;
use crate::store::procedures::Field;
use crate::store::settings::{self, Stamp};
use crate::store::{
    Conn, Store, StoreError, WriteFailure, calendar, jobs, migrate, procedures, units,
};

/// Units, procedures and calendar as of one version.
pub struct Reference {
    version: u64,
    units: Units,
    procedures: HashMap<ProcedureId, Arc<Procedure>>,
    by_code: HashMap<String, Vec<Arc<Procedure>>>,
    /// Each as it is in its cases.
    in_cases: HashMap<ProcedureId, Vec<Arc<Procedure>>>,
    fields: HashMap<FieldId, Field>,
    /// Made once, on first start.
    look_up_key: String,
    calendar: Option<Calendar>,
    default_timetable: Option<Arc<Timetable>>,
    /// Of the units whose hours differ.
    timetables: HashMap<UnitId, Arc<Timetable>>,
    norms: Norms,
    due_out_of_date: bool,
    moving: Vec<UnitId>,
    /// Of the settings, as are the next.
    ways: Ways,
    hours: OfficeHours,
}

impl Reference {
    /// Reads everything.
    pub fn load(conn: &mut Conn, hours: &OfficeHours) -> Result<Self, StoreError> {
        let units = units::load(conn)?;
        let procedures: HashMap<_, _> = procedures::load(conn)?
            .into_iter()
            .map(|p| (p.id, Arc::new(p)))
            .collect();
        let mut by_code: HashMap<_, Vec<_>> = HashMap::new();
        let mut in_cases: HashMap<_, Vec<_>> = HashMap::new();
        for procedure in procedures.values() {
            let cases = procedure.definition.cases.iter();
            let cases = cases.filter_map(|case| procedure.in_case(&case.code).map(Arc::new));
            let cases: Vec<_> = cases.collect();
            if !cases.is_empty() {
                in_cases.insert(procedure.id, cases);
            }
            let code = procedure.definition.code.clone();
            by_code.entry(code).or_default().push(Arc::clone(procedure));
        }
        let days = calendar::load(conn)?;
        let calendar = match days.is_empty() {
            true => None,
            false => {
                Some(Calendar::new(days).map_err(|error| StoreError::corrupt(error.to_string()))?)
            }
        };
        let mut timetables = HashMap::new();
        let mut default_timetable = None;
        if let Some(calendar) = &calendar {
            default_timetable = Some(Arc::new(Timetable::new(calendar, hours)));
            for unit in units.all() {
                if let Some(hours) = &unit.office_hours {
                    timetables.insert(unit.id, Arc::new(Timetable::new(calendar, hours)));
                }
            }
        }
        let open = jobs::open(conn)?;
        Ok(Self {
            due_out_of_date: open.iter().any(|job| job.kind == Kind::DueMoments),
            moving: jobs::moving_units(&open),
            version: settings::reference_version(conn)?,
            units,
            procedures,
            by_code,
            in_cases,
            fields: procedures::load_fields(conn)?,
            look_up_key: settings::get(conn, settings::LOOKUP_KEY)?.unwrap_or_default(),
            calendar,
            default_timetable,
            timetables,
            norms: norms(conn)?,
            ways: Ways::ALL,
            hours: hours.clone(),
        })
    }

    /// By what people can be told here.
    pub const fn ways(&self) -> Ways {
        self.ways
    }

    /// When a unit is open, as its door says it.
    pub fn office_hours(&self, unit: UnitId) -> &OfficeHours {
        let own = self.units.get(unit);
        own.and_then(|unit| unit.office_hours.as_ref())
            .unwrap_or(&self.hours)
    }

    /// What the norms say, by the day of receipt.
    pub const fn norms(&self) -> &Norms {
        &self.norms
    }

    /// Counts up with every import.
    pub const fn version(&self) -> u64 {
        self.version
    }

    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Whether a dossier of that unit lies within `root` today, with the archives of what it goes on with.
    pub fn reaches(&self, unit: UnitId, root: UnitId) -> bool {
        self.units.reaches(unit, root, crate::clock::now().date())
    }

    /// The units whose dossiers lie within `root` today, by id.
    pub fn reached_by(&self, root: UnitId) -> Vec<UnitId> {
        self.units.reached_by(root, crate::clock::now().date())
    }

    pub fn procedure(&self, id: ProcedureId) -> Option<&Arc<Procedure>> {
        self.procedures.get(&id)
    }

    /// A version as it is in a case; without one, or if it has no such case, as it is for all.
    pub fn procedure_in_case(
        &self,
        id: ProcedureId,
        case: Option<&str>,
    ) -> Option<&Arc<Procedure>> {
        let cases = self.in_cases.get(&id).map_or(&[][..], Vec::as_slice);
        let mut cases = cases.iter();
        cases
            .find(|procedure| case.is_some() && procedure.case.as_deref() == case)
            .or_else(|| self.procedure(id))
    }

    /// The version and case under which a paper was handed in.
    pub fn procedure_held_under(&self, held: &HeldItem) -> Option<&Procedure> {
        let version = self.procedure_in_case(held.under, held.case.as_deref());
        version.map(|version| &**version)
    }

    /// The version under which a dossier is, as it is in the dossier's case.
    pub fn procedure_of(&self, dossier: &Dossier) -> Option<&Arc<Procedure>> {
        self.procedure_in_case(dossier.procedure, dossier.contents.case.as_deref())
    }

    /// The version of the procedure in force on that day; province and case in the code make no difference.
    pub fn procedure_in_force(&self, code: &str, on: NaiveDate) -> Option<&Arc<Procedure>> {
        self.by_code
            .get(ProcedureCode::base_of(code).as_ref())?
            .iter()
            .find(|p| p.definition.is_in_force_on(on))
    }

    /// All versions of the procedure, in no particular order.
    pub fn versions(&self, code: &str) -> &[Arc<Procedure>] {
        let versions = self.by_code.get(ProcedureCode::base_of(code).as_ref());
        versions.map_or(&[], Vec::as_slice)
    }

    /// All versions of all procedures, by id.
    pub fn procedures(&self) -> Vec<&Arc<Procedure>> {
        let mut all: Vec<_> = self.procedures.values().collect();
        all.sort_by_key(|procedure| procedure.id);
        all
    }

    pub fn field_name(&self, id: FieldId) -> &str {
        self.fields.get(&id).map_or("", |field| field.name.as_str())
    }

    /// The national portal's own code of a field, where it is known.
    pub fn portal_code(&self, id: FieldId) -> Option<&str> {
        self.fields.get(&id)?.portal_code.as_deref()
    }

    pub fn fields(&self) -> &HashMap<FieldId, Field> {
        &self.fields
    }

    /// Hexadecimal key of the look-up codes.
    pub fn look_up_key(&self) -> &str {
        &self.look_up_key
    }

    /// `None` while no calendar was imported.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.calendar.as_ref()
    }

    /// Whether open dossiers may still have the due moments of an older calendar.
    pub const fn due_out_of_date(&self) -> bool {
        self.due_out_of_date
    }

    /// Units some of whose dossiers may still be listed under the area that was theirs before.
    pub fn moving(&self) -> &[UnitId] {
        &self.moving
    }

    /// The opening hours of a unit over the calendar; `None` while no calendar was imported.
    pub fn timetable(&self, unit: UnitId) -> Option<&Arc<Timetable>> {
        self.timetables
            .get(&unit)
            .or(self.default_timetable.as_ref())
    }
}

/// The office's own norms, or those that are compiled in.
fn norms(conn: &mut Conn) -> Result<Norms, StoreError> {
    let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt(format!("norms: {error}"));
    match settings::get(conn, settings::NORMS)? {
        None => Norms::bundled().map_err(|error| corrupt(&error)),
        Some(json) => {
            let changes = Norms::read(json.as_bytes()).map_err(|error| corrupt(&error))?;
            Norms::new(&changes).map_err(|error| corrupt(&error))
        }
    }
}

/// Keeps the newest [`Reference`].
pub(super) struct ReferenceCache {
    hours: OfficeHours,
    ways: Ways,
    kept: Mutex<Option<Arc<Reference>>>,
    /// A newer program has migrated the database: nothing is written any more.
    outdated: AtomicBool,
}

impl ReferenceCache {
    pub(super) const fn new(hours: OfficeHours, ways: Ways) -> Self {
        Self {
            hours,
            ways,
            kept: Mutex::new(None),
            outdated: AtomicBool::new(false),
        }
    }

    fn load(&self, conn: &mut Conn) -> Result<Arc<Reference>, StoreError> {
        let loaded = Reference::load(conn, &self.hours)?;
        Ok(Arc::new(Reference {
            ways: self.ways,
            ..loaded
        }))
    }

    /// Whether this program may write.
    ///
    /// # Errors
    /// If it has seen that the database is a newer one's.
    pub(super) fn ensure_current(&self) -> Result<(), StoreError> {
        match self.outdated.load(Ordering::Relaxed) {
            true => Err(StoreError::Outdated("đang nâng cấp".to_owned())),
            false => Ok(()),
        }
    }

    /// The version of the reference data; looks at the schema's by the way. Nobody goes back from a newer
    /// schema but by another start.
    fn version(&self, conn: &mut Conn) -> Result<u64, StoreError> {
        let (version, schema) = settings::reference_and_schema(conn)?;
        self.look_at_schema(schema);
        Ok(version)
    }

    fn look_at_schema(&self, schema: Option<String>) {
        let newer = schema.is_some_and(|schema| schema > *migrate::KNOWN);
        if newer && !self.outdated.swap(true, Ordering::Relaxed) {
            tracing::error!("the database belongs to a newer program: nothing is written any more");
        }
    }

    /// Units, procedures and calendar as a transaction that writes sees them. What it sees may be
    /// undone with it, so nothing of that is kept.
    fn within_write(&self, conn: &mut Conn) -> Result<Arc<Reference>, StoreError> {
        let version = self.version(conn)?;
        self.ensure_current()?;
        if let Some(kept) = self.kept().filter(|kept| kept.version == version) {
            return Ok(kept);
        }
        self.load(conn)
    }

    /// Those that were read last; they may have changed since.
    fn kept(&self) -> Option<Arc<Reference>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(Arc::clone)
    }

    /// Units, procedures and calendar as a transaction that only reads sees them.
    fn current(&self, conn: &mut Conn) -> Result<Arc<Reference>, StoreError> {
        let version = self.version(conn)?;
        if let Some(kept) = self.kept().filter(|kept| kept.version == version) {
            return Ok(kept);
        }
        let loaded = self.load(conn)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept
            .as_ref()
            .is_none_or(|kept| kept.version < loaded.version)
        {
            *kept = Some(Arc::clone(&loaded));
        }
        Ok(loaded)
    }
}

impl Store {
    /// Units, procedures and calendar as they are now.
    pub fn reference(&self) -> Result<Arc<Reference>, StoreError> {
        self.read(|conn| self.inner.reference.current(conn))
    }

    /// [`Store::read`] with the reference data of the same snapshot.
    pub fn read_with_reference<T, E>(
        &self,
        work: impl FnOnce(&mut Conn, &Reference) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<diesel::result::Error>,
    {
        self.read(|conn| {
            let reference = self.inner.reference.current(conn)?;
            work(conn, &reference)
        })
    }

    /// Runs a single statement that also reads which version the reference data have, and returns what it
    /// found with the reference data of that version: one round trip, where a snapshot costs four.
    pub(super) fn read_stamped<T>(
        &self,
        statement: impl Fn(&mut Conn) -> Result<Option<(Stamp, T)>, StoreError>,
    ) -> Result<Option<(Arc<Reference>, T)>, StoreError> {
        let cache = &self.inner.reference;
        let Some(((version, schema), found)) = self.read_one(&statement)? else {
            return Ok(None);
        };
        cache.look_at_schema(schema);
        let version = version.and_then(|text| text.parse().ok()).unwrap_or(0);
        if let Some(kept) = cache.kept().filter(|kept| kept.version == version) {
            return Ok(Some((kept, found)));
        }
        // They have changed: both of one moment.
        self.read(|conn| {
            let reference = cache.current(conn)?;
            Ok(statement(conn)?.map(|(_, found)| (reference, found)))
        })
    }

    /// [`Store::write`] with reference data that stay as they are until it is committed.
    pub fn write_with_reference<T, E>(
        &self,
        work: impl Fn(&mut Conn, &Reference) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        self.write_under(|conn| Lock::Reference.shared(conn), work)
    }

    /// The same for work that changes reference data: one at a time, and nobody relies on them
    /// meanwhile.
    pub fn change_reference<T, E>(
        &self,
        work: impl Fn(&mut Conn, &Reference) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        self.write_under(|conn| Lock::Reference.exclusive(conn), work)
    }

    fn write_under<T, E>(
        &self,
        lock: fn(&mut Conn) -> Result<(), StoreError>,
        work: impl Fn(&mut Conn, &Reference) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        let cache = Arc::clone(&self.inner.reference);
        self.write(move |conn| {
            lock(conn)?;
            let reference = cache.within_write(conn)?;
            work(conn, &reference)
        })
    }

    /// The opening hours of units that have none of their own.
    pub fn default_hours(&self) -> &OfficeHours {
        &self.inner.reference.hours
    }
}

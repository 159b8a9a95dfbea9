//! What supervisors ask for: on-time rates, form II.06a, the CCHC report's paragraph, satisfaction.
//! All counts of dossiers come from the roll-ups, in one snapshot; nothing here walks over dossiers but the list of those
//! that were closed late, and the time that was spent in steps.

pub mod by;
pub mod by_step;
pub mod cchc;
pub mod closed_late;
pub mod compare;
pub mod fees;
pub mod form_06a;
pub mod names;
pub mod on_time;
pub mod parameters;
pub mod satisfaction;
pub mod standings;
pub mod table;

use crate::error::Error;
use crate::render;
use crate::render::sheet::Sheet;
use crate::reports::by_step::BySteps;
use crate::reports::cchc::Cchc;
use crate::reports::closed_late::ClosedLate;
use crate::reports::fees::Fees;
use crate::reports::form_06a::Form06a;
use crate::reports::on_time::OnTime;
use crate::reports::parameters::Parameters;
use crate::reports::satisfaction::Satisfaction;
use crate::store::Store;

/// A report. From what it declares come the command `motcua report NAME`, the route
/// `/api/v1/reports/NAME`, and the documents of both.
pub trait Report: Sized + Send + 'static {
    /// ASCII, as it stands in an address.
    const NAME: &'static str;
    /// What it is, in Vietnamese; a sentence.
    const ABOUT: &'static str;
    /// What its rows may be, the default first; empty if that is no choice.
    const BY: &'static [&'static str] = &[];
    /// Whether it can be made of a unit and what is under it.
    const OF_A_UNIT: bool = true;
    /// Whether it can be made of one procedure.
    const OF_A_PROCEDURE: bool = false;
    /// Whether it can be compared with what was printed.
    const COMPARES: bool = false;

    /// The report as programs read it: its JSON and the schema of that.
    type Json: serde::Serialize + utoipa::ToSchema;

    /// Makes it.
    ///
    /// # Errors
    /// A parameter that it cannot be made for, or an error of the store.
    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error>;

    fn json(&self) -> Self::Json;

    fn sheet(&self) -> Sheet;

    /// For people, in Vietnamese.
    fn to_text(&self) -> String {
        render::text(&self.sheet())
    }

    /// Comma-separated values with a head line, for scripts: single rows only, so that they add up.
    fn to_csv(&self) -> String {
        render::csv(&self.sheet())
    }

    /// In one of the forms in which it leaves the program; JSON in one line.
    ///
    /// # Errors
    /// If it cannot be written so.
    fn render(&self, format: render::Format) -> Result<Vec<u8>, render::RenderError> {
        match render::of_sheet(&self.sheet(), format)? {
            Some(bytes) => Ok(bytes),
            None => Ok(render::json(&self.json())?.into_bytes()),
        }
    }
}

/// Who has something to do with every report.
pub trait Visitor {
    fn visit<R: Report>(&mut self);
}

/// The list of reports: a new one is a file of its own and a line here.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<Cchc>();
    visitor.visit::<OnTime>();
    visitor.visit::<Form06a>();
    visitor.visit::<Satisfaction>();
    visitor.visit::<ClosedLate>();
    visitor.visit::<BySteps>();
    visitor.visit::<Fees>();
}

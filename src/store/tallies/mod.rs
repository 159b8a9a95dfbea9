//! Counts for reports: the deltas that events write, and the roll-ups they are folded into.
//!
//! A report sums roll-ups and the deltas not yet folded, in one snapshot, so it is exact at every
//! moment. No write touches a counter that another write needs.

mod deltas;
mod query;
mod rollups;

pub use crate::store::tallies::deltas::{count_endings, insert_deltas, insert_late, late, waiting};
pub use crate::store::tallies::query::{Counted, Counts, Sums, count};
pub use crate::store::tallies::rollups::{
    RollupKey, RollupRows, add_rows, add_to_rollups, count_by_unit, effective_rollups, fold,
    remove_empty, spread,
};

use crate::domain::tally::{Tally, TallyKey};
use crate::store::StoreError;
use crate::store::reference::Reference;

/// By what the roll-ups are kept. Each has a key and a subkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Level, channel.
    LevelChannel = 1,
    /// Unit, 0.
    Unit = 2,
    /// Field, level.
    FieldLevel = 3,
    /// Procedure version, 0.
    Procedure = 4,
    /// Unit, procedure version.
    UnitProcedure = 6,
    /// Unit, channel.
    UnitChannel = 7,
}

impl Dimension {
    /// 5 was unit, field.
    pub const ALL: [Self; 6] = [
        Self::LevelChannel,
        Self::Unit,
        Self::FieldLevel,
        Self::Procedure,
        Self::UnitProcedure,
        Self::UnitChannel,
    ];

    /// What migration 0036 has added.
    const ADDED: [Self; 2] = [Self::UnitProcedure, Self::UnitChannel];

    /// Whether the key is a unit.
    const fn is_by_unit(self) -> bool {
        matches!(self, Self::Unit | Self::UnitProcedure | Self::UnitChannel)
    }

    /// Key and subkey of a change.
    fn key(self, of: &TallyKey, reference: &Reference) -> Result<(i32, i32), StoreError> {
        let level = || {
            let unit = reference.units().get(of.unit);
            unit.map(|unit| i32::from(unit.level.code()))
                .ok_or_else(|| StoreError::corrupt(format!("không có đơn vị {}", of.unit)))
        };
        let field = || {
            let procedure = reference.procedure(of.procedure);
            procedure
                .map(|p| p.field_id.0)
                .ok_or_else(|| StoreError::corrupt(format!("không có thủ tục {}", of.procedure)))
        };
        Ok(match self {
            Self::LevelChannel => (level()?, i32::from(of.channel.code())),
            Self::Unit => (of.unit.0, 0),
            Self::FieldLevel => (field()?, level()?),
            Self::Procedure => (of.procedure.0, 0),
            Self::UnitProcedure => (of.unit.0, of.procedure.0),
            Self::UnitChannel => (of.unit.0, i32::from(of.channel.code())),
        })
    }
}

/// The counters of a table, in the order of [`Tally::to_array`].
macro_rules! counters {
    ($table:ident) => {
        (
            $table::received_direct,
            $table::received_online,
            $table::received_postal,
            $table::early,
            $table::on_time,
            $table::overdue,
            $table::crossed,
            $table::moved,
            $table::received_elsewhere,
            $table::received_for_others,
            $table::passed_on_late,
            $table::refused,
            $table::stopped,
            $table::withdrawn,
            $table::left_out,
            $table::left_out_overdue,
        )
    };
}
use counters;

/// What [`counters!`] reads.
type Counters<N> = (N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N);

fn tally<N: Into<i64>>(counters: Counters<N>) -> Tally {
    let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = counters;
    Tally::from_array([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p].map(Into::into))
}

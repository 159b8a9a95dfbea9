//! What the rows of a report may be.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::enums::text_enum;

text_enum! {
    /// What the rows of an on-time report are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum By {
        Level = "level",
        Unit = "unit",
        Field = "field",
        Procedure = "procedure",
        Channel = "channel",
        /// Reporting months, from the 15th to the 14th.
        Month = "month",
    }
}

text_enum! {
    /// What the rows of a report on fees are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum FeesBy {
        Unit = "unit",
        Procedure = "procedure",
        /// The way of payment.
        Method = "method",
    }
}

text_enum! {
    /// What the rows of a report on what was closed late are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum LateBy {
        /// Who had it in hand when it was closed.
        Officer = "officer",
        Dossier = "dossier",
    }
}

text_enum! {
    /// What the rows of a report on time in steps are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum StepsBy {
        /// A step of a procedure.
        Step = "step",
        /// The unit that had it on its desk.
        Unit = "unit",
    }
}

text_enum! {
    /// What the rows of a satisfaction report are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum SatisfactionBy {
        Unit = "unit",
        Procedure = "procedure",
        /// Who was in charge of the dossier when its result was given out.
        Officer = "officer",
    }
}

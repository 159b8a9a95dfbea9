//! What becomes of money that a payment gateway has told of.

use serde::{Deserialize, Serialize};

use crate::domain::enums::code_enum;

code_enum! {
    /// How a payment stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum PaymentState {
        /// Recorded, not yet matched.
        Received = 1,
        /// Taken for what is owed for a dossier.
        Taken = 2,
        /// It fits nothing; people decide.
        Unmatched = 3,
        /// Paid back, as people say.
        PaidBack = 4,
    }
}

code_enum! {
    /// Why a payment fits nothing.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Misfit {
        /// No dossier has that number.
        UnknownDossier = 1,
        /// Another amount than is owed.
        OtherAmount = 2,
        /// Nothing is owed: it was paid at the desk, say.
        NothingOwed = 3,
        /// The dossier is not received.
        NotReceived = 4,
        /// The dossier was withdrawn or stopped.
        Closed = 5,
        /// The gateway told something else under the same number before.
        TransactionReused = 6,
        /// The rules refuse it for another reason.
        Refused = 7,
        /// The dossier's history cannot be read.
        Unreadable = 8,
        /// It names more than one dossier.
        SeveralDossiers = 9,
    }
}

code_enum! {
    /// What people do about a payment.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum PaymentAct {
        Taken = 1,
        PaidBack = 2,
        Noted = 3,
    }
}

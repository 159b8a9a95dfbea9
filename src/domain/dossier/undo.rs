//! Who may take back what: the one table. A clerk takes back what clerks enter; what an officer has
//! decided, only those who decide. There is no limit in time: a mistake is mended when somebody
//! notices it, with its reason, and counts on that day.

use Role::{Clerk, Officer, Supervisor};

use crate::domain::dossier::{ActionKind, Status, UndoneWithin};
use crate::domain::role::Role;

/// The actions that can be taken back, the status that each leaves, and whose it is to do so.
const TABLE: [(ActionKind, Status, &[Role]); 7] = [
    (
        ActionKind::NotReceive,
        Status::NotReceived,
        &[Clerk, Officer, Supervisor],
    ),
    (
        ActionKind::Return,
        Status::Returned,
        &[Clerk, Officer, Supervisor],
    ),
    (
        ActionKind::Withdraw,
        Status::Withdrawn,
        &[Clerk, Officer, Supervisor],
    ),
    (ActionKind::Finish, Status::Done, &[Officer, Supervisor]),
    (ActionKind::Stop, Status::Stopped, &[Officer, Supervisor]),
    (
        ActionKind::RequestSupplement,
        Status::SupplementRequested,
        &[Officer, Supervisor],
    ),
    (
        ActionKind::RequestPayment,
        Status::PaymentRequested,
        &[Officer, Supervisor],
    ),
];

/// What would be taken back of a dossier in that status, and by whom; of one that goes on, papers that came as the last thing
/// (`supplement`), else an apology by which it has an `appointment`.
pub fn undoable(
    status: Status,
    appointment: bool,
    supplement: bool,
) -> Option<(ActionKind, &'static [Role])> {
    if matches!(status, Status::Received | Status::InProgress) {
        return match (supplement, appointment) {
            (true, _) => Some((ActionKind::TakeSupplement, &[Clerk, Officer, Supervisor])),
            (false, true) => Some((ActionKind::Reappoint, &[Officer, Supervisor])),
            (false, false) => None,
        };
    }
    let mut rows = TABLE.iter();
    let row = rows.find(|(_, left, _)| *left == status);
    row.map(|(action, _, roles)| (*action, *roles))
}

/// What the undoing of an action says beside its reason.
pub const fn undone_within(action: ActionKind) -> Option<UndoneWithin> {
    match action {
        ActionKind::RequestPayment => Some(UndoneWithin::PaymentRequest),
        ActionKind::Reappoint => Some(UndoneWithin::Appointment),
        ActionKind::TakeSupplement => Some(UndoneWithin::SupplementTaken),
        _ => None,
    }
}

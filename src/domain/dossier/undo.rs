//! Who may take back what: the one table. A clerk takes back what clerks enter; what an officer has
//! decided, only those who decide. There is no limit in time: a mistake is mended when somebody
//! notices it, with its reason, and counts on that day.

use Role::{Clerk, Officer, Supervisor};

use crate::domain::dossier::{ActionKind, Status};
use crate::domain::role::Role;

/// The actions that can be taken back, the status that each leaves, and whose it is to do so.
const TABLE: [(ActionKind, Status, &[Role]); 6] = [
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
];

/// What would be taken back of a dossier in that status, and by whom.
pub fn undoable(status: Status) -> Option<(ActionKind, &'static [Role])> {
    let mut rows = TABLE.iter();
    let row = rows.find(|(_, left, _)| *left == status);
    row.map(|(action, _, roles)| (*action, *roles))
}

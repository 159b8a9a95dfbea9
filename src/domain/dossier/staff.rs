//! Who of the staff acts on a dossier, as far as the rules ask.

use crate::domain::procedure::{Procedure, Step};
use crate::domain::role::Role;

/// A member of staff before a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff<'a> {
    pub role: Role,
    /// The unit that has the dossier on its desk is theirs, or under theirs.
    pub reaches_holder: bool,
    /// The roles of those for whom they stand in on that day and whose unit has it.
    pub stands_in_for: &'a [Role],
}

impl Staff<'_> {
    /// Whether a step is theirs to do: the role is theirs, or that of somebody for whom they stand in.
    pub fn does(&self, step: &Step) -> bool {
        (self.reaches_holder && self.role.does(step.role))
            || self.stands_in_for.iter().any(|role| role.does(step.role))
    }
}

/// Whether only somebody for whom they stand in could make that step theirs.
pub fn needs_a_principal(
    procedure: &Procedure,
    step: u8,
    role: Role,
    reaches_holder: bool,
) -> bool {
    let alone = Staff {
        role,
        reaches_holder,
        stands_in_for: &[],
    };
    let steps = &procedure.definition.workflow;
    let at_hand = steps.get(usize::from(step));
    at_hand.is_some_and(|step| !alone.does(step))
}

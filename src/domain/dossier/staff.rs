//! Who of the staff acts on a dossier, as far as the rules ask.

use crate::domain::dossier::ActionKind;
use crate::domain::ids::{UnitId, UserId};
use crate::domain::procedure::{Procedure, Step};
use crate::domain::role::Role;

/// A member of staff before a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff<'a> {
    pub role: Role,
    /// The unit that answers for the dossier, or that has it, is theirs or under theirs; not only the desk that took
    /// it in for another unit.
    pub competent: bool,
    /// The unit that has the dossier on its desk is theirs, or under theirs.
    pub reaches_holder: bool,
    /// The dossier was given to them.
    pub is_given_it: bool,
    /// Those for whom they stand in on that day and whose unit has it.
    pub stands_in_for: &'a [Principal],
    /// To whom the dossier was given.
    pub assignee: Option<UserId>,
}

/// Somebody for whom somebody else stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub role: Role,
}

impl Staff<'_> {
    /// Somebody before what is on nobody's desk yet.
    pub const fn new(role: Role) -> Self {
        Self {
            role,
            competent: true,
            reaches_holder: true,
            is_given_it: false,
            stands_in_for: &[],
            assignee: None,
        }
    }

    /// Whether the action is for their role and unit to do, which takes back another one if it is undoing.
    pub fn is_for_them(&self, kind: ActionKind, undoes: Option<ActionKind>) -> bool {
        let permission = kind.permission();
        permission.is_some_and(|permission| self.role.may(permission))
            && (self.competent || undoes.unwrap_or(kind).is_at_the_counter())
    }

    /// Whether a step is theirs to do: the role is theirs, or that of somebody for whom they stand in.
    pub fn does(&self, step: &Step) -> bool {
        (self.reaches_holder && self.role.does(step.role))
            || self
                .stands_in_for
                .iter()
                .any(|principal| principal.role.does(step.role))
    }

    /// For whom they act, where not for themselves: for whoever has the dossier, or else whoever makes the step theirs.
    /// What is done at the counter is done by who stands there.
    pub fn acts_for(&self, kind: ActionKind, at_hand: Option<&Step>) -> Option<UserId> {
        if kind.is_at_the_counter() || self.is_given_it {
            return None;
        }
        let mut principals = self.stands_in_for.iter();
        let holds = |principal: &&Principal| Some(principal.user) == self.assignee;
        let holder = principals.clone().find(holds);
        let of_step = || {
            let alone = Self {
                stands_in_for: &[],
                ..*self
            };
            let step = at_hand.filter(|step| !alone.does(step))?;
            principals.find(|principal| principal.role.does(step.role))
        };
        Some(holder.or_else(of_step)?.user)
    }

    /// Whether they may say who has the dossier in hand, within the step: whoever has it, a supervisor of where it
    /// is, or who stands in for one of these.
    pub fn changes_hands(&self) -> bool {
        let supervises = matches!(self.role, Role::Supervisor) && self.reaches_holder;
        let stands_in = |principal: &Principal| {
            principal.role == Role::Supervisor || Some(principal.user) == self.assignee
        };
        self.is_given_it || supervises || self.stands_in_for.iter().any(stands_in)
    }
}

/// The units whose it is to handle a dossier: on its way it lies on the desk that is not the competent one.
pub const fn competent_units(unit: UnitId, holder: UnitId, has_reached: bool) -> [UnitId; 2] {
    match has_reached {
        true => [unit, holder],
        false => [unit; 2],
    }
}

/// Whether only somebody for whom they stand in could make that step theirs, or the dossier theirs to give.
pub fn needs_a_principal(
    procedure: &Procedure,
    step: u8,
    role: Role,
    reaches_holder: bool,
    is_given_to_another: bool,
) -> bool {
    if is_given_to_another && role != Role::Supervisor {
        return true;
    }
    let alone = Staff {
        reaches_holder,
        ..Staff::new(role)
    };
    let steps = &procedure.definition.workflow;
    let at_hand = steps.get(usize::from(step));
    at_hand.is_some_and(|step| !alone.does(step))
}

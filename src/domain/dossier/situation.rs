//! What may be done to a dossier now, and by whom: what pages offer, and what a refusal names instead.

use crate::domain::dossier::fees::{is_requested, settled};
use crate::domain::dossier::{
    ActionKind, Contents, Decision, Dossier, SettledFee, Staff, Status, undoable,
};
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::procedure::Procedure;
use crate::domain::unit::Units;

/// What of a dossier says who may do what to it now.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub status: Status,
    pub decision: Option<Decision>,
    /// Papers that were asked for came, and nothing else was done since.
    pub supplement: bool,
    /// To when it was appointed anew with an apology, if that holds.
    pub appointment: Option<Moment>,
    pub step: u8,
    pub contents: &'a Contents,
    /// The version under which it was received.
    pub procedure: &'a Procedure,
    /// The units that have to do with it.
    pub units: [UnitId; 3],
}

impl<'a> Situation<'a> {
    pub fn of(dossier: &'a Dossier, procedure: &'a Procedure) -> Self {
        Self {
            status: dossier.status,
            decision: dossier.decision,
            supplement: dossier.before_supplement.is_some(),
            appointment: dossier.appointment,
            step: dossier.step,
            contents: &dossier.contents,
            procedure,
            units: dossier.units(),
        }
    }

    /// What `by` may do now (`None`: whoever is restricted by no role), in the order of the table. That something is
    /// offered says nothing of what it brings with it: a reason, a moment, a paper.
    pub fn offers(&self, by: Option<&Staff<'_>>, units: &Units) -> Vec<ActionKind> {
        let all = ActionKind::ALL.iter().copied();
        all.filter(|kind| self.allows(*kind, by, units)).collect()
    }

    /// Whether nothing of status, role, unit, step and what was done before stands in the way.
    pub fn allows(&self, kind: ActionKind, by: Option<&Staff<'_>>, units: &Units) -> bool {
        kind.is_by_people()
            && kind.is_allowed_from(Some(self.status))
            && by.is_none_or(|staff| staff.is_for_them(kind, self.undoes(kind)))
            && match kind {
                ActionKind::Reach => !self.contents.has_reached(),
                _ => self.contents.has_reached() || !kind.is_handling(),
            }
            && match kind {
                ActionKind::HandOver => self.can_be_handed_over(by),
                ActionKind::Assign => self.can_be_given(by),
                ActionKind::Reappoint => !self.contents.apologised,
                ActionKind::Verify => {
                    let second = self.procedure.definition.verification_limit;
                    second.is_some() && self.contents.verification.is_none()
                }
                ActionKind::CancelWaiver => {
                    let mut settled = self.contents.settled_fees.iter();
                    settled.any(SettledFee::is_waived)
                }
                ActionKind::CorrectCase => {
                    !self.procedure.definition.cases.is_empty()
                        && self.contents.verification.is_none()
                }
                ActionKind::Undo => self.can_be_undone(by),
                ActionKind::CollectFees | ActionKind::SetFees => self.owes(false),
                ActionKind::WaiveFee => self.owes(true),
                ActionKind::RefundFees => self.contents.kept_vnd() > 0,
                ActionKind::CancelRefund => {
                    let fees = &self.procedure.definition.fees;
                    self.contents.refund_to_take_back(fees).is_ok()
                }
                ActionKind::MoveToSuccessor => {
                    self.units.iter().any(|unit| units.has_successors(*unit))
                }
                _ => true,
            }
    }

    /// Whether `by` may grant the request now.
    pub fn may_be_granted(&self, by: Option<&Staff<'_>>, units: &Units) -> bool {
        let (at_hand, deciding) = (usize::from(self.step), self.procedure.deciding_step());
        self.allows(ActionKind::Finish, by, units)
            && (at_hand > deciding || (at_hand == deciding && self.does_step(by)))
    }

    fn does_step(&self, by: Option<&Staff<'_>>) -> bool {
        let steps = &self.procedure.definition.workflow;
        let at_hand = steps.get(usize::from(self.step));
        by.is_none_or(|staff| at_hand.is_none_or(|step| staff.does(step)))
    }

    fn can_be_handed_over(&self, by: Option<&Staff<'_>>) -> bool {
        let on = usize::from(self.step) + 1 < self.procedure.step_count();
        let given = by.is_none_or(|staff| staff.is_given_it);
        match self.step {
            0 => on && self.does_step(by),
            _ => given || self.does_step(by),
        }
    }

    /// Within the step: what nobody has is taken by whose the step is.
    fn can_be_given(&self, by: Option<&Staff<'_>>) -> bool {
        by.is_none_or(|staff| {
            staff.changes_hands() || (staff.assignee.is_none() && self.does_step(by))
        })
    }

    /// What would be taken back by that action.
    pub fn undoes(&self, kind: ActionKind) -> Option<ActionKind> {
        let undoable = undoable(self.status, self.appointment.is_some(), self.supplement);
        let (action, _) = undoable.filter(|_| kind == ActionKind::Undo)?;
        Some(action)
    }

    fn can_be_undone(&self, by: Option<&Staff<'_>>) -> bool {
        undoable(self.status, self.appointment.is_some(), self.supplement)
            .is_some_and(|(_, roles)| by.is_none_or(|staff| roles.contains(&staff.role)))
    }

    /// Whether a fee is not settled yet; one that the clock stands for is not collected, only waived.
    fn owes(&self, requested_too: bool) -> bool {
        if self.status.is_free_now(self.decision) {
            return false;
        }
        let all = &self.procedure.definition.fees;
        let fees = (0_u16..).zip(all);
        let mut open = fees.filter(|(fee, _)| settled(self.contents, all, *fee).is_none());
        open.any(|(fee, _)| requested_too || !is_requested(self.contents, all, fee))
    }
}

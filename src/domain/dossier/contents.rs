//! What a dossier holds: papers that were handed in, fees that are settled or asked for; and how it came to the
//! unit that resolves it. Few kinds of events say anything of it, so it can be told without replaying the others.

use crate::domain::dossier::{
    EventData, FeeTerms, HeldItem, ItemHandedIn, OtherHeld, PaymentMethod, Refund, ReplayError,
    SettledFee, Settlement, Submission, UndoneWithin,
};
use crate::domain::ids::ProcedureId;
use crate::domain::moment::Moment;
use crate::domain::time_limit::TimeLimit;

/// Papers and fees of a dossier, and by which limit it is due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// Number of sets handed in.
    pub sets: u16,
    /// Papers handed in so far.
    pub items: Vec<HeldItem>,
    /// Fees collected or waived so far, by position among the procedure's fees.
    pub settled_fees: Vec<SettledFee>,
    /// On what terms fees are owed, the last said last.
    pub fee_terms: Vec<FeeTerms>,
    /// All that was paid, in đồng, whatever was paid back since.
    pub paid_vnd: u64,
    /// What was paid back, oldest first.
    pub refunds: Vec<Refund>,
    /// What is to be paid while the clock stands for it, in đồng.
    pub payment_requested: Option<u64>,
    /// The fees for which it is, by position; none: a free amount.
    pub requested_fees: Vec<u16>,
    /// On what terms they were said to be owed with it.
    requested_terms: Vec<FeeTerms>,
    /// The case of the procedure (trường hợp) in which it is.
    pub case: Option<String>,
    /// The limit that holds: that of its receipt, or the second one since verification was needed.
    pub limit: Option<TimeLimit>,
    /// Why its return date is the one that was named, where the procedure sets no limit.
    pub due_reason: Option<String>,
    /// How it is passed on to the competent unit, if another desk took it in and that takes time.
    pub passing_on: Option<PassingOn>,
    /// Why verification is needed, if it is.
    pub verification: Option<String>,
    /// It has been apologised for within this limit, and appointed anew.
    pub apologised: bool,
    /// It moved with its unit, or a closing of it was taken back: reports have it in columns of several days since.
    pub counts_elsewhere: bool,
    /// How it was before papers came that were asked for, while nothing else has been done since.
    pub before_supplement: Option<Box<BeforeSupplement>>,
    /// When it was submitted online; `None`: it was not.
    pub registered_at: Option<Moment>,
}

/// What is restored if papers that came turn out to be another dossier's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeSupplement {
    /// When they came.
    pub taken_at: Moment,
    items: Vec<HeldItem>,
    apologised: bool,
}

/// A dossier's way from the desk where it was handed in to the unit that resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassingOn {
    /// When it has to be there.
    pub by: Moment,
    /// When it came; `None` while it is on its way.
    pub reached: Option<Moment>,
}

impl PassingOn {
    /// Whether it came late, or is late `now`.
    pub fn is_late(&self, now: Moment) -> bool {
        self.reached.unwrap_or(now) > self.by
    }
}

impl Contents {
    /// Whether the competent unit has the dossier, as far as another desk took it in.
    pub fn has_reached(&self) -> bool {
        self.passing_on
            .is_none_or(|passing_on| passing_on.reached.is_some())
    }

    /// Codes of the kinds of events that say anything of it: all that [`Contents::follow`] follows, and
    /// those that begin a dossier.
    pub const KINDS: [i16; 19] = [
        1, 2, 6, 7, 8, 10, 15, 17, 19, 20, 21, 24, 25, 26, 27, 28, 31, 32, 33,
    ];

    /// What the events of these kinds say, each with its moment, oldest first; others may be among them.
    ///
    /// # Errors
    /// If the first does not begin a dossier.
    pub fn of<'a>(
        events: impl IntoIterator<Item = (Moment, &'a EventData)>,
    ) -> Result<Self, ReplayError> {
        let mut events = events.into_iter();
        let (at, first) = events.next().ok_or(ReplayError::Empty)?;
        let submission = first.submission().ok_or(ReplayError::WrongStart)?;
        let mut contents = Self::submitted(submission);
        let mut under = submission.procedure;
        for (at, data) in std::iter::once((at, first)).chain(events) {
            under = match data {
                EventData::Received(received) => received.procedure_now.unwrap_or(under),
                EventData::ReceiptCorrected(new) => new.procedure.unwrap_or(under),
                _ => under,
            };
            contents.follow(at, data, under);
        }
        Ok(contents)
    }

    pub(super) fn submitted(submission: &Submission) -> Self {
        Self {
            sets: submission.sets,
            items: held(
                submission.procedure,
                submission.case.as_ref(),
                &submission.items,
            ),
            case: submission.case.clone(),
            ..Self::default()
        }
    }

    /// What one more event changes, `under` the version of the procedure that holds after it.
    pub(super) fn follow(&mut self, at: Moment, data: &EventData, under: ProcedureId) {
        // An appointment lapses by the papers themselves.
        let before_supplement = match data {
            EventData::AppointmentLapsed(_) => None,
            _ => self.before_supplement.take(),
        };
        match data {
            EventData::Registered(_) => self.registered_at = Some(at),
            EventData::Received(received) => {
                if received.submission.is_none() {
                    self.case.clone_from(&received.case_now);
                }
                let items = held(under, self.case.as_ref(), &received.handed_in);
                self.items.extend(items);
                self.fee_terms.extend(received.fee_terms.iter().cloned());
                self.limit = Some(received.limit);
                self.due_reason.clone_from(&received.due_reason);
                let by = received.pass_on_by;
                self.passing_on = by.map(|by| PassingOn { by, reached: None });
            }
            EventData::Reached(_) => {
                if let Some(passing_on) = &mut self.passing_on {
                    passing_on.reached = Some(at);
                }
            }
            EventData::Reappointed(_) => self.apologised = true,
            EventData::VerificationNeeded(needed) => {
                self.verification = Some(needed.reason.clone());
                self.limit = needed.limit.or(self.limit);
            }
            EventData::SupplementTaken(taken) => {
                self.before_supplement = Some(Box::new(BeforeSupplement {
                    taken_at: at,
                    items: self.items.clone(),
                    apologised: self.apologised,
                }));
                // Another limit, of which nobody has apologised yet.
                self.apologised &= !taken.restarted;
                let items = held(under, self.case.as_ref(), &taken.items);
                self.items.extend(items);
            }
            EventData::PapersCorrected(corrected) => {
                if let Some(items) = &corrected.items {
                    self.items = held(under, self.case.as_ref(), items);
                    let others = corrected.others.iter().cloned();
                    self.items
                        .extend(others.map(|OtherHeld(under, case, item)| HeldItem {
                            under,
                            case,
                            item,
                        }));
                }
                self.sets = corrected.sets.unwrap_or(self.sets);
            }
            EventData::CaseCorrected(new) => {
                self.case = Some(new.case.clone());
                self.limit = Some(new.limit);
                if new.other_fees {
                    self.have_other_fees();
                }
            }
            EventData::ReceiptCorrected(new) => {
                if new.procedure.is_some() {
                    self.case.clone_from(&new.case);
                }
                self.limit = Some(new.limit);
                if !new.limit.is_by_hand() || new.due_reason.is_some() {
                    self.due_reason.clone_from(&new.due_reason);
                }
                if new.other_fees {
                    self.have_other_fees();
                }
            }
            EventData::PaymentRequested(requested) => {
                self.payment_requested = Some(requested.amount_vnd);
                self.requested_fees.clone_from(&requested.fees);
                self.fee_terms.extend(requested.terms.iter().cloned());
                self.requested_terms.clone_from(&requested.terms);
            }
            EventData::Undone(undone) => match undone.what {
                Some(UndoneWithin::PaymentRequest) => {
                    self.payment_requested = None;
                    self.requested_fees.clear();
                    for terms in std::mem::take(&mut self.requested_terms) {
                        let last = self.fee_terms.iter().rposition(|known| *known == terms);
                        last.map(|last| self.fee_terms.remove(last));
                    }
                }
                Some(UndoneWithin::Appointment) => self.apologised = false,
                Some(UndoneWithin::SupplementTaken) => {
                    if let Some(before) = before_supplement {
                        self.items = before.items;
                        self.apologised = before.apologised;
                    }
                }
                None => self.counts_elsewhere = true,
            },
            EventData::MovedToSuccessor(_) => self.counts_elsewhere = true,
            EventData::PaymentTaken(taken) => {
                self.payment_requested = None;
                self.requested_fees.clear();
                self.requested_terms.clear();
                self.paid(taken.amount_vnd);
                let how = Settlement::Collected {
                    method: taken.method.unwrap_or(PaymentMethod::Cash),
                    receipt: taken.receipt.clone(),
                };
                self.settle(&taken.fees, at, &how);
            }
            EventData::FeesSet(set) => self.fee_terms.extend(set.terms.iter().cloned()),
            EventData::FeesCollected(collected) => {
                self.fee_terms.extend(collected.terms.iter().cloned());
                self.paid(collected.amount_vnd);
                let how = Settlement::Collected {
                    method: collected.method,
                    receipt: collected.receipt.clone(),
                };
                self.settle(&collected.fees, at, &how);
            }
            EventData::FeeWaived(waived) => {
                let how = Settlement::Waived {
                    reason: waived.reason.clone(),
                };
                self.settle(&[waived.fee], at, &how);
                if let Some(less) = waived.asked_less_vnd {
                    self.requested_fees.retain(|fee| *fee != waived.fee);
                    let asked = self.payment_requested.unwrap_or_default();
                    self.payment_requested = Some(asked.saturating_sub(less));
                }
            }
            EventData::FeeWaiverCancelled(not) => {
                let waived = |settled: &SettledFee| settled.fee == not.fee && settled.is_waived();
                self.settled_fees.retain(|settled| !waived(settled));
            }
            EventData::FeesRefunded(refunded) => {
                let is_open = |settled: &SettledFee| refunded.fees.contains(&settled.fee);
                let settled = self.settled_fees.iter();
                let opened = settled
                    .filter(|settled| is_open(settled))
                    .cloned()
                    .collect();
                self.settled_fees.retain(|settled| !is_open(settled));
                self.refunds.push(Refund {
                    at,
                    amount_vnd: refunded.amount_vnd,
                    method: refunded.method,
                    receipt: refunded.receipt.clone(),
                    reason: refunded.reason.clone(),
                    settled: opened,
                });
            }
            EventData::RefundCancelled(_) => {
                if let Some(refund) = self.refunds.pop() {
                    self.settled_fees.extend(refund.settled);
                }
            }
            _ => {}
        }
    }

    /// What was said of the fees before says nothing of these; nothing of them is settled.
    fn have_other_fees(&mut self) {
        self.fee_terms.clear();
        for refund in &mut self.refunds {
            refund.settled.clear();
        }
    }

    fn paid(&mut self, amount_vnd: u64) {
        self.paid_vnd = self.paid_vnd.saturating_add(amount_vnd);
    }

    fn settle(&mut self, fees: &[u16], at: Moment, how: &Settlement) {
        let settled = fees.iter().map(|&fee| SettledFee {
            fee,
            at,
            how: how.clone(),
        });
        self.settled_fees.extend(settled);
    }

    /// Whether a fee of the procedure was collected or waived.
    pub fn settled_fee(&self, fee: u16) -> Option<&SettledFee> {
        self.settled_fees.iter().find(|settled| settled.fee == fee)
    }
}

fn held(under: ProcedureId, case: Option<&String>, items: &[ItemHandedIn]) -> Vec<HeldItem> {
    let items = items.iter().map(|item| HeldItem {
        under,
        case: case.cloned(),
        item: *item,
    });
    items.collect()
}

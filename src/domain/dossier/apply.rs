//! Replaying: what an event does to the state. Asks no rule and no calendar.

use crate::domain::case_number::{CaseNumber, InvalidCaseNumber};
use crate::domain::dossier::{
    BeforeTaking, Contents, Dossier, Event, EventData, Received, Status, Submission, UndoneWithin,
};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::norms::Judging;
use crate::domain::time_limit::{Clock, Outcome, Pause};

/// A history that cannot be: a row was lost or forged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("history is empty")]
    Empty,
    #[error("event {found} follows event {last}")]
    Gap { last: u32, found: u32 },
    #[error("the first event is neither a registration nor a receipt")]
    WrongStart,
    #[error("event {0} lies before the one that precedes it, or was recorded before it")]
    BackInTime(u32),
    #[error("event {0} does not fit the state before it")]
    Misfit(u32),
    #[error(transparent)]
    CaseNumber(#[from] InvalidCaseNumber),
}

impl Dossier {
    /// The state after a whole history, oldest event first.
    ///
    /// # Errors
    /// If the events are not the history of one dossier.
    pub fn replay<'a>(
        id: DossierId,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Result<Self, ReplayError> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(ReplayError::Empty)?;
        let mut dossier = Self::begin(id, first)?;
        for event in events {
            dossier.apply(event)?;
        }
        Ok(dossier)
    }

    /// The state after the first event.
    ///
    /// # Errors
    /// If it is no registration or receipt with its submission.
    pub fn begin(id: DossierId, event: &Event) -> Result<Self, ReplayError> {
        if event.sequence != 1 {
            return Err(ReplayError::Gap {
                last: 0,
                found: event.sequence,
            });
        }
        let (submission, received) = match &event.data {
            EventData::Registered(registered) => (&registered.submission, None),
            EventData::Received(received) => {
                let submission = received
                    .submission
                    .as_ref()
                    .ok_or(ReplayError::WrongStart)?;
                (submission, Some(received))
            }
            _ => return Err(ReplayError::WrongStart),
        };
        let mut dossier = Self::submitted(id, submission, event.at)?;
        dossier.recorded_at = event.recorded_at;
        if let Some(received) = received {
            dossier.receive(received, event.at);
        }
        let under = dossier.procedure;
        dossier.contents.follow(event.at, &event.data, under);
        Ok(dossier)
    }

    fn submitted(
        id: DossierId,
        submission: &Submission,
        at: Moment,
    ) -> Result<Self, InvalidCaseNumber> {
        Ok(Self {
            id,
            case_number: CaseNumber::parse(&submission.number)?,
            procedure: submission.procedure,
            unit: submission.unit,
            receiving_unit: submission.receiving_unit.unwrap_or(submission.unit),
            holder: submission.unit,
            channel: submission.channel,
            return_channel: submission.return_channel,
            applicant: submission.applicant,
            delegate: submission.delegate,
            contents: Contents::submitted(submission),
            judging: Judging::DEFAULT,
            supplements_requested: 0,
            status: Status::Registered,
            entered_at: at,
            received_at: None,
            clock: None,
            overdue_since: None,
            appointment: None,
            reappointed: None,
            step: 0,
            step_due: None,
            step_since: None,
            assignee: None,
            decision: None,
            outcome: None,
            closed_at: None,
            before_closing: None,
            before_supplement: None,
            handed_on_at: None,
            closed_in: None,
            returned_at: None,
            version: 1,
            last_event_at: at,
            recorded_at: at,
        })
    }

    fn receive(&mut self, received: &Received, at: Moment) {
        self.status = Status::Received;
        self.procedure = received.procedure_now.unwrap_or(self.procedure);
        self.received_at = Some(at);
        self.judging = received.judging;
        self.entered_at = at;
        if received.pass_on_by.is_some() {
            self.holder = self.receiving_unit;
        }
        self.clock = Some(Clock {
            started: received.pass_on_by.unwrap_or(at),
            limit: received.limit,
            pauses: Vec::new(),
            due: received.due,
        });
        self.step_due = received.step_due;
        self.step_since = Some(at);
        self.assignee = received.assignee;
    }

    /// The state after one more event.
    ///
    /// # Errors
    /// If the event does not follow the last one or does not fit the state.
    pub fn apply(&mut self, event: &Event) -> Result<(), ReplayError> {
        let sequence = event.sequence;
        if Some(sequence) != self.version.checked_add(1) {
            return Err(ReplayError::Gap {
                last: self.version,
                found: sequence,
            });
        }
        if event.at < self.last_event_at || event.recorded_at < self.recorded_at.max(event.at) {
            return Err(ReplayError::BackInTime(sequence));
        }
        let misfit = ReplayError::Misfit(sequence);
        let at = event.at;
        // An appointment lapses by the papers themselves.
        let before_supplement = match event.data {
            EventData::AppointmentLapsed(_) => None,
            _ => self.before_supplement.take(),
        };
        match &event.data {
            EventData::Registered(_) => return Err(misfit),
            EventData::Received(received) => {
                if self.status != Status::Registered || received.submission.is_some() {
                    return Err(misfit);
                }
                self.receive(received, at);
            }
            EventData::NotReceived(_) => self.status = Status::NotReceived,
            EventData::Reached(reached) => {
                if self.has_reached() {
                    return Err(misfit);
                }
                self.holder = self.unit;
                self.step_due = reached.step_due;
                self.step_since = Some(at);
                let clock = self.clock.as_mut().ok_or(misfit)?;
                if !reached.late {
                    clock.started = at;
                }
                clock.due = reached.due;
            }
            EventData::HandedOver(to) => {
                self.handed_on_at = self.handed_on_at.or(Some(at));
                self.status = Status::InProgress;
                self.step = to.step;
                self.holder = to.unit.unwrap_or(self.holder);
                self.assignee = to.assignee;
                self.step_due = to.step_due;
                self.step_since = Some(at);
            }
            EventData::HandsChanged(new) => self.assignee = new.assignee,
            EventData::SupplementRequested(_) => {
                self.status = Status::SupplementRequested;
                self.supplements_requested = self.supplements_requested.saturating_add(1);
                self.pause(at).ok_or(misfit)?;
            }
            EventData::PaymentRequested(_) => {
                self.status = Status::PaymentRequested;
                self.pause(at).ok_or(misfit)?;
            }
            EventData::SupplementTaken(taken) => {
                self.before_supplement = Some(Box::new(BeforeTaking {
                    clock: self.clock.clone().ok_or(misfit.clone())?,
                    step_due: self.step_due,
                    appointment: self.appointment,
                    reappointed: self.reappointed,
                }));
                self.status = Status::InProgress;
                let clock = self.clock.as_mut().ok_or(misfit)?;
                if taken.restarted {
                    clock.started = at;
                    clock.pauses.clear();
                    // Another limit, of which nobody has apologised yet.
                    self.reappointed = None;
                } else {
                    close_pause(clock, at);
                }
                clock.due = taken.due;
                self.step_due = taken.step_due.or(self.step_due);
            }
            EventData::PaymentTaken(taken) => {
                self.status = Status::InProgress;
                let clock = self.clock.as_mut().ok_or(misfit)?;
                close_pause(clock, at);
                clock.due = taken.due;
                self.step_due = taken.step_due.or(self.step_due);
            }
            EventData::BecameOverdue(_) => self.overdue_since = Some(at),
            EventData::Reappointed(new) => {
                self.appointment = Some(new.appointment);
                self.reappointed = self.appointment;
            }
            EventData::AppointmentLapsed(_) => self.appointment = None,
            EventData::VerificationNeeded(needed) => {
                let clock = self.clock.as_mut().ok_or(misfit)?;
                clock.limit = needed.limit.unwrap_or(clock.limit);
                clock.due = needed.due;
            }
            EventData::Finished(finished) => {
                self.decision = Some(finished.decision);
                self.close(Status::Done, Some(finished.outcome), at);
            }
            EventData::ResultReturned(_) => {
                self.status = Status::Returned;
                self.returned_at = Some(at);
            }
            EventData::Withdrawn(withdrawn) => {
                self.close(Status::Withdrawn, withdrawn.outcome, at);
            }
            EventData::Stopped(stopped) => self.close(Status::Stopped, Some(stopped.outcome), at),
            EventData::MovedToSuccessor(moved) => {
                if self.unit == moved.from {
                    self.unit = moved.to;
                }
                if self.holder == moved.from {
                    self.holder = moved.to;
                }
                if self.receiving_unit == moved.from {
                    self.receiving_unit = moved.to;
                }
            }
            EventData::DueRecomputed(new) => {
                self.clock.as_mut().ok_or(misfit)?.due = new.due;
                self.step_due = new.step_due.or(self.step_due);
                if new.appointment.is_some() {
                    self.appointment = new.appointment;
                    self.reappointed = new.appointment;
                }
                if new.no_longer_overdue {
                    self.overdue_since = None;
                }
            }
            EventData::Undone(undone) => {
                let before = before_supplement.map(|before| *before);
                self.undo(undone.what, before).ok_or(misfit)?;
            }
            EventData::ApplicantCorrected(new) => {
                self.applicant = new.applicant;
            }
            EventData::DelegateCorrected(new) => self.delegate = new.delegate,
            EventData::CaseCorrected(new) => {
                let clock = self.clock.as_mut().ok_or(misfit)?;
                clock.limit = new.limit;
                clock.due = new.due;
            }
            EventData::ReceiptCorrected(new) => {
                self.procedure = new.procedure.unwrap_or(self.procedure);
                self.channel = new.channel.unwrap_or(self.channel);
                self.judging = new.judging.unwrap_or(self.judging);
                let clock = self.clock.as_mut().ok_or(misfit)?;
                if let Some(received) = new.received_at {
                    for since in [Some(&mut clock.started), self.step_since.as_mut()] {
                        if let Some(since) = since.filter(|since| Some(**since) == self.received_at)
                        {
                            *since = received;
                        }
                    }
                    self.received_at = Some(received);
                    self.entered_at = received;
                }
                clock.limit = new.limit;
                clock.due = new.due;
                self.step_due = new.step_due.or(self.step_due);
                if new.no_longer_overdue {
                    self.overdue_since = None;
                }
            }
            EventData::PapersCorrected(new) => {
                self.return_channel = new.return_channel.unwrap_or(self.return_channel);
            }
            // The contents alone.
            EventData::FeesCollected(_)
            | EventData::FeeWaived(_)
            | EventData::FeesSet(_)
            | EventData::FeeWaiverCancelled(_)
            | EventData::MoneySentBack(_)
            | EventData::FeesRefunded(_) => {}
            EventData::RefundCancelled(_) => {
                if self.contents.refunds.is_empty() {
                    return Err(misfit);
                }
            }
        }
        self.contents.follow(at, &event.data, self.procedure);
        if self.before_supplement.is_none() {
            self.contents.before_supplement = None;
        }
        self.version = sequence;
        self.last_event_at = at;
        self.recorded_at = event.recorded_at;
        Ok(())
    }

    fn pause(&mut self, at: Moment) -> Option<()> {
        self.clock.as_mut()?.pauses.push(Pause {
            from: at,
            until: None,
        });
        Some(())
    }

    fn close(&mut self, status: Status, outcome: Option<Outcome>, at: Moment) {
        self.before_closing = Some(self.status);
        self.status = status;
        self.outcome = outcome;
        self.closed_at = Some(at);
        self.closed_in = Some(self.unit);
    }

    /// Takes back the last closing, return, refusal to receive or request for papers.
    fn undo(&mut self, what: Option<UndoneWithin>, before: Option<BeforeTaking>) -> Option<()> {
        if what == Some(UndoneWithin::SupplementTaken) {
            let before = before?;
            self.status = Status::SupplementRequested;
            self.clock = Some(before.clock);
            self.step_due = before.step_due;
            self.appointment = before.appointment;
            self.reappointed = before.reappointed;
            return Some(());
        }
        if what == Some(UndoneWithin::Appointment) {
            self.appointment.take()?;
            self.reappointed = None;
            return Some(());
        }
        self.status = match self.status {
            Status::Returned => {
                self.returned_at = None;
                Status::Done
            }
            Status::NotReceived => Status::Registered,
            // As if it had not been asked for: the clock never stood.
            Status::SupplementRequested => {
                self.supplements_requested = self.supplements_requested.saturating_sub(1);
                let pauses = &mut self.clock.as_mut()?.pauses;
                pauses.pop_if(|pause| pause.until.is_none());
                Status::InProgress
            }
            Status::PaymentRequested if what == Some(UndoneWithin::PaymentRequest) => {
                let pauses = &mut self.clock.as_mut()?.pauses;
                pauses.pop_if(|pause| pause.until.is_none());
                Status::InProgress
            }
            Status::Done | Status::Withdrawn | Status::Stopped => {
                self.outcome = None;
                self.closed_at = None;
                self.closed_in = None;
                self.decision = None;
                self.before_closing.take()?
            }
            _ => return None,
        };
        Some(())
    }
}

fn close_pause(clock: &mut Clock, at: Moment) {
    if let Some(pause) = clock.pauses.last_mut() {
        pause.until = pause.until.or(Some(at));
    }
}

//! How far a dossier has come, as its applicant follows it: few stages, each over, under way or still to come.

use crate::domain::dossier::{Channel, Status};
use crate::domain::enums::text_enum;
use crate::domain::moment::Moment;

text_enum! {
    /// A stage of a dossier's way.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Stage {
        /// Submitted online.
        Submission = "submission",
        Reception = "reception",
        /// Papers that the applicant is asked for.
        Supplement = "supplement",
        /// Money that the applicant is asked for.
        Payment = "payment",
        /// Up to the result.
        Handling = "handling",
        /// Handing the result over.
        Return = "return",
        NotReceived = "not_received",
        Withdrawal = "withdrawal",
        Stop = "stop",
    }
}

text_enum! {
    /// Whether a stage is over.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Progress {
        Done = "done",
        Now = "now",
        Next = "next",
    }
}

/// A stage of one dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    pub stage: Stage,
    pub progress: Progress,
    /// When it was over, or since when it is under way.
    pub at: Option<Moment>,
    /// By when it is promised to be over.
    pub by: Option<Moment>,
}

/// What is known of a dossier's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub status: Status,
    pub channel: Channel,
    pub entered_at: Moment,
    pub received_at: Option<Moment>,
    /// Since when the applicant is asked for something, while they are.
    pub asked_since: Option<Moment>,
    /// By when the result is promised.
    pub promised: Option<Moment>,
    /// When it came to an end: not received, withdrawn, stopped, or with a result.
    pub ended_at: Option<Moment>,
    pub returned_at: Option<Moment>,
}

/// The stages of a dossier in their order. Where it came to another end than a result, what would have followed is
/// left out.
pub fn stages(way: &Way) -> Vec<Milestone> {
    use Progress::{Done, Next, Now};
    let stage = |stage, progress, at| Milestone {
        stage,
        progress,
        at,
        by: None,
    };
    let mut all = Vec::with_capacity(4);
    if way.channel == Channel::Online {
        all.push(stage(Stage::Submission, Done, Some(way.entered_at)));
    }
    match (way.received_at, way.status) {
        (Some(at), _) => all.push(stage(Stage::Reception, Done, Some(at))),
        (None, Status::Registered) => all.push(stage(Stage::Reception, Now, None)),
        (None, _) => {}
    }
    let other_end = match way.status {
        Status::NotReceived => Some(Stage::NotReceived),
        Status::Withdrawn => Some(Stage::Withdrawal),
        Status::Stopped => Some(Stage::Stop),
        _ => None,
    };
    if let Some(end) = other_end {
        all.push(stage(end, Done, way.ended_at));
        return all;
    }
    let (handling, at) = match way.status {
        Status::Done | Status::Returned => (Done, way.ended_at),
        Status::Received | Status::InProgress => (Now, None),
        _ => (Next, None),
    };
    match way.status {
        Status::SupplementRequested => all.push(stage(Stage::Supplement, Now, way.asked_since)),
        Status::PaymentRequested => all.push(stage(Stage::Payment, Now, way.asked_since)),
        _ => {}
    }
    all.push(Milestone {
        // While it waits for the applicant nobody can promise anything.
        by: way.promised.filter(|_| handling == Now),
        ..stage(Stage::Handling, handling, at)
    });
    let handed_over = match way.status {
        Status::Returned => Done,
        Status::Done => Now,
        _ => Next,
    };
    all.push(stage(Stage::Return, handed_over, way.returned_at));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(status: Status, channel: Channel) -> Way {
        let moment = |millis| Some(Moment::from_unix_millis(millis));
        let received = !matches!(status, Status::Registered | Status::NotReceived);
        Way {
            status,
            channel,
            entered_at: Moment::from_unix_millis(1),
            received_at: moment(2).filter(|_| received),
            asked_since: moment(3).filter(|_| status.is_waiting()),
            promised: moment(9),
            ended_at: moment(4).filter(|_| !status.is_open() && status != Status::Registered),
            returned_at: moment(5).filter(|_| status == Status::Returned),
        }
    }

    fn told(status: Status, channel: Channel) -> String {
        let all = stages(&way(status, channel)).into_iter();
        let all = all.map(|one| format!("{} {}", one.stage.as_str(), one.progress.as_str()));
        all.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_status_has_its_stages() {
        use Channel::{Direct, Online};
        for (status, channel, expected) in [
            (
                Status::Registered,
                Online,
                "submission done, reception now, handling next, return next",
            ),
            (
                Status::NotReceived,
                Online,
                "submission done, not_received done",
            ),
            (
                Status::Received,
                Direct,
                "reception done, handling now, return next",
            ),
            (
                Status::InProgress,
                Online,
                "submission done, reception done, handling now, return next",
            ),
            (
                Status::SupplementRequested,
                Direct,
                "reception done, supplement now, handling next, return next",
            ),
            (
                Status::PaymentRequested,
                Direct,
                "reception done, payment now, handling next, return next",
            ),
            (Status::Withdrawn, Direct, "reception done, withdrawal done"),
            (Status::Stopped, Direct, "reception done, stop done"),
            (
                Status::Done,
                Direct,
                "reception done, handling done, return now",
            ),
            (
                Status::Returned,
                Direct,
                "reception done, handling done, return done",
            ),
        ] {
            assert_eq!(told(status, channel), expected);
        }
    }

    #[test]
    fn what_waits_for_the_applicant_promises_nothing() {
        let by = |status| {
            let all = stages(&way(status, Channel::Direct)).into_iter();
            all.filter_map(|one| one.by).collect::<Vec<_>>()
        };
        assert_eq!(by(Status::InProgress), [Moment::from_unix_millis(9)]);
        assert_eq!(by(Status::SupplementRequested), []);
        assert_eq!(by(Status::Done), []);
    }
}

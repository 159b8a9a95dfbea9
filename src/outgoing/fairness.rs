//! Who gets how many of the places under way, so that a recipient that does not answer holds up nobody
//! else's messages, and one with much waiting leaves room for the others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::store::outbox::Lane;

/// How long an answer shows that a recipient is there.
const LATELY: Duration = Duration::from_secs(2);

/// What a dispatcher knows of the lanes of its kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    under_way: HashMap<String, usize>,
    answered: HashMap<String, Instant>,
}

impl Known {
    pub(super) fn claimed(&mut self, lane: &str) {
        *self.under_way.entry(lane.to_owned()).or_default() += 1;
    }

    pub(super) fn settled(&mut self, lane: &str) {
        if let Some(count) = self.under_way.get_mut(lane) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(lane);
            }
        }
    }

    pub(super) fn answers(&mut self, lane: &str) {
        self.answered.insert(lane.to_owned(), Instant::now());
    }

    pub(super) fn is_silent(&mut self, lane: &str) {
        self.answered.remove(lane);
    }

    fn at_once(&self, lane: &str) -> usize {
        self.under_way.get(lane).copied().unwrap_or(0)
    }

    fn has_answered(&self, lane: &str) -> bool {
        let at = self.answered.get(lane);
        at.is_some_and(|at| at.elapsed() < LATELY)
    }
}

/// How many messages to claim of each lane, `room` in all; `in_flight` are carried at once.
///
/// A lane that was silent has one message under way, and all such lanes together a quarter of the
/// places; those that have not answered lately share half. A lane that answers takes what is left, but
/// for some places where others wait too.
pub(super) fn share(
    lanes: Vec<Lane>,
    known: &Known,
    room: usize,
    in_flight: usize,
) -> Vec<(Lane, usize)> {
    let silent = |lane: &Lane| lane.trouble.is_some_and(|trouble| trouble.is_silent());
    // All of a kind: there is nobody else to hold up.
    if let [lane] = lanes.as_slice()
        && lane.recipient.is_empty()
    {
        let most = match silent(lane) {
            true => 1,
            false => room,
        };
        return lanes
            .into_iter()
            .map(|lane| (lane, most.min(room)))
            .collect();
    }
    let mut lanes = lanes;
    lanes.sort_by_key(|lane| (silent(lane), lane.due));
    let alone = lanes.len() == 1;
    let sum = |of: &dyn Fn(&str) -> bool| -> usize {
        let lanes = known.under_way.iter().filter(|(lane, _)| of(lane));
        lanes.map(|(_, count)| count).sum()
    };
    let unproven = sum(&|lane| !known.has_answered(lane));
    let probes: usize = lanes
        .iter()
        .filter(|lane| silent(lane))
        .map(|lane| known.at_once(&lane.recipient))
        .sum();
    let mut room = room;
    let mut for_unproven = (in_flight / 2).max(1).saturating_sub(unproven);
    // Whoever has nothing under way may begin even where others hang.
    let mut to_begin = (in_flight * 3 / 4).max(2).saturating_sub(unproven);
    let mut to_probe = (in_flight / 4).max(1).saturating_sub(probes);
    let mut left = lanes.len();
    let mut unproven_left = lanes
        .iter()
        .filter(|lane| !silent(lane) && !known.has_answered(&lane.recipient))
        .count();
    let mut shares = Vec::with_capacity(lanes.len());
    for lane in lanes {
        let fair = room.div_ceil(left);
        left -= 1;
        let at_once = known.at_once(&lane.recipient);
        let most = if silent(&lane) {
            let one = usize::from(at_once == 0).min(to_probe);
            to_probe -= one;
            one
        } else if known.has_answered(&lane.recipient) {
            match alone {
                true => room,
                false => (in_flight - in_flight / 8).saturating_sub(at_once),
            }
        } else {
            let part = for_unproven.div_ceil(unproven_left);
            unproven_left -= 1;
            let part = match (part, at_once) {
                (0, 0) => to_begin.min(1),
                (part, _) => part,
            };
            let part = part.min(fair);
            for_unproven = for_unproven.saturating_sub(part);
            to_begin = to_begin.saturating_sub(part);
            part
        };
        let most = most.min(fair);
        room -= most;
        if most > 0 {
            shares.push((lane, most));
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::moment::Moment;
    use crate::store::targets::Trouble;

    fn lane(recipient: &str, due: i64, silent: bool) -> Lane {
        Lane {
            recipient: recipient.to_owned(),
            due: Moment::from_unix_millis(due),
            trouble: silent.then_some(Trouble {
                failures: 3,
                paused_until: Some(Moment::from_unix_millis(0)),
            }),
        }
    }

    fn counts(shares: &[(Lane, usize)]) -> Vec<(&str, usize)> {
        let counts = shares.iter().map(|(lane, n)| (lane.recipient.as_str(), *n));
        counts.collect()
    }

    #[test]
    fn all_of_a_kind_takes_the_room_and_one_to_see_whether_somebody_is_there() {
        let known = Known::default();
        assert_eq!(
            counts(&share(vec![lane("", 1, false)], &known, 64, 32)),
            [("", 64)]
        );
        assert_eq!(
            counts(&share(vec![lane("", 1, true)], &known, 64, 32)),
            [("", 1)]
        );
    }

    #[test]
    fn who_is_silent_takes_little_and_who_is_new_can_begin() {
        let mut known = Known::default();
        // 24 that are silent, all of them waiting longer than the one that is new.
        let mut lanes: Vec<Lane> = (0..24)
            .map(|i| lane(&format!("dead{i}"), i, true))
            .collect();
        lanes.push(lane("new", 100, false));
        let shares = share(lanes.clone(), &known, 64, 32);
        assert_eq!(shares[0].0.recipient, "new");
        assert!(shares[0].1 > 0);
        assert_eq!(shares.len(), 1 + 8, "{:?}", counts(&shares));
        // They hang, and it answers.
        for (lane, count) in shares.iter().skip(1) {
            assert_eq!(*count, 1);
            known.claimed(&lane.recipient);
        }
        known.answers("new");
        let shares = share(lanes, &known, 64, 32);
        assert_eq!((shares.len(), shares[0].0.recipient.as_str()), (1, "new"));
    }

    #[test]
    fn many_that_have_never_answered_leave_places() {
        let mut known = Known::default();
        let lanes: Vec<Lane> = (0..40)
            .map(|i| lane(&format!("w{i:02}"), i, false))
            .collect();
        let mut under_way = 0;
        for _ in 0..10 {
            for (lane, count) in share(lanes.clone(), &known, 64 - under_way, 32) {
                for _ in 0..count {
                    known.claimed(&lane.recipient);
                    under_way += 1;
                }
            }
        }
        assert!((16..=24).contains(&under_way), "{under_way}");
    }

    #[test]
    fn one_that_answers_and_is_alone_takes_all() {
        let mut known = Known::default();
        known.answers("a");
        assert_eq!(
            counts(&share(vec![lane("a", 1, false)], &known, 64, 32)),
            [("a", 64)]
        );
        let both = vec![lane("a", 1, false), lane("b", 2, false)];
        let shares = share(both, &known, 64, 32);
        assert_eq!(counts(&shares), [("a", 28), ("b", 16)]);
    }
}

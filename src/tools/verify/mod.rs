//! `motcua verify`: is what is stored what this program wrote?
//!
//! Walks over every dossier: hash chain, replay against the stored state, people referred to;
//! then recounts the roll-ups from the events, compares the counters of case numbers, and holds the log
//! against everything. All in one snapshot, in memory that does not grow with the number of dossiers.

mod finding;
mod log;

use std::collections::HashMap;

pub use crate::tools::verify::finding::Finding;
pub use crate::tools::verify::log::Against;

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::Event;
use crate::domain::ids::DossierId;
use crate::domain::log::Subject;
use crate::domain::reversal::reversals as reversals_of;
use crate::domain::tally::{Tallies, Tally, follow};
use crate::store::chain::GENESIS;
use crate::store::dossiers;
use crate::store::dossiers::DossierRow;
use crate::store::events::ReadBack;
use crate::store::persons;
use crate::store::persons::FoundUnder;
use crate::store::reference::Reference;
use crate::store::tallies;
use crate::store::tallies::RollupRows;
use crate::store::{Conn, Store, StoreError, case_numbers, events, reversals, settings};
use crate::tools::progress::Progress;
use crate::tools::verify::log::Sums;

const PAGE: u32 = 1000;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The first of them.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub total: usize,
    pub dossiers: i64,
    pub events: i64,
    pub log_entries: u64,
    /// People whose records were erased, which is on record.
    pub erased: usize,
    /// The first entry of the log that does not hold any more, and what is wrong with it.
    pub first_altered: Option<(u64, String)>,
    /// What the roll-ups lack, by which the findings about them would be mended.
    pub missing: RollupRows,
    /// What was recorded on a later day than its own, and is not kept so.
    pub late_missing: Tallies,
    /// Whether what takes back earlier counts is not what the events give.
    pub reversals_differ: bool,
    /// How many of the findings are not about counts.
    pub others: usize,
    /// How often the roll-ups had been made again.
    rebuilt: u64,
}

/// Makes the roll-ups what the events say, if nothing else is wrong: they would be made from events that are
/// damaged. Returns how many were mended.
///
/// Servers may go on meanwhile: what differs in one snapshot differs by as much later, for whatever comes in
/// or is folded is added to both; so the difference is added, and nobody waits.
///
/// # Errors
/// If the database refuses, or somebody else has made them again meanwhile.
pub fn rebuild(
    store: &Store,
    most: usize,
    against: Option<&Against>,
) -> Result<(usize, Found), StoreError> {
    let found = verify_against(store, most, against)?;
    if found.others > 0 {
        return Ok((0, found));
    }
    let late = found.late_missing.clone();
    let rows = found.missing.len() + late.len() + usize::from(found.reversals_differ);
    if rows == 0 {
        return Ok((0, found));
    }
    let reversals_differ = found.reversals_differ;
    let (missing, before) = (found.missing.clone(), found.rebuilt);
    store.write(move |conn| {
        // Two at once would add the difference twice.
        if settings::advance(conn, settings::ROLLUPS_REBUILT)? != before + 1 {
            let reason = "số tổng hợp vừa được dựng lại ở nơi khác; hãy chạy lại";
            return Err(StoreError::Other(reason.to_owned()));
        }
        tallies::add_rows(conn, &missing)?;
        for (key, tally) in &late {
            tallies::insert_late(conn, key, tally)?;
        }
        if reversals_differ {
            reversals::rebuild(conn)?;
        }
        tallies::remove_empty(conn)
    })?;
    Ok((rows, found))
}

/// Verifies the whole database; keeps the first `most` findings.
///
/// # Errors
/// If the database refuses. Damage is a finding, as long as the database itself can be read.
pub fn verify(store: &Store, most: usize) -> Result<Found, StoreError> {
    verify_against(store, most, None)
}

/// The same, and holds the log against a checkpoint that was kept elsewhere.
///
/// # Errors
/// As [`verify`].
pub fn verify_against(
    store: &Store,
    most: usize,
    against: Option<&Against>,
) -> Result<Found, StoreError> {
    store.read_with_reference(|conn, reference| {
        let mut walk = Walk {
            reference,
            most,
            found: Found::default(),
            rollups: RollupRows::new(),
            late: Tallies::new(),
            reversals: reversals::Counted::new(),
            numbers: HashMap::new(),
            sums: Sums::new(),
        };
        walk.found.rebuilt = settings::get(conn, settings::ROLLUPS_REBUILT)?
            .and_then(|count| count.parse().ok())
            .unwrap_or(0);
        walk.all(conn)?;
        walk.check_log(conn, against)?;
        Ok(walk.found)
    })
}

struct Walk<'a> {
    reference: &'a Reference,
    most: usize,
    found: Found,
    /// Recounted from the events.
    rollups: RollupRows,
    /// Recounted from the events: what was recorded on a later day than its own.
    late: Tallies,
    /// Recounted from the events.
    reversals: reversals::Counted,
    /// Highest sequence by unit-and-day part of the case number.
    numbers: HashMap<String, u32>,
    /// What is on record beside what is in the log.
    sums: Sums,
}

impl Walk<'_> {
    fn add(&mut self, finding: Finding) {
        self.found.total += 1;
        if !finding.is_of_counts() {
            self.found.others += 1;
        }
        if self.found.findings.len() < self.most {
            self.found.findings.push(finding);
        }
    }

    fn all(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let total = dossiers::count(conn)?;
        let mut progress = Progress::new("kiểm tra hồ sơ", u64::try_from(total).unwrap_or(0));
        let mut after = None;
        loop {
            let page = dossiers::rows_after(conn, after, PAGE)?;
            let last = page.last().map(|(id, _)| *id);
            let mut histories = Histories::read(conn, after, last)?;
            histories.sum_up(&mut self.sums);
            let people = page.iter().flat_map(|(_, row)| row.people()).collect();
            let known = persons::known(conn, people)?;
            for (id, row) in &page {
                self.people(row, &known);
                self.note_number(row.case_number());
                self.dossier(*id, row, histories.take(*id))?;
            }
            for orphan in histories.by_dossier.into_keys() {
                let dossier = data_encoding::HEXLOWER.encode(&orphan);
                self.add(Finding::EventsWithoutDossier { dossier });
            }
            progress.add(page.len() as u64);
            self.found.dossiers += i64::try_from(page.len()).unwrap_or(0);
            if last.is_none() {
                break;
            }
            after = last;
        }
        progress.finish();
        self.compare_rollups(conn)?;
        self.compare_late(conn)?;
        self.compare_reversals(conn)?;
        self.compare_counters(conn)
    }

    /// The people of a dossier are there and are found under it.
    fn people(&mut self, row: &DossierRow, known: &HashMap<Vec<u8>, Option<FoundUnder>>) {
        let expected: FoundUnder = (row.units(), Some(row.id().to_vec()), true);
        for person in row.people() {
            let case_number = row.case_number().to_owned();
            let id = data_encoding::HEXLOWER.encode(person);
            match known.get(person) {
                None => self.add(Finding::NoPerson {
                    case_number,
                    person: id,
                }),
                Some(Some(found)) if *found != expected => self.add(Finding::PersonNotFound {
                    case_number,
                    person: id,
                }),
                Some(_) => {}
            }
        }
    }

    /// Chain, replay, counts of one dossier.
    fn dossier(
        &mut self,
        id: DossierId,
        row: &DossierRow,
        history: Vec<ReadBack>,
    ) -> Result<(), StoreError> {
        let case_number = || row.case_number().to_owned();
        let mut head = GENESIS;
        let mut replayed: Vec<Event> = Vec::with_capacity(history.len());
        self.found.events += i64::try_from(history.len()).unwrap_or(0);
        for stored in history {
            let event = stored.and_then(|stored| {
                if stored.expected_hash(&head, id) != stored.hash {
                    self.add(Finding::BrokenChain {
                        case_number: case_number(),
                        sequence: stored.sequence,
                    });
                }
                // One altered event is one finding: the next is judged against what is stored.
                head = stored.hash;
                stored.event()
            });
            match event {
                Ok(event) => {
                    for (person, commitment) in event.data.commitments() {
                        self.sums.entry(Subject::Person(person), commitment.0);
                    }
                    replayed.push(event);
                }
                Err(error) => {
                    self.add(Finding::UnreadableEvent {
                        case_number: case_number(),
                        reason: error.to_string(),
                    });
                    return Ok(());
                }
            }
        }
        let mut changes = Tallies::new();
        match follow(None, id, &replayed, &mut changes) {
            Err(error) => self.add(Finding::NoReplay {
                case_number: case_number(),
                reason: error.to_string(),
            }),
            Ok(dossier) => {
                let mut columns =
                    row.differences(&DossierRow::new(&dossier, self.reference.units()));
                // What a job is about to put right is no damage.
                let moving = self.reference.moving();
                if moving.contains(&dossier.unit) || moving.contains(&dossier.holder) {
                    columns.retain(|column| !column.ends_with("area_id"));
                }
                if !columns.is_empty() {
                    self.add(Finding::StateDiffers {
                        case_number: case_number(),
                        columns,
                    });
                }
                for (key, tally) in changes.iter().filter(|(key, _)| key.is_late()) {
                    *self.late.entry(*key).or_default() += *tally;
                }
                let spread = tallies::spread(&changes, self.reference, &mut self.rollups);
                self.damage(spread)?;
                // It has followed them once already.
                for reversal in reversals_of(None, id, &replayed).unwrap_or_default() {
                    *self.reversals.entry(reversal).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// Stored data that cannot be read are a finding; other errors end the walk.
    fn damage<T>(&mut self, result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Corrupt(what)) => {
                self.add(Finding::Unreadable { what });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn note_number(&mut self, number: &str) {
        if let Some((place, sequence)) = number.rsplit_once('-') {
            let sequence = sequence.parse().unwrap_or(0);
            match self.numbers.get_mut(place) {
                Some(highest) => *highest = sequence.max(*highest),
                None => {
                    self.numbers.insert(place.to_owned(), sequence);
                }
            }
        }
    }

    fn compare_rollups(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut recounted = std::mem::take(&mut self.rollups);
        recounted.retain(|_, tally| !tally.is_zero());
        let stored = tallies::effective_rollups(conn, self.reference);
        let Some(stored) = self.damage(stored)? else {
            return Ok(());
        };
        if recounted == stored {
            return Ok(());
        }
        for (key, tally) in &stored {
            let counted = recounted.remove(key).unwrap_or_default();
            if counted != *tally {
                self.found.missing.insert(*key, difference(&counted, tally));
                self.add(Finding::rollup(key, tally, &counted, self.reference));
            }
        }
        for (key, counted) in recounted {
            self.found.missing.insert(key, counted);
            let finding = Finding::rollup(&key, &Default::default(), &counted, self.reference);
            self.add(finding);
        }
        Ok(())
    }

    fn compare_late(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut recounted = std::mem::take(&mut self.late);
        recounted.retain(|_, tally| !tally.is_zero());
        let stored = tallies::late(conn);
        let Some(stored) = self.damage(stored)? else {
            return Ok(());
        };
        let keys: std::collections::BTreeSet<_> = stored.keys().chain(recounted.keys()).collect();
        for key in keys {
            let of = |tallies: &Tallies| tallies.get(key).copied().unwrap_or_default();
            let missing = of(&recounted) + -of(&stored);
            if !missing.is_zero() {
                let finding = Finding::late(key, self.reference);
                self.add(finding);
                self.found.late_missing.insert(*key, missing);
            }
        }
        Ok(())
    }

    fn compare_reversals(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut counted = std::mem::take(&mut self.reversals);
        let stored = reversals::all(conn);
        let Some(stored) = self.damage(stored)? else {
            return Ok(());
        };
        for (reversal, stored) in stored {
            let counted = counted.remove(&reversal).unwrap_or_default();
            if stored != counted {
                self.found.reversals_differ = true;
                self.add(Finding::reversals(
                    &reversal,
                    stored,
                    counted,
                    self.reference,
                ));
            }
        }
        for (reversal, counted) in counted {
            self.found.reversals_differ = true;
            self.add(Finding::reversals(&reversal, 0, counted, self.reference));
        }
        Ok(())
    }

    /// A counter behind the numbers given out would give one out twice; one ahead of them tells of
    /// dossiers that are gone, for a number is given back with its transaction.
    fn compare_counters(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut numbers = std::mem::take(&mut self.numbers);
        for (unit, day, last) in case_numbers::all(conn)? {
            let Some(unit) = self.reference.units().get(unit) else {
                continue;
            };
            let number = CaseNumber::new(&unit.code, day, last, self.reference.norms());
            let Some((place, _)) = number.as_str().rsplit_once('-') else {
                continue;
            };
            let highest = numbers.remove(place).unwrap_or(0);
            if highest != last {
                self.add(Finding::CounterDiffers {
                    place: place.to_owned(),
                    last,
                    highest,
                });
            }
        }
        let mut without: Vec<_> = numbers.into_iter().collect();
        without.sort();
        for (place, highest) in without {
            let last = 0;
            self.add(Finding::CounterDiffers {
                place,
                last,
                highest,
            });
        }
        Ok(())
    }
}

fn difference(of: &Tally, and: &Tally) -> Tally {
    let (mut counters, less) = (of.to_array(), and.to_array());
    for (counter, less) in counters.iter_mut().zip(less) {
        *counter -= less;
    }
    Tally::from_array(counters)
}

/// The stored events of a page of dossiers.
struct Histories {
    by_dossier: HashMap<Vec<u8>, Vec<ReadBack>>,
}

impl Histories {
    fn read(
        conn: &mut Conn,
        after: Option<DossierId>,
        last: Option<DossierId>,
    ) -> Result<Self, StoreError> {
        let mut by_dossier: HashMap<_, Vec<_>> = HashMap::new();
        for (dossier, event) in events::between(conn, after, last)? {
            by_dossier.entry(dossier).or_default().push(event);
        }
        Ok(Self { by_dossier })
    }

    fn sum_up(&self, sums: &mut Sums) {
        for (dossier, history) in &self.by_dossier {
            let Some(id) = DossierId::from_slice(dossier) else {
                continue;
            };
            for event in history.iter().flatten() {
                sums.row(Subject::Event(id, event.sequence), event.hash);
            }
        }
    }

    fn take(&mut self, id: DossierId) -> Vec<ReadBack> {
        self.by_dossier
            .remove(id.bytes().as_slice())
            .unwrap_or_default()
    }
}

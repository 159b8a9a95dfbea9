//! The log against what is on record: everything is in it once and as it was, nothing in it is gone, and
//! the tree over it is the one whose checkpoints were given out.
//!
//! Whether rows and entries are the same set is told by sums of keyed hashes, in buckets; only where
//! these differ is looked closer, so that memory does not grow with the log.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use serde_json::Value;

use crate::domain::dossier::EventData;
use crate::domain::ids::{DossierId, PersonId};
use crate::domain::log::merkle::{Node, Peaks, leaf_hash};
use crate::domain::log::note::{Checkpoint, Note, PublicKey};
use crate::domain::log::{Entry, Hash, Subject};
use crate::domain::person::Commitment;
use crate::render;
use crate::store::admin_acts::{self, ActKind};
use crate::store::log::{self, KEPT_LEVEL};
use crate::store::{Conn, StoreError, dossiers, events, persons, readings, settings, unannounced};
use crate::tools::verify::{Finding, PAGE, Walk};

const BUCKETS: usize = 4096;
/// Batches of the log that are read at once.
const BATCHES: u32 = 32;
/// About how many entries are kept in memory where it has to be looked closer.
const CLOSE: u64 = 400_000;

/// A checkpoint from outside, and what it has to be signed with (`None`: the key that the database
/// names).
#[derive(Debug, Clone)]
pub struct Against {
    pub note: Note,
    pub key: Option<PublicKey>,
}

/// Rows and entries as sums of keyed hashes: zero everywhere if they are the same set.
pub(crate) struct Sums {
    which: RandomState,
    keys: (RandomState, RandomState),
    buckets: Vec<(u64, u64)>,
    entries: u64,
}

impl Sums {
    pub(crate) fn new() -> Self {
        Self {
            which: RandomState::new(),
            keys: (RandomState::new(), RandomState::new()),
            buckets: vec![(0, 0); BUCKETS],
            entries: 0,
        }
    }

    fn bucket(&self, subject: Subject) -> usize {
        let hash = self.which.hash_one(subject) % BUCKETS as u64;
        usize::try_from(hash).unwrap_or(0)
    }

    fn hashes(&self, subject: Subject, hash: Hash) -> (u64, u64) {
        let entry = Entry { subject, hash };
        (self.keys.0.hash_one(entry), self.keys.1.hash_one(entry))
    }

    /// Something that is on record.
    pub(crate) fn row(&mut self, subject: Subject, hash: Hash) {
        let (a, b) = self.hashes(subject, hash);
        let at = self.bucket(subject);
        let sums = &mut self.buckets[at];
        *sums = (sums.0.wrapping_add(a), sums.1.wrapping_add(b));
    }

    /// Something that is in the log.
    pub(crate) fn entry(&mut self, subject: Subject, hash: Hash) {
        let (a, b) = self.hashes(subject, hash);
        let at = self.bucket(subject);
        let sums = &mut self.buckets[at];
        *sums = (sums.0.wrapping_sub(a), sums.1.wrapping_sub(b));
        self.entries += 1;
    }

    fn differing(&self) -> Vec<usize> {
        let buckets = self.buckets.iter().enumerate();
        let differing = buckets.filter(|(_, sums)| **sums != (0, 0));
        differing.map(|(at, _)| at).collect()
    }
}

/// What the acts say.
#[derive(Default)]
struct Acts {
    /// Each account as it was left last.
    accounts: BTreeMap<i64, Value>,
    /// People whose records were erased, with what was known of them.
    erased: HashMap<PersonId, Commitment>,
    public_key: Option<String>,
}

/// A checkpoint that the log has to fit.
struct Anchor {
    checkpoint: Checkpoint,
    fits: Option<bool>,
}

impl Walk<'_> {
    /// Holds the log against everything; dossiers were walked over before.
    pub(crate) fn check_log(
        &mut self,
        conn: &mut Conn,
        against: Option<&Against>,
    ) -> Result<(), StoreError> {
        let acts = self.walk_acts(conn)?;
        self.walk_readings(conn)?;
        self.walk_people(conn, &acts)?;
        for entry in to_come(conn)? {
            self.sums.entry(entry.subject, entry.hash);
        }
        let mut anchors = self.anchors(conn, &acts, against)?;
        self.walk_log(conn, &mut anchors)?;
        self.look_closer(conn, &acts)?;
        self.judge_anchors(conn, &anchors)?;
        self.compare_accounts(conn, &acts)
    }

    fn walk_acts(&mut self, conn: &mut Conn) -> Result<Acts, StoreError> {
        let mut acts = Acts::default();
        let mut after = i64::MIN;
        loop {
            let page = admin_acts::after(conn, after, PAGE)?;
            let Some(last) = page.last() else {
                return Ok(acts);
            };
            after = last.id;
            for act in &page {
                self.sums.row(Subject::Act(act.id), act.hash());
                let data: Value = serde_json::from_str(&act.data).unwrap_or_default();
                let account = &data["account"];
                if let Some(id) = account["id"].as_i64() {
                    acts.accounts.insert(id, account.clone());
                }
                if act.kind == ActKind::PersonErased.as_str() {
                    let read = |key: &str| serde_json::from_value(data[key].clone()).ok();
                    let person: Option<PersonId> = read("person");
                    let commitment = serde_json::from_value(data["commitment"].clone()).ok();
                    acts.erased.extend(person.zip(commitment));
                }
                if act.kind == ActKind::LogKeyMade.as_str() && acts.public_key.is_none() {
                    acts.public_key = data["public_key"].as_str().map(str::to_owned);
                }
            }
        }
    }

    fn walk_readings(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = readings::after(conn, after, PAGE);
            let Some(page) = self.damage(page)? else {
                return Ok(());
            };
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for reading in &page {
                let entry = reading.entry();
                self.sums.row(entry.subject, entry.hash);
            }
        }
    }

    fn walk_people(&mut self, conn: &mut Conn, acts: &Acts) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = persons::on_record_after(conn, after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(*last);
            for (id, commitment) in page {
                let erased = acts.erased.get(&id).copied();
                if commitment.is_none() && erased.is_some() {
                    self.found.erased += 1;
                }
                if let Some(commitment) = commitment.or(erased) {
                    self.sums.row(Subject::Person(id), commitment.0);
                }
            }
        }
    }

    /// The checkpoints that the log has to fit, shortest first.
    fn anchors(
        &mut self,
        conn: &mut Conn,
        acts: &Acts,
        against: Option<&Against>,
    ) -> Result<Vec<Anchor>, StoreError> {
        let named = settings::get(conn, settings::LOG_PUBLIC_KEY)?;
        if named != acts.public_key {
            let reason = "khóa công khai không phải khóa đã ghi khi tạo".to_owned();
            self.add(Finding::LogDamaged { reason });
        }
        let key = against.and_then(|against| against.key.clone());
        let key = key.or_else(|| named.and_then(|text| text.parse().ok()));
        let mut anchors = Vec::new();
        for given in log::checkpoints(conn)? {
            let note: Option<Note> = given.note.parse().ok();
            match note.and_then(|note| signed(&note, key.as_ref())) {
                Some(checkpoint) if checkpoint.size == given.size => anchors.push(checkpoint),
                _ => self.add(Finding::CheckpointForged { size: given.size }),
            }
        }
        if let Some(against) = against {
            match signed(&against.note, key.as_ref()) {
                Some(checkpoint) => anchors.push(checkpoint),
                None => self.add(Finding::CheckpointNotOurs),
            }
        }
        anchors.sort_by_key(|checkpoint| checkpoint.size);
        let anchors = anchors.into_iter();
        Ok(anchors
            .map(|checkpoint| Anchor {
                checkpoint,
                fits: None,
            })
            .collect())
    }

    fn walk_log(&mut self, conn: &mut Conn, anchors: &mut [Anchor]) -> Result<(), StoreError> {
        let mut peaks = Peaks::default();
        let mut kept = 0;
        let mut anchors = anchors.iter_mut().peekable();
        let mut meet = |peaks: &Peaks| {
            while let Some(anchor) =
                anchors.next_if(|anchor| anchor.checkpoint.size == peaks.size())
            {
                anchor.fits = Some(anchor.checkpoint.root == peaks.root());
            }
        };
        meet(&peaks);
        let mut after = None;
        loop {
            let page = log::batches_after(conn, after, BATCHES)?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(*last);
            let mut whole: Vec<(Node, Hash)> = Vec::new();
            for (first, bytes) in &page {
                if u64::try_from(*first) != Ok(peaks.size()) || bytes.len() % Entry::BYTES != 0 {
                    let reason = format!("các mục không liền nhau ở mục {first}");
                    self.add(Finding::LogDamaged { reason });
                }
                for bytes in bytes.chunks_exact(Entry::BYTES) {
                    match Entry::from_bytes(bytes) {
                        Some(entry) => self.sums.entry(entry.subject, entry.hash),
                        None => {
                            let reason = format!("không đọc được mục {}", peaks.size());
                            self.add(Finding::LogDamaged { reason });
                        }
                    }
                    peaks.push(leaf_hash(bytes), |node, hash| {
                        if node.level >= KEPT_LEVEL {
                            whole.push((node, *hash));
                        }
                    });
                    meet(&peaks);
                }
            }
            kept += whole.len();
            self.compare_nodes(conn, &whole)?;
        }
        self.found.log_entries = peaks.size();
        if usize::try_from(log::count_nodes(conn)?) != Ok(kept) {
            let reason = "số nút của cây không khớp số mục".to_owned();
            self.add(Finding::LogDamaged { reason });
        }
        Ok(())
    }

    /// The hashes that are kept are those that counting again gives.
    fn compare_nodes(&mut self, conn: &mut Conn, whole: &[(Node, Hash)]) -> Result<(), StoreError> {
        let mut by_level: BTreeMap<u32, Vec<(u64, Hash)>> = BTreeMap::new();
        for (node, hash) in whole {
            let level = by_level.entry(node.level).or_default();
            level.push((node.index, *hash));
        }
        for (level, nodes) in by_level {
            let (Some((from, _)), Some((to, _))) = (nodes.first(), nodes.last()) else {
                continue;
            };
            let stored = log::nodes_between(conn, level, *from, *to)?;
            let same = stored.len() == nodes.len()
                && stored.iter().zip(&nodes).all(|((place, hash), node)| {
                    u64::try_from(*place) == Ok(node.0) && hash.as_slice() == node.1
                });
            if !same {
                let node = Node {
                    level,
                    index: *from,
                };
                let first = node.first_entry();
                let reason = format!("cây không phải của các mục từ mục {first}");
                self.add(Finding::LogDamaged { reason });
            }
        }
        Ok(())
    }

    fn judge_anchors(&mut self, conn: &mut Conn, anchors: &[Anchor]) -> Result<(), StoreError> {
        let fitting = anchors.iter().filter(|anchor| anchor.fits == Some(true));
        let good = fitting.map(|anchor| anchor.checkpoint.size).max();
        let good = good.unwrap_or(0);
        // The log was cut off, or is one of before.
        let longest = anchors.iter().map(|anchor| anchor.checkpoint.size).max();
        if let Some(checkpoint) = longest.filter(|size| *size > self.found.log_entries) {
            let size = self.found.log_entries;
            self.add(Finding::LogCutOff { size, checkpoint });
            self.first_altered(size, || {
                format!(
                    "nhật ký mất các mục từ mục {size} đến mục {}",
                    checkpoint - 1
                )
            });
        }
        let wrong = anchors.iter().filter(|anchor| anchor.fits == Some(false));
        let bad = wrong.map(|anchor| anchor.checkpoint.size);
        // A later one that fits cannot be: who has changed one of them has left others.
        let Some(bad) = bad.min() else {
            return Ok(());
        };
        let good = good.min(bad);
        let first = match log::entry_at(conn, good)? {
            Some(entry) => describe(conn, entry.subject)?,
            None => format!("mục {good}"),
        };
        self.add(Finding::LogRewritten {
            from: good,
            to: bad,
            first: first.clone(),
        });
        let found = || {
            let last = bad.saturating_sub(1);
            format!("một mục của nhật ký từ mục {good} ({first}) đến mục {last}")
        };
        self.first_altered(good, found);
        Ok(())
    }

    fn compare_accounts(&mut self, conn: &mut Conn, acts: &Acts) -> Result<(), StoreError> {
        let now: BTreeMap<i64, Value> = admin_acts::accounts_now(conn)?.into_iter().collect();
        let ids: std::collections::BTreeSet<i64> =
            now.keys().chain(acts.accounts.keys()).copied().collect();
        for id in ids {
            let (recorded, now) = (acts.accounts.get(&id), now.get(&id));
            if recorded == now {
                continue;
            }
            let name = |account: &Value| account["username"].as_str().map(str::to_owned);
            let username = recorded.and_then(name).or_else(|| now.and_then(name));
            let fields = match (recorded, now) {
                (Some(Value::Object(recorded)), Some(now)) => recorded
                    .iter()
                    .filter(|(key, value)| now.get(key.as_str()) != Some(value))
                    .map(|(key, _)| key.clone())
                    .collect(),
                _ => Vec::new(),
            };
            self.add(Finding::AccountDiffers {
                username: username.unwrap_or_else(|| id.to_string()),
                there: now.is_some(),
                recorded: recorded.is_some(),
                fields,
            });
        }
        Ok(())
    }

    fn first_altered(&mut self, index: u64, what: impl FnOnce() -> String) {
        let first = &mut self.found.first_altered;
        if first.as_ref().is_none_or(|(known, _)| index < *known) {
            *first = Some((index, what()));
        }
    }

    /// Names what is not the same, where the sums are not.
    fn look_closer(&mut self, conn: &mut Conn, acts: &Acts) -> Result<(), StoreError> {
        let differing = self.sums.differing();
        if differing.is_empty() {
            return Ok(());
        }
        let in_each = self.sums.entries / BUCKETS as u64 + 1;
        let at_once = usize::try_from((CLOSE / in_each).max(1)).unwrap_or(1);
        let mut found: Vec<(u64, Subject, Mismatch)> = Vec::new();
        for buckets in differing.chunks(at_once) {
            let buckets: HashSet<usize> = buckets.iter().copied().collect();
            let mut close = Close {
                sums: &self.sums,
                buckets,
                entries: HashMap::new(),
                found: &mut found,
            };
            close.read_entries(conn)?;
            close.hold_against_rows(conn, acts)?;
        }
        found.sort_by_key(|(index, ..)| *index);
        for (index, subject, mismatch) in found {
            // Beyond what is shown, the place does not matter.
            let shown = self.found.findings.len() < self.most || self.found.first_altered.is_none();
            let what = match shown {
                true => describe(conn, subject)?,
                false => String::new(),
            };
            let finding = mismatch.finding(what, index);
            if index != UNKNOWN {
                self.first_altered(index, || finding.to_string());
            }
            self.add(finding);
        }
        Ok(())
    }
}

/// Of what is in no entry yet.
const UNKNOWN: u64 = u64::MAX;

#[derive(Debug, Clone, Copy)]
enum Mismatch {
    NotInLog,
    Gone,
    Altered,
    Twice,
}

impl Mismatch {
    fn finding(self, what: String, index: u64) -> Finding {
        match self {
            Self::NotInLog => Finding::NotInLog { what },
            Self::Gone => Finding::GoneFromDatabase { what, index },
            Self::Altered => Finding::DiffersFromLog { what, index },
            Self::Twice => Finding::TwiceInLog { what, index },
        }
    }
}

/// Some buckets, with all of their entries.
struct Close<'a> {
    sums: &'a Sums,
    buckets: HashSet<usize>,
    entries: HashMap<Subject, (u64, Hash)>,
    found: &'a mut Vec<(u64, Subject, Mismatch)>,
}

impl Close<'_> {
    fn wants(&self, subject: Subject) -> bool {
        self.buckets.contains(&self.sums.bucket(subject))
    }

    fn entry(&mut self, index: u64, entry: Entry) {
        if !self.wants(entry.subject) {
            return;
        }
        match self.entries.entry(entry.subject) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert((index, entry.hash));
            }
            // The first one holds: what came later tries to take its place.
            std::collections::hash_map::Entry::Occupied(_) => {
                self.found.push((index, entry.subject, Mismatch::Twice));
            }
        }
    }

    fn row(&mut self, subject: Subject, hash: Hash) {
        if !self.wants(subject) {
            return;
        }
        match self.entries.remove(&subject) {
            None => self.found.push((UNKNOWN, subject, Mismatch::NotInLog)),
            Some((_, known)) if known == hash => {}
            Some((index, _)) => self.found.push((index, subject, Mismatch::Altered)),
        }
    }

    fn read_entries(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut after = None;
        let mut index = 0;
        loop {
            let page = log::batches_after(conn, after, BATCHES)?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(*last);
            for bytes in page.iter().flat_map(|(_, b)| b.chunks_exact(Entry::BYTES)) {
                if let Some(entry) = Entry::from_bytes(bytes) {
                    self.entry(index, entry);
                }
                index += 1;
            }
        }
        for entry in to_come(conn)? {
            self.entry(UNKNOWN, entry);
        }
        Ok(())
    }

    fn hold_against_rows(&mut self, conn: &mut Conn, acts: &Acts) -> Result<(), StoreError> {
        let mut after: Option<(Vec<u8>, i32)> = None;
        loop {
            let page = events::rows_after(conn, after, PAGE)?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some((last.dossier_id.clone(), last.sequence));
            for row in page {
                let subject = u32::try_from(row.sequence).ok();
                let subject = subject.zip(DossierId::from_slice(&row.dossier_id));
                let hash = row.hash.as_slice().try_into().ok();
                if let Some(((sequence, id), hash)) = subject.zip(hash) {
                    self.row(Subject::Event(id, sequence), hash);
                }
                let data = EventData::from_json(row.kind, &row.data).ok();
                for (person, commitment) in data.iter().flat_map(EventData::commitments) {
                    let entry = Entry {
                        subject: Subject::Person(person),
                        hash: commitment.0,
                    };
                    self.entry(UNKNOWN, entry);
                }
            }
        }
        let mut after = None;
        loop {
            let page = persons::on_record_after(conn, after, PAGE)?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(*last);
            for (id, commitment) in page {
                let known = commitment.or_else(|| acts.erased.get(&id).copied());
                // A record without its key, and nobody has said that it was erased, is another one.
                self.row(Subject::Person(id), known.map_or([0; 32], |known| known.0));
            }
        }
        let mut after = None;
        while let Ok(page) = readings::after(conn, after, PAGE)
            && let Some(last) = page.last()
        {
            after = Some(last.id);
            for reading in &page {
                let entry = reading.entry();
                self.row(entry.subject, entry.hash);
            }
        }
        let mut after = i64::MIN;
        loop {
            let page = admin_acts::after(conn, after, PAGE)?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.id;
            for act in &page {
                self.row(Subject::Act(act.id), act.hash());
            }
        }
        for (subject, (index, _)) in self.entries.drain() {
            self.found.push((index, subject, Mismatch::Gone));
        }
        Ok(())
    }
}

/// What is about to be in the log.
fn to_come(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    let mut entries = log::waiting(conn)?;
    entries.extend(unannounced::entries_to_come(conn)?);
    Ok(entries)
}

fn signed(note: &Note, key: Option<&PublicKey>) -> Option<Checkpoint> {
    let key = key.filter(|key| key.vouches_for(note))?;
    let checkpoint = Checkpoint::parse(&note.body).ok()?;
    (checkpoint.origin == key.name()).then_some(checkpoint)
}

/// What an entry is about, in words that name the place.
fn describe(conn: &mut Conn, subject: Subject) -> Result<String, StoreError> {
    Ok(match subject {
        Subject::Event(id, sequence) => {
            let number = dossiers::case_number(conn, id)?;
            let number = number.unwrap_or_else(|| format!("hồ sơ {id}"));
            format!("{number}: sự kiện {sequence}")
        }
        Subject::Reading(id) => {
            let at = render::words::moment(id.moment());
            format!("lần xem số định danh {id} lúc {at}")
        }
        Subject::Act(id) => format!("việc quản trị số {id}"),
        Subject::Person(id) => match persons::dossier_of(conn, id)? {
            Some(number) => format!("{number}: dữ liệu của người {id}"),
            None => format!("dữ liệu của người {id}"),
        },
    })
}

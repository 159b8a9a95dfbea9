//! The installation's one log: every event, reading and act of administration by its hash, in a Merkle
//! tree that only grows.
//!
//! Entries are packed into batches; of the tree, the hashes of whole subtrees of 256 entries and more
//! are kept, so that a root or a proof costs a few rows. All of it is only ever added to. Who appends
//! holds [`Lock::Sealing`] until the transaction ends, so entries follow each other without a gap.

use diesel::prelude::*;

use crate::domain::ids::DossierId;
use crate::domain::log::merkle::{self, Node, Peaks, leaf_hash};
use crate::domain::log::{Entry, Hash, Subject};
use crate::domain::moment::Moment;
use crate::store::locks::Lock;
use crate::store::schema::{log_batches, log_checkpoints, log_nodes, log_waiting};
use crate::store::{Conn, StoreError};

/// The most entries of a batch.
const BATCH: usize = 4096;

/// The level from which the hashes of whole subtrees are kept.
pub const KEPT_LEVEL: u32 = 8;

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn damaged(what: &str) -> StoreError {
    StoreError::corrupt(format!("nhật ký: {what}"))
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| damaged("hàm băm"))
}

/// How many entries the log has.
pub fn size(conn: &mut Conn) -> Result<u64, StoreError> {
    let bytes = diesel::dsl::sql::<diesel::sql_types::Integer>("length(entries)");
    let last: Option<(i64, i32)> = log_batches::table
        .order(log_batches::first_index.desc())
        .select((log_batches::first_index, bytes))
        .first(conn)
        .optional()?;
    let Some((first, bytes)) = last else {
        return Ok(0);
    };
    let (first, bytes) = (u64::try_from(first), usize::try_from(bytes));
    match (first, bytes) {
        (Ok(first), Ok(bytes)) => Ok(first + (bytes / Entry::BYTES) as u64),
        _ => Err(damaged("số thứ tự")),
    }
}

/// The root of the log as it is now, and how many entries it has.
pub fn head(conn: &mut Conn) -> Result<(u64, Hash), StoreError> {
    let peaks = peaks(conn)?;
    Ok((peaks.size(), peaks.root()))
}

/// Proves that the log of size `old` is how the one of size `new` began.
///
/// # Errors
/// If the database refuses, the log is shorter than that, or damaged.
pub fn consistency_proof(conn: &mut Conn, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
    let mut tree = Tree::new(size(conn)?);
    merkle::consistency_proof(old, new, |node| tree.node(conn, node))
}

fn peaks(conn: &mut Conn) -> Result<Peaks, StoreError> {
    let size = size(conn)?;
    let mut tree = Tree::new(size);
    let nodes = merkle::peaks_of(size).into_iter();
    let hashes: Result<_, _> = nodes.map(|node| tree.node(conn, node)).collect();
    Peaks::new(size, hashes?).ok_or_else(|| damaged("đỉnh cây"))
}

/// Finds hashes of whole subtrees.
struct Tree {
    size: u64,
    /// The leaves of the small subtree that was looked at last, and where it begins.
    leaves: Option<(u64, Vec<Hash>)>,
}

impl Tree {
    const fn new(size: u64) -> Self {
        Self { size, leaves: None }
    }

    fn node(&mut self, conn: &mut Conn, node: Node) -> Result<Hash, StoreError> {
        if node.level >= KEPT_LEVEL {
            let level = i16::try_from(node.level).unwrap_or(i16::MAX);
            let kept: Option<Vec<u8>> = log_nodes::table
                .find((level, signed(node.index)))
                .select(log_nodes::hash)
                .first(conn)
                .optional()?;
            return hash(&kept.ok_or_else(|| damaged("thiếu nút của cây"))?);
        }
        let start = node.first_entry() >> KEPT_LEVEL << KEPT_LEVEL;
        if self
            .leaves
            .as_ref()
            .is_none_or(|(first, _)| *first != start)
        {
            let end = self.size.min(start + (1 << KEPT_LEVEL));
            let bytes = entries_between(conn, start, end)?;
            let leaves = bytes.chunks_exact(Entry::BYTES).map(leaf_hash);
            self.leaves = Some((start, leaves.collect()));
        }
        let from = usize::try_from(node.first_entry() - start).unwrap_or(usize::MAX);
        let leaves = self.leaves.as_ref().map_or(&[][..], |(_, leaves)| leaves);
        let within = leaves.get(from..from + (1 << node.level));
        let mut peaks = Peaks::default();
        for leaf in within.ok_or_else(|| damaged("thiếu mục"))? {
            peaks.push(*leaf, |_, _| {});
        }
        Ok(peaks.root())
    }
}

/// The entries from `start` up to `end`, one after the other.
fn entries_between(conn: &mut Conn, start: u64, end: u64) -> Result<Vec<u8>, StoreError> {
    let from: Option<i64> = log_batches::table
        .filter(log_batches::first_index.le(signed(start)))
        .order(log_batches::first_index.desc())
        .select(log_batches::first_index)
        .first(conn)
        .optional()?;
    let from = from.unwrap_or(0);
    let batches: Vec<(i64, Vec<u8>)> = log_batches::table
        .filter(log_batches::first_index.ge(from))
        .filter(log_batches::first_index.lt(signed(end)))
        .order(log_batches::first_index)
        .load(conn)?;
    let bytes: Vec<u8> = batches.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let at = |index: u64| {
        let index = index.checked_sub(u64::try_from(from).ok()?)?;
        usize::try_from(index).ok()?.checked_mul(Entry::BYTES)
    };
    let range = at(start).zip(at(end)).map(|(start, end)| start..end);
    let within = range.and_then(|range| bytes.get(range));
    Ok(within.ok_or_else(|| damaged("thiếu mục"))?.to_vec())
}

/// Appends entries, in the caller's transaction.
pub(super) fn append(conn: &mut Conn, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    Lock::Sealing.exclusive(conn)?;
    let mut peaks = peaks(conn)?;
    let mut nodes: Vec<(Node, Hash)> = Vec::new();
    for batch in entries.chunks(BATCH) {
        let first = peaks.size();
        let mut bytes = Vec::with_capacity(batch.len() * Entry::BYTES);
        for entry in batch {
            let entry = entry.bytes();
            bytes.extend_from_slice(&entry);
            peaks.push(leaf_hash(&entry), |node, hash| {
                if node.level >= KEPT_LEVEL {
                    nodes.push((node, *hash));
                }
            });
        }
        diesel::insert_into(log_batches::table)
            .values((
                log_batches::first_index.eq(signed(first)),
                log_batches::entries.eq(bytes),
            ))
            .execute(conn)?;
    }
    for (node, hash) in nodes {
        diesel::insert_into(log_nodes::table)
            .values((
                log_nodes::level.eq(i16::try_from(node.level).unwrap_or(i16::MAX)),
                log_nodes::place.eq(signed(node.index)),
                log_nodes::hash.eq(hash.as_slice()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The entry at a place, if the log is as long and the entry can be read.
pub fn entry_at(conn: &mut Conn, index: u64) -> Result<Option<Entry>, StoreError> {
    match entries_between(conn, index, index + 1) {
        Ok(bytes) => Ok(Entry::from_bytes(&bytes)),
        Err(StoreError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An event that is yet to be in the log: its dossier, its number, its hash if it is there.
pub(super) type EventToSeal = (Vec<u8>, i32, Option<Vec<u8>>);

/// Appends events. One that is not there, or has no hash, is nothing that could be vouched for:
/// `verify` misses it elsewhere.
pub(super) fn seal_events(conn: &mut Conn, events: &[EventToSeal]) -> Result<(), StoreError> {
    let entries = events
        .iter()
        .filter_map(|(dossier, sequence, hash)| event_entry(dossier, *sequence, hash.as_deref()?));
    append(conn, &entries.collect::<Vec<_>>())
}

pub(super) fn event_entry(dossier: &[u8], sequence: i32, hash: &[u8]) -> Option<Entry> {
    Some(Entry {
        subject: Subject::Event(
            DossierId::from_slice(dossier)?,
            u32::try_from(sequence).ok()?,
        ),
        hash: hash.try_into().ok()?,
    })
}

/// Notes a reading or an act in its transaction; its entry is made soon.
pub(super) fn wait(conn: &mut Conn, entry: Entry) -> Result<(), StoreError> {
    diesel::insert_into(log_waiting::table)
        .values((
            log_waiting::subject.eq(entry.subject.bytes().to_vec()),
            log_waiting::hash.eq(entry.hash.to_vec()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether anything waits for its entry.
pub fn any_waiting(conn: &mut Conn) -> Result<bool, StoreError> {
    let first: Option<i64> = log_waiting::table
        .select(log_waiting::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Makes the entries of what has waited longest. Returns how many there were.
pub fn seal_waiting(conn: &mut Conn, limit: u32) -> Result<usize, StoreError> {
    Lock::Sealing.exclusive(conn)?;
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = log_waiting::table
        .order(log_waiting::id)
        .limit(i64::from(limit))
        .load(conn)?;
    let entries: Vec<Entry> = rows
        .iter()
        .filter_map(|(_, subject, hash)| waiting_entry(subject, hash))
        .collect();
    append(conn, &entries)?;
    let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
    diesel::delete(log_waiting::table.filter(log_waiting::id.eq_any(ids))).execute(conn)?;
    Ok(rows.len())
}

fn waiting_entry(subject: &[u8], hash: &[u8]) -> Option<Entry> {
    Some(Entry {
        subject: Subject::from_bytes(subject)?,
        hash: hash.try_into().ok()?,
    })
}

/// All readings and acts whose entries are yet to be made, for `verify`.
pub fn waiting(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> =
        log_waiting::table.order(log_waiting::id).load(conn)?;
    Ok(rows
        .iter()
        .filter_map(|(_, subject, hash)| waiting_entry(subject, hash))
        .collect())
}

/// Batches after the first entry `after` (`None`: from the beginning), for `verify`: where each begins,
/// and its entries.
pub fn batches_after(
    conn: &mut Conn,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut query = log_batches::table
        .order(log_batches::first_index)
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(log_batches::first_index.gt(after));
    }
    Ok(query.load(conn)?)
}

/// The hashes that are kept of a level's subtrees, from one place up to another, for `verify`.
pub fn nodes_between(
    conn: &mut Conn,
    level: u32,
    from: u64,
    to: u64,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    Ok(log_nodes::table
        .filter(log_nodes::level.eq(i16::try_from(level).unwrap_or(i16::MAX)))
        .filter(log_nodes::place.ge(signed(from)))
        .filter(log_nodes::place.le(signed(to)))
        .order(log_nodes::place)
        .select((log_nodes::place, log_nodes::hash))
        .load(conn)?)
}

/// How many hashes of subtrees are kept.
pub fn count_nodes(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(log_nodes::table.count().get_result(conn)?)
}

/// A checkpoint that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenOut {
    pub size: u64,
    pub at: Moment,
    /// The signed note.
    pub note: String,
}

fn given_out((size, at, note): (i64, i64, String)) -> GivenOut {
    GivenOut {
        size: u64::try_from(size).unwrap_or(0),
        at: Moment::from_unix_millis(at),
        note,
    }
}

/// Keeps a checkpoint that is given out.
pub fn keep_checkpoint(conn: &mut Conn, checkpoint: &GivenOut) -> Result<(), StoreError> {
    let row = (
        log_checkpoints::size.eq(signed(checkpoint.size)),
        log_checkpoints::at.eq(checkpoint.at.unix_millis()),
        log_checkpoints::note.eq(&checkpoint.note),
    );
    // Two instances may sign the same in the same millisecond.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_or_ignore_into(log_checkpoints::table)
            .values(row)
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(log_checkpoints::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
    };
    Ok(())
}

/// The checkpoint of the longest log that was given out.
pub fn newest_checkpoint(conn: &mut Conn) -> Result<Option<GivenOut>, StoreError> {
    let row: Option<(i64, i64, String)> = log_checkpoints::table
        .order((log_checkpoints::size.desc(), log_checkpoints::at.desc()))
        .first(conn)
        .optional()?;
    Ok(row.map(given_out))
}

/// Those of the longest logs that were given out, longest first; of logs shorter than `below`, if it is said.
pub fn newest_checkpoints(
    conn: &mut Conn,
    below: Option<u64>,
    limit: u32,
) -> Result<Vec<GivenOut>, StoreError> {
    let below = signed(below.unwrap_or(u64::MAX));
    let rows: Vec<(i64, i64, String)> = log_checkpoints::table
        .filter(log_checkpoints::size.lt(below))
        .order((log_checkpoints::size.desc(), log_checkpoints::at.desc()))
        .limit(i64::from(limit))
        .load(conn)?;
    Ok(rows.into_iter().map(given_out).collect())
}

/// The newest checkpoint of the log of that size.
pub fn checkpoint_of(conn: &mut Conn, size: u64) -> Result<Option<GivenOut>, StoreError> {
    let row: Option<(i64, i64, String)> = log_checkpoints::table
        .filter(log_checkpoints::size.eq(signed(size)))
        .order(log_checkpoints::at.desc())
        .first(conn)
        .optional()?;
    Ok(row.map(given_out))
}

/// All checkpoints that were given out, shortest log first, for `verify`.
pub fn checkpoints(conn: &mut Conn) -> Result<Vec<GivenOut>, StoreError> {
    let rows: Vec<(i64, i64, String)> = log_checkpoints::table
        .order((log_checkpoints::size, log_checkpoints::at))
        .load(conn)?;
    Ok(rows.into_iter().map(given_out).collect())
}

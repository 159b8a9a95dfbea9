//! A backup takes the place of the database: whole, verified before, and with nothing left beside it that
//! could change it.

use std::path::{Path, PathBuf};

use crate::domain::log::note::InvalidNote;
use crate::domain::moment::Moment;
use crate::store::{DatabaseUrl, Store, StoreOptions, copy};
use crate::tools;
use crate::tools::ToolError;
use crate::tools::backup::{Manifest, at, digest, only_ours, read_manifest, sync};
use crate::tools::verify::Against;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub manifest: Manifest,
    /// What was there before, if anything was.
    pub aside: Option<PathBuf>,
}

/// Puts the backup `from` in the place of the database.
///
/// # Errors
/// If a server runs on it, if the backup is not what it says or is not clean, or if a file cannot be
/// written. The database is then as it was.
pub fn restore(
    url: &DatabaseUrl,
    from: &Path,
    options: StoreOptions,
    now: Moment,
) -> Result<Restored, ToolError> {
    let DatabaseUrl::Sqlite(target) = url else {
        let message = "chỉ khôi phục được SQLite".to_owned();
        return Err(ToolError::Refused(message));
    };
    let manifest = read_manifest(from)?;
    let _held = url.hold()?;
    // The name that a link leads to: the link stays.
    let target = std::fs::canonicalize(target).unwrap_or_else(|_| target.clone());
    let copied = beside(&target, ".restoring");
    remove_all(&copied)?;
    let ready = prepare(&from.join(&manifest.file), &copied, &manifest, options);
    let restored = ready.and_then(|()| swap(&copied, &target, now));
    if restored.is_err() {
        // What is told is why nothing was restored.
        let _ = remove_all(&copied);
    }
    let aside = restored?;
    Ok(Restored { manifest, aside })
}

/// Copies the backup beside its place and verifies the copy: what was verified is what will be there.
fn prepare(
    from: &Path,
    to: &Path,
    manifest: &Manifest,
    options: StoreOptions,
) -> Result<(), ToolError> {
    std::fs::copy(from, to).map_err(at(from))?;
    only_ours(to).map_err(at(to))?;
    if digest(to)? != (manifest.bytes, manifest.sha256.clone()) {
        let from = from.display();
        let message = format!("{from} không phải tệp đã sao lưu: độ dài hoặc SHA-256 khác");
        return Err(ToolError::Refused(message));
    }
    let against = against(manifest)?;
    let url = DatabaseUrl::Sqlite(to.to_owned());
    let store = Store::open(&url, options)?;
    let found = tools::verify::verify_against(&store, 100, against.as_ref())?;
    drop(store);
    if found.total > 0 {
        return Err(ToolError::Damaged(Box::new(found)));
    }
    if (found.dossiers, found.events) != (manifest.dossiers, manifest.events) {
        let message = "số hồ sơ hoặc sự kiện khác với ghi chép của bản sao lưu".to_owned();
        return Err(ToolError::Refused(message));
    }
    copy::close(&url)?;
    sync(to)
}

/// The checkpoint that the copy has to fit.
fn against(manifest: &Manifest) -> Result<Option<Against>, ToolError> {
    let Some(text) = &manifest.checkpoint else {
        return Ok(None);
    };
    let note = text.parse().map_err(|error: InvalidNote| {
        ToolError::Refused(format!("điểm chốt của bản sao lưu: {error}"))
    })?;
    Ok(Some(Against { note, key: None }))
}

/// The old database goes aside and the copy takes its name in one step, so that there is a database at
/// every moment. The old one's log goes first: under the copy's name it would be played onto the copy.
fn swap(copied: &Path, target: &Path, now: Moment) -> Result<Option<PathBuf>, ToolError> {
    let folder = target.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let aside = target.exists().then(|| free_name(target, now));
    if let Some(aside) = &aside {
        // A database that is too damaged for it keeps its log under its new name.
        let _ = copy::close(&DatabaseUrl::Sqlite(target.to_owned()));
        // Not every file system lets a file have two names.
        std::fs::hard_link(target, aside)
            .or_else(|_| std::fs::copy(target, aside).map(drop))
            .map_err(at(aside))?;
    }
    let swapped = sync(folder).and_then(|()| {
        let wal = beside(target, "-wal");
        if let Some(aside) = &aside
            && wal.exists()
        {
            std::fs::rename(&wal, beside(aside, "-wal")).map_err(at(&wal))?;
        }
        for end in ["-wal", "-shm", "-journal"] {
            remove(&beside(target, end))?;
        }
        sync(folder)?;
        std::fs::rename(copied, target).map_err(at(target))
    });
    if let (Err(_), Some(aside)) = (&swapped, &aside) {
        // SQLite's file has one name only. What is told is why nothing was restored.
        let _ = std::fs::rename(beside(aside, "-wal"), beside(target, "-wal"));
        let _ = remove(aside);
    }
    swapped?;
    sync(folder)?;
    Ok(aside)
}

/// Where the old database goes: dated, and nobody's yet.
fn free_name(target: &Path, now: Moment) -> PathBuf {
    let moment = now.to_string().replace(':', "");
    let dated = beside(
        target,
        &format!(".before-{}", moment.get(..17).unwrap_or(&moment)),
    );
    let numbered = (2..).map(|number| beside(&dated, &format!("-{number}")));
    let mut names = std::iter::once(dated.clone()).chain(numbered);
    let free = names.find(|name| std::fs::symlink_metadata(name).is_err());
    free.unwrap_or(dated)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// A database and what lies beside it.
fn remove_all(path: &Path) -> Result<(), ToolError> {
    for end in ["", "-wal", "-shm", "-journal", ".lock"] {
        remove(&beside(path, end))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), ToolError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

//! Backups of a SQLite database: a folder with the copy and what says of it what it is. PostgreSQL has
//! its own tools (docs/operations.md).

mod restore;

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use crate::tools::backup::restore::{Restored, restore};

use crate::domain::moment::Moment;
use crate::store::{DatabaseUrl, copy};
use crate::tools::ToolError;

const DATABASE: &str = "motcua.sqlite3";
const MANIFEST: &str = "manifest.json";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the program that made it.
    pub version: String,
    /// The last migration of the database.
    pub schema: String,
    pub made_at: String,
    /// The copy's name in the folder.
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
    pub dossiers: i64,
    pub events: i64,
    /// The signed checkpoint of the log that the copy holds.
    #[serde(default)]
    pub checkpoint: Option<String>,
}

/// Names the file of an error.
fn at(file: &Path) -> impl FnOnce(std::io::Error) -> ToolError {
    move |error| ToolError::file(file, error)
}

/// Makes a backup in the new folder `to` while the server may run. The folder appears whole or not at all.
///
/// # Errors
/// If `to` is there already, or the copy cannot be made or written.
pub fn make(url: &DatabaseUrl, to: &Path, now: Moment) -> Result<Manifest, ToolError> {
    if std::fs::symlink_metadata(to).is_ok() {
        let message = format!("{} đã có; không ghi đè", to.display());
        return Err(ToolError::Refused(message));
    }
    let name = to.file_name().ok_or_else(|| {
        ToolError::Refused(format!("{} không phải tên thư mục mới", to.display()))
    })?;
    let parent = match to.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let unfinished = format!(".{}.{}", name.to_string_lossy(), std::process::id());
    let unfinished = parent.join(unfinished);
    make_folder(&unfinished).map_err(at(&unfinished))?;
    let made = fill(url, &unfinished, now).and_then(|manifest| {
        std::fs::rename(&unfinished, to).map_err(at(to))?;
        sync(parent)?;
        Ok(manifest)
    });
    if made.is_err() {
        // What is told is why there is no backup.
        let _ = std::fs::remove_dir_all(&unfinished);
    }
    made
}

fn fill(url: &DatabaseUrl, folder: &Path, now: Moment) -> Result<Manifest, ToolError> {
    let file = folder.join(DATABASE);
    copy::make(url, &file)?;
    only_ours(&file).map_err(at(&file))?;
    let copied = DatabaseUrl::Sqlite(file.clone());
    let holds = copy::describe(&copied)?;
    // From the copy: it has to be of what the copy holds.
    let checkpoint = copy::checkpoint(&copied)?.map(|given| given.note);
    copy::close(&copied)?;
    sync(&file)?;
    let (bytes, sha256) = digest(&file)?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: holds.schema,
        made_at: now.to_string(),
        file: DATABASE.to_owned(),
        bytes,
        sha256,
        dossiers: holds.dossiers,
        events: holds.events,
        checkpoint,
    };
    let file = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| ToolError::Refused(error.to_string()))?;
    let mut to = File::create_new(&file).map_err(at(&file))?;
    to.write_all(text.as_bytes()).map_err(at(&file))?;
    only_ours(&file).map_err(at(&file))?;
    sync(&file)?;
    sync(folder)?;
    Ok(manifest)
}

/// Reads what a backup says of itself.
fn read_manifest(from: &Path) -> Result<Manifest, ToolError> {
    let file = from.join(MANIFEST);
    let text = std::fs::read_to_string(&file).map_err(at(&file))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
        ToolError::Refused(format!("{}: không đọc được: {error}", file.display()))
    })?;
    match Path::new(&manifest.file).file_name() {
        Some(name) if name == manifest.file.as_str() => Ok(manifest),
        _ => Err(ToolError::Refused(format!(
            "{}: tên tệp không dùng được",
            file.display()
        ))),
    }
}

/// Length and SHA-256 of a file.
fn digest(file: &Path) -> Result<(u64, String), ToolError> {
    let mut from = File::open(file).map_err(at(file))?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut part = vec![0; 1024 * 1024];
    loop {
        let read = from.read(&mut part).map_err(at(file))?;
        if read == 0 {
            let hash = data_encoding::HEXLOWER.encode(&hash.finalize());
            return Ok((bytes, hash));
        }
        hash.update(&part[..read]);
        bytes += read as u64;
    }
}

/// Puts a file, or the names in a folder, on the disk.
fn sync(path: &Path) -> Result<(), ToolError> {
    let file = File::open(path).map_err(at(path))?;
    file.sync_all().map_err(at(path))
}

#[cfg(unix)]
fn make_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().create(path)
}

#[cfg(unix)]
fn only_ours(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn only_ours(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

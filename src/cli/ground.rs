//! What a command stands on: whether a database may be made, folders that can be written to, files that
//! only their owner may read.

use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};

use crate::config::{Config, Origin, Settings};
use crate::outgoing::mail::Transport;
use crate::store::DatabaseUrl;

/// What we make is for our own user alone, whatever the shell says: files 0600, folders 0700.
pub(super) fn keep_to_ourselves() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// What becomes of a database that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is an error: a path that was mistyped must not make an empty office.
    IsAnError,
    /// The command is there to make one.
    IsMade,
}

/// Sees to it that there is a database, or that one may be made. `create` asks for one, with its folder.
///
/// # Errors
/// If there is none, or no folder for it.
pub(super) fn database(
    config: &Config,
    settings: &Settings,
    missing: Missing,
    create: bool,
) -> Result<(), String> {
    let DatabaseUrl::Sqlite(file) = &config.database else {
        return Ok(());
    };
    if missing == Missing::IsAnError && !create {
        return config
            .database
            .ensure_exists()
            .map_err(|error| format!("{error} (--create tạo mới)"));
    }
    let folder = folder_of(file);
    if folder.is_dir() {
        if !file.exists() {
            tracing::warn!(file = %show(file), "no database there yet");
        }
        return Ok(());
    }
    if !create && settings.origin("database.url") != Origin::Default {
        return Err(format!(
            "không có thư mục {} của cơ sở dữ liệu {} (--create tạo cả thư mục)",
            folder.display(),
            file.display()
        ));
    }
    make_folder(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Makes the folders that a server writes to and tries them; warns of files that others may read.
///
/// # Errors
/// If one cannot be made or written to; the message names the setting.
pub(super) fn prepare(config: &Config) -> Result<(), String> {
    if let Some(mail) = &config.mail
        && let Transport::Folder(folder) = &mail.transport
    {
        try_folder(folder).map_err(|error| {
            format!("mail.folder: không ghi được vào {}: {error}", show(folder))
        })?;
        warn_if_open(folder);
    }
    if let DatabaseUrl::Sqlite(file) = &config.database {
        warn_if_open(&folder_of(file));
        for end in ["", "-wal", "-shm", ".lock"] {
            let mut name = file.as_os_str().to_owned();
            name.push(end);
            close(Path::new(&name));
        }
    }
    Ok(())
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn show(path: &Path) -> String {
    let whole = std::path::absolute(path);
    whole
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

fn try_folder(folder: &Path) -> std::io::Result<()> {
    make_folder(folder)?;
    let tried = folder.join(format!(".motcua-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .open(&tried)?;
    std::fs::remove_file(&tried)
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Closes a file of ours to others: a version before made it as the shell said. Where that is not allowed,
/// it is told.
#[cfg(unix)]
fn close(file: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let Some(mode) = open_to_others(file) else {
        return;
    };
    let closed = std::fs::Permissions::from_mode(mode & 0o700);
    match std::fs::set_permissions(file, closed) {
        Ok(()) => {
            tracing::warn!(file = %show(file), was = %format!("{mode:04o}"), "closed to others");
        }
        Err(_) => warn_if_open(file),
    }
}

/// A folder may be shared on purpose: it is left as it is.
#[cfg(unix)]
fn warn_if_open(path: &Path) {
    if let Some(mode) = open_to_others(path) {
        tracing::warn!(path = %show(path), mode = %format!("{mode:04o}"), "others may read it; chmod go-rwx");
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn close(_file: &Path) {}

#[cfg(not(unix))]
fn warn_if_open(_path: &Path) {}

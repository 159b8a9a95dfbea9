//! One server a file of SQLite. What is kept in memory beside the database, and who does the background
//! work, count on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::store::{DatabaseUrl, StoreError};

/// Held as long as the process works on the file; the system takes it back from one that was killed.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

impl DatabaseUrl {
    /// Keeps other servers, and whatever may not run beside one, from the file. PostgreSQL takes any number.
    ///
    /// # Errors
    /// If somebody has it, if its folder cannot be written to, or if the file has a second name.
    pub fn hold(&self) -> Result<Option<Held>, StoreError> {
        let Self::Sqlite(path) = self else {
            return Ok(None);
        };
        one_name_only(path)?;
        let (lock, mut file) = open(path)?;
        match file.try_lock() {
            Ok(()) => {
                // For whoever is refused; that it cannot be noted hinders nobody.
                let _ = file.set_len(0).and_then(|()| file.rewind());
                let _ = write!(file, "{}", std::process::id());
                Ok(Some(Held { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Err(taken(path, file)),
            Err(TryLockError::Error(error)) => Err(failed(&lock, &error)),
        }
    }

    /// For work that any number may do at once, but not beside a server.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub fn hold_beside_others(&self) -> Result<Option<Held>, StoreError> {
        let Self::Sqlite(path) = self else {
            return Ok(None);
        };
        let (lock, file) = open(path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Held { _file: file })),
            Err(TryLockError::WouldBlock) => Err(taken(path, file)),
            Err(TryLockError::Error(error)) => Err(failed(&lock, &error)),
        }
    }
}

/// Another file than the database: closing that would let go of SQLite's own locks on it. Beside the file
/// that a link leads to, so that every way to it finds the same lock.
fn open(path: &Path) -> Result<(PathBuf, File), StoreError> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut lock = real.into_os_string();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(&lock).map_err(|error| failed(&lock, &error))?;
    Ok((lock, file))
}

fn failed(lock: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("không ghi được {}: {error}", lock.display()))
}

fn taken(path: &Path, mut file: File) -> StoreError {
    let mut process = String::new();
    let _ = file.read_to_string(&mut process);
    let by = match process.trim() {
        "" => String::new(),
        process => format!(", tiến trình {process}"),
    };
    let path = path.display();
    StoreError::Unavailable(format!(
        "{path} đang được một chương trình motcua khác dùng{by}; mỗi tệp SQLite chỉ có một máy chủ"
    ))
}

/// SQLite names its log after the file: under two names there are two logs, and the file is lost.
fn one_name_only(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        if std::fs::metadata(path).is_ok_and(|file| file.nlink() > 1) {
            let path = path.display();
            return Err(StoreError::Unavailable(format!(
                "{path} có liên kết cứng: SQLite hỏng dữ liệu khi một tệp có hai tên; xóa bớt một tên"
            )));
        }
    }
    Ok(())
}

//! Reading files with a bound, and replacing them as a whole.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::OFlags;

use crate::home::HomeError;
use crate::home::HomeFile;

/// What was read of a file, and its permission bits at that moment.
pub(super) struct Contents {
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
}

/// Reads a file of known kind, never more of it than its kind may have.
///
/// It is opened without blocking and looked at through the open descriptor, so that a pipe in its place is an error
/// instead of a wait, and the mode is that of the file that was read.
pub(super) fn read(file: HomeFile, path: &Path) -> Result<Contents, HomeError> {
    let flags = (OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits();
    let flags = i32::try_from(flags).unwrap_or_default();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let opened = opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => HomeError::Missing { file, path: path.to_owned() },
        _ => HomeError::io(path, error),
    })?;
    let metadata = opened.metadata().map_err(|error| HomeError::io(path, error))?;
    if !metadata.is_file() {
        return Err(HomeError::NotAFile { file, path: path.to_owned() });
    }
    let max = file.bytes_max();
    let mut bytes = Vec::new();
    let read = opened.take(max.saturating_add(1)).read_to_end(&mut bytes);
    let read = read.map_err(|error| HomeError::io(path, error))?;
    if u64::try_from(read).is_ok_and(|read| read > max) {
        return Err(HomeError::TooLarge { file, path: path.to_owned() });
    }
    Ok(Contents { bytes, mode: metadata.permissions().mode() & 0o7777 })
}

/// Replaces the file at `path` by `bytes`: a reader sees the old contents or the new ones, also after a crash.
///
/// # Errors
/// [`HomeError::Io`].
pub fn replace_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), HomeError> {
    let fresh = fresh_name(path);
    let written = write_new(&fresh, bytes, mode).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // The half-written file is of no use; that it cannot be removed either is not the error to report.
        let _ = fs::remove_file(&fresh);
    }
    written.and_then(|()| sync_parent(path)).map_err(|error| HomeError::io(path, error))
}

/// Writes a file that must not exist yet.
pub(super) fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), HomeError> {
    write_new(path, bytes, mode).and_then(|()| sync_parent(path)).map_err(|error| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => HomeError::Exists { path: path.to_owned() },
            _ => HomeError::io(path, error),
        }
    })
}

/// Makes `dir` and its parents.
pub(super) fn create_dir(dir: &Path) -> Result<(), HomeError> {
    fs::create_dir_all(dir).map_err(|error| HomeError::io(dir, error))
}

/// `dir` as an absolute path, if there is such a directory.
pub(super) fn existing_dir(dir: &Path) -> Result<PathBuf, HomeError> {
    let no_home = || HomeError::NoHome { path: dir.to_owned() };
    let path = fs::canonicalize(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => no_home(),
        _ => HomeError::io(dir, error),
    })?;
    if path.is_dir() { Ok(path) } else { Err(no_home()) }
}

fn fresh_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
